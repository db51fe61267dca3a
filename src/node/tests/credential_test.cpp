// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a credential is offered, taken, shown and checked as OID4VCI and OID4VP say, by the ledger
// alone; what is revoked, suspended, replayed or somebody else's is refused. Method: a real node
// asked over HTTP by issuers, wallets and strangers.
#include <gtest/gtest.h>

#include "client/evidence.h"
#include "client/openid.h"
#include "contracts/credentials/messages.pb.h"
#include "contracts/credentials/records.h"
#include "credentials/check.h"
#include "credentials/did.h"
#include "credentials/zip.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

namespace ledger = contracts::credentials;
using credentials::Standing;
using testing::LiveNode;
using testing::parsed;

constexpr const char* role_body =
    R"({"type":"Role","claims":{"role":"physician","organisation_name":"North",)"
    R"("given_name":"Mei","family_name":"Li"},"valid_days":10)";

class Credential : public ::testing::Test {
 protected:
  void SetUp() override {
    live_ = std::make_unique<LiveNode>("credential");
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    north_ = std::make_unique<demo::Persona>(live_->hospital(0));
    south_ = std::make_unique<demo::Persona>(live_->hospital(1));
  }
  void TearDown() override {
    north_.reset();
    south_.reset();
    live_.reset();
  }

  [[nodiscard]] std::string base() const {
    return "http://127.0.0.1:" + std::to_string(live_->node->port());
  }
  [[nodiscard]] std::string house(std::size_t which = 0) const {
    return "/o/" + live_->organisations[which].text();
  }
  [[nodiscard]] client::Connect connect() const {
    return [](const std::string& url) -> Result<client::HttpClient> {
      XL_TRY_ASSIGN(client::NodeAddress address, client::parse_node_url(url));
      return client::HttpClient(std::move(address));
    };
  }
  client::HttpResponse plain(const std::string& method, const std::string& target,
                             std::string_view type = {}, std::string_view body = {},
                             std::map<std::string, std::string> headers = {}) {
    client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
    auto answer = http.send(method, target, type, body, headers);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? std::move(*answer) : client::HttpResponse{};
  }
  client::HttpResponse ask(demo::Persona& who, const std::string& method, const std::string& target,
                           const std::string& body = {}) {
    auto answer = who.session->ask(method, target, body.empty() ? "" : "application/json", body);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? std::move(*answer) : client::HttpResponse{};
  }
  static std::string text(const client::HttpResponse& answer, std::string_view name) {
    return std::string(parsed(answer).root().find(name).as_string().value_or(""));
  }
  /// Issues a credential for `holder` directly.
  client::HttpResponse issue(const crypto::SigningKey& holder,
                             const std::string& body = role_body) {
    json::Writer jwk;
    credentials::write_jwk(jwk, credentials::public_half(holder));
    return ask(*north_, "POST", house() + "/credentials/issued",
               body + ",\"holder\":" + jwk.take() + "}");
  }
  client::Sent change(const json::Document& issued, const char* list, bool set,
                      demo::Persona& who) {
    xinglin::credentials::v1::ChangeStatus message;
    message.set_list(client::bytes_of(
        model::id_from_text(issued.root().find(list).as_string().value_or(""))->bytes));
    message.add_indexes(static_cast<std::uint32_t>(*issued.root().find("index").as_uint64()));
    message.set_set(set);
    return *who.session->submit(ledger::contract_number, ledger::change_status_type, message);
  }
  /// How a credential stands by what an offline verifier fetched.
  Result<credentials::Checked> checked(const std::string& credential) {
    XL_TRY_ASSIGN(const credentials::SdJwt split, credentials::split_sd_jwt(credential));
    client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
    XL_TRY_ASSIGN(const auto evidence, client::fetch_evidence(http, split, false));
    XL_TRY_ASSIGN(const model::Genesis* genesis, north_->session->genesis());
    client::ProvedState state(*genesis);
    for (const json::Document& one : evidence) XL_TRY(state.take(one.root()));
    as_of_ms_ = state.status_as_of_ms();
    return credentials::check_credential(split, state, {live_->clock.now_ms(), false});
  }

  std::unique_ptr<LiveNode> live_;
  std::unique_ptr<demo::Persona> north_;
  std::unique_ptr<demo::Persona> south_;
  std::uint64_t as_of_ms_ = 0;
};

