// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/checked.h"
#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/governance.h"
#include "cli/table.h"
#include "cli/words.h"
#include "client/identity.h"
#include "client/member_card.h"
#include "contracts/governance/messages.pb.h"
#include "contracts/governance/records.h"

namespace xl::cli {
namespace {

namespace governed = xinglin::governance::v1;
using client::bytes_of;

constexpr std::uint64_t card_file_bytes_max = 256 * 1024;
constexpr std::uint64_t an_hour_ms = 60ULL * 60 * 1000;
constexpr auto validator_algorithm = static_cast<std::uint32_t>(crypto::Algorithm::ed25519);

struct ProposalOptions {
  std::string kind;
  std::string title;
  std::string card;
  std::string member;
  std::string key;
  std::vector<std::string> set;
  std::uint64_t weight = 1;
  std::uint64_t power = 0;
  std::uint64_t version = 0;
  std::uint64_t hours = 7 * 24;
  std::uint64_t height = 0;
  std::string id;
  std::string ballot;
  std::string status;
};

Error wrong_usage(std::string_view what) { return make_error(ErrorCode::usage_invalid, what); }

Result<json::Document> ask_ledger(Actor& actor, const std::string& target) {
  XL_TRY_ASSIGN(const client::HttpResponse answer, actor.session().ask("GET", target));
  if (answer.status != 200) return client::error_of(answer);
  json::Limits bounds;
  bounds.bytes_max = answer.body.size();
  return json::parse(answer.body, bounds);
}

std::string text_of_member(json::Value in, std::string_view name) {
  return std::string(in.find(name).as_string().value_or(""));
}

/// Everything that the newcomer's own keys signed, checked here before anybody votes on it.
Status fill_admission(const ProposalOptions& options, governed::AdmitMember& out) {
  if (options.card.empty()) return wrong_usage("--card is the newcomer's card");
  XL_TRY_ASSIGN(const Bytes file, read_file(options.card, card_file_bytes_max));
  XL_TRY_ASSIGN(const client::MemberCard card,
                json::in_file(client::read_member_card(file), text_of(file), options.card));
  for (const client::CardOrganisation& one : card.organisations) {
    governed::AdmittedOrganisation& added = *out.add_organisations();
    added.set_did(bytes_of(one.did.bytes));
    added.set_name(one.name);
    added.set_type(static_cast<std::uint32_t>(one.type));
    added.set_service_key(bytes_of(one.service_key));
  }
  out.set_envelope_key(bytes_of(card.envelope_key));
  out.set_validator_algorithm(validator_algorithm);
  out.set_validator_key(bytes_of(card.validator_key));
  out.set_peer_key(bytes_of(card.peer_key));
  out.set_address(card.address);
  out.set_gateway(card.gateway);
  out.set_archive(card.archive);
  out.set_weight(options.weight);
  out.set_power(options.power);
  return {};
}

/// A new power keeps the key, a new key keeps the power.
Status fill_validator(const ProposalOptions& options, const model::Id& member, Actor& actor,
                      governed::ChangeValidator& out) {
  XL_TRY_ASSIGN(const json::Document answer,
                ask_ledger(actor, "/ledger/v1/members/" + model::did_text(member)));
  const json::Value now = answer.root().find("member");
  Bytes key;
  std::uint64_t power = options.power;
  const bool rekey = options.kind == "rekey";
  const std::string text = rekey ? options.key : text_of_member(now, "validator_key");
  if (rekey && !parse_decimal(text_of_member(now, "power"), power)) {
    return make_error(ErrorCode::answer_unexpected);
  }
  if (!from_base64(text, key) || key.empty()) {
    return wrong_usage("--key is what 'xinglin network rekey' printed");
  }
  out.set_member(bytes_of(member.bytes));
  out.set_algorithm(validator_algorithm);
  out.set_key(bytes_of(key));
  out.set_power(power);
  return {};
}

Status set_threshold(std::string_view value, governed::ChangeParameters& out) {
  const std::size_t slash = value.find('/');
  std::uint64_t part = 0;
  std::uint64_t of = 0;
  if (slash == value.npos || !parse_decimal(value.substr(0, slash), part) ||
      !parse_decimal(value.substr(slash + 1), of) || part > 100 || of > 100) {
    return wrong_usage("--set threshold=2/3");
  }
  out.set_threshold_numerator(static_cast<std::uint32_t>(part));
  out.set_threshold_denominator(static_cast<std::uint32_t>(of));
  return {};
}

Status fill_parameters(const ProposalOptions& options, governed::ChangeParameters& out) {
  for (const std::string& text : options.set) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    std::uint64_t number = 0;
    if (name == "threshold") {
      XL_TRY(set_threshold(value, out));
    } else if (name == "attestation" && (value == "needed" || value == "not-needed")) {
      out.set_attestation(value == "needed" ? 2 : 1);
    } else if (!parse_decimal(value, number)) {
      return wrong_usage("--set NAME=VALUE; see --help");
    } else if (name == "voting_ms") {
      out.set_voting_ms(number);
    } else if (name == "quota_period_ms") {
      out.set_quota_period_ms(number);
    } else if (name == "quota_operations") {
      out.set_quota_operations(number);
    } else if (name == "quota_bytes") {
      out.set_quota_bytes(number);
    } else if (name == "block_bytes") {
      out.set_block_bytes(number);
    } else {
      return wrong_usage("--set NAME=VALUE; see --help");
    }
  }
  return options.set.empty() ? Status(wrong_usage("--set NAME=VALUE")) : Status{};
}

Status fill_change(const ProposalOptions& options, Actor& actor, governed::Propose& out) {
  if (options.kind == "admit") return fill_admission(options, *out.mutable_admit());
  if (options.kind == "parameters") return fill_parameters(options, *out.mutable_parameters());
  if (options.kind == "version") {
    out.mutable_version()->set_version(options.version);
    return {};
  }
  model::Id member = actor.identity().organisation;
  if (!options.member.empty()) {
    XL_TRY_ASSIGN(member, id_of(options.member, "--member"));
  } else if (options.kind != "rekey") {
    return wrong_usage("--member names whom it is about");
  }
  if (options.kind == "expel") {
    out.mutable_expel()->set_member(bytes_of(member.bytes));
  } else if (options.kind == "weight") {
    out.mutable_weight()->set_member(bytes_of(member.bytes));
    out.mutable_weight()->set_weight(options.weight);
  } else {
    return fill_validator(options, member, actor, *out.mutable_validator());
  }
  return {};
}

int show_proposal_sent(const std::string& id, const client::Sent& sent, const Console& console) {
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/proposal-sent/v1");
    out.key("proposal").string(id).key("transaction_id").string(sent.transaction_id);
    console.answer(out.end_object().take());
  } else {
    console.result(id);
  }
  return succeeded;
}

