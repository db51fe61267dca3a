// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/face.h"

#include "fhir/definitions.h"
#include "gateway/fhir/access_log.h"
#include "gateway/fhir/binary.h"
#include "gateway/fhir/bundle.h"
#include "gateway/fhir/capability.h"
#include "gateway/fhir/consent.h"
#include "gateway/fhir/erase.h"
#include "gateway/fhir/everything.h"
#include "gateway/fhir/gather.h"
#include "gateway/fhir/history.h"
#include "gateway/fhir/match.h"
#include "gateway/fhir/media.h"
#include "gateway/fhir/merge.h"
#include "gateway/fhir/pix.h"
#include "gateway/fhir/preview.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/scope.h"
#include "gateway/fhir/search.h"
#include "gateway/fhir/validate.h"
#include "gateway/fhir/views.h"
#include "gateway/fhir/write.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::size_t segments_max = 5;

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty() && out.size() <= segments_max) {
    if (path.front() == '/') path.remove_prefix(1);
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (!segment.empty() || slash != std::string_view::npos) out.push_back(segment);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
  }
  return out;
}

http::Response unsupported(std::string_view what) {
  return refusal(make_error(ErrorCode::fhir_interaction_unsupported, what));
}

http::Response answer_get(const Call& call) {
  const auto& at = call.segments;
  if (at.size() == 1 && at[0] == "_history") return history_of(call, "", "");
  if (at.empty()) return search(call, {}, call.request.query);
  if (!xl::fhir::is_resource_type(at[0])) return refusal(make_error(ErrorCode::fhir_type_unknown));
  if (at.size() == 1) return search(call, {at[0], {}}, call.request.query);
  if (at.size() == 2 && at[1] == "_history") return history_of(call, at[0], "");
  if (at.size() == 2 && at[0] == "Patient" && at[1] == "$everything") return everything(call, {});
  if (at.size() == 2 && at[0] == "Patient" && at[1] == "$ihe-pix") return cross_reference(call);
  if (at.size() == 2 && at[1].starts_with('$')) return unsupported("this operation");
  const bool of_version = at.size() == 4 && at[2] == "_history" && at[3] == "1";
  if (at.size() == 2 || of_version) {
    if (auto shown = read_view(call, at[0], at[1])) return std::move(*shown);
  }
  if (at.size() == 2) return read(call, at[0], at[1]);
  if (at.size() == 3 && at[2] == "_history") return history_of(call, at[0], at[1]);
  if (at.size() == 3 && at[2] == "$validate") return validate_kept(call, at[0], at[1]);
  if (at.size() == 3 && at[0] == "Patient" && at[2] == "$everything")
    return everything(call, at[1]);
  if (at.size() == 3 && at[0] == "Patient" && at[2] == "$see-as") return see_as(call, at[1]);
  if (at.size() == 3 && at[0] == "Patient" && at[2] == "$explain") {
    return explain_access(call, at[1]);
  }
  const bool of_patient = at.size() == 3 && at[0] == "Patient";
  if (of_patient && at[2] == "$access-log") return access_log(call, at[1]);
  if (of_patient && at[2] == "*") return search(call, {{}, at[1]}, call.request.query);
  if (of_patient && xl::fhir::is_resource_type(at[2])) {
    return search(call, {at[2], at[1]}, call.request.query);
  }
  if (at.size() == 4 && at[2] == "_history") return read_version(call, at[0], at[1], at[3]);
  return unsupported("this path");
}

