// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the reads of a transaction see what its writes have done (R4 §3.1.0.11.2), or nothing is
// written; and whatever is wrong with a Bundle is said of the element that is wrong. Method: a real
// node, asked over HTTP; what is there afterwards, and what its journal has, is looked at.
#include <gtest/gtest.h>

#include <tuple>

#include "fhir/validate.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

class FhirBundle : public testing::Care {
 protected:
  static std::string bundle(const std::string& type, const std::vector<std::string>& entries) {
    std::string out;
    for (const std::string& entry : entries) out += (out.empty() ? "" : ",") + entry;
    return R"({"resourceType":"Bundle","type":")" + type + R"(","entry":[)" + out + "]}";
  }
  static std::string transaction(const std::vector<std::string>& entries) {
    return bundle("transaction", entries);
  }
  static std::string wish(const std::string& method, const std::string& url,
                          const std::string& more = {}) {
    return R"({"request":{"method":")" + method + R"(","url":")" + url + "\"" + more + "}}";
  }
  static std::string put(const std::string& url, const std::string& resource,
                         const std::string& more = {}) {
    return R"({"resource":)" + resource + R"(,"request":{"method":"PUT","url":")" + url + "\"" +
           more + "}}";
  }
  static std::string code_of(json::Value outcome) {
    const json::Value coding = outcome.find("issue").at(0).find("details").find("coding").at(0);
    return std::string(coding.find("code").as_string().value_or(""));
  }
  static std::string element_of(json::Value outcome) {
    const json::Value expression = outcome.find("issue").at(0).find("expression").at(0);
    return std::string(expression.as_string().value_or(""));
  }
  /// `status code element` of a whole that is refused.
  std::string verdict(const std::string& body, FhirClient* who = nullptr) {
    const auto answer = (who == nullptr ? *north_ : *who).post("", body);
    const json::Document outcome = parsed(answer);
    return std::to_string(answer.status) + " " + code_of(outcome.root()) + " " +
           element_of(outcome.root());
  }
};

TEST_F(FhirBundle, ReadsSeeTheWritesWhereverTheyStand) {
  ASSERT_EQ(north_->put("Patient/old", patient_json("old", "Old")).status, 201U);
  ASSERT_EQ(north_->put("Patient/kept", patient_json("kept", "Before")).status, 201U);
  const auto answer = north_->post(
      "",
      transaction({wish("GET", "Patient/fresh"), wish("GET", "Patient/kept"),
                   wish("GET", "Observation?patient=fresh"),
                   wish("GET", "Patient?_id=old,fresh,kept&_sort=_id"),
                   wish("GET", "Patient/fresh/_history"), wish("GET", "Patient/fresh/$everything"),
                   wish("GET", "Patient/kept/_history/2"), wish("HEAD", "Patient/fresh"),
                   wish("GET", "Patient/fresh/Observation"),
                   wish("GET", "Patient/kept", R"(,"ifNoneMatch":"W/\"2\"")"),
                   put("Patient/fresh", patient_json("fresh", "Fresh")),
                   put("Patient/kept", patient_json("kept", "Behind")),
                   put("Observation/fresh-o", observation_json("fresh-o", "fresh")),
                   wish("DELETE", "Patient/old")}));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const json::Document document = parsed(answer);
  EXPECT_TRUE(fhir::validate(document.root()).empty()) << answer.body;
  const auto entry = [&](std::size_t i) { return document.root().find("entry").at(i); };
  const auto resource = [&](std::size_t i) { return entry(i).find("resource"); };
  const auto status = [&](std::size_t i) {
    return entry(i).find("response").find("status").as_string();
  };
  ASSERT_EQ(document.root().find("entry").size(), 14U);
  EXPECT_EQ(resource(0).find("name").at(0).find("text").as_string(), "Fresh");
  EXPECT_EQ(resource(1).find("name").at(0).find("text").as_string(), "Behind");
  EXPECT_EQ(entry(1).find("response").find("etag").as_string(), "W/\"2\"");
  EXPECT_EQ(resource(2).find("total").number_text(), "1");
  EXPECT_EQ(resource(3).find("total").number_text(), "2");
  EXPECT_EQ(resource(4).find("total").number_text(), "1");
  EXPECT_EQ(resource(5).find("entry").size(), 2U);
  EXPECT_EQ(resource(6).find("meta").find("versionId").as_string(), "2");
  EXPECT_FALSE(resource(7).present());
  EXPECT_EQ(status(7), "200");
  EXPECT_EQ(resource(8).find("total").number_text(), "1");
  EXPECT_EQ(status(9), "304");
  EXPECT_EQ(status(10), "201");
  for (const std::size_t written : {10U, 11U, 12U, 13U}) {
    const json::Value link = entry(written).find("link").at(0);
    EXPECT_EQ(link.find("relation").as_string(), "receipt");
    const std::string url(link.find("url").as_string().value_or(""));
    const std::string id = url.substr(url.size() - 64);
    EXPECT_TRUE(north_->who().session->verify_receipt(id).ok()) << url;
  }
  EXPECT_FALSE(entry(0).find("link").present());
  EXPECT_EQ(status(13), "204");
}

