// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: no health data outside the vault and the custodian's own encrypted index: not in the
// ledger, index files, journals, error bodies, metrics, the status page or what is on the disk.
// Method: marked names, ids and values are planted, read, refused, searched for and deleted; then
// every file of the node and every answer that must not hold them is searched for them and their
// plain hashes.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "base/file.h"
#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::patient_json;

const std::vector<std::string> planted = {
    "Zephyrine Quillfeather", "marked-patient-7731", "marked-record-5542",       "7731.4477",
    "marked-loinc-9988",      "2019-07-31T07:31:47", "marked note of the doctor"};

std::string marked_observation() {
  return R"({"resourceType":"Observation","id":"marked-record-5542","status":"final",)"
         R"("code":{"coding":[{"system":"http://loinc.org","code":"marked-loinc-9988"}]},)"
         R"("subject":{"reference":"Patient/marked-patient-7731"},)"
         R"("effectiveDateTime":"2019-07-31T07:31:47Z",)"
         R"("note":[{"text":"marked note of the doctor"}],)"
         R"("valueQuantity":{"value":7731.4477}})";
}

/// A digest as anybody makes it who wants to recognise a name or number.
Bytes common_digest(const EVP_MD* algorithm, std::string_view text) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  EXPECT_EQ(EVP_Digest(text.data(), text.size(), out.data(), &size, algorithm, nullptr), 1);
  out.resize(size);
  return out;
}

/// What gives the planted texts away: they themselves, their digests, and base64 of them.
std::vector<std::string> needles() {
  std::vector<std::string> out;
  for (const std::string& text : planted) {
    out.push_back(text);
    for (const EVP_MD* algorithm :
         {EVP_sha256(), EVP_sha1(), EVP_md5(), EVP_sha512(), EVP_sha3_256(), EVP_sm3()}) {
      const Bytes digest = common_digest(algorithm, text);
      out.emplace_back(text_of(digest));
      out.push_back(to_hex(digest));
      out.push_back(to_base64(digest));
    }
    out.push_back(to_base64(view_of(text)).substr(0, text.size()));
  }
  return out;
}

void expect_clean(std::string_view text, const std::string& where) {
  for (const std::string& needle : needles()) {
    EXPECT_EQ(text.find(needle), std::string_view::npos) << where;
  }
}

TEST(Leak, NothingPlantedLeavesVaultAndIndex) {
  LiveNode live("leak");
  live.start();
  ASSERT_NE(live.node, nullptr);
  {
    FhirClient north(live.hospital(0), live.organisations[0]);
    ASSERT_EQ(north
                  .put("Patient/marked-patient-7731",
                       patient_json("marked-patient-7731", "Zephyrine Quillfeather"))
                  .status,
              201U);
    ASSERT_EQ(north.put("Observation/marked-record-5542", marked_observation()).status, 201U);
    ASSERT_EQ(north.get("Observation/marked-record-5542").status, 200U);
    ASSERT_EQ(north.get("Observation?code=marked-loinc-9988").status, 200U);
    ASSERT_EQ(north.get("Patient?name=Zephyrine").status, 200U);
    // Refusals: wrong content with marked values, and somebody who may not see.
    std::string broken = marked_observation();
    broken.replace(broken.find("final"), 5, "marked note of the doctor");
    expect_clean(north.put("Observation/marked-record-5542", broken).body, "invalid code");
    broken = marked_observation();
    broken.replace(broken.find("2019-07-31T07:31:47Z"), 20, "Zephyrine Quillfeather");
    expect_clean(north.put("Observation/marked-record-5542", broken).body, "invalid date");
    broken = marked_observation();
    broken.insert(1, R"("marked note of the doctor":1,)");
    // An unknown element's name is the sender's own text and may be named; its value is not.
    broken.replace(broken.find("marked note of the doctor\":1"), 25, "unknownElement");
    expect_clean(north.put("Observation/marked-record-5542", broken).body, "unknown element");
    expect_clean(north.put("Observation/other", marked_observation()).body, "other id");
    expect_clean(north.put("Observation/marked-record-5542", "{\"Zephyrine Quillfeather\"").body,
                 "no JSON");
    expect_clean(north.get("Observation?date=Zephyrine%20Quillfeather").body, "search value");
    demo::Persona south_hospital = live.hospital(1);
    FhirClient south(live.doctor(south_hospital, "ward"), live.organisations[0]);
    expect_clean(south.get("Observation/marked-record-5542").body, "refused read");
    ASSERT_EQ(north.ask("DELETE", "Observation/marked-record-5542").status, 204U);
    client::HttpClient http({"127.0.0.1", std::to_string(live.node->port())});
    for (const char* path :
         {"/metrics", "/health", "/", "/o", "/ledger/v1/head", "/api/openapi.json"}) {
      const auto answer = http.get(path);
      ASSERT_TRUE(answer.ok());
      expect_clean(answer->body, path);
    }
  }
  live.stop();
  std::uintmax_t searched = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(live.root)) {
    if (!file.is_regular_file()) continue;
    const auto content = read_file(file.path(), 1U << 30U);
    ASSERT_TRUE(content.ok()) << file.path();
    searched += content->size();
    expect_clean(text_of(*content), file.path().string());
    expect_clean(file.path().string(), "a file's name");
  }
  EXPECT_GT(searched, 100'000U);
}

}  // namespace
}  // namespace xl::node
