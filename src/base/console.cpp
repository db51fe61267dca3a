// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/console.h"

#include <cstdio>

#include "base/json/writer.h"

namespace xl {
namespace {

void print(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
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
    case ErrorCode::search_value_invalid:
    case ErrorCode::search_type_unknown:
    case ErrorCode::search_page_invalid:
    case ErrorCode::fhir_interaction_unsupported:
    case ErrorCode::fhir_parameter_unsupported:
    case ErrorCode::fhir_patient_unknown:
    case ErrorCode::fhir_patient_fixed:
    case ErrorCode::fhir_identity_mismatched:
    case ErrorCode::fhir_bundle_invalid:
    case ErrorCode::fhir_bundle_too_large:
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
      return true;
    default:
      return false;
  }
}

}  // namespace

ExitCode exit_code_of(ErrorCode code) {
  const auto number = static_cast<std::uint16_t>(code);
  if (number >= 1222 && number <= 1235) return ExitCode::altered;
  if (number >= 3043 && number <= 3047) return ExitCode::altered;        // the read journal
  if (number >= 4150 && number <= 4160) return ExitCode::input_invalid;  // FHIR as data
  if (number >= 5013 && number <= 5017) return ExitCode::unreachable;    // TLS
  if (is_missing(code)) return ExitCode::not_found;
  switch (code) {
    case ErrorCode::ledger_record_altered:
    case ErrorCode::store_corrupt:
    case ErrorCode::content_differs:
    case ErrorCode::signed_history_differs:
    case ErrorCode::genesis_differs:
    case ErrorCode::database_corrupt:
    case ErrorCode::record_altered:
    case ErrorCode::body_altered:
    case ErrorCode::keyring_altered:
    case ErrorCode::index_differs:
    case ErrorCode::own_key_differs:
    case ErrorCode::erasure_certificate_invalid:
      return ExitCode::altered;
    case ErrorCode::dry_run:
      return ExitCode::done;
    case ErrorCode::usage_invalid:
      return ExitCode::wrong_usage;
    case ErrorCode::sign_in_required:
    case ErrorCode::token_invalid:
    case ErrorCode::challenge_invalid:
    case ErrorCode::sign_in_refused:
    case ErrorCode::sign_in_over:
    case ErrorCode::not_signed_in:
    case ErrorCode::keys_locked:
    case ErrorCode::passphrase_wrong:
    case ErrorCode::operator_key_wrong:
    case ErrorCode::root_superseded:
    case ErrorCode::key_unknown:
    case ErrorCode::key_revoked:
    case ErrorCode::identity_file_invalid:
      return ExitCode::not_signed_in;
    case ErrorCode::access_refused:
    case ErrorCode::access_not_permitted:
    case ErrorCode::role_refused:
    case ErrorCode::consent_refused:
    case ErrorCode::contract_refused:
    case ErrorCode::organisation_elsewhere:
    case ErrorCode::signing_request_for_others:
      return ExitCode::refused;
    case ErrorCode::address_in_use:
    case ErrorCode::store_locked:
    case ErrorCode::vault_locked:
    case ErrorCode::keyring_exists:
    case ErrorCode::data_folder_exists:
    case ErrorCode::transaction_replayed:
    case ErrorCode::fhir_version_conflict:
    case ErrorCode::record_version_exists:
      return ExitCode::conflict;
    case ErrorCode::queue_full:
    case ErrorCode::server_busy:
    case ErrorCode::wait_timed_out:
    case ErrorCode::node_unreachable:
    case ErrorCode::custody_busy:
    case ErrorCode::journal_busy:
    case ErrorCode::sign_ins_exceeded:
    case ErrorCode::node_stopping:
      return ExitCode::unreachable;
    default:
      return is_input_error(code) ? ExitCode::input_invalid : ExitCode::failed;
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

std::string Console::sentence_of(const Error& error) const {
  const ErrorInfo& info = describe(error.code);
  if (options_.language != Language::chinese) return error.message;
  if (error.message == info.en) return std::string(info.zh);
  // `make_error` puts the detail behind the English sentence.
  std::string_view sentence = info.en;
  if (sentence.ends_with('.')) sentence.remove_suffix(1);
  std::string_view detail = error.message;
  if (detail.starts_with(sentence) && detail.substr(sentence.size()).starts_with(": ")) {
    detail.remove_prefix(sentence.size() + 2);
  }
  constexpr std::string_view full_stop = "。";
  std::string_view title = info.zh;
  if (title.ends_with(full_stop)) title.remove_suffix(full_stop.size());
  return std::string(title) + ":" + std::string(detail);
}

int Console::fail(const Error& error) const {
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
    out.begin_object().key("error").begin_object().key("code").string(code);
    out.key("name").string(info.name).key("message").string(error.message);
    out.key("title")
        .string(pick(info.en, info.zh))
        .key("fix")
        .string(pick(info.en_fix, info.zh_fix));
    out.key("exit_code").integer(exit_code).end_object().end_object();
    result(out.take());
    return exit_code;
  }
  print(stderr, options_.color ? "\033[31m✗\033[0m " : "✗ ");
  print(stderr, pick(info.en, info.zh));
  print(stderr, " (" + code + ")\n");
  if (error.message != info.en) {
    print(stderr, std::string(pick("  why: ", "  原因: ")) + sentence_of(error) + "\n");
  }
  print(stderr, std::string(pick("  fix: ", "  处理: ")) +
                    std::string(pick(info.en_fix, info.zh_fix)) + "\n");
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
