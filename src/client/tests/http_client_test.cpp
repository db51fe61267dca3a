// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whatever answers at a node's address, the client says what happened, in time, and its next
// request is not confused by it. Method: a raw socket that sends what a test tells it: garbage, too
// much, too little, nothing, more than was asked for.
#include "client/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace xl::client {
namespace {

/// Accepts connections; for each request it sends the next of its answers. An empty one stands for
/// silence: nothing is sent until the client goes away.
class RawServer {
 public:
  explicit RawServer(std::vector<std::string> answers, bool close_after_each = false)
      : answers_(std::move(answers)), close_(close_after_each) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bool good = ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0;
    good = good && ::listen(listener_, 4) == 0;
    good = good && ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    EXPECT_TRUE(good);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] NodeAddress address(std::uint64_t timeout_ms = 2000) const {
    NodeAddress out{"127.0.0.1", std::to_string(port_)};
    out.timeout_ms = timeout_ms;
    return out;
  }
  [[nodiscard]] unsigned connections() const { return connections_; }
  /// What the clients said; complete once they are gone.
  [[nodiscard]] std::string heard() const { return heard_; }

 private:
  void serve() {
    while (next_ < answers_.size()) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      ++connections_;
      talk(socket);
      ::close(socket);
    }
  }
  void talk(int socket) {
    char buffer[4096];
    while (next_ < answers_.size()) {
      const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      heard_.append(buffer, static_cast<std::size_t>(got));
      std::string_view answer = answers_[next_++];
      if (answer.empty()) {
        while (::recv(socket, buffer, sizeof buffer, 0) > 0) {
        }
        return;
      }
      while (!answer.empty()) {
        const ssize_t sent = ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        answer.remove_prefix(static_cast<std::size_t>(sent));
      }
      if (close_) return;
    }
    while (::recv(socket, buffer, sizeof buffer, 0) > 0) {
    }
  }

  std::vector<std::string> answers_;
  bool close_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::size_t next_ = 0;
  std::atomic<unsigned> connections_{0};
  std::string heard_;
  std::thread thread_;
};

std::string answer(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

Result<HttpResponse> ask(HttpClient& client) {
  return client.send("POST", "/x", "text/plain", "body");
}

TEST(HttpClient, KeepsItsConnection) {
  RawServer server({answer("one", "X-Name: value\r\n"), answer("two")});
  {
    HttpClient client(server.address());
    const auto first = ask(client);
    ASSERT_TRUE(first.ok()) << first.error().text();
    EXPECT_EQ(first->status, 200U);
    EXPECT_EQ(first->body, "one");
    EXPECT_EQ(first->headers.at("x-name"), "value");
    const auto second = client.get("/y");
    ASSERT_TRUE(second.ok()) << second.error().text();
    EXPECT_EQ(second->body, "two");
  }
  EXPECT_EQ(server.connections(), 1U);
  // RFC 9112 §3.2: the port belongs to the name when it is not 80.
  EXPECT_NE(server.heard().find("Host: 127.0.0.1:" + server.address().port + "\r\n"),
            std::string::npos);
}

TEST(HttpClient, SaysThatGarbageIsNoNode) {
  for (const char* garbage : {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/9.9 xyz\r\n\r\n", "\r\n\r\n\r\n",
                              "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"}) {
    RawServer server({garbage}, true);
    HttpClient client(server.address());
    const auto got = ask(client);
    ASSERT_FALSE(got.ok()) << garbage;
    EXPECT_EQ(got.error().code, ErrorCode::node_unreachable);
  }
}

TEST(HttpClient, WaitsNoLongerThanItWasTold) {
  RawServer server({"", answer("later")});
  std::vector<std::string> told;
  NodeAddress address = server.address(1000);
  address.tell = [&told](const std::string& line) { told.push_back(line); };
  HttpClient client(address);
  const auto start = std::chrono::steady_clock::now();
  const auto got = ask(client);
  const auto took = std::chrono::steady_clock::now() - start;
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, ErrorCode::node_unreachable);
  EXPECT_GE(took, std::chrono::milliseconds(950));
  EXPECT_LT(took, std::chrono::seconds(10));
  const auto next = ask(client);
  ASSERT_TRUE(next.ok()) << next.error().text();
  EXPECT_EQ(next->body, "later");
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(told[0].starts_with("POST /x XL5001")) << told[0];
  EXPECT_TRUE(told[1].starts_with("POST /x 200, ")) << told[1];
}

TEST(HttpClient, IsNotFooledByHalfAnAnswer) {
  RawServer server({"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"}, true);
  HttpClient client(server.address());
  const auto got = ask(client);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, ErrorCode::node_unreachable);
}