TEST_F(FhirBundle, AReadThatWouldFailBehindTheWritesKeepsThemFromBeingDone) {
  ASSERT_EQ(north_->put("Patient/stays", patient_json("stays", "S")).status, 201U);
  const std::string fresh = put("Patient/never", patient_json("never", "N"));
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{fresh, wish("DELETE", "Patient/stays"), wish("GET", "Patient/stays")},
       "410 XL4171 Bundle.entry[2].request.url"},
      {{fresh, wish("GET", "Patient/nobody")}, "404 XL4170 Bundle.entry[1].request.url"},
      {{fresh, wish("GET", "Patient/never/_history/2")}, "404 XL4170 Bundle.entry[1].request.url"},
      {{wish("GET", "Patient?nonsense=1"), fresh}, "400 XL1710 Bundle.entry[0].request.url"},
      {{wish("GET", "Patient?birthdate=soon"), fresh}, "400 XL1711 Bundle.entry[0].request.url"},
      {{wish("GET", "Patient/never?_summary=x"), fresh}, "400 XL4007 Bundle.entry[0].request.url"}};
  for (const auto& [entries, refused] : cases) EXPECT_EQ(verdict(transaction(entries)), refused);
  EXPECT_EQ(north_->get("Patient/never").status, 404U);
  EXPECT_EQ(north_->get("Patient/stays").status, 200U);
}

TEST_F(FhirBundle, WhoMayWriteAndNotReadGetsNeither) {
  auto made =
      live_->cast().practitioner(north_->who(), "desk", contracts::identity::Role::registrar,
                                 contracts::identity::LicenceType::none);
  ASSERT_TRUE(made.ok()) << made.error().text();
  FhirClient desk(std::move(*made), live_->organisations[0]);
  const std::string fresh = put("Patient/by-desk", patient_json("by-desk", "D"));
  const std::uint64_t before = custodian().stores().journal().size();
  EXPECT_EQ(verdict(transaction({fresh, wish("GET", "Patient/by-desk")}), &desk),
            "403 XL3511 Bundle.entry[1]");
  EXPECT_EQ(custodian().stores().journal().size(), before + 1);  // the refusal
  EXPECT_EQ(north_->get("Patient/by-desk").status, 404U);
  EXPECT_EQ(desk.post("", transaction({fresh})).status, 200U);
}

