//===- abi-fuzz.cpp - random tensors against the C ABI ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// abi-fuzz CALLS [SEED] makes CALLS calls of the functions in functions.mlir
// from two threads. Half of the calls are right and must return 0; in the
// others one tensor is broken in one way, which says what may be returned.
// Every tensor lies against a page that cannot be touched, and no byte but the
// elements of results may change; on failure none at all.
//
//===----------------------------------------------------------------------===//

#include "functions.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace {

constexpr size_t kPage = 4096, kBytes = 2 * kPage;
constexpr size_t kMostTensors = 9; // Of a function.

/// A tensor as its function wants it. A size below 0 is a name: equal names are
/// equal sizes.
struct Want {
  int code, bits;
  std::vector<int64_t> sizes;
  bool isResult;
};

using Pointers = std::vector<DLTensor *>;
struct Function {
  const char *name;
  std::vector<Want> tensors;
  int32_t (*call)(const Pointers &);
  /// For each result, the bits of the arguments whose memory it may be.
  std::vector<uint64_t> mayBe;
};

constexpr int64_t A = -1, B = -2, C = -3;
const Function kFunctions[] = {
    {"rows",
     {{2, 32, {A, B}, false}, {2, 32, {A, B}, true}},
     [](const Pointers &t) { return rows(t[0], t[1]); },
     {1}},
    {"fixed",
     {{2, 64, {3, 8}, false}, {2, 64, {8}, false}, {2, 64, {3, 8}, true}},
     [](const Pointers &t) { return fixed(t[0], t[1], 1e-5, t[2]); },
     {1}},
    {"masked",
     {{4, 16, {A, B, C}, false},
      {6, 8, {B, C}, false},
      {4, 16, {A, B, C}, true},
      {2, 32, {A, B}, true}},
     [](const Pointers &t) { return masked(t[0], t[1], t[2], t[3]); },
     {}},
    {"columns",
     {{2, 16, {A, B, C}, false}, {2, 16, {A, B, C}, true}},
     [](const Pointers &t) { return columns(t[0], t[1]); },
     {1}},
    {"clipped",
     {{2, 32, {A}, false},
      {0, 32, {A}, false},
      {2, 32, {A}, true},
      {0, 32, {}, true}},
     [](const Pointers &t) { return clipped(t[0], 0.5f, t[1], t[2], t[3]); },
     {}},
    {"product",
     {{2, 32, {A, B}, false}, {2, 32, {B, 5}, false}, {2, 32, {A, 5}, true}},
     [](const Pointers &t) { return product(t[0], t[1], t[2]); },
     {}},
    {"attend",
     {{2, 32, {A, 2, B, 4}, false},
      {2, 32, {A, 1, C, 4}, false},
      {2, 32, {A, 1, C, 4}, false},
      {2, 32, {A, 2, B, 4}, true}},
     [](const Pointers &t) { return attend(t[0], t[1], t[2], t[3]); },
     {}},
    {"ragged",
     {{2, 32, {A, 2, 4}, false},
      {2, 32, {B, 1, 4}, false},
      {2, 32, {B, 1, 4}, false},
      {0, 32, {C}, false},
      {0, 32, {C}, false},
      {2, 32, {A, 2, 4}, true}},
     [](const Pointers &t) {
       return ragged(t[0], t[1], t[2], t[3], t[4], t[5]);
     },
     {}},
    {"part",
     {{2, 32, {A, 2, B, 4}, false},
      {2, 32, {A, 1, C, 4}, false},
      {2, 32, {A, 1, C, 4}, false},
      {2, 32, {A, 2, B}, true},
      {2, 32, {A, 2, B}, true},
      {2, 32, {A, 2, B, 4}, true}},
     [](const Pointers &t) {
       return part(t[0], t[1], t[2], 1, 4, t[3], t[4], t[5]);
     },
     {}},
    {"join",
     {{2, 32, {A, 2, B}, false},
      {2, 32, {A, 2, B}, false},
      {2, 32, {A, 2, B, 4}, false},
      {2, 32, {A, 2, B}, false},
      {2, 32, {A, 2, B}, false},
      {2, 32, {A, 2, B, 4}, false},
      {2, 32, {A, 2, B}, true},
      {2, 32, {A, 2, B}, true},
      {2, 32, {A, 2, B, 4}, true}},
     [](const Pointers &t) {
       return join(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8]);
     },
     {27, 27, 36}},
    {"end",
     {{2, 32, {A, 2, B}, false},
      {2, 32, {A, 2, B}, false},
      {2, 32, {A, 2, B, 4}, false},
      {2, 32, {A, 2, B, 4}, true}},
     [](const Pointers &t) { return end(t[0], t[1], t[2], t[3]); },
     {4}},
    {"pass",
     {{0, 64, {A, B}, false},
      {6, 8, {C}, false},
      {0, 64, {A, B}, true},
      {6, 8, {C}, true}},
     [](const Pointers &t) { return pass(t[0], t[1], t[2], t[3]); },
     {}},
};

