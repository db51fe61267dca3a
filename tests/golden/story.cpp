// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "golden/story.h"

#include "base/json/writer.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/credentials/messages.pb.h"
#include "contracts/credentials/records.h"
#include "contracts/governance/tests/votes.h"
#include "contracts/tests/fixture.h"
#include "golden/messages.h"
#include "model/envelope.h"
#include "model/transaction.h"

namespace xl::golden {
namespace {

using contracts::testing::day_ms;
using contracts::testing::field;
using contracts::testing::hour_ms;
using contracts::testing::id;
using contracts::testing::key;
using contracts::testing::minute_ms;
using contracts::testing::Signers;

constexpr std::uint64_t genesis_ms = 1'795'219'200'000;  // 2026-11-21

/// Collects the transactions of one block after the other.
class Author {
 public:
  explicit Author(const Hash& network) : make(network) {}

  /// Ends the block before and begins one `later_ms` after it.
  void block(std::uint64_t later_ms) {
    make.now_ms += later_ms;
    blocks_.push_back({make.now_ms, {}});
  }
  void send(std::vector<model::Message> messages, const Signers& signers) {
    waiting_.push_back(signed_by(body(std::move(messages), signers), signers));
  }
  void send(model::Message message, const Signers& signers) {
    send(std::vector{std::move(message)}, signers);
  }
  void send_raw(Bytes raw) { waiting_.push_back(std::move(raw)); }

  [[nodiscard]] model::Body body(std::vector<model::Message> messages, const Signers& signers) {
    model::Body out;
    out.network = make.network();
    for (const std::string& name : signers) {
      out.signers.push_back({key(name).id, crypto::Algorithm::ed25519});
    }
    out.valid_until_ms = make.now_ms + minute_ms;
    Bytes number;
    append_be(number, ++nonce_);
    std::copy(number.begin(), number.end(), out.nonce.begin());
    out.messages = std::move(messages);
    return out;
  }
  [[nodiscard]] static Bytes signed_by(const model::Body& body, const Signers& signers) {
    std::vector<const crypto::SigningKey*> keys;
    for (const std::string& name : signers) keys.push_back(&key(name).signing);
    return model::sign_transaction(body, keys);
  }

  /// Packs what was sent since the last envelope, signed by the key of `member`.
  void seal(const std::string& member) {
    blocks_.back().envelopes.push_back(
        model::seal_envelope(key(member).id, ++sequence_, waiting_, key(member).signing));
    waiting_.clear();
  }
  void add_envelope(Bytes raw) { blocks_.back().envelopes.push_back(std::move(raw)); }
  [[nodiscard]] Bytes last_envelope() const { return blocks_.back().envelopes.back(); }

  [[nodiscard]] std::vector<StoryBlock> take() { return std::move(blocks_); }

  Messages make;

