// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/server.h"

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

#include "ordering/cometbft/frames.h"

namespace xl::ordering::cometbft {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;

constexpr std::size_t read_bytes = 64 * 1024;
/// CometBFT opens four connections, and some more while it starts again.
constexpr std::size_t connections_max = 16;
/// Requests read and not answered, per connection. Reading stops there, writing never does, so
/// that neither side waits for the other.
constexpr std::size_t inbox_bytes_max = 64U << 20U;

/// One connection: a coroutine reads, a thread works, another coroutine writes.
class Connection {
 public:
  Connection(asio::io_context& io, Local::socket socket, const AbciHandler& handler)
      : io_(io), socket_(std::move(socket)), room_(io), handler_(handler) {}

  asio::awaitable<void> read();
  void start_worker() {
    worker_ = std::thread([this] { work(); });
  }
  /// From any thread.
  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    wanted_.notify_all();
    asio::post(io_, [this] {
      boost::system::error_code ignored;
      socket_.close(ignored);
      room_.cancel();
    });
  }
  void join() {
    if (worker_.joinable()) worker_.join();
  }
  [[nodiscard]] bool finished() const { return reader_done_ && worker_done_ && !writing_; }
  [[nodiscard]] bool open() const { return !reader_done_; }

 private:
  void work();
  asio::awaitable<void> write();
  void send(Bytes frame);

  asio::io_context& io_;
  Local::socket socket_;     // io thread only
  asio::steady_timer room_;  // io thread only: cancelled when the inbox has room again
  const AbciHandler& handler_;

  std::mutex mutex_;  // guards the next four
  std::condition_variable wanted_;
  std::deque<Bytes> inbox_;
  std::size_t inbox_bytes_ = 0;
  bool closed_ = false;

  Bytes outbox_;  // io thread only
  std::atomic<bool> writing_{false};
  std::atomic<bool> reader_done_{false};
  std::atomic<bool> worker_done_{false};
  std::thread worker_;
};

asio::awaitable<void> Connection::read() {
  FrameReader frames;
  Bytes buffer(read_bytes);
  boost::system::error_code failure;
  while (true) {
    const std::size_t size = co_await socket_.async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, failure));
    if (failure) break;
    frames.feed(ByteView(buffer).first(size));
    auto frame = frames.next();
    bool full = false;
    for (; frame.ok() && *frame; frame = frames.next()) {
      const std::scoped_lock lock(mutex_);
      inbox_bytes_ += (*frame)->size();
      inbox_.push_back(std::move(**frame));
      full = inbox_bytes_ > inbox_bytes_max;
    }
    wanted_.notify_one();
    if (!frame.ok()) break;
    while (full && socket_.is_open()) {
      room_.expires_after(std::chrono::milliseconds(50));
      co_await room_.async_wait(asio::redirect_error(asio::use_awaitable, failure));
      const std::scoped_lock lock(mutex_);
      full = inbox_bytes_ > inbox_bytes_max;
    }
  }
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  wanted_.notify_one();
  socket_.close(failure);
  reader_done_ = true;
}

void Connection::work() {
  while (true) {
    Bytes frame;
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this] { return closed_ || !inbox_.empty(); });
      // Nobody waits for an answer any more, and what was not answered is sent again.
      if (closed_) break;
      frame = std::move(inbox_.front());
      inbox_.pop_front();
      inbox_bytes_ -= frame.size();
    }
    abci::Request request;
    abci::Response response;
    if (frame.size() <= frame_bytes_max &&
        request.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) {
      handler_(request, response);
    } else {
      response.mutable_exception()->set_error("the request is not an ABCI 2.0 message");
    }
    Bytes out;
    append_frame(out, view_of(response.SerializeAsString()));
    asio::post(io_, [this, moved = std::move(out)]() mutable { send(std::move(moved)); });
  }
  asio::post(io_, [this] { worker_done_ = true; });  // behind the last answer
}

/// On the io thread.
void Connection::send(Bytes frame) {
  append(outbox_, frame);
  if (writing_ || !socket_.is_open()) return;
  writing_ = true;
  asio::co_spawn(io_, write(), asio::detached);
}

asio::awaitable<void> Connection::write() {
  boost::system::error_code failure;
  while (!outbox_.empty() && !failure) {
    const Bytes now = std::exchange(outbox_, {});
    co_await asio::async_write(socket_, asio::buffer(now),
                               asio::redirect_error(asio::use_awaitable, failure));
  }
  writing_ = false;
}

class SocketServer final : public AbciServer {
 public:
  explicit SocketServer(AbciHandler handler) : handler_(std::move(handler)), acceptor_(io_) {}
  ~SocketServer() override { stop(); }

  Status listen(const std::filesystem::path& path);
  [[nodiscard]] std::size_t connections() const override {
    const std::scoped_lock lock(mutex_);
    std::size_t open = 0;
    for (const auto& connection : connections_) open += connection->open() ? 1 : 0;
    return open;
  }
  void stop() override;

 private:
  asio::awaitable<void> accept();
  void drop_finished();

  AbciHandler handler_;
  asio::io_context io_;
  Local::acceptor acceptor_;
  mutable std::mutex mutex_;
  std::list<std::unique_ptr<Connection>> connections_;  // guarded by mutex_
  std::thread thread_;
};

Status SocketServer::listen(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  boost::system::error_code failure;
  acceptor_.open(Local(), failure);
  // A socket's path is short (108 bytes), which bind tells.
  if (!failure && path.native().size() < sizeof(sockaddr_un::sun_path)) {
    acceptor_.bind(Local::endpoint(path.native()), failure);
  } else if (!failure) {
    failure = boost::system::errc::make_error_code(boost::system::errc::filename_too_long);
  }
  if (!failure) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, ignored);
    acceptor_.listen(asio::socket_base::max_listen_connections, failure);
  }
  if (failure) {
    return make_error(ErrorCode::address_unusable, path.string() + ": " + failure.message());
  }
  asio::co_spawn(io_, accept(), asio::detached);
  thread_ = std::thread([this] { io_.run(); });
  return {};
}

asio::awaitable<void> SocketServer::accept() {
  while (true) {
    boost::system::error_code failure;
    Local::socket socket =
        co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failure));
    if (failure) co_return;
    drop_finished();
    const std::scoped_lock lock(mutex_);
    if (connections_.size() >= connections_max) continue;
    auto& connection =
        connections_.emplace_back(std::make_unique<Connection>(io_, std::move(socket), handler_));
    connection->start_worker();
    asio::co_spawn(io_, connection->read(), asio::detached);
  }
}

void SocketServer::drop_finished() {
  const std::scoped_lock lock(mutex_);
  for (auto at = connections_.begin(); at != connections_.end();) {
    if ((*at)->finished()) {
      (*at)->join();
      at = connections_.erase(at);
    } else {
      ++at;
    }
  }
}

void SocketServer::stop() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  });
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& connection : connections_) connection->close();
    for (const auto& connection : connections_) connection->join();
  }
  thread_.join();  // nothing is open any more, so there is nothing left to run
}

}  // namespace

Result<std::unique_ptr<AbciServer>> AbciServer::start(const std::filesystem::path& path,
                                                      AbciHandler handler) {
  auto server = std::make_unique<SocketServer>(std::move(handler));
  XL_TRY(server->listen(path));
  return std::unique_ptr<AbciServer>(std::move(server));
}

}  // namespace xl::ordering::cometbft
