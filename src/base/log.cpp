// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>

namespace xl {
namespace {

constexpr std::size_t request_id_bytes_max = 64;
constexpr std::array<std::string_view, 9> http_methods = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"};

/// UTC to the millisecond, so that lines of several members can be put side by side.
constexpr const char* json_pattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})";
constexpr const char* words_pattern = "%Y-%m-%dT%H:%M:%S.%eZ %v";

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string_view event_text(LogEvent event) {
  switch (event) {
    case LogEvent::node_starting:
      return "node_starting";
    case LogEvent::node_running:
      return "node_running";
    case LogEvent::node_stopping:
      return "node_stopping";
    case LogEvent::node_stopped:
      return "node_stopped";
    case LogEvent::node_failed:
      return "node_failed";
    case LogEvent::request_served:
      return "request_served";
    case LogEvent::snapshot_made:
      return "snapshot_made";
    case LogEvent::snapshot_failed:
      return "snapshot_failed";
    case LogEvent::blocks_forgotten:
      return "blocks_forgotten";
    case LogEvent::forgetting_failed:
      return "forgetting_failed";
    case LogEvent::archive_holds:
      return "archive_holds";
    case LogEvent::member_moved:
      return "member_moved";
    case LogEvent::engine_ended:
      return "engine_ended";
    case LogEvent::engine_stuck:
      return "engine_stuck";
    case LogEvent::signing_refused:
      return "signing_refused";
    case LogEvent::signer_away:
      return "signer_away";
    case LogEvent::signer_back:
      return "signer_back";
    case LogEvent::backup_made:
      return "backup_made";
    case LogEvent::backup_failed:
      return "backup_failed";
    case LogEvent::member_misbehaved:
      return "member_misbehaved";
    case LogEvent::bodies_brought_back:
      return "bodies_brought_back";
    case LogEvent::custody_failed:
      return "custody_failed";
    case LogEvent::record_damaged:
      return "record_damaged";
    case LogEvent::tls_loaded:
      return "tls_loaded";
    case LogEvent::tls_refused:
      return "tls_refused";
    case LogEvent::tls_ending:
      return "tls_ending";
    case LogEvent::login_refused:
      return "login_refused";
  }
  return "";
}

std::string_view level_text(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "";
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::off;
}

/// Values need no escaping: they are digits, patterns of the program, or checked words.
std::string json_line(LogLevel level, LogEvent event, std::initializer_list<LogField> fields) {
  std::string out = R"("level":")" + std::string(level_text(level)) + R"(","event":")" +
                    std::string(event_text(event)) + '"';
  for (const LogField& field : fields) {
    const std::string_view quote = field.is_number() ? "" : "\"";
    out.append(",\"").append(field.name()).append("\":");
    out.append(quote).append(field.value()).append(quote);
  }
  return out;
}

std::string words_line(LogLevel level, LogEvent event, std::initializer_list<LogField> fields) {
  std::string out = std::string(level_text(level)) + " ";
  for (const char c : event_text(event)) out += c == '_' ? ' ' : c;
  for (const LogField& field : fields) {
    out.append(" ").append(field.name()).append("=").append(field.value());
  }
  return out;
}

std::unique_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink, const char* pattern,
                                            LogLevel level) {
  sink->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  auto out = std::make_unique<spdlog::logger>("xinglin", std::move(sink));
  out->set_level(spdlog_level(level));
  // A line that was written is there after a crash of the process.
  out->flush_on(spdlog::level::trace);
  return out;
}

}  // namespace

LogField LogField::code(ErrorCode code) {
  return {"code", code_text(static_cast<std::uint16_t>(code)), false};
}

LogField LogField::reason(ErrorCode code) {
  // Lines are written as they are: a quotation mark would end the text.
  std::string words(describe(code).en);
  std::replace(words.begin(), words.end(), '"', '\'');
  return {"reason", std::move(words), false};
}

LogField LogField::request(std::string_view id) {
  const bool known = !id.empty() && id.size() <= request_id_bytes_max && is_hex(id);
  return {"request", known ? std::string(id) : "-", false};
}

LogField LogField::peer(std::string_view id) {
  return {"peer", id.size() == 40 && is_hex(id) ? std::string(id) : "-", false};
}

LogField LogField::method(std::string_view method) {
  const bool known =
      std::find(http_methods.begin(), http_methods.end(), method) != http_methods.end();
  return {"method", known ? std::string(method) : "other", false};
}

LogField LogField::route(std::string_view pattern) {
  return {"route", pattern.empty() ? "-" : std::string(pattern), false};
}

LogField LogField::status(unsigned http_status) {
  return {"status", std::to_string(http_status), true};
}

LogField LogField::milliseconds(std::uint64_t duration) {
  return {"milliseconds", std::to_string(duration), true};
}

LogField LogField::height(std::uint64_t height) { return {"height", std::to_string(height), true}; }

LogField LogField::validator(ByteView address) { return {"validator", to_hex(address), false}; }

LogField LogField::port(std::uint16_t port) { return {"port", std::to_string(port), true}; }

LogField LogField::days(std::uint64_t days) { return {"days", std::to_string(days), true}; }
LogField LogField::count(std::uint64_t count) { return {"count", std::to_string(count), true}; }
LogField LogField::lost(std::uint64_t count) { return {"lost", std::to_string(count), true}; }

struct Log::Impl {
  std::unique_ptr<spdlog::logger> file;
  std::unique_ptr<spdlog::logger> terminal;
  bool terminal_words = false;
};

Log::Log() = default;
Log::~Log() = default;
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;

Result<Log> Log::open(const Options& options) {
  Log out;
  out.impl_ = std::make_unique<Impl>();
  out.impl_->terminal_words = options.terminal;
  try {
    if (!options.file.empty()) {
      // spdlog counts the files behind the first one.
      auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file.string(), options.file_bytes_max,
          std::max<std::size_t>(options.files_max, 1) - 1);
      out.impl_->file = make_logger(std::move(sink), json_pattern, options.file_level);
    }
    if (options.stderr_level) {
      out.impl_->terminal =
          make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                      options.terminal ? words_pattern : json_pattern, *options.stderr_level);
    }
  } catch (const spdlog::spdlog_ex&) {
    return make_error(ErrorCode::file_unwritable, options.file.string());
  }
  return out;
}

void Log::write(LogLevel level, LogEvent event, std::initializer_list<LogField> fields) const {
  if (!impl_) return;
  const auto at = spdlog_level(level);
  if (impl_->file && impl_->file->should_log(at)) {
    impl_->file->log(at, json_line(level, event, fields));
  }
  if (impl_->terminal && impl_->terminal->should_log(at)) {
    impl_->terminal->log(at, impl_->terminal_words ? words_line(level, event, fields)
                                                   : json_line(level, event, fields));
  }
}

}  // namespace xl