crypto::SigningKey fresh_key(crypto::Algorithm algorithm = crypto::Algorithm::ed25519) {
  return std::move(*crypto::SigningKey::generate(algorithm));
}

TEST_F(Credential, IsValidThenSuspendedRestoredAndRevokedForWhoeverHasTheProofs) {
  const crypto::SigningKey holder = fresh_key(crypto::Algorithm::p256);
  const auto made = issue(holder);
  ASSERT_EQ(made.status, 201U) << made.body;
  const json::Document entry = parsed(made);
  const std::string credential = text(made, "credential");
  auto seen = checked(credential);
  ASSERT_TRUE(seen.ok()) << seen.error().text();
  EXPECT_EQ(seen->standing, Standing::valid);
  EXPECT_EQ(seen->issuer, live_->organisations[0]);
  EXPECT_EQ(seen->issuer_name, "North");
  EXPECT_EQ(seen->claims.root().find("family_name").as_string(), "Li");
  EXPECT_TRUE(credentials::same_key(*seen->holder, credentials::public_half(holder)));
  EXPECT_GT(as_of_ms_, 0U);
  EXPECT_TRUE(change(entry, "suspension_list", true, *north_).applied());
  EXPECT_EQ(checked(credential)->standing, Standing::suspended);
  EXPECT_TRUE(change(entry, "suspension_list", false, *north_).applied());
  EXPECT_EQ(checked(credential)->standing, Standing::valid);
  EXPECT_EQ(change(entry, "revocation_list", true, *south_).status_name, "organisation_missing");
  EXPECT_TRUE(change(entry, "revocation_list", true, *north_).applied());
  EXPECT_EQ(checked(credential)->standing, Standing::revoked);
  EXPECT_EQ(change(entry, "revocation_list", false, *north_).status_name, "revocation_final");
  const auto shown = ask(*north_, "GET", house() + "/credentials/issued/" + text(made, "id"));
  EXPECT_EQ(text(shown, "status"), "revoked");
  EXPECT_EQ(ask(*south_, "GET", house() + "/credentials/issued").status, 403U);
  live_->clock.shift_ms(11ULL * 24 * 60 * 60 * 1000);
  EXPECT_EQ(checked(text(issue(holder), "credential")).ok(), true);
}

TEST_F(Credential, OldEvidenceSaysWhatWasKnownThenAndWhen) {
  const auto made = issue(fresh_key());
  const std::string credential = text(made, "credential");
  const auto split = credentials::split_sd_jwt(credential);
  client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
  const auto kept = client::fetch_evidence(http, *split, false);
  ASSERT_TRUE(kept.ok());
  const std::string file = client::evidence_text(*kept);
  ASSERT_TRUE(change(parsed(made), "revocation_list", true, *north_).applied());
  const auto again = client::read_evidence_text(file);
  ASSERT_TRUE(again.ok());
  const auto genesis = north_->session->genesis();
  client::ProvedState old(**genesis);
  for (const json::Document& one : *again) ASSERT_TRUE(old.take(one.root()).ok());
  const auto then = credentials::check_credential(*split, old, {live_->clock.now_ms(), false});
  ASSERT_TRUE(then.ok());
  EXPECT_EQ(then->standing, Standing::valid);  // as of then: its age is shown
  const std::uint64_t then_ms = old.status_as_of_ms();
  EXPECT_EQ(checked(credential)->standing, Standing::revoked);
  EXPECT_GT(as_of_ms_, then_ms);
  // Without the lists nobody knows; with altered bits nothing is taken.
  client::ProvedState blind(**genesis);
  ASSERT_TRUE(blind.take(again->at(0).root()).ok());
  EXPECT_EQ(credentials::check_credential(*split, blind, {live_->clock.now_ms(), false})->standing,
            Standing::unknown);
  json::Document forged = json::Document::copy(again->at(1).root());
  Bytes bits(limits::status_entries_min / 8, 0);
  bits[5] = 1;
  forged.edit().set_string("bits", "u" + to_base64url(credentials::gzip(bits)));
  EXPECT_FALSE(client::ProvedState(**genesis).take(forged.root()).ok());
}

