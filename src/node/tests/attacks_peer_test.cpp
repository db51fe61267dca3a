// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: who asks another organisation believes nothing that the ledger does not say, and signs
// nothing but the session that was asked for; who is asked gives nothing to a sign-in, a signature
// or a session that is not the asker's own. Method: two hospitals of one node; what one's node says
// to the other's is taken out of its envelope, changed as a liar with all the keys of that
// organisation could, and put in again.
#include "client/card.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/access/view.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "gateway/peer/gather.h"
#include "gateway/peer/peer.pb.h"
#include "model/canonical.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

namespace access = contracts::access;
namespace identity = contracts::identity;
namespace peer = gateway::peer;
using testing::FhirClient;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;
using xinglin::access::v1::AccessDetails;
using xinglin::access::v1::OpenSession;
using xinglin::peer::v1::Fetch;
using xinglin::peer::v1::FetchAnswer;

/// Says something else than what was asked or answered.
class LyingDesk final : public peer::Desk {
 public:
  using peer::Desk::Desk;
  std::function<void(Fetch&)> question;      ///< changed before it is sent
  std::function<void(FetchAnswer&)> answer;  ///< changed before it is believed

 private:
  Result<Bytes> ask_there(custody::Organisation& from, const model::Id& to, peer::PeerKind kind,
                          ByteView payload, std::uint64_t timeout_ms) override {
    Bytes sent = copy_of(payload);
    Fetch asked;
    if (question && model::decode_canonical(payload, asked)) {
      question(asked);
      sent = model::encode(asked);
    }
    auto out = peer::Desk::ask_there(from, to, kind, sent, timeout_ms);
    FetchAnswer told;
    if (!answer || !out.ok() || !model::decode_canonical(*out, told)) return out;
    answer(told);
    return model::encode(told);
  }
};

class Attacks : public testing::Care {
 protected:
  void SetUp() override {
    Care::SetUp();
    south_ = std::make_unique<demo::Persona>(live_->hospital(1));
    for (const auto& one : live_->node->custody().organisations()) {
      ASSERT_TRUE(one->desk().tell_agreement_key().ok());
    }
    tokens_ = std::make_unique<gateway::auth::Tokens>(port());
    desk_ = std::make_unique<LyingDesk>(live_->node->custody(), *tokens_, peer::Exchange{},
                                        peer::CopySettings{});
  }
  void TearDown() override {
    desk_.reset();
    tokens_.reset();
    south_.reset();
    Care::TearDown();
  }
  [[nodiscard]] const custody::LedgerPort& port() { return live_->node->custody().port(); }
  [[nodiscard]] custody::Organisation& of(std::size_t which) {
    return *live_->node->custody().find(live_->organisations[which]);
  }

  /// The sign-in of somebody at the organisation that they work for.
  custody::Ask asked_by(demo::Persona& who, std::size_t organisation = 1) {
    custody::Ask out;
    const model::Id& at = live_->organisations[organisation];
    const auto request =
        who.session->sign_in_request(at, {static_cast<std::uint32_t>(identity::Role::physician)});
    EXPECT_TRUE(request.ok());
    client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
    EXPECT_EQ(http.send("POST", "/auth/v1/tokens", "application/json", *request)->status, 201U);
    const auto document = json::parse(*request, {});
    const auto text = [&](const char* name) {
      return std::string(document->root().find(name).as_string().value_or(""));
    };
    gateway::auth::Tokens::Answer answer;
    answer.challenge = text("challenge");
    answer.organisation = at;
    EXPECT_TRUE(from_hex(text("key_id"), answer.key_id));
    EXPECT_TRUE(from_base64(text("signature"), answer.signature));
    const auto principal = tokens_->signed_in_elsewhere(answer);
    EXPECT_TRUE(principal.ok());
    if (principal.ok()) out.principal = *principal;
    out.purpose = contracts::consent::PurposeOfUse::treatment;
    out.action = contracts::consent::Action::read;
    return out;
  }
  peer::Gathered gathered(const custody::Ask& ask, const model::Id& patient) {
    return peer::gather_from(*desk_, of(1), port(), ask, {live_->organisations[0], patient}, {});
  }
  peer::Gathered gathered(const custody::Ask& ask) { return gathered(ask, patient_did_); }
  /// Nothing came, for this reason.
  static void expect_missing(const peer::Gathered& out, ErrorCode code, std::string_view why = "") {
    EXPECT_TRUE(out.records.empty()) << why;
    ASSERT_TRUE(out.missing.has_value()) << why;
    EXPECT_EQ(out.missing->code, code) << why << ": " << out.missing->text();
    EXPECT_NE(out.missing->text().find(why), std::string::npos)
        << why << ": " << out.missing->text();
  }
  /// Sessions of South's about Ann on the ledger.
  std::size_t sessions() {
    std::size_t out = 0;
    const auto state = port().ledger().state();
    state->scan({}, {}, UINT32_MAX, [&](ByteView key, ByteView) {
      out +=
          key.size() == 2 + limits::id_bytes && key[0] == access::contract_number && key[1] == 's';
      return true;
    });
    return out;
  }

