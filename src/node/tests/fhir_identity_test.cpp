// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: who is who. A Patient is matched as a table says, two Patients are merged and separated
// again with their histories and proofs as they were, groups and bytes are kept. Method: a real
// node, asked over HTTP.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;

class FhirIdentity : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    live_ = std::make_unique<LiveNode>("fhir-identity");
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    hospital_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
    const auto keep = [](const std::string& id, const std::string& rest) {
      const auto answer = hospital_->put(
          "Patient/" + id, R"({"resourceType":"Patient","id":")" + id + R"(",)" + rest + "}");
      ASSERT_EQ(answer.status, 201U) << answer.body;
    };
    keep("anna", R"("identifier":[{"system":"urn:mrn","value":"1"}],"gender":"female",
      "name":[{"family":"Schmidt","given":["Anna"]}],"birthDate":"1980-05-04",
      "telecom":[{"system":"phone","value":"123"}])");
    keep("anne", R"("name":[{"family":"Schmitt","given":["Anne"]}],"birthDate":"1980-05-04",
      "gender":"female")");
    keep("otto", R"("name":[{"family":"Schmidt","given":["Otto"]}],"birthDate":"1950",
      "gender":"male")");
    ASSERT_EQ(hospital_->put("Observation/of-anna", observation_json("of-anna", "anna")).status,
              201U);
    ASSERT_EQ(hospital_->put("Observation/of-anne", observation_json("of-anne", "anne")).status,
              201U);
  }
  static void TearDownTestSuite() {
    hospital_.reset();
    live_.reset();
  }

  /// `id grade` of each match, best first.
  static std::vector<std::string> matches(const std::string& patient, const std::string& more) {
    const auto answer = hospital_->post(
        "Patient/$match",
        R"({"resourceType":"Parameters","parameter":[{"name":"resource","resource":{)"
        R"("resourceType":"Patient",)" +
            patient + "}}" + more + "]}");
    EXPECT_EQ(answer.status, 200U) << answer.body;
    const json::Document document = parsed(answer);
    std::vector<std::string> out;
    for (const json::Value entry : document.root().find("entry").items()) {
      const json::Value search = entry.find("search");
      out.push_back(
          std::string(entry.find("resource").find("id").as_string().value_or("")) + " " +
          std::string(search.find("extension").at(0).find("valueCode").as_string().value_or("")));
      EXPECT_TRUE(search.find("score").number_text());
    }
    return out;
  }
  static client::HttpResponse merge(const std::string& what, const std::string& source,
                                    const std::string& target) {
    return hospital_->post("Patient/$" + what,
                           R"({"resourceType":"Parameters","parameter":[
      {"name":"source-patient","valueReference":{"reference":"Patient/)" +
                               source + R"("}},
      {"name":"target-patient","valueReference":{"reference":"Patient/)" +
                               target + R"("}}]})");
  }
  static std::int64_t count(const std::string& query) {
    const json::Document document = parsed(hospital_->get(query));
    return document.root().find("total").as_int64().value_or(-1);
  }

  static std::unique_ptr<LiveNode> live_;
  static std::unique_ptr<FhirClient> hospital_;
};

std::unique_ptr<LiveNode> FhirIdentity::live_;
std::unique_ptr<FhirClient> FhirIdentity::hospital_;

using Matches = std::vector<std::string>;

TEST_F(FhirIdentity, MatchesAreGraded) {
  const std::string known = R"("name":[{"family":"Schmidt","given":["Anna"]}],
    "birthDate":"1980-05-04","gender":"female")";
  EXPECT_EQ(matches(R"("identifier":[{"system":"urn:mrn","value":"1"}])", ""),
            Matches{"anna certain"});
  EXPECT_EQ(matches(known, ""), (Matches{"anna probable", "anne possible"}));
  EXPECT_EQ(matches(known, R"(,{"name":"onlyCertainMatches","valueBoolean":true})"), Matches{});
  EXPECT_EQ(matches(known, R"(,{"name":"count","valueInteger":1})"), Matches{"anna probable"});
  // The number of one person with the birth date of another is looked at by people.
  EXPECT_EQ(
      matches(R"("identifier":[{"system":"urn:mrn","value":"1"}],"birthDate":"1999-01-01")", ""),
      Matches{"anna possible"});
  EXPECT_EQ(matches(R"("name":[{"family":"Nobody"}])", ""), Matches{});
  EXPECT_EQ(hospital_->post("Patient/$match", R"({"resourceType":"Parameters"})").status, 400U);
}

