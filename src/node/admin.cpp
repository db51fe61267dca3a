// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/admin.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "base/check.h"
#include "base/descriptor.h"
#include "base/json/writer.h"

namespace xl::node {
namespace {

/// Between two bytes of a request. Whoever asks waits for the work itself as long as it takes.
constexpr int read_patience_ms = 5000;

/// A socket in a folder whose path may be longer than a socket's address can be (107 bytes): it is
/// named by way of the folder's own descriptor.
class Place {
 public:
  explicit Place(const std::filesystem::path& socket)
      : folder_(::open(socket.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    const std::string path =
        "/proc/self/fd/" + std::to_string(folder_.get()) + "/" + socket.filename().string();
    XL_CHECK(path.size() < sizeof(address_.sun_path));
    address_.sun_family = AF_UNIX;
    std::memcpy(address_.sun_path, path.c_str(), path.size() + 1);
  }
  [[nodiscard]] bool is_bound_by(int socket) const {
    return folder_.get() >= 0 && ::bind(socket, plain(), sizeof(address_)) == 0;
  }
  [[nodiscard]] bool is_reached_by(int socket) const {
    return folder_.get() >= 0 && ::connect(socket, plain(), sizeof(address_)) == 0;
  }

 private:
  [[nodiscard]] const sockaddr* plain() const {
    return reinterpret_cast<const sockaddr*>(&address_);
  }

  Descriptor folder_;
  sockaddr_un address_{};
};

/// A line without its end; nothing when there is none in time. `patience_ms` -1: for ever.
std::optional<std::string> read_line(int socket, int patience_ms) {
  std::string out;
  char buffer[1024];
  while (out.size() <= admin_line_bytes_max) {
    pollfd waited{socket, POLLIN, 0};
    if (::poll(&waited, 1, patience_ms) <= 0) return std::nullopt;
    const ssize_t got = ::recv(socket, buffer, sizeof(buffer), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    out.append(buffer, static_cast<std::size_t>(got));
    const std::size_t end = out.find('\n');
    if (end != std::string::npos) return out.substr(0, end);
  }
  return std::nullopt;
}

bool write_line(int socket, std::string line) {
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string error_line(const Error& error) {
  json::Writer out;
  out.begin_object().key("error").begin_object();
  out.key("number").integer(static_cast<int>(error.code)).key("message").string(error.message);
  return out.end_object().end_object().take();
}

class SocketAdmin final : public AdminServer {
 public:
  explicit SocketAdmin(AdminHandler handler)
      : handler_(std::move(handler)),
        stop_(::eventfd(0, EFD_CLOEXEC)),
        listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~SocketAdmin() override { stop(); }

  Status listen(const std::filesystem::path& path) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    if (stop_.get() < 0 || listener_.get() < 0 || !Place(path).is_bound_by(listener_.get()) ||
        ::listen(listener_.get(), 4) != 0) {
      return make_error(ErrorCode::address_unusable, path.string());
    }
    path_ = path;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, ignored);
    thread_ = std::thread([this] { run(); });
    return {};
  }
  void stop() override {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof(one));
    thread_.join();
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

 private:
  void run() {
    while (true) {
      pollfd waited[] = {{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      if (::poll(waited, 2, -1) < 0) continue;
      if (waited[0].revents != 0) return;
      const Descriptor peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer.get() < 0) continue;
      const auto line = read_line(peer.get(), read_patience_ms);
      if (line) (void)write_line(peer.get(), answer(*line));
    }
  }
  std::string answer(const std::string& line) const {
    const auto document = json::parse(line, {});
    if (!document.ok()) return error_line(document.error());
    const auto done = handler_(document->root());
    return done.ok() ? *done : error_line(done.error());
  }

  AdminHandler handler_;
  Descriptor stop_;
  Descriptor listener_;
  std::filesystem::path path_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<AdminServer>> AdminServer::start(const std::filesystem::path& socket,
                                                        AdminHandler handler) {
  auto server = std::make_unique<SocketAdmin>(std::move(handler));
  XL_TRY(server->listen(socket));
  return std::unique_ptr<AdminServer>(std::move(server));
}

std::optional<Result<json::Document>> ask_admin(const std::filesystem::path& socket,
                                                const std::string& request) {
  const Descriptor peer(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (peer.get() < 0 || !Place(socket).is_reached_by(peer.get())) return std::nullopt;
  if (!write_line(peer.get(), request)) return make_error(ErrorCode::admin_failed, "it hung up");
  const auto line = read_line(peer.get(), -1);
  if (!line) return make_error(ErrorCode::admin_failed, "it hung up");
  auto document = json::parse(*line, {});
  if (!document.ok()) return make_error(ErrorCode::admin_failed, "its answer is no JSON");
  const json::Value error = document->root().find("error");
  if (!error.present()) return std::move(*document);
  const auto number = error.find("number").as_uint64().value_or(0);
  ErrorCode code = ErrorCode::admin_failed;
  for (const ErrorInfo& one : error_registry()) {
    if (one.number == number) code = static_cast<ErrorCode>(one.number);
  }
  return Error{code, std::string(error.find("message").as_string().value_or(""))};
}

}  // namespace xl::node
