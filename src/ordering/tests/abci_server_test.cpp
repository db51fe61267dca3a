// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the socket answers in order, never waits for a client that reads late, and survives damage.
// Method: a real unix socket and a client that behaves as CometBFT's, or worse.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "ordering/cometbft/frames.h"
#include "ordering/cometbft/server.h"

namespace xl::ordering::cometbft {
namespace {

namespace fs = std::filesystem;

class Client {
 public:
  explicit Client(const fs::path& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  void send(ByteView bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(sent, 0);
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }
  void send(const abci::Request& request) const {
    Bytes frame;
    append_frame(frame, view_of(request.SerializeAsString()));
    send(frame);
  }
  /// The next answer; nothing when the other side closed.
  std::optional<abci::Response> receive() {
    while (true) {
      auto frame = frames_.next();
      if (!frame.ok()) return std::nullopt;
      if (*frame) {
        abci::Response out;
        EXPECT_TRUE(out.ParseFromArray((*frame)->data(), static_cast<int>((*frame)->size())));
        return out;
      }
      Bytes buffer(65536);
      const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (got <= 0) return std::nullopt;
      frames_.feed(ByteView(buffer).first(static_cast<std::size_t>(got)));
    }
  }

 private:
  int socket_;
  bool connected_ = false;
  FrameReader frames_;
};

abci::Request echo_of(const std::string& text) {
  abci::Request out;
  out.mutable_echo()->set_message(text);
  return out;
}

class AbciServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = fs::temp_directory_path() / ("xl-abci-" + std::to_string(::getpid()) + ".sock");
    auto started = AbciServer::start(path_, [](const auto& request, auto& response) {
      response.mutable_echo()->set_message(request.echo().message());
    });
    ASSERT_TRUE(started.ok()) << started.error().text();
    server_ = std::move(*started);
  }
  void TearDown() override {
    server_.reset();
    fs::remove(path_);
  }

  fs::path path_;
  std::unique_ptr<AbciServer> server_;
};

TEST_F(AbciServerTest, TenThousandRequestsBeforeTheFirstAnswerIsRead) {
  constexpr int count = 10'000;
  Client client(path_);
  ASSERT_TRUE(client.connected());
  // 10 MB each way: more than the sockets hold, so a server that stops reading would hang here.
  for (int i = 0; i < count; ++i) client.send(echo_of(std::to_string(i) + std::string(1000, 'x')));
  for (int i = 0; i < count; ++i) {
    const auto answer = client.receive();
    ASSERT_TRUE(answer.has_value());
    ASSERT_EQ(answer->echo().message(), std::to_string(i) + std::string(1000, 'x'));
  }
}

TEST_F(AbciServerTest, SplitAndJoinedFrames) {
  Client client(path_);
  Bytes stream;
  append_frame(stream, view_of(echo_of("one").SerializeAsString()));
  append_frame(stream, view_of(echo_of("two").SerializeAsString()));
  for (const std::uint8_t byte : stream) client.send(ByteView(&byte, 1));
  client.send(stream);
  for (const char* expected : {"one", "two", "one", "two"}) {
    const auto answer = client.receive();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->echo().message(), expected);
  }
}

TEST_F(AbciServerTest, NotAMessageIsAnException) {
  Client client(path_);
  Bytes stream;
  append_frame(stream, Bytes{0xff, 0xff, 0xff});
  client.send(stream);
  const auto answer = client.receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->has_exception());
}

TEST_F(AbciServerTest, AnOversizeFrameClosesThatConnectionAlone) {
  Client good(path_);
  Client bad(path_);
  bad.send(Bytes{0xff, 0xff, 0xff, 0xff, 0x7f});
  EXPECT_FALSE(bad.receive().has_value());
  good.send(echo_of("still here"));
  const auto answer = good.receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->echo().message(), "still here");
}

TEST_F(AbciServerTest, ConnectionsComeAndGo) {
  for (int i = 0; i < 100; ++i) {
    Client client(path_);
    client.send(echo_of("hello"));
    ASSERT_TRUE(client.receive().has_value()) << i;
  }
}

TEST_F(AbciServerTest, OnlyThisUserMayConnect) {
  const auto mode = fs::status(path_).permissions();
  EXPECT_EQ(mode & (fs::perms::group_all | fs::perms::others_all), fs::perms::none);
}

TEST(AbciServer, AnUnusablePathIsNamed) {
  const auto started = AbciServer::start("/nowhere/at/all.sock", [](const auto&, auto&) {});
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::address_unusable);
}

}  // namespace
}  // namespace xl::ordering::cometbft
