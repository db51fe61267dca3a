// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: patients, guardians and privacy officers are told of everything that happened to them, each
// thing once and in one order, through a restart and through an address that does not answer.
// Method: a real node asked over HTTP, and an HTTP server of the test's own as the address.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "crypto/kdf.h"
#include "custody/webhooks.h"
#include "node/tests/audit.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::parsed;

/// An address: takes posts and answers with a status.
class Listener {
 public:
  Listener() {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    auto* address = reinterpret_cast<sockaddr*>(&at);  // as the sockets' interface wants it
    EXPECT_EQ(::bind(socket_, address, size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, address, &size), 0);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Listener() {
    stop_ = true;
    ::shutdown(socket_, SHUT_RDWR);
    ::close(socket_);
    thread_.join();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/told";
  }
  void answer(int status) { status_ = status; }
  [[nodiscard]] std::vector<std::string> taken() {
    const std::scoped_lock lock(mutex_);
    return taken_;
  }
  /// Waits until so many were taken, 20 s at most.
  std::vector<std::string> wait_for(std::size_t count) {
    for (int i = 0; i < 200 && taken().size() < count; ++i) ::usleep(100'000);
    return taken();
  }

 private:
  void serve() {
    while (!stop_) {
      const int one = ::accept(socket_, nullptr, nullptr);
      if (one < 0) continue;
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos || request.back() != '}') {
        const auto got = ::recv(one, buffer, sizeof(buffer), 0);
        if (got <= 0) break;
        request.append(buffer, static_cast<std::size_t>(got));
      }
      const std::string answer = "HTTP/1.1 " + std::to_string(status_.load()) +
                                 " told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      // Before it is answered: whoever sees the answer counts on it.
      if (status_ == 200) {
        const std::scoped_lock lock(mutex_);
        taken_.push_back(request);
      }
      (void)::send(one, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(one);
    }
  }
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> status_{200};
  std::mutex mutex_;
  std::vector<std::string> taken_;
  std::thread thread_;
};

class Notices : public testing::AuditCare {
 protected:
  [[nodiscard]] std::string house() const { return "/o/" + live_->organisations[0].text(); }
  /// Every notice behind a cursor: `kind` or `kind sequence`.
  struct Feed {
    std::vector<std::string> kinds;
    std::vector<std::string> cursors;
    std::string next;
  };
  Feed feed(demo::Persona& who, std::string after = "", const std::string& query = "",
            std::size_t page = 100) {
    Feed out;
    for (bool more = true; more;) {
      const auto answer =
          who.session->ask("GET", house() + "/notices?count=" + std::to_string(page) +
                                      (after.empty() ? "" : "&after=" + after) + query);
      EXPECT_TRUE(answer.ok() && answer->status == 200U) << answer->body;
      if (!answer.ok() || answer->status != 200U) return out;
      const json::Document document = parsed(*answer);
      for (const json::Value one : document.root().find("notices").items()) {
        out.kinds.emplace_back(one.find("kind").as_string().value_or(""));
        out.cursors.emplace_back(one.find("cursor").as_string().value_or(""));
      }
      out.next = document.root().find("next").as_string().value_or("");
      more = document.root().find("more").as_bool().value_or(false);
      after = out.next;
    }
    return out;
  }
  static std::size_t count_of(const Feed& feed, std::string_view kind) {
    return static_cast<std::size_t>(std::ranges::count(feed.kinds, kind));
  }
};

TEST_F(Notices, EachThingIsToldOnceInOrder) {
  demo::Persona ann = patient();
  FhirClient doctor = reads_from_elsewhere(ann);
  const Feed all = feed(ann);
  EXPECT_EQ(count_of(all, "looked"), 4U);  // three reads from elsewhere, one proof by the house
  EXPECT_EQ(count_of(all, "refused"), 1U);
  EXPECT_EQ(count_of(all, "written"), 3U);
  EXPECT_EQ(count_of(all, "consent-granted"), 1U);
  EXPECT_EQ(std::set<std::string>(all.cursors.begin(), all.cursors.end()).size(),
            all.cursors.size());
  // In pages of one it is the same, and behind the last nothing.
  EXPECT_EQ(feed(ann, "", "", 1).cursors, all.cursors);
  EXPECT_TRUE(feed(ann, all.next).kinds.empty());
  ASSERT_EQ(doctor.get("Observation/o1").status, 200U);
  EXPECT_EQ(feed(ann, all.next).kinds, std::vector<std::string>{"looked"});
  // What she does herself is no news.
  FhirClient own_records = own(std::move(ann));
  ASSERT_EQ(own_records.get("Observation/o1").status, 200U);
  ASSERT_EQ(own_records.get("AuditEvent").status, 200U);
  EXPECT_EQ(feed(own_records.who(), all.next).kinds, std::vector<std::string>{"looked"});
  const auto bad = own_records.who().session->ask("GET", house() + "/notices?after=x");
  ASSERT_TRUE(bad.ok());
  EXPECT_EQ(bad->status, 400U);
  const auto ahead = own_records.who().session->ask("GET", house() + "/notices?after=999999");
  ASSERT_TRUE(ahead.ok());
  EXPECT_EQ(ahead->status, 400U);
}

TEST_F(Notices, ThroughARestartNothingIsLostOrTwice) {
  demo::Persona ann = patient();
  FhirClient doctor = reads_from_elsewhere(ann);
  const Feed before = feed(ann);
  ASSERT_EQ(doctor.get("Observation/o2").status, 200U);
  const model::Id whose = ann.did();
  live_->stop();
  live_->start();
  ASSERT_NE(live_->node, nullptr);
  demo::Persona again = [&] {
    demo::Persona employer = live_->hospital(0);
    auto out = live_->cast().patient(employer, "ann", whose);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return std::move(*out);
  }();
  const Feed after = feed(again);
  ASSERT_GT(after.cursors.size(), before.cursors.size());
  EXPECT_TRUE(std::equal(before.cursors.begin(), before.cursors.end(), after.cursors.begin()));
  EXPECT_EQ(count_of(after, "looked"), count_of(before, "looked") + 1);
}

TEST_F(Notices, OfficersAndGuardiansHaveFeedsOthersHaveNone) {
  demo::Persona mother = guardian();  // while nobody else speaks for Ann
  demo::Persona ann = patient();
  FhirClient doctor = reads_from_elsewhere(ann);
  FhirClient watch = officer();
  const Feed of_all = feed(watch.who());
  EXPECT_EQ(count_of(of_all, "refused"), 1U);
  EXPECT_EQ(count_of(of_all, "looked"), 0U);  // of all patients only what concerns the officer
  const std::string whose = "&patient=" + model::did_text(patient_did_);
  EXPECT_EQ(feed(watch.who(), "", whose).cursors, feed(ann).cursors);
  const Feed of_ward = feed(mother, "", whose);
  EXPECT_EQ(count_of(of_ward, "guardian-appointed"), 1U);
  for (demo::Persona* nobody : {&doctor.who(), &north_->who()}) {
    const auto refused = nobody->session->ask("GET", house() + "/notices");
    ASSERT_TRUE(refused.ok());
    EXPECT_EQ(refused->status, 403U);
  }
}

TEST_F(Notices, AnAddressIsToldAtLeastOnceAndTriedAgain) {
  Listener address;
  FhirClient watch = officer();
  demo::Persona ann = patient();
  const auto add = [&](demo::Persona& who, const std::string& url) {
    const auto answer = who.session->ask("POST", house() + "/webhooks", "application/json",
                                         R"({"url":")" + url + R"("})");
    EXPECT_TRUE(answer.ok());
    return *answer;
  };
  // A patient cannot have the node ask its neighbours.
  for (const std::string& url :
       {address.url(), std::string("http://example.org/"), std::string("https://10.0.0.1/"),
        std::string("https://metadata.internal/"), std::string("https://a@example.org/"),
        std::string("ftp://example.org/"), std::string("https://localhost/")}) {
    EXPECT_EQ(add(ann, url).status, 400U) << url;
  }
  address.answer(503);
  const auto made = add(watch.who(), address.url());
  ASSERT_EQ(made.status, 201U) << made.body;
  const json::Document webhook = parsed(made);
  Bytes secret(32);
  ASSERT_TRUE(from_hex(webhook.root().find("secret").as_string().value_or(""), secret));
  FhirClient doctor = reads_from_elsewhere(ann);  // one refusal
  const auto state = [&] {
    return parsed(*watch.who().session->ask("GET", house() + "/webhooks"));
  };
  for (int i = 0; i < 100; ++i) {
    const json::Document now = state();
    if (now.root().find("webhooks").at(0).find("failures").as_uint64() == 1U) break;
    ::usleep(100'000);
  }
  const json::Document failed = state();
  EXPECT_EQ(failed.root().find("webhooks").at(0).find("failures").as_uint64(), 1U);
  EXPECT_NE(json::write(failed.root()).find("503"), npos);
  EXPECT_EQ(json::write(failed.root()).find("secret"), npos);
  EXPECT_TRUE(address.taken().empty());
  address.answer(200);
  live_->clock.shift_ms(custody::webhook_wait_ms(1) + 1);
  const auto taken = address.wait_for(1);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_NE(taken[0].find("\"kind\":\"refused\""), npos) << taken[0];
  EXPECT_EQ(taken[0].find(model::did_text(patient_did_)), npos);
  EXPECT_EQ(taken[0].find("Observation"), npos);
  const std::size_t body = taken[0].find("\r\n\r\n") + 4;
  const Hash mark = crypto::hmac_sha256(secret, {view_of(taken[0].substr(body))});
  EXPECT_NE(taken[0].find("sha256=" + to_hex(mark)), npos) << taken[0];
  ASSERT_EQ(doctor.get("Patient/p1").status, 404U);
  EXPECT_EQ(address.wait_for(2).size(), 2U);
  EXPECT_NE(address.taken()[0].substr(body), address.taken()[1].substr(body));
  const std::string id(webhook.root().find("webhook").as_string().value_or(""));
  const auto others = ann.session->ask("DELETE", house() + "/webhooks/" + id);
  ASSERT_TRUE(others.ok());
  EXPECT_EQ(others->status, 404U);
  EXPECT_EQ(watch.who().session->ask("DELETE", house() + "/webhooks/" + id)->status, 200U);
  EXPECT_EQ(state().root().find("webhooks").size(), 0U);
}

/// What could not be told before the node went is told when it is back.
TEST_F(Notices, AnAddressIsToldThroughARestart) {
  Listener address;
  address.answer(500);
  FhirClient watch = officer();
  const auto made = watch.who().session->ask("POST", house() + "/webhooks", "application/json",
                                             R"({"url":")" + address.url() + R"("})");
  ASSERT_TRUE(made.ok() && made->status == 201U) << made->body;
  demo::Persona ann = patient();
  FhirClient doctor = reads_from_elsewhere(ann);
  ::usleep(1'500'000);  // a round in which it fails
  live_->stop();
  address.answer(200);
  live_->clock.shift_ms(custody::webhook_wait_ms(20));
  live_->start();
  ASSERT_NE(live_->node, nullptr);
  const auto taken = address.wait_for(1);
  ASSERT_GE(taken.size(), 1U);
  EXPECT_NE(taken[0].find("\"kind\":\"refused\""), npos) << taken[0];
}

/// What does not answer is given up on, in sight of its owner; what is waited for grows to 3 hours.
TEST_F(Notices, AnAddressIsGivenUpOnInSight) {
  EXPECT_EQ(custody::webhook_wait_ms(1), 5'000U);
  EXPECT_EQ(custody::webhook_wait_ms(2), 10'000U);
  EXPECT_EQ(custody::webhook_wait_ms(200), 3ULL * 60 * 60 * 1000);
  FhirClient watch = officer();
  const auto owner = watch.who().did();
  auto& webhooks = custodian().webhooks();
  const std::string nobody = "http://127.0.0.1:1/";  // nobody listens there
  for (std::uint32_t i = 0; i < custody::webhooks_of_owner_max; ++i) {
    ASSERT_TRUE(webhooks.add(owner, std::nullopt, nobody, true).ok());
  }
  EXPECT_EQ(webhooks.add(owner, std::nullopt, nobody, true).error().code,
            ErrorCode::webhooks_exceeded);
  // Each try fails, the node's own and these, and the last is the last.
  demo::Persona ann = patient();
  FhirClient doctor = reads_from_elsewhere(ann);
  std::size_t tries = 0;
  const custody::SendNotice fails = [&](const auto&, const auto&, const auto&) -> Status {
    ++tries;
    return make_error(ErrorCode::node_unreachable);
  };
  const auto all_given_up = [&] {
    const auto all = webhooks.of_owner(owner);
    return all.ok() && std::ranges::all_of(
                           *all, [](const custody::Webhook& one) { return one.given_up_ms != 0; });
  };
  for (std::uint32_t i = 0; i < 10 * custody::webhook_tries_max && !all_given_up(); ++i) {
    ASSERT_TRUE(custodian().notices().gather().ok());
    ASSERT_TRUE(webhooks
                    .deliver(
                        fails, [](const auto&) { return true; }, 100)
                    .ok());
    live_->clock.shift_ms(custody::webhook_wait_ms(200) + 1);
  }
  EXPECT_GT(tries, 0U);
  const auto all = webhooks.of_owner(owner);
  ASSERT_TRUE(all.ok());
  for (const custody::Webhook& one : *all) {
    EXPECT_EQ(one.failures, custody::webhook_tries_max);
    EXPECT_NE(one.given_up_ms, 0U);
    EXPECT_FALSE(one.last_error.empty());
  }
}

}  // namespace
}  // namespace xl::node