TEST_F(FhirBundle, AReadIsRecordedOnceAndOnlyWhenItIsGiven) {
  const auto size = [&] { return custodian().stores().journal().size(); };
  const auto entries = [&](const std::string& read) {
    return transaction({put("Patient/j", patient_json("j", "J")), wish("GET", read)});
  };
  ASSERT_EQ(north_->put("Patient/j", patient_json("j", "J")).status, 201U);
  std::uint64_t before = size();
  ASSERT_EQ(north_->post("", transaction({put("Patient/j", patient_json("j", "K"))})).status, 200U);
  const std::uint64_t by_write = size() - before;
  before = size();
  ASSERT_EQ(north_->post("", entries("Patient/j")).status, 200U);
  EXPECT_EQ(size() - before, by_write + 1);
  // A refused whole has served nothing: not the first of its reads either.
  before = size();
  EXPECT_EQ(north_
                ->post("", transaction({put("Patient/j", patient_json("j", "L")),
                                        wish("GET", "Patient/j"), wish("GET", "Patient/none")}))
                .status,
            404U);
  EXPECT_EQ(size(), before);
}

TEST_F(FhirBundle, ConditionsAreAboutWhatTheDeletionsLeave) {
  const auto person = [](const std::string& id, const std::string& mrn) {
    return R"({"resourceType":"Patient",)" + (id.empty() ? "" : R"("id":")" + id + R"(",)") +
           R"("identifier":[{"system":"urn:mrn","value":")" + mrn + R"("}],"name":[{"text":"x"}]})";
  };
  const auto create = [&](const std::string& mrn) {
    return R"({"resource":)" + person("", mrn) +
           R"(,"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:mrn|)" +
           mrn + "\"}}";
  };
  ASSERT_EQ(north_->put("Patient/m1", person("m1", "M1")).status, 201U);
  const auto answer = north_->post("", transaction({create("M1"), wish("DELETE", "Patient/m1")}));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const json::Document done = parsed(answer);
  EXPECT_EQ(done.root().find("entry").at(0).find("response").find("status").as_string(), "201");
  const json::Document found = parsed(north_->get("Patient?identifier=urn:mrn%7CM1"));
  EXPECT_EQ(found.root().find("total").number_text(), "1");
  EXPECT_EQ(north_->get("Patient/m1").status, 410U);
  EXPECT_EQ(verdict(transaction({create("M2"), create("M2")})),
            "400 XL4178 Bundle.entry[1].request.ifNoneExist");
}

