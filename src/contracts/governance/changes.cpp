// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/governance/changes.h"

#include <algorithm>
#include <set>

#include "contracts/api/shape.h"
#include "contracts/governance/authority.h"
#include "contracts/governance/parameters.h"
#include "contracts/governance/power.h"
#include "contracts/governance/records.h"
#include "contracts/governance/status.h"
#include "contracts/identity/admission.h"
#include "model/comet/header.h"
#include "model/limits.h"

namespace xl::contracts::governance {

namespace wire = xinglin::governance::v1;

namespace {

constexpr auto ed25519 = static_cast<std::uint32_t>(crypto::Algorithm::ed25519);

/// What identity is to register: the first organisation runs the node and packs transactions.
std::vector<identity::NewOrganisation> newcomers(const wire::AdmitMember& in) {
  std::vector<identity::NewOrganisation> out;
  for (const wire::AdmittedOrganisation& one : in.organisations()) {
    identity::NewOrganisation& added = out.emplace_back();
    added.did = id_of(one.did());
    added.name = one.name();
    added.type = static_cast<identity::OrganisationType>(one.type());
    added.keys.push_back({copy_of(view_of(one.service_key())), purpose_sign | purpose_manage});
  }
  out[0].keys.push_back({copy_of(view_of(in.envelope_key())), purpose_envelope});
  return out;
}

wire::MemberRecord record_of(const Context& context, const wire::AdmitMember& in) {
  wire::MemberRecord out;
  out.set_weight(in.weight());
  out.set_validator_key(in.validator_key());
  out.set_power(in.power());
  const auto peer = model::comet::address_of(view_of(in.peer_key()));
  out.set_peer_id(peer.data(), peer.size());
  out.set_address(in.address());
  out.set_since_ms(context.block_ms);
  out.set_gateway(in.gateway());
  out.set_archive(in.archive());
  return out;
}

/// No organisation or key is known or occurs twice.
StatusCode check_newcomers(const model::StateReader& state, const wire::AdmitMember& in) {
  std::set<model::Id> ids;
  std::set<std::string> keys = {in.envelope_key(), in.validator_key(), in.peer_key()};
  for (const wire::AdmittedOrganisation& one : in.organisations()) {
    const model::Id did = id_of(one.did());
    if (!ids.insert(did).second || identity::find_party(state, did)) return member_exists;
    keys.insert(one.service_key());
  }
  if (keys.size() != 3 + static_cast<std::size_t>(in.organisations_size())) return key_in_use;
  for (const identity::NewOrganisation& one : newcomers(in)) {
    if (!identity::is_new(state, one)) return key_in_use;
  }
  return applied;
}

StatusCode check_admit(const Context& context, const model::StateReader& state,
                       const std::vector<Member>& members, const wire::AdmitMember& in) {
  if (in.validator_algorithm() != ed25519) return key_type_unknown;
  if (members.size() >= limits::members_max) return members_too_many;
  const StatusCode fresh = check_newcomers(state, in);
  if (fresh != applied) return fresh;
  const wire::MemberRecord record = record_of(context, in);
  if (is_address_taken(members, {}, in.address())) return key_in_use;
  for (const Member& other : members) {
    if (other.record.validator_key() == in.validator_key() ||
        other.record.peer_id() == record.peer_id()) {
      return key_in_use;
    }
  }
  const auto security = find_security(state, id_of(in.organisations(0).did()));
  if (!security || !is_in_force(*security, context.block_ms) ||
      security->service_key() != in.organisations(0).service_key()) {
    return attestation_missing;
  }
  return check_power(state, members, {{}, {in.validator_key(), in.power()}});
}

const Member& find_in(const std::vector<Member>& members, const model::Id& id) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Member& member) { return member.id == id; });
  XL_CHECK(found != members.end());
  return *found;
}

/// Is there a member besides `without` whose ballot weighs something?
bool keeps_weight(const std::vector<Member>& members, const model::Id& without) {
  return std::any_of(members.begin(), members.end(), [&](const Member& member) {
    return member.id != without && is_present(member.record) && member.record.weight() > 0;
  });
}

StatusCode check_expel(const model::StateReader& state, const std::vector<Member>& members,
                       const model::Id& id) {
  const wire::MemberRecord& record = find_in(members, id).record;
  if (!keeps_weight(members, id)) return no_weight_left;
  if (!can_spare_archive(members, id)) return no_archive_left;
  return check_power(state, members,
                     {{record.validator_key(), record.power()}, {record.validator_key(), 0}});
}

StatusCode check_weight(const std::vector<Member>& members, const wire::ChangeWeight& in) {
  const Member& member = find_in(members, id_of(in.member()));
  if (member.record.weight() == in.weight()) return nothing_changes;
  return in.weight() > 0 || keeps_weight(members, member.id) ? applied : no_weight_left;
}

