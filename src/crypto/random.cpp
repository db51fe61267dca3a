// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/random.h"

#include <sodium.h>

#include "crypto/ed25519.h"

namespace xl::crypto {

void random_bytes(std::span<std::uint8_t> out) {
  detail::ready_sodium();
  if (!out.empty()) randombytes_buf(out.data(), out.size());
}

}  // namespace xl::crypto