TEST_F(Credential, WhoIsNotAccreditedOrNotTheIssuerIsRefused) {
  const crypto::SigningKey holder = fresh_key();
  const std::string licence =
      R"({"type":"PhysicianLicence","claims":{"profession":"medicine","jurisdiction":"AT",)"
      R"("licence_number":"1","given_name":"Mei","family_name":"Li"})";
  const auto refused = issue(holder, licence);
  EXPECT_EQ(refused.status, 422U) << refused.body;
  EXPECT_EQ(text(refused, "code"), "XL4403");
  // A credential that the organisation's key signs behind the gateway's back counts as little.
  const std::string good = text(issue(holder), "credential");
  const auto split = credentials::split_sd_jwt(good);
  const auto token = credentials::read_jwt(split->issued, {65536, 16});
  std::string payload = json::write(token->payload.root());
  const std::size_t at = payload.find("types/role");
  payload.replace(at, 10, "types/physician-licence");
  const credentials::SdJwt forged{credentials::sign_jws(json::write(token->header.root()), payload,
                                                        north_->session->identity().key),
                                  {},
                                  {}};
  EXPECT_EQ(checked(forged.text()).error().code, ErrorCode::credential_issuer_unaccredited);
  // A stranger's key, another's kid, an altered text.
  const credentials::SdJwt stranger{
      credentials::sign_jws(json::write(token->header.root()), payload, holder), {}, {}};
  EXPECT_EQ(checked(stranger.text()).error().code, ErrorCode::credential_signature_invalid);
  std::string altered = good;
  altered[altered.find('.') + 20] ^= 1;
  EXPECT_FALSE(checked(altered).ok());
  EXPECT_EQ(
      ask(*south_, "POST", house() + "/credentials/offers", std::string(role_body) + "}").status,
      403U);
  EXPECT_EQ(plain("POST", house() + "/credentials/offers", "application/json",
                  std::string(role_body) + "}")
                .status,
            401U);
}

TEST_F(Credential, IsOfferedAndTakenOnceWithTheCode) {
  const auto made =
      ask(*north_, "POST", house() + "/credentials/offers", std::string(role_body) + "}");
  ASSERT_EQ(made.status, 201U) << made.body;
  const std::string code = text(made, "tx_code");
  EXPECT_EQ(code.size(), 6U);
  const auto offer = client::read_offer(connect(), text(made, "link"));
  ASSERT_TRUE(offer.ok()) << offer.error().text();
  EXPECT_EQ(offer->issuer, base() + house());
  EXPECT_EQ(offer->type, "Role");
  EXPECT_TRUE(offer->wants_tx_code);
  const crypto::SigningKey key = fresh_key();
  const auto wrong =
      client::accept_offer(connect(), *offer, code == "000000" ? "1" : "000000", key, live_->clock);
  EXPECT_EQ(wrong.error().code, ErrorCode::credential_grant_invalid);
  const auto taken = client::accept_offer(connect(), *offer, code, key, live_->clock);
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  EXPECT_EQ(checked(*taken)->standing, Standing::valid);
  EXPECT_FALSE(client::accept_offer(connect(), *offer, code, key, live_->clock).ok());
  // One that gives no code has not guessed; another organisation's name is not given out.
  const auto third =
      ask(*north_, "POST", house() + "/credentials/offers", std::string(role_body) + "}");
  const auto patient_offer = client::read_offer(connect(), text(third, "link"));
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(client::accept_offer(connect(), *patient_offer, "", key, live_->clock).error().code,
              ErrorCode::parameter_invalid);
  }
  EXPECT_TRUE(
      client::accept_offer(connect(), *patient_offer, text(third, "tx_code"), key, live_->clock)
          .ok());
  std::string foreign(role_body);
  foreign.replace(foreign.find("\"North\""), 7, "\"South\"");
  const auto misnamed = ask(*north_, "POST", house() + "/credentials/offers", foreign + "}");
  EXPECT_EQ(misnamed.status, 400U) << misnamed.body;
  EXPECT_NE(misnamed.body.find("XL4409"), std::string::npos) << misnamed.body;
  // Five wrong codes end an offer.
  const auto other =
      ask(*north_, "POST", house() + "/credentials/offers", std::string(role_body) + "}");
  const auto second = client::read_offer(connect(), text(other, "link"));
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(client::accept_offer(connect(), *second, "x", key, live_->clock).ok());
  }
  EXPECT_FALSE(
      client::accept_offer(connect(), *second, text(other, "tx_code"), key, live_->clock).ok());
  EXPECT_EQ(client::read_offer(connect(), text(other, "link")).ok(), false);
}

