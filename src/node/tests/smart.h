// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <gtest/gtest.h>

#include "base/json/writer.h"
#include "credentials/jwt.h"
#include "crypto/hash.h"
#include "gateway/http/message.h"
#include "node/tests/live_node.h"

/// An app, a browser with its cookie, and a device with a key, before an authorization server.
namespace xl::node::testing {

using client::HttpResponse;
using gateway::http::percent_encode;

using Fields = std::map<std::string, std::string>;

inline std::string form_text(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += (out.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  }
  return out;
}

inline std::string text_of_member(const HttpResponse& answer, std::string_view name) {
  return std::string(parsed(answer).root().find(name).as_string().value_or(""));
}

/// The value of a parameter behind the `?` of an address.
inline std::string parameter_of(const std::string& address, std::string_view name) {
  gateway::http::Request split;
  const std::size_t question = address.find('?');
  if (question == std::string::npos) return {};
  EXPECT_TRUE(gateway::http::split_target("/" + address.substr(question), split));
  return std::string(split.parameter(name).value_or(""));
}

/// A node with an app, a few records, and whoever signs in for the app.
class Smart : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    live_ = std::make_unique<LiveNode>("smart");
    live_->configure = [](Config& config) { config.password_login = true; };
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    fill();
  }
  /// What every test finds.
  static void fill() {
    hospital_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
    ASSERT_EQ(hospital_->put("Patient/p1", patient_json("p1", "Ann <b>")).status, 201U);
    ASSERT_EQ(hospital_->put("Patient/p2", patient_json("p2", "Bob")).status, 201U);
    ASSERT_EQ(hospital_->put("Observation/lab1", observation_json("lab1", "p1")).status, 201U);
    ASSERT_EQ(hospital_->put("Observation/lab2", observation_json("lab2", "p2")).status, 201U);
    ASSERT_EQ(hospital_->put("Observation/vital1", vital("vital1", "p1")).status, 201U);
    ASSERT_EQ(add_client(R"({"client_id":"chart","client_name":"Chart <i>","redirect_uris":
      ["https://app.example/back"],"scope":"openid fhirUser launch launch/patient
      online_access patient/*.cruds user/*.cruds"})")
                  .status,
              201U);
  }
  static void TearDownTestSuite() {
    hospital_.reset();
    live_.reset();
  }

  static std::string vital(const std::string& id, const std::string& patient) {
    std::string out = observation_json(id, patient);
    out.replace(out.find("\"laboratory\""), 12, "\"vital-signs\"");
    return out;
  }
  static std::string house() { return "/o/" + live_->organisations[0].text(); }
  static std::string base() {
    return "http://127.0.0.1:" + std::to_string(live_->node->port()) + house() + "/fhir";
  }
  /// The node's own name for itself, for which browsers make passkeys.
  static std::string local_host() { return "localhost:" + std::to_string(live_->node->port()); }
  static HttpResponse send(const std::string& method, const std::string& target,
                           std::string_view type = {}, std::string_view body = {},
                           std::map<std::string, std::string> headers = {}) {
    client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
    auto answer = http.send(method, target, type, body, headers);
    EXPECT_TRUE(answer.ok()) << answer.error().text();
    return answer.ok() ? std::move(*answer) : HttpResponse{};
  }
  static HttpResponse post(const std::string& path, const Fields& fields,
                           std::map<std::string, std::string> headers = {}) {
    return send("POST", house() + "/oauth/" + path, "application/x-www-form-urlencoded",
                form_text(fields), std::move(headers));
  }
  static HttpResponse fhir(const std::string& token, const std::string& method,
                           const std::string& path, std::string_view body = {}) {
    return send(method, house() + "/fhir/" + path, body.empty() ? "" : "application/fhir+json",
                body, {{"Authorization", "Bearer " + token}});
  }
  static HttpResponse add_client(std::string registration) {
    for (char& c : registration) c = c == '\n' ? ' ' : c;
    auto answer = hospital_->who().session->ask("POST", house() + "/smart/v1/clients",
                                                "application/json", registration);
    EXPECT_TRUE(answer.ok());
    return *answer;
  }

  /// One browser in which an app asks for access.
  struct Browser {
    std::string cookie;
    std::string verifier = std::string(50, 'v');
    std::string login;  ///< the path of the page

    Fields request{{"response_type", "code"},
                   {"client_id", "chart"},
                   {"redirect_uri", "https://app.example/back"},
                   {"state", "s 1"},
                   {"aud", base()},
                   {"code_challenge", to_base64url(crypto::sha256(view_of(std::string(50, 'v'))))},
                   {"code_challenge_method", "S256"},
                   {"scope", "openid fhirUser launch/patient patient/*.rs"}};

    HttpResponse ask() { return send("GET", house() + "/oauth/authorize?" + form_text(request)); }
    void open() {
      const HttpResponse begun = ask();
      ASSERT_EQ(begun.status, 303U) << begun.body;
      const std::string& set = begun.headers.at("set-cookie");
      EXPECT_NE(set.find("HttpOnly; SameSite=Lax"), std::string::npos) << set;
      cookie = set.substr(0, set.find(';'));
      const std::string& location = begun.headers.at("location");
      login = location.substr(location.find("/o/"));
      ASSERT_NE(login.find("/oauth/login/"), std::string::npos) << location;
    }
    [[nodiscard]] std::string id() const { return login.substr(login.rfind('/') + 1); }
    HttpResponse page(const std::string& path) const {
      return send("GET", path, {}, {}, {{"Cookie", cookie}});
    }
    /// The code that the page shows for another device.
    [[nodiscard]] std::string user_code() const {
      const std::string body = page(login).body;
      const std::size_t at = body.find("approve ");
      return body.substr(at + 8, 9);
    }
    HttpResponse agree(const Fields& choice) const {
      return post("consent/" + id(), choice, {{"Cookie", cookie}});
    }
    /// Agrees; the code that the app gets.
    std::string code(Fields choice = {}) const {
      choice["decision"] = "allow";
      const HttpResponse back = agree(choice);
      EXPECT_EQ(back.status, 303U) << back.body;
      const std::string location = back.status == 303 ? back.headers.at("location") : "";
      EXPECT_TRUE(location.starts_with("https://app.example/back?code=")) << location;
      EXPECT_EQ(parameter_of(location, "state"), "s 1");
      return parameter_of(location, "code");
    }
    [[nodiscard]] Fields exchange(const std::string& code) const {
      return {{"grant_type", "authorization_code"},
              {"client_id", "chart"},
              {"code", code},
              {"redirect_uri", "https://app.example/back"},
              {"code_verifier", verifier}};
    }
  };

  /// Signs in with `who`'s key for the request that shows `code`.
  static HttpResponse approve(demo::Persona& who, const std::string& code,
                              std::size_t organisation = 0) {
    const HttpResponse asked = send("GET", house() + "/oauth/device/" + code);
    EXPECT_EQ(asked.status, 200U) << asked.body;
    const auto body = who.session->sign_in_request(live_->organisations[organisation],
                                                   who.session->identity().roles,
                                                   text_of_member(asked, "challenge"));
    EXPECT_TRUE(body.ok()) << body.error().text();
    return send("POST", house() + "/oauth/device/" + code, "application/json", *body);
  }
  /// Tokens for what `scope` asks, of the hospital itself.
  static json::Document tokens(const std::string& scope, const Fields& choice = {}) {
    Browser browser;
    browser.request["scope"] = scope;
    browser.open();
    EXPECT_EQ(approve(hospital_->who(), browser.user_code()).status, 204U);
    const HttpResponse answer = post("token", browser.exchange(browser.code(choice)));
    EXPECT_EQ(answer.status, 200U) << answer.body;
    EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
    return parsed(answer);
  }
  static std::string access_token(const std::string& scope, const Fields& choice = {}) {
    return std::string(tokens(scope, choice).root().find("access_token").as_string().value_or(""));
  }
  static std::string code_of(const HttpResponse& answer) {
    const json::Document document = parsed(answer);
    return std::string(document.root()
                           .find("issue")
                           .at(0)
                           .find("details")
                           .find("coding")
                           .at(0)
                           .find("code")
                           .as_string()
                           .value_or(""));
  }

  static inline std::unique_ptr<LiveNode> live_;
  static inline std::unique_ptr<FhirClient> hospital_;
};

}  // namespace xl::node::testing
