// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/http_client.h"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <vector>

#include "base/file.h"
#include "crypto/certificate.h"

namespace xl::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
namespace ssl = boost::asio::ssl;
using tcp = asio::ip::tcp;

constexpr std::uint64_t answer_bytes_max = 64U << 20U;

std::string lower_name(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Error unusable(const std::string& file, const boost::system::error_code& failure) {
  return make_error(ErrorCode::certificate_unusable, file + ": " + failure.message());
}

asio::const_buffer buffer_of(ByteView bytes) { return {bytes.data(), bytes.size()}; }

/// Whom the client believes.
Status trust(ssl::context& context, const std::string& ca) {
  boost::system::error_code failure;
  if (ca.empty()) {
    context.set_default_verify_paths(failure);
    return failure ? Status(unusable("the system's authorities", failure)) : Status{};
  }
  XL_TRY_ASSIGN(const Bytes authorities, read_file(ca, crypto::certificate_file_bytes_max));
  const auto first = crypto::read_certificate(text_of(authorities));
  if (!first.ok()) return make_error(first.error().code, ca);
  context.add_certificate_authority(buffer_of(authorities), failure);
  return failure ? Status(unusable(ca, failure)) : Status{};
}

/// Who the client is, to a node that asks.
Status show(ssl::context& context, const TlsFiles& files) {
  if (files.certificate.empty()) return {};
  XL_TRY(crypto::check_key_file(files.key));
  XL_TRY_ASSIGN(const Bytes chain,
                read_file(files.certificate, crypto::certificate_file_bytes_max));
  XL_TRY_ASSIGN(Bytes key, read_file(files.key, crypto::certificate_file_bytes_max));
  boost::system::error_code failure;
  context.use_certificate_chain(buffer_of(chain), failure);
  if (failure) return unusable(files.certificate, failure);
  context.use_private_key(buffer_of(key), ssl::context::pem, failure);
  crypto::wipe(key);
  if (failure) return unusable(files.key, failure);
  if (SSL_CTX_check_private_key(context.native_handle()) == 1) return {};
  return make_error(ErrorCode::certificate_unusable, files.key + ": not the certificate's key");
}

Result<std::unique_ptr<ssl::context>> make_tls(const TlsFiles& files) {
  std::unique_ptr<ssl::context> out;
  try {
    out = std::make_unique<ssl::context>(ssl::context::tls_client);
  } catch (const boost::system::system_error&) {
    return make_error(ErrorCode::crypto_library_failed, "TLS");
  }
  SSL_CTX* raw = out->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  // An encrypted key is refused, not asked about at the terminal.
  SSL_CTX_set_default_passwd_cb(raw, [](char*, int, int, void*) { return -1; });
  XL_TRY(trust(*out, files.ca));
  XL_TRY(show(*out, files));
  return out;
}

/// Makes the certificate's names count, and tells the node which host is meant.
bool expect_host(SSL* tls, const std::string& host) {
  boost::system::error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1;
  }
  SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  std::string name = host;  // the library takes it as changeable, and copies it
  return SSL_set1_host(tls, host.c_str()) == 1 &&
         SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

ErrorCode code_of_verdict(long verdict) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return ErrorCode::tls_certificate_over;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return ErrorCode::tls_name_mismatched;
    default:
      return ErrorCode::tls_untrusted;
  }
}

/// What a node's alert is about (RFC 8446 §6.2). One that takes no client without a certificate
/// says so with TLS 1.3; with TLS 1.2 it says that the handshake failed.
ErrorCode code_of_alert(int reason) {
  switch (reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return ErrorCode::tls_client_refused;
    default:
      return ErrorCode::tls_failed;
  }
}

