// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/peer/copies.h"

#include <algorithm>
#include <future>

#include "contracts/api/shape.h"
#include "contracts/governance/view.h"
#include "crypto/hash.h"
#include "gateway/peer/peer.pb.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::gateway::peer {

namespace governance = contracts::governance;
using custody::bytes_of;
using custody::KeptBody;
using xinglin::peer::v1::Digests;
using xinglin::peer::v1::GiveAnswer;
using xinglin::peer::v1::HaveAnswer;
using xinglin::peer::v1::Keep;

namespace {

/// A writer waits no longer for one who keeps a copy; the walk makes up for it.
constexpr std::uint64_t copy_timeout_ms = 2'000;
constexpr std::uint64_t away_ms = 30'000;
constexpr std::chrono::seconds walks_apart{10};
constexpr std::uint32_t walk_page = limits::vault_page_max;

Bytes digests_message(std::span<const KeptBody> bodies) {
  Digests out;
  for (const KeptBody& one : bodies) out.add_digests(bytes_of(one.digest));
  return model::encode(out);
}

}  // namespace

/// The other members, as far as they tell a gateway and our bodies may be there.
std::vector<model::Id> Copies::others() const {
  std::vector<model::Id> out;
  for (const governance::Member& member :
       governance::members_of(*custody_.port().ledger().state())) {
    const bool allowed = settings_.members.empty() ||
                         std::ranges::find(settings_.members, member.id) != settings_.members.end();
    if (allowed && governance::is_present(member.record) && !member.record.gateway().empty() &&
        custody_.find(member.id) == nullptr) {
      out.push_back(member.id);
    }
  }
  return out;
}

/// Who keeps an organisation's copies: those whose hash with it is highest, so that a member who
/// comes or goes moves as few as can be.
std::vector<model::Id> Copies::keepers_of(const model::Id& owner) const {
  std::vector<model::Id> out = others();
  const auto rank = [&](const model::Id& keeper) {
    return crypto::sha256({owner.view(), keeper.view()});
  };
  std::ranges::sort(out, std::ranges::greater{}, rank);
  if (out.size() > settings_.others) out.resize(settings_.others);
  return out;
}

bool Copies::is_away(const model::Id& keeper) const {
  const std::scoped_lock lock(mutex_);
  const auto found = away_until_ms_.find(keeper);
  return found != away_until_ms_.end() && found->second > custody_.port().now_ms();
}

void Copies::note_away(const model::Id& keeper) {
  const std::scoped_lock lock(mutex_);
  away_until_ms_[keeper] = custody_.port().now_ms() + away_ms;
}

/// Errors: those of the stores, of asking and of the keeper.
Status Copies::send(custody::Organisation& owner, const model::Id& keeper,
                    std::span<const KeptBody> bodies) {
  Keep message;
  std::size_t bytes = 0;
  const auto flush = [&]() -> Status {
    if (message.copies().empty()) return {};
    const auto kept =
        desk_.ask(owner, keeper, PeerKind::keep, model::encode(message), copy_timeout_ms);
    message.Clear();
    bytes = 0;
    return kept.ok() ? Status{} : Status(kept.error());
  };
  for (const KeptBody& one : bodies) {
    const auto ciphertext = owner.stores().bodies().get(one.digest);
    if (!ciphertext.ok()) continue;  // erased meanwhile, or lost here
    const bool full = static_cast<std::size_t>(message.copies().size()) == copies_max ||
                      bytes + ciphertext->size() > copies_bytes_max;
    if (full) XL_TRY(flush());
    auto* copy = message.add_copies();
    copy->set_record(bytes_of(one.which.record.bytes));
    copy->set_version(one.which.version);
    copy->set_ciphertext(bytes_of(*ciphertext));
    bytes += ciphertext->size();
  }
  return flush();
}

void Copies::copy_now(custody::Organisation& owner, std::span<const KeptBody> bodies) {
  std::vector<std::future<void>> under_way;
  for (const model::Id& keeper : keepers_of(owner.did())) {
    if (is_away(keeper)) continue;
    under_way.push_back(std::async(std::launch::async, [this, &owner, keeper, bodies] {
      if (!send(owner, keeper, bodies).ok()) note_away(keeper);
    }));
  }
  for (auto& one : under_way) one.get();
}

