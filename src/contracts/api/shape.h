// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "model/id.h"

/// Shape checks that messages of every contract share.
namespace xl::contracts {

/// The error of a message whose `field` is out of bounds. Names the field, never its content.
[[nodiscard]] Error malformed(std::string_view field);

/// Decodes a payload, canonical only. Errors: message_malformed.
[[nodiscard]] Status decode_message(ByteView payload, google::protobuf::Message& message);

/// A 16-byte id that is not all zero. Errors: message_malformed.
[[nodiscard]] Status check_id(const std::string& field, std::string_view name);

/// As `check_id`; an empty field passes too.
[[nodiscard]] Status check_optional_id(const std::string& field, std::string_view name);

/// The id in a field that `check_id` passed, or that a contract stored.
[[nodiscard]] model::Id id_of(const std::string& field);

/// The 32 bytes of a key id in a field that `check_key_id` passed, or that a contract stored.
[[nodiscard]] Hash key_id_of(const std::string& field);

/// A key id: 32 bytes. Errors: message_malformed.
[[nodiscard]] Status check_key_id(const std::string& field, std::string_view name);

/// As `check_digest`; an empty field passes too.
[[nodiscard]] Status check_optional_digest(const std::string& field, std::string_view name);

/// Numbers that rise strictly from 1 or more to `value_max` or less, `count_min` to `count_max` of
/// them. Errors: message_malformed.
[[nodiscard]] Status check_ascending(const google::protobuf::RepeatedField<std::uint32_t>& values,
                                     std::uint32_t count_min, std::uint32_t count_max,
                                     std::uint32_t value_max, std::string_view name);

/// A digest with its suite byte in front: 33 bytes. Errors: message_malformed.
[[nodiscard]] Status check_digest(const std::string& field, std::string_view name);

}  // namespace xl::contracts