TEST_F(FhirIdentity, IdentifiersLeadToTheOthersOfThePerson) {
  const auto keep = [](const std::string& id, const std::string& identifiers) {
    return hospital_->put("Patient/" + id, R"({"resourceType":"Patient","id":")" + id +
                                               R"(","identifier":[)" + identifiers + "]}");
  };
  ASSERT_EQ(
      keep("pia", R"({"system":"urn:red","value":"994"},{"system":"urn:card","value":"7"})").status,
      201U);
  ASSERT_EQ(keep("pib", R"({"system":"urn:blue","value":"3|1"})").status, 201U);
  const auto asked = [](FhirClient& who, const std::string& query) {
    return who.get("Patient/$ihe-pix?" + query);
  };
  // What is found, as `name value`.
  const auto found = [&](const std::string& query) {
    const auto answer = asked(*hospital_, query);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    std::set<std::string> out;
    for (const json::Value one : parsed(answer).root().find("parameter").items()) {
      const json::Value identifier = one.find("valueIdentifier");
      const std::string reference(
          one.find("valueReference").find("reference").as_string().value_or(""));
      out.insert(reference.empty() ? std::string(identifier.find("value").as_string().value_or(""))
                                   : reference.substr(reference.rfind('/') + 1));
    }
    return out;
  };
  using Names = std::set<std::string>;
  EXPECT_EQ(found("sourceIdentifier=urn:red%7C994"), (Names{"pia", "7"}));
  ASSERT_EQ(merge("merge", "pib", "pia").status, 200U);
  EXPECT_EQ(found("sourceIdentifier=urn:red%7C994"), (Names{"pia", "7", "pib", "3|1"}));
  EXPECT_EQ(found("sourceIdentifier=urn:blue%7C3%5C%7C1&targetSystem=urn:red"), Names{"994"});
  EXPECT_EQ(found("sourceIdentifier=urn:red%7C994&targetSystem=urn:none"), Names{});
  EXPECT_EQ(asked(*hospital_, "sourceIdentifier=994").status, 400U);
  // Who is not there, and to strangers everybody.
  const auto nobody = asked(*hospital_, "sourceIdentifier=urn:red%7C995");
  EXPECT_EQ(nobody.status, 404U);
  FhirClient stranger(live_->hospital(1), live_->organisations[0]);
  const auto hidden = asked(stranger, "sourceIdentifier=urn:red%7C994");
  const auto absent = asked(stranger, "sourceIdentifier=urn:red%7C995");
  EXPECT_GE(hidden.status, 400U);
  EXPECT_EQ(hidden.status, absent.status);
  EXPECT_EQ(hidden.body, absent.body);
}

TEST_F(FhirIdentity, AMergeAnswersForBothAndIsUndone) {
  const auto receipt = hospital_->get("Observation/of-anne").headers.at("etag");
  ASSERT_EQ(count("Observation?patient=anna"), 1);
  const auto merged = merge("merge", "anne", "anna");
  ASSERT_EQ(merged.status, 200U) << merged.body;
  const std::string& links = merged.headers.at("link");
  const std::size_t second = links.find(", <");
  ASSERT_NE(second, std::string::npos) << links;
  for (const std::size_t from : {std::size_t{0}, second}) {
    const std::size_t at = links.find("/receipts/", from) + 10;
    EXPECT_TRUE(hospital_->who().session->verify_receipt(links.substr(at, 64)).ok()) << links;
  }
  EXPECT_EQ(count("Observation?patient=anna"), 2);
  EXPECT_EQ(count("Observation?subject=Patient/anna"), 2);
  EXPECT_EQ(count("Patient/anna/Observation"), 2);
  EXPECT_NE(hospital_->get("Patient/anna/$everything").body.find("of-anne"), std::string::npos);
  const json::Document source = parsed(hospital_->get("Patient/anne"));
  EXPECT_EQ(source.root().find("active").as_bool(), false);
  EXPECT_EQ(source.root().find("link").at(0).find("type").as_string(), "replaced-by");
  // Nothing moved: the record is the version that it was, of whom it was.
  EXPECT_EQ(hospital_->get("Observation/of-anne").headers.at("etag"), receipt);
  EXPECT_EQ(count("Observation?patient=anne"), 1);

  EXPECT_EQ(merge("merge", "anne", "anna").status, 409U);
  EXPECT_EQ(merge("merge", "otto", "anne").status, 409U);  // who is no more cannot stay
  EXPECT_EQ(merge("merge", "anna", "anna").status, 409U);
  EXPECT_EQ(merge("merge", "nobody", "anna").status, 404U);
  // A chain of merges answers for all.
  ASSERT_EQ(merge("merge", "anna", "otto").status, 200U);
  EXPECT_EQ(count("Observation?patient=otto"), 2);
  EXPECT_EQ(merge("unmerge", "anne", "anna").status, 409U);  // in the reverse order
  ASSERT_EQ(merge("unmerge", "anna", "otto").status, 200U);

  const auto back = merge("unmerge", "anne", "anna");
  ASSERT_EQ(back.status, 200U) << back.body;
  EXPECT_EQ(count("Observation?patient=anna"), 1);
  const json::Document again = parsed(hospital_->get("Patient/anne"));
  EXPECT_FALSE(again.root().find("active").present());  // it said nothing before
  EXPECT_FALSE(again.root().find("link").present());
  EXPECT_EQ(count("Patient/anne/_history"), 3);
}

