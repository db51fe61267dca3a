// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: documents are kept, found and given by IHE MHD: Provide Document Bundle (ITI-65), Find
// Document Lists (ITI-66), Find Document References (ITI-67), Retrieve Document (ITI-68), and come
// to another member with the patient's other records. Method: bundles as MHD 4.2 describes them,
// against a real node; the bytes that are retrieved are those that were provided.
#include "crypto/hash.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

using testing::Care;
using testing::FhirClient;
using testing::parsed;

constexpr std::string_view list_types = "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes";

class Mhd : public Care {
 protected:
  void SetUp() override {
    Care::SetUp();
    demo::Persona north = live_->hospital(0);
    doctor_ = std::make_unique<FhirClient>(live_->doctor(north, "round"), live_->organisations[0]);
    ASSERT_TRUE(demo::open_encounter(*north_->who().session, live_->organisations[0], "p1",
                                     doctor_->who().did(), "in-progress")
                    .ok());
  }
  void TearDown() override {
    doctor_.reset();
    Care::TearDown();
  }

  static std::string entry(const std::string& name, const std::string& resource,
                           const std::string& type) {
    return R"({"fullUrl":"urn:uuid:593cd04e-b696-45c1-bc32-39e55a340)" + name + R"(","resource":)" +
           resource + R"(,"request":{"method":"POST","url":")" + type + "\"}}";
  }
  static std::string urn(const std::string& name) {
    return "urn:uuid:593cd04e-b696-45c1-bc32-39e55a340" + name;
  }
  /// A document of `patient` whose bytes are the Binary entry `bytes`.
  static std::string document(const std::string& patient, const std::string& bytes,
                              const std::string& more = "") {
    const std::string text = "discharge letter";
    return R"({"resourceType":"DocumentReference","masterIdentifier":{"system":"urn:ietf:rfc:3986",
"value":"urn:oid:1.2.129.6.58.92.88336"},"status":"current","type":{"coding":[{"system":
"http://loinc.org","code":"18842-5"}]},"category":[{"coding":[{"system":"http://loinc.org","code":
"55107-7"}]}],"date":"2026-11-02T10:00:00Z","subject":{"reference":"Patient/)" +
           patient + R"("})" + more +
           R"(,"content":[{"attachment":{"contentType":"text/plain","url":")" + urn(bytes) +
           R"(","size":)" + std::to_string(text.size()) + R"(}}]})";
  }
  static std::string bytes_of(const std::string& text) {
    return R"({"resourceType":"Binary","contentType":"text/plain","data":")" +
           to_base64(view_of(text)) + "\"}";
  }
  static std::string submission_set(const std::string& patient, const std::string& documents) {
    return R"({"resourceType":"List","extension":[{"url":
"https://profiles.ihe.net/ITI/MHD/StructureDefinition/ihe-sourceId","valueIdentifier":{"value":
"urn:oid:1.2.3.4"}}],"identifier":[{"use":"usual","system":"http://example.org/sets","value":"7"}],
"status":"current","mode":"working","code":{"coding":[{"system":")" +
           std::string(list_types) +
           R"(","code":"submissionset"}]},"subject":{"reference":"Patient/)" + patient +
           R"("},"date":"2026-11-02T10:00:00Z","entry":[{"item":{"reference":")" + urn(documents) +
           R"("}}]})";
  }
  client::HttpResponse provide(const std::vector<std::string>& entries) {
    std::string body = R"({"resourceType":"Bundle","meta":{"profile":[
"https://profiles.ihe.net/ITI/MHD/StructureDefinition/IHE.MHD.Minimal.ProvideBundle"]},
"type":"transaction","entry":[)";
    for (std::size_t i = 0; i < entries.size(); ++i) body += (i == 0 ? "" : ",") + entries[i];
    return north_->ask("POST", "", body + "]}");
  }
  client::HttpResponse provide_letter() {
    return provide({entry("a44", submission_set("p1", "a46"), "List"),
                    entry("a46", document("p1", "a47"), "DocumentReference"),
                    entry("a47", bytes_of("discharge letter"), "Binary")});
  }
  static std::string url_in(const json::Document& found) {
    return std::string(found.root()
                           .find("entry")
                           .at(0)
                           .find("resource")
                           .find("content")
                           .at(0)
                           .find("attachment")
                           .find("url")
                           .as_string()
                           .value_or(""));
  }
  std::unique_ptr<FhirClient> doctor_;
};