TEST(HttpClient, RefusesTooMuch) {
  // Announced too large, and a header without end; both leave the next request alone.
  RawServer server({"HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n\r\nxxxx", answer("fine"),
                    "HTTP/1.1 200 OK\r\nX: " + std::string(64 * 1024, 'x'), answer("fine")});
  HttpClient client(server.address());
  const auto large = ask(client);
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, ErrorCode::answer_unexpected);
  const auto between = ask(client);
  ASSERT_TRUE(between.ok()) << between.error().text();
  EXPECT_EQ(between->body, "fine");
  EXPECT_FALSE(ask(client).ok());
  const auto after = ask(client);
  ASSERT_TRUE(after.ok()) << after.error().text();
  EXPECT_EQ(after->body, "fine");
}

TEST(HttpClient, TakesNoAnswerThatItDidNotAskFor) {
  RawServer server({answer("mine") + answer("forged"), answer("mine too")});
  HttpClient client(server.address());
  const auto first = ask(client);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->body, "mine");
  const auto second = ask(client);
  ASSERT_TRUE(second.ok()) << second.error().text();
  EXPECT_EQ(second->body, "mine too");
}

TEST(HttpClient, AsksAgainOnlyWhatRepeatsSafely) {
  RawServer server({answer("one"), answer("two"), answer("three")}, true);
  HttpClient client(server.address());
  ASSERT_TRUE(client.get("/").ok());
  // The server closed the kept connection behind our back.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto again = client.get("/");
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(again->body, "two");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(ask(client).ok());  // a POST may have been done already
  EXPECT_TRUE(ask(client).ok());
}

TEST(HttpClient, SaysThatNobodyListens) {
  std::string port;
  {
    RawServer server({answer("x")}, true);
    port = server.address().port;
    HttpClient client(server.address());
    EXPECT_TRUE(ask(client).ok());
  }
  HttpClient client({"127.0.0.1", port});
  const auto got = ask(client);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, ErrorCode::node_unreachable);
}

TEST(NodeUrl, IsReadOrRefused) {
  struct Case {
    const char* url;
    const char* host;
    const char* port;
    bool tls = false;
  };
  for (const Case& one :
       {Case{"http://node:7410", "node", "7410"}, Case{"http://node", "node", "7410"},
        Case{"http://node:1/", "node", "1"}, Case{"http://[::1]:2", "[::1]", "2"},
        Case{"http://[::1]", "[::1]", "7410"}, Case{"https://node", "node", "7410", true},
        Case{"https://10.0.0.5:443/", "10.0.0.5", "443", true}}) {
    const auto got = parse_node_url(one.url);
    ASSERT_TRUE(got.ok()) << one.url;
    EXPECT_EQ(got->host, one.host);
    EXPECT_EQ(got->port, one.port);
    EXPECT_EQ(got->tls, one.tls) << one.url;
  }
  for (const char* url : {"", "node:7410", "httpss://node", "HTTPS://node", "http://", "https://",
                          "http://:1", "http://node:", "https://node:", "http://node/path"}) {
    EXPECT_FALSE(parse_node_url(url).ok()) << url;
  }
  // Files that are meant to protect are never left aside in silence.
  EXPECT_TRUE(parse_node_url("https://node", {"ca", "certificate", "key"}).ok());
  EXPECT_FALSE(parse_node_url("http://node", {"ca", {}, {}}).ok());
  EXPECT_FALSE(parse_node_url("https://node", {{}, "certificate", {}}).ok());
  EXPECT_FALSE(parse_node_url("https://node", {{}, {}, "key"}).ok());
}

TEST(PublicAddress, IsOneOfTheInternet) {
  for (const char* one :
       {"1.1.1.1", "100.63.255.255", "100.128.0.0", "172.32.0.1", "192.0.1.1", "198.20.0.1",
        "223.255.255.255", "2606:4700::1111", "2001:4860::8888", "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(is_public_address(one)) << one;
  }
  for (const char* one : {"0.0.0.0",
                          "10.0.0.5",
                          "100.64.0.1",
                          "127.0.0.53",
                          "169.254.169.254",
                          "172.31.255.255",
                          "192.0.0.8",
                          "192.0.2.1",
                          "192.168.1.1",
                          "198.19.0.1",
                          "224.0.0.1",
                          "255.255.255.255",
                          "::",
                          "::1",
                          "fe80::1",
                          "fd00::1",
                          "ff02::1",
                          "2001:db8::1",
                          "2002:7f00:1::",
                          "64:ff9b::1",
                          "::ffff:127.0.0.1",
                          "::127.0.0.1",
                          "nothing",
                          ""}) {
    EXPECT_FALSE(is_public_address(one)) << one;
  }
}

TEST(PublicAddress, IsWhatANameHasToLeadTo) {
  NodeAddress address;
  address.host = "localhost";
  address.port = "1";
  address.public_only = true;
  HttpClient http(address);
  const auto answer = http.get("/");
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().text().find("private network"), std::string::npos);
}

}  // namespace
}  // namespace xl::client
