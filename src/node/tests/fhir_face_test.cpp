// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an organisation's FHIR server does what its CapabilityStatement says, and refuses the rest
// with an OperationOutcome. Method: a real node, asked over HTTP by software, doctors and patients.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "fhir/validate.h"
#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

/// What a server answers to these very bytes.
std::string raw_exchange(std::uint16_t port, const std::string& request) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket socket(io);
  boost::system::error_code failure;
  socket.connect({boost::asio::ip::address_v4::loopback(), port}, failure);
  boost::asio::write(socket, boost::asio::buffer(request), failure);
  std::string out;
  boost::asio::read(socket, boost::asio::dynamic_buffer(out), failure);
  return out;
}

class FhirFace : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    live_ = std::make_unique<LiveNode>("fhir");
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    north_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
    ASSERT_EQ(north_->put("Patient/p1", patient_json("p1", "Planted Name")).status, 201U);
  }
  static void TearDownTestSuite() {
    north_.reset();
    live_.reset();
  }

  static std::string code_of(const client::HttpResponse& answer) {
    const json::Document document = parsed(answer);
    EXPECT_EQ(document.root().find("resourceType").as_string(), "OperationOutcome");
    EXPECT_TRUE(fhir::validate(document.root()).empty());
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

  static std::unique_ptr<LiveNode> live_;
  static std::unique_ptr<FhirClient> north_;
};

std::unique_ptr<LiveNode> FhirFace::live_;
std::unique_ptr<FhirClient> FhirFace::north_;

TEST_F(FhirFace, KeepsEveryVersionOfARecord) {
  const auto created = north_->post("Observation", observation_json("ignored", "p1"));
  ASSERT_EQ(created.status, 201U) << created.body;
  EXPECT_EQ(created.headers.at("etag"), "W/\"1\"");
  const std::string location = created.headers.at("location");
  const std::string path = location.substr(location.find("Observation/"));
  const std::string id = path.substr(12, path.find("/_history") - 12);
  const std::string name = "Observation/" + id;
  const std::string receipt = created.headers.at("link");
  const std::size_t at = receipt.find("/receipts/") + 10;
  EXPECT_TRUE(north_->who().session->verify_receipt(receipt.substr(at, 64)).ok());

  EXPECT_EQ(north_->get(name).body, created.body);
  const auto updated = north_->put(name, observation_json(id, "p1", "1.60"));
  EXPECT_EQ(updated.status, 200U) << updated.body;
  EXPECT_EQ(updated.headers.at("etag"), "W/\"2\"");
  const auto stale =
      north_->put(name, observation_json(id, "p1", "1.70"), {{"If-Match", "W/\"1\""}});
  EXPECT_EQ(stale.status, 412U);
  EXPECT_EQ(code_of(stale), "XL4172");
  EXPECT_EQ(north_->put(name, observation_json(id, "p1", "1.70"), {{"If-Match", "W/\"2\""}}).status,
            200U);
  EXPECT_EQ(north_->get(name + "/_history/1").body, created.body);
  EXPECT_EQ(north_->ask("DELETE", name).status, 204U);
  EXPECT_EQ(north_->get(name).status, 410U);
  EXPECT_EQ(code_of(north_->get(name)), "XL4171");
  const json::Document history = parsed(north_->get(name + "/_history"));
  EXPECT_TRUE(fhir::validate(history.root()).empty());
  ASSERT_EQ(history.root().find("entry").size(), 4U);
  EXPECT_EQ(history.root().find("entry").at(0).find("request").find("method").as_string(),
            "DELETE");
  EXPECT_EQ(north_->get(name + "/_history/2").status, 200U);
  EXPECT_EQ(north_->get(name + "/_history/9").status, 404U);
  EXPECT_EQ(north_->put(name, observation_json(id, "p1")).status, 201U);
  EXPECT_EQ(north_->get(name).headers.at("etag"), "W/\"5\"");
}

TEST_F(FhirFace, KeepsDecimalsAndUnknownExtensionsAsWritten) {
  const std::string text =
      R"({"resourceType":"Observation","id":"exact",)"
      R"("extension":[{"url":"http://example.org/unheard-of","valueDecimal":1.50},)"
      R"({"url":"http://example.org/nested","extension":[{"url":"a",)"
      R"("valueString":"ü"}]}],"status":"final","code":{"text":"x"},)"
      R"("subject":{"reference":"Patient/p1"},"valueQuantity":{"value":0.00010}})";
  ASSERT_EQ(north_->put("Observation/exact", text).status, 201U);
  const std::string kept = north_->get("Observation/exact").body;
  EXPECT_NE(kept.find("\"valueDecimal\":1.50"), std::string::npos);
  EXPECT_NE(kept.find("\"value\":0.00010"), std::string::npos);
  EXPECT_NE(kept.find("unheard-of"), std::string::npos);
  EXPECT_NE(kept.find("\"valueString\":\"ü\""), std::string::npos);
}

