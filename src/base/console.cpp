// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/console.h"

#include <cstdio>

#include "base/answer.h"
#include "base/chinese.h"
#include "base/json/writer.h"

namespace xl {
namespace {

void print(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

/// Our own JSON. Precondition: it is some.
json::Document parsed(std::string_view text) {
  json::Limits bounds;
  bounds.bytes_max = text.size();
  bounds.elements_max = text.size();
  auto document = json::parse(text, bounds);
  XL_CHECK(document.ok());
  return std::move(*document);
}

/// A bar of twenty cells.
std::string bar(std::uint64_t done, std::uint64_t total) {
  const std::uint64_t filled = total == 0 ? 0 : done * 20 / total;
  std::string out = "[";
  for (std::uint64_t i = 0; i < 20; ++i) out += i < filled ? "█" : "·";
  return out + "]";
}

/// What somebody gave us has the wrong form.
bool is_input_error(ErrorCode code) {
  switch (code) {
    case ErrorCode::json_invalid:
    case ErrorCode::json_too_large:
    case ErrorCode::json_shape:
    case ErrorCode::receipt_malformed:
    case ErrorCode::receipt_signer_unknown:  // any byte of its key id may have been altered
    case ErrorCode::trust_start_unknown:     // nor is it known which checkpoint it lacks
    case ErrorCode::checkpoint_malformed:
    case ErrorCode::checkpoint_out_of_order:
    case ErrorCode::checkpoint_signer_unknown:
    case ErrorCode::genesis_malformed:
    case ErrorCode::identifier_malformed:
    case ErrorCode::message_malformed:
    case ErrorCode::parameter_invalid:
    case ErrorCode::purpose_unknown:
    case ErrorCode::patient_required:
    case ErrorCode::policy_mismatched:
    case ErrorCode::consent_not_narrower:
    case ErrorCode::config_invalid:
    case ErrorCode::certificate_unusable:
    case ErrorCode::input_invalid:
    case ErrorCode::signing_request_invalid:
    case ErrorCode::body_too_large:
    case ErrorCode::search_parameter_unknown:
    case ErrorCode::search_modifier_unsupported:
    case ErrorCode::search_too_broad:
    case ErrorCode::search_value_invalid:
    case ErrorCode::search_type_unknown:
    case ErrorCode::search_page_invalid:
    case ErrorCode::fhir_interaction_unsupported:
    case ErrorCode::fhir_parameter_unsupported:
    case ErrorCode::fhir_patient_unknown:
    case ErrorCode::fhir_patient_fixed:
    case ErrorCode::fhir_part_only:
    case ErrorCode::fhir_identity_mismatched:
    case ErrorCode::fhir_bundle_invalid:
    case ErrorCode::fhir_bundle_too_large:
    case ErrorCode::fhir_entry_url_foreign:
    case ErrorCode::fhir_patients_several:
    case ErrorCode::fhir_condition_empty:
    case ErrorCode::file_too_large:
    case ErrorCode::keyfile_malformed:
    case ErrorCode::backup_malformed:
    case ErrorCode::card_invalid:
    case ErrorCode::founding_signature_invalid:
    case ErrorCode::genesis_not_of_cards:
    case ErrorCode::invitation_invalid:
    case ErrorCode::wrong_network:
    case ErrorCode::transaction_too_large:
    case ErrorCode::request_too_large:
    case ErrorCode::labels_too_large:
    case ErrorCode::search_too_complex:
    case ErrorCode::emergency_mismatched:
    case ErrorCode::emergency_code_unknown:
    case ErrorCode::emergency_text_refused:
      return true;
    default:
      return false;
  }
}

/// What was asked for is not there, or not any more.
bool is_missing(ErrorCode code) {
  switch (code) {
    case ErrorCode::transaction_unknown:
    case ErrorCode::height_unknown:
    case ErrorCode::route_unknown:
    case ErrorCode::fhir_not_found:
    case ErrorCode::fhir_deleted:
    case ErrorCode::organisation_unknown:
    case ErrorCode::record_unknown:
    case ErrorCode::index_record_unknown:
    case ErrorCode::journal_entry_unknown:
    case ErrorCode::party_not_found:
    case ErrorCode::consent_not_found:
    case ErrorCode::file_missing:
    case ErrorCode::data_folder_missing:
    case ErrorCode::record_erased:
    case ErrorCode::patient_erased:
    case ErrorCode::patient_unknown:
    case ErrorCode::erasure_unknown:
    case ErrorCode::keyring_missing:
    case ErrorCode::party_unknown:
    case ErrorCode::proposal_unknown:
    case ErrorCode::smart_client_unknown:
    case ErrorCode::smart_account_unknown:
    case ErrorCode::smart_login_over:
    case ErrorCode::smart_passkey_code_unknown:
    case ErrorCode::credential_offer_unknown:
    case ErrorCode::presentation_request_unknown:
    case ErrorCode::credential_unknown:
    case ErrorCode::status_list_unknown:
    case ErrorCode::did_not_found:
    case ErrorCode::record_signature_missing:
    case ErrorCode::credential_not_held:
    case ErrorCode::height_too_old:
    case ErrorCode::block_not_kept:
    case ErrorCode::database_missing:
      return true;
    default:
      return false;
  }
}

/// Nobody is signed in, or not with what is needed.
bool is_unknown_caller(ErrorCode code) {
  switch (code) {
    case ErrorCode::sign_in_required:
    case ErrorCode::token_invalid:
    case ErrorCode::challenge_invalid:
    case ErrorCode::sign_in_refused:
    case ErrorCode::sign_in_over:
    case ErrorCode::smart_login_refused:
    case ErrorCode::smart_client_refused:
    case ErrorCode::not_signed_in:
    case ErrorCode::keys_locked:
    case ErrorCode::passphrase_wrong:
    case ErrorCode::operator_key_wrong:
    case ErrorCode::root_superseded:
    case ErrorCode::key_unknown:
    case ErrorCode::key_revoked:
    case ErrorCode::identity_file_invalid:
      return true;
    default:
      return false;
  }
}

/// Later it may be otherwise.
bool is_passing(ErrorCode code) {
  switch (code) {
    case ErrorCode::queue_full:
    case ErrorCode::server_busy:
    case ErrorCode::wait_timed_out:
    case ErrorCode::members_too_slow:
    case ErrorCode::node_unreachable:
    case ErrorCode::custody_busy:
    case ErrorCode::journal_busy:
    case ErrorCode::sign_ins_exceeded:
    case ErrorCode::smart_attempts_exceeded:
    case ErrorCode::smart_requests_exceeded:
    case ErrorCode::smart_provider_failed:
    case ErrorCode::node_stopping:
    case ErrorCode::engine_unreachable:
    case ErrorCode::request_timed_out:
    case ErrorCode::journal_not_sealed:
    case ErrorCode::tls_required:
      return true;
    default:
      return false;
  }
}

/// It is there, in use, or was done otherwise.
bool is_conflict(ErrorCode code) {
  switch (code) {
    case ErrorCode::address_in_use:
    case ErrorCode::store_locked:
    case ErrorCode::vault_locked:
    case ErrorCode::file_exists:
    case ErrorCode::keyring_exists:
    case ErrorCode::data_folder_exists:
    case ErrorCode::transaction_replayed:
    case ErrorCode::fhir_version_conflict:
    case ErrorCode::record_version_exists:
    case ErrorCode::fhir_exists:
    case ErrorCode::fhir_match_ambiguous:
    case ErrorCode::fhir_merge_refused:
    case ErrorCode::fhir_id_erased:
    case ErrorCode::fhir_patient_merged:
    case ErrorCode::smart_entry_exists:
    case ErrorCode::smart_passkey_known:
    case ErrorCode::database_locked:
    case ErrorCode::keys_rotation_unfinished:
    case ErrorCode::presentation_replayed:
      return true;
    default:
      return false;
  }
}

}  // namespace

ExitCode exit_code_of(ErrorCode code) {
  const auto number = static_cast<std::uint16_t>(code);
  if (number >= 1222 && number <= 1235) return ExitCode::altered;
  if (number >= 1241 && number <= 1244) return ExitCode::altered;        // checkpoints
  if (number >= 3043 && number <= 3047) return ExitCode::altered;        // the read journal
  if (number >= 4150 && number <= 4160) return ExitCode::input_invalid;  // FHIR as data
  if (number >= 5013 && number <= 5017) return ExitCode::unreachable;    // TLS
  if (is_missing(code)) return ExitCode::not_found;
  if (is_unknown_caller(code)) return ExitCode::not_signed_in;
  if (is_conflict(code)) return ExitCode::conflict;
  if (is_passing(code)) return ExitCode::unreachable;
  switch (code) {
    case ErrorCode::ledger_record_altered:
    case ErrorCode::store_corrupt:
    case ErrorCode::content_differs:
    case ErrorCode::access_list_unsigned:
    case ErrorCode::signed_history_differs:
    case ErrorCode::genesis_differs:
    case ErrorCode::database_corrupt:
    case ErrorCode::record_altered:
    case ErrorCode::body_altered:
    case ErrorCode::keyring_altered:
    case ErrorCode::index_differs:
    case ErrorCode::own_key_differs:
    case ErrorCode::erasure_certificate_invalid:
    case ErrorCode::credential_signature_invalid:
    case ErrorCode::record_signature_invalid:
      return ExitCode::altered;
    case ErrorCode::dry_run:
      return ExitCode::done;
    case ErrorCode::usage_invalid:
      return ExitCode::wrong_usage;
    case ErrorCode::access_refused:
    case ErrorCode::access_not_permitted:
    case ErrorCode::role_refused:
    case ErrorCode::scope_insufficient:
    case ErrorCode::consent_refused:
    case ErrorCode::contract_refused:
    case ErrorCode::organisation_elsewhere:
    case ErrorCode::signing_request_for_others:
    case ErrorCode::delegation_exceeded:
    case ErrorCode::member_quota_exceeded:
    case ErrorCode::session_consents_exceeded:
    case ErrorCode::credential_issuer_unaccredited:
    case ErrorCode::credential_expired:
    case ErrorCode::credential_revoked:
    case ErrorCode::credential_suspended:
    case ErrorCode::credential_holder_unproved:
      return ExitCode::refused;
    default:
      return is_input_error(code) || (number >= 4400 && number < 4460) ? ExitCode::input_invalid
                                                                       : ExitCode::failed;
  }
}

Language language_of(std::string_view locale) {
  return locale.starts_with("zh") ? Language::chinese : Language::english;
}

void Console::result(std::string_view line) const {
  print(stdout, line);
  if (!line.ends_with('\n')) print(stdout, "\n");
  std::fflush(stdout);
}

void Console::answer(std::string_view object, std::string_view schema) const {
  result(answer_text(parsed(object).root(), schema));
}

void Console::document(std::string_view text) const { result(json::write(parsed(text).root())); }

std::string Console::words(std::string_view english) const {
  return options_.language == Language::chinese ? in_chinese(english) : std::string(english);
}

void Console::say(std::string_view english, std::string_view chinese) const {
  if (options_.quiet) return;
  print(stderr, pick(english, chinese));
  print(stderr, "\n");
}

void Console::done(std::string_view english, std::string_view chinese) const {
  if (options_.quiet) return;
  print(stderr, options_.color ? "\033[32m✓\033[0m " : "✓ ");
  say(english, chinese);
}

std::string Console::detail_of(const Error& error) const {
  const ErrorInfo& info = describe(error.code);
  if (error.message == info.en) return {};
  // `make_error` puts the detail behind the English sentence.
  const std::string sentence = make_error(error.code, "").message;
  std::string_view detail = error.message;
  if (detail.starts_with(sentence)) detail.remove_prefix(sentence.size());
  return words(detail);
}

std::string Console::sentence_of(const Error& error) const {
  if (options_.language != Language::chinese) return error.message;
  const std::string detail = detail_of(error);
  std::string_view title = describe(error.code).zh;
  if (detail.empty()) return std::string(title);
  constexpr std::string_view full_stop = "。";
  if (title.ends_with(full_stop)) title.remove_suffix(full_stop.size());
  return std::string(title) + ":" + detail;
}

int Console::fail(const Error& error, const Help& help) const {
  const ErrorInfo& info = describe(error.code);
  if (error.code == ErrorCode::dry_run && !options_.json) {
    const std::string sentence = sentence_of(error);
    done(sentence, sentence);
    return static_cast<int>(ExitCode::done);
  }
  const std::string code = code_text(info.number);
  const auto exit_code = static_cast<int>(exit_code_of(error.code));
  if (options_.json) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/error/v1").key("error").begin_object();
    out.key("code").string(code).key("name").string(info.name);
    out.key("message").string(sentence_of(error));
    out.key("title").string(pick(info.en, info.zh));
    out.key("fix").string(pick(info.en_fix, info.zh_fix));
    out.key("request_id").string(error.request_id).key("did_you_mean").string(help.meant);
    out.key("log").string(help.log).key("exit_code").integer(exit_code).end_object();
    answer(out.end_object().take());
    return exit_code;
  }
  const auto line = [](std::string_view heading, std::string_view text) {
    if (!text.empty()) print(stderr, "  " + std::string(heading) + std::string(text) + "\n");
  };
  print(stderr, options_.color ? "\033[31m✗\033[0m " : "✗ ");
  print(stderr, pick(info.en, info.zh));
  print(stderr, " (" + code + ")\n");
  line(pick("why: ", "原因: "), detail_of(error));
  line(pick("did you mean: ", "您是否想输入: "), help.meant);
  line(pick("fix: ", "处理: "), pick(info.en_fix, info.zh_fix));
  line(pick("request: ", "请求编号: "), error.request_id);
  line(pick("log: ", "日志: "), help.log);
  return exit_code;
}

void Progress::update(std::uint64_t done, std::uint64_t total, std::uint64_t now_ms) {
  const Console::Options& options = console_.options();
  if (!options.progress || options.quiet || options.json) return;
  if (now_ms - shown_ms_ < 200 && done != total) return;
  shown_ms_ = now_ms;
  shown_ = true;
  const std::uint64_t elapsed_ms = now_ms > start_ms_ ? now_ms - start_ms_ : 1;
  const std::uint64_t rate = done * 1000 / elapsed_ms;
  if (total == 0) {
    print(stderr,
          "\r" + label_ + " " + std::to_string(done) + "  " + std::to_string(rate) + "/s  ");
    return;
  }
  const std::uint64_t left_s = rate == 0 || total < done ? 0 : (total - done) / rate;
  print(stderr, "\r" + label_ + " " + bar(done, total) + " " + std::to_string(done) + "/" +
                    std::to_string(total) + "  " + std::to_string(rate) + "/s  " +
                    std::to_string(left_s) + " s  ");
}

void Progress::finish() {
  if (shown_) print(stderr, "\n");
  shown_ = false;
}

}  // namespace xl
