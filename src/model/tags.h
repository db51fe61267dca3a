// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

/// Domain tags: the first bytes of everything that is hashed or signed, so that bytes of one kind
/// can never be taken for another. ASCII, no NUL; changing one changes every digest of its kind.
namespace xl::model::tags {

constexpr std::string_view transaction_id = "xinglin/transaction-id/v1";
constexpr std::string_view transaction_signature = "xinglin/transaction-signature/v1";
constexpr std::string_view envelope_signature = "xinglin/envelope-signature/v1";
constexpr std::string_view key_id = "xinglin/key-id/v1";
constexpr std::string_view network_id = "xinglin/network-id/v1";
constexpr std::string_view state_path = "xinglin/state-path/v1";
constexpr std::string_view state_value = "xinglin/state-value/v1";
constexpr std::string_view result = "xinglin/result/v1";
constexpr std::string_view app_hash = "xinglin/app-hash/v1";
constexpr std::string_view block_record = "xinglin/block-record/v1";
constexpr std::string_view key_possession = "xinglin/key-possession/v1";
constexpr std::string_view consent_policy = "xinglin/consent-policy/v1";

}  // namespace xl::model::tags