/// Those of `missing` that the keeper still had and that are what was lost: they are here again.
Result<std::vector<KeptBody>> Copies::bring_from(custody::Organisation& owner,
                                                 const model::Id& keeper,
                                                 const std::vector<KeptBody>& missing) {
  std::vector<KeptBody> out;
  for (std::size_t at = 0; at < missing.size();) {
    const std::size_t count = std::min(copies_max, missing.size() - at);
    const auto part = std::span(missing).subspan(at, count);
    XL_TRY_ASSIGN(const Bytes raw, desk_.ask(owner, keeper, PeerKind::give, digests_message(part)));
    GiveAnswer answer;
    const bool sound = model::decode_canonical(raw, answer) && !answer.ciphertexts().empty() &&
                       static_cast<std::size_t>(answer.ciphertexts().size()) <= count;
    if (!sound) return make_error(ErrorCode::peer_answer_untrusted);
    std::vector<vault::Bodies::New> bodies;
    for (int i = 0; i < answer.ciphertexts().size(); ++i) {
      const KeptBody& wanted = part[static_cast<std::size_t>(i)];
      const ByteView ciphertext = view_of(answer.ciphertexts(i));
      if (ciphertext.empty() || vault::body_digest(ciphertext) != wanted.digest) continue;
      bodies.push_back({ciphertext, wanted.which});
      out.push_back(wanted);
    }
    if (!bodies.empty()) {
      XL_TRY_ASSIGN(const auto kept, owner.stores().bodies().put(bodies, custody_.port().now_ms()));
      XL_TRY(owner.stores().bodies().confirm(kept));
    }
    at += static_cast<std::size_t>(answer.ciphertexts().size());
  }
  return out;
}

/// Asks the other members, those who should have copies first. What nobody had.
Result<std::vector<KeptBody>> Copies::bring(custody::Organisation& owner,
                                            std::vector<KeptBody> missing) {
  std::vector<model::Id> asked = keepers_of(owner.did());
  for (const model::Id& one : others()) {
    if (std::ranges::find(asked, one) == asked.end()) asked.push_back(one);
  }
  for (const model::Id& keeper : asked) {
    if (missing.empty()) break;
    if (is_away(keeper)) continue;
    const auto brought = bring_from(owner, keeper, missing);
    if (!brought.ok()) {
      note_away(keeper);
      continue;
    }
    std::erase_if(missing, [&](const KeptBody& one) {
      return std::ranges::any_of(*brought,
                                 [&](const KeptBody& other) { return other.which == one.which; });
    });
  }
  return missing;
}

Result<Copies::Back> Copies::bring_back_lost(const std::function<void(std::uint64_t)>& told) {
  Back out;
  for (const auto& owner : custody_.organisations()) {
    XL_TRY_ASSIGN(const vault::Bodies::Count count, owner->stores().bodies().count());
    if (count.bodies != 0) continue;
    std::optional<vault::RecordVersion> after;
    while (true) {
      XL_TRY_ASSIGN(const auto page, owner->stores().keyring().versions(after, walk_page));
      if (page.empty()) break;
      after = page.back().which;
      std::vector<KeptBody> missing;
      for (const vault::KeptVersion& one : page) missing.push_back({one.which, one.body});
      XL_TRY_ASSIGN(const auto lost, bring(*owner, std::move(missing)));
      out.lost += lost.size();
      out.brought += page.size() - lost.size();
      if (told) told(out.brought);
    }
  }
  return out;
}

/// Sends the keeper what it does not have. How many it does not have still.
Result<std::uint64_t> Copies::fill(custody::Organisation& owner, const model::Id& keeper,
                                   std::span<const KeptBody> bodies) {
  if (is_away(keeper)) return std::uint64_t{bodies.size()};
  const auto raw = desk_.ask(owner, keeper, PeerKind::have, digests_message(bodies));
  if (!raw.ok()) {
    note_away(keeper);
    return std::uint64_t{bodies.size()};
  }
  HaveAnswer answer;
  if (!model::decode_canonical(*raw, answer)) return make_error(ErrorCode::peer_answer_untrusted);
  std::vector<KeptBody> missing;
  for (const std::uint32_t place : answer.missing()) {
    if (place < bodies.size()) missing.push_back(bodies[place]);
  }
  const Status sent = send(owner, keeper, missing);
  return sent.ok() ? std::uint64_t{0} : std::uint64_t{missing.size()};
}

