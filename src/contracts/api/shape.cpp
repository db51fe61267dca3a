// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/shape.h"

#include "crypto/suite.h"
#include "model/canonical.h"
#include "model/id.h"

namespace xl::contracts {

Error malformed(std::string_view field) { return make_error(ErrorCode::message_malformed, field); }

Status decode_message(ByteView payload, google::protobuf::Message& message) {
  if (!model::decode_canonical(payload, message)) return malformed("encoding");
  return {};
}

Status check_id(const std::string& field, std::string_view name) {
  if (!model::id_from_bytes(view_of(field)).ok()) return malformed(name);
  return {};
}

Status check_digest(const std::string& field, std::string_view name) {
  const bool sized = field.size() == 1 + sizeof(Hash) &&
                     field[0] == static_cast<char>(crypto::Suite::international);
  if (!sized) return malformed(name);
  return {};
}

}  // namespace xl::contracts
