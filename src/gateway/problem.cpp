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
    case ErrorCode::sign_in_required:
    case ErrorCode::token_invalid:
    case ErrorCode::challenge_invalid:
    case ErrorCode::sign_in_refused:
    case ErrorCode::sign_in_over:
      return 401;
    case ErrorCode::role_refused:
    case ErrorCode::organisation_elsewhere:
      return 403;
    case ErrorCode::transaction_unknown:
    case ErrorCode::height_unknown:
    case ErrorCode::route_unknown:
    case ErrorCode::organisation_unknown:
    case ErrorCode::access_refused:
    case ErrorCode::fhir_not_found:
    case ErrorCode::fhir_type_unknown:
    case ErrorCode::index_record_unknown:
    case ErrorCode::journal_entry_unknown:
      return 404;
    case ErrorCode::transaction_replayed:
    case ErrorCode::journal_not_sealed:
      return 409;
    case ErrorCode::height_too_old:
    case ErrorCode::fhir_deleted:
    case ErrorCode::cursor_expired:
    case ErrorCode::record_erased:
      return 410;
    case ErrorCode::fhir_version_conflict:
      return 412;
    case ErrorCode::fhir_bundle_too_large:
    case ErrorCode::body_too_large:
    case ErrorCode::transaction_too_large:
    case ErrorCode::request_too_large:
      return 413;
    case ErrorCode::media_type_unsupported:
      return 415;
    case ErrorCode::queue_full:
    case ErrorCode::custody_busy:
    case ErrorCode::journal_busy:
    case ErrorCode::sign_ins_exceeded:
    case ErrorCode::node_stopping:
    case ErrorCode::server_busy:
      return 503;
    case ErrorCode::wait_timed_out:
      return 504;
    case ErrorCode::database_full:
      return 507;
    case ErrorCode::database_failed:
    case ErrorCode::database_corrupt:
    case ErrorCode::body_altered:
    case ErrorCode::body_unknown:
    case ErrorCode::record_altered:
    case ErrorCode::keyring_altered:
    case ErrorCode::store_failed:
    case ErrorCode::store_corrupt:
    case ErrorCode::internal_failure:
      return 500;
    case ErrorCode::transaction_malformed:
    case ErrorCode::transaction_not_canonical:
    case ErrorCode::request_malformed:
    case ErrorCode::patient_required:
    case ErrorCode::purpose_unknown:
    case ErrorCode::cursor_forged:
    case ErrorCode::cursor_mismatched:
    case ErrorCode::search_parameter_unknown:
    case ErrorCode::search_value_invalid:
    case ErrorCode::search_type_unknown:
    case ErrorCode::search_page_invalid:
    case ErrorCode::fhir_parameter_unsupported:
    case ErrorCode::fhir_interaction_unsupported:
    case ErrorCode::fhir_identity_mismatched:
    case ErrorCode::fhir_bundle_invalid:
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
