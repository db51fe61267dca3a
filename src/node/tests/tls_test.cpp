// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a node speaks TLS as its settings say, and its clients believe it only when they should;
// each refusal has a code of its own. Method: the client against a real server or node, with
// certificates that are wrong in one way each; settings read from files.
#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "crypto/certificate.h"
#include "node/tests/live_node.h"
#include "node/tools/relay.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;
namespace http = gateway::http;

constexpr std::uint64_t hour_s = 3600;

struct Names {
  fs::path certificate;
  fs::path key;

  void make(const std::vector<std::string>& names, std::int64_t from_hours = -1,
            std::int64_t until_hours = 500) const {
    const auto now_s = static_cast<std::int64_t>(SystemClock().now_ms() / 1000);
    const auto at = [&](std::int64_t hours) {
      return static_cast<std::uint64_t>(now_s + hours * static_cast<std::int64_t>(hour_s));
    };
    const auto fresh = crypto::make_certificate_key();
    ASSERT_TRUE(fresh.ok());
    const auto pem =
        crypto::make_self_signed_certificate(fresh->view(), names, at(from_hours), at(until_hours));
    ASSERT_TRUE(pem.ok());
    ASSERT_TRUE(write_file_durably(key, fresh->view(), 0600).ok());
    ASSERT_TRUE(write_file_durably(certificate, view_of(*pem)).ok());
  }
};

class TlsClientTest : public ::testing::Test {
 protected:
  TlsClientTest() : folder(fs::temp_directory_path() / ("xl-ntls-" + std::to_string(::getpid()))) {
    fs::create_directories(folder);
  }
  ~TlsClientTest() override {
    server.reset();
    fs::remove_all(folder);
  }
  [[nodiscard]] Names files(const std::string& name) const {
    return {folder / (name + ".pem"), folder / (name + ".key")};
  }
  void start(const Names& names, const fs::path& client_ca = {}) {
    http::ServerOptions options;
    options.tls =
        http::TlsOptions{names.certificate, names.key, client_ca,
                         client_ca.empty() ? http::TlsClients::none : http::TlsClients::required};
    auto started = http::Server::start(options, [](const http::Request& request) {
      http::Response out;
      out.body = request.method + (request.secure ? " secure " : " clear ") + request.body;
      return out;
    });
    ASSERT_TRUE(started.ok()) << started.error().text();
    server = std::move(*started);
  }
  /// Asks the server by the name `host`.
  [[nodiscard]] Result<client::HttpResponse> ask(const std::string& host,
                                                 const client::TlsFiles& files_shown) {
    client::HttpClient client({host, std::to_string(server->port()), true, files_shown});
    auto first = client.get("/");
    if (!first.ok()) return first;
    return client.send("POST", "/", "text/plain", "again");  // on the same connection
  }
  ErrorCode refusal(const std::string& host, const client::TlsFiles& files_shown) {
    const auto answer = ask(host, files_shown);
    return answer.ok() ? ErrorCode{} : answer.error().code;
  }

  fs::path folder;
  std::unique_ptr<http::Server> server;
};

TEST_F(TlsClientTest, BelievesWhomItsAuthorityNames) {
  const Names own = files("own");
  own.make({"localhost", "127.0.0.1"});
  start(own);
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const auto answer = ask(host, {own.certificate, {}, {}});
    ASSERT_TRUE(answer.ok()) << answer.error().text();
    EXPECT_EQ(answer->body, "POST secure again");
  }
  EXPECT_EQ(server->counters().connections, 2U);
}

TEST_F(TlsClientTest, RefusesWhoIsNotTrusted) {
  const Names own = files("own");
  const Names other = files("other");
  own.make({"localhost", "127.0.0.1"});
  other.make({"localhost", "127.0.0.1"});
  start(own);
  EXPECT_EQ(refusal("localhost", {other.certificate, {}, {}}), ErrorCode::tls_untrusted);
  EXPECT_EQ(refusal("localhost", {}), ErrorCode::tls_untrusted);  // by the system
  EXPECT_EQ(server->counters().requests, 0U);
}