TEST_F(FhirIdentity, GroupsListSeveralPeople) {
  const auto kept = hospital_->put("Group/g", R"({"resourceType":"Group","id":"g","type":"person",
    "actual":true,"member":[{"entity":{"reference":"Patient/anna"}},
    {"entity":{"reference":"Patient/otto"}}]})");
  ASSERT_EQ(kept.status, 201U) << kept.body;
  EXPECT_EQ(count("Group?member=Patient/otto"), 1);
  EXPECT_EQ(count("Patient?_has:Group:member:_id=g"), 2);
  // One patient's record cannot list another.
  EXPECT_EQ(hospital_
                ->put("Observation/two", R"({"resourceType":"Observation","id":"two",
    "status":"final","code":{"text":"x"},"subject":{"reference":"Patient/anna"},
    "focus":[{"reference":"Patient/otto"}]})")
                .status,
            422U);
}

TEST_F(FhirIdentity, BytesComeBackAsTheyWere) {
  const std::string bytes("%PDF-1.7 \x00\xff binary", 18);
  const auto kept = hospital_->ask("POST", "Binary", bytes,
                                   {{"X-Security-Context", "Patient/anna"}}, "application/pdf");
  ASSERT_EQ(kept.status, 201U) << kept.body;
  const std::string id(parsed(kept).root().find("id").as_string().value_or(""));
  const auto raw = hospital_->get("Binary/" + id, {{"Accept", "application/pdf"}});
  ASSERT_EQ(raw.status, 200U);
  EXPECT_EQ(raw.body, bytes);
  EXPECT_EQ(raw.headers.at("content-type"), "application/pdf");
  EXPECT_EQ(raw.headers.at("x-content-type-options"), "nosniff");
  const json::Document as_json = parsed(hospital_->get("Binary/" + id));
  EXPECT_EQ(as_json.root().find("contentType").as_string(), "application/pdf");
  const auto changed = hospital_->ask("PUT", "Binary/" + id, "text",
                                      {{"X-Security-Context", "Patient/anna"}}, "text/plain");
  EXPECT_EQ(changed.status, 200U) << changed.body;
}

TEST_F(FhirIdentity, ASecurityContextIsAReferenceToWhatIsHere) {
  // Also one that the server would have passed over: what it names decides who may see the bytes.
  for (const char* wrong :
       {"somebody", "Patient/nobody", "Nothing/anna", "Patient/anna/_history/1", "Patient/an na",
        "#anna", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "Patient/anna, Patient/otto",
        "https://elsewhere.example/fhir/Patient/anna", "Patient/"}) {
    const auto raw = hospital_->ask("POST", "Binary", "bytes", {{"X-Security-Context", wrong}},
                                    "application/pdf");
    EXPECT_EQ(raw.status, 422U) << wrong;
    const char* code = wrong[0] == '#' ? "XL4158" : "XL4186";
    EXPECT_NE(raw.body.find(code), std::string::npos) << wrong << raw.body;
    const auto as_json = hospital_->ask(
        "POST", "Binary",
        R"({"resourceType":"Binary","contentType":"text/plain","data":"AAAA","securityContext":)"
        R"({"reference":")" +
            std::string(wrong) + "\"}}");
    EXPECT_EQ(as_json.status, 422U) << wrong;
  }
  // What would end a header in an answer never gets that far.
  const auto split = hospital_->ask(
      "POST", "Binary",
      R"({"resourceType":"Binary","contentType":"text/plain\nX-Evil: 1","data":"AAAA"})");
  EXPECT_EQ(split.status, 422U) << split.body;
}

