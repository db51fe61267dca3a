// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/invariants.h"

#include <set>

#include "contracts/api/shape.h"
#include "contracts/identity/keys.h"
#include "contracts/identity/records.h"
#include "model/limits.h"

namespace xl::contracts::identity {

namespace wire = xinglin::identity::v1;

namespace {

/// The rules over one transaction's changes; parties whose keys changed are checked at the end.
class InvariantCheck {
 public:
  InvariantCheck(const model::StateReader& before, const model::StateReader& after)
      : before_(before), after_(after) {}

  [[nodiscard]] bool change_holds(ByteView key, const std::optional<ByteView>& value) {
    switch (key[1]) {
      case 'k':
        return value && key_holds(key, *value);
      case 'p':
        return value && party_holds(key, *value);
      case 'i':
      case 'd':
        touched_.insert(id_in(key));
        return true;
      case 'a':
        return value.has_value();
      case 'g':
        return value && guardian_holds(key, *value);
      case 'r':
      case 'w':
        return true;
      case 's':
        return !value || recovery_holds(*value);
      default:
        return false;  // no such table
    }
  }

  [[nodiscard]] bool parties_hold() const {
    for (const model::Id& did : touched_) {
      if (!keys_of_party_hold(did)) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] static model::Id id_in(ByteView key) {
    const auto id = model::id_from_bytes(key.subspan(2, limits::id_bytes));
    XL_CHECK(id.ok());
    return *id;
  }

  [[nodiscard]] bool key_holds(ByteView key, ByteView value) {
    wire::KeyRecord now;
    if (!decode_record(value, now)) return false;
    const Hash id = model::key_id_of(static_cast<crypto::Algorithm>(now.algorithm()),
                                     view_of(now.public_key()));
    if (!equal(id, key.subspan(2))) return false;
    touched_.insert(id_of(now.controller()));
    wire::KeyRecord old;
    if (!load_record(before_, key, old)) return true;
    if (old.revoked_at_ms() != 0) return equal(model::encode(old), model::encode(now));
    old.set_revoked_at_ms(now.revoked_at_ms());  // the only thing that may ever change
    return equal(model::encode(old), model::encode(now));
  }

  [[nodiscard]] bool party_holds(ByteView key, ByteView value) {
    wire::PartyRecord now;
    if (!decode_record(value, now)) return false;
    touched_.insert(id_in(key));
    wire::PartyRecord old;
    if (!load_record(before_, key, old)) return true;
    const auto unclaimed = static_cast<std::uint32_t>(PartyStatus::unclaimed);
    const auto gone = static_cast<std::uint32_t>(PartyStatus::deactivated);
    const bool returns = (old.status() == gone && now.status() != gone) ||
                         (old.status() != unclaimed && now.status() == unclaimed);
    return !returns && now.kind() == old.kind() && now.custodian() == old.custodian() &&
           now.since_ms() == old.since_ms() && now.key_count() >= old.key_count();
  }

  [[nodiscard]] bool guardian_holds(ByteView key, ByteView value) const {
    wire::GuardianRecord now;
    if (!decode_record(value, now) || now.until_ms() <= now.starts_ms()) return false;
    wire::GuardianRecord old;
    if (!load_record(before_, key, old)) return true;
    if (old.ended_at_ms() != 0) return false;
    old.set_ended_at_ms(now.ended_at_ms());
    return equal(model::encode(old), model::encode(now));
  }

  [[nodiscard]] static bool recovery_holds(ByteView value) {
    wire::RunningRecovery now;
    return decode_record(value, now) && now.keys_size() > 0 &&
           now.ready_ms() >= now.started_ms() + limits::recovery_wait_ms_min;
  }

  [[nodiscard]] bool keys_of_party_hold(const model::Id& did) const {
    const auto party = find_party(after_, did);
    if (!party) return false;  // a key without a party
    std::size_t live = 0;
    for (const bool sessions : {false, true}) {
      for (const Hash& id : indexed_keys(after_, did, sessions)) {
        const auto key = find_key(after_, id);
        const bool true_entry = key && id_of(key->controller()) == did &&
                                key->revoked_at_ms() == 0 && key->has_delegation() == sessions;
        if (!true_entry) return false;
        ++live;
      }
    }
    if (party->status() != static_cast<std::uint32_t>(PartyStatus::active)) return live == 0;
    return party->kind() == static_cast<std::uint32_t>(PartyKind::service) ||
           keeps_manager(after_, did, Hash{});
  }

  const model::StateReader& before_;
  const model::StateReader& after_;
  std::set<model::Id> touched_;
};

}  // namespace

bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                     const model::StateReader& after) {
  InvariantCheck check(before, after);
  for (const auto& [key, value] : changes) {
    if (key.size() < 2 + limits::id_bytes || !check.change_holds(key, value)) return false;
  }
  return check.parties_hold();
}

}  // namespace xl::contracts::identity