TEST_F(FhirBundle, WhatIsWrongWithARequestIsNamed) {
  const std::string patient = patient_json("e", "E");
  const std::string post = R"({"resource":{"resourceType":"Patient","name":[{"text":"E"}]},)"
                           R"("request":{"method":"POST","url":"Patient",)";
  // An entry, its code, and the element that is named behind `Bundle.entry[1]`.
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {put("Patient/e", patient, R"(,"ifMatch":"garbage")"), "400 XL4007", ".request.ifMatch"},
      {put("Patient/e", patient, R"(,"ifMatch":"\"one\"")"), "400 XL4007", ".request.ifMatch"},
      {put("Patient/e", patient, R"(,"ifMatch":7)"), "400 XL4007", ".request.ifMatch"},
      {put("Patient/e", patient, R"(,"ifMatch":"")"), "400 XL4007", ".request.ifMatch"},
      {put("Patient/e", patient, R"(,"ifMatch":"W/\"9\"")"), "412 XL4172", ".request.ifMatch"},
      {wish("GET", "Patient/p1", R"(,"ifMatch":"W/\"1\"")"), "400 XL4178", ".request.ifMatch"},
      {wish("DELETE", "Patient/e", R"(,"ifMatch":"1")"), "400 XL4007", ".request.ifMatch"},
      {post + R"("ifMatch":"W/\"1\""}})", "400 XL4178", ".request.ifMatch"},
      {put("Patient/p1", patient_json("p1", "P"), R"(,"ifNoneMatch":"*")"), "412 XL4182",
       ".request.ifNoneMatch"},
      {put("Patient/e", patient, R"(,"ifNoneMatch":"W/\"1\"")"), "400 XL4173",
       ".request.ifNoneMatch"},
      {wish("GET", "Patient/p1", R"(,"ifNoneMatch":"one")"), "400 XL4007", ".request.ifNoneMatch"},
      {wish("DELETE", "Patient/p1", R"(,"ifNoneMatch":"*")"), "400 XL4173", ".request.ifNoneMatch"},
      {wish("GET", "Patient/p1", R"(,"ifModifiedSince":"yesterday")"), "400 XL4007",
       ".request.ifModifiedSince"},
      {wish("GET", "Patient/p1", R"(,"ifModifiedSince":"2026-01-01")"), "400 XL4007",
       ".request.ifModifiedSince"},
      {put("Patient/e", patient, R"(,"ifModifiedSince":"2026-01-01T00:00:00Z")"), "400 XL4173",
       ".request.ifModifiedSince"},
      {post + R"("ifNoneExist":"?"}})", "400 XL4184", ".request.ifNoneExist"},
      {post + R"("ifNoneExist":"nonsense=1"}})", "400 XL1710", ".request.ifNoneExist"},
      {post + R"("ifNoneExist":"birthdate=soon"}})", "400 XL1711", ".request.ifNoneExist"},
      {post + R"("ifNoneExist":"_list=1"}})", "400 XL4174", ".request.ifNoneExist"},
      {post + R"("ifNoneExist":["identifier=1"]}})", "400 XL4007", ".request.ifNoneExist"},
      {put("Patient/e", patient, R"(,"ifNoneExist":"identifier=1")"), "400 XL4178",
       ".request.ifNoneExist"},
      {put("Patient?nonsense=1", patient), "400 XL1710", ".request.url"},
      {wish("DELETE", "Patient?"), "400 XL4184", ".request.url"},
      {wish("FETCH", "Patient/p1"), "", ".request.method"},
      {R"({"request":{"method":"GET"}})", "400 XL4178", ".request.url"},
      {R"({"request":{"url":"Patient/p1"}})", "400 XL4178", ".request.method"},
      {R"({"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"})", "400 XL4178", ".request"},
      {wish("PUT", "Patient/e"), "422 XL4153", ".resource"},
      {wish("POST", "Patient"), "422 XL4153", ".resource"},
      {put("Patient/other", patient), "400 XL4177", ".resource.id"},
      {put("Patient/e", R"({"resourceType":"Patient","id":"e","gender":"no"})"), "422 XL4156",
       ".resource.gender"},
      {put("Observation/e", observation_json("e", "nobody")), "422 XL4175", ".resource.subject"},
  };
  for (const auto& [entry, code, element] : cases) {
    const std::string whole = verdict(transaction({wish("GET", "Patient/p1"), entry}));
    const std::string place = "Bundle.entry[1]" + element;
    EXPECT_TRUE(whole.starts_with(code)) << whole << entry;
    EXPECT_TRUE(whole.ends_with(" " + place)) << whole << entry;

    const auto answer = north_->post("", bundle("batch", {wish("GET", "Patient/p1"), entry}));
    ASSERT_EQ(answer.status, 200U) << answer.body << entry;
    const json::Document each = parsed(answer);
    const auto response = [&](std::size_t i) {
      return each.root().find("entry").at(i).find("response");
    };
    EXPECT_EQ(response(0).find("status").as_string(), "200") << entry;
    const json::Value outcome = response(1).find("outcome");
    const std::string status(response(1).find("status").as_string().value_or(""));
    EXPECT_TRUE((status + " " + code_of(outcome)).starts_with(code)) << answer.body << entry;
    EXPECT_EQ(element_of(outcome), place) << answer.body << entry;
  }
  EXPECT_EQ(north_->get("Patient/e").status, 404U);
}

