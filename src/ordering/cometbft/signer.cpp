// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/signer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/descriptor.h"
#include "model/comet/comet.pb.h"
#include "model/comet/encoding.h"
#include "ordering/cometbft/frames.h"
#include "ordering/cometbft/privval.pb.h"

namespace xl::ordering::cometbft {
namespace {

namespace comet = model::comet;
namespace wire = xinglin::comet::v1;
namespace privval = xinglin::privval::v1;

/// CometBFT waits three seconds for a signer when it starts.
constexpr int dial_pause_ms = 50;
/// CometBFT gives an answer up after five seconds.
constexpr int write_patience_ms = 5000;
constexpr std::size_t request_read_bytes = 4096;
constexpr std::int32_t proposal_type = 32;

Error unsignable(std::string_view what) {
  return make_error(ErrorCode::sign_request_invalid, what);
}

Bytes bytes_from(const std::string& text) { return copy_of(view_of(text)); }

/// A whole block id, or none at all. Errors: sign_request_invalid.
Result<comet::BlockId> block_id_from(const wire::BlockID& in) {
  comet::BlockId out{bytes_from(in.hash()),
                     {in.part_set_header().total(), bytes_from(in.part_set_header().hash())}};
  const bool whole = out.hash.size() == sizeof(Hash) && out.parts.hash.size() == sizeof(Hash) &&
                     out.parts.total > 0;
  if (!whole && out != comet::BlockId{}) return unsignable("block id");
  return out;
}

Result<comet::Vote> vote_from(const wire::Vote& in) {
  if (!in.extension().empty() || !in.extension_signature().empty()) {
    return unsignable("vote extensions are off");
  }
  comet::Vote out;
  if (in.type() == static_cast<int>(comet::VoteType::prevote)) {
    out.type = comet::VoteType::prevote;
  } else if (in.type() == static_cast<int>(comet::VoteType::precommit)) {
    out.type = comet::VoteType::precommit;
  } else {
    return unsignable("type of vote");
  }
  out.height = in.height();
  out.round = in.round();
  XL_TRY_ASSIGN(out.block_id, block_id_from(in.block_id()));
  out.time = {in.timestamp().seconds(), in.timestamp().nanos()};
  return out;
}

Result<comet::Proposal> proposal_from(const wire::Proposal& in) {
  if (in.type() != proposal_type) return unsignable("type of proposal");
  comet::Proposal out;
  out.height = in.height();
  out.round = in.round();
  out.locked_round = in.pol_round();
  XL_TRY_ASSIGN(out.block_id, block_id_from(in.block_id()));
  if (out.block_id == comet::BlockId{}) return unsignable("a proposal of no block");
  out.time = {in.timestamp().seconds(), in.timestamp().nanos()};
  return out;
}

std::string text_from(ByteView bytes) { return std::string(text_of(bytes)); }

/// The wire message with what was signed in it.
template <typename Wire>
std::string filled(Wire message, const SignGuard::Signed& done) {
  message.set_signature(text_from(done.signature));
  to_wire(done.time, *message.mutable_timestamp());
  return message.SerializeAsString();
}

/// What a request is answered with.
struct Request {
  SignGuard& guard;
  const crypto::SigningKey& key;
  std::string_view chain_id;

  /// The signed wire message, as bytes; `height` is told in any case.
  template <typename Wire, typename From>
  Result<std::string> sign(const std::string& bytes, const std::string& asked_chain, From from,
                           std::int64_t& height) {
    Wire in;
    if (!in.ParseFromString(bytes)) return unsignable("malformed");
    height = in.height();
    if (asked_chain != chain_id) return unsignable("another network");
    XL_TRY_ASSIGN(const auto message, from(in));
    XL_TRY_ASSIGN(const SignGuard::Signed done, guard.sign(key, chain_id, message));
    return filled(std::move(in), done);
  }
};

}  // namespace

Result<SignerAnswer> answer_sign_request(SignGuard& guard, const crypto::SigningKey& key,
                                         std::string_view chain_id, ByteView message) {
  privval::Message in;
  if (message.size() > sign_request_bytes_max ||
      !in.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return unsignable("malformed");
  }
  Request request{guard, key, chain_id};
  SignerAnswer answer;
  privval::Message out;
  const auto refuse = [&answer](const Error& error, privval::RemoteSignerError& told) {
    answer.refused = error.code;
    told.set_code(1);
    told.set_description(error.text());
  };
  switch (in.sum_case()) {
    case privval::Message::kPubKeyRequest: {
      auto& told = *out.mutable_pub_key_response();
      if (in.pub_key_request().chain_id() == chain_id) {
        told.mutable_pub_key()->set_ed25519(text_from(key.public_key()));
      } else {
        refuse(unsignable("another network"), *told.mutable_error());
      }
      break;
    }
    case privval::Message::kSignVoteRequest: {
      auto& told = *out.mutable_signed_vote_response();
      auto done =
          request.sign<wire::Vote>(in.sign_vote_request().vote(), in.sign_vote_request().chain_id(),
                                   vote_from, answer.height);
      if (done.ok()) {
        told.set_vote(std::move(*done));
      } else {
        refuse(done.error(), *told.mutable_error());
      }
      break;
    }
    case privval::Message::kSignProposalRequest: {
      auto& told = *out.mutable_signed_proposal_response();
      auto done = request.sign<wire::Proposal>(in.sign_proposal_request().proposal(),
                                               in.sign_proposal_request().chain_id(), proposal_from,
                                               answer.height);
      if (done.ok()) {
        told.set_proposal(std::move(*done));
      } else {
        refuse(done.error(), *told.mutable_error());
      }
      break;
    }
    case privval::Message::kPingRequest:
      out.mutable_ping_response();
      break;
    default:
      return unsignable("no request");
  }
  answer.message = copy_of(view_of(out.SerializeAsString()));
  return answer;
}

namespace {

class DialingSigner final : public Signer {
 public:
  DialingSigner(SignGuard guard, crypto::SigningKey key, Options options)
      : guard_(std::move(guard)),
        options_(std::move(options)),
        stop_(::eventfd(0, EFD_CLOEXEC)),
        key_(std::move(key)) {
    XL_CHECK(stop_.get() >= 0);
    thread_ = std::thread([this] { run(); });
  }
  ~DialingSigner() override { stop(); }

