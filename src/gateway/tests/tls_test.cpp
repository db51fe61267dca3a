// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a listener with TLS serves who speaks it as it should, turns away who does not, and changes
// its certificate without a gap. Method: a real server on loopback, OpenSSL's own client on a
// blocking socket, files that are replaced while it runs.
#include "gateway/http/tls.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "crypto/certificate.h"
#include "gateway/http/server.h"

namespace xl::gateway::http {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t hour_s = 3600;

/// A certificate that signs itself, with its key, in files; made again at the same place by `make`.
struct Pair {
  fs::path certificate;
  fs::path key;

  /// Errors end the test. Returns the fingerprint.
  Hash make(std::uint64_t valid_s = 30 * 24 * hour_s) const {
    const auto fresh = crypto::make_certificate_key();
    EXPECT_TRUE(fresh.ok());
    const std::uint64_t now_s = SystemClock().now_ms() / 1000;
    const auto pem = crypto::make_self_signed_certificate(fresh->view(), {"localhost", "127.0.0.1"},
                                                          now_s - hour_s, now_s + valid_s);
    EXPECT_TRUE(pem.ok());
    EXPECT_TRUE(write_file_durably(key, fresh->view(), 0600).ok());
    EXPECT_TRUE(write_file_durably(certificate, view_of(*pem)).ok());
    return crypto::read_certificate(*pem)->fingerprint;
  }
};

/// How a client behaves.
struct Manners {
  int version_max = TLS1_3_VERSION;
  const Pair* shows = nullptr;      ///< a certificate of its own
  const char* protocols = nullptr;  ///< ALPN, each behind its length
  bool handshake = true;            ///< else it says nothing
};

/// A blocking client that believes everybody: what it believes is not what is tested here.
class TlsTalker {
 public:
  explicit TlsTalker(std::uint16_t port, const Manners& manners = {})
      : context_(SSL_CTX_new(TLS_client_method())), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval limit{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    SSL_CTX_set_max_proto_version(context_, manners.version_max);
    SSL_CTX_set_security_level(context_, 0);  // or the library itself would not speak TLS 1.1
    SSL_CTX_set_min_proto_version(context_, 0);
    if (manners.shows != nullptr) {
      EXPECT_EQ(SSL_CTX_use_certificate_file(context_, manners.shows->certificate.c_str(),
                                             SSL_FILETYPE_PEM),
                1);
      EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context_, manners.shows->key.c_str(), SSL_FILETYPE_PEM),
                1);
    }
    tls_ = SSL_new(context_);
    if (manners.protocols != nullptr) {
      const std::string_view names(manners.protocols);
      SSL_set_alpn_protos(tls_, reinterpret_cast<const unsigned char*>(names.data()),
                          static_cast<unsigned>(names.size()));
    }
    SSL_set_fd(tls_, socket_);
    secure_ = manners.handshake && SSL_connect(tls_) == 1;
  }
  ~TlsTalker() {
    SSL_free(tls_);
    ::close(socket_);
    SSL_CTX_free(context_);
  }
  TlsTalker(const TlsTalker&) = delete;
  TlsTalker& operator=(const TlsTalker&) = delete;

  [[nodiscard]] bool secure() const { return secure_; }
  bool send(std::string_view text) {
    return SSL_write(tls_, text.data(), static_cast<int>(text.size())) > 0;
  }
  /// Reads until the server ends or `enough` appears.
  std::string read_until(std::string_view enough) {
    std::string out;
    char buffer[4096];
    while (enough.empty() || out.find(enough) == std::string::npos) {
      const int got = SSL_read(tls_, buffer, sizeof buffer);
      if (got <= 0) {
        told_ = SSL_get_error(tls_, got) == SSL_ERROR_ZERO_RETURN;
        break;
      }
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }
  std::string ask(std::string_view path) {
    send("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return read_until({});
  }
  /// The end was said, not only there.
  [[nodiscard]] bool end_was_told() const { return told_; }
  [[nodiscard]] std::string version() const { return SSL_get_version(tls_); }
  [[nodiscard]] std::string suite() const { return SSL_get_cipher_name(tls_); }
  [[nodiscard]] std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(tls_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  [[nodiscard]] Hash fingerprint() const {
    Hash out{};
    unsigned size = 0;
    X509* certificate = SSL_get1_peer_certificate(tls_);
    X509_digest(certificate, EVP_sha256(), out.data(), &size);
    X509_free(certificate);
    return out;
  }
  [[nodiscard]] int socket() const { return socket_; }

 private:
  SSL_CTX* context_;
  int socket_;
  SSL* tls_ = nullptr;
  bool secure_ = false;
  bool told_ = false;
};

/// Says something every other time it is asked, until it is told to end.
class Ticks final : public Stream {
 public:
  explicit Ticks(const std::atomic<bool>& over) : over_(over) {}
  [[nodiscard]] std::string take() override {
    ticks_ = !ticks_;
    return ticks_ && !over_ ? "data: tick\n\n" : "";
  }
  [[nodiscard]] bool finished() const override { return over_; }

 private:
  const std::atomic<bool>& over_;
  bool ticks_ = false;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest()
      : folder(fs::temp_directory_path() / ("xl-tls-" + std::to_string(::getpid()))),
        pair{folder / "certificate.pem", folder / "key.pem"} {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's client writes without asking for none
    fs::create_directories(folder);
    first = pair.make();
    options.tls = TlsOptions{pair.certificate, pair.key, {}, TlsClients::none, 20, &log};
    options.header_timeout_ms = options.idle_timeout_ms = options.body_timeout_ms = 400;
    options.worker_threads = 2;
  }
  ~TlsTest() override {
    server.reset();
    fs::remove_all(folder);
  }

  void start() {
    server.reset();
    Log::Options lines;
    lines.file = folder / "node.log";
    lines.stderr_level.reset();
    auto opened = Log::open(lines);
    ASSERT_TRUE(opened.ok());
    log = std::move(*opened);
    auto started = Server::start(options, [this](const Request& request) {
      Response response;
      response.content_type = "text/plain";
      if (request.path == "/stream") response.stream = std::make_shared<Ticks>(over);
      response.body = std::string(request.secure ? "secure " : "clear ") + request.method + " " +
                      std::to_string(request.body.size());
      return response;
    });
    ASSERT_TRUE(started.ok()) << started.error().text();
    server = std::move(*started);
  }
  [[nodiscard]] std::string logged() const {
    std::ifstream in(folder / "node.log");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// Waits until the log tells of `event` for the `count`-th time.
  void wait_for(const std::string& event, int count = 1) {
    for (int i = 0; i < 200; ++i) {
      const std::string lines = logged();
      int found = 0;
      for (std::size_t at = lines.find(event); at != lines.npos; at = lines.find(event, at + 1)) {
        ++found;
      }
      if (found >= count) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    FAIL() << event << " is not in " << logged();
  }
  void expect_served(const Hash& fingerprint) {
    TlsTalker client(server->port());
    ASSERT_TRUE(client.secure());
    EXPECT_EQ(client.fingerprint(), fingerprint);
    EXPECT_NE(client.ask("/").find("secure GET 0"), std::string::npos);
  }
  ErrorCode start_fails() {
    auto refused = Server::start(options, [](const Request&) { return Response{}; });
    return refused.ok() ? ErrorCode{} : refused.error().code;
  }

  fs::path folder;
  Pair pair;
  Hash first{};
  Log log;
  ServerOptions options;
  std::atomic<bool> over{false};
  std::unique_ptr<Server> server;
};

TEST_F(TlsTest, ServesOverBothVersionsAndKeepsConnections) {
  options.body_timeout_ms = 20'000;  // a megabyte takes a while under a sanitizer
  start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsTalker client(server->port(), {version, nullptr, "\x08http/1.1", true});
    ASSERT_TRUE(client.secure());
    EXPECT_EQ(client.version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    EXPECT_EQ(client.protocol(), "http/1.1");
    EXPECT_NE(client.suite().find(version == TLS1_2_VERSION ? "ECDHE" : "TLS_"), std::string::npos);
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{3}, std::size_t{1'000'000}}) {
      ASSERT_TRUE(client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                              std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'x')));
      const std::string wanted = "secure POST " + std::to_string(bytes);
      EXPECT_NE(client.read_until(wanted).find(wanted), std::string::npos);
    }
    EXPECT_NE(client.ask("/").find("secure GET 0"), std::string::npos);
    EXPECT_TRUE(client.end_was_told());
  }
  EXPECT_GT(server->counters().tls_until_s, SystemClock().now_ms() / 1000);
}