TEST_F(Credential, ProofsAreForOneNonceAndThisIssuer) {
  const auto token_for = [&] {
    const auto made = ask(*north_, "POST", house() + "/credentials/offers",
                          std::string(role_body) + ",\"tx_code\":false}");
    const auto offer = client::read_offer(connect(), text(made, "link"));
    const auto grant =
        plain("POST", house() + "/credentials/token", "application/x-www-form-urlencoded",
              "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code"
              "&pre-authorized_code=" +
                  offer->code);
    EXPECT_EQ(grant.status, 200U) << grant.body;
    return text(grant, "access_token");
  };
  const crypto::SigningKey key = fresh_key();
  const auto proof = [&](const std::string& aud, const std::string& nonce, std::uint64_t iat) {
    json::Writer header;
    header.begin_object().key("alg").string("EdDSA").key("typ").string("openid4vci-proof+jwt");
    header.key("kid").string(credentials::did_key_of(credentials::public_half(key)));
    json::Writer payload;
    payload.begin_object().key("aud").string(aud).key("nonce").string(nonce);
    payload.key("iat").unsigned_integer(iat);
    return credentials::sign_jws(header.end_object().take(), payload.end_object().take(), key);
  };
  const auto send = [&](const std::string& token, const std::string& jwt,
                        const std::string& type = "Role") {
    return plain(
        "POST", house() + "/credentials/credential", "application/json",
        R"({"credential_configuration_id":")" + type + R"(","proofs":{"jwt":[")" + jwt + R"("]}})",
        {{"Authorization", "Bearer " + token}});
  };
  const auto nonce = [&] { return text(plain("POST", house() + "/credentials/nonce"), "c_nonce"); };
  const std::string aud = base() + house();
  const std::uint64_t now_s = live_->clock.now_ms() / 1000;
  const std::string token = token_for();
  const auto word = [](const client::HttpResponse& answer) { return text(answer, "error"); };
  EXPECT_EQ(word(send(token, proof(aud, "made-up", now_s))), "invalid_nonce");
  EXPECT_EQ(word(send(token, proof(base() + house(1), nonce(), now_s))), "invalid_proof");
  EXPECT_EQ(word(send(token, proof(aud, nonce(), now_s - 3600))), "invalid_proof");
  EXPECT_EQ(word(send(token, "x")), "invalid_proof");
  EXPECT_EQ(word(send(token, proof(aud, nonce(), now_s), "Coverage")),
            "unknown_credential_configuration");
  EXPECT_EQ(send("none", proof(aud, nonce(), now_s)).status, 401U);
  const std::string used = nonce();
  const auto taken = send(token, proof(aud, used, now_s));
  ASSERT_EQ(taken.status, 200U) << taken.body;
  const json::Document answer = parsed(taken);
  const auto given = answer.root().find("credentials").at(0).find("credential").as_string();
  ASSERT_TRUE(given.has_value());
  EXPECT_TRUE(
      credentials::same_key(*checked(std::string(*given))->holder, credentials::public_half(key)));
  EXPECT_EQ(send(token, proof(aud, nonce(), now_s)).status, 401U);  // one credential
  EXPECT_EQ(word(send(token_for(), proof(aud, used, now_s))), "invalid_nonce");
}

/// A wallet in a file with one role credential, and a verifier's request for it.
class Presentation : public Credential {
 protected:
  void SetUp() override {
    Credential::SetUp();
    who_ = std::make_unique<client::Identity>(
        client::make_identity("mei", contracts::PartyKind::practitioner, live_->organisations[0]));
    auto wallet = client::Wallet::open(live_->root / "mei.wallet", *who_);
    ASSERT_TRUE(wallet.ok());
    const Bytes salt = client::Wallet::fresh_salt();
    const auto key = wallet->key_of(salt);
    made_ = issue(*key);
    ASSERT_EQ(made_.status, 201U) << made_.body;
    ASSERT_TRUE(wallet->add(text(made_, "credential"), salt).ok());
  }
  client::HttpResponse request(
      const std::string& body = R"({"type":"Role","claims":["role","family_name"]})") {
    return ask(*south_, "POST", house(1) + "/credentials/requests", body);
  }
  Result<client::RequestTold> told(const std::string& link) {
    client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
    return client::read_request(connect(), link, http, **north_->session->genesis(), live_->clock);
  }
  Result<std::string> presentation(const client::RequestTold& wanted) {
    XL_TRY_ASSIGN(const client::Wallet wallet,
                  client::Wallet::open(live_->root / "mei.wallet", *who_));
    return client::present_for(wanted, wanted.queries[0], wallet.all()[0], wallet, live_->clock);
  }
  json::Document result(const std::string& id) {
    return parsed(ask(*south_, "GET", house(1) + "/credentials/requests/" + id + "/result"));
  }