TEST_F(TlsClientTest, RefusesAnotherName) {
  const Names own = files("own");
  own.make({"node.example.org", "10.1.1.1"});
  start(own);
  EXPECT_EQ(refusal("localhost", {own.certificate, {}, {}}), ErrorCode::tls_name_mismatched);
  EXPECT_EQ(refusal("127.0.0.1", {own.certificate, {}, {}}), ErrorCode::tls_name_mismatched);
  EXPECT_EQ(server->counters().requests, 0U);
}

TEST_F(TlsClientTest, RefusesACertificateOfAnotherTime) {
  const Names past = files("past");
  past.make({"localhost"}, -10, -1);
  start(past);
  EXPECT_EQ(refusal("localhost", {past.certificate, {}, {}}), ErrorCode::tls_certificate_over);
  const Names future = files("future");
  future.make({"localhost"}, 1, 10);
  start(future);
  EXPECT_EQ(refusal("localhost", {future.certificate, {}, {}}), ErrorCode::tls_certificate_over);
}

TEST_F(TlsClientTest, ShowsItsOwnCertificateWhereOneIsWanted) {
  const Names own = files("own");
  const Names member = files("member");
  const Names stranger = files("stranger");
  own.make({"localhost"});
  member.make({"north.example"});
  stranger.make({"north.example"});
  start(own, member.certificate);
  EXPECT_EQ(refusal("localhost", {own.certificate, {}, {}}), ErrorCode::tls_client_refused);
  EXPECT_EQ(refusal("localhost", {own.certificate, stranger.certificate, stranger.key}),
            ErrorCode::tls_client_refused);
  EXPECT_EQ(refusal("localhost", {own.certificate, member.certificate, member.key}), ErrorCode{});
  EXPECT_EQ(server->counters().requests, 2U);

  // A member's engine asks over the relay, which shows the certificate for it.
  const std::string port = std::to_string(server->port());
  const auto relay =
      Relay::start({{"localhost", port, true, {own.certificate, member.certificate, member.key}},
                    {"localhost", port, true, {own.certificate, {}, {}}}});
  ASSERT_TRUE(relay.ok());
  const auto ask_relay = [&](std::size_t which) {
    const std::string url = (*relay)->url(which);
    const std::size_t path = url.rfind('/');
    client::HttpClient engine(*client::parse_node_url(url.substr(0, path)));
    return engine.send("POST", url.substr(path), "application/json", "{}");
  };
  EXPECT_EQ(ask_relay(0)->body, "POST secure {}");
  EXPECT_EQ(ask_relay(1)->status, 502U);
  EXPECT_NE(ask_relay(1)->body.find("XL5016"), std::string::npos);
  EXPECT_EQ(ask_relay(2)->status, 404U);
}

TEST_F(TlsClientTest, FilesOfTheClientAreChecked) {
  const Names own = files("own");
  const Names other = files("other");
  own.make({"localhost"});
  other.make({"localhost"});
  start(own);
  EXPECT_EQ(refusal("localhost", {folder / "none.pem", {}, {}}), ErrorCode::file_missing);
  EXPECT_EQ(refusal("localhost", {own.key, {}, {}}), ErrorCode::certificate_unusable);
  EXPECT_EQ(refusal("localhost", {own.certificate, own.certificate, other.key}),
            ErrorCode::certificate_unusable);
  fs::permissions(own.key, fs::perms::others_read, fs::perm_options::add);
  EXPECT_EQ(refusal("localhost", {own.certificate, own.certificate, own.key}),
            ErrorCode::key_open_to_others);
}

TEST_F(TlsClientTest, APortThatSpeaksNoTlsIsTold) {
  auto started = http::Server::start({}, [](const http::Request&) { return http::Response{}; });
  ASSERT_TRUE(started.ok());
  server = std::move(*started);
  EXPECT_EQ(refusal("127.0.0.1", {}), ErrorCode::tls_failed);
  server->stop();
  EXPECT_EQ(refusal("127.0.0.1", {}), ErrorCode::node_unreachable);
}

