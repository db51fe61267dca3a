// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/write.h"

#include <algorithm>

#include "base/checked.h"
#include "base/json/writer.h"
#include "fhir/definitions.h"
#include "fhir/outcome.h"
#include "fhir/patch.h"
#include "fhir/validate.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/search.h"
#include "model/limits.h"

namespace xl::gateway::fhir {
namespace {

/// `If-None-Match` of a write: true for `*`, which wants the record only if there is none. Errors:
/// fhir_interaction_unsupported (anything else, which a write has no use for).
Result<bool> only_new(std::string_view header) {
  if (header.empty()) return false;
  if (header == "*") return true;
  return make_error(ErrorCode::fhir_interaction_unsupported,
                    "If-None-Match other than * on a write");
}

/// The element that a refused type or id stands in.
Error mismatch(std::string_view type, std::string_view element) {
  return make_error(ErrorCode::fhir_identity_mismatched,
                    std::string(type) + "." + std::string(element));
}

http::Response write_one(const Call& call, Draft draft) {
  std::vector<Draft> one;
  one.push_back(std::move(draft));
  auto written = write_drafts(call, std::move(one));
  if (!written.ok()) return refusal(written.error());
  return written_reply(call, written->front());
}

/// The resource in the body.
CheckedResource body_of(const Call& call, std::string_view type) {
  CheckedResource out;
  out = read_resource(call.request.body);
  if (!out.refused && out.document->root().find("resourceType").as_string() != type) {
    const auto given = out.document->root().find("resourceType").as_string().value_or("");
    out.refused = refusal(mismatch(given, "resourceType"));
  }
  return out;
}

}  // namespace

CheckedResource patched_resource(std::string_view content, json::Value changes,
                                 bool is_json_patch) {
  CheckedResource out;
  json::Limits bounds;
  bounds.bytes_max = content.size();
  auto document = json::parse(content, bounds);
  if (!document.ok()) {
    out.refused = refusal(document.error());
    return out;
  }
  const Status applied = is_json_patch ? xl::fhir::apply_json_patch(*document, changes)
                                       : xl::fhir::apply_fhirpath_patch(*document, changes);
  if (!applied.ok()) {
    out.refused = refusal(applied.error());
    return out;
  }
  return read_resource(json::write(document->root()));
}

std::optional<Error> moved_by_patch(json::Value patched, std::string_view type,
                                    std::string_view id) {
  if (patched.find("resourceType").as_string() != type) return mismatch(type, "resourceType");
  if (patched.find("id").as_string() != id) return mismatch(type, "id");
  return std::nullopt;
}

Result<IfMatch> version_wanted(std::string_view header) {
  if (header.empty()) return IfMatch{};
  if (header == "*") return IfMatch{.any = true};
  if (header.starts_with("W/")) header.remove_prefix(2);
  std::uint64_t version = 0;
  if (header.size() < 3 || header.front() != '"' || header.back() != '"' ||
      !parse_decimal(header.substr(1, header.size() - 2), version)) {
    return make_error(ErrorCode::parameter_invalid, "If-Match");
  }
  return IfMatch{version};
}

bool is_logical_id(std::string_view text) {
  // As a step of a path these mean another place: no client could ask for the record.
  if (text == "." || text == "..") return false;
  return !text.empty() && text.size() <= query::logical_id_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.';
         });
}

std::string new_logical_id() { return custody::random_id().text(); }

std::optional<http::Response> check_resource(json::Value resource) {
  const std::vector<Issue> issues = xl::fhir::validate(resource);
  const bool bad = std::any_of(issues.begin(), issues.end(), [](const Issue& issue) {
    return issue.severity == xl::fhir::Severity::fatal ||
           issue.severity == xl::fhir::Severity::error;
  });
  if (bad) return refusal(issues);
  return std::nullopt;
}

CheckedResource read_resource(std::string_view body) {
  CheckedResource out;
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  auto parsed = json::parse(body, bounds);
  if (!parsed.ok()) {
    out.refused = refusal(parsed.error());
    return out;
  }
  out.refused = check_resource(parsed->root());
  out.document = std::move(*parsed);
  return out;
}

std::string receipt_link(const Call& call, const Written& written) {
  return "<" + base_url(call.services, call.request) + "/ledger/v1/receipts/" +
         to_hex(written.transaction) + ">; rel=\"receipt\"";
}

http::Response written_reply(const Call& call, const Written& written) {
  const std::string_view prefer = call.request.header("prefer");
  const bool minimal = prefer.find("return=minimal") != std::string_view::npos;
  http::Response out;
  if (written.entry.deleted) {
    out = reply({}, 204);
  } else if (prefer.find("return=OperationOutcome") != std::string_view::npos) {
    out = reply(xl::fhir::outcome_text(std::span<const Issue>{}), written.created ? 201 : 200);
  } else {
    out = reply(minimal ? std::string() : written.content, written.created ? 201 : 200);
  }
  if (written.entry.version > 0) add_version_headers(out, written.entry);
  if (!written.entry.deleted) {
    out.headers["location"] = call.base + "/" + path_of(written.entry, true);
  }
  if (!written.unchanged) {
    out.headers["link"] = receipt_link(call, written);
  }
  return out;
}