  std::unique_ptr<demo::Persona> south_;
  std::unique_ptr<gateway::auth::Tokens> tokens_;
  std::unique_ptr<LyingDesk> desk_;
};

/// Another patient of the custodian who shares everything with the same hospital.
class TwoWhoShare : public Attacks {
 protected:
  void SetUp() override {
    Attacks::SetUp();
    ann_ = std::make_unique<demo::Persona>(patient());
    share(*ann_, {"Observation"});
    ASSERT_EQ(north_->put("Patient/p2", patient_json("p2", "Bob")).status, 201U);
    ASSERT_EQ(north_->put("Observation/b1", observation_json("b1", "p2")).status, 201U);
    auto did = demo::pseudonym_of(*north_->who().session, live_->organisations[0], "p2");
    ASSERT_TRUE(did.ok());
    bob_did_ = *did;
    auto bob = live_->cast().patient(north_->who(), "bob", bob_did_);
    ASSERT_TRUE(bob.ok());
    std::swap(patient_did_, bob_did_);
    share(*bob, {"Observation"});
    std::swap(patient_did_, bob_did_);
    doctor_ = std::make_unique<demo::Persona>(live_->doctor(*south_, "ward"));
    ask_ = asked_by(*doctor_);
  }
  void TearDown() override {
    ann_.reset();
    doctor_.reset();
    Attacks::TearDown();
  }
  /// What comes when the custodian changes its pages like this.
  peer::Gathered lied(const std::function<void(FetchAnswer&)>& change) {
    desk_->answer = [&](FetchAnswer& told) {
      if (told.body().empty()) change(told);
    };
    peer::Gathered out = gathered(ask_);
    desk_->answer = {};
    return out;
  }
  /// The page with everything that the custodian gives of somebody.
  FetchAnswer page_of(const model::Id& patient) {
    FetchAnswer out;
    desk_->answer = [&](FetchAnswer& told) { out = told; };
    EXPECT_FALSE(gathered(ask_, patient).missing.has_value());
    desk_->answer = {};
    return out;
  }

  model::Id bob_did_;
  std::unique_ptr<demo::Persona> ann_;
  std::unique_ptr<demo::Persona> doctor_;
  custody::Ask ask_;
};