  std::unique_ptr<client::Identity> who_;
  client::HttpResponse made_;
};

TEST_F(Presentation, ShowsWhatWasAskedAndNothingElse) {
  const auto asked = request();
  ASSERT_EQ(asked.status, 201U) << asked.body;
  const auto wanted = told(text(asked, "link"));
  ASSERT_TRUE(wanted.ok()) << wanted.error().text();
  EXPECT_EQ(wanted->verifier, live_->organisations[1]);
  const auto shown = presentation(*wanted);
  ASSERT_TRUE(shown.ok());
  EXPECT_EQ(result(text(asked, "id")).root().find("answered").as_bool(), false);
  ASSERT_TRUE(client::answer_request(connect(), *wanted, {*shown}).ok());
  const json::Document answer = result(text(asked, "id"));
  EXPECT_EQ(answer.root().find("answered").as_bool(), true);
  const json::Value one = answer.root().find("presented").at(0);
  EXPECT_EQ(one.find("status").as_string(), "valid");
  EXPECT_EQ(one.find("issuer_name").as_string(), "North");
  EXPECT_EQ(one.find("claims").find("family_name").as_string(), "Li");
  EXPECT_FALSE(one.find("claims").find("given_name").present());
  EXPECT_NE(one.find("status_as_of_ms").as_string().value_or("0"), "0");
  // Again, or for another request: refused.
  EXPECT_EQ(client::answer_request(connect(), *wanted, {*shown}).error().code,
            ErrorCode::presentation_replayed);
  const auto other = told(text(request(), "link"));
  EXPECT_EQ(client::answer_request(connect(), *other, {*shown}).error().code,
            ErrorCode::credential_holder_unproved);
  // The result is for who asked.
  EXPECT_EQ(ask(*north_, "GET", house(1) + "/credentials/requests/" + text(asked, "id") + "/result")
                .status,
            403U);
}

TEST_F(Presentation, AWalletThatDeclinesIsHeard) {
  const auto asked = request();
  const auto wanted = told(text(asked, "link"));
  ASSERT_TRUE(wanted.ok());
  client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
  const auto say = [&](const std::string& error, const std::string& state) {
    const std::string& uri = wanted->response_uri;
    auto answer =
        http.send("POST", uri.substr(uri.find("/o/")), "application/x-www-form-urlencoded",
                  "error=" + error + "&state=" + state);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? answer->status : 0U;
  };
  EXPECT_EQ(say("access_denied", "another"), 400U);
  EXPECT_EQ(say("<script>", wanted->state), 400U);
  EXPECT_FALSE(result(text(asked, "id")).root().find("answered").as_bool().value_or(true));
  EXPECT_EQ(say("access_denied", wanted->state), 200U);
  const auto told = result(text(asked, "id"));
  EXPECT_EQ(told.root().find("answered").as_bool(), true);
  EXPECT_EQ(told.root().find("declined").as_string(), "access_denied");
  EXPECT_EQ(told.root().find("presented").size(), 0U);
  EXPECT_EQ(say("access_denied", wanted->state), 409U) << "once";
}

