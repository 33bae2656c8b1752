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

#include <array>

namespace weir {

/// One polynomial, fitted for each type.
struct Coefficients {
  llvm::ArrayRef<double> f32, f64;
};
/// A number for each of 32 pieces.
using PieceTable = std::array<double, 32>;
/// A polynomial of its own on each of 32 pieces: the eighths of the octaves
/// from 1/2 to 8 of x scale + 1/2.
struct PiecewisePolynomial {
  double scale;
  /// Null where the powers are those of x.
  const PieceTable *centres;
  /// Of powers of the distance from the centre.
  llvm::ArrayRef<PieceTable> coefficients;
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

/// log2(1 + f) = f T(f) on [-1/4, 1/2], for powers in f32;
/// error 1.5e+05 * 2^-53, 1.5e+05 before rounding.
inline constexpr double kPowLogF64[] = {
    0x1.3736a676d86cdp-5,  -0x1.a1f5af4caf4f3p-4, 0x1.1c3f85c7f042ep-3,
    -0x1.3193fea0821aep-3, 0x1.48b5d556bad04p-3,  -0x1.70a5c110971a9p-3,
    0x1.a6012358d65e1p-3,  -0x1.ec757682aa0e3p-3, 0x1.277724584bc94p-2,
    -0x1.71546f28666d7p-2, 0x1.ec709ccd8b64ep-2,  -0x1.715476560be1bp-1,
    0x1.71547652d00b8p+0};

/// 2^f = 1 + f T(f) on [-1/2, 1/2], for powers in f32;
/// error 4.2e+05 * 2^-53, 4.2e+05 before rounding.
inline constexpr double kPowExp2F64[] = {
    0x1.fde473aa70c1p-17, 0x1.445d2e7549f86p-13, 0x1.5d8a8925dc5aep-10,
    0x1.3b29f2d935a02p-7, 0x1.c6b08abba7a36p-5,  0x1.ebfbe07845e1cp-3,
    0x1.62e42ff0e45edp-1};

/// 2^f on [0, 1];
/// error 1.3 * 2^-24, 1.3 before rounding.
inline constexpr double kExp2UnitF32[] = {0x1.ebaaeep-10, 0x1.26bce2p-7,
                                          0x1.c9498ep-5,  0x1.ebd6c4p-3,
                                          0x1.62e4eap-1,  0x1.fffffep-1};

/// 2^f on [0, 1];
/// error 44 * 2^-24, 43 before rounding.
inline constexpr double kExp2UnitNarrowF32[] = {
    0x1.bb85b2p-7, 0x1.aa0f24p-5, 0x1.ee7a64p-3, 0x1.62d158p-1, 0x1.00002cp+0};

/// 2^f on [0, 1];
/// error 1.3e+03 * 2^-24, 1.3e+03 before rounding.
inline constexpr double kExp2UnitCoarseF32[] = {0x1.3f964cp-4, 0x1.cefc4p-3,
                                                0x1.64445ap-1, 0x1.fff63p-1};

/// 2 * 2^f on [-1/2, 1/2];
/// error 2 * 2^-24, 1.3 before rounding.
inline constexpr double kExp2TwiceF32[] = {0x1.5ca242p-9, 0x1.3d21e4p-6,
                                           0x1.c6b57cp-4, 0x1.ebf8aep-2,
                                           0x1.62e42ap+0, 0x1.000002p+1};

/// 2 * 2^f on [-1/2, 1/2];
/// error 44 * 2^-24, 44 before rounding.
inline constexpr double kExp2TwiceNarrowF32[] = {
    0x1.39a1bap-6, 0x1.ca15c4p-4, 0x1.ec06aep-2, 0x1.62e0dap+0, 0x1.ffffe8p+0};

/// 2 * 2^f on [-1/2, 1/2];
/// error 1.3e+03 * 2^-24, 1.3e+03 before rounding.
inline constexpr double kExp2TwiceCoarseF32[] = {0x1.c3f586p-4, 0x1.f0e074p-2,
                                                 0x1.62f32cp+0, 0x1.fff68ap+0};

/// 2^f = 1 + f T(f) on [-1/32, 1/32];
/// error 0.027 * 2^-24, 0.026 before rounding.
inline constexpr double kExp2SixteenthF32[] = {0x1.c6ae26p-5, 0x1.ebfff4p-3,
                                               0x1.62e43p-1};

/// 2^(i/16).
inline constexpr double kSixteenthPowersF32[] = {
    0x1p+0,        0x1.0b5586p+0, 0x1.172b84p+0, 0x1.2387a6p+0,
    0x1.306fep+0,  0x1.3dea64p+0, 0x1.4bfdaep+0, 0x1.5ab07ep+0,
    0x1.6a09e6p+0, 0x1.7a1148p+0, 0x1.8ace54p+0, 0x1.9c4918p+0,
    0x1.ae89fap+0, 0x1.c199bep+0, 0x1.d5818ep+0, 0x1.ea4afap+0};

/// tanh(x) on [0, 9.4];
/// error 1 * 2^-24, 0.65 before rounding.
inline constexpr PieceTable kTanhPiecesCentres = {
    0x1.06p+1, 0x1.2ep+1, 0x1.56p+1, 0x1.7ep+1, 0x1.a6p+1, 0x1.cep+1, 0x1.f6p+1,
    0x1.1p+2,  0x1.2ep+2, 0x1.56p+2, 0x1.7ep+2, 0x1.a6p+2, 0x1.cep+2, 0x1.f6p+2,
    0x1.1p+3,  0x1.24p+3, 0x0p+0,    0x1.e2p-4, 0x1.92p-3, 0x1.1ap-2, 0x1.6ap-2,
    0x1.bap-2, 0x1.06p-1, 0x1.2ep-1, 0x1.6ap-1, 0x1.bap-1, 0x1.06p+0, 0x1.2ep+0,
    0x1.56p+0, 0x1.7ep+0, 0x1.a6p+0, 0x1.cep+0};
inline constexpr PieceTable kTanhPiecesCoefficients[] = {
    {-0x1.185fd6p-6,  -0x1.54f7ccp-7,  -0x1.863738p-8, -0x1.a04748p-9,
     -0x1.eb5feep-10, -0x1.050ebp-10,  -0x1.3cf5dp-11, -0x1.4b15b4p-12,
     -0x1.b0425cp-14, -0x1.0c158cp-15, 0x1.1d8c46p-25, -0x1.4f2ea4p-18,
     -0x1.e10efcp-22, 0x1.8e02bap-19,  0x1.eadd0ap-18, 0x1.fc4c68p-18,
     0x1.5b8f4ap-6,   0x1.38bbdap-4,   0x1.d5c9dap-4,  0x1.43a0d8p-3,
     0x1.74362p-3,    0x1.5e96a6p-3,   0x1.577f54p-3,  0x1.78968ap-3,
     0x1.da0442p-4,   0x1.0aeb9ep-4,   0x1.790324p-6,  -0x1.8a05dep-9,
     -0x1.30ffd6p-6,  -0x1.94a3cap-6,  -0x1.c1e254p-6, -0x1.7831c6p-6},
    {0x1.3f786ep-5,  0x1.6cb528p-6,  0x1.93fb22p-7,  0x1.b87d04p-8,
     0x1.dc008ep-9,  0x1.0022d4p-9,  0x1.12f56ap-10, 0x1.1cf6fp-11,
     0x1.c8c7c2p-13, 0x1.058ecp-14,  0x1.2edee2p-16, 0x1.556d82p-18,
     0x1.8a725ap-20, 0x1.c8979cp-22, 0x1.54dca4p-21, 0x1.1b88e2p-21,
     -0x1.566e54p-2, -0x1.4294a2p-2, -0x1.2349fp-2,  -0x1.eff71cp-3,
     -0x1.8b0568p-3, -0x1.1f1936p-3, -0x1.627a38p-4, -0x1.35dcd6p-5,
     0x1.7902ccp-6,  0x1.413764p-4,  0x1.b09c42p-4,  0x1.c50914p-4,
     0x1.a47d96p-4,  0x1.6ac8e2p-4,  0x1.2a3ffep-4,  0x1.da8492p-5},
    {-0x1.ff454ap-5,  -0x1.1a3eb8p-5,  -0x1.3331fcp-6,  -0x1.4bea9ep-7,
     -0x1.64badep-8,  -0x1.7eed5ep-9,  -0x1.99efp-10,   -0x1.a9b1a4p-11,
     -0x1.4ed4a4p-12, -0x1.7e8996p-14, -0x1.c95c22p-16, -0x1.e2cbbep-18,
     -0x1.24db1ep-19, -0x1.0df822p-20, -0x1.208d34p-20, -0x1.07e1aep-20,
     0x1.2ecb0ep-16,  -0x1.d936eap-4,  -0x1.7dff36p-3,  -0x1.fe7feap-3,
     -0x1.339a74p-2,  -0x1.5b92f8p-2,  -0x1.776a4cp-2,  -0x1.864eaap-2,
     -0x1.885e14p-2,  -0x1.6e8dcep-2,  -0x1.3ffae6p-2,  -0x1.0b4b52p-2,
     -0x1.af58fap-3,  -0x1.53381cp-3,  -0x1.05b322p-3,  -0x1.8e3f7cp-4},
    {0x1.0855ecp-4,  0x1.1f5702p-5,  0x1.3625eep-6,  0x1.4d7df4p-7,
     0x1.65dc02p-8,  0x1.7f955cp-9,  0x1.9aea14p-10, 0x1.aa877p-11,
     0x1.4dffa4p-12, 0x1.7ed3e2p-14, 0x1.b69744p-16, 0x1.f6eb0ap-18,
     0x1.20199cp-19, 0x1.4a0e7cp-21, 0x1.2c3a72p-23, 0x1.8b2182p-26,
     0x1.fffffep-1,  0x1.f8f996p-1,  0x1.ecc4cep-1,  0x1.db0d4ep-1,
     0x1.c4fd86p-1,  0x1.ab50f6p-1,  0x1.8e47dep-1,  0x1.704bfap-1,
     0x1.423a04p-1,  0x1.069776p-1,  0x1.9ee0bp-2,   0x1.430f14p-2,
     0x1.ef6604p-3,  0x1.775abcp-3,  0x1.19d9c2p-3,  0x1.a46ceep-4},
    {0x1.ef340ap-1, 0x1.f6f0b8p-1, 0x1.fb2174p-1, 0x1.fd634cp-1, 0x1.fe99a4p-1,
     0x1.ff401p-1,  0x1.ff993ap-1, 0x1.ffcaacp-1, 0x1.ffeb1ep-1, 0x1.fffa04p-1,
     0x1.fffe4ap-1, 0x1.ffff82p-1, 0x1.ffffdcp-1, 0x1.fffff6p-1, 0x1.fffffep-1,
     0x1p+0,        0x0p+0,        0x1.dfc994p-4, 0x1.8cea58p-3, 0x1.1314b4p-2,
     0x1.5ba33p-2,  0x1.a073bcp-2, 0x1.e29816p-2, 0x1.0f3fcp-1,  0x1.37b63p-1,
     0x1.6558f8p-1, 0x1.8ae2fap-1, 0x1.a79ad2p-1, 0x1.bdcb7ap-1, 0x1.ceb53cp-1,
     0x1.db7714p-1, 0x1.e5031ap-1}};
inline constexpr PiecewisePolynomial kTanhPieces = {
    0x1.98p-1, &kTanhPiecesCentres, kTanhPiecesCoefficients};

/// e^(x^2) erfc(x) on [0, 10.2];
/// error 1.1 * 2^-24, 0.99 before rounding.
inline constexpr PieceTable kErfcPiecesCentres = {
    0x1.1cp+1, 0x1.46p+1, 0x1.72p+1, 0x1.9ep+1, 0x1.cap+1, 0x1.f6p+1, 0x1.1p+2,
    0x1.26p+2, 0x1.46p+2, 0x1.72p+2, 0x1.9ep+2, 0x1.cap+2, 0x1.f6p+2, 0x1.1p+3,
    0x1.26p+3, 0x1.3cp+3, 0x0p+0,    0x1.06p-3, 0x1.b4p-3, 0x1.32p-2, 0x1.88p-2,
    0x1.ep-2,  0x1.1cp-1, 0x1.46p-1, 0x1.88p-1, 0x1.ep-1,  0x1.1cp+0, 0x1.46p+0,
    0x1.72p+0, 0x1.9ep+0, 0x1.cap+0, 0x1.f6p+0};
inline constexpr PieceTable kErfcPiecesCoefficients[] = {
    {0x1.fbabe8p-9,  0x1.2d991cp-9,  0x1.778b5ep-10, 0x1.d273eap-11,
     0x1.362612p-11, 0x1.9328b4p-12, 0x1.0eaa3p-12,  0x1.ba46eap-13,
     0x1.08c656p-13, 0x1.284df8p-14, 0x1.5da822p-15, 0x1.bd9da4p-16,
     0x1.258afap-16, 0x1.779d4ap-17, 0x1.15fbd2p-17, 0x1.769d12p-18,
     0x1.c46494p-2,  0x1.713e04p-2,  0x1.1697e2p-2,  0x1.ae1024p-3,
     0x1.797504p-3,  0x1.379a56p-3,  0x1.711ee8p-4,  0x1.a73846p-4,
     0x1.021a84p-4,  0x1.670b0ep-5,  0x1.e1928cp-6,  0x1.5bb664p-6,
     0x1.e1b588p-7,  0x1.76334ep-7,  0x1.d5f226p-8,  0x1.9b16f8p-8},
    {-0x1.79233cp-7,  -0x1.f0b35cp-8,  -0x1.4c3dc2p-8,  -0x1.cab4ccp-9,
     -0x1.458154p-9,  -0x1.d949fp-10,  -0x1.63ea3cp-10, -0x1.0d27aep-10,
     -0x1.72640ap-11, -0x1.cea9d8p-12, -0x1.2edcb2p-12, -0x1.9c3114p-13,
     -0x1.21c0b4p-13, -0x1.a8cfap-14,  -0x1.3a1d6ap-14, -0x1.da2138p-15,
     -0x1.7f0fa6p-1,  -0x1.1463ep-1,   -0x1.becf44p-2,  -0x1.6a865ap-2,
     -0x1.2945d6p-2,  -0x1.e80582p-3,  -0x1.932812p-3,  -0x1.518098p-3,
     -0x1.02134ap-3,  -0x1.6e8568p-4,  -0x1.0921f4p-4,  -0x1.8b87d2p-5,
     -0x1.277c14p-5,  -0x1.c00facp-6,  -0x1.5864f6p-6,  -0x1.0bed74p-6},
    {0x1.0eb248p-5,  0x1.86aaf8p-6,  0x1.1dd51cp-6, 0x1.ad4474p-7,
     0x1.4994b6p-7,  0x1.020536p-7,  0x1.9f0702p-8, 0x1.4f1d9cp-8,
     0x1.f6ce52p-9,  0x1.5fc2bcp-9,  0x1.fe67cp-10, 0x1.7d7f82p-10,
     0x1.245be6p-10, 0x1.cea824p-11, 0x1.70681p-11, 0x1.2a121ap-11,
     0x1.fff0f2p-1,  0x1.826368p-1,  0x1.4308e6p-1, 0x1.0f228ap-1,
     0x1.cb7c48p-2,  0x1.86022ep-2,  0x1.4ce494p-2, 0x1.1f6d78p-2,
     0x1.ccc314p-3,  0x1.5c74f6p-3,  0x1.0c0616p-3, 0x1.a740fap-4,
     0x1.4f11cp-4,   0x1.0caa3p-4,   0x1.b41cd2p-5, 0x1.65acc4p-5},
    {-0x1.72c36ep-4, -0x1.27296ap-4, -0x1.db40bcp-5, -0x1.85fd5cp-5,
     -0x1.454466p-5, -0x1.13196cp-5, -0x1.da3948p-6, -0x1.9a14c8p-6,
     -0x1.516b7cp-6, -0x1.08ff4ap-6, -0x1.aad854p-7, -0x1.5ee82cp-7,
     -0x1.25719ep-7, -0x1.f57c98p-8, -0x1.ae794p-8,  -0x1.757aa4p-8,
     -0x1.20dd64p+0, -0x1.cfafb8p-1, -0x1.939a2p-1,  -0x1.60b224p-1,
     -0x1.36be58p-1, -0x1.12563p-1,  -0x1.e6b4b4p-2, -0x1.b3ee52p-2,
     -0x1.71825cp-2, -0x1.2c849ap-2, -0x1.efd2aap-3, -0x1.a194ecp-3,
     -0x1.60c7e8p-3, -0x1.2d28a2p-3, -0x1.03859cp-3, -0x1.c31c44p-4},
    {0x1.defe9ap-3, 0x1.a8b464p-3, 0x1.7b2cep-3,  0x1.562bf2p-3, 0x1.378f72p-3,
     0x1.1dd9eap-3, 0x1.08e62cp-3, 0x1.ebe61cp-4, 0x1.bd65bap-4, 0x1.89ff42p-4,
     0x1.611eap-4,  0x1.3fdbd4p-4, 0x1.2447fap-4, 0x1.0e078p-4,  0x1.f4211p-5,
     0x1.d1abb6p-5, 0x1p+0,        0x1.bdba52p-1, 0x1.98f60ep-1, 0x1.78871ep-1,
     0x1.5cb796p-1, 0x1.439ea4p-1, 0x1.2d690ep-1, 0x1.1a83bap-1, 0x1.00a30cp-1,
     0x1.c7f814p-2, 0x1.990936p-2, 0x1.73b2c8p-2, 0x1.52b488p-2, 0x1.36b014p-2,
     0x1.1ea886p-2, 0x1.09dd02p-2}};
inline constexpr PiecewisePolynomial kErfcPieces = {
    0x1.78p-1, &kErfcPiecesCentres, kErfcPiecesCoefficients};

/// log(1 + t) = t T(t) on [0, 1];
/// error 1.4e+02 * 2^-24, 1.4e+02 before rounding.
inline constexpr double kLog1pCoarseF32[] = {-0x1.871244p-6, 0x1.9e9b7cp-4,
                                             -0x1.ae2e58p-3, 0x1.4d031ap-2,
                                             -0x1.ff589cp-2, 0x1.fffee6p-1};

/// atan(a) = a T(z) on [0, 1], z = a^2;
/// error 73 * 2^-24, 73 before rounding.
inline constexpr double kAtanCoarseF32[] = {-0x1.b9c6c4p-7, 0x1.d6e2e4p-5,
                                            -0x1.f09c62p-4, 0x1.90aa7p-3,
                                            -0x1.54fc9ep-2, 0x1.ffff6ep-1};

/// tanh(x) / x on [0, 6.23];
/// error 9.2e+02 * 2^-24, 9.2e+02 before rounding.
inline constexpr PieceTable kTanhCoarsePiecesCoefficients[] = {
    {0x1.29672cp-4,  0x1.44a792p-4,  0x1.3a3eb8p-4,  0x1.1db016p-4,
     0x1.f57766p-5,  0x1.af72dcp-5,  0x1.6f4beap-5,  0x1.373602p-5,
     0x1.e579eap-6,  0x1.5f520ap-6,  0x1.02b424p-6,  0x1.84cff8p-7,
     0x1.2a2c9ep-7,  0x1.d222dep-8,  0x1.72baa4p-8,  0x1.2b7694p-8,
     -0x1.5498c4p-2, -0x1.5044e2p-2, -0x1.47a44p-2,  -0x1.3b0a0ap-2,
     -0x1.2adb98p-2, -0x1.179608p-2, -0x1.01c818p-2, -0x1.d414e8p-3,
     -0x1.88149ap-3, -0x1.20858ep-3, -0x1.7a5108p-4, -0x1.8f0534p-5,
     -0x1.7b5ddp-7,  0x1.2d5e62p-6,  0x1.52b502p-5,  0x1.da89b4p-5},
    {-0x1.00517cp-1,  -0x1.0a0818p-1,  -0x1.0598ccp-1, -0x1.f063d6p-2,
     -0x1.cc0a62p-2,  -0x1.a4088cp-2,  -0x1.7c0fdcp-2, -0x1.563618p-2,
     -0x1.23d47cp-2,  -0x1.d87b9ap-3,  -0x1.821d0ep-3, -0x1.3f783cp-3,
     -0x1.0bc89ap-3,  -0x1.c68a9cp-4,  -0x1.863608p-4, -0x1.5273a8p-4,
     -0x1.70527ap-16, -0x1.0568dcp-11, -0x1.2b339ep-9, -0x1.92fd4cp-8,
     -0x1.a192p-7,    -0x1.7157ccp-6,  -0x1.259054p-5, -0x1.afcec8p-5,
     -0x1.595228p-4,  -0x1.1845ccp-3,  -0x1.94102ap-3, -0x1.0af82ep-2,
     -0x1.4a12b8p-2,  -0x1.835c76p-2,  -0x1.b41872p-2, -0x1.dad004p-2},
    {0x1.30e2a4p+0, 0x1.3459p+0,   0x1.32757ep+0, 0x1.2c2bp+0,   0x1.22b75p+0,
     0x1.1748cap+0, 0x1.0ad47ap+0, 0x1.fc1ccap-1, 0x1.d7095ep-1, 0x1.a8f466p-1,
     0x1.80ac44p-1, 0x1.5e20c2p-1, 0x1.40a63p-1,  0x1.276fa4p-1, 0x1.11bedp-1,
     0x1.fde514p-2, 0x1.000002p+0, 0x1.0000e6p+0, 0x1.00071ep+0, 0x1.001b1p+0,
     0x1.004834p+0, 0x1.009bep+0,  0x1.0123e8p+0, 0x1.01ed3ep+0, 0x1.03a62ap+0,
     0x1.07258p+0,  0x1.0bf7fep+0, 0x1.11ddfep+0, 0x1.186a36p+0, 0x1.1f199cp+0,
     0x1.256acap+0, 0x1.2aef9ep+0}};
inline constexpr PiecewisePolynomial kTanhCoarsePieces = {
    0x1.34p+0, nullptr, kTanhCoarsePiecesCoefficients};

/// e^(x^2) erfc(x) on [0, 10.2];
/// error 1.1e+03 * 2^-24, 1.1e+03 before rounding.
inline constexpr PieceTable kErfcCoarsePiecesCoefficients[] = {
    {0x1.110356p-5,  0x1.85127ep-6,  0x1.1d9058p-6,  0x1.adf71cp-7,
     0x1.4ade6ap-7,  0x1.038312p-7,  0x1.9defb8p-8,  0x1.4f02fp-8,
     0x1.f4b4b4p-9,  0x1.5f8162p-9,  0x1.ff79ecp-10, 0x1.7f3a6ep-10,
     0x1.2647c8p-10, 0x1.cd7616p-11, 0x1.70526ep-11, 0x1.2a8f14p-11,
     0x1.d1aa6ep-1,  0x1.82c548p-1,  0x1.433becp-1,  0x1.0fbe9ep-1,
     0x1.cb8666p-2,  0x1.86a99ap-2,  0x1.4ddc6ep-2,  0x1.1ec0c6p-2,
     0x1.cd004p-3,   0x1.5d901ap-3,  0x1.0d780ap-3,  0x1.a5c67ap-4,
     0x1.4ead14p-4,  0x1.0cf2d2p-4,  0x1.b54eecp-5,  0x1.67572ep-5},
    {-0x1.e8c46ap-3, -0x1.8ba4f6p-3, -0x1.45670ep-3, -0x1.0f7c9cp-3,
     -0x1.cad3bcp-4, -0x1.882734p-4, -0x1.52946ap-4, -0x1.26fb3ep-4,
     -0x1.e80438p-5, -0x1.82d44ap-5, -0x1.39b486p-5, -0x1.03458p-5,
     -0x1.b37362p-6, -0x1.72aa92p-6, -0x1.3f38e8p-6, -0x1.15b794p-6,
     -0x1.202296p+0, -0x1.1982a4p+0, -0x1.0ec426p+0, -0x1.01ad04p+0,
     -0x1.e6db7p-1,  -0x1.c9a01ap-1, -0x1.acad8ep-1, -0x1.90a902p-1,
     -0x1.6994e8p-1, -0x1.3a5d92p-1, -0x1.119b4p-1,  -0x1.dd9bfap-2,
     -0x1.a2723ep-2, -0x1.70339ap-2, -0x1.457886p-2, -0x1.21078p-2},
    {0x1.32dc6p-1,  0x1.17395p-1,  0x1.fec40cp-2, 0x1.d591eep-2, 0x1.b1d63ap-2,
     0x1.92aeaep-2, 0x1.775deap-2, 0x1.5f47b4p-2, 0x1.409568p-2, 0x1.1e42aap-2,
     0x1.02560ap-2, 0x1.d6747cp-3, 0x1.afa32cp-3, 0x1.8e9c74p-3, 0x1.723184p-3,
     0x1.597f5ep-3, 0x1.fffe38p-1, 0x1.ff6ccap-1, 0x1.fd993ep-1, 0x1.fa434cp-1,
     0x1.f56becp-1, 0x1.ef3648p-1, 0x1.e7d4e4p-1, 0x1.df7f08p-1, 0x1.d1ea64p-1,
     0x1.bde4cap-1, 0x1.a923d4p-1, 0x1.9474dp-1,  0x1.805b36p-1, 0x1.6d259cp-1,
     0x1.5afda8p-1, 0x1.49f49ap-1}};
inline constexpr PiecewisePolynomial kErfcCoarsePieces = {
    0x1.78p-1, nullptr, kErfcCoarsePiecesCoefficients};

/// (x + k) e^(x^2) erfc(x) = T((x - k)/(x + k)), k = 2, on [0, 10.2];
/// error 4.4e+02 * 2^-24, 4.4e+02 before rounding.
inline constexpr double kErfcScaledCoarseF32[] = {
    0x1.dae296p-9, -0x1.3c54fcp-6, -0x1.1eaa5ep-5,
    0x1.1daafep-2, -0x1.5fe712p-1, 0x1.0587bep+0};

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