Result<int> run_proposal_propose(const Session& session, const ProposalOptions& options,
                                 const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  governed::Propose message;
  const model::Id id = client::random_id();
  message.set_proposal(bytes_of(id.bytes));
  message.set_proposer(bytes_of(actor.identity().organisation.bytes));
  message.set_title(options.title);
  message.set_closes_ms(actor.now_ms() + options.hours * an_hour_ms);
  message.set_execute_height(options.height);
  XL_TRY(fill_change(options, actor, message));
  const auto sent = actor.session().submit(contracts::governance::contract_number,
                                           contracts::governance::propose_type, message);
  XL_TRY(client::applied(sent));
  const std::string text = to_hex(id.view());
  console.done("Proposed; the members can vote", "已提案,成员可以投票");
  console.say("  next: xinglin network proposal vote " + text + " yes --as MEMBER",
              "  下一步:xinglin network proposal vote " + text + " yes --as 成员身份文件");
  return show_proposal_sent(text, *sent, console);
}

Result<model::Id> proposal_of(const std::string& text) {
  Bytes bytes;
  if (!from_hex(text, bytes) || bytes.size() != limits::id_bytes) {
    return wrong_usage("a proposal is 32 hexadecimal digits, in lower case");
  }
  return model::id_from_bytes(bytes);
}

