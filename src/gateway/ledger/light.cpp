// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/light.h"

#include <algorithm>

#include "base/json/json.h"

namespace xl::gateway::ledger {
namespace {

constexpr std::size_t question_bytes_max = 4096;
constexpr std::string_view methods[] = {"commit", "validators", "consensus_params"};

}  // namespace

Result<http::Response> answer_light(const Services& services, const http::Request& request) {
  if (!services.light) {
    return make_error(ErrorCode::engine_refused, "this node orders alone: it has no other engine");
  }
  json::Limits bounds;
  bounds.bytes_max = question_bytes_max;
  XL_TRY_ASSIGN(const json::Document question, json::parse(request.body, bounds));
  const auto method = question.root().find("method").as_string();
  if (!method || std::find(std::begin(methods), std::end(methods), *method) == std::end(methods)) {
    return make_error(ErrorCode::parameter_invalid, "method: commit, validators, consensus_params");
  }
  XL_TRY_ASSIGN(std::string answer, services.light(request.body));
  return json_response(std::move(answer));
}

}  // namespace xl::gateway::ledger