TEST_F(FhirFace, FindsByEachParameterAndPagesWithoutLossOrRepetition) {
  ASSERT_EQ(north_->put("Patient/p2", patient_json("p2", "Other")).status, 201U);
  for (int i = 0; i < 25; ++i) {
    const std::string id = "page-" + std::to_string(i);
    const std::string date = "2025-01-" + std::to_string(10 + i % 15);
    ASSERT_EQ(north_->put("Observation/" + id, observation_json(id, "p2", "1.0", date)).status,
              201U);
  }
  std::set<std::string> seen;
  std::string path = "Observation?patient=p2&_count=10";
  int pages = 0;
  while (!path.empty()) {
    const json::Document page = parsed(north_->get(path));
    EXPECT_TRUE(fhir::validate(page.root()).empty());
    EXPECT_EQ(page.root().find("total").number_text(), "25");
    for (const json::Value entry : page.root().find("entry").items()) {
      EXPECT_TRUE(seen.emplace(entry.find("resource").find("id").as_string().value_or("")).second);
    }
    path.clear();
    for (const json::Value link : page.root().find("link").items()) {
      if (link.find("relation").as_string() != "next") continue;
      const std::string url(link.find("url").as_string().value_or(""));
      path = url.substr(url.find("Observation?"));
    }
    ++pages;
  }
  EXPECT_EQ(seen.size(), 25U);
  EXPECT_EQ(pages, 3);
  const auto total = [&](const std::string& query) {
    return std::string(parsed(north_->get(query)).root().find("total").number_text().value_or(""));
  };
  EXPECT_EQ(total("Observation?subject=Patient/p2&code=http://loinc.org|2339-0"), "25");
  EXPECT_EQ(total("Observation?patient=p2&code=2339-0,other&category=laboratory"), "25");
  EXPECT_EQ(total("Observation?patient=p2&date=ge2025-01-24"), "1");
  EXPECT_EQ(total("Observation?patient=p2&_id=page-3"), "1");
  EXPECT_EQ(total("Observation?patient=p2&_lastUpdated=ge2026-01-01"), "25");
  EXPECT_EQ(total("Observation?patient=p2&_lastUpdated=lt2026-01-01"), "0");
  EXPECT_EQ(total("Patient?name=oth"), "1");
  const auto form = north_->ask("POST", "Observation/_search", "patient=p2&date=2025-01-24", {},
                                "application/x-www-form-urlencoded");
  EXPECT_EQ(parsed(form).root().find("total").number_text(), "1");
  EXPECT_EQ(code_of(north_->get("Observation?_count=x")), "XL4007");
  const json::Document all = parsed(north_->get("Patient/p2/$everything"));
  EXPECT_EQ(all.root().find("entry").size(), 26U);
}

TEST_F(FhirFace, TransactionsResolveReferencesAndAreAllOrNothing) {
  const std::string good =
      R"({"resourceType":"Bundle","type":"transaction",)"
      R"("entry":[{"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",)"
      R"("resource":{"resourceType":"Patient","name":[{"text":"T"}]},)"
      R"("request":{"method":"POST","url":"Patient"}},)"
      R"({"fullUrl":"urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e059",)"
      R"("resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},)"
      R"("subject":{"reference":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"}},)"
      R"("request":{"method":"POST","url":"Observation"}}]})";
  const auto done = north_->post("", good);
  ASSERT_EQ(done.status, 200U) << done.body;
  const json::Document answer = parsed(done);
  EXPECT_TRUE(fhir::validate(answer.root()).empty());
  const auto entry = [&](std::size_t i) { return answer.root().find("entry").at(i); };
  const std::string patient(entry(0).find("resource").find("id").as_string().value_or(""));
  EXPECT_EQ(entry(1).find("resource").find("subject").find("reference").as_string(),
            "Patient/" + patient);
  EXPECT_TRUE(entry(1).find("response").find("status").as_string()->starts_with("201"));

  const std::string half =
      R"({"resourceType":"Bundle","type":"transaction","entry":[{"resource":)" +
      patient_json("half", "H") +
      R"(,"request":{"method":"PUT","url":"Patient/half"}},{"resource":)" +
      observation_json("half-o", "nobody") +
      R"(,"request":{"method":"PUT","url":"Observation/half-o"}}]})";
  const auto refused = north_->post("", half);
  EXPECT_EQ(refused.status, 422U);
  EXPECT_EQ(code_of(refused), "XL4175");
  EXPECT_EQ(north_->get("Patient/half").status, 404U);

  std::string batch = half;
  batch.replace(batch.find("transaction"), 11, "batch");
  const json::Document each = parsed(north_->post("", batch));
  EXPECT_EQ(each.root().find("entry").at(0).find("response").find("status").as_string(), "201");
  EXPECT_EQ(each.root().find("entry").at(1).find("response").find("status").as_string(), "422");
  EXPECT_EQ(north_->get("Patient/half").status, 200U);
}

/// A Bundle of entries, each given as the text of its object.
std::string bundle_of(const std::string& type, const std::vector<std::string>& entries) {
  std::string out;
  for (const std::string& entry : entries) out += (out.empty() ? "" : ",") + entry;
  return R"({"resourceType":"Bundle","type":")" + type + R"(","entry":[)" + out + "]}";
}
std::string get_entry(const std::string& url) {
  return R"({"request":{"method":"GET","url":")" + url + R"("}})";
}
std::string put_entry(const std::string& name, const std::string& resource) {
  return R"({"resource":)" + resource + R"(,"request":{"method":"PUT","url":")" + name + R"("}})";
}

