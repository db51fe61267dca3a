// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "ordering/cometbft/sign_state.h"

namespace xl::ordering::cometbft {

/// The largest request: a vote with the largest extension (1 MiB), which is refused in words.
constexpr std::size_t sign_request_bytes_max = 2U << 20U;

/// What became of one request.
struct SignerAnswer {
  Bytes message;                     ///< to be sent, without its length
  std::optional<ErrorCode> refused;  ///< why nothing was signed, when something was to be
  std::int64_t height = 0;           ///< of what was to be signed
};

/// Answers one message of CometBFT (its privval protocol, consensus.md §4.7): public key, vote,
/// proposal, ping. Only `chain_id` is signed for, and no vote extension. A request that must not be
/// signed is answered with an error. Not thread-safe. Errors: sign_request_invalid (no message of
/// the protocol): the connection is of no use from then on.
[[nodiscard]] Result<SignerAnswer> answer_sign_request(SignGuard& guard,
                                                       const crypto::SigningKey& key,
                                                       std::string_view chain_id, ByteView message);

/// Holds the validator's key for the engine: it dials the socket on which the engine listens, and
/// dials again whenever the connection ends. Thread-safe.
class Signer {
 public:
  struct Options {
    std::filesystem::path socket;  ///< in a folder that only this user can enter
    std::string chain_id;
    /// Called on the signer's thread for each request that was refused, with its height.
    std::function<void(ErrorCode code, std::int64_t height)> refused;
  };
  struct Counters {
    std::uint64_t given = 0;         ///< signatures, those given again too
    std::uint64_t refused = 0;       ///< requests, `double_signs` among them
    std::uint64_t double_signs = 0;  ///< of a second vote or block for one step
    bool connected = false;
  };
  virtual ~Signer() = default;

  /// Starts it; the engine may come later.
  [[nodiscard]] static std::unique_ptr<Signer> start(SignGuard guard, crypto::SigningKey key,
                                                     Options options);

  /// Signs with another key from now on.
  virtual void use(crypto::SigningKey key) = 0;
  [[nodiscard]] virtual Counters counters() const = 0;
  /// Ends it. Once.
  virtual void stop() = 0;
};

}  // namespace xl::ordering::cometbft
