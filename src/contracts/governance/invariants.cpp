// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/governance/invariants.h"

#include <algorithm>
#include <map>
#include <set>

#include "contracts/api/shape.h"
#include "contracts/governance/agenda.h"
#include "contracts/governance/changes.h"
#include "contracts/governance/parameters.h"
#include "contracts/governance/power.h"
#include "contracts/governance/records.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::contracts::governance {

namespace wire = xinglin::governance::v1;

namespace {

bool is_live(const wire::ProposalRecord& proposal) {
  return proposal.status() <= static_cast<std::uint32_t>(ProposalStatus::passed);
}

/// Open leads to passed, withdrawn or expired; passed to executed or failed; nothing leads back.
bool may_become(std::uint32_t from, std::uint32_t to) {
  const auto status = [](ProposalStatus one) { return static_cast<std::uint32_t>(one); };
  if (from == status(ProposalStatus::open)) {
    return to == status(ProposalStatus::passed) || to == status(ProposalStatus::withdrawn) ||
           to == status(ProposalStatus::expired);
  }
  return from == status(ProposalStatus::passed) &&
         (to == status(ProposalStatus::executed) || to == status(ProposalStatus::failed));
}

class InvariantCheck {
 public:
  InvariantCheck(const model::StateReader& before, const model::StateReader& after)
      : before_(before), after_(after) {}

  [[nodiscard]] bool change_holds(ByteView key, const std::optional<ByteView>& value) {
    if (!value || key.size() < 2) return false;  // nothing here is ever removed
    switch (key[1]) {
      case 'm':
        members_changed_ = true;
        return member_holds(key, *value);
      case 'p':
        agenda_changed_ = true;
        return proposal_holds(key, *value);
      case 'b':
        return ballot_holds(key, *value);
      case 'a':
        agenda_changed_ = true;
        return true;
      case 's':
        return security_holds(*value);
      case 'c': {
        wire::Parameters now;
        return decode_record(*value, now) && are_sound(now);
      }
      default:
        return false;  // no such table
    }
  }

  [[nodiscard]] bool whole_holds() const {
    return (!members_changed_ || members_hold()) && (!agenda_changed_ || agenda_holds());
  }

 private:
  [[nodiscard]] static model::Id id_at(ByteView key, std::size_t from) {
    const auto id = model::id_from_bytes(key.subspan(from, limits::id_bytes));
    XL_CHECK(id.ok());
    return *id;
  }

  [[nodiscard]] bool member_holds(ByteView key, ByteView value) const {
    wire::MemberRecord now;
    if (!decode_record(value, now)) return false;
    if (!is_present(now) && now.power() != 0) return false;
    wire::MemberRecord old;
    if (!load_record(before_, key, old)) return is_present(now);
    return is_present(old) && now.since_ms() == old.since_ms() && now.peer_id() == old.peer_id();
  }

  [[nodiscard]] bool proposal_holds(ByteView key, ByteView value) const {
    wire::ProposalRecord now;
    if (!decode_record(value, now)) return false;
    wire::ProposalRecord old;
    if (!load_record(before_, key, old)) {
      // One transaction may propose and vote.
      return id_of(now.content().proposal()) == id_at(key, 2) && is_live(now);
    }
    return equal(model::encode(old.content()), model::encode(now.content())) &&
           old.proposed_ms() == now.proposed_ms() && may_become(old.status(), now.status());
  }

  [[nodiscard]] bool ballot_holds(ByteView key, ByteView value) const {
    wire::BallotRecord now;
    const auto proposal = find_proposal(before_, id_at(key, 2));
    return decode_record(value, now) && now.ballot() >= 1 && now.ballot() <= 3 &&
           find_member(after_, id_at(key, 2 + limits::id_bytes)) &&
           (!proposal || proposal->status() == static_cast<std::uint32_t>(ProposalStatus::open));
  }

  [[nodiscard]] static bool security_holds(ByteView value) {
    wire::SecurityRecord now;
    return decode_record(value, now) && now.next_due_ms() > now.scanned_ms() &&
           now.next_due_ms() - now.scanned_ms() <= limits::security_attestation_ms_max;
  }

  /// Somebody orders, somebody's ballot weighs, nobody shares a key, and no more than a third of
  /// the voting power moved.
  [[nodiscard]] bool members_hold() const {
    std::map<std::string, std::int64_t> power;
    std::set<std::string> keys;
    std::set<std::string> peers;
    std::uint64_t weight = 0;
    const std::vector<Member> after = members_of(after_);
    for (const Member& member : after) {
      if (!is_present(member.record)) continue;
      weight += member.record.weight();
      if (!keys.insert(member.record.validator_key()).second) return false;
      if (!peers.insert(member.record.peer_id()).second) return false;
      power[member.record.validator_key()] += static_cast<std::int64_t>(member.record.power());
    }
    const std::vector<Member> before = members_of(before_);
    if (before.empty()) return true;
    if (has_archive(before) && !has_archive(after)) return false;
    for (const Member& member : before) {
      power[member.record.validator_key()] -= static_cast<std::int64_t>(member.record.power());
    }
    std::int64_t in = 0;
    std::int64_t out = 0;
    for (const auto& [key, moved] : power) (moved > 0 ? in : out) += moved;
    const auto total = static_cast<std::int64_t>(total_power(before));
    return weight > 0 && total + in + out > 0 && std::max(in, -out) * 3 <= total;
  }

  [[nodiscard]] bool agenda_holds() const {
    const wire::Agenda agenda = load_agenda(after_);
    if (static_cast<std::uint32_t>(agenda.items_size()) > limits::proposals_live_max) return false;
    std::set<model::Id> live;
    for (const wire::AgendaItem& item : agenda.items()) {
      const auto proposal = find_proposal(after_, id_of(item.proposal()));
      const bool passed =
          static_cast<std::uint32_t>(ProposalStatus::passed) == (proposal ? proposal->status() : 0);
      if (!proposal || !is_live(*proposal) || passed != item.passed()) return false;
      if (!live.insert(id_of(item.proposal())).second) return false;
    }
    // Who was on it is there, or decided.
    const wire::Agenda earlier = load_agenda(before_);
    for (const wire::AgendaItem& item : earlier.items()) {
      const auto proposal = find_proposal(after_, id_of(item.proposal()));
      if (!proposal || is_live(*proposal) != live.contains(id_of(item.proposal()))) return false;
    }
    return true;
  }

  const model::StateReader& before_;
  const model::StateReader& after_;
  bool members_changed_ = false;
  bool agenda_changed_ = false;
};

}  // namespace

bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                     const model::StateReader& after) {
  InvariantCheck check(before, after);
  for (const auto& [key, value] : changes) {
    if (!check.change_holds(key, value)) return false;
  }
  return check.whole_holds();
}

}  // namespace xl::contracts::governance