TEST_F(FhirFace, EveryEntryOfABatchIsAnsweredForItself) {
  ASSERT_EQ(north_->put("Observation/b1", observation_json("b1", "p1")).status, 201U);
  const std::string host = "http://127.0.0.1:" + std::to_string(live_->node->port());
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"{}", "400", "XL4178"},
      {"7", "400", "XL4178"},
      {R"({"request":{"method":"GET"}})", "400", "XL4178"},
      {R"({"request":{"url":"Patient/p1"}})", "400", "XL4178"},
      {get_entry("Observation/b1"), "200", ""},
      {get_entry("/Observation/b1"), "200", ""},
      {get_entry(host + north_->base() + "Observation/b1"), "200", ""},
      {get_entry("/Observation?patient=p1&_id=b1"), "200", ""},
      {get_entry("Observation?patient=http://elsewhere.example/Patient/p1"), "200", ""},
      {get_entry("http://elsewhere.example/fhir/Observation/b1"), "400", "XL4180"},
      {get_entry("//elsewhere.example/fhir/Observation/b1"), "400", "XL4180"},
      {get_entry("urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"), "400", "XL4180"},
      {get_entry(host + "/o/" + live_->organisations[1].text() + "/fhir/Observation/b1"), "400",
       "XL4180"},
      {R"({"request":{"method":"POST","url":"Observation/_search?patient=p1&_id=b1"}})", "200", ""},
      {R"({"resource":{"resourceType":"Parameters"},)"
       R"("request":{"method":"POST","url":"Observation/_search?patient=p1"}})",
       "400", "XL4178"},
      {R"({"request":{"method":"GET","url":"Patient/p1","ifNoneMatch":"W/\"1\""}})", "304", ""},
      {put_entry("/Observation/b2", observation_json("b2", "p1")), "201", ""},
  };
  std::vector<std::string> entries;
  for (const auto& [entry, status, code] : cases) entries.push_back(entry);
  const auto answer = north_->post("", bundle_of("batch", entries));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const json::Document each = parsed(answer);
  EXPECT_TRUE(fhir::validate(each.root()).empty());
  ASSERT_EQ(each.root().find("entry").size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const json::Value response = each.root().find("entry").at(i).find("response");
    EXPECT_EQ(response.find("status").as_string(), std::get<1>(cases[i])) << std::get<0>(cases[i]);
    const json::Value issue = response.find("outcome").find("issue").at(0);
    EXPECT_EQ(issue.find("details").find("coding").at(0).find("code").as_string().value_or(""),
              std::get<2>(cases[i]))
        << std::get<0>(cases[i]);
  }
  const json::Value found = each.root().find("entry").at(13).find("resource");
  EXPECT_EQ(found.find("total").number_text(), "1");
  EXPECT_EQ(north_->get("Observation/b2").status, 200U);
  // A list that is none, and a transaction with an entry that is none: the whole is refused.
  const auto no_list = north_->post("", R"({"resourceType":"Bundle","type":"batch","entry":{}})");
  EXPECT_EQ(no_list.status, 400U) << no_list.body;
  EXPECT_EQ(code_of(no_list), "XL4178");
  const auto whole = north_->post(
      "", bundle_of("transaction", {put_entry("Patient/whole", patient_json("whole", "W")), "{}"}));
  EXPECT_EQ(whole.status, 400U) << whole.body;
  EXPECT_EQ(code_of(whole), "XL4178");
  EXPECT_EQ(north_->get("Patient/whole").status, 404U);
}

TEST_F(FhirFace, ATransactionsReadsSucceedOrNothingIsWritten) {
  ASSERT_EQ(north_->put("Observation/t1", observation_json("t1", "p1")).status, 201U);
  const auto write = [](const std::string& id) {
    return put_entry("Patient/" + id, patient_json(id, "T"));
  };
  int number = 0;
  const auto refused = [&](const std::vector<std::string>& reads, unsigned status,
                           const char* code) {
    const std::string id = "t-no-" + std::to_string(++number);
    std::vector<std::string> entries{write(id)};
    entries.insert(entries.end(), reads.begin(), reads.end());
    const auto answer = north_->post("", bundle_of("transaction", entries));
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(code_of(answer), code);
    const json::Document outcome = parsed(answer);
    const std::string place = "Bundle.entry[" + std::to_string(reads.size()) + "]";
    EXPECT_NE(answer.body.find(place), std::string::npos) << answer.body;
    EXPECT_EQ(north_->get("Patient/" + id).status, 404U) << "half of a transaction";
  };
  refused({get_entry("Observation/absent")}, 404, "XL4170");
  refused({get_entry("Observation/t1"), get_entry("Observation?nonsense=1")}, 400, "XL1710");
  refused({get_entry("http://elsewhere.example/Observation/t1")}, 400, "XL4180");
  const auto done =
      north_->post("", bundle_of("transaction", {get_entry("Observation/t1"), write("t-yes"),
                                                 get_entry("/Observation?patient=p1&_id=t1"),
                                                 get_entry("Patient/p1")}));
  ASSERT_EQ(done.status, 200U) << done.body;
  const json::Document answer = parsed(done);
  EXPECT_TRUE(fhir::validate(answer.root()).empty());
  const auto entry = [&](std::size_t i) { return answer.root().find("entry").at(i); };
  ASSERT_EQ(answer.root().find("entry").size(), 4U);
  EXPECT_EQ(entry(0).find("resource").find("id").as_string(), "t1");
  EXPECT_EQ(entry(1).find("response").find("status").as_string(), "201");
  EXPECT_EQ(entry(2).find("resource").find("total").number_text(), "1");
  EXPECT_EQ(entry(3).find("resource").find("id").as_string(), "p1");
  EXPECT_EQ(north_->get("Patient/t-yes").status, 200U);
  // Without writes the reads alone succeed or fail together.
  const auto reads = north_->post(
      "", bundle_of("transaction", {get_entry("Patient/p1"), get_entry("Patient/absent")}));
  EXPECT_EQ(reads.status, 404U);
  EXPECT_EQ(reads.body.find("Planted Name"), std::string::npos);
}