TEST_F(TwoWhoShare, NothingIsTakenFromACustodianThatTheLedgerDoesNotHave) {
  constexpr ErrorCode code = ErrorCode::peer_answer_untrusted;
  ASSERT_EQ(lied([](FetchAnswer&) {}).records.size(), 2U);  // as it is
  const FetchAnswer bobs = page_of(bob_did_);
  ASSERT_EQ(bobs.pieces_size(), 1);
  expect_missing(lied([&](FetchAnswer& told) { *told.mutable_pieces(0) = bobs.pieces(0); }), code,
                 "a record that the ledger does not have");
  expect_missing(lied([&](FetchAnswer& told) {
                   told.mutable_pieces(0)->set_ciphertext(bobs.pieces(0).ciphertext());
                 }),
                 code, "another ciphertext");
  expect_missing(
      lied([](FetchAnswer& told) { told.mutable_pieces(0)->mutable_ciphertext()->back() ^= 1; }),
      code, "another ciphertext");
  expect_missing(
      lied([](FetchAnswer& told) {
        told.mutable_pieces(0)->mutable_wrap()->swap(*told.mutable_pieces(1)->mutable_wrap());
      }),
      code, "a key that opens nothing");
  expect_missing(lied([](FetchAnswer& told) { told.mutable_pieces(0)->mutable_wrap()->clear(); }),
                 code, "a key that opens nothing");
  expect_missing(lied([](FetchAnswer& told) { told.mutable_pieces(0)->set_version(7); }), code,
                 "a record that the ledger does not have");
  // Outside the ledger's sight: under no session, another patient's, none of this requester.
  expect_missing(lied([](FetchAnswer& told) { told.clear_session(); }), code, "no session");
  expect_missing(lied([&](FetchAnswer& told) { told.set_session(bobs.session()); }), code,
                 "no session");
  expect_missing(lied([](FetchAnswer& told) {
                   told.set_session(client::bytes_of(client::random_id().bytes));
                 }),
                 code, "no session");
}

TEST_F(TwoWhoShare, AVersionThatWasReplacedIsNotTaken) {
  const FetchAnswer before = page_of(patient_did_);
  std::string replaced;
  for (const auto& piece : before.pieces()) {
    const auto entry = custodian().stores().index().current("Observation", "o1");
    ASSERT_TRUE(entry.ok());
    if (piece.record() == client::bytes_of(entry->record.bytes)) replaced = piece.record();
  }
  ASSERT_FALSE(replaced.empty());
  ASSERT_EQ(north_->put("Observation/o1", observation_json("o1", "p1", "9.9")).status, 200U);
  const auto old_page = [&](FetchAnswer& told) {
    for (const auto& piece : before.pieces()) {
      if (piece.record() == replaced) *told.mutable_pieces(0) = piece;
    }
    while (told.pieces_size() > 1) told.mutable_pieces()->RemoveLast();
  };
  live_->clock.shift_ms(3 * 60 * 1000);
  ASSERT_EQ(lied([](FetchAnswer&) {}).records.size(), 2U);
  expect_missing(lied(old_page), ErrorCode::peer_answer_untrusted, "a version that was replaced");
}

/// The message of a session's body, changed.
std::string with_session(const FetchAnswer& told, const std::function<void(OpenSession&)>& change) {
  const Bytes some(64, 1);
  auto whole =
      model::decode_transaction(model::encode_transaction(view_of(told.body()), {some, some}));
  EXPECT_TRUE(whole.ok());
  OpenSession session;
  EXPECT_TRUE(model::decode_canonical(whole->body.messages[0].payload, session));
  change(session);
  whole->body.messages[0].payload = model::encode(session);
  return client::bytes_of(model::encode_body(whole->body));
}