TEST_F(FhirBundle, TheBundleItselfIsJudgedByItsDefinition) {
  const std::string read = wish("GET", "Patient/p1");
  const auto with = [&](const std::string& type, const std::string& more) {
    std::string out = bundle(type, {read});
    return out.insert(out.size() - 1, "," + more);
  };
  for (const std::string type : {"batch", "transaction"}) {
    EXPECT_EQ(verdict(with(type, R"("total":1)")), "422 XL4157 Bundle.total") << type;
    EXPECT_EQ(verdict(with(type, R"("nonsense":1)")), "400 XL4152 Bundle.nonsense") << type;
    EXPECT_EQ(verdict(with(type, R"("timestamp":"soon")")), "422 XL4155 Bundle.timestamp") << type;
  }
  EXPECT_EQ(verdict(R"({"resourceType":"Bundle","type":"history"})"), "400 XL4178 Bundle.type");
  EXPECT_EQ(verdict(R"({"resourceType":"Bundle"})"), "400 XL4178 Bundle.type");

  const auto named_put = [](const std::string& id, const std::string& url) {
    return R"({"fullUrl":")" + url + R"(","resource":)" + patient_json(id, "B") +
           R"(,"request":{"method":"PUT","url":"Patient/)" + id + R"("}})";
  };
  const std::string urn = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"search":{"mode":"match"},"request":{"method":"GET","url":"Patient/p1"}})", ".search"},
      {R"({"response":{"status":"200"},"request":{"method":"GET","url":"Patient/p1"}})",
       ".response"},
      {named_put("b1", urn), ".fullUrl"},
      {named_put("b2", "Patient/b2"), ".fullUrl"},
      {named_put("b3", "http://else.where/Patient/other"), ".fullUrl"},
      {named_put("b4", "http://else.where/Patient/b4/_history/1"), ".fullUrl"},
      {R"({"nonsense":1,"request":{"method":"GET","url":"Patient/p1"}})", ".nonsense"},
      {R"({"request":{"method":"GET","url":"Patient/p1","nonsense":1}})", ".request.nonsense"}};
  for (const auto& [entry, element] : cases) {
    const std::vector<std::string> entries = {named_put("first", urn), entry};
    const std::string place = "Bundle.entry[1]" + element;
    EXPECT_TRUE(verdict(transaction(entries)).ends_with(" " + place)) << entry;
    const auto answer = north_->post("", bundle("batch", entries));
    ASSERT_EQ(answer.status, 200U) << answer.body << entry;
    const json::Document each = parsed(answer);
    const json::Value second = each.root().find("entry").at(1).find("response");
    EXPECT_EQ(element_of(second.find("outcome")), place) << answer.body;
    EXPECT_TRUE(each.root().find("entry").at(0).find("resource").present()) << answer.body;
  }
  for (const char* id : {"b1", "b2", "b3", "b4"}) {
    EXPECT_EQ(north_->get(std::string("Patient/") + id).status, 404U);
  }
}

/// R4 §2.36.4.1: what is relative is so to the full URL of the entry that has it.
TEST_F(FhirBundle, RelativeReferencesMeanEntriesBelowTheSameFullUrl) {
  const auto entry = [](const std::string& id, const std::string& type, const std::string& body) {
    return R"({"fullUrl":"http://there.example/fhir/)" + type + "/" + id + R"(","resource":)" +
           body + R"(,"request":{"method":"POST","url":")" + type + R"("}})";
  };
  // Here a Patient/p1 is somebody else.
  const auto answer =
      north_->post("", transaction({entry("o9", "Observation", observation_json("o9", "p1")),
                                    entry("p1", "Patient", patient_json("p1", "Elsewhere"))}));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const json::Document document = parsed(answer);
  const json::Value patient = document.root().find("entry").at(1).find("resource");
  const std::string made(patient.find("id").as_string().value_or(""));
  EXPECT_NE(made, "p1");
  EXPECT_EQ(document.root()
                .find("entry")
                .at(0)
                .find("resource")
                .find("subject")
                .find("reference")
                .as_string(),
            "Patient/" + made);
  std::string versioned = observation_json("o9", "p1");
  versioned.replace(versioned.find("Patient/p1"), 10, "Patient/p1/_history/1");
  EXPECT_EQ(verdict(transaction({entry("o9", "Observation", versioned),
                                 entry("p1", "Patient", patient_json("p1", "E"))})),
            "422 XL4158 Bundle.entry[0].resource.subject");
}