TEST_F(FhirFace, ATransactionWritesNothingOverWhatItsWriterHasNotSeen) {
  ASSERT_EQ(north_->put("Patient/seen", patient_json("seen", "One")).status, 201U);
  ASSERT_EQ(north_->put("Patient/seen", patient_json("seen", "Two")).status, 200U);
  const auto entry = [](const char* method, const std::string& if_match) {
    const std::string resource = method == std::string("DELETE")
                                     ? ""
                                     : R"("resource":)" + patient_json("seen", "Three") + ",";
    return "{" + resource + R"("request":{"method":")" + method +
           R"(","url":"Patient/seen","ifMatch":")" + if_match + "\"}}";
  };
  int number = 0;
  for (const char* method : {"PUT", "DELETE"}) {
    for (const auto& [if_match, status] :
         {std::pair{R"(W/\"1\")", 412U}, std::pair{R"(W/\"99\")", 412U},
          std::pair{"garbage", 400U}}) {
      const std::string beside = "beside-" + std::to_string(++number);
      const auto answer = north_->post(
          "", bundle_of("transaction", {put_entry("Patient/" + beside, patient_json(beside, "B")),
                                        entry(method, if_match)}));
      EXPECT_EQ(answer.status, status) << answer.body;
      EXPECT_EQ(north_->get("Patient/" + beside).status, 404U) << "half of a transaction";
    }
  }
  EXPECT_EQ(north_->get("Patient/seen").headers.at("etag"), "W/\"2\"");
  const auto done = north_->post("", bundle_of("transaction", {entry("PUT", R"(W/\"2\")")}));
  EXPECT_EQ(done.status, 200U) << done.body;
  EXPECT_EQ(north_->get("Patient/seen").headers.at("etag"), "W/\"3\"");
}

TEST_F(FhirFace, ABodyWhoseEndIsUnknownIsNotTakenForTheNextRequest) {
  const std::string answer = raw_exchange(
      live_->node->port(), "POST " + north_->base() +
                               "Observation HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"
                               "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
  EXPECT_EQ(answer.find("HTTP/1.1 200"), std::string::npos) << answer;
}

TEST_F(FhirFace, AHeadIsAGetWithoutItsBody) {
  const auto ask = [&](const std::string& method, const std::string& path,
                       const std::string& headers) {
    return raw_exchange(live_->node->port(), method + " " + north_->base() + path +
                                                 " HTTP/1.1\r\nHost: x\r\n" + headers +
                                                 "Connection: close\r\n\r\n");
  };
  const std::string token = "Authorization: Bearer " + north_->who().session->token() + "\r\n";
  ASSERT_EQ(north_->ask("PUT", "Binary/head", "a,b", {}, "text/csv").status, 201U);
  for (const auto& [path, headers] :
       {std::pair{"metadata", std::string()}, std::pair{"Patient/p1", token},
        std::pair{"Patient/p1", std::string()}, std::pair{"Patient/absent", token},
        std::pair{"Binary/head", token + "Accept: text/csv\r\n"}}) {
    const std::string get = ask("GET", path, headers);
    const std::string head = ask("HEAD", path, headers);
    EXPECT_EQ(head.substr(0, 12), get.substr(0, 12)) << path;
    EXPECT_EQ(head.substr(head.find("\r\n\r\n") + 4), "") << path;
    const auto length_of = [](const std::string& answer) {
      const std::size_t at = answer.find("Content-Length: ");
      return answer.substr(at, answer.find("\r\n", at) - at);
    };
    EXPECT_EQ(length_of(head), length_of(get)) << path;
  }
}

TEST_F(FhirFace, WhyAndByWhichRightAreSaidOnce) {
  const std::string path = north_->base() + "Patient/p1";
  const auto ask = [&](const std::string& headers) {
    return raw_exchange(live_->node->port(), "GET " + path + " HTTP/1.1\r\nHost: x\r\n" +
                                                 "Authorization: Bearer " +
                                                 north_->who().session->token() + "\r\n" + headers +
                                                 "Connection: close\r\n\r\n");
  };
  EXPECT_TRUE(ask("X-Purpose-Of-Use: HOPERAT\r\n").starts_with("HTTP/1.1 200"));
  for (const std::string headers : {"X-Purpose-Of-Use: HOPERAT\r\nX-Purpose-Of-Use: TREAT\r\n",
                                    "x-purpose-of-use: TREAT\r\nX-Purpose-Of-Use: TREAT\r\n",
                                    "X-Emergency-Entry: a\r\nX-Emergency-Entry: b\r\n"}) {
    const std::string answer = ask(headers);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
    EXPECT_NE(answer.find("XL4012"), std::string::npos) << answer;
  }
}

TEST_F(FhirFace, RefusesWithAnOutcomeThatSaysWhy) {
  const auto expect = [&](const client::HttpResponse& answer, unsigned status, const char* code) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(code_of(answer), code);
  };
  expect(north_->put("Observation/x", "{nonsense"), 400, "XL1010");
  expect(north_->put("Observation/x", observation_json("y", "p1")), 400, "XL4177");
  expect(north_->put("Condition/x", observation_json("x", "p1")), 400, "XL4177");
  expect(north_->put("Observation/x", R"({"resourceType":"Observation","id":"x"})"), 422, "XL4153");
  expect(north_->put("Nothing/x", "{}"), 400, "XL4173");
  expect(north_->get("Nothing/x"), 404, "XL4150");
  expect(north_->get("Observation/absent"), 404, "XL4170");
  expect(north_->ask("PUT", "Observation/x", "<Observation/>", {}, "application/fhir+xml"), 415,
         "XL4008");
  expect(north_->get("Patient/p1", {{"Accept", "application/fhir+xml"}}), 406, "XL4016");
  expect(north_->get("Patient/p1?_format=xml"), 406, "XL4016");
  expect(north_->put("Observation/..", observation_json("..", "p1")), 400, "XL4177");
  expect(north_->ask("MERGE", "Observation/x", "[]"), 405, "XL4006");
  expect(north_->ask("PATCH", "Observation/absent", "[]"), 404, "XL4170");
  expect(north_->put("Observation/x", observation_json("x", "p1"), {{"If-Match", "1"}}), 400,
         "XL4007");
  ASSERT_EQ(north_->put("Patient/p3", patient_json("p3", "Third")).status, 201U);
  ASSERT_EQ(north_->put("Observation/moved", observation_json("moved", "p1")).status, 201U);
  expect(north_->put("Observation/moved", observation_json("moved", "p3")), 422, "XL4176");
  client::HttpClient nobody({"127.0.0.1", std::to_string(live_->node->port())});
  const auto unsigned_answer = nobody.get(north_->base() + "Patient/p1");
  ASSERT_TRUE(unsigned_answer.ok());
  expect(*unsigned_answer, 401, "XL4050");
  const auto capability = nobody.get(north_->base() + "metadata");
  ASSERT_TRUE(capability.ok());
  const json::Document statement = parsed(*capability);
  const auto issues = fhir::validate(statement.root());
  EXPECT_TRUE(issues.empty()) << issues.front().expression << issues.front().diagnostics;
}

