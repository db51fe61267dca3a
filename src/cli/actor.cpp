// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/actor.h"

#include "base/file.h"
#include "cli/words.h"
#include "client/token_cache.h"
#include "crypto/passphrase_prompt.h"
#include "model/limits.h"

namespace xl::cli {

namespace keyfile = crypto::keyfile;

namespace {

bool may_prompt(const Session& options) { return !options.no_input && crypto::may_prompt(); }

std::string_view passphrase_question(const Session& options) {
  return options.console.language == Language::chinese ? "口令: " : "Passphrase: ";
}

Error needs_passphrase(const Session& options) {
  return make_error(ErrorCode::keys_locked,
                    options.no_input
                        ? "--no-input forbids to ask for the passphrase: give --passphrase-file"
                        : "give --passphrase-file, or run it at a terminal");
}

Result<Secret> passphrase_of(const Session& options) {
  if (!options.passphrase_file.empty()) {
    XL_TRY_ASSIGN(auto bytes, keyfile::read_passphrase(options.passphrase_file));
    return Secret{keyfile::Protection::passphrase, std::move(bytes)};
  }
  if (!may_prompt(options)) return needs_passphrase(options);
  XL_TRY_ASSIGN(auto bytes, crypto::prompt_passphrase(passphrase_question(options)));
  return Secret{keyfile::Protection::passphrase, std::move(bytes)};
}

Result<Secret> operator_key_of(const Session& options) {
  if (options.operator_key.empty()) {
    return make_error(ErrorCode::keys_locked, "this file wants --operator-key");
  }
  XL_TRY_ASSIGN(auto bytes, keyfile::read_operator_key(options.operator_key));
  return Secret{keyfile::Protection::operator_key, std::move(bytes)};
}

}  // namespace

Result<client::NodeAddress> address_of(const Session& options) {
  XL_TRY_ASSIGN(client::NodeAddress out, client::parse_node_url(options.node_url, options.tls));
  out.timeout_ms = options.timeout_s * 1000;
  if (options.verbose) {
    out.tell = [&options](const std::string& line) { Console(options.console).say(line, line); };
  }
  return out;
}

Result<Secret> secret_for(const Session& options, keyfile::Protection protection) {
  return protection == keyfile::Protection::passphrase ? passphrase_of(options)
                                                       : operator_key_of(options);
}

Result<Secret> secret_for_new(const Session& options) {
  if (!options.operator_key.empty()) return operator_key_of(options);
  const bool asked = options.passphrase_file.empty();
  XL_TRY_ASSIGN(Secret out, passphrase_of(options));
  if (!asked) return out;
  XL_TRY_ASSIGN(const auto again, crypto::prompt_passphrase(passphrase_question(options)));
  if (!equal(again.view(), out.bytes.view())) {
    return make_error(ErrorCode::passphrase_wrong, "the two passphrases differ");
  }
  return out;
}

Result<client::Identity> open_identity(const Session& options) {
  if (options.identity_file.empty()) return make_error(ErrorCode::not_signed_in);
  XL_TRY_ASSIGN(const auto protection, client::protection_of(options.identity_file));
  XL_TRY_ASSIGN(const Secret secret, secret_for(options, protection));
  return client::read_identity(options.identity_file, secret.view());
}

Result<Actor> Actor::open(const Session& options) {
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(options));
  XL_TRY_ASSIGN(const client::Identity identity, open_identity(options));
  Actor out;
  out.options_ = &options;
  out.organisation_ = identity.organisation;
  if (!options.organisation.empty()) {
    XL_TRY_ASSIGN(out.organisation_, id_of(options.organisation, "--organisation"));
  }
  out.roles_ = identity.roles;
  if (!options.roles.empty()) {
    XL_TRY_ASSIGN(out.roles_, roles_of_words(options.roles));
  }
  if (identity.kind == contracts::PartyKind::practitioner && out.roles_.empty()) {
    return make_error(ErrorCode::usage_invalid, "the identity file names no role: give --role");
  }
  out.session_ = std::make_unique<client::Session>(std::move(address), identity, *out.clock_);
  if (options.dry_run) out.session_->only_show();
  return out;
}

Result<Actor> Actor::signed_in(const Session& options) {
  XL_TRY_ASSIGN(Actor out, open(options));
  const model::Id own = out.identity().organisation;
  if (options.cache_folder.empty()) {
    XL_TRY(out.session_->sign_in(own, out.roles_));
  } else {
    client::TokenCache cache(options.cache_folder);
    XL_TRY(cache.sign_in(*out.session_, options.node_url, own, out.roles_, out.now_ms()));
  }
  return out;
}

Actor::~Actor() {
  if (!session_ || session_->token().empty() || options_->cache_folder.empty()) return;
  const client::TokenCache cache(options_->cache_folder);
  cache.keep(*session_, options_->node_url, session_->identity().organisation, roles_);
}

Result<client::HttpResponse> Actor::ask(std::string_view method, const std::string& path,
                                        std::string_view content_type, std::string_view body,
                                        std::map<std::string, std::string> headers) {
  if (!options_->purpose.empty()) headers["X-Purpose-Of-Use"] = options_->purpose;
  if (!options_->emergency.empty()) headers["X-Emergency-Entry"] = options_->emergency;
  return session_->ask(method, "/o/" + organisation_.text() + path, content_type, body,
                       std::move(headers));
}

Result<client::HttpResponse> Actor::fhir(std::string_view method, const std::string& path,
                                         std::string_view body,
                                         std::map<std::string, std::string> headers) {
  return ask(method, "/fhir/" + path, body.empty() ? "" : "application/fhir+json", body,
             std::move(headers));
}

Result<model::Id> id_of(const std::string& text, std::string_view option) {
  const auto id =
      text.starts_with(model::did_prefix) ? model::id_from_did(text) : model::id_from_text(text);
  if (id.ok()) return *id;
  return make_error(ErrorCode::usage_invalid,
                    std::string(option) + " is a DID (did:xinglin:…) or its 26 characters");
}

Result<model::Genesis> genesis_of(const std::string& file, const Session& options) {
  if (!file.empty()) {
    XL_TRY_ASSIGN(const Bytes raw, read_file(file, limits::genesis_bytes_max));
    return json::in_file(model::read_genesis(raw), text_of(raw), file);
  }
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(options));
  client::HttpClient http(std::move(address));
  XL_TRY_ASSIGN(const client::HttpResponse answer, http.get("/ledger/v1/genesis"));
  if (answer.status != 200) return client::error_of(answer);
  return model::read_genesis(view_of(answer.body));
}

}  // namespace xl::cli
