// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a request's Host header decides nothing that anybody believes: no audience, issuer, rpId,
// nor where people are sent. Method: a real node over HTTP, asked by names that are not its own.
#include "node/tests/smart.h"

namespace xl::node {
namespace {

using testing::Fields;
using testing::form_text;
using testing::HttpResponse;
using testing::LiveNode;
using testing::Smart;
using testing::text_of_member;

/// A backend service that sends a fresh assertion for whatever audience.
class SmartHost : public Smart {
 protected:
  static void SetUpTestSuite() {
    Smart::SetUpTestSuite();
    add_service();
  }
  static void add_service() {
    key_ = std::make_unique<crypto::SigningKey>(
        *crypto::SigningKey::generate(crypto::Algorithm::p256));
    EXPECT_EQ(add_client(R"({"client_id":"feed","client_name":"Feed","scope":"system/*.rs",
      "jwks":{"keys":[)" +
                         credentials::jwk_text(*key_, "k1") + "]}}")
                  .status,
              201U);
  }
  static HttpResponse tokens_for(const std::string& audience, const std::string& host) {
    json::Writer out;
    out.begin_object().key("iss").string("feed").key("sub").string("feed");
    out.key("aud").string(audience).key("jti").string(custody::random_id().text()).key("exp");
    out.unsigned_integer(live_->clock.now_ms() / 1000 + 100).end_object();
    return post(
        "token",
        {{"grant_type", "client_credentials"},
         {"scope", "system/*.rs"},
         {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
         {"client_assertion", credentials::make_jwt(out.take(), *key_, "k1")}},
        {{"Host", host}});
  }
  static std::string url_of(const std::string& host) { return "http://" + host + house(); }
  static std::string port() { return ":" + std::to_string(live_->node->port()); }
  static inline std::unique_ptr<crypto::SigningKey> key_;
};

TEST_F(SmartHost, AnAssertionIsForThisServerAndNoOther) {
  const std::string evil = "evil.example" + port();
  // Another server was sent it, and passes it on under its own name.
  const HttpResponse passed_on = tokens_for(url_of(evil) + "/oauth/token", evil);
  EXPECT_GE(passed_on.status, 400U) << passed_on.body;
  EXPECT_EQ(text_of_member(passed_on, "error"), "invalid_request");
  EXPECT_NE(passed_on.body.find("XL4017"), std::string::npos) << passed_on.body;
  const std::string here = "127.0.0.1" + port();
  EXPECT_EQ(tokens_for(url_of(evil) + "/oauth/token", here).status, 401U);
  EXPECT_EQ(tokens_for(url_of(here) + "/oauth/introspect", here).status, 401U);
  EXPECT_EQ(tokens_for(url_of(here) + "/oauth/token", here).status, 200U);
  EXPECT_EQ(tokens_for(url_of(here) + "/fhir", here).status, 200U);  // the issuer
  EXPECT_EQ(tokens_for(url_of(local_host()) + "/oauth/token", local_host()).status, 200U);
}

TEST_F(SmartHost, NothingIsPromisedByAnotherName) {
  Browser browser;
  const std::string authorize = house() + "/oauth/authorize?" + form_text(browser.request);
  const std::string configuration = house() + "/fhir/.well-known/smart-configuration";
  for (const std::string& host :
       {std::string("evil.example"), "evil.example" + port(), std::string("127.0.0.1:1"),
        std::string("127.0.0.1"), "127.0.0.1.evil.example" + port(), "localhost.evil" + port(),
        "10.0.0.1" + port(), "x@127.0.0.1" + port()}) {
    const HttpResponse told = send("GET", configuration, {}, {}, {{"Host", host}});
    EXPECT_EQ(told.status, 421U) << host;
    EXPECT_EQ(told.body.find("evil"), std::string::npos) << told.body;
    const HttpResponse begun = send("GET", authorize, {}, {}, {{"Host", host}});
    EXPECT_EQ(begun.status, 421U) << host;
    EXPECT_EQ(begun.headers.count("set-cookie"), 0U);
    EXPECT_EQ(begun.headers.count("location"), 0U);
    EXPECT_EQ(send("GET", house() + "/oauth/passkey", {}, {}, {{"Host", host}}).status, 421U);
    const HttpResponse capable = send("GET", house() + "/fhir/metadata", {}, {}, {{"Host", host}});
    EXPECT_EQ(capable.status, 200U);
    EXPECT_EQ(capable.body.find("oauth-uris"), std::string::npos) << host;
  }
  for (const std::string& host : {"127.0.0.1" + port(), "LocalHost" + port(), "[::1]" + port()}) {
    const HttpResponse told = send("GET", configuration, {}, {}, {{"Host", host}});
    EXPECT_EQ(told.status, 200U) << host;
  }
  EXPECT_EQ(text_of_member(send("GET", configuration, {}, {}, {{"Host", "LOCALHOST" + port()}}),
                           "issuer"),
            url_of(local_host()) + "/fhir");
}

/// Behind a proxy, by a name of its own.
class SmartPublicUrl : public SmartHost {
 protected:
  static void SetUpTestSuite() {
    live_ = std::make_unique<LiveNode>("smart-public");
    live_->configure = [](Config& config) { config.public_url = "https://records.example"; };
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    fill();
    add_service();
  }
};

TEST_F(SmartPublicUrl, IsTheOnlyName) {
  const std::string ours = "https://records.example" + house();
  for (const std::string& host :
       {std::string("records.example"), std::string("evil.example"), "127.0.0.1" + port()}) {
    EXPECT_EQ(tokens_for(ours + "/oauth/token", host).status, 200U) << host;
    EXPECT_EQ(tokens_for(ours + "/fhir", host).status, 200U) << host;
    EXPECT_EQ(tokens_for(url_of(host) + "/oauth/token", host).status, 401U) << host;
    EXPECT_EQ(tokens_for("https://" + host + "/oauth/token", host).status, 401U) << host;
    const HttpResponse told =
        send("GET", house() + "/fhir/.well-known/smart-configuration", {}, {}, {{"Host", host}});
    EXPECT_EQ(text_of_member(told, "issuer"), ours + "/fhir");
    EXPECT_EQ(text_of_member(told, "token_endpoint"), ours + "/oauth/token");
  }
}

}  // namespace
}  // namespace xl::node