TEST_F(Presentation, WhatDoesNotFitIsRefusedAndTheRequestStaysOpen) {
  const auto asked = request();
  const auto wanted = told(text(asked, "link"));
  ASSERT_TRUE(wanted.ok());
  client::RequestTold less = *wanted;
  less.queries[0].claims = {"role"};
  EXPECT_EQ(client::answer_request(connect(), *wanted, {*presentation(less)}).error().code,
            ErrorCode::credential_claim_hidden);
  client::RequestTold lost = *wanted;
  lost.state = "another";
  EXPECT_EQ(client::answer_request(connect(), lost, {*presentation(*wanted)}).error().code,
            ErrorCode::presentation_invalid);
  client::RequestTold unbound = *wanted;
  unbound.nonce = "another";
  EXPECT_EQ(client::answer_request(connect(), *wanted, {*presentation(unbound)}).error().code,
            ErrorCode::credential_holder_unproved);
  const auto other_type = told(text(request(R"({"type":"Coverage"})"), "link"));
  EXPECT_EQ(
      client::answer_request(connect(), *other_type, {*presentation(*other_type)}).error().code,
      ErrorCode::presentation_invalid);
  ASSERT_TRUE(change(parsed(made_), "revocation_list", true, *north_).applied());
  ASSERT_TRUE(client::answer_request(connect(), *wanted, {*presentation(*wanted)}).ok());
  EXPECT_EQ(result(text(asked, "id")).root().find("presented").at(0).find("status").as_string(),
            "revoked");  // a verifier is told how it stands
}

TEST_F(Presentation, QueriesThatAreNotOfferedAreRefusedByName) {
  for (const char* query :
       {R"({"credentials":[]})", R"({"credentials":[{"id":"a","format":"mso_mdoc"}]})",
        R"({"credentials":[{"id":"a","format":"dc+sd-jwt","meta":{"vct_values":["x"]}}],)"
        R"("credential_sets":[]})",
        R"({"credentials":[{"id":"a","format":"dc+sd-jwt","meta":{"vct_values":["x"]},)"
        R"("claims":[{"path":["a"],"values":[1]}]}]})",
        R"({"credentials":[{"id":"a","format":"dc+sd-jwt","meta":{"vct_values":["x"]},)"
        R"("multiple":true}]})"}) {
    const auto answer = request(std::string(R"({"dcql_query":)") + query + "}");
    EXPECT_EQ(answer.status, 400U) << query;
    EXPECT_EQ(text(answer, "code"), "XL4428") << query;
  }
}

TEST_F(Credential, MetadataTypesAndListsAreServedAsTheStandardsSay) {
  const auto issuer = plain("GET", "/.well-known/openid-credential-issuer" + house());
  ASSERT_EQ(issuer.status, 200U) << issuer.body;
  const json::Document metadata = parsed(issuer);
  EXPECT_EQ(metadata.root().find("credential_issuer").as_string(), base() + house());
  const json::Value configurations = metadata.root().find("credential_configurations_supported");
  EXPECT_TRUE(configurations.find("Role").present());
  EXPECT_FALSE(configurations.find("PhysicianLicence").present());  // not accredited
  const auto vct = configurations.find("Role").find("vct").as_string();
  ASSERT_TRUE(vct && vct->starts_with(base()));
  const auto type = plain("GET", std::string(vct->substr(base().size())));
  EXPECT_EQ(text(type, "vct"), *vct);
  EXPECT_EQ(parsed(type).root().find("claims").size(), 5U);
  const auto made = issue(fresh_key());
  ASSERT_TRUE(change(parsed(made), "revocation_list", true, *north_).applied());
  const auto list =
      plain("GET", house() + "/credentials/status-lists/" + text(made, "revocation_list"));
  EXPECT_EQ(list.headers.at("content-type"), "application/vc+jwt");
  const auto token = credentials::read_jwt(list.body, {1U << 20U, 16});
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->type(), "vc+jwt");
  EXPECT_TRUE(
      credentials::verify(*token, credentials::public_half(north_->session->identity().key)));
  const json::Value subject = token->payload.root().find("credentialSubject");
  EXPECT_EQ(subject.find("statusPurpose").as_string(), "revocation");
  const auto bits = credentials::decoded_list(subject.find("encodedList").as_string().value_or(""));
  ASSERT_TRUE(bits.ok());
  EXPECT_TRUE(credentials::bit_at(
      *bits, static_cast<std::uint32_t>(*parsed(made).root().find("index").as_uint64())));
  // The entries of a second credential are others, in the same lists.
  const auto second = parsed(issue(fresh_key()));
  EXPECT_EQ(second.root().find("revocation_list").as_string(), text(made, "revocation_list"));
  EXPECT_NE(second.root().find("index").as_uint64(), parsed(made).root().find("index").as_uint64());
}

}  // namespace
}  // namespace xl::node