/// A feed that knows nothing of merges writes the Patient as it has it.
TEST_F(FhirIdentity, AMergeOutlivesUpdatesOfBoth) {
  const auto plain = [](const std::string& id, const std::string& more = "") {
    return R"({"resourceType":"Patient","id":")" + id + "\"" + more + "}";
  };
  const auto links = [](const std::string& id) {
    const json::Document document = parsed(hospital_->get("Patient/" + id));
    std::string out = document.root().find("active").as_bool() == false ? "inactive" : "active";
    for (const json::Value link : document.root().find("link").items()) {
      out += " " + std::string(link.find("type").as_string().value_or("")) + " " +
             std::string(link.find("other").find("reference").as_string().value_or(""));
    }
    return out;
  };
  for (const char* id : {"m1", "m2"}) {
    ASSERT_EQ(hospital_->put("Patient/" + std::string(id), plain(id)).status, 201U);
  }
  ASSERT_EQ(merge("merge", "m1", "m2").status, 200U);
  const auto by_feed =
      hospital_->put("Patient/m1", plain("m1", R"(,"active":true,"gender":"male")"));
  ASSERT_EQ(by_feed.status, 200U) << by_feed.body;
  EXPECT_EQ(links("m1"), "inactive replaced-by Patient/m2");
  EXPECT_EQ(parsed(by_feed).root().find("gender").as_string(), "male");
  const auto patched = hospital_->ask("PATCH", "Patient/m1", R"([{"op":"remove","path":"/link"},
        {"op":"replace","path":"/active","value":true}])",
                                      {}, "application/json-patch+json");
  ASSERT_EQ(patched.status, 200U) << patched.body;
  EXPECT_EQ(links("m1"), "inactive replaced-by Patient/m2");
  const auto in_one = hospital_->post("", R"({"resourceType":"Bundle","type":"transaction","entry":[
    {"resource":)" + plain("m1") + R"(,"request":{"method":"PUT","url":"Patient/m1"}},
    {"resource":)" + plain("m2") + R"(,"request":{"method":"PUT","url":"Patient/m2"}}]})");
  ASSERT_EQ(in_one.status, 200U) << in_one.body;
  EXPECT_EQ(links("m1"), "inactive replaced-by Patient/m2");
  EXPECT_EQ(links("m2"), "active replaces Patient/m1");
  EXPECT_EQ(merge("merge", "m1", "m2").status, 409U);
  ASSERT_EQ(merge("unmerge", "m1", "m2").status, 200U);
  EXPECT_EQ(links("m1"), "active");
  EXPECT_EQ(links("m2"), "active");
  // A link that no other Patient answers to is the writer's own.
  const std::string by_hand = R"(,"link":[{"other":{"reference":"Patient/m2"},"type":"seealso"}])";
  ASSERT_EQ(hospital_->put("Patient/m1", plain("m1", by_hand)).status, 200U);
  ASSERT_EQ(hospital_->put("Patient/m1", plain("m1")).status, 200U);
  EXPECT_EQ(links("m1"), "active");
}

TEST_F(FhirIdentity, MergesWaitForOtherWritersOfTheTwo) {
  const auto body = [](const std::string& id) {
    return R"({"resourceType":"Patient","id":")" + id + "\"}";
  };
  for (const char* id : {"busy", "calm"}) {
    ASSERT_EQ(hospital_->put("Patient/" + std::string(id), body(id)).status, 201U);
  }
  std::atomic<bool> over{false};
  std::atomic<int> failed{0};
  std::vector<std::thread> writers;
  for (const std::string id : {"busy", "calm"}) {
    writers.emplace_back([&, id] {
      FhirClient writer(live_->hospital(0), live_->organisations[0]);
      while (!over) failed += writer.put("Patient/" + id, body(id)).status != 200U ? 1 : 0;
    });
  }
  for (int round = 0; round < 8; ++round) {
    EXPECT_EQ(merge("merge", "busy", "calm").status, 200U) << round;
    EXPECT_EQ(merge("unmerge", "busy", "calm").status, 200U) << round;
  }
  over = true;
  for (std::thread& one : writers) one.join();
  EXPECT_EQ(failed, 0);
}

