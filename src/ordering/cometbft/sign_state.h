// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "model/comet/vote.h"

/// What a validator signed last, so that it never signs two different things for one step of a
/// round: the rules of CometBFT's own file signer (source: v0.40 privval/file.go).
namespace xl::ordering::cometbft {

/// The steps of a round, in the order in which they are signed. CometBFT's numbers, kept on disk.
enum class SignStep : std::uint8_t { none = 0, propose = 1, prevote = 2, precommit = 3 };

/// The last signature of a validator.
struct SignState {
  std::int64_t height = 0;  ///< 0: nothing was signed
  std::int32_t round = 0;
  SignStep step = SignStep::none;
  Bytes sign_bytes;
  Bytes signature;  ///< 64 bytes without suite byte, empty when nothing was signed

  bool operator==(const SignState&) const = default;
};

/// The file's text: CometBFT's `priv_validator_state.json` (formats.md §12), so that a key can move
/// to an outside signer together with it. `read_sign_state` takes CometBFT's own as well.
/// Errors: sign_state_invalid. Thread-safe.
[[nodiscard]] std::string sign_state_text(const SignState& state);
[[nodiscard]] Result<SignState> read_sign_state(ByteView file);

/// Signs what CometBFT asks for, and nothing twice: each signature is durable in the folder's
/// `state.json` before it is given away. Holds the folder's lock, so that a second process does not
/// sign beside it. Not thread-safe.
class SignGuard {
 public:
  /// Makes the state of a new key, which signed nothing, unless there is one. To be called before
  /// the key is where it is signed with: a key without a state is never used. Errors:
  /// file_unwritable.
  [[nodiscard]] static Status create(const std::filesystem::path& folder);
  /// Goes on with the state in `folder`. Errors: signer_locked, sign_state_missing (nobody knows
  /// what was signed), sign_state_invalid, file_unreadable, file_unwritable.
  [[nodiscard]] static Result<SignGuard> open(const std::filesystem::path& folder);
  SignGuard(SignGuard&& other) noexcept;
  SignGuard& operator=(SignGuard&& other) noexcept;
  ~SignGuard();

  /// What is given away: the time is an earlier one when the same was signed with it.
  struct Signed {
    Bytes signature;  ///< 64 bytes
    model::comet::Timestamp time;
  };
  /// Errors: sign_regressed, double_sign_refused (also where the earlier signature is of another
  /// key), sign_request_invalid (height below 1, round below 0), file_unwritable. Cost: two syncs,
  /// of the file and its folder; none for what was signed before.
  [[nodiscard]] Result<Signed> sign(const crypto::SigningKey& key, std::string_view chain_id,
                                    const model::comet::Vote& vote);
  [[nodiscard]] Result<Signed> sign(const crypto::SigningKey& key, std::string_view chain_id,
                                    const model::comet::Proposal& proposal);

  [[nodiscard]] const SignState& last() const { return last_; }

 private:
  SignGuard(std::filesystem::path file, int lock) : file_(std::move(file)), lock_(lock) {}
  template <typename Message, typename TimeIn>
  [[nodiscard]] Result<Signed> sign_step(const crypto::SigningKey& key, std::string_view chain_id,
                                         Message message, SignStep step, TimeIn time_in);

  std::filesystem::path file_;
  int lock_ = -1;
  SignState last_;
};

}  // namespace xl::ordering::cometbft
