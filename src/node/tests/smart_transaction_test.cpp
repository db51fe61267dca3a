// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an entry of a transaction is judged by an app's scopes exactly as the same request alone.
// Method: a real node; each request of a table is sent alone and as the only entry of a
// transaction, under the same scopes, and both get the same answer.
#include <gtest/gtest.h>

#include "node/tests/smart.h"

namespace xl::node {
namespace {

using testing::HttpResponse;
using testing::parsed;
using testing::patient_json;
using testing::percent_encode;
using testing::Smart;

class SmartTransaction : public Smart {
 protected:
  static std::string person(const std::string& mrn) {
    return R"({"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":")" + mrn +
           R"("}]})";
  }
  static HttpResponse alone(const std::string& token, const std::string& method,
                            const std::string& url, const std::string& body,
                            const std::string& unless) {
    std::map<std::string, std::string> headers{{"Authorization", "Bearer " + token}};
    if (!unless.empty()) headers["If-None-Exist"] = unless;
    return send(method, house() + "/fhir/" + url, body.empty() ? "" : "application/fhir+json", body,
                headers);
  }
  static HttpResponse in_transaction(const std::string& token, const std::string& method,
                                     const std::string& url, const std::string& body,
                                     const std::string& unless) {
    return fhir(token, "POST", "",
                R"({"resourceType":"Bundle","type":"transaction","entry":[{)" +
                    (body.empty() ? "" : R"("resource":)" + body + ",") +
                    R"("request":{"method":")" + method + R"(","url":")" + url + "\"" +
                    (unless.empty() ? "" : R"(,"ifNoneExist":")" + unless + "\"") + "}}]}");
  }
  /// Status of what a transaction's only entry got, or of its refusal.
  static std::string status_of(const HttpResponse& whole) {
    if (whole.status != 200) return std::to_string(whole.status);
    const json::Document document = parsed(whole);
    const json::Value response = document.root().find("entry").at(0).find("response");
    return std::string(response.find("status").as_string().value_or(""));
  }
  static std::string total(const std::string& query) {
    const json::Document document = parsed(hospital_->get(query));
    return std::string(document.root().find("total").number_text().value_or("none"));
  }
};

TEST_F(SmartTransaction, AConditionNeedsTheSearchThatItIs) {
  ASSERT_EQ(hospital_->put("Patient?identifier=urn:mrn|S4", person("S4")).status, 201U);
  struct Case {
    const char* scope;
    const char* method;
    const char* url;
    const char* unless;
    const char* status;
  };
  const std::string condition = "Patient?identifier=urn:mrn|S4";
  const std::string nobody = "Patient?identifier=urn:mrn|S4x";
  const Case cases[] = {
      {"user/Patient.c", "POST", "Patient", "identifier=urn:mrn|S4", "403"},
      {"user/Patient.cr", "POST", "Patient", "identifier=urn:mrn|S4", "403"},
      {"user/Patient.cs", "POST", "Patient", "identifier=urn:mrn|S4", "200"},
      {"user/Patient.u", "PUT", condition.c_str(), "", "403"},
      {"user/Patient.ru", "PUT", condition.c_str(), "", "403"},
      {"user/Patient.us", "PUT", condition.c_str(), "", "200"},
      {"user/Patient.c", "PUT", "Patient/s4-new", "", "403"},
      {"user/Patient.rd", "DELETE", condition.c_str(), "", "403"},
      {"user/Patient.ds", "DELETE", nobody.c_str(), "", "204"},
      {"user/Patient.ds", "DELETE", condition.c_str(), "", "204"},
  };
  std::map<std::string, std::string> tokens;
  for (const Case& one : cases) {
    std::string& token = tokens[one.scope];
    if (token.empty()) token = access_token(one.scope);
    const std::string body = std::string(one.method) == "DELETE" ? "" : person("S4");
    const auto inside = in_transaction(token, one.method, one.url, body, one.unless);
    EXPECT_EQ(status_of(inside), one.status) << one.scope << one.method << one.url << inside.body;
    if (std::string(one.method) == "DELETE" && inside.status == 200) {
      const std::string left = total("Patient?identifier=urn:mrn|S4");
      EXPECT_EQ(left, one.url == condition ? "0" : "1");
      if (left == "0") {
        ASSERT_EQ(hospital_->put("Patient?identifier=urn:mrn|S4", person("S4")).status, 201U);
      }
    }
    const auto single = alone(token, one.method, one.url, body, one.unless);
    EXPECT_EQ(std::to_string(single.status), one.status) << one.scope << one.method << single.body;
  }
  EXPECT_EQ(total("Patient?identifier=urn:mrn|S4"), "0");
}

TEST_F(SmartTransaction, AConditionalReferenceNeedsItToo) {
  ASSERT_EQ(hospital_->put("Patient?identifier=urn:mrn|S5", person("S5")).status, 201U);
  const std::string observation = R"({"resourceType":"Observation","status":"final",
    "code":{"text":"x"},"subject":{"reference":"Patient?identifier=urn:mrn|S5"}})";
  for (const auto& [scope, status] : {std::pair{"user/Observation.cud user/Patient.r", "403"},
                                      std::pair{"user/Observation.cs user/Patient.r", "403"},
                                      std::pair{"user/Observation.c user/Patient.s", "201"}}) {
    const auto answer = in_transaction(access_token(scope), "POST", "Observation", observation, "");
    EXPECT_EQ(status_of(answer), status) << scope << answer.body;
    if (answer.status != 200) {
      EXPECT_NE(answer.body.find("Bundle.entry[0].resource.subject: needed: user/Patient.s"),
                std::string::npos)
          << answer.body;
    }
  }
}

TEST_F(SmartTransaction, WhatIsOutOfReachIsNotFoundAsAlone) {
  // The scope reaches vital signs alone: the laboratory's value is no match, for either.
  const std::string token = access_token("user/Observation.cruds?category=" +
                                         percent_encode("http://terminology.hl7.org/CodeSystem/"
                                                        "observation-category|vital-signs"));
  const std::string url = "Observation?_id=lab1";
  EXPECT_EQ(alone(token, "DELETE", url, "", "").status, 204U);
  EXPECT_EQ(status_of(in_transaction(token, "DELETE", url, "", "")), "204");
  EXPECT_EQ(hospital_->get("Observation/lab1").status, 200U);
  EXPECT_EQ(status_of(in_transaction(token, "DELETE", "Observation/lab1", "", "")), "403");
}

}  // namespace
}  // namespace xl::node
