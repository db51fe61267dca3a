// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

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

  /// As those of an AsyncReadStream and an AsyncWriteStream; small parts go out together.
  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    boost::asio::mutable_buffer first;
    for (const boost::asio::mutable_buffer one : boost::beast::buffers_range_ref(buffers)) {
      if (first.size() == 0) first = one;
    }
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, boost::asio::mutable_buffer into) {
          read(into, Completion(std::move(handler), get_executor()));
        },
        token, first);
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    boost::asio::const_buffer first;
    together_.clear();
    for (const boost::asio::const_buffer one : boost::beast::buffers_range_ref(buffers)) {
      if (first.size() == 0) first = one;
      if (together_.size() + one.size() > together_max) break;
      together_.append(static_cast<const char*>(one.data()), one.size());
    }
    if (together_.size() > first.size()) first = {together_.data(), together_.size()};
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, boost::asio::const_buffer from) {
          write(from, Completion(std::move(handler), get_executor()));
        },
        token, first);
  }

 private:
  static constexpr std::size_t together_max = 64U << 10U;

  /// What follows an operation, whatever its type: each stream's operations are compiled once.
  class Completion {
   public:
    using executor_type = boost::asio::any_io_executor;

    template <typename Handler>
    Completion(Handler handler, const boost::asio::any_io_executor& otherwise)
        : executor_(boost::asio::get_associated_executor(handler, otherwise)),
          call_(std::make_unique<Kept<Handler>>(std::move(handler))) {}

    [[nodiscard]] executor_type get_executor() const noexcept { return executor_; }
    void operator()(const boost::system::error_code& failure, std::size_t bytes) {
      // The handler may begin the next operation: what held it is gone by then.
      const std::unique_ptr<Call> call = std::move(call_);
      call->run(failure, bytes);
    }

   private:
    struct Call {
      virtual ~Call() = default;
      virtual void run(const boost::system::error_code& failure, std::size_t bytes) = 0;
    };
    template <typename Handler>
    struct Kept final : Call {
      explicit Kept(Handler kept) : handler(std::move(kept)) {}
      void run(const boost::system::error_code& failure, std::size_t bytes) override {
        Handler moved = std::move(handler);
        moved(failure, bytes);
      }
      Handler handler;
    };
    executor_type executor_;
    std::unique_ptr<Call> call_;
  };

  void read(boost::asio::mutable_buffer into, Completion done);
  void write(boost::asio::const_buffer from, Completion done);

  TcpStream tcp_;
  std::shared_ptr<boost::asio::ssl::context> context_;  // as long as its stream
  std::optional<TlsStream> tls_;
  std::string together_;  // while it is written
};

}  // namespace xl::gateway::http