std::string diagnostics_of(const client::HttpResponse& answer) {
  return std::string(
      parsed(answer).root().find("issue").at(0).find("diagnostics").as_string().value_or(""));
}

/// Resources that hold others, or lead to two, in every way there is.
std::string resource_of(const std::string& type, const std::string& rest) {
  return R"({"resourceType":")" + type + R"(",)" + rest + "}";
}
std::string collection_of(const std::string& one, const std::string& two) {
  return resource_of(
      "Bundle",
      R"("type":"collection","entry":[{"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",)"
      R"("resource":)" +
          one + R"(},{"fullUrl":"urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e059","resource":)" +
          two + "}]");
}
std::string parameters_of(const std::string& one, const std::string& two) {
  return resource_of("Parameters", R"("parameter":[{"name":"x","resource":)" + one +
                                       R"(},{"name":"y","part":[{"name":"z","resource":)" + two +
                                       "}]}]");
}
std::string list_of(const std::string& one, const std::string& two,
                    const std::string& subject = {}) {
  const std::string about =
      subject.empty() ? "" : R"("subject":{"reference":")" + subject + R"("},)";
  return resource_of("List", about +
                                 R"("status":"current","mode":"working","entry":[{"item":)"
                                 R"({"reference":")" +
                                 one + R"("}},{"item":{"reference":")" + two + R"("}}])");
}
std::string basic_of(const std::string& one, const std::string& two) {
  const std::string_view begin = R"({"url":"http://example.org/x","valueReference":{"reference":")";
  return resource_of("Basic", R"("extension":[)" + std::string(begin) + one + R"("}},)" +
                                  std::string(begin) + two + R"("}}],"code":{"text":"x"})");
}
std::string holder_of(const std::string& inner, const std::string& patient) {
  return resource_of("Observation", R"("contained":[)" + inner +
                                        R"(],"status":"final","code":{"text":"x"},"subject":{)"
                                        R"("reference":"Patient/)" +
                                        patient + R"("},"hasMember":[{"reference":"#in"}])");
}

class TwoPatients : public FhirFace {
 protected:
  static void SetUpTestSuite() {
    FhirFace::SetUpTestSuite();
    for (const std::string who : {"a", "b"}) {
      ASSERT_EQ(north_->put("Patient/" + who, patient_json(who, who)).status, 201U);
      ASSERT_EQ(north_->put("Observation/o" + who, observation_json("o" + who, who)).status, 201U);
    }
  }
  const std::string a_ = observation_json("in", "a");
  const std::string b_ = observation_json("in", "b");
};