Result<int> run_proposal_vote(const Session& session, const ProposalOptions& options,
                              const Console& console) {
  XL_TRY_ASSIGN(const model::Id id, proposal_of(options.id));
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  governed::Vote message;
  message.set_proposal(bytes_of(id.bytes));
  message.set_member(bytes_of(actor.identity().organisation.bytes));
  message.set_ballot(options.ballot == "yes" ? 1 : options.ballot == "no" ? 2 : 3);
  const auto sent = actor.session().submit(contracts::governance::contract_number,
                                           contracts::governance::vote_type, message);
  XL_TRY(client::applied(sent));
  console.done("The ballot counts", "投票已生效");
  return show_proposal_sent(options.id, *sent, console);
}

Result<int> run_proposal_withdraw(const Session& session, const ProposalOptions& options,
                                  const Console& console) {
  XL_TRY_ASSIGN(const model::Id id, proposal_of(options.id));
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  governed::Withdraw message;
  message.set_proposal(bytes_of(id.bytes));
  const auto sent = actor.session().submit(contracts::governance::contract_number,
                                           contracts::governance::withdraw_type, message);
  XL_TRY(client::applied(sent));
  console.done("Taken back", "提案已撤回");
  return show_proposal_sent(options.id, *sent, console);
}

Result<int> run_proposal_show(const Session& session, const ProposalOptions& options,
                              const Console& console) {
  XL_TRY_ASSIGN(const model::Id id, proposal_of(options.id));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document answer,
                ask_ledger(actor, "/ledger/v1/proposals/" + to_hex(id.view())));
  if (console.json()) {
    console.answer(json::write(answer.root()));
    return succeeded;
  }
  const json::Value proposal = answer.root().find("proposal");
  for (const json::Member member : proposal.members()) {
    const bool coded = member.key == "status" || member.key == "kind";
    const auto text = member.value.as_string();
    std::string value = text ? std::string(*text) : json::write(member.value);
    if (coded) value = console.words(value);
    console.result(console.words(member.key) + "\t" + value);
  }
  const json::Value tally = answer.root().find("tally");
  for (const char* name : {"yes", "no", "abstain", "total"}) {
    console.result(console.words(name) + "\t" + text_of_member(tally, name));
  }
  for (const json::Value one : tally.find("ballots").items()) {
    console.result(console.words("ballot") + "\t" + text_of_member(one, "member") + "\t" +
                   console.words(text_of_member(one, "ballot")));
  }
  return succeeded;
}

Result<int> run_proposal_list(const Session& session, const ProposalOptions& options,
                              const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  Table table({said(console, "proposal", "提案"), said(console, "status", "状态"),
               said(console, "kind", "类别"), said(console, "title", "标题")});
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/proposals/v1").key("proposals").begin_array();
  std::string after;
  do {
    XL_TRY_ASSIGN(
        const json::Document page,
        ask_ledger(actor, "/ledger/v1/proposals" + (after.empty() ? "" : "?after=" + after)));
    for (const json::Value one : page.root().find("proposals").items()) {
      if (!options.status.empty() && text_of_member(one, "status") != options.status) continue;
      out.value(one);
      table.add({text_of_member(one, "proposal"), console.words(text_of_member(one, "status")),
                 console.words(text_of_member(one, "kind")), text_of_member(one, "title")});
    }
    after = text_of_member(page.root(), "next");
  } while (!after.empty());
  if (console.json()) {
    console.answer(out.end_array().end_object().take());
  } else {
    table.print(console);
  }
  return succeeded;
}