StatusCode check_validator(const model::StateReader& state, const std::vector<Member>& members,
                           const wire::ChangeValidator& in) {
  if (in.algorithm() != ed25519) return key_type_unknown;
  const Member& member = find_in(members, id_of(in.member()));
  const wire::MemberRecord& now = member.record;
  if (now.validator_key() == in.key() && now.power() == in.power()) return nothing_changes;
  for (const Member& other : members) {
    if (other.id != member.id && other.record.validator_key() == in.key()) return key_in_use;
  }
  return check_power(state, members, {{now.validator_key(), now.power()}, {in.key(), in.power()}});
}

StatusCode check_parameters(const wire::Parameters& now, const wire::ChangeParameters& in) {
  const wire::Parameters next = changed(now, in);
  if (equal(model::encode(next), model::encode(now))) return nothing_changes;
  return now.engine_fixed() && next.block_bytes() != now.block_bytes() ? engine_fixed : applied;
}

/// The member that a change is about; the zero id for those about none.
model::Id target_of(const wire::Propose& content) {
  if (content.has_expel()) return id_of(content.expel().member());
  if (content.has_weight()) return id_of(content.weight().member());
  if (content.has_validator()) return id_of(content.validator().member());
  return {};
}

wire::MemberRecord load_member(const model::StateReader& state, const model::Id& id) {
  auto record = find_member(state, id);
  XL_CHECK(record.has_value());
  return std::move(*record);
}

void apply_admit(const Context& context, model::StateWriter& state, const wire::AdmitMember& in,
                 EngineChanges& engine) {
  for (const identity::NewOrganisation& one : newcomers(in)) {
    identity::admit_organisation(context.block_ms, state, one);
  }
  OwnPrefixWriter own(contract_number, state);
  store_record(own, member_key(id_of(in.organisations(0).did())), record_of(context, in));
  move_power(engine, {{}, {in.validator_key(), in.power()}});
}

}  // namespace

bool has_archive(const std::vector<Member>& members, const model::Id& without) {
  return std::any_of(members.begin(), members.end(), [&](const Member& member) {
    return member.id != without && is_present(member.record) && member.record.archive();
  });
}

bool can_spare_archive(const std::vector<Member>& members, const model::Id& member) {
  return has_archive(members, member) || !has_archive(members);
}

bool is_address_taken(const std::vector<Member>& members, const model::Id& self,
                      const std::string& address) {
  return std::any_of(members.begin(), members.end(), [&](const Member& other) {
    return other.id != self && is_present(other.record) && other.record.address() == address;
  });
}

bool moves_validators(const wire::Propose& content) {
  return content.has_admit() || content.has_expel() || content.has_validator();
}

StatusCode check_change(const Context& context, const model::StateReader& state,
                        const wire::Propose& content) {
  const auto parameters = find_parameters(state);
  if (!parameters) return not_founded;
  const model::Id target = target_of(content);
  if (target != model::Id{}) {
    const StatusCode member = require_member(state, target);
    if (member != applied) return member;
  }
  switch (content.change_case()) {
    case wire::Propose::kAdmit:
      return check_admit(context, state, members_of(state), content.admit());
    case wire::Propose::kExpel:
      return check_expel(state, members_of(state), target);
    case wire::Propose::kWeight:
      return check_weight(members_of(state), content.weight());
    case wire::Propose::kValidator:
      return check_validator(state, members_of(state), content.validator());
    case wire::Propose::kParameters:
      return check_parameters(*parameters, content.parameters());
    case wire::Propose::kVersion:
      if (parameters->engine_fixed()) return engine_fixed;
      return content.version().version() > parameters->app_version() ? applied : version_refused;
    case wire::Propose::CHANGE_NOT_SET:
      break;
  }
  XL_CHECK(false);  // the shape was checked
  return not_founded;
}

void apply_change(const Context& context, model::StateWriter& state, const wire::Propose& content,
                  EngineChanges& engine) {
  if (content.has_admit()) {
    apply_admit(context, state, content.admit(), engine);
    return;
  }
  OwnPrefixWriter own(contract_number, state);
  if (content.has_parameters() || content.has_version()) {
    auto parameters = find_parameters(state);
    XL_CHECK(parameters.has_value());
    const std::uint64_t block_bytes = parameters->block_bytes();
    if (content.has_version()) {
      parameters->set_app_version(content.version().version());
      engine.app_version = parameters->app_version();
    } else {
      *parameters = changed(*parameters, content.parameters());
      if (parameters->block_bytes() != block_bytes) {
        engine.block_bytes_max = parameters->block_bytes();
      }
    }
    store_record(own, parameters_key(), *parameters);
    return;
  }
  const model::Id id = target_of(content);
  wire::MemberRecord member = load_member(state, id);
  const ValidatorPower before{member.validator_key(), member.power()};
  if (content.has_expel()) {
    member.set_expelled_at_ms(context.block_ms);
    member.set_power(0);
  } else if (content.has_weight()) {
    member.set_weight(content.weight().weight());
  } else {
    member.set_validator_key(content.validator().key());
    member.set_power(content.validator().power());
  }
  store_record(own, member_key(id), member);
  move_power(engine, {before, {member.validator_key(), member.power()}});
}

}  // namespace xl::contracts::governance
