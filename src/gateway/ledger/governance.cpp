// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/governance.h"

#include "base/json/writer.h"
#include "contracts/api/shape.h"
#include "contracts/governance/records.h"
#include "contracts/governance/view.h"
#include "contracts/identity/view.h"
#include "gateway/ledger/proved.h"
#include "gateway/ledger/show.h"

namespace xl::gateway::ledger {

namespace governance = contracts::governance;
namespace wire = xinglin::governance::v1;

namespace {

constexpr std::uint32_t proposals_page_max = 100;

std::string did_of(const std::string& field) { return model::did_text(contracts::id_of(field)); }

/// 64-bit numbers are decimal texts in JSON.
void number(json::Writer& out, std::string_view name, std::uint64_t value) {
  out.key(name).string(std::to_string(value));
}

std::string_view proposal_status_text(std::uint32_t status) {
  constexpr std::string_view words[] = {"",       "open",      "passed", "executed",
                                        "failed", "withdrawn", "expired"};
  return status < std::size(words) ? words[status] : words[0];
}

std::string_view ballot_text(std::uint32_t ballot) {
  constexpr std::string_view words[] = {"", "yes", "no", "abstain"};
  return ballot < std::size(words) ? words[ballot] : words[0];
}

void write_security(json::Writer& out, const wire::SecurityRecord& record, std::uint64_t now_ms) {
  out.begin_object().key("software").string(record.software());
  number(out, "scanned_ms", record.scanned_ms());
  number(out, "next_due_ms", record.next_due_ms());
  out.key("auditor").string(did_of(record.auditor()));
  out.key("report").string(to_hex(view_of(record.report())));
  out.key("in_force").boolean(governance::is_in_force(record, now_ms)).end_object();
}

void write_member(json::Writer& out, const model::StateReader& state,
                  const wire::Parameters& parameters, const governance::Member& member,
                  std::uint64_t now_ms) {
  const auto party = contracts::identity::find_party(state, member.id);
  out.begin_object().key("organisation").string(model::did_text(member.id));
  out.key("name").string(party ? party->name() : "");
  out.key("present").boolean(governance::is_present(member.record));
  number(out, "weight", member.record.weight());
  number(out, "counts", governance::counting_weight(state, parameters, member, now_ms));
  number(out, "power", member.record.power());
  out.key("validator_key").string(to_base64(view_of(member.record.validator_key())));
  out.key("peer_id").string(to_hex(view_of(member.record.peer_id())));
  out.key("address").string(member.record.address());
  out.key("gateway").string(member.record.gateway());
  out.key("archive").boolean(member.record.archive());
  number(out, "moved_ms", member.record.moved_ms());
  number(out, "since_ms", member.record.since_ms());
  number(out, "expelled_at_ms", member.record.expelled_at_ms());
  if (const auto security = governance::find_security(state, member.id)) {
    out.key("security");
    write_security(out, *security, now_ms);
  }
  out.end_object();
}

void write_parameters(json::Writer& out, const wire::Parameters& in) {
  out.key("parameters").begin_object();
  out.key("threshold")
      .string(std::to_string(in.threshold_numerator()) + "/" +
              std::to_string(in.threshold_denominator()));
  number(out, "voting_ms", in.voting_ms());
  out.key("attestation_needed")
      .boolean(in.attestation() == static_cast<std::uint32_t>(governance::AttestationRule::needed));
  number(out, "quota_period_ms", in.quota_period_ms());
  number(out, "quota_operations", in.quota_operations());
  number(out, "quota_bytes", in.quota_bytes());
  number(out, "block_bytes", in.block_bytes());
  number(out, "app_version", in.app_version());
  out.key("engine_fixed").boolean(in.engine_fixed()).end_object();
}

Result<http::Response> get_members(const Services& services) {
  XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
  const auto state = services.ledger.state();
  const auto parameters = governance::find_parameters(*state);
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/members/v1");
  number(out, "height", head.height);
  if (parameters) write_parameters(out, *parameters);
  out.key("members").begin_array();
  for (const governance::Member& member : governance::members_of(*state)) {
    write_member(out, *state, parameters.value_or(wire::Parameters()), member, head.block_ms);
  }
  out.end_array().end_object();
  return json_response(out.take());
}

Result<http::Response> get_member(const Services& services, const PathValues& values) {
  const auto did = model::id_from_did(values[0]);
  if (!did.ok()) return make_error(ErrorCode::parameter_invalid, "did");
  XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
  const auto state = services.ledger.state();
  governance::Member member{*did, {}};
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/member/v1");
  const std::uint64_t height = services.ledger.provable_height();
  number(out, "height", height);
  XL_TRY(write_receipt_of(out, services, governance::member_key(*did), height,
                          ErrorCode::party_unknown, member.record));
  out.key("member");
  write_member(out, *state, governance::find_parameters(*state).value_or(wire::Parameters()),
               member, head.block_ms);
  return json_response(out.end_object().take());
}

std::string_view change_kind_of(const wire::Propose& content) {
  switch (content.change_case()) {
    case wire::Propose::kAdmit:
      return "admit";
    case wire::Propose::kExpel:
      return "expel";
    case wire::Propose::kWeight:
      return "weight";
    case wire::Propose::kValidator:
      return "validator";
    case wire::Propose::kParameters:
      return "parameters";
    case wire::Propose::kVersion:
      return "version";
    case wire::Propose::CHANGE_NOT_SET:
      break;
  }
  return "";
}

void write_admission(json::Writer& out, const wire::AdmitMember& in) {
  out.key("organisations").begin_array();
  for (const wire::AdmittedOrganisation& one : in.organisations()) {
    out.begin_object().key("did").string(did_of(one.did())).key("name").string(one.name());
    out.key("type").unsigned_integer(one.type());
    out.key("service_key").string(to_base64(view_of(one.service_key()))).end_object();
  }
  out.end_array().key("envelope_key").string(to_base64(view_of(in.envelope_key())));
  out.key("validator_key").string(to_base64(view_of(in.validator_key())));
  out.key("peer_key").string(to_base64(view_of(in.peer_key())));
  out.key("address").string(in.address()).key("gateway").string(in.gateway());
  out.key("archive").boolean(in.archive());
  number(out, "weight", in.weight());
  number(out, "power", in.power());
}

/// Only what the change names.
void write_changed_parameters(json::Writer& out, const wire::ChangeParameters& in) {
  if (in.threshold_denominator() != 0) {
    out.key("threshold")
        .string(std::to_string(in.threshold_numerator()) + "/" +
                std::to_string(in.threshold_denominator()));
  }
  if (in.attestation() != 0) out.key("attestation_needed").boolean(in.attestation() == 2);
  const std::pair<std::string_view, std::uint64_t> numbers[] = {
      {"voting_ms", in.voting_ms()},
      {"quota_period_ms", in.quota_period_ms()},
      {"quota_operations", in.quota_operations()},
      {"quota_bytes", in.quota_bytes()},
      {"block_bytes", in.block_bytes()}};
  for (const auto& [name, value] : numbers) {
    if (value != 0) number(out, name, value);
  }
}

void write_change(json::Writer& out, const wire::Propose& content) {
  out.key("kind").string(change_kind_of(content)).key("change").begin_object();
  if (content.has_admit()) write_admission(out, content.admit());
  if (content.has_expel()) out.key("member").string(did_of(content.expel().member()));
  if (content.has_weight()) {
    out.key("member").string(did_of(content.weight().member()));
    number(out, "weight", content.weight().weight());
  }
  if (content.has_validator()) {
    out.key("member").string(did_of(content.validator().member()));
    out.key("validator_key").string(to_base64(view_of(content.validator().key())));
    number(out, "power", content.validator().power());
  }
  if (content.has_parameters()) write_changed_parameters(out, content.parameters());
  if (content.has_version()) number(out, "version", content.version().version());
  out.end_object();
}

void write_proposal(json::Writer& out, const Services& services,
                    const wire::ProposalRecord& record) {
  const wire::Propose& content = record.content();
  out.begin_object();
  out.key("proposal").string(to_hex(view_of(content.proposal())));
  out.key("title").string(content.title());
  out.key("proposer").string(did_of(content.proposer()));
  out.key("status").string(proposal_status_text(record.status()));
  write_change(out, content);
  number(out, "opens_ms", content.opens_ms());
  number(out, "closes_ms", content.closes_ms());
  number(out, "execute_height", content.execute_height());
  number(out, "proposed_ms", record.proposed_ms());
  number(out, "decided_ms", record.decided_ms());
  number(out, "decided_height", record.decided_height());
  number(out, "done_height", record.done_height());
  if (record.failure() != 0) {
    out.key("failure").string(status_name(record.failure(), services.ledger.registry()));
  }
  out.end_object();
}

Result<model::Id> proposal_parameter(const std::string& text) {
  Bytes bytes;
  if (text.size() != 2 * limits::id_bytes || !from_hex(text, bytes)) {
    return make_error(ErrorCode::parameter_invalid, "proposal");
  }
  return model::id_from_bytes(bytes);
}

/// All of them in the order of their ids; whoever wants one kind of status looks for it.
Result<http::Response> get_proposals(const Services& services, const http::Request& request) {
  XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
  const auto state = services.ledger.state();
  const Bytes prefix = contracts::state_key(governance::contract_number, 'p');
  Bytes from = prefix;
  if (const auto after = request.parameter("after")) {
    XL_TRY_ASSIGN(const model::Id id, proposal_parameter(std::string(*after)));
    from = governance::proposal_key(id);
    from.push_back(0);
  }
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/proposals/v1");
  number(out, "height", head.height);
  out.key("proposals").begin_array();
  std::uint32_t count = 0;
  std::string last;
  state->scan(prefix, from, proposals_page_max, [&](ByteView key, ByteView value) {
    wire::ProposalRecord record;
    XL_CHECK(contracts::decode_record(value, record));
    write_proposal(out, services, record);
    last = to_hex(key.subspan(prefix.size()));
    ++count;
    return true;
  });
  out.end_array();
  if (count == proposals_page_max) out.key("next").string(last);
  return json_response(out.end_object().take());
}

void write_tally(json::Writer& out, const model::StateReader& state, const model::Id& proposal,
                 std::uint64_t now_ms) {
  const governance::Tally tally = governance::tally_of(state, proposal, now_ms);
  const auto parameters = governance::find_parameters(state);
  out.key("tally").begin_object();
  number(out, "yes", tally.yes);
  number(out, "no", tally.no);
  number(out, "abstain", tally.abstain);
  number(out, "total", tally.total);
  out.key("passes").boolean(tally.passes).key("ballots").begin_array();
  for (const governance::Member& member : governance::members_of(state)) {
    const auto ballot = governance::find_ballot(state, proposal, member.id);
    if (!ballot) continue;
    out.begin_object().key("member").string(model::did_text(member.id));
    out.key("ballot").string(ballot_text(ballot->ballot()));
    number(out, "weight", governance::counting_weight(state, *parameters, member, now_ms));
    number(out, "cast_ms", ballot->cast_ms());
    out.end_object();
  }
  out.end_array().end_object();
}

Result<http::Response> get_proposal(const Services& services, const PathValues& values) {
  XL_TRY_ASSIGN(const model::Id id, proposal_parameter(values[0]));
  XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
  const auto state = services.ledger.state();
  if (!governance::find_proposal(*state, id)) return make_error(ErrorCode::proposal_unknown);
  wire::ProposalRecord record;
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/proposal/v1");
  const std::uint64_t height = services.ledger.provable_height();
  number(out, "height", height);
  XL_TRY(write_receipt_of(out, services, governance::proposal_key(id), height,
                          ErrorCode::proposal_unknown, record));
  out.key("proposal");
  write_proposal(out, services, record);
  write_tally(out, *state, id, head.block_ms);
  return json_response(out.end_object().take());
}

}  // namespace

void add_governance_routes(Router& router, const Services& services) {
  router.add({"GET", "/ledger/v1/members", "The members, their weights and the parameters",
              [services](const auto&, const auto&) { return get_members(services); },
              Access::signed_in, RouteDoc{.answer = "Members"}});
  router.add(
      {"GET", "/ledger/v1/members/{did}", "A member, with proof",
       [services](const auto&, const PathValues& values) { return get_member(services, values); },
       Access::signed_in, RouteDoc{.answer = "ProvedMember"}});
  router.add({"GET", "/ledger/v1/proposals", "What members propose and proposed",
              [services](const http::Request& request, const auto&) {
                return get_proposals(services, request);
              },
              Access::signed_in, RouteDoc{.query = {"after"}, .answer = "Proposals"}});
  router.add(
      {"GET", "/ledger/v1/proposals/{id}", "A proposal and its ballots, with proof",
       [services](const auto&, const PathValues& values) { return get_proposal(services, values); },
       Access::signed_in, RouteDoc{.answer = "ProvedProposal"}});
}

}  // namespace xl::gateway::ledger