TEST_F(Mhd, ADocumentIsProvidedFoundAndRetrieved) {
  const auto provided = provide_letter();
  ASSERT_EQ(provided.status, 200U) << provided.body;
  const auto answer = parsed(provided);
  ASSERT_EQ(answer.root().find("entry").size(), 3U);
  for (const json::Value one : answer.root().find("entry").items()) {
    EXPECT_TRUE(one.find("response").find("status").as_string()->starts_with("201"));
    EXPECT_TRUE(one.find("response").find("location").present());
  }
  // ITI-67 by the parameters that its responders have to know, by GET and by form.
  for (const char* query :
       {"patient=Patient/p1&status=current", "patient.identifier=http://example.org/card%7C7",
        "type=http://loinc.org%7C18842-5&patient=p1", "category=55107-7&patient=p1",
        "date=ge2026-11-01&patient=p1", "identifier=urn:oid:1.2.129.6.58.92.88336&patient=p1"}) {
    const bool by_identifier = std::string_view(query).starts_with("patient.identifier");
    const auto found = doctor_->get(std::string("DocumentReference?") + query);
    ASSERT_EQ(found.status, 200U) << query << found.body;
    EXPECT_EQ(total(found), by_identifier ? "0" : "1") << query;
  }
  const auto found =
      doctor_->ask("POST", "DocumentReference/_search", "patient=Patient/p1&status=current", {},
                   "application/x-www-form-urlencoded");
  ASSERT_EQ(total(found), "1") << found.body;
  // ITI-66.
  const auto lists = doctor_->get("List?patient=p1&code=" + std::string(list_types) +
                                  "%7Csubmissionset&status=current");
  EXPECT_EQ(total(lists), "1") << lists.body;
  // ITI-68: the address that was found gives the bytes that were provided.
  const std::string url = url_in(parsed(found));
  ASSERT_TRUE(url.starts_with("Binary/")) << url;
  const auto bytes = doctor_->get(url, {{"Accept", "text/plain"}});
  ASSERT_EQ(bytes.status, 200U) << bytes.body;
  EXPECT_EQ(bytes.body, "discharge letter");
  // It is this patient's: nobody else gets it, and the patient sees that it was read.
  EXPECT_EQ(ward().get(url, {{"Accept", "text/plain"}}).status, 404U);
  demo::Persona ann = patient();
  const auto log =
      ann.session->ask("GET", "/o/" + live_->organisations[0].text() + "/access-log?count=50");
  EXPECT_NE(log->body.find(url), std::string::npos) << log->body;
}

TEST_F(Mhd, ANewerOneReplacesWithThePatchInItsBundle) {
  const auto first = parsed(provide_letter());
  const std::string location(
      first.root().find("entry").at(1).find("response").find("location").as_string().value_or(""));
  const std::string old = location.substr(location.find("DocumentReference/"));
  const std::string name = old.substr(0, old.find("/_history"));
  const std::string patch =
      R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type",
"valueCode":"replace"},{"name":"path","valueString":"DocumentReference.status"},{"name":"value",
"valueCode":"superseded"}]}]})";
  const auto newer = provide(
      {entry(
           "b46",
           document("p1", "b47",
                    R"(,"relatesTo":[{"code":"replaces","target":{"reference":")" + name + "\"}}]"),
           "DocumentReference"),
       entry("b47", bytes_of("corrected letter"), "Binary"),
       R"({"resource":)" + patch + R"(,"request":{"method":"PATCH","url":")" + name + "\"}}"});
  ASSERT_EQ(newer.status, 200U) << newer.body;
  EXPECT_EQ(total(doctor_->get("DocumentReference?patient=p1&status=current")), "1");
  EXPECT_EQ(total(doctor_->get("DocumentReference?patient=p1&status=superseded")), "1");
  EXPECT_EQ(total(doctor_->get("DocumentReference?relatesto=" + name + "&patient=p1")), "1");
}

TEST_F(Mhd, ABinaryOfTwoPatientsIsRefused) {
  ASSERT_EQ(north_->put("Patient/p2", testing::patient_json("p2", "Bea")).status, 201U);
  const auto both = provide({entry("c46", document("p1", "c47"), "DocumentReference"),
                             entry("c48", document("p2", "c47"), "DocumentReference"),
                             entry("c47", bytes_of("whose?"), "Binary")});
  EXPECT_EQ(both.status, 422U) << both.body;
  EXPECT_NE(both.body.find("XL4181"), std::string::npos) << both.body;
  // Bytes that no document leads to and that name nobody are for the organisation's software.
  const auto alone = provide({entry("d47", bytes_of("nobody's"), "Binary")});
  ASSERT_EQ(alone.status, 200U) << alone.body;
  // Written again by themselves they stay whose they were.
  const std::string url = url_in([&] {
    EXPECT_EQ(provide_letter().status, 200U);
    return parsed(doctor_->get("DocumentReference?patient=p1"));
  }());
  const std::string id = url.substr(url.find('/') + 1);
  const auto again = north_->put(url, R"({"resourceType":"Binary","id":")" + id +
                                          R"(","contentType":"text/plain","data":"bmV3"})");
  ASSERT_EQ(again.status, 200U) << again.body;
  EXPECT_EQ(doctor_->get(url, {{"Accept", "text/plain"}}).body, "new");
}

TEST_F(Mhd, DocumentsComeToAnotherMember) {
  ASSERT_EQ(provide_letter().status, 200U);
  demo::Persona ann = patient();
  share(ann, {"DocumentReference", "Binary"});
  demo::Persona south = live_->hospital(1);
  FhirClient ward(live_->doctor(south, "ward"), live_->organisations[1]);
  const std::string source =
      model::did_text(live_->organisations[0]) + "|" + model::did_text(patient_did_);
  std::string body;
  for (int i = 0; i < 100; ++i) {  // the organisations tell their agreement keys by themselves
    const auto answer =
        ward.post("Patient/$gather", R"({"resourceType":"Parameters","parameter":[{"name":"source",
"valueString":")" + source + R"("},{"name":"_type","valueString":"DocumentReference,Binary"}]})");
    ASSERT_EQ(answer.status, 200U) << answer.body;
    body = answer.body;
    if (body.find("\"resourceType\":\"Binary\"") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_NE(body.find("\"resourceType\":\"DocumentReference\""), std::string::npos) << body;
  EXPECT_NE(body.find(to_base64(view_of(std::string_view("discharge letter")))), std::string::npos)
      << body;
}

}  // namespace
}  // namespace xl::node
