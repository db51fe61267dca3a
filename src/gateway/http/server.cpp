// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/http/server.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <list>
#include <mutex>
#include <thread>

#include "crypto/random.h"
#include "gateway/fhir/reply.h"
#include "gateway/http/connection.h"
#include "gateway/http/date.h"
#include "gateway/http/parse.h"

namespace xl::gateway::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using tcp = asio::ip::tcp;

/// A larger initial buffer saves a 2 KB request one reallocation and copy (libraries.md).
constexpr std::size_t buffer_bytes = 16 * 1024;
constexpr auto stream_poll = std::chrono::milliseconds(50);
constexpr auto stream_keep_alive = std::chrono::seconds(15);
/// What is still read of a refused request, so that the client can see the answer.
constexpr std::size_t refused_rest_bytes_max = 1U << 20U;
constexpr auto refused_rest_time = std::chrono::milliseconds(500);
/// For a connection that says nothing while most are taken.
constexpr unsigned crowded_patience_ms = 1000;
constexpr auto accept_pause = std::chrono::milliseconds(50);
/// For the end of a connection to be told over TLS; nothing hangs on whether it was heard.
constexpr auto farewell_time = std::chrono::milliseconds(200);
/// For connections to end by themselves when the server stops.
constexpr auto stop_time = std::chrono::milliseconds(500);
/// What a TLS connection begins with (RFC 8446 §5.1, handshake).
constexpr char tls_first_byte = 0x16;

/// Connections of which the next request is awaited, the longest waiting first: the ones that can
/// be closed for somebody else. Thread-safe.
class Idle {
  struct Entry {
    beast::tcp_stream* stream;    ///< null: it was told to close
    std::shared_ptr<bool> alive;  ///< of the stream, on its executor
  };

 public:
  /// One of them, for as long as it exists. Made and destroyed on the stream's executor.
  class Place {
   public:
    Place(Idle& idle, beast::tcp_stream& stream) : idle_(idle) {
      const std::scoped_lock lock(idle_.mutex_);
      at_ = idle_.waiting_.insert(idle_.waiting_.end(), {&stream, alive_});
    }
    ~Place() {
      *alive_ = false;
      const std::scoped_lock lock(idle_.mutex_);
      if (at_->stream != nullptr)
        idle_.waiting_.erase(at_);
      else
        idle_.closing_.erase(at_);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    friend class Idle;
    Idle& idle_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::list<Entry>::iterator at_;
  };

  /// Ends the wait of the one that waits longest. False when none waits.
  bool close_oldest() {
    const std::scoped_lock lock(mutex_);
    if (waiting_.empty()) return false;
    beast::tcp_stream* stream = waiting_.front().stream;
    asio::post(stream->get_executor(), [stream, alive = waiting_.front().alive] {
      if (*alive) stream->cancel();
    });
    waiting_.front().stream = nullptr;
    closing_.splice(closing_.end(), waiting_, waiting_.begin());
    return true;
  }

 private:
  std::mutex mutex_;
  std::list<Entry> waiting_;
  std::list<Entry> closing_;
};

/// Adds to a counter for as long as it lives.
class Held {
 public:
  Held(std::atomic<std::size_t>& counter, std::size_t amount) : counter_(counter), amount_(amount) {
    counter_ += amount_;
  }
  ~Held() { counter_ -= amount_; }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  std::atomic<std::size_t>& counter_;
  std::size_t amount_;
};

/// Takes `more` from what is left below `most`. False, and nothing taken, when that is less.
bool take_room(std::atomic<std::size_t>& used, std::size_t more, std::size_t most) {
  std::size_t before = used.load();
  do {
    if (more > most || before > most - more) return false;
  } while (!used.compare_exchange_weak(before, before + more));
  return true;
}

/// What the bodies that are held now take: room for all, and room only for small ones.
struct BodyRoom {
  std::atomic<std::size_t> all{0};
  std::atomic<std::size_t> small{0};
};

/// The part of one body in it, given back at the end. What is announced costs nothing: only bytes
/// that came do.
class BodyShare {
 public:
  BodyShare(BodyRoom& room, const ServerOptions& options) : room_(room), options_(options) {}
  ~BodyShare() {
    room_.all -= all_;
    room_.small -= small_;
  }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