struct Block4 {
  std::array<std::uint8_t, 4> first;
  unsigned bits;
};
/// Where a public host is not (IANA IPv4 Special-Purpose Address Registry; groups and beyond).
constexpr auto special4 = std::to_array<Block4>({{{0, 0, 0, 0}, 8},
                                                 {{10, 0, 0, 0}, 8},
                                                 {{100, 64, 0, 0}, 10},
                                                 {{127, 0, 0, 0}, 8},
                                                 {{169, 254, 0, 0}, 16},
                                                 {{172, 16, 0, 0}, 12},
                                                 {{192, 0, 0, 0}, 24},
                                                 {{192, 0, 2, 0}, 24},
                                                 {{192, 88, 99, 0}, 24},
                                                 {{192, 168, 0, 0}, 16},
                                                 {{198, 18, 0, 0}, 15},
                                                 {{198, 51, 100, 0}, 24},
                                                 {{203, 0, 113, 0}, 24},
                                                 {{224, 0, 0, 0}, 3}});

bool is_public(const asio::ip::address_v4& address) {
  return std::ranges::none_of(special4, [&](const Block4& block) {
    const unsigned shift = 32 - block.bits;
    return address.to_uint() >> shift == asio::ip::address_v4(block.first).to_uint() >> shift;
  });
}

/// Global unicast is 2000::/3; in it 2001::/23 is for protocols, 2001:db8::/32 and 3fff::/20 for
/// documentation, 2002::/16 carries IPv4 addresses.
bool is_public(const asio::ip::address& address) {
  if (address.is_v4()) return is_public(address.to_v4());
  const asio::ip::address_v6 wide = address.to_v6();
  if (wide.is_v4_mapped()) {
    return is_public(asio::ip::make_address_v4(asio::ip::v4_mapped, wide));
  }
  const auto bytes = wide.to_bytes();
  const unsigned first = static_cast<unsigned>(bytes[0]) << 8U | bytes[1];
  const unsigned second = static_cast<unsigned>(bytes[2]) << 8U | bytes[3];
  const bool apart = (first == 0x2001 && (second < 0x200 || second == 0xdb8)) || first == 0x2002 ||
                     (first == 0x3fff && second < 0x1000);
  return first >> 13U == 1 && !apart;
}

}  // namespace

Result<NodeAddress> parse_node_url(std::string_view url, const TlsFiles& files) {
  constexpr std::string_view plain = "http://";
  constexpr std::string_view secure = "https://";
  NodeAddress out;
  out.tls = url.starts_with(secure);
  if (!out.tls && !url.starts_with(plain)) {
    return make_error(ErrorCode::usage_invalid, "--node must start with http:// or https://");
  }
  const bool named = !files.ca.empty() || !files.certificate.empty() || !files.key.empty();
  if (named && !out.tls) {
    return make_error(ErrorCode::usage_invalid,
                      "--ca and --client-certificate are for an https:// address");
  }
  if (files.certificate.empty() != files.key.empty()) {
    return make_error(ErrorCode::usage_invalid,
                      "--client-certificate and --client-key belong together");
  }
  out.files = files;
  url.remove_prefix(out.tls ? secure.size() : plain.size());
  while (url.ends_with('/')) url.remove_suffix(1);
  const std::size_t colon = url.rfind(':');
  const bool has_port = colon != std::string_view::npos && url.find(']', colon) == url.npos;
  out.host = std::string(has_port ? url.substr(0, colon) : url);
  if (has_port) out.port = std::string(url.substr(colon + 1));
  if (out.host.empty() || out.port.empty() || out.host.find('/') != std::string::npos) {
    return make_error(ErrorCode::usage_invalid, "--node must be http://HOST:PORT or https://…");
  }
  return out;
}

