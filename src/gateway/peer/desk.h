// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "custody/custody.h"
#include "gateway/auth/tokens.h"
#include "gateway/peer/copy_store.h"
#include "gateway/peer/envelope.h"

namespace xl::gateway::peer {

/// One HTTP exchange with another member's gateway, for connecting and answering at most
/// `timeout_ms` each: the body of an answer 200. Errors: peer_unreachable (names why).
using Exchange =
    std::function<Result<std::string>(const std::string& method, const std::string& url,
                                      const std::string& body, std::uint64_t timeout_ms)>;

constexpr std::uint64_t peer_timeout_ms = 10'000;

/// Where the organisations of this node and those of others' nodes ask each other. Thread-safe.
class Desk {
 public:
  /// All outlive it.
  Desk(custody::Custody& custody, const auth::Tokens& tokens, Exchange exchange,
       const CopySettings& copies)
      : custody_(custody), tokens_(tokens), exchange_(std::move(exchange)), copies_(copies) {}
  virtual ~Desk() = default;
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// Asks `to` in the name of `from`; what it answers is signed by it and about this question.
  /// Organisations of this node are asked the same way, without the wire. Errors: peer_unreachable,
  /// peer_gateway_unknown, peer_key_missing, peer_answer_untrusted, peer_behind, and what `to`
  /// refuses with.
  [[nodiscard]] Result<Bytes> ask(custody::Organisation& from, const model::Id& to, PeerKind kind,
                                  ByteView payload, std::uint64_t timeout_ms = peer_timeout_ms) {
    return ask_there(from, to, kind, payload, timeout_ms);
  }

  /// Answers what another organisation asks one of this node: an envelope for an envelope. A
  /// request is answered once. Errors: peer_request_refused.
  [[nodiscard]] Result<std::string> answer(custody::Organisation& of, std::string_view request);

  /// The URL of the gateway that speaks for an organisation: the one its member told the ledger, or
  /// the gateway that lists it among its organisations. Errors: peer_gateway_unknown.
  [[nodiscard]] Result<std::string> gateway_of(const model::Id& organisation);

  /// The organisations for which other members' gateways speak now; members that did not say are
  /// added to `missing`.
  [[nodiscard]] std::vector<model::Id> custodians(std::vector<model::Id>& missing);

  /// At most so many requests gather at once: each of them waits for others' nodes.
  static constexpr int gatherings_max = 8;
  /// Held while one gathers.
  class Gathering {
   public:
    /// Errors: gathering_exceeded.
    [[nodiscard]] static Result<Gathering> begin(Desk& desk);
    Gathering(Gathering&& other) noexcept : desk_(other.desk_) { other.desk_ = nullptr; }
    Gathering& operator=(Gathering&&) = delete;
    ~Gathering() {
      if (desk_ != nullptr) desk_->gatherings_.fetch_sub(1);
    }

   private:
    explicit Gathering(Desk* desk) : desk_(desk) {}
    Desk* desk_;
  };

 protected:
  /// `ask`. A test has somebody lie here.
  [[nodiscard]] virtual Result<Bytes> ask_there(custody::Organisation& from, const model::Id& to,
                                                PeerKind kind, ByteView payload,
                                                std::uint64_t timeout_ms);

 private:
  struct Known {
    std::string url;
    std::uint64_t until_ms = 0;
  };
  struct Listed {
    model::Id organisation;
    std::string url;
  };
  [[nodiscard]] std::vector<Listed> list_all(std::vector<model::Id>& missing);
  [[nodiscard]] Result<Bytes> answer_what(custody::Organisation& of, const Heard& heard);
  [[nodiscard]] Status take_once(const Heard& heard);
  [[nodiscard]] Result<std::string> look_for(const model::Id& organisation);

  custody::Custody& custody_;
  const auth::Tokens& tokens_;
  Exchange exchange_;
  CopySettings copies_;
  std::atomic<int> gatherings_{0};
  std::mutex mutex_;                    // guards what follows
  std::map<Hash, std::uint64_t> seen_;  // requests that were answered, until they are too old
  std::map<model::Id, Known> known_;    // gateways of organisations that are no members themselves
};

}  // namespace xl::gateway::peer
