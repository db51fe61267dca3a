// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/light.h"

#include <algorithm>

#include "base/json/json.h"
#include "model/receipt.h"

namespace xl::gateway::ledger {
namespace {

constexpr std::size_t question_bytes_max = 4096;
/// A prefix of replay marks, and no key by itself: it is proved to be absent.
constexpr std::uint8_t no_key[] = {0};
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

Result<http::Response> prove_head(const Services& services) {
  XL_TRY_ASSIGN(const model::Receipt receipt, services.ledger.state_receipt(no_key, 0));
  return json_response(model::write_receipt(receipt));
}

}  // namespace xl::gateway::ledger