/// Memory between two pages that cannot be touched.
class Arena {
public:
  Arena() {
    void *all = mmap(nullptr, kBytes + 2 * kPage, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || mprotect(static_cast<char *>(all) + kPage, kBytes,
                                      PROT_READ | PROT_WRITE))
      std::abort();
    begin = static_cast<unsigned char *>(all) + kPage;
  }
  unsigned char *begin;
  unsigned char before[kBytes];
};

struct Tensor {
  DLTensor dl;
  std::vector<int64_t> shape, strides;
  int64_t elementBytes, elements;
};

class Fuzzer {
public:
  explicit Fuzzer(uint64_t seed) : random(seed) {}

  /// False, after saying why, when a call did what it must not.
  bool callOnce();

private:
  int64_t below(int64_t n) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
  }
  bool chance(int64_t n) { return below(n) == 0; }

  void make(const Want &want, Tensor &tensor, Arena &arena,
            const int64_t *names);
  void layOut(const Want &want, Tensor &tensor, Arena &arena);
  void fill(const Want &want, Arena &arena);
  unsigned breakOne(const Function &function, size_t which);
  unsigned breakMemory(const Function &function, size_t which);
  bool checkMemory(const Function &function, int32_t status);
  bool complain(const Function &function, const char *what, int32_t status);

  std::mt19937_64 random;
  std::vector<Tensor> tensors;
  Pointers pointers;
  Arena arenas[kMostTensors];
  const char *broken = "";
};

} // namespace

/// Strides of a layout with gaps, in any order of dimensions and either
/// direction; arguments may repeat.
void Fuzzer::layOut(const Want &want, Tensor &tensor, Arena &arena) {
  size_t rank = tensor.shape.size();
  tensor.strides.assign(rank, 1);
  std::vector<size_t> order(rank);
  for (size_t d = 0; d < rank; ++d)
    order[d] = rank - 1 - d;
  bool isNull = chance(4), isCompact = isNull || chance(3);
  if (!isCompact && chance(2))
    std::shuffle(order.begin(), order.end(), random);
  int64_t step = 1, low = 0, high = 0;
  for (size_t d : order) {
    int64_t size = std::max<int64_t>(tensor.shape[d], 1);
    int64_t stride = isCompact ? step : step + (chance(3) ? below(3) : 0);
    if (!isCompact && !want.isResult && chance(6))
      stride = 0;
    step = std::max(step, stride * size);
    if (!isCompact && chance(4))
      stride = -stride;
    tensor.strides[d] = stride;
    (stride < 0 ? low : high) += stride * (size - 1);
  }
  int64_t need = (high - low + 1) * tensor.elementBytes;
  if (need > static_cast<int64_t>(kBytes))
    std::abort(); // The sizes in callOnce are too large.
  int64_t slack = (kBytes - need) / tensor.elementBytes;
  int64_t at = (chance(2) ? (chance(2) ? 0 : slack) : below(slack + 1)) -
               low; // Mostly against a guard.
  tensor.dl.strides = isNull ? nullptr : tensor.strides.data();
  tensor.dl.byte_offset =
      chance(3) ? static_cast<uint64_t>(at * tensor.elementBytes) : 0;
  tensor.dl.data =
      arena.begin + at * tensor.elementBytes - tensor.dl.byte_offset;
}