/// Whoever keeps copies of what was erased is told to drop them: nobody can open them any more, and
/// nobody needs them.
Status Copies::drop_erased(custody::Organisation& owner, Walk& walk) {
  XL_TRY_ASSIGN(const std::vector<model::Id> erasures, owner.stores().keyring().erasures());
  for (const model::Id& erasure : erasures) {
    for (const model::Id& keeper : keepers_of(owner.did())) {
      if (is_away(keeper) || walk.told_erasures.contains({erasure, keeper})) continue;
      std::optional<vault::SuiteDigest> after;
      while (true) {
        XL_TRY_ASSIGN(const auto page, owner.stores().keyring().erased_bodies(erasure, after));
        if (page.empty()) break;
        after = page.back();
        for (std::size_t at = 0; at < page.size(); at += copies_max) {
          std::vector<KeptBody> part;
          for (std::size_t i = at; i < std::min(page.size(), at + copies_max); ++i) {
            part.push_back({{}, page[i]});
          }
          const auto done = desk_.ask(owner, keeper, PeerKind::drop, digests_message(part));
          if (!done.ok()) return done.error();
        }
      }
      walk.told_erasures.emplace(erasure, keeper);
    }
  }
  return {};
}

/// A page of the walk: what is missing here is brought, what is missing there is sent. True when
/// there is more.
Result<bool> Copies::step(custody::Organisation& owner, Walk& walk) {
  const std::vector<model::Id> keepers = keepers_of(owner.did());
  if (keepers.empty()) return false;
  XL_TRY_ASSIGN(const auto page, owner.stores().keyring().versions(walk.after, walk_page));
  if (page.empty()) {
    walk.found = walk.lacking;
    XL_TRY(drop_erased(owner, walk));
    return false;
  }
  std::vector<KeptBody> here;
  std::vector<KeptBody> missing;
  for (const vault::KeptVersion& one : page) {
    XL_TRY_ASSIGN(const bool there, owner.stores().bodies().contains(one.body));
    (there ? here : missing).push_back({one.which, one.body});
  }
  if (!missing.empty()) {
    XL_TRY_ASSIGN(const auto lost, bring(owner, std::move(missing)));
    walk.lacking += lost.size();
  }
  for (const model::Id& keeper : keepers) {
    if (here.empty()) break;
    XL_TRY_ASSIGN(const std::uint64_t lacking, fill(owner, keeper, here));
    walk.lacking += lacking;
  }
  walk.after = page.back().which;
  return true;
}

void Copies::walk_over(custody::Organisation& owner, Walk& walk) {
  walk.after.reset();
  walk.lacking = 0;
  while (true) {
    {
      const std::scoped_lock lock(mutex_);
      if (stop_) return;
    }
    // What fails is looked at again by the next walk: it is about copies only.
    const auto more = step(owner, walk);
    if (!more.ok() || !*more) return;
  }
}

Copies::Copies(custody::Custody& custody, Desk& desk, CopySettings settings)
    : custody_(custody), desk_(desk), settings_(std::move(settings)) {
  if (settings_.others == 0) return;
  for (const auto& owner : custody_.organisations()) {
    custody::Organisation* one = owner.get();
    one->stores().before_anchoring(
        [this, one](std::span<const KeptBody> bodies) { copy_now(*one, bodies); });
  }
}

void Copies::start() {
  if (settings_.others != 0) worker_ = std::thread([this] { work(); });
}

void Copies::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  if (worker_.joinable()) worker_.join();
}

void Copies::work() {
  std::map<model::Id, Walk> walks;
  while (true) {
    const auto began = std::chrono::steady_clock::now();
    std::uint64_t lacking = 0;
    for (const auto& owner : custody_.organisations()) {
      Walk& walk = walks[owner->did()];
      walk_over(*owner, walk);
      lacking += walk.found;
    }
    lacking_.store(lacking);
    // A long walk is made seldom: it reads the whole keyring.
    const auto took = std::chrono::steady_clock::now() - began;
    const auto pause = std::max<std::chrono::steady_clock::duration>(walks_apart, 20 * took);
    std::unique_lock lock(mutex_);
    if (stopping_.wait_for(lock, pause, [this] { return stop_; })) return;
  }
}

}  // namespace xl::gateway::peer
