// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/shape.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/suite.h"
#include "model/canonical.h"

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

Status check_optional_id(const std::string& field, std::string_view name) {
  return field.empty() ? Status() : check_id(field, name);
}

model::Id id_of(const std::string& field) {
  const auto id = model::id_from_bytes(view_of(field));
  XL_CHECK(id.ok());
  return *id;
}

Hash key_id_of(const std::string& field) {
  Hash out{};
  XL_CHECK(field.size() == out.size());
  std::copy(field.begin(), field.end(), out.begin());
  return out;
}

Status check_key_id(const std::string& field, std::string_view name) {
  return field.size() == sizeof(Hash) ? Status() : malformed(name);
}

Status check_optional_digest(const std::string& field, std::string_view name) {
  return field.empty() ? Status() : check_digest(field, name);
}

Status check_ascending(const google::protobuf::RepeatedField<std::uint32_t>& values,
                       std::uint32_t count_min, std::uint32_t count_max, std::uint32_t value_max,
                       std::string_view name) {
  const auto count = static_cast<std::uint32_t>(values.size());
  if (count < count_min || count > count_max) return malformed(name);
  std::uint32_t before = 0;
  for (const std::uint32_t value : values) {
    if (value <= before || value > value_max) return malformed(name);
    before = value;
  }
  return {};
}

Status check_digest(const std::string& field, std::string_view name) {
  const bool sized = field.size() == 1 + sizeof(Hash) &&
                     field[0] == static_cast<char>(crypto::Suite::international);
  if (!sized) return malformed(name);
  return {};
}

}  // namespace xl::contracts