void add_create(CLI::App& proposal, Session& session,
                const std::shared_ptr<ProposalOptions>& options) {
  auto* create = proposal.add_subcommand("create", "ask the members");
  create
      ->add_option("KIND", options->kind,
                   "admit, expel, weight, power, rekey, parameters or version")
      ->required()
      ->check(
          CLI::IsMember({"admit", "expel", "weight", "power", "rekey", "parameters", "version"}));
  create->add_option("--title", options->title, "one public line; never about a person")
      ->required();
  create->add_option("--card", options->card, "admit: the newcomer's card");
  create->add_option("--member", options->member, "expel, weight, power: whose");
  create->add_option("--weight", options->weight, "admit, weight: of its ballot");
  create->add_option("--power", options->power, "admit, power: of its validator");
  create->add_option("--key", options->key, "rekey: what 'network rekey' printed");
  create->add_option("--set", options->set,
                     "parameters: threshold=2/3, attestation=needed|not-needed, voting_ms, "
                     "quota_period_ms, quota_operations, quota_bytes, block_bytes");
  create->add_option("--version", options->version, "version: of the protocol");
  create->add_option("--hours", options->hours, "how long the vote is open")
      ->check(CLI::Range(1, 24 * 90));
  create->add_option("--at-height", options->height, "do it not before this height");
  create->footer(
      "Examples:\n"
      "  xinglin network proposal create admit --card west.card --title 'West Clinic joins' "
      "--as hospital.json\n"
      "  xinglin network proposal create power --member DID --power 10 --title 'West orders' "
      "--as hospital.json\n"
      "  xinglin network proposal create parameters --set threshold=3/4 --title 'Three quarters' "
      "--as hospital.json");
  choose_change(create, session, options, run_proposal_propose);
}

}  // namespace

void add_proposal_commands(CLI::App& network, Session& session) {
  auto* proposal =
      network.add_subcommand("proposal", "what members decide together")->require_subcommand(1);
  proposal->footer(
      "Examples:\n  xinglin network proposal list --as hospital.json\n"
      "  xinglin network proposal vote 3fa9… yes --as hospital.json");
  auto options = std::make_shared<ProposalOptions>();
  add_create(*proposal, session, options);
  auto* list = proposal->add_subcommand("list", "all proposals");
  list->add_option("--status", options->status, "only these")
      ->check(CLI::IsMember({"open", "passed", "executed", "failed", "withdrawn", "expired"}));
  list->footer(
      "Examples:\n  xinglin network proposal list --status open --as hospital.json\n"
      "  xinglin network proposal list --as hospital.json --json");
  choose(list, session, options, run_proposal_list);
  auto* show = proposal->add_subcommand("show", "a proposal and its ballots");
  show->add_option("PROPOSAL", options->id, "32 hexadecimal digits")->required();
  show->footer(
      "Examples:\n  xinglin network proposal show 3fa9… --as hospital.json\n"
      "  xinglin network proposal show 3fa9… --as hospital.json --json");
  choose(show, session, options, run_proposal_show);
  auto* vote = proposal->add_subcommand("vote", "a member's ballot; the last one counts");
  vote->add_option("PROPOSAL", options->id, "32 hexadecimal digits")->required();
  vote->add_option("BALLOT", options->ballot, "yes, no or abstain")
      ->required()
      ->check(CLI::IsMember({"yes", "no", "abstain"}));
  vote->footer(
      "Examples:\n  xinglin network proposal vote 3fa9… yes --as hospital.json\n"
      "  xinglin network proposal vote 3fa9… abstain --as hospital.json");
  choose_change(vote, session, options, run_proposal_vote);
  auto* withdraw = proposal->add_subcommand("withdraw", "take your own proposal back");
  withdraw->add_option("PROPOSAL", options->id, "32 hexadecimal digits")->required();
  withdraw->footer(
      "Examples:\n  xinglin network proposal withdraw 3fa9… --as hospital.json\n"
      "  xinglin network proposal withdraw 3fa9… --as hospital.json --dry-run");
  choose_change(withdraw, session, options, run_proposal_withdraw);
}

}  // namespace xl::cli
