// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/unlock_options.h"

#include "crypto/passphrase_prompt.h"

namespace xl::node {
namespace {

/// The unlock of a file that is named; nothing when none is.
Result<std::optional<Unlock>> unlock_in_file(const UnlockOptions& options) {
  if (!options.operator_key.empty()) {
    XL_TRY_ASSIGN(auto key, crypto::keyfile::read_operator_key(options.operator_key));
    return std::optional(Unlock::with_operator_key(std::move(key)));
  }
  if (!options.passphrase_file.empty()) {
    XL_TRY_ASSIGN(auto passphrase, crypto::keyfile::read_passphrase(options.passphrase_file));
    return std::optional(Unlock::with_passphrase(std::move(passphrase)));
  }
  if (!crypto::may_prompt()) return make_error(ErrorCode::keys_locked);
  return std::optional<Unlock>{};
}

}  // namespace

void add_unlock_options(CLI::App* command, UnlockOptions& options, const std::string& prefix) {
  auto* key = command->add_option("--" + prefix + "operator-key", options.operator_key,
                                  "file with the operator's 32-byte key");
  command
      ->add_option("--" + prefix + "passphrase-file", options.passphrase_file,
                   "file with the passphrase")
      ->excludes(key);
}

Result<Unlock> unlock_of(const UnlockOptions& options, const Console& console) {
  XL_TRY_ASSIGN(auto out, unlock_in_file(options));
  if (out) return std::move(*out);
  XL_TRY_ASSIGN(auto typed, crypto::prompt_passphrase(console.pick("Passphrase: ", "口令: ")));
  return Unlock::with_passphrase(std::move(typed));
}

Result<Unlock> new_unlock_of(const UnlockOptions& options, const Console& console) {
  XL_TRY_ASSIGN(auto out, unlock_in_file(options));
  if (out) return std::move(*out);
  XL_TRY_ASSIGN(auto typed,
                crypto::prompt_passphrase(console.pick("New passphrase: ", "新口令: ")));
  XL_TRY_ASSIGN(const auto again, crypto::prompt_passphrase(console.pick("Again: ", "再次输入: ")));
  if (!crypto::equal_constant_time(again.view(), typed.view())) {
    return make_error(ErrorCode::passphrase_wrong, "the two passphrases differ");
  }
  return Unlock::with_passphrase(std::move(typed));
}

}  // namespace xl::node
