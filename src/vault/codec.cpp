// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "vault/codec.h"

#include "crypto/suite.h"

namespace xl::vault::detail {

Bytes bound_to(std::string_view tag, std::initializer_list<ByteView> parts) {
  Bytes out = copy_of(view_of(tag));
  out.push_back(0);
  out.push_back(static_cast<std::uint8_t>(crypto::Suite::international));
  for (const ByteView part : parts) append(out, part);
  return out;
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