  /// The body has `bytes` now. False when there is no room for them.
  [[nodiscard]] bool grow_to(std::size_t bytes) {
    const std::size_t more = bytes - std::min(bytes, all_ + small_);
    if (more == 0) return true;
    if (take_room(room_.all, more, options_.bodies_bytes_max)) {
      all_ += more;
      return true;
    }
    if (bytes > small_body_bytes_max ||
        !take_room(room_.small, more, options_.small_bodies_bytes_max)) {
      return false;
    }
    small_ += more;
    return true;
  }

 private:
  BodyRoom& room_;
  const ServerOptions& options_;
  std::size_t all_ = 0;
  std::size_t small_ = 0;
};

std::string_view target_of(const Parser& parser) {
  const auto target = parser.get().target();
  return {target.data(), target.size()};
}

std::string new_request_id() {
  std::array<std::uint8_t, 8> bytes{};
  crypto::random_bytes(bytes);
  return to_hex(bytes);
}

/// What an answer must know of its request.
struct About {
  unsigned version = 11;
  bool head = false;   ///< an answer to HEAD has no body (RFC 9110 §9.3.2)
  std::string target;  ///< as in the request line; empty when it did not come
};

/// Where a connection comes from and to.
struct Ends {
  std::string remote;  ///< an address
  std::string local;   ///< an address and a port
};

/// Empty where the connection is gone already. An IPv4 address is one, also where it came to a
/// listener of IPv6.
Ends ends_of(const tcp::socket& socket) {
  boost::system::error_code failure;
  const auto plain = [](const asio::ip::address& one) {
    const bool mapped = one.is_v6() && one.to_v6().is_v4_mapped();
    return mapped ? asio::ip::address(asio::ip::make_address_v4(asio::ip::v4_mapped, one.to_v6()))
                  : one;
  };
  Ends out;
  const auto there = socket.remote_endpoint(failure);
  if (!failure) out.remote = plain(there.address()).to_string();
  const auto here = socket.local_endpoint(failure);
  if (failure) return out;
  const asio::ip::address address = plain(here.address());
  const std::string text = address.to_string();
  out.local = (address.is_v6() ? "[" + text + "]" : text) + ":" + std::to_string(here.port());
  return out;
}

/// These have no content, so nothing may be said of its length or type (RFC 9110 §8.6).
bool has_no_content(unsigned status) { return status < 200 || status == 204 || status == 304; }

class BeastServer final : public Server {
 public:
  BeastServer(const ServerOptions& options, Handler handler)
      : options_(options),
        handler_(std::move(handler)),
        workers_(options.worker_threads),
        acceptor_(io_) {}
  ~BeastServer() override { stop(); }

  Status listen();
  void run();
  [[nodiscard]] std::uint16_t port() const override { return port_; }
  [[nodiscard]] ServerCounters counters() const override {
    return {requests_.load(), refused_.load(), accepted_.load(), open_.load(),
            tls_ ? tls_->until_s() : 0};
  }
  void reload_tls() override {
    asio::post(io_, [this] {
      if (tls_) tls_->reload();
    });
  }
  void stop() override;

 private:
  using Answer = bhttp::response<bhttp::string_body>;

  asio::awaitable<void> accept_loop();
  asio::awaitable<void> watch_tls();
  asio::awaitable<void> serve(tcp::socket socket);
  asio::awaitable<bool> begin(Connection& stream);
  asio::awaitable<bool> serve_one(Connection& stream, beast::flat_buffer& buffer, const Ends& ends);
  asio::awaitable<bool> read_body(Connection& stream, beast::flat_buffer& buffer, Parser& parser,
                                  const About& about, BodyShare& share);
  asio::awaitable<bool> refuse(Connection& stream, unsigned status, Error error,
                               const About& about);
  asio::awaitable<bool> write(Connection& stream, Response response, const About& about,
                              bool keep_alive, const std::string& request_id);
  asio::awaitable<bool> write_stream(Connection& stream, Response response, const About& about,
                                     const std::string& request_id);
  /// How long after its beginning a body may pause that has come so far: until its average falls
  /// below the least rate, but not past the end of all patience.
  [[nodiscard]] std::chrono::milliseconds patience_with(std::size_t received) const {
    const std::uint64_t earned_ms = std::uint64_t{received} * 1000 /
                                    std::max<std::size_t>(1, options_.body_rate_bytes_per_s_min);
    return std::chrono::milliseconds(std::min<std::uint64_t>(
        std::max<std::uint64_t>(earned_ms, options_.body_grace_ms), options_.body_timeout_ms));
  }
  [[nodiscard]] std::string date();
  [[nodiscard]] Response handle(const Request& request) const;
  /// More than half of the connections are taken: those that say nothing must go soon, so that
  /// nobody locks others out by keeping connections idle.
  [[nodiscard]] bool crowded() const { return open_.load() > options_.connections_max / 2; }

