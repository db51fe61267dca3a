// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/json/json.h"
#include "node/demo/cast.h"
#include "node/demo/fhir_talk.h"
#include "node/init.h"
#include "node/node.h"

/// A real node with two hospitals (or one, or these and a regulator) on a folder of its own, and
/// people who talk to it over HTTP.
namespace xl::node::testing {

/// The machine's clock, moved ahead by a test.
class ShiftedClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t now_ms() const override { return system_.now_ms() + shift_.load(); }
  void shift_ms(std::uint64_t by) { shift_.fetch_add(by); }

 private:
  SystemClock system_;
  std::atomic<std::uint64_t> shift_{0};
};

class LiveNode {
 public:
  explicit LiveNode(const std::string& name, std::size_t hospitals = 2)
      : root(std::filesystem::temp_directory_path() /
             ("xl-" + name + "-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(root);
    std::filesystem::create_directories(root / "personas");
    NewMember init{"test",
                   {{"North", contracts::identity::OrganisationType::hospital},
                    {"South", contracts::identity::OrganisationType::hospital},
                    {"Watch", contracts::identity::OrganisationType::regulator}}};
    init.organisations.resize(hospitals);
    EXPECT_TRUE(init_solo(layout(), init, unlock(), clock).ok());
  }
  ~LiveNode() {
    node.reset();
    std::filesystem::remove_all(root);
  }
  LiveNode(const LiveNode&) = delete;
  LiveNode& operator=(const LiveNode&) = delete;

  [[nodiscard]] Layout layout() const { return {root / "data"}; }
  [[nodiscard]] static Bytes operator_key() { return Bytes(32, 7); }
  [[nodiscard]] static Unlock unlock() {
    return Unlock::with_operator_key(crypto::SecretBytes::copy_of(operator_key()));
  }

  void start() {
    Config config;
    config.port = 0;
    if (configure) configure(config);
    auto started = Node::start(layout(), config, unlock(), clock, log);
    if (start_refused) {
      EXPECT_FALSE(started.ok());
      return;
    }
    ASSERT_TRUE(started.ok()) << started.error().text();
    node = std::move(*started);
    const auto genesis = load_genesis(layout());
    ASSERT_TRUE(genesis.ok());
    organisations.clear();
    for (const json::Value one : genesis->section("identity").find("organisations").items()) {
      organisations.push_back(*model::id_from_did(one.find("did").as_string().value_or("")));
    }
  }
  void stop() { node.reset(); }
  /// Before a start: the first one of the genesis.
  [[nodiscard]] model::Id first_organisation() const { return founded(0); }
  [[nodiscard]] model::Id second_organisation() const { return founded(1); }
  [[nodiscard]] model::Id founded(std::size_t which) const {
    const auto genesis = load_genesis(layout());
    EXPECT_TRUE(genesis.ok());
    const json::Value one = genesis->section("identity").find("organisations").at(which);
    return *model::id_from_did(one.find("did").as_string().value_or(""));
  }

  [[nodiscard]] demo::Cast cast() {
    return demo::Cast({"127.0.0.1", std::to_string(node->port())}, clock, root / "personas",
                      {crypto::keyfile::Protection::operator_key, key_});
  }
  [[nodiscard]] demo::Persona hospital(std::size_t which) {
    auto out = cast().organisation(layout(), unlock(), "hospital", organisations[which]);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return std::move(*out);
  }
  [[nodiscard]] demo::Persona doctor(demo::Persona& employer, const std::string& name) {
    auto out = cast().practitioner(employer, name, contracts::identity::Role::physician,
                                   contracts::identity::LicenceType::medical);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return std::move(*out);
  }

  ShiftedClock clock;
  Log log;  ///< writes nothing unless a test opens it
  std::filesystem::path root;
  std::unique_ptr<Node> node;
  std::vector<model::Id> organisations;
  std::function<void(Config&)> configure;  ///< what the next start is to have otherwise
  bool start_refused = false;              ///< the next start has to fail

 private:
  Bytes key_ = operator_key();
};

/// Somebody's way to one custodian's FHIR server.
class FhirClient {
 public:
  FhirClient(demo::Persona who, const model::Id& custodian)
      : who_(std::move(who)), base_("/o/" + custodian.text() + "/fhir/") {}

  client::HttpResponse ask(std::string_view method, const std::string& path,
                           std::string_view body = {}, demo::Headers headers = {},
                           std::string_view type = "application/fhir+json") {
    auto answer =
        who_.session->ask(method, base_ + path, body.empty() ? "" : type, body, std::move(headers));
    EXPECT_TRUE(answer.ok()) << answer.error().text();
    return answer.ok() ? std::move(*answer) : client::HttpResponse{};
  }
  client::HttpResponse get(const std::string& path, demo::Headers headers = {}) {
    return ask("GET", path, {}, std::move(headers));
  }
  client::HttpResponse put(const std::string& path, std::string_view body,
                           demo::Headers headers = {}) {
    return ask("PUT", path, body, std::move(headers));
  }
  client::HttpResponse post(const std::string& path, std::string_view body) {
    return ask("POST", path, body);
  }
  [[nodiscard]] demo::Persona& who() { return who_; }
  [[nodiscard]] const std::string& base() const { return base_; }

 private:
  demo::Persona who_;
  std::string base_;
};

inline json::Document parsed(const client::HttpResponse& answer) {
  json::Limits bounds;
  bounds.bytes_max = answer.body.size() + 1;
  auto document = json::parse(answer.body, bounds);
  EXPECT_TRUE(document.ok()) << answer.status << " " << answer.body.substr(0, 400);
  return document.ok() ? std::move(*document) : json::Document::object();
}

inline std::string patient_json(const std::string& id, const std::string& name) {
  return R"({"resourceType":"Patient","id":")" + id + R"(","name":[{"text":")" + name + R"("}]})";
}

inline std::string observation_json(const std::string& id, const std::string& patient,
                                    const std::string& value = "1.50",
                                    const std::string& date = "2026-01-02") {
  return R"({"resourceType":"Observation","id":")" + id +
         R"(","status":"final",)"
         R"("category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/)"
         R"(observation-category",)"
         R"("code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org",)"
         R"("code":"2339-0"}]},"subject":{"reference":"Patient/)" +
         patient + R"("},"effectiveDateTime":")" + date + R"(","valueQuantity":{"value":)" + value +
         R"(,"unit":"mg/dL"}})";
}

}  // namespace xl::node::testing