TEST_F(TwoPatients, AreRefusedInEveryContainer) {
  const std::string stranger = observation_json("in", "nobody");
  struct Refused {
    std::string type, content, place;
  };
  for (const Refused& one : std::vector<Refused>{
           {"Bundle", collection_of(a_, b_), "Bundle.entry[1].resource.subject"},
           {"Bundle", collection_of(a_, patient_json("c", "C")), "Bundle.entry[1].resource"},
           {"Bundle", collection_of(a_, stranger), "Bundle.entry[1].resource"},
           {"Parameters", parameters_of(a_, b_),
            "Parameters.parameter[1].part[0].resource.subject"},
           {"List", list_of("Observation/oa", "Observation/ob", "Patient/a"), "List.entry[1].item"},
           {"List", list_of("Patient/a", "Patient/b", "Patient/b"), "List.entry[0].item"},
           {"Basic", basic_of("Patient/a", "Observation/ob"), "Basic.extension[1].valueReference"},
           {"Observation", holder_of(b_, "a"), "Observation.contained[0].subject"},
           {"Observation", holder_of(stranger, "a"), "Observation.contained[0]"},
           {"Observation",
            resource_of("Observation", R"("status":"final","code":{"text":"x"},"subject":{)"
                                       R"("reference":"Patient/a"},"hasMember":[{"reference":)"
                                       R"("Observation/ob"}])"),
            "Observation.hasMember[0]"},
           {"Patient",
            resource_of("Patient", R"("contained":[)" + b_ +
                                       R"(],"generalPractitioner":[{"reference":"#in"}])"),
            "Patient.contained[0].subject"}}) {
    const auto answer = north_->post(one.type, one.content);
    EXPECT_EQ(answer.status, 422U) << one.content << answer.body;
    if (answer.status != 422U) continue;
    EXPECT_EQ(code_of(answer), "XL4181") << answer.body;
    EXPECT_TRUE(diagnostics_of(answer).ends_with(": " + one.place)) << answer.body;
  }
  // In one transaction the second may stand behind what refers to it.
  const std::string forward =
      R"({"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":)"
      R"("urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a","resource":)" +
      basic_of("Observation/oa", "urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e059") +
      R"(,"request":{"method":"POST","url":"Basic"}},{"fullUrl":)"
      R"("urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e059","resource":)" +
      b_ + R"(,"request":{"method":"POST","url":"Observation"}}]})";
  const auto refused = north_->post("", forward);
  EXPECT_EQ(refused.status, 422U) << refused.body;
  EXPECT_EQ(code_of(refused), "XL4181");
}

TEST_F(TwoPatients, OfOneEachAreKept) {
  for (const auto& [type, content] :
       {std::pair{"Bundle", collection_of(a_, a_)}, std::pair{"Parameters", parameters_of(b_, b_)},
        std::pair{"List", list_of("Observation/oa", "Patient/a")},
        std::pair{"List", list_of("Observation/oa", "Patient/a", "Patient/a")},
        std::pair{"List", list_of("Observation/oa", "Observation/ob")},
        std::pair{"Basic", basic_of("Observation/ob", "Patient/b")},
        std::pair{"Observation", holder_of(a_, "a")}}) {
    const auto answer = north_->post(type, content);
    EXPECT_EQ(answer.status, 201U) << content << answer.body;
  }
}

/// The URL of a page's link, relative to the base; empty without one.
std::string link_of(json::Value page, std::string_view relation, const std::string& base) {
  for (const json::Value link : page.find("link").items()) {
    if (link.find("relation").as_string() != relation) continue;
    const std::string url(link.find("url").as_string().value_or(""));
    return url.substr(url.find(base) + base.size());
  }
  return {};
}

TEST_F(FhirFace, EverythingIsEverythingWhateverIsAmendedMeanwhile) {
  ASSERT_EQ(north_->put("Patient/every", patient_json("every", "E")).status, 201U);
  for (int i = 0; i < 6; ++i) {
    const std::string id = "every-" + std::to_string(i);
    ASSERT_EQ(north_->put("Observation/" + id, observation_json(id, "every")).status, 201U);
  }
  ASSERT_EQ(north_->put("Observation/every-5", observation_json("every-5", "every", "3")).status,
            200U);
  std::set<std::string> seen;
  std::string path = "Patient/every/$everything?_count=2";
  for (int pages = 0; !path.empty(); ++pages) {
    ASSERT_LT(pages, 10);
    const json::Document page = parsed(north_->get(path));
    for (const json::Value entry : page.root().find("entry").items()) {
      EXPECT_TRUE(seen.emplace(entry.find("resource").find("id").as_string().value_or("")).second);
    }
    if (pages == 0) {
      for (const char* id : {"every-0", "every-1"}) {
        ASSERT_EQ(north_->put(std::string("Observation/") + id, observation_json(id, "every", "7"))
                      .status,
                  200U);
      }
      ASSERT_EQ(north_->put("Observation/every-9", observation_json("every-9", "every")).status,
                201U);
      ASSERT_EQ(north_->ask("DELETE", "Observation/every-2").status, 204U);
    }
    path = link_of(page.root(), "next", north_->base());
  }
  EXPECT_EQ(seen, (std::set<std::string>{"every", "every-0", "every-1", "every-2", "every-3",
                                         "every-4", "every-5"}));
  const json::Document fresh = parsed(north_->get("Patient/every/$everything"));
  EXPECT_EQ(fresh.root().find("entry").size(), 7U);
}

TEST_F(FhirFace, OneLostBodyTakesNothingFromTheOthers) {
  for (const char* id : {"lost-1", "lost-2", "lost-3"}) {
    ASSERT_EQ(north_
                  ->put("Condition/" + std::string(id),
                        R"({"resourceType":"Condition","id":")" + std::string(id) +
                            R"(","subject":{"reference":"Patient/p1"}})")
                  .status,
              201U);
  }
  custody::Stores& stores = live_->node->custody().find(live_->organisations[0])->stores();
  const auto entry = stores.index().current("Condition", "lost-2");
  ASSERT_TRUE(entry.ok());
  const auto key = stores.keyring().open_key({entry->record, 1});
  ASSERT_TRUE(key.ok());
  const vault::SuiteDigest body[] = {key->body};
  ASSERT_TRUE(stores.bodies().remove(body).ok());
  const std::uint64_t reads = stores.journal().size();
  for (const char* search : {"Condition?_id=lost-1,lost-2,lost-3", "Condition/_history"}) {
    const auto answer = north_->get(search);
    ASSERT_EQ(answer.status, 200U) << answer.body;
    const json::Document page = parsed(answer);
    EXPECT_TRUE(fhir::validate(page.root()).empty());
    std::size_t shown = 0;
    std::size_t damaged = 0;
    for (const json::Value one : page.root().find("entry").items()) {
      const bool kept = one.find("resource").find("resourceType").as_string() == "Condition";
      const json::Value outcome =
          one.find("resource").find("resourceType").as_string() == "OperationOutcome"
              ? one.find("resource")
              : one.find("response").find("outcome");
      shown += kept ? 1 : 0;
      damaged += outcome.find("resourceType").as_string() == "OperationOutcome" ? 1 : 0;
    }
    EXPECT_EQ(shown, 2U) << answer.body;
    EXPECT_EQ(damaged, 1U) << answer.body;
  }
  // What was not shown is not recorded as shown.
  const auto recorded = stores.journal().entries_of(entry->patient, reads, 100);
  ASSERT_TRUE(recorded.ok());
  EXPECT_EQ(recorded->size(), 4U);
  for (const vault::KeptEntry& kept : *recorded) {
    EXPECT_FALSE(text_of(kept.entry.subject).starts_with(text_of(entry->record.view())));
  }
  EXPECT_EQ(north_->get("Condition/lost-2").status, 500U);
}