namespace {

using TlsStream = ssl::stream<beast::tcp_stream&>;

/// A connection for Beast's synchronous calls, under the deadline of its TCP stream. Each stream
/// has one kind of operation, whatever buffers Beast hands over: it compiles in half the time.
class Wire {
 public:
  /// `tls` may be null: TCP alone. All outlive it.
  Wire(asio::io_context& io, beast::tcp_stream& stream, TlsStream* tls)
      : io_(io), stream_(stream), tls_(tls) {}

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, boost::system::error_code& failure) {
    asio::mutable_buffer first;
    for (const asio::mutable_buffer one : beast::buffers_range_ref(buffers)) {
      if (first.size() == 0) first = one;
    }
    return run(failure, [&](const auto& done) {
      if (tls_ != nullptr) {
        tls_->async_read_some(first, done);
      } else {
        stream_.async_read_some(first, done);
      }
    });
  }
  /// Small parts go out together: one packet, one record.
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, boost::system::error_code& failure) {
    asio::const_buffer first;
    together_.clear();
    for (const asio::const_buffer one : beast::buffers_range_ref(buffers)) {
      if (first.size() == 0) first = one;
      if (together_.size() + one.size() > together_max) break;
      together_.append(static_cast<const char*>(one.data()), one.size());
    }
    if (together_.size() > first.size()) first = {together_.data(), together_.size()};
    return run(failure, [&](const auto& done) {
      if (tls_ != nullptr) {
        tls_->async_write_some(first, done);
      } else {
        stream_.async_write_some(first, done);
      }
    });
  }
  // What Beast's concepts ask for beside these.
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return or_throw([&](auto& failure) { return read_some(buffers, failure); });
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    return or_throw([&](auto& failure) { return write_some(buffers, failure); });
  }

 private:
  static constexpr std::size_t together_max = 64U << 10U;

  template <typename Begin>
  std::size_t run(boost::system::error_code& failure, const Begin& begin) {
    std::size_t count = 0;
    begin([&](const boost::system::error_code& result, std::size_t bytes) {
      failure = result;
      count = bytes;
    });
    io_.restart();
    io_.run();
    return count;
  }
  template <typename Call>
  static std::size_t or_throw(const Call& call) {
    boost::system::error_code failure;
    const std::size_t out = call(failure);
    if (failure) throw boost::system::system_error(failure);
    return out;
  }

  asio::io_context& io_;
  beast::tcp_stream& stream_;
  TlsStream* tls_;
  std::string together_;
};

}  // namespace

struct HttpClient::Impl {
  explicit Impl(NodeAddress node) : address(std::move(node)) {}

  NodeAddress address;
  asio::io_context io;
  std::unique_ptr<ssl::context> context;
  std::optional<beast::tcp_stream> stream;
  std::optional<TlsStream> tls;  // over the stream, where the node speaks it
  beast::flat_buffer buffer;

  /// Runs the one pending operation to its end.
  void run() {
    io.restart();
    io.run();
  }

  /// Without the brackets that a URL puts around IPv6.
  [[nodiscard]] std::string bare_host() const {
    const std::string& host = address.host;
    const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    return brackets ? host.substr(1, host.size() - 2) : host;
  }

  void drop() {
    tls.reset();
    stream.reset();
  }

  [[nodiscard]] Error unreachable(const boost::system::error_code& failure) {
    const std::string who = address.host + ":" + address.port + ": ";
    const long verdict = tls ? SSL_get_verify_result(tls->native_handle()) : X509_V_OK;
    drop();
    if (verdict != X509_V_OK) {
      return make_error(code_of_verdict(verdict), who + X509_verify_cert_error_string(verdict));
    }
    const bool said = failure.category() == asio::error::get_ssl_category();
    const auto number = static_cast<unsigned long>(failure.value());
    return make_error(said ? code_of_alert(ERR_GET_REASON(number)) : ErrorCode::node_unreachable,
                      who + failure.message());
  }

  Status handshake() {
    if (!context) {
      XL_TRY_ASSIGN(context, make_tls(address.files));
    }
    tls.emplace(*stream, *context);
    if (!expect_host(tls->native_handle(), bare_host())) {
      return make_error(ErrorCode::crypto_library_failed, "TLS");
    }
    boost::system::error_code failure;
    tls->async_handshake(ssl::stream_base::client, [&](const auto& result) { failure = result; });
    run();
    return failure ? Status(unreachable(failure)) : Status{};
  }