 private:
  std::vector<StoryBlock> blocks_;
  std::vector<Bytes> waiting_;
  std::uint64_t nonce_ = 0;
  std::uint64_t sequence_ = 0;
};

/// People come in; two messages in one transaction, and one refused with both undone.
void people(Author& a) {
  Messages& m = a.make;
  a.block(minute_ms);
  a.send({m.register_patient("ann", "north"), m.claim_patient("ann")}, {"north"});
  a.send({m.register_patient("bob", "north"), m.claim_patient("bob")}, {"north"});
  a.send(m.register_patient("carl", "north"), {"north"});
  a.send({m.register_patient("dan", "north"), m.register_patient("ann", "north")}, {"north"});
  a.send(m.attest("dora", "north", {1}), {"north"});
  a.send(m.attest("erik", "north", {11}), {"north"});
  a.send(m.register_service("feed", "north"), {"north"});
  a.send(m.register_patient("eve", "south"), {"north"});
  a.seal("north");
  a.send(m.attest("fay", "south", {1}), {"south"});
  a.send(m.attest("gus", "south", {2}), {"south"});
  a.send(m.attest("ina", "south",
                  {static_cast<std::uint32_t>(contracts::identity::Role::privacy_officer)}),
         {"south"});
  a.seal("south");
}

/// What never enters: each is rejected and leaves nothing.
void rejections(Author& a) {
  Messages& m = a.make;
  a.block(1);
  const model::Body good = a.body({m.register_patient("flo", "north")}, {"north"});
  const Bytes once = Author::signed_by(good, {"north"});
  a.send_raw(once);
  a.send_raw(once);  // replayed
  model::Body other = good;
  other.network.fill(1);
  a.send_raw(Author::signed_by(other, {"north"}));
  other = good;
  other.valid_until_ms = m.now_ms;
  a.send_raw(Author::signed_by(other, {"north"}));
  other.valid_until_ms = m.now_ms + limits::validity_window_ms + 1;
  a.send_raw(Author::signed_by(other, {"north"}));
  a.send_raw(Author::signed_by(a.body({m.register_patient("x", "north")}, {"nobody"}), {"nobody"}));
  a.send_raw(Author::signed_by(a.body({m.register_patient("y", "north")}, {"north"}), {"south"}));
  a.send({{9, 1, {1}}}, {"north"});
  a.send({{1, 1, {0xff}}}, {"north"});
  a.send_raw({1, 2, 3});
  a.seal("north");
  a.send(m.register_patient("gwen", "north"), {"north"});
  a.seal("dora");  // a key without the purpose
  a.add_envelope({0xff, 0xfe});
  a.send(m.register_patient("hal", "north"), {"north"});
  a.seal("north");
  Bytes forged = a.last_envelope();
  forged.back() ^= 1U;
  a.add_envelope(std::move(forged));
}

void keys(Author& a) {
  Messages& m = a.make;
  a.block(minute_ms);
  a.send(m.add_key("ann", "ann two"), {"ann"});
  a.send(m.rotate_key("ann", "ann two", "ann three"), {"ann"});
  a.send(m.revoke_key("ann", "ann three"), {"ann"});
  a.send(m.revoke_key("ann", "ann"), {"ann"});  // the last one that manages
  a.send(m.set_agreement_key("ann"), {"ann"});
  a.send(m.delegate("dora", "session", "north", {3U << 16U | 1U}), {"dora"});
  a.send(m.delegate("dora", "manager", "north", {1U << 16U | 8U}), {"dora"});  // not delegable
  a.send(m.appoint("gail", "carl", true), {"north"});
  a.send(m.appoint("gina", "carl", false), {"north"});  // no evidence
  a.send(m.configure_recovery("ann", "north"), {"ann"});
  a.send(m.start_recovery("ann", "ann new"), {"north"});
  a.send(m.cancel_recovery("ann"), {"ann"});
  a.send(m.start_recovery("ann", "ann new"), {"north"});
  a.send(m.finish_recovery("ann"), {"north"});  // too early
  a.seal("north");
}

void records(Author& a) {
  Messages& m = a.make;
  a.block(minute_ms);
  a.send(m.anchor("r1", "ann", 1), {"north"});
  a.send(m.anchor("r1", "ann", 1), {"north"});  // a version twice
  a.send(m.anchor("r1", "ann", 2), {"feed"});
  a.send(m.anchor("r2", "ann", 1), {"south"});  // another hospital
  a.send(m.anchor("r3", "ann", 1), {"session"});
  a.send(m.anchor_batch("bob", "b", 20), {"north"});
  a.send(m.anchor_batch("ann", "b", 1), {"north"});  // of another patient
  a.send(m.enter_in_error("b0"), {"north"});
  a.send(m.anchor("b0", "bob", 2), {"north"});  // withdrawn
  a.send(m.record_erasure("b1", false), {"north"});
  a.send(m.record_erasure("b1", true), {"north"});  // too early
  a.seal("north");
}

void consents(Author& a) {
  Messages& m = a.make;
  a.block(minute_ms);
  a.send(m.grant("c1", "ann"), {"ann"});
  a.send(m.grant("c1", "ann"), {"ann"});  // an id twice
  a.send(m.grant("c2", "ann"), {"ann"});
  a.send(m.grant("c3", "bob"), {"north"});  // not the patient
  a.send(m.narrow("c2", "c2 narrower"), {"ann"});
  a.send(m.narrow("c2", "c2 again"), {"ann"});  // over
  a.send(m.revoke("c2 narrower"), {"ann"});
  a.send(m.grant_assisted("c4", "carl"), {"dora", "erik"});
  a.send(m.grant_assisted("c5", "carl"), {"dora"});  // one person
  a.send(m.grant("c6", "carl"), {"gail"});
  a.seal("north");
}

/// `height` is this block's.
void access(Author& a, std::uint64_t height) {
  Messages& m = a.make;
  a.block(minute_ms);
  a.send(m.journal_root("north", 1), {"north"});
  a.send(m.journal_root("north", 5), {"north"});  // a gap
  a.send(m.open_session("s1", "ann", "c1"), {"south", "north"});
  a.send(m.open_session("s2", "ann", "c2"), {"south", "north"});  // narrowed since
  a.send(m.open_session("s3", "ann", "c1"), {"south"});           // one signature
  a.send(m.end_session("s1"), {"ann"});
  a.send(m.seal_session("s1"), {"north"});
  a.send(m.seal_session("s1"), {"north"});  // twice
  a.send(m.cohort("q1", height - 1), {"north", "south"});
  a.send(m.cohort("q2", height), {"north", "south"});  // policies of this very block
  a.send(m.declare("e1", "fay"), {"fay", "south"});
  a.send(m.declare("e2", "ina"), {"ina", "south"});  // not licensed
  a.send(m.renew("e1"), {"fay", "south"});
  a.send(m.renew("e1"), {"fay", "south"});  // twice
  a.send(m.denied("d1", "ann"), {"north"});
  a.seal("south");
}

/// Time passes: periods end, what waited may be finished, replay marks are dropped.
void endings(Author& a) {
  Messages& m = a.make;
  a.block(3 * hour_ms);
  a.send(m.review("e1", "ina"), {"ina"});
  a.send(m.review("e1", "ina"), {"ina"});
  a.seal("south");
  a.block(3 * day_ms);
  a.send(m.finish_recovery("ann"), {"north"});
  a.send(m.grant("c7", "ann"), {"ann"});  // rejected: recovered from
  a.send(m.grant("c7", "ann"), {"ann new"});
  a.send(m.delegate("dora", "late session", "north", {3U << 16U | 1U}), {"dora"});
  a.send(m.end_delegation("late session"), {"north"});
  a.send(m.end_guardianship("gail"), {"gail"});
  a.send(m.revoke_attestation("erik", "north"), {"north"});
  a.send(m.deactivate("bob"), {"bob"});
  a.send(m.grant("c8", "bob"), {"bob"});
  a.send(m.deactivate("north"), {"north"});  // organisations leave by vote
  a.seal("north");
  a.block(36 * day_ms);
  a.send(m.record_erasure("b1", true), {"north"});
  a.seal("north");
}

namespace votes = contracts::testing::votes;

model::Message governed(std::uint16_t type, const google::protobuf::Message& content) {
  return {contracts::governance::contract_number, type, model::encode(content)};
}

/// Open for an hour.
model::Message proposed(const Author& a, votes::wire::Propose content) {
  content.set_closes_ms(a.make.now_ms + hour_ms);
  return governed(contracts::governance::propose_type, content);
}

model::Message ballot(const std::string& proposal, const std::string& member, std::uint32_t cast) {
  votes::wire::Vote out;
  out.set_proposal(field(proposal));
  out.set_member(field(member));
  out.set_ballot(cast);
  return governed(contracts::governance::vote_type, out);
}

model::Message attestation(const Author& a, const std::string& who, const std::string& auditor) {
  votes::wire::AttestSecurity out;
  out.set_organisation(field(who));
  out.set_auditor(field(auditor));
  out.set_software("golden 1");
  out.set_scanned_ms(a.make.now_ms - day_ms);
  out.set_next_due_ms(a.make.now_ms + 300 * day_ms);
  out.set_report(contracts::testing::digest("scan of " + who));
  out.set_service_key(votes::public_key(who));
  const Bytes signature = key(who).signing.sign(
      contracts::governance::security_attestation_bytes(a.make.network(), out));
  out.set_signature(signature.data(), signature.size());
  return governed(contracts::governance::attest_security_type, out);
}

void expel_south(Author& a) {
  a.block(hour_ms);
  a.send(attestation(a, "south", "north"), {"north"});
  a.send(proposed(a, votes::expulsion("s", "south")), {"north"});
  a.send(ballot("s", "north", 1), {"north"});
  a.seal("north");
  a.block(minute_ms);
  a.send(ballot("s", "south", 1), {"south"});  // refused: no member, and decided
  a.send(ballot("s", "north", 2), {"north"});  // refused: decided
  a.seal("north");
  a.block(minute_ms);
  a.send(attestation(a, "north", "west"), {"west"});
  a.seal("south");  // rejected as a whole: its organisation was expelled
  a.block(minute_ms);
  a.send(attestation(a, "north", "west"), {"west"});
  a.seal("north");
}

/// Members tell where they are; an archive stays one until there is another.
void places(Author& a) {
  a.block(minute_ms);
  votes::wire::UpdateMember told = votes::update("north", true, "https://north.example:7410");
  told.set_address("moved.example:26656");
  const auto update = [&a](const votes::wire::UpdateMember& message, const std::string& signer) {
    a.send(governed(contracts::governance::update_member_type, message), {signer});
  };
  update(told, "north");
  update(told, "north");                          // refused: it says so already
  update(votes::update("north"), "north");        // refused: nobody else is an archive
  update(votes::update("south", true), "north");  // refused: not south
  update(votes::update("south", true), "south");
  update(votes::update("south", false, "http://s:1"), "south");
  a.seal("north");
}

/// North weighs two, south one; with five, north decides alone.
void governance(Author& a) {
  a.block(minute_ms);
  a.send(attestation(a, "west", "north"), {"north"});
  a.send(proposed(a, votes::weight("w", "north", 5)), {"north"});
  a.send(ballot("w", "north", 1), {"north"});
  a.send(ballot("w", "south", 2), {"south"});
  a.send(ballot("w", "south", 1), {"north"});  // refused: not south
  a.send(ballot("w", "south", 1), {"south"});
  a.seal("north");
  a.block(minute_ms);
  a.send(proposed(a, votes::admission("j", "west")), {"north"});
  a.send(ballot("j", "north", 1), {"north"});
  votes::wire::Propose parameters = votes::parameters("q");
  parameters.mutable_parameters()->set_quota_operations(20'000);
  parameters.mutable_parameters()->set_attestation(1);
  parameters.set_execute_height(1'000);  // beyond the end: it waits
  a.send(proposed(a, parameters), {"north"});
  a.send(ballot("q", "north", 1), {"north"});
  a.send(proposed(a, votes::validator("v", "north", "validator 2", 10)), {"north"});  // refused
  a.send(proposed(a, votes::weight("x", "south", 0)), {"north"});
  a.send(proposed(a, votes::weight("y", "south", 2)), {"north"});
  votes::wire::Withdraw withdraw;
  withdraw.set_proposal(field("y"));
  a.send(governed(contracts::governance::withdraw_type, withdraw), {"north"});
  a.seal("north");
  expel_south(a);  // "x" is over when it begins
}

namespace credited = contracts::credentials;

model::Message credential(std::uint16_t type, const google::protobuf::Message& content) {
  return {credited::contract_number, type, model::encode(content)};
}

model::Message accreditation(const Author& a, const std::string& regulator) {
  xinglin::credentials::v1::Accredit out;
  out.set_regulator(field(regulator));
  out.set_organisation(field("north"));
  out.set_type(1);
  out.set_valid_to_ms(a.make.now_ms + 100 * day_ms);
  return credential(credited::accredit_type, out);
}

model::Message status_change(const std::string& list, std::uint32_t index, bool set) {
  xinglin::credentials::v1::ChangeStatus out;
  out.set_list(field(list));
  out.add_indexes(index);
  out.set_set(set);
  return credential(credited::change_status_type, out);
}

/// The members admit a regulator, which says what north may issue; north keeps lists.
void credentials(Author& a) {
  a.block(minute_ms);
  a.send(attestation(a, "board", "north"), {"north"});
  votes::wire::Propose admission = votes::admission("k", "board");
  admission.mutable_admit()->mutable_organisations(0)->set_type(6);
  a.send(proposed(a, admission), {"north"});
  a.send(ballot("k", "north", 1), {"north"});
  a.seal("north");
  a.block(minute_ms);
  a.send(accreditation(a, "north"), {"north"});  // refused: no regulator
  a.send(accreditation(a, "board"), {"board"});
  for (const std::uint32_t purpose : {1U, 2U}) {
    xinglin::credentials::v1::RegisterList list;
    list.set_issuer(field("north"));
    list.set_list(field("list " + std::to_string(purpose)));
    list.set_purpose(purpose);
    list.set_entries(131'072);
    a.send(credential(credited::register_list_type, list), {"north"});
  }
  a.seal("north");
  a.block(minute_ms);
  a.send(status_change("list 1", 131'071, true), {"north"});
  a.send(status_change("list 1", 131'071, false), {"north"});  // refused: for ever
  a.send(status_change("list 2", 0, true), {"north"});
  a.send(status_change("list 2", 0, false), {"north"});
  a.send(status_change("list 2", 1, true), {"board"});  // refused: not the issuer
  xinglin::credentials::v1::EndAccreditation end;
  end.set_regulator(field("board"));
  end.set_organisation(field("north"));
  end.set_type(1);
  a.send(credential(credited::end_accreditation_type, end), {"board"});
  a.seal("north");
}

model::Message access_message(std::uint16_t type, const google::protobuf::Message& content) {
  return {contracts::access::contract_number, type, model::encode(content)};
}

/// A patient disputes an entry of the log, and a privacy officer answers, once.
void disputes(Author& a) {
  a.block(minute_ms);
  a.send(a.make.attest("joe", "north",
                       {static_cast<std::uint32_t>(contracts::identity::Role::privacy_officer)}),
         {"north"});
  a.seal("north");
  a.block(minute_ms);
  xinglin::access::v1::Dispute dispute;
  dispute.set_dispute(field("dispute 1"));
  dispute.set_patient(field("ann"));
  dispute.set_by(field("ann"));
  dispute.set_details(contracts::testing::digest("what is wrong"));
  a.send(access_message(contracts::access::dispute_type, dispute), {"north"});  // not the patient
  a.send(access_message(contracts::access::dispute_type, dispute), {"ann new"});
  xinglin::access::v1::AnswerDispute answer;
  answer.set_dispute(field("dispute 1"));
  answer.set_officer(field("joe"));
  answer.set_answer(contracts::testing::digest("why it was right"));
  a.send(access_message(contracts::access::answer_dispute_type, answer), {"joe"});
  a.send(access_message(contracts::access::answer_dispute_type, answer), {"joe"});  // again
  a.seal("north");
}

/// The glass is broken and mended at once, by who broke it.
void emergencies(Author& a) {
  a.block(minute_ms);
  a.send(
      a.make.attest("kim", "north",
                    {static_cast<std::uint32_t>(contracts::identity::Role::emergency_physician)}),
      {"north"});
  a.seal("north");
  a.block(minute_ms);
  xinglin::access::v1::DeclareEmergency glass;
  glass.set_entry(field("glass 1"));
  glass.set_practitioner(field("kim"));
  glass.set_organisation(field("north"));
  glass.set_patient(field("ann"));
  glass.set_reason(contracts::testing::digest("why"));
  a.send(access_message(contracts::access::declare_emergency_type, glass), {"kim", "north"});
  xinglin::access::v1::EndEmergency end;
  end.set_entry(field("glass 1"));
  a.send(access_message(contracts::access::end_emergency_type, end), {"ann new"});  // refused
  a.send(access_message(contracts::access::end_emergency_type, end), {"kim"});
  a.send(access_message(contracts::access::end_emergency_type, end), {"kim"});  // over
  a.seal("north");
}

model::Message agreement_message(std::uint16_t type, const google::protobuf::Message& content) {
  return {contracts::consent::contract_number, type, model::encode(content)};
}

/// A patient refuses a request; two hospitals agree, dispute and part.
void agreements(Author& a) {
  namespace of = contracts::consent;
  using contracts::testing::digest;
  a.block(minute_ms);
  xinglin::consent::v1::Decline decline;
  decline.set_decline(field("refusal 1"));
  decline.set_patient(field("ann"));
  decline.set_commitment(digest("what was refused"));
  a.send(agreement_message(of::decline_type, decline), {"north"});  // not the patient
  a.send(agreement_message(of::decline_type, decline), {"ann new"});
  xinglin::consent::v1::ProposeAgreement propose;
  propose.set_agreement(field("agreement 1"));
  propose.set_proposer(field("north"));
  propose.set_other(field("south"));
  propose.set_commitment(digest("terms"));
  a.send(agreement_message(of::propose_agreement_type, propose), {"north"});
  xinglin::consent::v1::AcceptAgreement accept;
  accept.set_agreement(field("agreement 1"));
  accept.set_commitment(digest("other terms"));
  a.send(agreement_message(of::accept_agreement_type, accept), {"south"});  // not what was proposed
  accept.set_commitment(digest("terms"));
  a.send(agreement_message(of::accept_agreement_type, accept), {"south"});
  xinglin::consent::v1::DisputeAgreement dispute;
  dispute.set_dispute(field("breach 1"));
  dispute.set_agreement(field("agreement 1"));
  dispute.set_by(field("north"));
  dispute.set_details(digest("handed on"));
  a.send(agreement_message(of::dispute_agreement_type, dispute), {"north"});
  xinglin::consent::v1::AnswerAgreement answer;
  answer.set_dispute(field("breach 1"));
  answer.set_answer(digest("it was not"));
  a.send(agreement_message(of::answer_agreement_type, answer), {"south"});
  xinglin::consent::v1::EndAgreement end;
  end.set_agreement(field("agreement 1"));
  a.send(agreement_message(of::end_agreement_type, end), {"north"});
  a.send(agreement_message(of::end_agreement_type, end), {"south"});  // over
  a.seal("north");
}

}  // namespace

std::string genesis_text() {
  json::Writer out;
  out.begin_object();
  out.key("genesis_time").string("2026-11-21T00:00:00Z");
  out.key("chain_id").string("golden").key("initial_height").string("1");
  out.key("consensus_params").begin_object();
  out.key("block").begin_object().key("max_bytes").string("4194304");
  out.key("max_gas").string("-1").end_object();
  out.key("version").begin_object().key("app").string("1").end_object().end_object();
  out.key("validators").begin_array().begin_object();
  out.key("pub_key").begin_object().key("type").string("tendermint/PubKeyEd25519");
  out.key("value").string(to_base64(validator().public_key())).end_object();
  out.key("power").string("10").end_object().end_array();
  out.key("app_state").begin_object().key("format_version").integer(1);
  out.key("suite").integer(1).key("identity").begin_object();
  out.key("organisations").begin_array();
  for (const char* name : {"north", "south"}) {
    out.begin_object().key("did").string(model::did_text(id(name)));
    out.key("name").string(std::string("Golden ") + name).key("type").integer(1);
    out.key("keys").begin_array().begin_object().key("algorithm").integer(1);
    out.key("public_key").string(to_base64(key(name).signing.public_key()));
    out.key("purposes").integer(7).end_object().end_array().end_object();
  }
  out.end_array().end_object();
  // North orders alone; south follows.
  out.key("governance").begin_object().key("engine_fixed").boolean(true);
  out.key("members").begin_array();
  for (const char* name : {"north", "south"}) {
    const bool orders = name == std::string_view("north");
    const auto& own = orders ? validator() : key("follower").signing;
    out.begin_object().key("organisation").string(model::did_text(id(name)));
    out.key("weight").integer(orders ? 2 : 1).key("power").integer(orders ? 10 : 0);
    out.key("validator_key").string(to_base64(own.public_key()));
    out.key("peer_id").string(to_hex(ByteView(crypto::sha256(own.public_key())).first(20)));
    out.key("address").string(std::string(name) + ".example:26656").end_object();
  }
  out.end_array().end_object().end_object().end_object();
  return out.take();
}

const crypto::SigningKey& validator() { return key("validator").signing; }

std::vector<StoryBlock> story(const model::Genesis& genesis) {
  Author author(genesis.network);
  author.make.now_ms = genesis_ms;
  people(author);
  rejections(author);
  keys(author);
  records(author);
  consents(author);
  access(author, 12);  // the sixth data block
  endings(author);
  places(author);
  governance(author);
  credentials(author);
  disputes(author);
  emergencies(author);
  agreements(author);
  return author.take();
}

}  // namespace xl::golden
