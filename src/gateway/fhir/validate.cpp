// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/validate.h"

#include <array>

#include "fhir/outcome.h"
#include "fhir/summary.h"
#include "fhir/validate.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "model/limits.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::array<std::string_view, 4> known_parameters = {"mode", "profile", "_format",
                                                              "_pretty"};

/// What is to be validated, and for what.
struct Asked {
  json::Value resource;
  std::string mode;
  bool profile = false;
};

/// A resource as it is, or in a Parameters; of the type Parameters itself it is the resource.
Asked asked_of(const Call& call, std::string_view type, json::Value body) {
  Asked out;
  out.resource = body;
  out.mode = call.request.parameter("mode").value_or("");
  out.profile = call.request.parameter("profile").has_value();
  if (type == "Parameters" || body.find("resourceType").as_string() != "Parameters") return out;
  out.resource = {};
  for (const json::Value parameter : body.find("parameter").items()) {
    const std::string_view name = parameter.find("name").as_string().value_or("");
    if (name == "resource") out.resource = parameter.find("resource");
    if (name == "mode") out.mode = parameter.find("valueCode").as_string().value_or("?");
    if (name == "profile") out.profile = true;
  }
  return out;
}

Status check_asked(const Asked& asked) {
  if (asked.profile) {
    return make_error(ErrorCode::fhir_parameter_unsupported,
                      "profile: the base definitions of R4 alone are known");
  }
  if (!asked.mode.empty() && asked.mode != "create" && asked.mode != "update") {
    return make_error(ErrorCode::fhir_parameter_unsupported, "mode: create or update");
  }
  if (!asked.resource.present()) {
    return make_error(ErrorCode::parameter_invalid, "resource is missing");
  }
  return {};
}

/// What an interaction would refuse although the resource itself is sound.
Status check_place(const Asked& asked, std::string_view type, std::string_view id) {
  if (asked.resource.find("resourceType").as_string() != type) {
    return make_error(ErrorCode::fhir_identity_mismatched, "resourceType");
  }
  const bool updates = asked.mode == "update" || !id.empty();
  const auto own = asked.resource.find("id").as_string();
  if (updates && (!own || (!id.empty() && *own != id))) {
    return make_error(ErrorCode::fhir_identity_mismatched, "id");
  }
  const bool writes = updates || asked.mode == "create";
  if (writes && xl::fhir::is_part(asked.resource)) {
    return make_error(ErrorCode::fhir_part_only, "meta.tag");
  }
  return {};
}

}  // namespace

http::Response validate_given(const Call& call, std::string_view type, std::string_view id) {
  const Status known = only_parameters(call.request.query, known_parameters, "$validate");
  if (!known.ok()) return refusal(known.error());
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  const auto body = json::parse(call.request.body, bounds);
  if (!body.ok()) return refusal(body.error());
  const Asked asked = asked_of(call, type, body->root());
  const Status sound = check_asked(asked);
  if (!sound.ok()) return refusal(sound.error());
  const Status placed = check_place(asked, type, id);
  if (!placed.ok()) return reply(xl::fhir::outcome_text(placed.error(), IssueType::invalid));
  return reply(xl::fhir::outcome_text(xl::fhir::validate(asked.resource)));
}

http::Response validate_kept(const Call& call, std::string_view type, std::string_view id) {
  const Status known = only_parameters(call.request.query, known_parameters, "$validate");
  if (!known.ok()) return refusal(known.error());
  if (call.request.parameter("profile") || call.request.parameter("mode")) {
    return refusal(make_error(ErrorCode::fhir_parameter_unsupported,
                              "mode and profile are not asked of what is kept"));
  }
  http::Response kept = read_whatever_asked(call, type, id);
  if (kept.status != 200) return kept;
  json::Limits bounds;
  bounds.bytes_max = kept.body.size();
  const auto document = json::parse(kept.body, bounds);
  if (!document.ok()) return refusal(document.error());
  kept.body = xl::fhir::outcome_text(xl::fhir::validate(document->root()));
  return kept;
}

}  // namespace xl::gateway::fhir