TEST_F(FhirFace, APageEndsEarlyBeforeItBecomesTooLarge) {
  ASSERT_EQ(north_->put("Patient/large", patient_json("large", "L")).status, 201U);
  for (int i = 0; i < 5; ++i) {
    const std::string id = "large-" + std::to_string(i);
    std::string text = observation_json(id, "large");
    // FHIR strings hold up to a megabyte.
    std::string notes;
    for (int k = 0; k < 6; ++k) {
      notes +=
          std::string(k == 0 ? "" : ",") + R"({"text":")" + std::string(1'000'000, 'n') + "\"}";
    }
    text.insert(text.rfind('}'), R"(,"note":[)" + notes + "]");
    ASSERT_EQ(north_->put("Observation/" + id, text).status, 201U);
  }
  for (const char* first : {"Observation?patient=large", "Patient/large/$everything",
                            "Observation/large-0/_history", "Observation?patient=large&_count=3"}) {
    std::set<std::string> seen;
    std::string path = first;
    for (int pages = 0; !path.empty(); ++pages) {
      ASSERT_LT(pages, 8);
      const auto answer = north_->get(path);
      ASSERT_EQ(answer.status, 200U) << answer.body.substr(0, 500);
      EXPECT_LE(answer.body.size(), 17U << 20U);
      const json::Document page = parsed(answer);
      EXPECT_GE(page.root().find("entry").size(), 1U);
      for (const json::Value entry : page.root().find("entry").items()) {
        EXPECT_TRUE(seen.emplace(entry.find("fullUrl").as_string().value_or("")).second);
      }
      path = link_of(page.root(), "next", north_->base());
    }
    const std::string_view what(first);
    EXPECT_EQ(seen.size(), what.ends_with("_history") ? 1U
                           : what.ends_with("thing")  ? 6U
                                                      : 5U)
        << first;
  }
}

TEST_F(FhirFace, AWriteOfWhatMustBeNewOverwritesNothing) {
  const auto text = [](const char* value) { return observation_json("once", "p1", value); };
  const demo::Headers fresh = {{"If-None-Match", "*"}};
  EXPECT_EQ(north_->put("Observation/once", text("1"), fresh).status, 201U);
  const auto again = north_->put("Observation/once", text("2"), fresh);
  EXPECT_EQ(again.status, 412U) << again.body;
  EXPECT_EQ(code_of(again), "XL4182");
  EXPECT_EQ(north_->get("Observation/once").headers.at("etag"), "W/\"1\"");
  ASSERT_EQ(north_->ask("DELETE", "Observation/once").status, 204U);
  EXPECT_EQ(north_->put("Observation/once", text("3"), fresh).status, 201U);
  for (const auto& answer :
       {north_->put("Observation/once", text("4"), {{"If-None-Match", "W/\"1\""}}),
        north_->ask("POST", "Observation", text("4"), fresh),
        north_->ask("DELETE", "Observation/once", {}, fresh)}) {
    EXPECT_EQ(answer.status, 400U) << answer.body;
    EXPECT_EQ(code_of(answer), "XL4173");
  }
  EXPECT_EQ(north_->get("Observation/once").headers.at("etag"), "W/\"3\"");
}