TEST_F(FhirBundle, ConditionalReferencesFindWhatTheTransactionLeaves) {
  const auto person = [](const std::string& id, const std::string& mrn) {
    return R"({"resourceType":"Patient","id":")" + id +
           R"(","identifier":[{"system":"urn:mrn","value":")" + mrn + R"("}]})";
  };
  const auto about = [](const std::string& id, const std::string& condition) {
    std::string out = observation_json(id, "p1");
    out.replace(out.find("Patient/p1"), 10, "Patient?" + condition);
    return put("Observation/" + id, out);
  };
  const auto made = north_->post(
      "", transaction({about("q1", "identifier=urn:mrn|Q"), put("Patient/q", person("q", "Q"))}));
  ASSERT_EQ(made.status, 200U) << made.body;
  EXPECT_EQ(
      parsed(north_->get("Observation/q1")).root().find("subject").find("reference").as_string(),
      "Patient/q");
  // Two of them, whether kept or made, are too many; what is changed or deleted is found no more.
  const std::string subject = "Bundle.entry[0].resource.subject";
  EXPECT_EQ(verdict(transaction(
                {about("q2", "identifier=urn:mrn|Q"), put("Patient/q3", person("q3", "Q"))})),
            "412 XL4183 " + subject);
  EXPECT_EQ(verdict(transaction(
                {about("q2", "identifier=urn:mrn|Q"), put("Patient/q", person("q", "other"))})),
            "422 XL4158 " + subject);
  EXPECT_EQ(
      verdict(transaction({about("q2", "identifier=urn:mrn|Q"), wish("DELETE", "Patient/q")})),
      "422 XL4158 " + subject);
  EXPECT_EQ(verdict(transaction({about("q2", "_has:Observation:patient:_id=q1"),
                                 put("Patient/q", person("q", "Q"))})),
            "400 XL4174 " + subject);
}

TEST_F(FhirBundle, NothingIsAboutWhomTheSameTransactionDeletes) {
  ASSERT_EQ(north_->put("Patient/leaves", patient_json("leaves", "L")).status, 201U);
  EXPECT_EQ(verdict(transaction({put("Observation/l", observation_json("l", "leaves")),
                                 wish("DELETE", "Patient/leaves")})),
            "422 XL4175 Bundle.entry[0].resource.subject");
  EXPECT_EQ(north_->get("Patient/leaves").status, 200U);
}

TEST_F(FhirBundle, AnswersSayWhenAndMetadataIsAnEntryToo) {
  const auto instant = [](json::Value entry) {
    return std::string(
        entry.find("resource").find("meta").find("lastUpdated").as_string().value_or("-"));
  };
  for (const char* type : {"batch", "transaction"}) {
    const auto answer = north_->post(
        "", bundle(type, {put("Patient/when", patient_json("when", "W")), wish("GET", "Patient/p1"),
                          wish("GET", "metadata"), wish("DELETE", "Observation/o2")}));
    ASSERT_EQ(answer.status, 200U) << answer.body;
    const json::Document document = parsed(answer);
    EXPECT_TRUE(fhir::validate(document.root()).empty()) << answer.body;
    const json::Value entries = document.root().find("entry");
    for (std::size_t i : {0U, 1U}) {
      EXPECT_EQ(entries.at(i).find("response").find("lastModified").as_string(),
                instant(entries.at(i)))
          << answer.body;
    }
    EXPECT_EQ(entries.at(2).find("resource").find("resourceType").as_string(),
              "CapabilityStatement");
    EXPECT_TRUE(entries.at(3).find("response").find("lastModified").present()) << answer.body;
  }
}

}  // namespace
}  // namespace xl::node