void Fuzzer::fill(const Want &want, Arena &arena) {
  for (size_t i = 0; i < kBytes; i += 8) {
    uint64_t bits = random();
    std::memcpy(arena.begin + i, &bits,
                8); // Random bits make every kind of number, NaN and denormals
                    // included.
  }
  if (want.code == 2 && want.bits == 32 && chance(2))
    for (size_t i = 0; i < kBytes; i += 4) {
      float value = static_cast<float>(below(2000)) / 100 - 10;
      std::memcpy(arena.begin + i, &value, 4);
    }
  if (want.code == 0 && want.bits == 32 && chance(2)) // Near what sizes are.
    for (size_t i = 0; i < kBytes; i += 4) {
      int32_t value = static_cast<int32_t>(below(12)) - 2;
      std::memcpy(arena.begin + i, &value, 4);
    }
}

void Fuzzer::make(const Want &want, Tensor &tensor, Arena &arena,
                  const int64_t *names) {
  tensor.elementBytes = want.bits / 8;
  tensor.elements = 1;
  tensor.shape.clear();
  for (int64_t size : want.sizes) {
    tensor.shape.push_back(size < 0 ? names[-1 - size] : size);
    tensor.elements *= tensor.shape.back();
  }
  tensor.dl = {};
  layOut(want, tensor, arena);
  tensor.dl.device = {kDLCPU, static_cast<int32_t>(below(2))};
  tensor.dl.ndim = static_cast<int32_t>(tensor.shape.size());
  tensor.dl.dtype = {static_cast<uint8_t>(want.code),
                     static_cast<uint8_t>(want.bits), 1};
  tensor.dl.shape = tensor.shape.data();
  if (tensor.shape.empty() && chance(2))
    tensor.dl.shape = tensor.dl.strides = nullptr;
  if (tensor.elements == 0 && chance(2))
    tensor.dl.data = nullptr;
}

constexpr unsigned code(int status) { return 1u << status; }

/// Breaks where the memory of a tensor lies. Returns the set of statuses that
/// may follow.
unsigned Fuzzer::breakMemory(const Function &function, size_t which) {
  Tensor &t = tensors[which];
  const Want &want = function.tensors[which];
  bool isEmpty = t.elements == 0;
  size_t rank = t.shape.size();
  size_t d = rank ? below(rank) : 0;
  switch (below(6)) {
  case 0:
    broken = "data NULL";
    t.dl.data = nullptr;
    return isEmpty ? code(0) : code(1);
  case 1:
    broken = "misaligned";
    if (t.elementBytes == 1)
      return code(0);
    t.dl.byte_offset += 1 + below(t.elementBytes - 1);
    return isEmpty ? code(0) : code(7);
  case 2: {
    broken = "far stride";
    if (!rank)
      return code(0);
    const int64_t far[] = {INT64_MAX, INT64_MIN, INT64_MAX / 2,
                           INT64_MIN / 2 - 1, int64_t(1) << 62};
    t.dl.strides = t.strides.data();
    t.strides[d] = far[below(5)];
    return isEmpty || t.shape[d] == 1 ? code(0) : code(6);
  }
  case 3:
    broken = "elements share memory";
    if (!rank || !want.isResult)
      return code(0);
    t.dl.strides = t.strides.data();
    t.strides[d] = 0;
    return isEmpty || t.shape[d] == 1 ? code(0) : code(6) | code(8);
  case 4:
    broken = "far offset";
    t.dl.byte_offset =
        UINT64_MAX - 63; // Around the end of the address space, aligned.
    return isEmpty ? code(0) : t.dl.data ? code(6) | code(7) : code(1);
  default: {
    broken = "overlap";
    size_t first = 0;
    while (!function.tensors[first].isResult)
      ++first;
    size_t result = first + below(tensors.size() - first),
           other = below(result);
    Tensor &r = tensors[result], &o = tensors[other];
    if (r.elements == 0 || o.elements == 0)
      return code(0);
    // The first element of the one is that of the other.
    r.dl.data = o.dl.data;
    r.dl.byte_offset = o.dl.byte_offset;
    // The memory may end before what the result now spans, but it must be
    // refused before it is touched.
    size_t number = result - first;
    bool may =
        number < function.mayBe.size() && function.mayBe[number] >> other & 1;
    return may ? code(0) | code(8) : code(8) | code(7);
  }
  }
}

