// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/http/tls.h"

#include <sys/stat.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>

#include "base/file.h"
#include "crypto/certificate.h"

namespace xl::gateway::http {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

constexpr std::uint64_t day_s = 86'400;
/// Of TLS 1.2; those of TLS 1.3 are all of this kind.
constexpr const char* suites = "ECDHE+AESGCM:ECDHE+CHACHA20";
/// RFC 7301 §3.1: each name behind its length.
constexpr std::string_view protocol = "\x08http/1.1";

std::uint64_t now_s() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

std::uint64_t days_until(std::uint64_t end_s) {
  const std::uint64_t now = now_s();
  return end_s > now ? (end_s - now) / day_s : 0;
}

/// A client that speaks only something else is told so by an alert (RFC 7301 §3.2).
int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                    unsigned in_size, void*) {
  unsigned char* chosen = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(protocol.data());
  const int found = SSL_select_next_proto(&chosen, size, ours,
                                          static_cast<unsigned>(protocol.size()), in, in_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Error unusable(const std::filesystem::path& file, const boost::system::error_code& failure) {
  return make_error(ErrorCode::certificate_unusable, file.string() + ": " + failure.message());
}

asio::const_buffer buffer_of(ByteView bytes) { return {bytes.data(), bytes.size()}; }

/// A new context with everything but its certificates. Null when the library refuses.
std::shared_ptr<ssl::context> make_context() {
  try {
    auto out = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* raw = out->native_handle();
    // Clients that come back go on with a ticket; a changed certificate has new ticket keys.
    constexpr std::string_view session = "xinglin";
    const bool good =
        SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1 &&
        SSL_CTX_set_cipher_list(raw, suites) == 1 &&
        SSL_CTX_set_session_id_context(raw, reinterpret_cast<const unsigned char*>(session.data()),
                                       session.size()) == 1;
    SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);  // idle connections are many
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
    // An encrypted key is refused, not asked about at the terminal.
    SSL_CTX_set_default_passwd_cb(raw, [](char*, int, int, void*) { return -1; });
    return good ? out : nullptr;
  } catch (const boost::system::system_error&) {
    return nullptr;
  }
}

/// Lets `context` check its clients' certificates by the authorities in `file`.
Status check_clients(ssl::context& context, const std::filesystem::path& file, bool required) {
  XL_TRY_ASSIGN(const Bytes authorities, read_file(file, crypto::certificate_file_bytes_max));
  const auto first = crypto::read_certificate(text_of(authorities));
  if (!first.ok()) return make_error(ErrorCode::certificate_unusable, file.string());
  boost::system::error_code failure;
  context.add_certificate_authority(buffer_of(authorities), failure);
  if (failure) return unusable(file, failure);
  context.set_verify_mode(
      ssl::verify_peer | (required ? ssl::verify_fail_if_no_peer_cert : ssl::verify_none), failure);
  return failure ? Status(unusable(file, failure)) : Status{};
}

}  // namespace

Result<std::unique_ptr<Tls>> Tls::open(const TlsOptions& options) {
  std::unique_ptr<Tls> out(new Tls(options));
  out->mark_ = out->seen_ = out->mark();
  XL_TRY_ASSIGN(out->loaded_, out->load());
  out->log(LogLevel::info, LogEvent::tls_loaded, LogField::days(days_until(out->until_s())));
  out->tell_ending();
  return out;
}

std::shared_ptr<ssl::context> Tls::context() const {
  const std::scoped_lock lock(mutex_);
  return loaded_.context;
}

std::uint64_t Tls::until_s() const {
  const std::scoped_lock lock(mutex_);
  return loaded_.until_s;
}

Result<Tls::Loaded> Tls::load() const {
  XL_TRY(crypto::check_key_file(options_.key));
  XL_TRY_ASSIGN(const Bytes chain,
                read_file(options_.certificate, crypto::certificate_file_bytes_max));
  XL_TRY_ASSIGN(Bytes key, read_file(options_.key, crypto::certificate_file_bytes_max));
  const auto facts = crypto::read_certificate(text_of(chain));
  if (!facts.ok()) return make_error(facts.error().code, options_.certificate.string());
  Loaded out{make_context(), facts->until_s};
  if (!out.context) return make_error(ErrorCode::crypto_library_failed, "TLS");
  boost::system::error_code failure;
  out.context->use_certificate_chain(buffer_of(chain), failure);
  if (failure) return unusable(options_.certificate, failure);
  out.context->use_private_key(buffer_of(key), ssl::context::pem, failure);
  crypto::wipe(key);
  if (failure) return unusable(options_.key, failure);
  if (SSL_CTX_check_private_key(out.context->native_handle()) != 1) {
    return make_error(ErrorCode::certificate_unusable,
                      options_.key.string() + ": not the certificate's key");
  }
  if (options_.clients != TlsClients::none) {
    XL_TRY(
        check_clients(*out.context, options_.client_ca, options_.clients == TlsClients::required));
  }
  return out;
}

std::string Tls::mark() const {
  std::string out;
  for (const auto& file : {options_.certificate, options_.key, options_.client_ca}) {
    struct stat found {};
    if (file.empty() || ::stat(file.c_str(), &found) != 0) continue;
    out += file.string();
    for (const long part : {static_cast<long>(found.st_ino), static_cast<long>(found.st_size),
                            static_cast<long>(found.st_ctim.tv_sec), found.st_ctim.tv_nsec}) {
      out += ' ' + std::to_string(part);
    }
  }
  return out;
}

void Tls::look() {
  tell_ending();
  std::string now = mark();
  {
    const std::scoped_lock lock(mutex_);
    const bool still = now == seen_;
    seen_ = now;
    if (!still || now == mark_) return;
  }
  replace(std::move(now));
}

void Tls::reload() { replace(mark()); }

void Tls::replace(std::string mark) {
  Result<Loaded> fresh = load();
  if (fresh.ok() && fresh->until_s <= now_s()) {
    fresh = make_error(ErrorCode::certificate_unusable, "it is over");
  }
  {
    const std::scoped_lock lock(mutex_);
    mark_ = std::move(mark);
    if (fresh.ok()) loaded_ = *fresh;
  }
  if (!fresh.ok()) {
    log(LogLevel::warning, LogEvent::tls_refused, LogField::code(fresh.error().code));
    return;
  }
  log(LogLevel::info, LogEvent::tls_loaded, LogField::days(days_until(fresh->until_s)));
  tell_ending();
}

void Tls::tell_ending() {
  const std::uint64_t left = days_until(until_s());
  {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t today = now_s() / day_s;
    if (left >= tls_ending_days || day_ == today) return;
    day_ = today;
  }
  log(LogLevel::warning, LogEvent::tls_ending, LogField::days(left));
}

void Tls::log(LogLevel level, LogEvent event, LogField field) const {
  if (options_.log != nullptr) options_.log->write(level, event, {std::move(field)});
}

}  // namespace xl::gateway::http
