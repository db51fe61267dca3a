// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/lists.h"

#include "gateway/fhir/bundle.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/scope.h"
#include "query/search_text.h"

namespace xl::gateway::fhir {
Result<query::SearchCriterion> read_list(std::string_view name, std::string_view value) {
  if (name != list_parameter) {
    return make_error(ErrorCode::search_modifier_unsupported, shown_name(name));
  }
  query::SearchCriterion out;
  out.name = list_parameter;
  for (const std::string_view id : query::split_protected(value, ',')) {
    if (id.starts_with('$')) {
      return make_error(ErrorCode::fhir_parameter_unsupported,
                        "_list: functional lists are not kept here, a List by its id is");
    }
    if (!is_logical_id(id)) return make_error(ErrorCode::search_value_invalid, list_parameter);
    out.values.push_back({query::Prefix::eq, std::string(id)});
  }
  return out;
}

/// A List as a read of its own would give it, by the scopes for reads.
http::Response read_list_itself(const Call& call, const std::string& id) {
  http::Request request;
  request.method = "GET";
  request.path = "/List/" + id;
  request.headers = call.request.headers;
  for (const char* condition : {"if-none-match", "if-modified-since"}) {
    request.headers.erase(condition);
  }
  request.remote = call.request.remote;
  request.id = call.request.id;
  request.secure = call.request.secure;
  const InnerCall alone(call, std::move(request));
  const Status may = check_scope(alone.call());
  return may.ok() ? read_whatever_asked(alone.call(), "List", id) : refusal(may.error());
}

std::optional<http::Response> open_lists(const Call& call,
                                         std::vector<query::SearchCriterion>& criteria) {
  const query::OwnNames own = own_names(call);
  for (query::SearchCriterion& criterion : criteria) {
    if (criterion.name != list_parameter) continue;
    for (const query::SearchValue& value : criterion.values) {
      http::Response list = read_list_itself(call, value.text);
      if (list.status != 200) return list;
      json::Limits bounds;
      bounds.bytes_max = list.body.size() + 1;
      const auto document = json::parse(list.body, bounds);
      if (!document.ok()) return refusal(document.error());
      for (const json::Value entry : document->root().find("entry").items()) {
        if (entry.find("deleted").as_bool().value_or(false)) continue;
        std::string listed =
            own_record(own, entry.find("item").find("reference").as_string().value_or(""));
        if (!listed.empty()) criterion.listed.push_back(std::move(listed));
      }
    }
    if (criterion.listed.size() > query::chain_matches_max) {
      return refusal(make_error(ErrorCode::search_too_broad, list_parameter));
    }
  }
  return std::nullopt;
}

}  // namespace xl::gateway::fhir
