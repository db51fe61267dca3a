// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/reply.h"

#include <algorithm>
#include <chrono>

#include "base/error_detail.h"
#include "fhir/definitions.h"
#include "fhir/outcome.h"
#include "gateway/http/date.h"
#include "gateway/problem.h"

namespace xl::gateway::fhir {
namespace {

IssueType issue_type_of(unsigned status, ErrorCode code) {
  if (code == ErrorCode::fhir_interaction_unsupported ||
      code == ErrorCode::fhir_parameter_unsupported) {
    return IssueType::not_supported;
  }
  switch (status) {
    case 400:
      return IssueType::invalid;
    case 405:
      return IssueType::not_supported;
    case 408:
      return IssueType::timeout;
    case 431:
      return IssueType::too_long;
    case 401:
      return IssueType::login;
    case 403:
      return IssueType::forbidden;
    case 404:
      return IssueType::not_found;
    case 409:
    case 412:
      return IssueType::conflict;
    case 410:
      return IssueType::deleted;
    case 413:
      return IssueType::too_long;
    case 503:
      return IssueType::transient;
    case 504:
      return IssueType::timeout;
    case 507:
      return IssueType::no_store;
    case 500:
      return IssueType::exception;
    default:
      return IssueType::processing;
  }
}

std::string two_digits(unsigned value) {
  return {static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
}

struct Moment {
  std::chrono::year_month_day day;
  unsigned hour = 0, minute = 0, second = 0, millisecond = 0;
};

Moment moment_of(std::uint64_t milliseconds) {
  const std::chrono::sys_days day{std::chrono::days{static_cast<int>(milliseconds / 86'400'000)}};
  const auto rest = static_cast<unsigned>(milliseconds % 86'400'000);
  return {std::chrono::year_month_day{day}, rest / 3'600'000, rest / 60'000 % 60, rest / 1000 % 60,
          rest % 1000};
}

/// The element that a message names behind its sentence (`…: Bundle.entry[1]: …`), as FHIRPath;
/// empty when it names none.
std::string element_in(const Error& error) {
  std::string_view path = detail_of(error);
  path = path.substr(0, path.find(": "));
  const bool plain = std::all_of(path.begin(), path.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '[' || c == ']';
  });
  return plain && xl::fhir::is_resource_type(path.substr(0, path.find('.'))) ? std::string(path)
                                                                             : std::string();
}

/// What a client is to do about it, for clients (RFC 6750 §3, RFC 9110 §10.2.3).
void add_advice(http::Response& out, ErrorCode code) {
  if (out.status == 401) out.headers["www-authenticate"] = "Bearer";
  if (code == ErrorCode::token_invalid || code == ErrorCode::sign_in_over) {
    out.headers["www-authenticate"] = "Bearer error=\"invalid_token\"";
  }
  if (code == ErrorCode::scope_insufficient) {
    out.headers["www-authenticate"] = "Bearer error=\"insufficient_scope\"";
  }
  if (out.status == 503) out.headers["retry-after"] = "2";
  if (out.status == 429) out.headers["retry-after"] = "60";
}

/// `/fhir` and `/o/{org}/fhir`, with or without something behind.
bool is_fhir(std::string_view target) {
  target = target.substr(0, target.find_first_of("?#"));
  if (target.starts_with("/o/")) {
    const std::size_t slash = target.find('/', 3);
    if (slash == std::string_view::npos) return false;
    target.remove_prefix(slash);
  }
  return target == "/fhir" || target.starts_with("/fhir/");
}

}  // namespace

http::Response reply(std::string body, unsigned status) {
  http::Response out;
  out.status = status;
  out.content_type = media_type;
  out.headers["cache-control"] = "no-store";
  out.body = std::move(body);
  return out;
}

http::Response refusal(const Error& error) {
  const unsigned status = status_of(error.code);
  const Issue issue{xl::fhir::Severity::error, issue_type_of(status, error.code), error.code,
                    element_in(error), error.message};
  http::Response out = reply(xl::fhir::outcome_text(std::span(&issue, 1)), status);
  add_advice(out, error.code);
  return out;
}

http::Response refusal_at(std::string_view target, unsigned status, const Error& error,
                          std::string_view request_id, std::span<const std::string> archives) {
  http::Response out;
  if (is_fhir(target)) {
    out = reply(xl::fhir::outcome_text(error, issue_type_of(status, error.code)), status);
  } else {
    out = problem(status, error, request_id, archives);
  }
  add_advice(out, error.code);
  return out;
}

http::Response refusal(std::span<const Issue> issues) {
  bool structural = false;
  for (const Issue& issue : issues) structural = structural || issue.code == IssueType::structure;
  return reply(xl::fhir::outcome_text(issues), structural ? 400 : 422);
}

void add_version_headers(http::Response& response, const query::RecordEntry& entry) {
  response.headers["etag"] = "W/\"" + std::to_string(entry.version) + "\"";
  response.headers["last-modified"] = http::http_date(entry.last_updated_ms);
  response.modified_ms = entry.last_updated_ms;
}

std::string path_of(const query::RecordEntry& entry, bool with_version) {
  std::string out = entry.type + "/" + entry.id;
  if (with_version) out += "/_history/" + std::to_string(entry.version);
  return out;
}

std::string instant_text(std::uint64_t milliseconds) {
  const Moment at = moment_of(milliseconds);
  const std::string millisecond = std::to_string(1000 + at.millisecond).substr(1);
  return std::to_string(static_cast<int>(at.day.year())) + "-" +
         two_digits(static_cast<unsigned>(at.day.month())) + "-" +
         two_digits(static_cast<unsigned>(at.day.day())) + "T" + two_digits(at.hour) + ":" +
         two_digits(at.minute) + ":" + two_digits(at.second) + "." + millisecond + "Z";
}

}  // namespace xl::gateway::fhir