TEST_F(TwoWhoShare, NothingIsSignedButTheSessionThatWasAskedFor) {
  const auto proposed = [&](const std::function<void(FetchAnswer&)>& change) {
    desk_->answer = [&](FetchAnswer& told) {
      if (!told.body().empty()) change(told);
    };
    peer::Gathered out = gathered(ask_);
    desk_->answer = {};
    EXPECT_EQ(sessions(), 0U);
    return out;
  };
  const auto refused = [&](const std::function<void(FetchAnswer&)>& change, const char* why) {
    expect_missing(proposed(change), ErrorCode::session_proposal_refused, why);
  };
  const auto session = [](const std::function<void(OpenSession&)>& change) {
    return [change](FetchAnswer& told) { told.set_body(with_session(told, change)); };
  };
  refused(session([&](OpenSession& one) { one.set_patient(client::bytes_of(bob_did_.bytes)); }),
          "session");
  refused(session([](OpenSession& one) { one.set_requester(one.patient()); }), "session");
  refused(session([](OpenSession& one) { one.set_ends_ms(one.ends_ms() + 3'600'000); }), "session");
  refused(session([](OpenSession& one) { one.set_emergency(one.session()); }), "session");
  refused(session([](OpenSession& one) { one.mutable_decision()->back() ^= 1; }), "decision");
  const auto details = [](const std::function<void(AccessDetails&)>& change) {
    return [change](FetchAnswer& told) {
      AccessDetails one;
      EXPECT_TRUE(model::decode_canonical(view_of(told.details()), one));
      change(one);
      told.set_details(client::bytes_of(model::encode(one)));
      told.set_body(with_session(told, [&](OpenSession& opened) {
        opened.set_decision(access::details_commitment(view_of(told.details())));
      }));
    };
  };
  refused(details([](AccessDetails& one) { one.set_purpose(one.purpose() + 1); }), "decision");
  refused(details([](AccessDetails& one) { one.add_roles(8); }), "decision");
  refused(details([](AccessDetails& one) { one.set_requester(one.organisation()); }), "decision");
  refused(details([](AccessDetails& one) { one.set_patient(one.requester()); }), "decision");
  refused(details([](AccessDetails& one) { one.mutable_sign_in()->set_challenge("other"); }),
          "decision");
  // An organisation's signature under something else: a patient registered in its name.
  refused(
      [&](FetchAnswer& told) {
        const Bytes some(64, 1);
        auto whole = model::decode_transaction(
            model::encode_transaction(view_of(told.body()), {some, some}));
        xinglin::identity::v1::RegisterPatient other;
        other.set_custodian(client::bytes_of(live_->organisations[1].bytes));
        other.set_patient(client::bytes_of(client::random_id().bytes));
        whole->body.messages.push_back(
            client::message_to(identity::contract_number, identity::register_patient_type, other));
        told.set_body(client::bytes_of(model::encode_body(whole->body)));
      },
      "message");
  refused(
      [&](FetchAnswer& told) {
        const Bytes some(64, 1);
        auto whole = model::decode_transaction(
            model::encode_transaction(view_of(told.body()), {some, some}));
        whole->body.signers[1] = custody::signer_of(doctor_->session->identity().key);
        told.set_body(client::bytes_of(model::encode_body(whole->body)));
      },
      "signers");
  EXPECT_EQ(gathered(ask_).records.size(), 2U);
  EXPECT_EQ(sessions(), 1U);
}

TEST_F(TwoWhoShare, ASessionIsOfWhoSignedInAndOfNobodyElse) {
  // The other side keeps what it signed and sends it again, for others, about others, later.
  Fetch kept;
  desk_->question = [&](Fetch& asked) {
    if (!asked.body().empty()) kept = asked;
  };
  ASSERT_EQ(gathered(ask_).records.size(), 2U);
  desk_->question = {};
  ASSERT_FALSE(kept.body().empty());
  EXPECT_EQ(sessions(), 1U);
  const auto given = [&](const std::function<void(Fetch&)>& change, std::string& proposed) {
    Fetch asked = kept;
    change(asked);
    const auto raw =
        desk_->ask(of(1), live_->organisations[0], peer::PeerKind::fetch, model::encode(asked));
    FetchAnswer told;
    EXPECT_TRUE(!raw.ok() || model::decode_canonical(*raw, told));
    proposed = told.body();
    return raw.ok() ? told.pieces_size() : -static_cast<int>(raw.error().code);
  };
  std::string proposed;
  EXPECT_EQ(given([](Fetch&) {}, proposed), 2);  // the session runs: it is used again
  EXPECT_EQ(sessions(), 1U);
  demo::Persona other = live_->doctor(*south_, "other");
  const custody::Ask theirs = asked_by(other);
  EXPECT_EQ(given(
                [&](Fetch& asked) {
                  asked.set_key(client::bytes_of(theirs.principal.key_id));
                  asked.set_challenge(theirs.principal.sign_in.challenge);
                  asked.set_signature(client::bytes_of(theirs.principal.sign_in.signature));
                },
                proposed),
            0);
  EXPECT_FALSE(proposed.empty()) << "a session of its own";
  EXPECT_EQ(
      given([&](Fetch& asked) { asked.set_patient(client::bytes_of(bob_did_.bytes)); }, proposed),
      0);
  EXPECT_FALSE(proposed.empty());
  constexpr int refused = -static_cast<int>(ErrorCode::sign_in_refused);
  EXPECT_EQ(given([](Fetch& asked) { asked.mutable_signature()->back() ^= 1; }, proposed), refused);
  EXPECT_EQ(given([](Fetch& asked) { asked.set_challenge("made up"); }, proposed), refused);
  // A sign-in at the custodian itself, or of the patient, is none of the other organisation's.
  demo::Persona northern = live_->doctor(north_->who(), "li");
  const custody::Ask at_north = asked_by(northern, 0);
  EXPECT_EQ(given(
                [&](Fetch& asked) {
                  asked.set_key(client::bytes_of(at_north.principal.key_id));
                  asked.set_challenge(at_north.principal.sign_in.challenge);
                  asked.set_signature(client::bytes_of(at_north.principal.sign_in.signature));
                },
                proposed),
            refused);
  EXPECT_EQ(sessions(), 1U);
  // Its patient ends the session: what was signed for it opens nothing again.
  const auto found =
      access::unsealed_sessions_of(*port().ledger().state(), live_->organisations[0], 8);
  ASSERT_EQ(found.size(), 1U);
  xinglin::access::v1::EndSession end;
  end.set_session(client::bytes_of(found[0].bytes));
  ASSERT_TRUE(
      ann_->session->submit(access::contract_number, access::end_session_type, end)->applied());
  EXPECT_EQ(given([](Fetch&) {}, proposed), 0);
  EXPECT_FALSE(proposed.empty());
  EXPECT_NE(proposed, kept.body());
}