/// Breaks one tensor in one way. Returns the set of statuses that may follow.
unsigned Fuzzer::breakOne(const Function &function, size_t which) {
  Tensor &t = tensors[which];
  size_t rank = t.shape.size();
  size_t d = rank ? below(rank) : 0;
  switch (below(10)) {
  case 0:
    broken = "NULL";
    pointers[which] = nullptr;
    return code(1);
  case 1: {
    broken = "device";
    int32_t type = static_cast<int32_t>(
        chance(2) ? below(18) : static_cast<int64_t>(random()));
    std::memcpy(&t.dl.device.device_type, &type,
                sizeof type); // Not a value of the enumeration.
    return type == kDLCPU ? code(0) : code(2);
  }
  case 2:
    broken = "lanes";
    t.dl.dtype.lanes = static_cast<uint16_t>(below(65536));
    return t.dl.dtype.lanes == 1 ? code(0) : code(4);
  case 3: {
    broken = "dtype";
    DLDataType was = t.dl.dtype;
    t.dl.dtype.code =
        static_cast<uint8_t>(chance(2) ? was.code : below(chance(2) ? 8 : 256));
    t.dl.dtype.bits = static_cast<uint8_t>(chance(2) ? was.bits : below(256));
    return t.dl.dtype.code == was.code && t.dl.dtype.bits == was.bits ? code(0)
                                                                      : code(4);
  }
  case 4:
    broken = "rank";
    t.dl.ndim = static_cast<int32_t>(
        chance(2) ? t.dl.ndim + (chance(2) ? 1 : -1) : random());
    return t.dl.ndim == static_cast<int32_t>(rank) ? code(0) : code(3);
  case 5:
    broken = "shape NULL";
    t.dl.shape = nullptr;
    return rank ? code(1) : code(0);
  case 6: {
    broken = "size";
    if (!rank)
      return code(0);
    int64_t was = t.shape[d];
    const int64_t sizes[] = {was + 1,         was - 1,   -1,
                             INT64_MAX,       INT64_MIN, int64_t(1) << 32,
                             int64_t(1) << 61};
    t.shape[d] = sizes[below(7)];
    // A tensor that was empty may now have elements and no memory, when its
    // size is the first of its name.
    return code(5) | code(1) | code(6) | (t.elements == 0 ? code(7) : 0);
  }
  default:
    return breakMemory(function, which);
  }
}

bool Fuzzer::complain(const Function &function, const char *what,
                      int32_t status) {
  std::fprintf(stderr, "%s (%s): %s; it returned %d, '%s'\n", function.name,
               *broken ? broken : "all right", what, status,
               functions_last_error());
  for (const Tensor &t : tensors) {
    std::fprintf(stderr, "  data %p + %llu, shape", t.dl.data,
                 static_cast<unsigned long long>(t.dl.byte_offset));
    for (size_t d = 0; d < t.shape.size(); ++d)
      std::fprintf(stderr, " %lld (%lld)", static_cast<long long>(t.shape[d]),
                   static_cast<long long>(t.dl.strides ? t.strides[d] : -99));
    std::fprintf(stderr, "\n");
  }
  return false;
}