  ServerOptions options_;
  Handler handler_;
  std::unique_ptr<Tls> tls_;  // null: HTTP in clear
  Idle idle_;                 // before the coroutines that are in it
  asio::io_context io_;
  asio::thread_pool workers_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> streams_{0};
  BodyRoom bodies_;
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> accepted_{0};
  DateHeader date_;
};

Status BeastServer::listen() {
  if (options_.tls) {
    XL_TRY_ASSIGN(tls_, Tls::open(*options_.tls));
  }
  boost::system::error_code failure;
  const auto address = asio::ip::make_address(options_.address, failure);
  if (failure) return make_error(ErrorCode::address_unusable, options_.address);
  const tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), failure);
  if (!failure) acceptor_.set_option(asio::socket_base::reuse_address(true), failure);
  if (!failure) acceptor_.bind(endpoint, failure);
  if (!failure) acceptor_.listen(asio::socket_base::max_listen_connections, failure);
  if (failure == boost::system::errc::address_in_use) {
    return make_error(ErrorCode::address_in_use,
                      options_.address + ":" + std::to_string(options_.port));
  }
  if (failure) return make_error(ErrorCode::address_unusable, options_.address);
  port_ = acceptor_.local_endpoint().port();
  return {};
}

void BeastServer::run() {
  asio::co_spawn(io_, accept_loop(), asio::detached);
  if (tls_) asio::co_spawn(io_, watch_tls(), asio::detached);
  for (unsigned i = 0; i < options_.io_threads; ++i) {
    threads_.emplace_back([this] { io_.run(); });
  }
}

void BeastServer::stop() {
  if (stopping_.exchange(true)) return;
  asio::post(io_, [this] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  });
  workers_.join();  // handlers that run are finished
  while (idle_.close_oldest()) {
  }
  const auto patience = std::chrono::steady_clock::now() + stop_time;
  while (open_.load() > 0 && std::chrono::steady_clock::now() < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  io_.stop();
  for (std::thread& thread : threads_) thread.join();
}