http::Response create(const Call& call, std::string_view type) {
  if (auto refused = refuse_writer(call, "create", type, {})) return std::move(*refused);
  if (!call.request.header("if-none-match").empty()) {
    return refusal(make_error(ErrorCode::fhir_interaction_unsupported,
                              "If-None-Match: a POST always creates; PUT to an id of your own"));
  }
  CheckedResource resource = body_of(call, type);
  if (resource.refused) return std::move(*resource.refused);
  const auto make = [&] {
    return write_one(call, {.type = std::string(type),
                            .id = new_logical_id(),
                            .document = std::move(resource.document)});
  };
  const std::string_view unless = call.request.header("if-none-exist");
  if (unless.empty()) return make();
  const auto condition = read_condition(unless);
  if (!condition.ok()) return refusal(condition.error());
  const auto held = hold_conditions(call, {condition_text(type, *condition)});
  if (!held.ok()) return refusal(held.error());
  const auto match = only_match(call, type, *condition);
  if (!match.ok()) return refusal(match.error());
  if (!*match) return make();
  http::Response there = read_whatever_asked(call, type, (*match)->id);
  there.headers["location"] = call.base + "/" + path_of(**match, true);
  return there;
}

http::Response update(const Call& call, std::string_view type, std::string_view id) {
  if (auto refused = refuse_writer(call, "update", type, id)) return std::move(*refused);
  if (!is_logical_id(id)) return refusal(mismatch(type, "id"));
  const auto if_match = version_wanted(call.request.header("if-match"));
  if (!if_match.ok()) return refusal(if_match.error());
  const auto fresh = only_new(call.request.header("if-none-match"));
  if (!fresh.ok()) return refusal(fresh.error());
  CheckedResource resource = body_of(call, type);
  if (resource.refused) return std::move(*resource.refused);
  if (resource.document->root().find("id").as_string() != id) {
    return refusal(mismatch(type, "id"));
  }
  return write_one(call, {.type = std::string(type),
                          .id = std::string(id),
                          .document = std::move(resource.document),
                          .if_match = *if_match,
                          .only_new = *fresh,
                          .by_put = true});
}

http::Response patch(const Call& call, std::string_view type, std::string_view id) {
  if (auto refused = refuse_writer(call, "update", type, id)) return std::move(*refused);
  if (!is_logical_id(id)) return refusal(mismatch(type, "id"));
  const auto if_match = version_wanted(call.request.header("if-match"));
  if (!if_match.ok()) return refusal(if_match.error());
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  const auto changes = json::parse(call.request.body, bounds);
  if (!changes.ok()) return refusal(changes.error());
  const bool is_json_patch =
      call.request.header("content-type").starts_with("application/json-patch+json");
  // Whoever patches waits for those who write, so that none is refused because of the others.
  Draft draft{.type = std::string(type), .id = std::string(id)};
  const auto held = hold_records(call, std::span(&draft, 1));
  if (!held.ok()) return refusal(held.error());
  http::Response current = read_whatever_asked(call, type, id);
  if (current.status != 200) return current;
  const auto seen = version_wanted(current.headers["etag"]);
  if (!seen.ok()) return refusal(seen.error());
  if (if_match->version && *if_match != *seen) {
    return refusal(make_error(ErrorCode::fhir_version_conflict));
  }
  CheckedResource patched = patched_resource(current.body, changes->root(), is_json_patch);
  if (patched.refused) return std::move(*patched.refused);
  if (auto moved = moved_by_patch(patched.document->root(), type, id)) return refusal(*moved);
  draft.document = std::move(patched.document);
  draft.if_match = *seen;
  std::vector<Draft> one;
  one.push_back(std::move(draft));
  const auto written = write_drafts(call, std::move(one), {.held = true});
  return written.ok() ? written_reply(call, written->front()) : refusal(written.error());
}

http::Response remove(const Call& call, std::string_view type, std::string_view id) {
  if (auto refused = refuse_writer(call, "delete", type, id)) return std::move(*refused);
  const auto if_match = version_wanted(call.request.header("if-match"));
  if (!if_match.ok()) return refusal(if_match.error());
  if (!call.request.header("if-none-match").empty()) {
    return refusal(
        make_error(ErrorCode::fhir_interaction_unsupported, "If-None-Match on a DELETE"));
  }
  return write_one(call, {.type = std::string(type), .id = std::string(id), .if_match = *if_match});
}

namespace {

/// `PUT Type?condition`: of the record found, else of a new one (R4 §3.1.0.4.3).
http::Response update_where(const Call& call, std::string_view type,
                            const std::optional<query::RecordEntry>& match) {
  const auto if_match = version_wanted(call.request.header("if-match"));
  if (!if_match.ok()) return refusal(if_match.error());
  CheckedResource resource = body_of(call, type);
  if (resource.refused) return std::move(*resource.refused);
  std::string id(resource.document->root().find("id").as_string().value_or(""));
  if (match && !id.empty() && id != match->id) {
    return refusal(mismatch(type, "id"));
  }
  if (match) id = match->id;
  if (id.empty()) id = new_logical_id();
  if (!is_logical_id(id)) return refusal(mismatch(type, "id"));
  return write_one(call, {.type = std::string(type),
                          .id = std::move(id),
                          .document = std::move(resource.document),
                          .if_match = *if_match,
                          .only_new = !match,
                          .by_put = true});
}

}  // namespace

http::Response write_where(const Call& call, std::string_view type) {
  const std::string_view action = call.request.method == "DELETE" ? "delete" : "update";
  if (auto refused = refuse_writer(call, action, type, {})) return std::move(*refused);
  Parameters condition;
  for (const auto& one : call.request.query) {
    if (one.first != "_format" && one.first != "_pretty") condition.push_back(one);
  }
  const auto held = hold_conditions(call, {condition_text(type, condition)});
  if (!held.ok()) return refusal(held.error());
  const auto match = only_match(call, type, condition);
  if (!match.ok()) return refusal(match.error());
  if (call.request.method == "PUT") return update_where(call, type, *match);
  if (call.request.method == "PATCH") {
    return *match ? patch(call, type, (*match)->id)
                  : refusal(make_error(ErrorCode::fhir_not_found));
  }
  return *match ? remove(call, type, (*match)->id) : reply({}, 204);
}

}  // namespace xl::gateway::fhir