TEST_F(TlsTest, TakesNoOldVersionAndNoOtherProtocol) {
  start();
  EXPECT_FALSE(TlsTalker(server->port(), {TLS1_1_VERSION}).secure());
  EXPECT_FALSE(TlsTalker(server->port(), {TLS1_3_VERSION, nullptr, "\x02h2", true}).secure());
  EXPECT_TRUE(TlsTalker(server->port(), {TLS1_3_VERSION, nullptr, "\x02h2\x08http/1.1"}).secure());
  EXPECT_GE(server->counters().refused, 2U);
}

TEST_F(TlsTest, HttpInClearIsToldToComeWithTls) {
  start();
  TlsTalker client(server->port(), {.handshake = false});
  constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(::send(client.socket(), request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 1; got > 0;) {
    got = ::recv(client.socket(), buffer, sizeof buffer, 0);
    if (got > 0) answer.append(buffer, static_cast<std::size_t>(got));
  }
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
  EXPECT_NE(answer.find("XL4015"), std::string::npos) << answer;
  EXPECT_NE(answer.find("https://"), std::string::npos) << answer;
  expect_served(first);
}

TEST_F(TlsTest, HandshakesThatStallAreClosedAndHoldNobodyUp) {
  start();
  const auto begun = std::chrono::steady_clock::now();
  TlsTalker silent(server->port(), {.handshake = false});
  TlsTalker half(server->port(), {.handshake = false});
  ASSERT_EQ(::send(half.socket(), "\x16\x03\x01\x02", 4, MSG_NOSIGNAL), 4);
  expect_served(first);
  char byte = 0;
  EXPECT_EQ(::recv(silent.socket(), &byte, 1, 0), 0);
  EXPECT_EQ(::recv(half.socket(), &byte, 1, 0), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(3));
}

TEST_F(TlsTest, ManyStalledHandshakesMakeRoomForOthers) {
  options.connections_max = 8;
  options.header_timeout_ms = options.idle_timeout_ms = 20'000;  // the clock does not help
  start();
  std::vector<std::unique_ptr<TlsTalker>> stalled;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 8; ++i) {
      stalled.push_back(std::make_unique<TlsTalker>(server->port(), Manners{.handshake = false}));
      ::send(stalled.back()->socket(), "\x16\x03\x01", 3, MSG_NOSIGNAL);
    }
    expect_served(first);
  }
}