TEST_F(FhirIdentity, AMergedPatientIsNotRemoved) {
  for (const char* id : {"gone", "kept"}) {
    const std::string body = R"({"resourceType":"Patient","id":")" + std::string(id) + "\"}";
    ASSERT_EQ(hospital_->put("Patient/" + std::string(id), body).status, 201U);
  }
  ASSERT_EQ(hospital_->put("Observation/of-gone", observation_json("of-gone", "gone")).status,
            201U);
  ASSERT_EQ(merge("merge", "gone", "kept").status, 200U);
  for (const char* id : {"gone", "kept"}) {
    const auto refused = hospital_->ask("DELETE", "Patient/" + std::string(id));
    EXPECT_EQ(refused.status, 409U) << id;
    EXPECT_NE(refused.body.find("XL4188"), std::string::npos) << refused.body;
  }
  // Who may not remove it is not told of the merge.
  FhirClient doctor(live_->doctor(hospital_->who(), "of-nobody"), live_->organisations[0]);
  EXPECT_EQ(doctor.ask("DELETE", "Patient/gone").status, 403U);
  const auto in_bundle =
      hospital_->ask("POST", "", R"({"resourceType":"Bundle","type":"transaction","entry":[
        {"request":{"method":"DELETE","url":"Patient/gone"}}]})");
  EXPECT_EQ(in_bundle.status, 409U) << in_bundle.body;
  EXPECT_EQ(count("Observation?patient=kept"), 1);
  ASSERT_EQ(merge("unmerge", "gone", "kept").status, 200U);
  ASSERT_EQ(hospital_->ask("DELETE", "Observation/of-gone").status, 204U);
  EXPECT_EQ(hospital_->ask("DELETE", "Patient/gone").status, 204U);
}

TEST_F(FhirIdentity, CirclesOfLinksAreNoMerges) {
  const auto linked = [](const std::string& id, const std::string& other) {
    const std::string reference = R"({"reference":"Patient/)" + other + "\"}";
    return R"({"resourceType":"Patient","id":")" + id + R"(","link":[{"other":)" + reference +
           R"(,"type":"replaces"},{"other":)" + reference + R"(,"type":"replaced-by"}]})";
  };
  ASSERT_EQ(hospital_->put("Patient/round", linked("round", "round")).status, 201U);
  EXPECT_EQ(hospital_->ask("DELETE", "Patient/round").status, 204U);
  ASSERT_EQ(hospital_->put("Patient/one", R"({"resourceType":"Patient","id":"one"})").status, 201U);
  ASSERT_EQ(hospital_->put("Patient/two", linked("two", "one")).status, 201U);
  ASSERT_EQ(hospital_->put("Patient/one", linked("one", "two")).status, 200U);
  EXPECT_EQ(hospital_->put("Patient/one", R"({"resourceType":"Patient","id":"one"})").status, 200U);
  EXPECT_FALSE(parsed(hospital_->get("Patient/one")).root().find("link").present());
  EXPECT_EQ(hospital_->ask("DELETE", "Patient/two").status, 204U);
  EXPECT_EQ(hospital_->ask("DELETE", "Patient/one").status, 204U);
}

TEST_F(FhirIdentity, TheCompartmentOfWhoStaysHasWhatNamesTheOther) {
  for (const char* id : {"from", "into", "kin"}) {
    const std::string link =
        std::string(id) == "kin"
            ? R"(,"link":[{"other":{"reference":"Patient/from"},"type":"seealso"}])"
            : "";
    const std::string body = R"({"resourceType":"Patient","id":")" + std::string(id) + "\"" + link;
    ASSERT_EQ(hospital_->put("Patient/" + std::string(id), body + "}").status, 201U);
  }
  const auto group = hospital_->put("Group/of-from", R"({"resourceType":"Group","id":"of-from",
    "type":"person","actual":true,"member":[{"entity":{"reference":"Patient/from"}},
    {"entity":{"reference":"Patient/otto"}}]})");
  ASSERT_EQ(group.status, 201U) << group.body;
  ASSERT_EQ(merge("merge", "from", "into").status, 200U);
  EXPECT_EQ(count("Patient/into/Group"), 1);
  EXPECT_EQ(count("Patient/into/Patient"), 3);
  EXPECT_EQ(count("Patient/into/*"), 4);
  // What is found leads to whoever may be known, not only to the one who was asked for.
  const std::string included = hospital_->get("Patient/into/Group?_include=Group:member").body;
  EXPECT_NE(included.find("\"id\":\"otto\""), std::string::npos) << included;
  ASSERT_EQ(merge("unmerge", "from", "into").status, 200U);
  EXPECT_EQ(count("Patient/into/*"), 1);
  ASSERT_EQ(hospital_->ask("DELETE", "Group/of-from").status, 204U);
}

