// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/outcome.h"

#include <array>

#include "base/json/writer.h"

namespace xl::fhir {
namespace {

constexpr std::string_view translation_url = "http://hl7.org/fhir/StructureDefinition/translation";

void write_translation(json::Writer& out, std::string_view chinese) {
  out.key("_text").begin_object().key("extension").begin_array().begin_object();
  out.key("url").string(translation_url).key("extension").begin_array();
  out.begin_object().key("url").string("lang").key("valueCode").string("zh").end_object();
  out.begin_object().key("url").string("content").key("valueString").string(chinese).end_object();
  out.end_array().end_object().end_array().end_object();
}

void write_issue(json::Writer& out, const Issue& issue) {
  const ErrorInfo& info = describe(issue.error);
  out.begin_object();
  out.key("severity").string(severity_code(issue.severity));
  out.key("code").string(issue_type_code(issue.code));
  out.key("details").begin_object();
  out.key("coding").begin_array().begin_object();
  out.key("system").string(error_code_system).key("code").string(code_text(info.number));
  out.end_object().end_array();
  // What happened and what to do, as the ledger's problem documents say it.
  out.key("text").string(std::string(info.en) + " " + std::string(info.en_fix));
  write_translation(out, std::string(info.zh) + std::string(info.zh_fix));
  out.end_object();
  out.key("diagnostics").string(issue.diagnostics.empty() ? info.en_fix : issue.diagnostics);
  if (!issue.expression.empty()) {
    out.key("expression").begin_array().string(issue.expression).end_array();
  }
  out.end_object();
}

void write_all_well(json::Writer& out) {
  out.begin_object();
  out.key("severity").string("information").key("code").string("informational");
  out.key("details").begin_object().key("text").string("All OK");
  write_translation(out, "一切正常");
  out.end_object().end_object();
}

}  // namespace

std::string_view severity_code(Severity severity) {
  constexpr std::array<std::string_view, 4> codes = {"fatal", "error", "warning", "information"};
  return codes[static_cast<std::size_t>(severity)];
}

std::string_view issue_type_code(IssueType type) {
  constexpr std::array<std::string_view, 31> codes = {
      "invalid",       "structure", "required",         "value",         "invariant",  "security",
      "login",         "unknown",   "expired",          "forbidden",     "suppressed", "processing",
      "not-supported", "duplicate", "multiple-matches", "not-found",     "deleted",    "too-long",
      "code-invalid",  "extension", "too-costly",       "business-rule", "conflict",   "transient",
      "lock-error",    "no-store",  "exception",        "timeout",       "incomplete", "throttled",
      "informational"};
  static_assert(codes.size() == static_cast<std::size_t>(IssueType::informational) + 1);
  return codes[static_cast<std::size_t>(type)];
}

std::string outcome_text(std::span<const Issue> issues) {
  json::Writer out;
  out.begin_object().key("resourceType").string("OperationOutcome").key("issue").begin_array();
  for (const Issue& issue : issues) write_issue(out, issue);
  if (issues.empty()) write_all_well(out);
  out.end_array().end_object();
  return out.take();
}

std::string outcome_text(ErrorCode error, IssueType type, std::string_view diagnostics) {
  const Issue issue{Severity::error, type, error, {}, std::string(diagnostics)};
  return outcome_text(std::span(&issue, 1));
}

std::string outcome_text(const Error& error, IssueType type) {
  return outcome_text(error.code, type, error.message);
}

}  // namespace xl::fhir