  Status connect() {
    if (stream) return {};
    boost::system::error_code failure;
    tcp::resolver resolver(io);
    const auto resolved = resolver.resolve(bare_host(), address.port, failure);
    if (failure) return unreachable(failure);
    std::vector<tcp::endpoint> found;
    for (const auto& one : resolved) {
      const tcp::endpoint place = one.endpoint();
      if (!address.public_only || is_public(place.address())) found.push_back(place);
    }
    if (found.empty()) {
      return make_error(ErrorCode::node_unreachable,
                        address.host + ": its address is of a private network");
    }
    stream.emplace(io);
    buffer.clear();
    stream->expires_after(std::chrono::milliseconds(address.timeout_ms));
    stream->async_connect(found, [&](const auto& result, const auto&) { failure = result; });
    run();
    if (failure) return unreachable(failure);
    stream->socket().set_option(tcp::no_delay(true), failure);
    if (!address.tls) return {};
    Status secured = handshake();
    if (!secured.ok()) drop();
    return secured;
  }

  Result<HttpResponse> exchange(const bhttp::request<bhttp::string_body>& request) {
    XL_TRY(connect());
    boost::system::error_code failure;
    stream->expires_after(std::chrono::milliseconds(address.timeout_ms));
    Wire wire(io, *stream, tls ? &*tls : nullptr);
    bhttp::write(wire, request, failure);
    if (failure) return unreachable(failure);
    bhttp::response_parser<bhttp::string_body> parser;
    parser.body_limit(answer_bytes_max);
    bhttp::read(wire, buffer, parser, failure);
    if (failure == bhttp::error::body_limit) {
      drop();  // the rest of that answer is still on its way
      return make_error(ErrorCode::answer_unexpected);
    }
    if (failure) return unreachable(failure);
    HttpResponse out;
    out.status = parser.get().result_int();
    for (const auto& field : parser.get()) {
      const auto name = field.name_string();
      const auto value = field.value();
      out.headers.insert_or_assign(lower_name({name.data(), name.size()}),
                                   std::string(value.data(), value.size()));
    }
    out.body = std::move(parser.get().body());
    // Bytes behind an answer belong to no request: the next one must not take them for its own.
    if (!parser.get().keep_alive() || buffer.size() != 0) drop();
    return out;
  }
};

bool is_public_address(std::string_view text) {
  boost::system::error_code failure;
  const auto address = asio::ip::make_address(std::string(text), failure);
  return !failure && is_public(address);
}

HttpClient::HttpClient(NodeAddress address) : impl_(std::make_unique<Impl>(std::move(address))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpResponse> HttpClient::send(std::string_view method, std::string_view target,
                                      std::string_view content_type, std::string_view body,
                                      const std::map<std::string, std::string>& headers) {
  bhttp::request<bhttp::string_body> request;
  request.method_string(beast::string_view(method.data(), method.size()));
  request.target(beast::string_view(target.data(), target.size()));
  request.version(11);
  // With the port: servers make their links of it (RFC 9110 §7.2).
  request.set(bhttp::field::host, impl_->address.host + ":" + impl_->address.port);
  request.set(bhttp::field::user_agent, "xinglin");
  if (!content_type.empty()) {
    request.set(bhttp::field::content_type,
                beast::string_view(content_type.data(), content_type.size()));
  }
  for (const auto& [name, value] : headers) request.set(name, value);
  request.body() = std::string(body);
  request.prepare_payload();
  const bool reused = impl_->stream.has_value();
  const auto start = std::chrono::steady_clock::now();
  auto answer = impl_->exchange(request);
  // A kept connection may have been closed meanwhile; only requests that repeat safely go again.
  if (!answer.ok() && reused && (method == "GET" || method == "HEAD")) {
    answer = impl_->exchange(request);
  }
  if (impl_->address.tell) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start);
    impl_->address.tell(std::string(method) + " " + std::string(target) + " " +
                        (answer.ok() ? std::to_string(answer->status) : answer.error().text()) +
                        ", " + std::to_string(took.count()) + " ms");
  }
  return answer;
}

Result<HttpResponse> HttpClient::get(std::string_view target) {
  return send("GET", target, {}, {});
}

}  // namespace xl::client