TEST_F(TlsClientTest, ANodeSpeaksTlsAsItsSettingsSay) {
  testing::LiveNode live("tls-node");
  const Layout layout = live.layout();
  fs::create_directories(layout.tls());
  const Names own{layout.tls() / "certificate.pem", layout.tls() / "key.pem"};
  own.make({"localhost"}, -1, 5 * 24 + 1);
  std::ofstream(layout.config()) << "[gateway]\nlisten = \"0.0.0.0\"\nport = 0\n"
                                    "tls_certificate = \"tls/certificate.pem\"\n"
                                    "tls_key = \"tls/key.pem\"\n";
  auto config = read_config(layout.config());
  ASSERT_TRUE(config.ok()) << config.error().text();
  auto node = Node::start(layout, *config, live.unlock(), live.clock, live.log);
  ASSERT_TRUE(node.ok()) << node.error().text();
  client::HttpClient client(
      {"localhost", std::to_string((*node)->port()), true, {own.certificate, {}, {}}});
  const auto health = client.get("/health");
  ASSERT_TRUE(health.ok()) << health.error().text();
  EXPECT_NE(health->body.find("\"certificate_until_s\":\""), std::string::npos) << health->body;
  const auto metrics = client.get("/metrics");
  EXPECT_NE(metrics->body.find("\nxinglin_tls_certificate_expires_seconds "), std::string::npos);
  // Links lead back to where they were asked for.
  const auto organisations = client.get("/o");
  EXPECT_NE(organisations->body.find("\"fhir\":\"https://localhost:"), std::string::npos)
      << organisations->body;
  node->reset();

  // In clear it stays on this machine, and says how it could speak to others.
  config->tls.reset();
  const auto refused = Node::start(layout, *config, live.unlock(), live.clock, live.log);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::config_invalid);
  EXPECT_NE(refused.error().message.find("gateway.tls_certificate"), std::string::npos);
}

TEST_F(TlsClientTest, SettingsThatDoNotFitAreNamed) {
  const auto told = [&](const std::string& lines) {
    std::ofstream(folder / "node.toml") << "[gateway]\n" << lines;
    const auto config = read_config(folder / "node.toml");
    return config.ok() ? "" : config.error().message;
  };
  const std::string both = "tls_certificate = \"a\"\ntls_key = \"b\"\n";
  EXPECT_EQ(told(both), "");
  EXPECT_EQ(told(both + "tls_clients = \"none\"\n"), "");
  EXPECT_EQ(told(both + "tls_client_ca = \"c\"\ntls_clients = \"offered\"\n"), "");
  EXPECT_EQ(told("tls_clients = \"required\"\ntls_client_ca = \"c\"\n" + both), "");
  for (const auto& [lines, name] : std::vector<std::pair<std::string, std::string>>{
           {"tls_key = \"b\"\n", "gateway.tls_certificate is missing"},
           {"tls_certificate = \"a\"\n", "gateway.tls_key is missing"},
           {"tls_clients = \"none\"\n", "gateway.tls_certificate is missing"},
           {both + "tls_clients = \"required\"\n", "gateway.tls_client_ca is missing"},
           {both + "tls_client_ca = \"c\"\n", "gateway.tls_clients must be"},
           {both + "tls_clients = \"sometimes\"\n", "gateway.tls_clients in line 4"},
           {both + "tls_clients = 1\n", "gateway.tls_clients in line 4"},
           {"tls_certificate = 1\n", "gateway.tls_certificate in line 2"},
           {"tls_key = \"\"\n", "gateway.tls_key in line 2"},
           {both + "tls_ca = \"c\"\n", "unknown key gateway.tls_ca in line 4"}}) {
    const std::string why = told(lines);
    EXPECT_NE(why.find(name), std::string::npos) << lines << why;
  }
}

}  // namespace
}  // namespace xl::node
