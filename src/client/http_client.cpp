// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/http_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>

namespace xl::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using tcp = asio::ip::tcp;

constexpr std::uint64_t answer_bytes_max = 64U << 20U;

std::string lower_name(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

Result<NodeAddress> parse_node_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) {
    return make_error(ErrorCode::usage_invalid, "--node must start with http://");
  }
  url.remove_prefix(scheme.size());
  while (url.ends_with('/')) url.remove_suffix(1);
  NodeAddress out;
  const std::size_t colon = url.rfind(':');
  const bool has_port = colon != std::string_view::npos && url.find(']', colon) == url.npos;
  out.host = std::string(has_port ? url.substr(0, colon) : url);
  if (has_port) out.port = std::string(url.substr(colon + 1));
  if (out.host.empty() || out.port.empty() || out.host.find('/') != std::string::npos) {
    return make_error(ErrorCode::usage_invalid, "--node must be http://HOST:PORT");
  }
  return out;
}

struct HttpClient::Impl {
  explicit Impl(NodeAddress node) : address(std::move(node)) {}

  NodeAddress address;
  asio::io_context io;
  std::optional<beast::tcp_stream> stream;
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

  [[nodiscard]] Error unreachable(const boost::system::error_code& failure) {
    stream.reset();
    return make_error(ErrorCode::node_unreachable,
                      address.host + ":" + address.port + ": " + failure.message());
  }

  Status connect(std::uint64_t timeout_ms) {
    if (stream) return {};
    boost::system::error_code failure;
    tcp::resolver resolver(io);
    const auto found = resolver.resolve(bare_host(), address.port, failure);
    if (failure) return unreachable(failure);
    stream.emplace(io);
    buffer.clear();
    stream->expires_after(std::chrono::milliseconds(timeout_ms));
    stream->async_connect(found, [&](const auto& result, const auto&) { failure = result; });
    run();
    if (failure) return unreachable(failure);
    stream->socket().set_option(tcp::no_delay(true), failure);
    return {};
  }

  Result<HttpResponse> exchange(const bhttp::request<bhttp::string_body>& request,
                                std::uint64_t timeout_ms) {
    boost::system::error_code failure;
    stream->expires_after(std::chrono::milliseconds(timeout_ms));
    bhttp::async_write(*stream, request,
                       [&](const auto& result, std::size_t) { failure = result; });
    run();
    if (failure) return unreachable(failure);
    bhttp::response_parser<bhttp::string_body> parser;
    parser.body_limit(answer_bytes_max);
    bhttp::async_read(*stream, buffer, parser,
                      [&](const auto& result, std::size_t) { failure = result; });
    run();
    if (failure == bhttp::error::body_limit) {
      stream.reset();  // the rest of that answer is still on its way
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
    if (!parser.get().keep_alive() || buffer.size() != 0) stream.reset();
    return out;
  }
};

HttpClient::HttpClient(NodeAddress address) : impl_(std::make_unique<Impl>(std::move(address))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpResponse> HttpClient::send(std::string_view method, std::string_view target,
                                      std::string_view content_type, std::string_view body,
                                      const std::map<std::string, std::string>& headers,
                                      std::uint64_t timeout_ms) {
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
  XL_TRY(impl_->connect(timeout_ms));
  auto answer = impl_->exchange(request, timeout_ms);
  // A kept connection may have been closed meanwhile; only requests that repeat safely go again.
  if (!answer.ok() && reused && (method == "GET" || method == "HEAD")) {
    XL_TRY(impl_->connect(timeout_ms));
    answer = impl_->exchange(request, timeout_ms);
  }
  return answer;
}

Result<HttpResponse> HttpClient::get(std::string_view target) {
  return send("GET", target, {}, {});
}

}  // namespace xl::client