TEST_F(FhirIdentity, WhatSaidActiveBeforeAMergeSaysItAfterwards) {
  ASSERT_EQ(hospital_->put("Patient/stay", R"({"resourceType":"Patient","id":"stay"})").status,
            201U);
  const auto active = [](const std::string& id) {
    const json::Document document = parsed(hospital_->get("Patient/" + id));
    const auto said = document.root().find("active").as_bool();
    return said ? *said ? "true" : "false" : "";
  };
  for (const std::string said : {"", "true", "false"}) {
    const std::string id = "was-" + said;
    const std::string body = R"({"resourceType":"Patient","id":")" + id + "\"" +
                             (said.empty() ? "" : R"(,"active":)" + said) + "}";
    ASSERT_EQ(hospital_->put("Patient/" + id, body).status, 201U);
    ASSERT_EQ(merge("merge", id, "stay").status, 200U);
    EXPECT_STREQ(active(id), "false");
    ASSERT_EQ(hospital_->put("Patient/" + id, body).status, 200U);
    ASSERT_EQ(merge("unmerge", id, "stay").status, 200U);
    EXPECT_EQ(active(id), said);
  }
}

TEST_F(FhirIdentity, EverySearchForTheOneWhoStaysFindsTheOthersRecords) {
  const auto keep = [](const std::string& id, const std::string& family) {
    const auto answer =
        hospital_->put("Patient/" + id, R"({"resourceType":"Patient","id":")" + id +
                                            R"(","name":[{"family":")" + family + R"("}]})");
    ASSERT_EQ(answer.status, 201U) << answer.body;
  };
  keep("s1", "Gone");
  keep("s2", "Staying");
  keep("s3", "Third");
  for (const char* who : {"s1", "s2", "s3"}) {
    for (int i = 0; i < 3; ++i) {
      const std::string id = "of-" + std::string(who) + "-" + std::to_string(i);
      ASSERT_EQ(hospital_->put("Observation/" + id, observation_json(id, who)).status, 201U);
    }
  }
  const std::vector<std::pair<std::string, std::int64_t>> searches = {
      {"Observation?patient=s2,s3", 6},
      {"Observation?subject=Patient/s2,Patient/s3", 6},
      {"Observation?subject:Patient=s2", 3},
      {"Observation?subject:Patient.family=Staying", 3},
      {"Observation?patient.family=Staying&code=2339-0", 3},
      {"Observation?subject:Patient.family=Gone", 3}};
  for (const auto& [query, before] : searches) EXPECT_EQ(count(query), before) << query;
  const auto beside = [] {
    const json::Document page =
        parsed(hospital_->get("Patient?_id=s2&_revinclude=Observation:patient"));
    return page.root().find("entry").size();
  };
  EXPECT_EQ(beside(), 4U);
  // Whoever is paging goes on as begun.
  const json::Document first = parsed(hospital_->get("Observation?patient=s2&_count=2"));
  const std::string next(first.root().find("link").at(1).find("url").as_string().value_or("none"));
  ASSERT_EQ(merge("merge", "s1", "s2").status, 200U);
  const auto second = hospital_->get(next.substr(next.find("Observation?")));
  ASSERT_EQ(second.status, 200U) << second.body;
  EXPECT_EQ(parsed(second).root().find("entry").size(), 1U) << second.body;

  for (const auto& [query, before] : searches) {
    const bool of_source = query.find("Gone") != std::string::npos;
    EXPECT_EQ(count(query), before + (of_source ? 0 : 3)) << query;
  }
  EXPECT_EQ(beside(), 7U);
  EXPECT_EQ(count("Patient?_has:Observation:patient:_id=of-s1-0"), 2);  // the source, the target
  ASSERT_EQ(merge("unmerge", "s1", "s2").status, 200U);
  for (const auto& [query, before] : searches) EXPECT_EQ(count(query), before) << query;
}

}  // namespace
}  // namespace xl::node
