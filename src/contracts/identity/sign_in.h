// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "model/id.h"

namespace xl::contracts::identity {

/// What a key signs to sign in (formats-custody.md §1): tag ‖ 0x00 ‖ suite ‖ network (32) ‖
/// organisation (16) ‖ key id (32) ‖ challenge as sent. Binds the sign-in to one network,
/// organisation and key. Thread-safe.
[[nodiscard]] Bytes sign_in_bytes(const Hash& network, const model::Id& organisation,
                                  const Hash& key_id, std::string_view challenge);

/// Between what a challenge states and its fresh part, which never has it.
constexpr std::string_view statement_mark = "; ";
/// What an organisation states begins so: for whom without a key it signs in with its own.
constexpr std::string_view stated_mark = "as stated by the organisation: ";
/// What says through which app somebody signs in begins so.
constexpr std::string_view app_mark = "through app ";

/// What stands before the fresh part of a challenge; empty: nothing. Thread-safe.
[[nodiscard]] std::string_view statement_of(std::string_view challenge);

/// What a challenge states (formats-custody.md §1).
struct SignInStatement {
  std::string_view organisation;  ///< its word, without its mark; empty: the key is the person's
  std::string_view person;  ///< the DID with which its word begins; empty: it is about software
  std::string_view app;     ///< `NAME (ID)`; empty: none
};

/// Takes apart what a challenge states; the parts view `challenge`. Thread-safe.
[[nodiscard]] SignInStatement stated_in(std::string_view challenge);

}  // namespace xl::contracts::identity
