// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/governance/view.h"

#include "contracts/governance/records.h"
#include "model/limits.h"

namespace xl::contracts::governance {

namespace wire = xinglin::governance::v1;

namespace {

template <typename Record>
std::optional<Record> find(const model::StateReader& state, const Bytes& key) {
  Record record;
  if (!load_record(state, key, record)) return std::nullopt;
  return record;
}

}  // namespace

std::optional<wire::Parameters> find_parameters(const model::StateReader& state) {
  return find<wire::Parameters>(state, parameters_key());
}

std::optional<wire::MemberRecord> find_member(const model::StateReader& state,
                                              const model::Id& member) {
  return find<wire::MemberRecord>(state, member_key(member));
}

std::vector<Member> members_of(const model::StateReader& state) {
  std::vector<Member> out;
  const Bytes prefix = state_key(contract_number, 'm');
  state.scan(prefix, prefix, limits::members_max, [&](ByteView key, ByteView value) {
    const auto id = model::id_from_bytes(key.subspan(prefix.size()));
    XL_CHECK(id.ok());
    Member& member = out.emplace_back();
    member.id = *id;
    XL_CHECK(decode_record(value, member.record));
    return true;
  });
  return out;
}

bool may_pack(const model::StateReader& state, const model::Id& did) {
  if (const auto member = find_member(state, did)) return is_present(*member);
  return !find_parameters(state);
}

std::optional<wire::SecurityRecord> find_security(const model::StateReader& state,
                                                  const model::Id& organisation) {
  return find<wire::SecurityRecord>(state, security_key(organisation));
}

std::uint64_t counting_weight(const model::StateReader& state, const wire::Parameters& parameters,
                              const Member& member, std::uint64_t block_ms) {
  if (!is_present(member.record)) return 0;
  if (parameters.attestation() == static_cast<std::uint32_t>(AttestationRule::needed)) {
    const auto security = find_security(state, member.id);
    if (!security || !is_in_force(*security, block_ms)) return 0;
  }
  return member.record.weight();
}

std::optional<wire::ProposalRecord> find_proposal(const model::StateReader& state,
                                                  const model::Id& proposal) {
  return find<wire::ProposalRecord>(state, proposal_key(proposal));
}

std::optional<wire::BallotRecord> find_ballot(const model::StateReader& state,
                                              const model::Id& proposal, const model::Id& member) {
  return find<wire::BallotRecord>(state, ballot_key(proposal, member));
}

Tally tally_of(const model::StateReader& state, const model::Id& proposal, std::uint64_t block_ms) {
  const auto parameters = find_parameters(state);
  XL_CHECK(parameters.has_value());
  Tally out;
  for (const Member& member : members_of(state)) {
    if (!is_present(member.record)) continue;
    out.total += member.record.weight();
    const auto ballot = find_ballot(state, proposal, member.id);
    if (!ballot) continue;
    const std::uint64_t weight = counting_weight(state, *parameters, member, block_ms);
    if (ballot->ballot() == static_cast<std::uint32_t>(Ballot::yes)) out.yes += weight;
    if (ballot->ballot() == static_cast<std::uint32_t>(Ballot::no)) out.no += weight;
    if (ballot->ballot() == static_cast<std::uint32_t>(Ballot::abstain)) out.abstain += weight;
  }
  // Weights are at most a million each and parts at most a hundred: no overflow.
  out.passes =
      out.yes * parameters->threshold_denominator() > out.total * parameters->threshold_numerator();
  return out;
}

std::uint64_t app_version_of(const model::StateReader& state) {
  const auto parameters = find_parameters(state);
  return parameters ? parameters->app_version() : 0;
}

}  // namespace xl::contracts::governance
