// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/peer/desk.h"

#include <chrono>
#include <thread>

#include "base/json/json.h"
#include "contracts/governance/view.h"
#include "crypto/hash.h"
#include "gateway/peer/copy_store.h"
#include "gateway/peer/emergencies.h"
#include "gateway/peer/fetch.h"
#include "gateway/peer/locate.h"
#include "gateway/peer/peer.pb.h"
#include "gateway/peer/wishes.h"
#include "model/canonical.h"

namespace xl::gateway::peer {

namespace governance = contracts::governance;
using xinglin::peer::v1::Outcome;

namespace {

constexpr std::size_t seen_max = 100'000;
constexpr std::uint64_t known_ms = 10 * 60 * 1000;

std::string path_of_peer(const model::Id& organisation) {
  return "/o/" + organisation.text() + "/peer";
}

/// The code that another node refused with, if it is one that we know.
Error refusal_told(std::uint32_t number) {
  for (const ErrorInfo& info : error_registry()) {
    if (info.number == number) return make_error(static_cast<ErrorCode>(info.number));
  }
  return make_error(ErrorCode::peer_answer_untrusted);
}

/// How long our copy of the ledger may be behind the other's.
constexpr std::chrono::seconds behind_max{5};
/// Who is so far behind does not catch up while somebody waits.
constexpr std::uint64_t blocks_behind_max = 100;

/// Copies rest on nothing that the ledger says; all else does.
bool rests_on_ledger(PeerKind kind) {
  return kind != PeerKind::keep && kind != PeerKind::have && kind != PeerKind::give &&
         kind != PeerKind::drop;
}

/// Who has a block more knows of sign-ins, emergencies and sessions that are none here yet. Errors:
/// peer_behind.
Status catch_up(const custody::LedgerPort& port, std::uint64_t height) {
  const auto began = std::chrono::steady_clock::now();
  while (true) {
    XL_TRY_ASSIGN(const query::LedgerHead head, port.ledger().head());
    if (head.height >= height) return {};
    const bool hopeless = height - head.height > blocks_behind_max ||
                          std::chrono::steady_clock::now() - began > behind_max;
    if (hopeless) return make_error(ErrorCode::peer_behind);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

Result<Desk::Gathering> Desk::Gathering::begin(Desk& desk) {
  if (desk.gatherings_.fetch_add(1) >= gatherings_max) {
    desk.gatherings_.fetch_sub(1);
    return make_error(ErrorCode::gathering_exceeded);
  }
  return Gathering(&desk);
}

Result<Bytes> Desk::ask_there(custody::Organisation& from, const model::Id& to, PeerKind kind,
                              ByteView payload, std::uint64_t timeout_ms) {
  XL_TRY_ASSIGN(const std::string request,
                write_envelope(from.stores(), custody_.port(), {to, {}, kind, payload}));
  std::string answer_text;
  if (custody::Organisation* here = custody_.find(to)) {
    XL_TRY_ASSIGN(answer_text, answer(*here, request));
  } else {
    XL_TRY_ASSIGN(const std::string url, gateway_of(to));
    XL_TRY_ASSIGN(answer_text, exchange_("POST", url + path_of_peer(to), request, timeout_ms));
  }
  const auto heard = read_envelope(from.stores(), custody_.port(), answer_text);
  Outcome outcome;
  if (!heard.ok() || heard->from != to || heard->kind != PeerKind::answer ||
      heard->about != crypto::sha256(view_of(request)) ||
      !model::decode_canonical(heard->payload, outcome)) {
    return make_error(ErrorCode::peer_answer_untrusted);
  }
  if (rests_on_ledger(kind)) XL_TRY(catch_up(custody_.port(), heard->height));
  if (outcome.error() != 0) return refusal_told(outcome.error());
  return copy_of(view_of(outcome.payload()));
}

Result<std::string> Desk::answer(custody::Organisation& of, std::string_view request) {
  XL_TRY_ASSIGN(const Heard heard, read_envelope(of.stores(), custody_.port(), request));
  if (heard.kind == PeerKind::answer) return make_error(ErrorCode::peer_request_refused);
  XL_TRY(take_once(heard));
  const Status there =
      rests_on_ledger(heard.kind) ? catch_up(custody_.port(), heard.height) : Status{};
  const auto payload = there.ok() ? answer_what(of, heard) : Result<Bytes>(there.error());
  Outcome outcome;
  if (payload.ok()) {
    outcome.set_payload(custody::bytes_of(*payload));
  } else {
    outcome.set_error(static_cast<std::uint32_t>(payload.error().code));
  }
  const Bytes told = model::encode(outcome);
  return write_envelope(of.stores(), custody_.port(),
                        {heard.from, heard.digest, PeerKind::answer, told});
}

Result<Bytes> Desk::answer_what(custody::Organisation& of, const Heard& heard) {
  switch (heard.kind) {
    case PeerKind::fetch:
      return answer_fetch(of, tokens_, custody_.port(), heard);
    case PeerKind::declare:
      return answer_declare(of, heard);
    case PeerKind::find:
      return answer_find(of, tokens_, heard);
    case PeerKind::locate:
      return answer_locate(of, heard);
    case PeerKind::wish:
      return answer_wish(of, tokens_, heard);
    case PeerKind::look:
      return answer_look(of, tokens_, heard);
    case PeerKind::keep:
    case PeerKind::have:
    case PeerKind::give:
    case PeerKind::drop:
      return answer_copies(of, custody_.port(), copies_, heard);
    case PeerKind::answer:
      break;
  }
  return make_error(ErrorCode::peer_request_refused);
}

/// Whoever copies a request gets no second answer: each would be in the patient's log.
Status Desk::take_once(const Heard& heard) {
  const std::uint64_t now = custody_.port().now_ms();
  const std::scoped_lock lock(mutex_);
  std::erase_if(seen_, [&](const auto& one) { return one.second <= now; });
  if (seen_.size() >= seen_max) return make_error(ErrorCode::custody_busy);
  // By what is signed, not by the envelope: a signature may have a second form.
  if (!seen_.emplace(heard.about, now + 2 * clock_skew_ms).second) {
    return make_error(ErrorCode::peer_request_refused);
  }
  return {};
}

Result<std::string> Desk::gateway_of(const model::Id& organisation) {
  const auto member = governance::find_member(*custody_.port().ledger().state(), organisation);
  if (member && governance::is_present(*member) && !member->gateway().empty()) {
    return member->gateway();
  }
  const std::uint64_t now = custody_.port().now_ms();
  {
    const std::scoped_lock lock(mutex_);
    const auto found = known_.find(organisation);
    if (found != known_.end() && found->second.until_ms > now) return found->second.url;
  }
  XL_TRY_ASSIGN(std::string url, look_for(organisation));
  const std::scoped_lock lock(mutex_);
  known_[organisation] = {url, now + known_ms};
  return url;
}

/// For which organisations the gateway of each other member speaks; who does not answer is in
/// `missing`.
std::vector<Desk::Listed> Desk::list_all(std::vector<model::Id>& missing) {
  std::vector<Listed> out;
  for (const governance::Member& member :
       governance::members_of(*custody_.port().ledger().state())) {
    if (!governance::is_present(member.record) || custody_.find(member.id) != nullptr) continue;
    const std::string& url = member.record.gateway();
    const auto listed = url.empty()
                            ? Result<std::string>(make_error(ErrorCode::peer_gateway_unknown))
                            : exchange_("GET", url + "/o", {}, peer_timeout_ms);
    const auto document = listed.ok() ? json::parse(*listed, {}) : listed.error();
    if (!document.ok()) {
      missing.push_back(member.id);
      continue;
    }
    for (const json::Value one : document->root().find("organisations").items()) {
      const auto id = model::id_from_text(one.find("id").as_string().value_or(""));
      if (id.ok() && custody_.find(*id) == nullptr) out.push_back({*id, url});
    }
  }
  return out;
}

std::vector<model::Id> Desk::custodians(std::vector<model::Id>& missing) {
  std::vector<model::Id> out;
  for (const Listed& one : list_all(missing)) out.push_back(one.organisation);
  return out;
}

/// Who lies about this gains nothing: what it cannot open it cannot answer.
Result<std::string> Desk::look_for(const model::Id& organisation) {
  std::vector<model::Id> missing;
  for (const Listed& one : list_all(missing)) {
    if (one.organisation == organisation) return one.url;
  }
  return make_error(ErrorCode::peer_gateway_unknown);
}

}  // namespace xl::gateway::peer
