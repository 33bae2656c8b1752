//===- MathCoefficients.h - polynomials of the expansions --*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Printed by scripts/fit_math.py; edit that. Coefficients come highest power
// first, and those that end in F32 are exact in f32. "High" and "Low" are two
// parts of one constant.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_MATHCOEFFICIENTS_H
#define WEIR_LIB_CODEGEN_CPU_MATHCOEFFICIENTS_H

#include "llvm/ADT/ArrayRef.h"

namespace weir {

/// One polynomial, fitted for each type.
struct Coefficients {
  llvm::ArrayRef<double> f32, f64;
};
/// One constant in two parts of each type.
struct SplitConstant {
  double highF32, lowF32, highF64, lowF64;
};

inline constexpr double kLn2HighF32 = 0x1.62e4p-1, kLn2LowF32 = 0x1.7f7d1cp-20;
inline constexpr double kLog2EHighF32 = 0x1.715476p+0,
                        kLog2ELowF32 = 0x1.4ae0cp-26;
inline constexpr double kHalfPiHighF32 = 0x1.921fb6p+0,
                        kHalfPiLowF32 = -0x1.777a5cp-25;
inline constexpr double kTwoThirdsHighF32 = 0x1.555556p-1,
                        kTwoThirdsLowF32 = -0x1.555556p-26;

/// e^r = 1 + r + r^2 T(r) on [-ln(2)/2, ln(2)/2];
/// error 0.053 * 2^-24, 0.052 before rounding.
inline constexpr double kExpTailF32[] = {
    0x1.6a604p-10, 0x1.123ac6p-7, 0x1.5558ap-5, 0x1.55549p-3, 0x1.fffffcp-2};

/// 2^f = 1 + f T(f) on [-1/2, 1/2];
/// error 0.061 * 2^-24, 0.033 before rounding.
inline constexpr double kExp2TailF32[] = {0x1.3fa102p-13, 0x1.5f0baep-10,
                                          0x1.3b30a2p-7,  0x1.c6af76p-5,
                                          0x1.ebfbd8p-3,  0x1.62e43p-1};

/// log((1 + s)/(1 - s)) = 2 s + s z (2/3 + z T(z)), z = s^2;
/// error 0.00068 * 2^-24, 0.00068 before rounding.
inline constexpr double kLogRatioRestF32[] = {0x1.e8ea52p-3, 0x1.241a36p-2,
                                              0x1.999aap-2};

/// atan(a) = a + a z T(z) on [0, 1], z = a^2;
/// error 0.039 * 2^-24, 0.039 before rounding.
inline constexpr double kAtanTailF32[] = {
    -0x1.de9f9p-10, 0x1.6a57f6p-7,  -0x1.019446p-5,
    0x1.dcf1c4p-5,  -0x1.58d352p-4, 0x1.c0cf18p-4,
    -0x1.24269ap-3, 0x1.99926cp-3,  -0x1.55554p-2};

/// erf(x) = x + x T(z) on [0, 1], z = x^2;
/// error 0.025 * 2^-24, 0.02 before rounding.
inline constexpr double kErfSmallF32[] = {
    0x1.4917a4p-14, -0x1.a3d812p-11, 0x1.540172p-8, -0x1.b7f88cp-6,
    0x1.ce2cf2p-4,  -0x1.81273ep-2,  0x1.06eba8p-3};

/// (x + k) e^(x^2) erfc(x) = T((x - k)/(x + k)), k = 2, on [0, 10.2];
/// error 0.29 * 2^-24, 0.059 before rounding.
inline constexpr double kErfcScaledF32[] = {
    0x1.129ebp-14, 0x1.7878dcp-15, -0x1.31de18p-11, -0x1.b204eap-11,
    0x1.907d64p-9, 0x1.a83c56p-8,  -0x1.604f68p-6,  -0x1.2a86cep-5,
    0x1.1e2dc2p-2, -0x1.5fd388p-1, 0x1.058672p+0};

inline constexpr double kLn2HighF64 = 0x1.62e42fefa3p-1,
                        kLn2LowF64 = 0x1.3de6af278ece6p-42;
inline constexpr double kLog2EHighF64 = 0x1.71547652b82fep+0,
                        kLog2ELowF64 = 0x1.777d0ffda0d24p-56;
inline constexpr double kHalfPiHighF64 = 0x1.921fb54442d18p+0,
                        kHalfPiLowF64 = 0x1.1a62633145c07p-54;
inline constexpr double kTwoThirdsHighF64 = 0x1.5555555555555p-1,
                        kTwoThirdsLowF64 = 0x1.5555555555555p-55;

/// e^r = 1 + r + r^2 T(r) on [-ln(2)/2, ln(2)/2];
/// error 0.034 * 2^-53, 0.033 before rounding.
inline constexpr double kExpTailF64[] = {
    0x1.ad8a4584186cep-26, 0x1.28ae438295db4p-22, 0x1.71df1f2fc78eep-19,
    0x1.a019991bb49a5p-16, 0x1.a01a012cc1351p-13, 0x1.6c16c1848b351p-10,
    0x1.11111111275d2p-7,  0x1.555555555068p-5,   0x1.55555555554fbp-3,
    0x1.000000000000ap-1};

/// 2^f = 1 + f T(f) on [-1/2, 1/2];
/// error 0.048 * 2^-53, 0.031 before rounding.
inline constexpr double kExp2TailF64[] = {
    0x1.e93e2471e9fp-32,   0x1.e61b5d1884f7ep-28, 0x1.b5254568347c6p-24,
    0x1.62bfc7a4ccacap-20, 0x1.ffcbfc568b23p-17,  0x1.4309130ece15fp-13,
    0x1.5d87fe78a1982p-10, 0x1.3b2ab6fba0184p-7,  0x1.c6b08d704a12p-5,
    0x1.ebfbdff82c5a4p-3,  0x1.62e42fefa39efp-1};

/// log((1 + s)/(1 - s)) = 2 s + s z (2/3 + z T(z)), z = s^2;
/// error 1.5e-05 * 2^-53, 1.5e-05 before rounding.
inline constexpr double kLogRatioRestF64[] = {
    0x1.018f253cd3502p-3, 0x1.daca9c047ec77p-4, 0x1.113a4abebb717p-3,
    0x1.3b12969478dc5p-3, 0x1.745d1bcfcff3bp-3, 0x1.c71c71bc52426p-3,
    0x1.2492492498efep-2, 0x1.9999999999967p-2};

/// atan(a) = a + a z T(z) on [0, 1], z = a^2;
/// error 0.037 * 2^-53, 0.037 before rounding.
inline constexpr double kAtanTailF64[] = {
    0x1.c4a8f5557fcc5p-17, -0x1.44a78d8993336p-13, 0x1.ba40e76ca337bp-11,
    -0x1.7ea94f05844e8p-9, 0x1.dc073dcd7fc76p-8,   -0x1.ca998864e68d3p-7,
    0x1.69d97f016c896p-6,  -0x1.eb49fc0b6f3e4p-6,  0x1.2c985acd0ad57p-5,
    -0x1.59d8114b21d9dp-5, 0x1.82eebb0debe4bp-5,   -0x1.ae6450c11791ap-5,
    0x1.e1bcf881230dbp-5,  -0x1.110e6da4092fbp-4,  0x1.3b136a195f495p-4,
    -0x1.745d11fb58b97p-4, 0x1.c71c718429efdp-4,   -0x1.2492492392448p-3,
    0x1.9999999995aecp-3,  -0x1.555555555552ap-2};

/// erf(x) = x + x T(z) on [0, 1], z = x^2;
/// error 0.099 * 2^-53, 0.0012 before rounding.
inline constexpr double kErfSmallF64[] = {
    0x1.2605f2e53c36ap-34,  -0x1.4534524713f22p-30, 0x1.fc10747f9badp-27,
    -0x1.5f8e969540227p-23, 0x1.b9ed7a902e1c8p-20,  -0x1.f4d31e2dc6c94p-17,
    0x1.f9a33429c79c1p-14,  -0x1.c02db4926fb87p-11, 0x1.565bcd126ecedp-8,
    -0x1.b82ce312ab11ap-6,  0x1.ce2f21a04361p-4,    -0x1.812746b0379fdp-2,
    0x1.06eba8214db69p-3};

/// (x + k) e^(x^2) erfc(x) = T((x - k)/(x + k)), k = 4, on [0, 27.4];
/// error 0.48 * 2^-53, 0.029 before rounding.
inline constexpr double kErfcScaledF64[] = {
    0x1.bdaeb6e958bc4p-31,  -0x1.0b16adac4fb5cp-30, -0x1.069881d126725p-26,
    0x1.25fd105b975afp-28,  0x1.0bc46934e0f2cp-23,  -0x1.57859fc6d9019p-24,
    -0x1.c6f805e98d3b6p-21, 0x1.7f2ba0b7769bp-20,   0x1.3b1cfb63477c4p-18,
    -0x1.3c750452b28c3p-16, -0x1.e7fb584ea7b86p-19, 0x1.72cddf3f38b06p-13,
    -0x1.dd283a390e162p-12, -0x1.269b56f696f64p-12, 0x1.908f4702b8d4dp-8,
    -0x1.b00c052a35b3fp-6,  0x1.38dbd2c92012fp-4,   -0x1.645fd8a4bfb1dp-3,
    0x1.52cac2370f191p-2,   -0x1.14eacb1ad02dbp-1,  0x1.8be202d26c741p-1,
    -0x1.f3fe31ecb49cp-1,   0x1.18932bf08e154p+0};

/// log(1 + f) = f - f^2/2 + f^3 T(f) on [sqrt(1/2) - 1, 1/2];
/// error 0.037 * 2^-24, 0.036 before rounding.
inline constexpr double kLogTailF32[] = {
    0x1.895c1cp-5,  -0x1.ac1f88p-4, 0x1.f0d2c8p-4,
    -0x1.02d268p-3, 0x1.2325fap-3,  -0x1.5512bap-3,
    0x1.99a2e6p-3,  -0x1.0000b6p-2, 0x1.55554cp-2};

/// log(1 + t) = t + t^2 T(t) on [0, 1];
/// error 0.088 * 2^-24, 0.086 before rounding.
inline constexpr double kLog1pTailF32[] = {
    -0x1.b2379ep-9, 0x1.4a985ap-6,  -0x1.d7f48ap-5,
    0x1.b53e42p-4,  -0x1.3a67a4p-3, 0x1.93558p-3,
    -0x1.ff2558p-3, 0x1.554ddap-2,  -0x1.ffffd2p-2};

/// log((1 + s)/(1 - s)) = 2 s + s z T(z), z = s^2;
/// error 0.0012 * 2^-53, 0.0012 before rounding.
inline constexpr double kLogRatioF64[] = {
    0x1.1b809c426643dp-3, 0x1.0dcbb78db6ab3p-3, 0x1.3b35bf00d76c7p-3,
    0x1.745c4ae74e8a2p-3, 0x1.c71c748f9b1b2p-3, 0x1.24924921e4633p-2,
    0x1.999999999c179p-2, 0x1.555555555554fp-1};

/// 2^f on [0, 1];
/// error 1.3 * 2^-24, 1.3 before rounding.
inline constexpr double kExp2UnitF32[] = {0x1.ebaaeep-10, 0x1.26bce2p-7,
                                          0x1.c9498ep-5,  0x1.ebd6c4p-3,
                                          0x1.62e4eap-1,  0x1.fffffep-1};

/// 2^f on [0, 1];
/// error 44 * 2^-24, 43 before rounding.
inline constexpr double kExp2UnitNarrowF32[] = {
    0x1.bb85b2p-7, 0x1.aa0f24p-5, 0x1.ee7a64p-3, 0x1.62d158p-1, 0x1.00002cp+0};

/// 2 * 2^f on [-1/2, 1/2];
/// error 2 * 2^-24, 1.3 before rounding.
inline constexpr double kExp2TwiceF32[] = {0x1.5ca242p-9, 0x1.3d21e4p-6,
                                           0x1.c6b57cp-4, 0x1.ebf8aep-2,
                                           0x1.62e42ap+0, 0x1.000002p+1};

/// 2 * 2^f on [-1/2, 1/2];
/// error 44 * 2^-24, 44 before rounding.
inline constexpr double kExp2TwiceNarrowF32[] = {
    0x1.39a1bap-6, 0x1.ca15c4p-4, 0x1.ec06aep-2, 0x1.62e0dap+0, 0x1.ffffe8p+0};

inline constexpr Coefficients kExpTail = {kExpTailF32, kExpTailF64};
inline constexpr Coefficients kExp2Tail = {kExp2TailF32, kExp2TailF64};
inline constexpr Coefficients kLogRatioRest = {kLogRatioRestF32,
                                               kLogRatioRestF64};
inline constexpr Coefficients kAtanTail = {kAtanTailF32, kAtanTailF64};
inline constexpr Coefficients kErfSmall = {kErfSmallF32, kErfSmallF64};
inline constexpr Coefficients kErfcScaled = {kErfcScaledF32, kErfcScaledF64};
inline constexpr SplitConstant kLn2 = {kLn2HighF32, kLn2LowF32, kLn2HighF64,
                                       kLn2LowF64};
inline constexpr SplitConstant kLog2E = {kLog2EHighF32, kLog2ELowF32,
                                         kLog2EHighF64, kLog2ELowF64};
inline constexpr SplitConstant kHalfPi = {kHalfPiHighF32, kHalfPiLowF32,
                                          kHalfPiHighF64, kHalfPiLowF64};
inline constexpr SplitConstant kTwoThirds = {
    kTwoThirdsHighF32, kTwoThirdsLowF32, kTwoThirdsHighF64, kTwoThirdsLowF64};

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_MATHCOEFFICIENTS_H