/// Marks the bytes of a tensor's elements.
static void markElements(const Tensor &tensor, size_t dim, unsigned char *at,
                         unsigned char *begin, std::vector<bool> &mine) {
  if (dim == tensor.shape.size()) {
    for (int64_t i = 0; i < tensor.elementBytes; ++i)
      mine[at - begin + i] = true;
    return;
  }
  int64_t stride = 1;
  for (size_t d = dim + 1; d < tensor.shape.size(); ++d)
    stride *= tensor.shape[d];
  if (tensor.dl.strides)
    stride = tensor.strides[dim];
  for (int64_t i = 0; i < tensor.shape[dim]; ++i)
    markElements(tensor, dim + 1, at + i * stride * tensor.elementBytes, begin,
                 mine);
}

bool Fuzzer::checkMemory(const Function &function, int32_t status) {
  std::vector<bool> mine[kMostTensors];
  for (size_t i = 0; i < tensors.size(); ++i)
    mine[i].assign(kBytes, false);
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (status != 0 || !function.tensors[i].isResult ||
        tensors[i].elements == 0)
      continue;
    unsigned char *data = static_cast<unsigned char *>(tensors[i].dl.data) +
                          tensors[i].dl.byte_offset;
    for (size_t a = 0; a < tensors.size();
         ++a) // In place it lies where an argument does.
      if (data >= arenas[a].begin && data < arenas[a].begin + kBytes)
        markElements(tensors[i], 0, data, arenas[a].begin, mine[a]);
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (!std::memcmp(arenas[i].begin, arenas[i].before, kBytes))
      continue;
    for (size_t at = 0; at < kBytes; ++at)
      if (arenas[i].begin[at] != arenas[i].before[at] && !mine[i][at])
        return complain(function, "wrote beside its results", status);
  }
  return true;
}

bool Fuzzer::callOnce() {
  const Function &function = kFunctions[below(std::size(kFunctions))];
  int64_t names[3];
  bool isLong =
      chance(20) && function.tensors[0].sizes.size() <
                        3; // Rows of more than a vector's unrolled step.
  for (int64_t &size : names)
    size = chance(12) ? 0 : 1 + below(4);
  if (isLong)
    names[function.tensors[0].sizes.size() == 1 ? 0 : 1] = 40 + below(20);
  else if (chance(2))
    names[1] = 1 + below(9);
  tensors.resize(function.tensors.size());
  pointers.clear();
  for (size_t i = 0; i < tensors.size(); ++i) {
    make(function.tensors[i], tensors[i], arenas[i], names);
    fill(function.tensors[i], arenas[i]);
    pointers.push_back(&tensors[i].dl);
  }
  broken = "";
  unsigned allowed = code(0);
  if (chance(2))
    allowed = breakOne(function, below(tensors.size()));
  for (size_t i = 0; i < tensors.size(); ++i)
    std::memcpy(arenas[i].before, arenas[i].begin, kBytes);
  int32_t status = function.call(pointers);
  if (status < 0 || status > 9 || !(allowed >> status & 1))
    return complain(function, "that is not what this call should return",
                    status);
  std::string message = functions_last_error();
  bool named = message.find("arg") != std::string::npos ||
               message.find("result") != std::string::npos;
  if (status == 0 ? !message.empty() : !named)
    return complain(function, "the message does not fit", status);
  return checkMemory(function, status);
}

int main(int argc, char **argv) {
  long long calls = argc > 1 ? std::atoll(argv[1]) : 100000;
  uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : 1;
  bool good[2] = {true, true};
  auto work = [&](int thread) {
    auto fuzzer =
        std::make_unique<Fuzzer>(seed + static_cast<uint64_t>(thread));
    for (long long i = 0; i < calls / 2 && good[thread]; ++i)
      good[thread] = fuzzer->callOnce();
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  if (!good[0] || !good[1])
    return 1;
  std::printf("%lld calls\n", calls / 2 * 2);
  return 0;
}