TEST_F(FhirFace, StalledAnnouncementsHoldNobodyUp) {
  // Eight times 32 MB: as much as the bodies of all requests together may have.
  boost::asio::io_context io;
  std::vector<boost::asio::ip::tcp::socket> stalled;
  for (int i = 0; i < 8; ++i) {
    boost::system::error_code failure;
    stalled.emplace_back(io).connect({boost::asio::ip::address_v4::loopback(), live_->node->port()},
                                     failure);
    boost::asio::write(stalled.back(),
                       boost::asio::buffer("POST " + north_->base() +
                                           "Observation HTTP/1.1\r\nHost: x\r\n"
                                           "Content-Length: 33554432\r\n\r\n{"),
                       failure);
    ASSERT_FALSE(failure);
  }
  EXPECT_EQ(north_->put("Observation/meanwhile", observation_json("meanwhile", "p1")).status, 201U);
  FhirClient again(live_->hospital(0), live_->organisations[0]);  // signs in
  EXPECT_EQ(again.get("Observation/meanwhile").status, 200U);
}

TEST_F(FhirFace, MethodsThatAreNoneAreRefusedWithAnOutcome) {
  for (const char* method : {"FOO", "OPTIONS"}) {
    const auto answer = north_->ask(method, "Patient/p1");
    EXPECT_EQ(answer.status, 405U);
    EXPECT_EQ(code_of(answer), "XL4006");
    EXPECT_NE(answer.body.find("Allow"), std::string::npos) << answer.body;  // what to do
  }
}

TEST_F(FhirFace, RefusedParametersAreNamed) {
  for (const auto& [path, name] : {std::pair{"Patient/p1?_sort=date", "_sort"},
                                   std::pair{"Patient/p1/$everything?code=1", "code"},
                                   std::pair{"Patient/p1/_history?_list=1", "_list"}}) {
    const auto answer = north_->get(path);
    EXPECT_EQ(code_of(answer), "XL4174") << path;
    EXPECT_NE(diagnostics_of(answer).find(": " + std::string(name) + ": "), std::string::npos)
        << answer.body;
  }
  const auto unknown = north_->get("Observation?foo=1");
  EXPECT_EQ(code_of(unknown), "XL1710");
  EXPECT_NE(diagnostics_of(unknown).find(": foo of Observation"), std::string::npos);
  // What is no name of a parameter is not repeated.
  const auto odd = north_->get("Observation?Jane%20Doe=1");
  EXPECT_EQ(odd.body.find("Jane"), std::string::npos) << odd.body;
}

TEST_F(FhirFace, OthersSeeTheDirectoryAndNothingElse) {
  ASSERT_EQ(
      north_->put("Organization/o1", R"({"resourceType":"Organization","id":"o1","name":"N"})")
          .status,
      201U);
  ASSERT_EQ(north_
                ->put("Observation/nobodys",
                      R"({"resourceType":"Observation","id":"nobodys","status":"final",)"
                      R"("code":{"text":"x"}})")
                .status,
            201U);
  demo::Persona south_hospital = live_->hospital(1);
  FhirClient south(live_->doctor(south_hospital, "ward"), live_->organisations[0]);
  EXPECT_EQ(south.get("Organization/o1").status, 200U);
  for (const char* path :
       {"Patient/p1", "Patient/absent", "Observation/nobodys", "Patient/p1/$everything",
        "Patient/p1/$everything?_count=200", "Patient/absent/$everything?_count=200",
        "Patient/p1/_history", "Patient/p1/_history?_count=5", "Patient/p1/_history/1"}) {
    const auto answer = south.get(path);
    EXPECT_EQ(answer.status, 404U) << path;
    EXPECT_EQ(code_of(answer), "XL3502") << path;
  }
  EXPECT_EQ(code_of(south.get("Observation?code=2339-0")), "XL3504");
  EXPECT_EQ(parsed(south.get("Observation?patient=p1")).root().find("total").number_text(), "0");
  EXPECT_EQ(parsed(south.get("Patient?_id=p1")).root().find("total").number_text(), "0");
  // Who watches the ledger or its figures sees one entry, whatever is there.
  auto& journal = live_->node->custody().find(live_->organisations[0])->stores().journal();
  for (const char* path :
       {"Observation?patient=p1", "Observation?patient=absent", "Encounter?patient=p1",
        "Patient?_id=p1", "Patient?_id=absent", "Patient/p1", "Patient/absent",
        "Patient/p1/$everything?_count=200", "Patient/absent/$everything?_count=200",
        "Patient/p1/_history?_count=5"}) {
    const std::uint64_t before = journal.size();
    (void)south.get(path);
    EXPECT_EQ(journal.size(), before + 1) << path;
  }
  const auto written = south.put("Patient/p9", patient_json("p9", "X"));
  EXPECT_EQ(written.status, 403U);
  EXPECT_EQ(code_of(written), "XL4057");
  EXPECT_EQ(code_of(south.get("Patient/p1", {{"X-Purpose-Of-Use", "NONSENSE"}})), "XL4056");
}

}  // namespace
}  // namespace xl::node
