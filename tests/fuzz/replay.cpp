// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the fuzz targets build with every compiler and what they once found stays mended. Method:
// every target takes every file of its corpus, whole and cut off after each of its bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/check.h"

// One line for each target: XL_TARGET(name).
#define XL_TARGET(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
#include "fuzz_targets.inc"
#undef XL_TARGET

namespace {

struct Target {
  const char* name;
  int (*take)(const std::uint8_t* data, std::size_t size);
};

const Target targets[] = {
#define XL_TARGET(name) {#name, fuzz_##name},
#include "fuzz_targets.inc"
#undef XL_TARGET
};

std::size_t replay(const Target& target, const std::filesystem::path& corpus) {
  std::size_t inputs = 0;
  for (const auto& file : std::filesystem::directory_iterator(corpus)) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(in), {}};
    const std::size_t shortest = text.size() - std::min<std::size_t>(text.size(), 4096);
    for (std::size_t size = text.size() + 1; size-- > shortest; ++inputs) {
      const std::vector<std::uint8_t> exact(text.begin(),
                                            text.begin() + static_cast<std::ptrdiff_t>(size));
      (void)target.take(exact.data(), exact.size());
    }
  }
  return inputs;
}

}  // namespace

int main() {
  for (const Target& target : targets) {
    const auto corpus = std::filesystem::path(XL_SOURCE_DIR) / "tests/fuzz/corpus" / target.name;
    const std::size_t inputs = replay(target, corpus);
    std::printf("%s: %zu inputs\n", target.name, inputs);
    XL_CHECK(inputs > 0);
  }
  return 0;
}
