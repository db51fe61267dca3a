// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "vault/codec.h"

#include "crypto/hash.h"

namespace xl::vault::detail {

Bytes bound_to(std::string_view tag, std::initializer_list<ByteView> parts) {
  return crypto::tagged_bytes(tag, parts);
}

Bytes be32(std::uint32_t value) {
  Bytes out;
  append_be(out, value);
  return out;
}

Bytes be64(std::uint64_t value) {
  Bytes out;
  append_be(out, value);
  return out;
}

}  // namespace xl::vault::detail
