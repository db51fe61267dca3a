// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

/// Shape checks that messages of every contract share.
namespace xl::contracts {

/// The error of a message whose `field` is out of bounds. Names the field, never its content.
[[nodiscard]] Error malformed(std::string_view field);

/// Decodes a payload, canonical only. Errors: message_malformed.
[[nodiscard]] Status decode_message(ByteView payload, google::protobuf::Message& message);

/// A 16-byte id that is not all zero. Errors: message_malformed.
[[nodiscard]] Status check_id(const std::string& field, std::string_view name);

/// A digest with its suite byte in front: 33 bytes. Errors: message_malformed.
[[nodiscard]] Status check_digest(const std::string& field, std::string_view name);

}  // namespace xl::contracts