asio::awaitable<void> BeastServer::accept_loop() {
  while (!stopping_) {
    boost::system::error_code failure;
    // Each connection has a strand of its own, so its coroutine never runs on two threads.
    tcp::socket socket = co_await acceptor_.async_accept(
        asio::make_strand(io_), asio::redirect_error(asio::use_awaitable, failure));
    if (stopping_) co_return;
    if (failure) {  // out of descriptors: wait for some to come back
      asio::steady_timer pause(io_, accept_pause);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failure));
      continue;
    }
    ++accepted_;
    const auto executor = socket.get_executor();
    asio::co_spawn(executor, serve(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> BeastServer::watch_tls() {
  asio::steady_timer timer(io_);
  boost::system::error_code ignored;
  while (!stopping_) {
    timer.expires_after(std::chrono::milliseconds(options_.tls->look_every_ms));
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    tls_->look();
  }
}

/// Reads a bounded rest and throws it away: closing with unread bytes would reset the connection
/// and destroy what was said last on its way.
asio::awaitable<void> drain(Connection& stream) {
  boost::system::error_code failure;
  stream.socket().shutdown(tcp::socket::shutdown_send, failure);
  stream.expires_after(refused_rest_time);
  std::array<char, 4096> rest{};
  for (std::size_t read = 0; !failure && read < refused_rest_bytes_max;) {
    read += co_await stream.tcp().async_read_some(
        asio::buffer(rest), asio::redirect_error(asio::use_awaitable, failure));
  }
}

/// Over TLS an end that is not told looks like an answer that was cut (RFC 8446 §6.1).
asio::awaitable<void> say_farewell(Connection& stream) {
  if (stream.tls() == nullptr) co_return;
  boost::system::error_code ignored;
  stream.expires_after(farewell_time);
  co_await stream.tls()->async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
}

/// Nothing can be said on the connection any more, and nobody is to be blamed.
bool is_over(const boost::system::error_code& failure) {
  return failure == bhttp::error::end_of_stream || failure == beast::error::timeout ||
         failure == asio::error::connection_reset || failure == asio::error::operation_aborted ||
         failure == asio::ssl::error::stream_truncated ||
         failure.category() == asio::error::get_ssl_category();
}

/// Makes the connection speak TLS where the listener does. False when it is over.
asio::awaitable<bool> BeastServer::begin(Connection& stream) {
  if (!tls_) co_return true;
  boost::system::error_code failure;
  std::array<char, 1024> first{};
  stream.expires_after(std::chrono::milliseconds(
      crowded() ? std::min(options_.header_timeout_ms, crowded_patience_ms)
                : options_.header_timeout_ms));
  {
    const Idle::Place place(idle_, stream.tcp());
    const std::size_t got = co_await stream.tcp().async_read_some(
        asio::buffer(first), asio::redirect_error(asio::use_awaitable, failure));
    if (!failure && first[0] == tls_first_byte) {
      co_await stream.secure(tls_->context())
          .async_handshake(asio::ssl::stream_base::server, asio::buffer(first.data(), got),
                           asio::redirect_error(asio::use_awaitable, failure));
      if (!failure) co_return true;
    }
  }
  if (!failure && first[0] >= 'A' && first[0] <= 'Z') {  // a method: somebody speaks HTTP in clear
    const About unknown;
    co_return co_await refuse(stream, 400, make_error(ErrorCode::tls_required), unknown);
  }
  if (!failure || failure.category() == asio::error::get_ssl_category()) {
    ++refused_;
    co_await drain(stream);  // an alert may be on its way
  }
  co_return false;
}

asio::awaitable<void> BeastServer::serve(tcp::socket socket) {
  const Held open(open_, 1);
  boost::system::error_code failure;
  socket.set_option(tcp::no_delay(true), failure);
  const Ends ends = ends_of(socket);
  Connection stream(std::move(socket));
  if (open_.load() > options_.connections_max && !idle_.close_oldest()) {
    const About unknown;
    if (!tls_) (void)co_await refuse(stream, 503, make_error(ErrorCode::server_busy), unknown);
  } else if (co_await begin(stream)) {
    beast::flat_buffer buffer(options_.header_bytes_max + buffer_bytes);
    buffer.reserve(buffer_bytes);
    while (!stopping_ && co_await serve_one(stream, buffer, ends)) {
    }
    co_await say_farewell(stream);
  }
  stream.socket().shutdown(tcp::socket::shutdown_send, failure);
}

/// Targets that take bodies from whoever comes: `/auth/…` and `/o/{org}/oauth/…`.
bool is_for_strangers(std::string_view target) {
  if (target.starts_with("/auth/")) return true;
  if (!target.starts_with("/o/")) return false;
  const std::size_t slash = target.find('/', 3);
  return slash != std::string_view::npos && target.substr(slash).starts_with("/oauth/");
}

asio::awaitable<bool> BeastServer::read_body(Connection& stream, beast::flat_buffer& buffer,
                                             Parser& parser, const About& about, BodyShare& share) {
  boost::system::error_code failure;
  const std::size_t most = is_for_strangers(about.target)
                               ? std::min(options_.sign_in_body_bytes_max, options_.body_bytes_max)
                               : options_.body_bytes_max;
  const auto length = parser.content_length();
  if (length && *length > most) {
    co_return co_await refuse(stream, 413, make_error(ErrorCode::request_too_large), about);
  }
  if (beast::iequals(parser.get()[bhttp::field::expect], "100-continue")) {
    bhttp::response<bhttp::empty_body> go_on(bhttp::status::continue_, about.version);
    co_await bhttp::async_write(stream, go_on, asio::redirect_error(asio::use_awaitable, failure));
    if (failure) co_return false;
  }
  // The stream's own time-out closes the socket, so that no answer could be given any more; this
  // one only ends the read. The flag outlives the coroutine, the timer's handler may too.
  stream.expires_never();
  const auto reading = std::make_shared<unsigned>(1);  // which read runs; 0 for none
  const auto start = std::chrono::steady_clock::now();
  asio::steady_timer timer(co_await asio::this_coro::executor);
  parser.eager(false);  // else a chunked body would be told of at its end only
  bool room = true;
  while (room && !failure && !parser.is_done()) {
    timer.expires_at(start + patience_with(parser.get().body().size()));
    timer.async_wait([reading, &stream, mine = *reading](const boost::system::error_code& over) {
      if (!over && *reading == mine) stream.socket().cancel();
    });
    co_await bhttp::async_read_some(stream, buffer, parser,
                                    asio::redirect_error(asio::use_awaitable, failure));
    ++*reading;
    const std::size_t received = parser.get().body().size();
    if (!failure && received > most) failure = bhttp::error::body_limit;
    room = share.grow_to(received);
  }
  *reading = 0;
  timer.cancel();
  if (failure == bhttp::error::body_limit) {
    co_return co_await refuse(stream, 413, make_error(ErrorCode::request_too_large), about);
  }
  if (!room) {
    co_return co_await refuse(stream, 503, make_error(ErrorCode::server_busy), about);
  }
  if (!failure) co_return true;
  if (failure == asio::error::operation_aborted) {
    co_return co_await refuse(stream, 408, make_error(ErrorCode::request_timed_out), about);
  }
  if (failure != bhttp::error::partial_message && !is_over(failure)) {
    co_return co_await refuse(stream, 400, make_error(ErrorCode::request_malformed), about);
  }
  co_return false;
}

/// Serves one request. True when the connection may be used again.
asio::awaitable<bool> BeastServer::serve_one(Connection& stream, beast::flat_buffer& buffer,
                                             const Ends& ends) {
  Parser parser;
  bound(parser, options_);
  boost::system::error_code failure;
  const unsigned patience_ms =
      buffer.size() == 0 ? options_.idle_timeout_ms : options_.header_timeout_ms;
  stream.expires_after(std::chrono::milliseconds(
      crowded() ? std::min(patience_ms, crowded_patience_ms) : patience_ms));
  {
    const Idle::Place place(idle_, stream.tcp());
    co_await bhttp::async_read_header(stream, buffer, parser,
                                      asio::redirect_error(asio::use_awaitable, failure));
  }
  if (is_over(failure)) co_return false;
  if (failure) {
    // Of a header that is no whole one only the target is believed.
    const About part{11, false, std::string(target_of(parser))};
    const bool header_too_large =
        failure == bhttp::error::header_limit || failure == bhttp::error::buffer_overflow;
    const unsigned status = header_too_large                      ? 431
                            : failure == bhttp::error::body_limit ? 413
                                                                  : 400;
    Error error =
        make_error(status == 400 ? ErrorCode::request_malformed : ErrorCode::request_too_large);
    co_return co_await refuse(stream, status, std::move(error), part);
  }
  const About about{parser.get().version(), parser.get().method() == bhttp::verb::head,
                    std::string(target_of(parser))};
  const bool keep_alive = parser.get().keep_alive();
  BodyShare share(bodies_, options_);
  if (!parser.is_done() && !co_await read_body(stream, buffer, parser, about, share)) {
    co_return false;
  }
  ++requests_;
  Request request;
  request.remote = ends.remote;
  request.local = ends.local;
  request.id = new_request_id();
  request.secure = stream.tls() != nullptr;
  const Status converted = convert(parser.get(), request);
  if (!converted.ok()) co_return co_await refuse(stream, 400, converted.error(), about);
  if (waiting_.load() >= options_.requests_waiting_max) {
    co_return co_await refuse(stream, 503, make_error(ErrorCode::server_busy), about);
  }
  Response response;
  {
    const Held waiting(waiting_, 1);
    stream.expires_never();
    const auto here = co_await asio::this_coro::executor;
    co_await asio::post(asio::bind_executor(workers_.get_executor(), asio::use_awaitable));
    response = handle(request);
    co_await asio::post(asio::bind_executor(here, asio::use_awaitable));
  }
  if (response.stream) {
    co_return co_await write_stream(stream, std::move(response), about, request.id);
  }
  co_return co_await write(stream, std::move(response), about, keep_alive, request.id);
}

Response BeastServer::handle(const Request& request) const {
  try {
    return handler_(request);
  } catch (const std::exception&) {
    return fhir::refusal_at(request.path, 500, make_error(ErrorCode::internal_failure), request.id);
  }
}

/// Answers a problem and gives the connection up: what is left of the request is not read.
asio::awaitable<bool> BeastServer::refuse(Connection& stream, unsigned status, Error error,
                                          const About& about) {
  ++refused_;
  const std::string id = new_request_id();
  Response response = fhir::refusal_at(about.target, status, error, id);
  (void)co_await write(stream, std::move(response), about, false, id);
  co_await say_farewell(stream);
  co_await drain(stream);
  co_return false;
}

std::string BeastServer::date() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return date_.at(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
}

asio::awaitable<bool> BeastServer::write(Connection& stream, Response response, const About& about,
                                         bool keep_alive, const std::string& request_id) {
  Answer answer(static_cast<bhttp::status>(response.status), about.version);
  const bool nothing = has_no_content(response.status);
  const bool head = about.head || nothing;
  for (const auto& [name, value] : response.headers) {
    // Nothing that came from outside may end a line and begin a header of its own.
    if (std::ranges::none_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
      answer.set(name, value);
    }
  }
  if (!response.content_type.empty() && !nothing) {
    answer.set(bhttp::field::content_type, response.content_type);
  }
  answer.set(bhttp::field::date, date());
  answer.set("X-Content-Type-Options", "nosniff");
  if (!request_id.empty()) answer.set("Request-Id", request_id);
  answer.keep_alive(keep_alive);
  if (!nothing) answer.content_length(response.body.size());
  if (!head) answer.body() = std::move(response.body);
  boost::system::error_code failure;
  stream.expires_after(std::chrono::milliseconds(options_.write_timeout_ms));
  bhttp::response_serializer<bhttp::string_body> serializer(answer);
  if (head) serializer.split(true);
  if (head) {
    co_await bhttp::async_write_header(stream, serializer,
                                       asio::redirect_error(asio::use_awaitable, failure));
  } else {
    co_await bhttp::async_write(stream, serializer,
                                asio::redirect_error(asio::use_awaitable, failure));
  }
  co_return !failure && keep_alive;
}

/// Whether who listens to a stream has closed it: nothing more comes from there, whatever of it was
/// not read yet (over TLS, the word that it ends).
bool gone(Connection& stream) {
  pollfd one{stream.socket().native_handle(), POLLRDHUP, 0};
  return ::poll(&one, 1, 0) == 1 && (one.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

asio::awaitable<bool> BeastServer::write_stream(Connection& stream, Response response,
                                                const About& about, const std::string& request_id) {
  std::string head = "HTTP/1.1 200 OK\r\nContent-Type: " + response.content_type +
                     "\r\nDate: " + date() + "\r\nRequest-Id: " + request_id +
                     "\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store" +
                     "\r\nConnection: close\r\n\r\n";
  const Held streaming(streams_, 1);
  if (streams_.load() > options_.streams_max) {
    co_return co_await refuse(stream, 503, make_error(ErrorCode::server_busy), about);
  }
  boost::system::error_code failure;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  auto last_sent = std::chrono::steady_clock::now();
  std::string chunk = std::move(head);
  while (!stopping_ && !gone(stream)) {
    if (!chunk.empty()) {
      stream.expires_after(std::chrono::milliseconds(options_.write_timeout_ms));
      co_await asio::async_write(stream, asio::buffer(chunk),
                                 asio::redirect_error(asio::use_awaitable, failure));
      if (about.head || failure) break;
      last_sent = std::chrono::steady_clock::now();
    }
    try {
      chunk = response.stream->take();
    } catch (const std::exception&) {
      break;  // costs this stream, not the node
    }
    if (!chunk.empty()) continue;
    if (response.stream->finished()) break;
    if (std::chrono::steady_clock::now() - last_sent > stream_keep_alive) {
      chunk = ": still here\n\n";
      continue;
    }
    timer.expires_after(stream_poll);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, failure));
  }
  co_return false;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Handler handler) {
  auto server = std::make_unique<BeastServer>(options, std::move(handler));
  XL_TRY(server->listen());
  server->run();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace xl::gateway::http
