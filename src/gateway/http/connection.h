// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <memory>
#include <optional>

namespace xl::gateway::http {

/// A client's connection: TCP, and TLS over it once `secure` was called. Reads and writes as
/// Boost's streams do, so that the server's code is the same for both; its deadlines are those of
/// TCP. Not thread-safe: it is used on its executor.
class Connection {
 public:
  using TcpStream = boost::beast::tcp_stream;
  using TlsStream = boost::asio::ssl::stream<TcpStream&>;
  using executor_type = TcpStream::executor_type;

  explicit Connection(boost::asio::ip::tcp::socket socket) : tcp_(std::move(socket)) {}

  /// What is read and written from now on is TLS; the handshake is the caller's.
  TlsStream& secure(std::shared_ptr<boost::asio::ssl::context> context) {
    context_ = std::move(context);
    return tls_.emplace(tcp_, *context_);
  }
  [[nodiscard]] TcpStream& tcp() { return tcp_; }
  /// Null: it speaks no TLS.
  [[nodiscard]] TlsStream* tls() { return tls_ ? &*tls_ : nullptr; }
  [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return tcp_.socket(); }
  [[nodiscard]] executor_type get_executor() { return tcp_.get_executor(); }
  /// The deadline of whatever begins from now on.
  void expires_after(std::chrono::milliseconds time) { tcp_.expires_after(time); }
  void expires_never() { tcp_.expires_never(); }

  /// As those of an AsyncReadStream and an AsyncWriteStream.
  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          if (tls_) {
            tls_->async_read_some(into, std::move(handler));
          } else {
            tcp_.async_read_some(into, std::move(handler));
          }
        },
        token, buffers);
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          if (tls_) {
            tls_->async_write_some(from, std::move(handler));
          } else {
            tcp_.async_write_some(from, std::move(handler));
          }
        },
        token, buffers);
  }

 private:
  TcpStream tcp_;
  std::shared_ptr<boost::asio::ssl::context> context_;  // as long as its stream
  std::optional<TlsStream> tls_;
};

}  // namespace xl::gateway::http