  void use(crypto::SigningKey key) override {
    const std::scoped_lock lock(mutex_);
    key_ = std::move(key);
  }
  [[nodiscard]] Counters counters() const override {
    const std::scoped_lock lock(mutex_);
    return counters_;
  }
  void stop() override {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof(one));
    thread_.join();
  }

 private:
  void run();
  void serve(int socket);
  [[nodiscard]] bool answer_all(FrameReader& frames, int socket);
  [[nodiscard]] bool send(int socket, ByteView bytes) const;
  /// Waits until `socket` is ready for `events`. False: it is time to stop, or it took too long.
  [[nodiscard]] bool wait(int socket, short events, int patience_ms) const;
  void set_connected(bool connected) {
    const std::scoped_lock lock(mutex_);
    counters_.connected = connected;
  }

  SignGuard guard_;  // signing thread only
  Options options_;
  Descriptor stop_;
  mutable std::mutex mutex_;  // guards the next two
  crypto::SigningKey key_;
  Counters counters_;
  std::thread thread_;
};

bool DialingSigner::wait(int socket, short events, int patience_ms) const {
  pollfd waited[] = {{stop_.get(), POLLIN, 0}, {socket, events, 0}};
  int ready = 0;
  do {
    ready = ::poll(waited, 2, patience_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0 && waited[0].revents == 0;
}

void DialingSigner::run() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = options_.socket.string();
  // A longer path is refused by the engine too, which listens there.
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  while (true) {
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* plain = reinterpret_cast<const sockaddr*>(&address);
    if (socket.get() >= 0 && ::connect(socket.get(), plain, sizeof(address)) == 0) {
      serve(socket.get());
      set_connected(false);
    }
    pollfd stop{stop_.get(), POLLIN, 0};
    if (::poll(&stop, 1, dial_pause_ms) > 0) return;
  }
}

void DialingSigner::serve(int socket) {
  FrameReader frames(sign_request_bytes_max);
  Bytes buffer(request_read_bytes);
  while (wait(socket, POLLIN, -1)) {
    const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    set_connected(true);  // the engine took the connection: it asked something
    frames.feed(ByteView(buffer).first(static_cast<std::size_t>(got)));
    if (!answer_all(frames, socket)) return;
  }
}

bool DialingSigner::answer_all(FrameReader& frames, int socket) {
  auto frame = frames.next();
  for (; frame.ok() && *frame; frame = frames.next()) {
    std::optional<ErrorCode> refused;
    std::int64_t height = 0;
    Bytes out;
    {
      const std::scoped_lock lock(mutex_);
      auto answer = answer_sign_request(guard_, key_, options_.chain_id, **frame);
      if (answer.ok()) {
        refused = answer->refused;
        height = answer->height;
        append_frame(out, answer->message);
      } else {
        refused = answer.error().code;
      }
      if (refused) {
        ++counters_.refused;
        counters_.double_signs += *refused == ErrorCode::double_sign_refused ? 1 : 0;
      } else if (height > 0) {
        ++counters_.given;
      }
    }
    if (refused && options_.refused) options_.refused(*refused, height);
    if (out.empty() || !send(socket, out)) return false;
  }
  return frame.ok();
}

bool DialingSigner::send(int socket, ByteView bytes) const {
  while (!bytes.empty()) {
    if (!wait(socket, POLLOUT, write_patience_ms)) return false;
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

std::unique_ptr<Signer> Signer::start(SignGuard guard, crypto::SigningKey key, Options options) {
  return std::make_unique<DialingSigner>(std::move(guard), std::move(key), std::move(options));
}

}  // namespace xl::ordering::cometbft
