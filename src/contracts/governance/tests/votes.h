// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "contracts/governance/messages.pb.h"
#include "contracts/governance/records.h"
#include "contracts/governance/security.h"
#include "contracts/governance/view.h"
#include "contracts/tests/fixture.h"

/// Messages of governance on the ledger of `fixture.h`; names stand for keys and ids.
namespace xl::contracts::testing::votes {

namespace wire = xinglin::governance::v1;
using governance::ProposalStatus;

inline std::string public_key(const std::string& name) {
  return std::string(text_of(key(name).signing.public_key()));
}

/// A proposal of north called `name`, open for an hour.
inline wire::Propose proposal(const std::string& name) {
  wire::Propose out;
  out.set_proposal(field(name));
  out.set_proposer(field("north"));
  out.set_title("Proposal " + name);
  return out;
}
inline wire::Propose weight(const std::string& name, const std::string& member,
                            std::uint64_t value) {
  wire::Propose out = proposal(name);
  out.mutable_weight()->set_member(field(member));
  out.mutable_weight()->set_weight(value);
  return out;
}
inline wire::Propose expulsion(const std::string& name, const std::string& member) {
  wire::Propose out = proposal(name);
  out.mutable_expel()->set_member(field(member));
  return out;
}
inline wire::Propose validator(const std::string& name, const std::string& member,
                               const std::string& validator_key, std::uint64_t power) {
  wire::Propose out = proposal(name);
  out.mutable_validator()->set_member(field(member));
  out.mutable_validator()->set_algorithm(1);
  out.mutable_validator()->set_key(public_key(validator_key));
  out.mutable_validator()->set_power(power);
  return out;
}
inline wire::Propose parameters(const std::string& name) {
  wire::Propose out = proposal(name);
  out.mutable_parameters();
  return out;
}
/// `who` brings keys called after it.
inline wire::Propose admission(const std::string& name, const std::string& who,
                               std::uint64_t power = 0) {
  wire::Propose out = proposal(name);
  wire::AdmitMember& in = *out.mutable_admit();
  wire::AdmittedOrganisation& organisation = *in.add_organisations();
  organisation.set_did(field(who));
  organisation.set_name("Test " + who);
  organisation.set_type(1);
  organisation.set_service_key(public_key(who));
  in.set_envelope_key(public_key("envelope of " + who));
  in.set_validator_algorithm(1);
  in.set_validator_key(public_key("validator of " + who));
  in.set_peer_key(public_key("peer of " + who));
  in.set_address(who + ".example:26656");
  in.set_weight(1);
  in.set_power(power);
  return out;
}

inline StatusCode send(Ledger& ledger, std::uint16_t type, const google::protobuf::Message& content,
                       const Signers& signers) {
  return ledger.send(governance::contract_number, type, content, signers);
}
/// North proposes; without times the vote is open for an hour.
inline StatusCode propose(Ledger& ledger, wire::Propose content) {
  if (content.closes_ms() == 0) content.set_closes_ms(ledger.block_ms + hour_ms);
  return send(ledger, governance::propose_type, content, {"north"});
}
inline StatusCode vote(Ledger& ledger, const std::string& name, const std::string& member,
                       governance::Ballot ballot) {
  wire::Vote out;
  out.set_proposal(field(name));
  out.set_member(field(member));
  out.set_ballot(static_cast<std::uint32_t>(ballot));
  return send(ledger, governance::vote_type, out, {member});
}
inline StatusCode withdraw(Ledger& ledger, const std::string& name, const std::string& signer) {
  wire::Withdraw out;
  out.set_proposal(field(name));
  return send(ledger, governance::withdraw_type, out, {signer});
}
/// What `member` tells of itself; as in the genesis when nothing is given.
inline wire::UpdateMember update(const std::string& member, bool archive = false,
                                 const std::string& gateway = {}) {
  wire::UpdateMember out;
  out.set_member(field(member));
  out.set_address(member + ".example:26656");
  out.set_gateway(gateway);
  out.set_archive(archive);
  return out;
}
inline StatusCode update_member(Ledger& ledger, const std::string& member, bool archive) {
  return send(ledger, governance::update_member_type, update(member, archive), {member});
}
inline ProposalStatus status_of(const Ledger& ledger, const std::string& name) {
  const auto record = governance::find_proposal(ledger.state(), id(name));
  return record ? static_cast<ProposalStatus>(record->status()) : ProposalStatus{};
}
/// Proposes, has all of `voters` (everybody present when empty) say yes and ends the block.
inline ProposalStatus decide(Ledger& ledger, const wire::Propose& content,
                             std::vector<std::string> voters, EngineChanges* engine = nullptr) {
  EXPECT_EQ(propose(ledger, content), applied);
  const auto proposal_id = model::id_from_bytes(view_of(content.proposal()));
  if (voters.empty()) voters = {"north", "south", "insurer"};
  for (const std::string& voter : voters) {
    wire::Vote out;
    out.set_proposal(content.proposal());
    out.set_member(field(voter));
    out.set_ballot(1);
    (void)send(ledger, governance::vote_type, out, {voter});
  }
  const EngineChanges changes = ledger.end_block();
  if (engine != nullptr) *engine = changes;
  return static_cast<ProposalStatus>(
      governance::find_proposal(ledger.state(), *proposal_id)->status());
}

/// Scanned a day ago, due again in a year.
inline wire::AttestSecurity attestation(const Ledger& ledger, const std::string& who,
                                        const std::string& auditor) {
  wire::AttestSecurity out;
  out.set_organisation(field(who));
  out.set_auditor(field(auditor));
  out.set_software("xinglin 0.1.0");
  out.set_scanned_ms(ledger.block_ms - day_ms);
  out.set_next_due_ms(ledger.block_ms + 365 * day_ms);
  out.set_report(digest("scan of " + who));
  return out;
}
inline wire::AttestSecurity newcomer_attestation(const Ledger& ledger, const std::string& who,
                                                 const std::string& auditor) {
  wire::AttestSecurity out = attestation(ledger, who, auditor);
  out.set_service_key(public_key(who));
  const Bytes signature =
      key(who).signing.sign(governance::security_attestation_bytes(ledger.network, out));
  out.set_signature(signature.data(), signature.size());
  return out;
}
inline StatusCode attest(Ledger& ledger, const std::string& who, const std::string& auditor) {
  return send(ledger, governance::attest_security_type, attestation(ledger, who, auditor),
              {who, auditor});
}
inline StatusCode attest_newcomer(Ledger& ledger, const std::string& who) {
  return send(ledger, governance::attest_security_type, newcomer_attestation(ledger, who, "north"),
              {"north"});
}

}  // namespace xl::contracts::testing::votes