TEST_F(TwoWhoShare, WhatEndsMidSessionEndsTheReading) {
  ASSERT_EQ(gathered(ask_).records.size(), 2U);
  const auto reads = [&](const custody::Ask& ask) {
    const auto out = gathered(ask);
    return out.missing ? out.missing->code : ErrorCode{};
  };
  // The key that signed in is ended by its owner.
  xinglin::identity::v1::EndDelegation end;
  end.set_key(client::bytes_of(ask_.principal.key_id));
  ASSERT_TRUE(
      doctor_->session->submit(identity::contract_number, identity::end_delegation_type, end)
          ->applied());
  EXPECT_EQ(reads(ask_), ErrorCode::sign_in_refused);
  // The role is withdrawn by the employer.
  const custody::Ask again = asked_by(*doctor_);
  ASSERT_EQ(gathered(again).records.size(), 2U);
  xinglin::identity::v1::RevokeAttestation withdrawn;
  withdrawn.set_organisation(client::bytes_of(live_->organisations[1].bytes));
  withdrawn.set_practitioner(client::bytes_of(doctor_->did().bytes));
  ASSERT_TRUE(south_->session
                  ->submit(identity::contract_number, identity::revoke_attestation_type, withdrawn)
                  ->applied());
  EXPECT_EQ(reads(again), ErrorCode::sign_in_refused);
}

/// Whoever holds a key that its organisation replaced neither asks in its name nor goes on under a
/// session that was opened with it.
TEST_F(TwoWhoShare, AKeyThatWasReplacedSpeaksForNobody) {
  ASSERT_EQ(gathered(ask_).records.size(), 2U);
  const auto open =
      access::unsealed_sessions_of(*port().ledger().state(), live_->organisations[0], 8);
  ASSERT_EQ(open.size(), 1U);
  const auto fresh = crypto::SigningKey::generate(crypto::Algorithm::ed25519);
  ASSERT_TRUE(fresh.ok());
  const client::Identity& who = south_->session->identity();
  xinglin::identity::v1::RotateKey message;
  message.set_party(client::bytes_of(who.did.bytes));
  message.set_old_key(
      client::bytes_of(model::key_id_of(who.key.algorithm(), who.key.public_key())));
  client::fill_new_key(port().ledger().genesis().network, who.did, *fresh,
                       contracts::purpose_sign | contracts::purpose_manage, 0,
                       *message.mutable_key());
  ASSERT_TRUE(south_->session->submit(identity::contract_number, identity::rotate_key_type, message)
                  ->applied());
  EXPECT_FALSE(access::session_is_live(*port().ledger().state(), open[0], live_->clock.now_ms()));
  expect_missing(gathered(ask_), ErrorCode::peer_request_refused);
}

}  // namespace
}  // namespace xl::node