TEST_F(TlsTest, StreamsGoOverTlsAndEndInWords) {
  start();
  const auto open = [&] { return server->counters().connections_open; };
  {
    TlsTalker client(server->port());
    client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(client.read_until("tick\n\ndata: tick").find("200 OK"), std::string::npos);
  }  // goes away
  for (int i = 0; i < 100 && open() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(open(), 0U);
  TlsTalker client(server->port());
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  client.read_until("tick");
  over = true;
  client.read_until({});
  EXPECT_TRUE(client.end_was_told());
  over = false;
  TlsTalker last(server->port());
  last.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  last.read_until("tick");
  TlsTalker idle(server->port());
  std::thread stop([&] { server->stop(); });
  last.read_until({});
  EXPECT_TRUE(last.end_was_told());
  EXPECT_EQ(idle.read_until({}), "");
  stop.join();
}

TEST_F(TlsTest, ACertificateChangesWithoutAGap) {
  start();
  expect_served(first);
  TlsTalker before(server->port());
  const Hash second = pair.make();
  wait_for("tls_loaded", 2);
  expect_served(second);
  EXPECT_NE(before.ask("/").find("secure GET 0"), std::string::npos);  // goes on as it was
  // Files that cannot be used are told of once and change nothing.
  std::ofstream(pair.key) << "no key";
  wait_for("\"tls_refused\",\"code\":\"XL1110\"");
  expect_served(second);
  // Neither does one that is over, nor a key that others may read.
  Pair other{folder / "other.pem", folder / "other.key"};
  other.make();
  fs::copy_file(other.key, pair.key, fs::copy_options::overwrite_existing);
  server->reload_tls();  // asked for: at once, and it is told again
  wait_for("tls_refused", 2);
  expect_served(second);
  pair.make(0);
  wait_for("tls_refused", 3);
  expect_served(second);
  const Hash third = pair.make();
  fs::permissions(pair.key, fs::perms::others_read, fs::perm_options::add);
  wait_for("\"tls_refused\",\"code\":\"XL1111\"");
  fs::permissions(pair.key, fs::perms::others_read, fs::perm_options::remove);
  wait_for("tls_loaded", 3);
  expect_served(third);
  EXPECT_EQ(logged().find("tls_ending"), std::string::npos);
}

TEST_F(TlsTest, AnEndThatIsNearIsToldOnceADay) {
  pair.make(tls_ending_days * 24 * hour_s - hour_s);
  start();
  wait_for("\"level\":\"warning\",\"event\":\"tls_ending\",\"days\":13");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const std::string lines = logged();
  EXPECT_EQ(lines.find("tls_ending"), lines.rfind("tls_ending"));
}

TEST_F(TlsTest, ANodeStartsWithACertificateThatIsOver) {
  const Hash old = pair.make(0);
  start();
  expect_served(old);
  EXPECT_NE(logged().find("\"tls_ending\",\"days\":0"), std::string::npos);
}

TEST_F(TlsTest, FilesThatCannotBeUsedAreNamedAtTheStart) {
  fs::permissions(pair.key, fs::perms::others_read, fs::perm_options::add);
  EXPECT_EQ(start_fails(), ErrorCode::key_open_to_others);
  fs::permissions(pair.key, fs::perms::others_read, fs::perm_options::remove);
  fs::permissions(pair.key, fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(start_fails(), ErrorCode{});
  Pair other{folder / "other.pem", folder / "other.key"};
  other.make();
  options.tls->key = other.key;
  EXPECT_EQ(start_fails(), ErrorCode::certificate_unusable);
  options.tls->key = pair.certificate;
  EXPECT_EQ(start_fails(), ErrorCode::key_open_to_others);
  options.tls->key = folder / "none.pem";
  EXPECT_EQ(start_fails(), ErrorCode::file_missing);
  options.tls->key = pair.key;
  options.tls->certificate = pair.key;
  EXPECT_EQ(start_fails(), ErrorCode::certificate_unusable);
  options.tls->certificate = pair.certificate;
  options.tls->clients = TlsClients::required;
  options.tls->client_ca = pair.key;
  EXPECT_EQ(start_fails(), ErrorCode::certificate_unusable);
}

TEST_F(TlsTest, ClientsShowTheCertificatesThatAreWanted) {
  const Pair known{folder / "known.pem", folder / "known.key"};
  const Pair stranger{folder / "stranger.pem", folder / "stranger.key"};
  const Pair over_since{folder / "over.pem", folder / "over.key"};
  known.make();
  stranger.make();
  over_since.make(0);
  // Trusted by its authority, and over all the same.
  fs::copy_file(known.certificate, folder / "authorities.pem");
  std::ofstream(folder / "authorities.pem", std::ios::app)
      << std::ifstream(over_since.certificate).rdbuf();
  options.tls->client_ca = folder / "authorities.pem";
  const auto served = [&](const Pair* shown, int version) {
    TlsTalker client(server->port(), {version, shown});
    // With TLS 1.3 the client learns of a refusal behind its own handshake.
    return client.secure() && client.ask("/").find("secure GET 0") != std::string::npos;
  };
  for (const TlsClients clients : {TlsClients::offered, TlsClients::required}) {
    options.tls->clients = clients;
    start();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      EXPECT_EQ(served(nullptr, version), clients == TlsClients::offered);
      EXPECT_FALSE(served(&stranger, version));
      EXPECT_FALSE(served(&over_since, version));
      EXPECT_TRUE(served(&known, version));
    }
  }
  // Authorities change without a restart too.
  fs::copy_file(stranger.certificate, folder / "authorities.pem",
                fs::copy_options::overwrite_existing);
  wait_for("tls_loaded", 3);
  EXPECT_TRUE(served(&stranger, TLS1_3_VERSION));
  EXPECT_FALSE(served(&known, TLS1_3_VERSION));
}

}  // namespace
}  // namespace xl::gateway::http
