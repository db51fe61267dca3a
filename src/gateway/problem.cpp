// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/problem.h"

#include "base/json/writer.h"

namespace xl::gateway {

http::Response problem(unsigned status, const Error& error, std::string_view request_id) {
  const ErrorInfo& info = describe(error.code);
  const std::string code = code_text(info.number);
  json::Writer out;
  out.begin_object();
  out.key("type").string("urn:xinglin:error:" + code);
  out.key("title").string(info.en).key("title_zh").string(info.zh);
  out.key("status").unsigned_integer(status);
  out.key("detail").string(error.message);
  out.key("code").string(code);
  out.key("fix").string(info.en_fix).key("fix_zh").string(info.zh_fix);
  if (!request_id.empty()) out.key("request_id").string(request_id);
  out.end_object();
  http::Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = out.take();
  return response;
}

unsigned status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::transaction_unknown:
    case ErrorCode::height_unknown:
    case ErrorCode::route_unknown:
      return 404;
    case ErrorCode::transaction_replayed:
      return 409;
    case ErrorCode::height_too_old:
      return 410;
    case ErrorCode::transaction_too_large:
    case ErrorCode::request_too_large:
      return 413;
    case ErrorCode::media_type_unsupported:
      return 415;
    case ErrorCode::queue_full:
    case ErrorCode::node_stopping:
    case ErrorCode::server_busy:
      return 503;
    case ErrorCode::wait_timed_out:
      return 504;
    case ErrorCode::store_failed:
    case ErrorCode::store_corrupt:
    case ErrorCode::internal_failure:
      return 500;
    case ErrorCode::transaction_malformed:
    case ErrorCode::transaction_not_canonical:
    case ErrorCode::request_malformed:
    case ErrorCode::parameter_invalid:
    case ErrorCode::identifier_malformed:
    case ErrorCode::json_invalid:
    case ErrorCode::json_too_large:
    case ErrorCode::json_shape:
      return 400;
    default:
      return 422;
  }
}

}  // namespace xl::gateway
