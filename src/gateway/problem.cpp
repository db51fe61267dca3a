// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/problem.h"

#include <array>

#include "base/json/writer.h"

namespace xl::gateway {
namespace {

/// The HTTP status of each error; 422 for those that are not here.
struct StatusRule {
  unsigned status;
  ErrorCode code;
};
constexpr auto status_rules = std::to_array<StatusRule>({
    {400, ErrorCode::transaction_malformed},
    {400, ErrorCode::transaction_not_canonical},
    {400, ErrorCode::request_malformed},
    {400, ErrorCode::header_repeated},
    {400, ErrorCode::patient_required},
    {400, ErrorCode::handle_life_refused},
    {400, ErrorCode::purpose_unknown},
    {400, ErrorCode::cursor_forged},
    {400, ErrorCode::cursor_mismatched},
    {400, ErrorCode::search_parameter_unknown},
    {400, ErrorCode::search_modifier_unsupported},
    {400, ErrorCode::search_too_broad},
    {400, ErrorCode::fhir_condition_empty},
    {400, ErrorCode::search_value_invalid},
    {400, ErrorCode::search_type_unknown},
    {400, ErrorCode::search_page_invalid},
    {400, ErrorCode::fhir_parameter_unsupported},
    {400, ErrorCode::fhir_interaction_unsupported},
    {400, ErrorCode::fhir_identity_mismatched},
    {400, ErrorCode::fhir_bundle_invalid},
    {400, ErrorCode::fhir_entry_url_foreign},
    {400, ErrorCode::fhir_patch_invalid},
    {400, ErrorCode::fhirpath_invalid},
    {400, ErrorCode::fhirpath_unsupported},
    {400, ErrorCode::fhirpath_too_costly},
    {400, ErrorCode::parameter_invalid},
    {400, ErrorCode::identifier_malformed},
    {400, ErrorCode::json_invalid},
    {400, ErrorCode::json_too_large},
    {400, ErrorCode::json_shape},
    {400, ErrorCode::smart_redirect_refused},
    {400, ErrorCode::smart_request_invalid},
    {400, ErrorCode::smart_scope_invalid},
    {400, ErrorCode::smart_grant_invalid},
    {400, ErrorCode::smart_grant_unsupported},
    {400, ErrorCode::smart_launch_unknown},
    {400, ErrorCode::smart_client_invalid},
    {400, ErrorCode::smart_account_invalid},
    {400, ErrorCode::smart_passkey_impossible},
    {400, ErrorCode::smart_passkey_refused},
    {400, ErrorCode::json_web_key_malformed},
    {400, ErrorCode::notice_cursor_invalid},
    {400, ErrorCode::webhook_refused},
    {400, ErrorCode::credential_malformed},
    {400, ErrorCode::credential_claims_invalid},
    {400, ErrorCode::credential_grant_invalid},
    {400, ErrorCode::credential_nonce_invalid},
    {400, ErrorCode::credential_proof_invalid},
    {400, ErrorCode::credential_request_invalid},
    {400, ErrorCode::presentation_invalid},
    {400, ErrorCode::credential_query_unsupported},
    {400, ErrorCode::did_invalid},
    {400, ErrorCode::locator_invalid},
    {401, ErrorCode::sign_in_required},
    {401, ErrorCode::token_invalid},
    {401, ErrorCode::challenge_invalid},
    {401, ErrorCode::sign_in_refused},
    {401, ErrorCode::sign_in_over},
    {401, ErrorCode::smart_client_refused},
    {401, ErrorCode::smart_login_refused},
    {403, ErrorCode::access_not_permitted},
    {403, ErrorCode::role_refused},
    {403, ErrorCode::agreement_required},
    {403, ErrorCode::scope_insufficient},
    {403, ErrorCode::dispute_of_own_access},
    {403, ErrorCode::peer_request_refused},
    {403, ErrorCode::smart_login_off},
    {403, ErrorCode::smart_account_unbound},
    {403, ErrorCode::smart_consent_refused},
    {403, ErrorCode::smart_context_invalid},
    {403, ErrorCode::organisation_elsewhere},
    {404, ErrorCode::credential_type_unknown},
    {404, ErrorCode::credential_offer_unknown},
    {404, ErrorCode::presentation_request_unknown},
    {404, ErrorCode::credential_unknown},
    {404, ErrorCode::status_list_unknown},
    {404, ErrorCode::did_not_found},
    {404, ErrorCode::record_signature_missing},
    {404, ErrorCode::transaction_unknown},
    {404, ErrorCode::height_unknown},
    {404, ErrorCode::route_unknown},
    {404, ErrorCode::organisation_unknown},
    {404, ErrorCode::party_unknown},
    {404, ErrorCode::proposal_unknown},
    {404, ErrorCode::access_refused},
    {404, ErrorCode::handle_unknown},
    {404, ErrorCode::request_unknown},
    {404, ErrorCode::fhir_not_found},
    {404, ErrorCode::fhir_type_unknown},
    {404, ErrorCode::index_record_unknown},
    {404, ErrorCode::journal_entry_unknown},
    {404, ErrorCode::erasure_unknown},
    {404, ErrorCode::dispute_unknown},
    {404, ErrorCode::webhook_unknown},
    {404, ErrorCode::patient_unknown},
    {404, ErrorCode::smart_client_unknown},
    {404, ErrorCode::smart_account_unknown},
    {404, ErrorCode::smart_login_over},
    {404, ErrorCode::smart_passkey_code_unknown},
    {406, ErrorCode::not_acceptable},
    {406, ErrorCode::did_representation_unsupported},
    {409, ErrorCode::presentation_replayed},
    {409, ErrorCode::transaction_replayed},
    {409, ErrorCode::handles_exceeded},
    {409, ErrorCode::requests_exceeded},
    {409, ErrorCode::request_closed},
    {409, ErrorCode::journal_not_sealed},
    {409, ErrorCode::smart_entry_exists},
    {409, ErrorCode::smart_passkey_known},
    {410, ErrorCode::height_too_old},
    {410, ErrorCode::fhir_deleted},
    {410, ErrorCode::cursor_expired},
    {410, ErrorCode::record_erased},
    {410, ErrorCode::patient_erased},
    {408, ErrorCode::request_timed_out},
    {412, ErrorCode::fhir_version_conflict},
    {412, ErrorCode::fhir_exists},
    {412, ErrorCode::fhir_match_ambiguous},
    {409, ErrorCode::fhir_merge_refused},
    {409, ErrorCode::audit_view_fixed},
    {409, ErrorCode::audit_event_kept},
    {409, ErrorCode::webhooks_exceeded},
    {409, ErrorCode::fhir_id_erased},
    {409, ErrorCode::fhir_patient_merged},
    {409, ErrorCode::consent_fixed},
    {409, ErrorCode::consent_proved_apart},
    {413, ErrorCode::fhir_bundle_too_large},
    {413, ErrorCode::export_too_large},
    {413, ErrorCode::body_too_large},
    {413, ErrorCode::transaction_too_large},
    {413, ErrorCode::request_too_large},
    {415, ErrorCode::media_type_unsupported},
    {421, ErrorCode::host_unknown},
    {500, ErrorCode::database_failed},
    {500, ErrorCode::database_corrupt},
    {500, ErrorCode::body_altered},
    {500, ErrorCode::body_unknown},
    {500, ErrorCode::record_altered},
    {500, ErrorCode::keyring_altered},
    {500, ErrorCode::store_failed},
    {500, ErrorCode::store_corrupt},
    {410, ErrorCode::block_not_kept},
    {500, ErrorCode::internal_failure},
    {429, ErrorCode::smart_attempts_exceeded},
    {429, ErrorCode::emergency_questions_exceeded},
    {501, ErrorCode::did_method_unsupported},
    {502, ErrorCode::smart_provider_failed},
    {503, ErrorCode::credential_requests_exceeded},
    {503, ErrorCode::smart_requests_exceeded},
    {503, ErrorCode::gathering_exceeded},
    {503, ErrorCode::peer_unreachable},
    {503, ErrorCode::peer_behind},
    {503, ErrorCode::queue_full},
    {503, ErrorCode::export_font_missing},
    {507, ErrorCode::smart_registry_full},
    {503, ErrorCode::custody_busy},
    {503, ErrorCode::journal_busy},
    {503, ErrorCode::sign_ins_exceeded},
    {503, ErrorCode::node_stopping},
    {503, ErrorCode::server_busy},
    {504, ErrorCode::wait_timed_out},
    {507, ErrorCode::database_full},
    {507, ErrorCode::disk_nearly_full},
});

}  // namespace

http::Response problem(unsigned status, const Error& error, std::string_view request_id,
                       std::span<const std::string> archives) {
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
  if (error.code == ErrorCode::block_not_kept || !archives.empty()) {
    out.key("archives").begin_array();
    for (const std::string& one : archives) out.string(one);
    out.end_array();
  }
  out.end_object();
  http::Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = out.take();
  return response;
}

unsigned status_of(ErrorCode code) {
  for (const StatusRule& rule : status_rules) {
    if (rule.code == code) return rule.status;
  }
  return 422;
}

}  // namespace xl::gateway