http::Response answer_post(const Call& call) {
  const auto& at = call.segments;
  if (at.empty()) return process_bundle(call);
  if (at.size() == 1 && at[0] == "_search") return search_by_form(call, {});
  if (!xl::fhir::is_resource_type(at[0])) return refusal(make_error(ErrorCode::fhir_type_unknown));
  if (at.size() == 1 && at[0] == "Consent") return create_consent(call);
  if (at.size() == 1) return create(call, at[0]);
  if (at.size() == 2 && at[0] == "Consent" && at[1] == "$prepare") return prepare_consent(call);
  if (at.size() == 2 && at[1] == "_search") return search_by_form(call, {at[0], {}});
  if (at.size() == 2 && at[1] == "$validate") return validate_given(call, at[0], "");
  if (at.size() == 2 && at[0] == "Patient") {
    if (at[1] == "$match") return match(call);
    if (at[1] == "$ihe-pix") return cross_reference(call);
    if (at[1] == "$everything") return everything(call, {});
    if (at[1] == "$gather") return gather(call);
    if (at[1] == "$merge" || at[1] == "$unmerge") return merge(call, at[1] == "$unmerge");
  }
  if (at.size() == 3 && at[2] == "$validate") return validate_given(call, at[0], at[1]);
  if (at.size() == 3 && at[2] == "$erase") return erase(call, at[0], at[1]);
  if (at.size() == 3 && at[0] == "Patient" && at[2] == "$everything")
    return everything(call, at[1]);
  if (at.size() == 3 && at[0] == "Patient" && at[2] == "$see-as") return see_as(call, at[1]);
  if (at.size() == 3 && at[0] == "Patient" && at[2] == "$explain") {
    return explain_access(call, at[1]);
  }
  if (at.size() == 3 && at[0] == "Patient" && at[2] == "$access-log") {
    return access_log(call, at[1]);
  }
  if (at.size() == 4 && at[0] == "Patient" && at[3] == "_search") {
    if (at[2] == "*") return search_by_form(call, {{}, at[1]});
    if (xl::fhir::is_resource_type(at[2])) return search_by_form(call, {at[2], at[1]});
  }
  return unsupported("this operation");
}

bool asks_metadata(const Call& call) {
  const std::string& method = call.request.method;
  return (method == "GET" || method == "HEAD") && call.segments.size() == 1 &&
         call.segments[0] == "metadata";
}

http::Response authenticated(const Services& services, custody::Organisation& organisation,
                             const http::Request& request, std::string base,
                             std::string_view path) {
  Call call{services, organisation, request, std::move(base), split_path(path), {}, nullptr};
  const bool raw = is_raw_binary(request, call.segments);
  const Status formats = raw ? Status{} : check_formats(request);
  if (!formats.ok()) return refusal(formats.error());
  if (asks_metadata(call)) return capability_statement(call);
  auto caller = services.tokens.caller_of(request);
  if (!caller.ok()) return refusal(caller.error());
  call.principal = std::move(caller->principal);
  call.grant = std::move(caller->grant);
  return answer(call);
}

}  // namespace

http::Response answer(const Call& call) {
  const std::string& method = call.request.method;
  const auto& at = call.segments;
  if (asks_metadata(call)) return capability_statement(call);  // as an entry of a Bundle
  const Status in_scope = check_scope(call);
  if (!in_scope.ok()) return refusal(in_scope.error());
  if (is_raw_binary(call.request, at)) return answer_raw_binary(call);
  if (method == "GET" || method == "HEAD") return answer_get(call);
  if (method == "POST") return answer_post(call);
  if (at.size() == 2 && xl::fhir::is_resource_type(at[0])) {
    if (method == "PUT") return update(call, at[0], at[1]);
    if (method == "PATCH") return patch(call, at[0], at[1]);
    if (method == "DELETE") return remove(call, at[0], at[1]);
  }
  const bool writes = method == "PUT" || method == "PATCH" || method == "DELETE";
  if (writes && at.size() == 1 && xl::fhir::is_resource_type(at[0])) {
    return write_where(call, at[0]);
  }
  return unsupported("this method here");
}

void add_routes(Router& router, const Services& services) {
  const auto serve = [services](const http::Request& request,
                                const PathValues& values) -> Result<http::Response> {
    auto organisation = organisation_of(services, values[0]);
    if (!organisation.ok()) return refusal(organisation.error());
    return authenticated(
        services, **organisation, request,
        base_url(services, request) + "/o/" + (*organisation)->did().text() + "/fhir", values[1]);
  };
  const auto serve_only = [services](const http::Request& request,
                                     const PathValues& values) -> Result<http::Response> {
    return authenticated(services, *services.custody.organisations().front(), request,
                         base_url(services, request) + "/fhir", values[0]);
  };
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    const std::string summary = "FHIR R4; see the CapabilityStatement at metadata";
    router.add({method, "/o/{org}/fhir/{path*}", summary, serve});
    if (services.custody.organisations().size() == 1) {
      router.add({method, "/fhir/{path*}", summary, serve_only});
    }
  }
}

}  // namespace xl::gateway::fhir
