// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/auth/tokens.h"

#include <algorithm>

#include "base/checked.h"
#include "contracts/api/shape.h"
#include "contracts/identity/sign_in.h"
#include "contracts/identity/view.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/signature.h"
#include "model/canonical.h"

namespace xl::gateway::auth {

namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

constexpr std::uint64_t challenge_ms = 60'000;
constexpr std::uint64_t token_ms = 15 * 60 * 1000;
constexpr std::size_t signed_in_max = 10'000;
constexpr std::size_t tokens_per_key_max = 64;
constexpr std::size_t used_challenges_max = 100'000;
constexpr std::size_t token_bytes = 32;
constexpr std::size_t challenge_random_bytes = 16;
constexpr std::size_t challenge_bytes = 8 + challenge_random_bytes + sizeof(Hash);
constexpr std::string_view bearer = "bearer ";  // in any case (RFC 9110 §11.1)

std::string_view token_text(const http::Request& request) {
  const std::string_view header = request.header("authorization");
  const std::string_view scheme = header.substr(0, bearer.size());
  const bool same =
      std::equal(scheme.begin(), scheme.end(), bearer.begin(), bearer.end(),
                 [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  return same ? header.substr(bearer.size()) : std::string_view{};
}

/// For whom the holder of `key` acts when it signs in for `organisation`; nothing when it may not.
std::optional<custody::Principal> principal_for(const model::StateReader& state, const Hash& key_id,
                                                const xinglin::identity::v1::KeyRecord& key,
                                                const model::Id& organisation) {
  custody::Principal out;
  out.key_id = key_id;
  out.did = contracts::id_of(key.controller());
  out.organisation = organisation;
  const auto party = identity::find_party(state, out.did);
  if (!party) return std::nullopt;
  out.kind = static_cast<PartyKind>(party->kind());
  switch (out.kind) {
    case PartyKind::organisation:
      if (out.did != organisation || (key.purposes() & contracts::purpose_sign) == 0) return {};
      return out;
    case PartyKind::service:
      if (identity::custodian_of(*party) != organisation ||
          (key.purposes() & contracts::purpose_sign) == 0) {
        return std::nullopt;
      }
      return out;
    case PartyKind::practitioner:
    case PartyKind::patient:
    case PartyKind::guardian:
      // People never sign in with the key that manages them: it can be kept away from the network.
      if (!key.has_delegation() ||
          contracts::id_of(key.delegation().organisation()) != organisation) {
        return std::nullopt;
      }
      out.roles.assign(key.delegation().roles().begin(), key.delegation().roles().end());
      return out;
  }
  return std::nullopt;
}

}  // namespace

Tokens::Tokens(const custody::LedgerPort& port) : port_(port), secret_(32) {
  crypto::random_bytes(secret_);
}

Tokens::Challenge Tokens::challenge(std::string_view statement) const {
  Challenge out;
  out.expires_ms = port_.now_ms() + challenge_ms;
  Bytes bytes;
  append_be(bytes, out.expires_ms);
  bytes.resize(bytes.size() + challenge_random_bytes);
  crypto::random_bytes(std::span(bytes).last(challenge_random_bytes));
  append(bytes, crypto::hmac_sha256(secret_, {bytes, view_of(statement)}));
  out.text = std::string(statement);
  if (!statement.empty()) out.text += identity::statement_mark;
  out.text += to_base64url(bytes);
  return out;
}

Status Tokens::use_challenge(std::string_view text) {
  const std::string_view statement = identity::statement_of(text);
  const std::size_t before =
      statement.empty() ? 0 : statement.size() + identity::statement_mark.size();
  Bytes bytes;
  if (!from_base64url(text.substr(before), bytes) || bytes.size() != challenge_bytes) {
    return make_error(ErrorCode::challenge_invalid);
  }
  const ByteView all(bytes);
  const ByteView told = all.first(bytes.size() - sizeof(Hash));
  const Hash expected = crypto::hmac_sha256(secret_, {told, view_of(statement)});
  if (!crypto::equal_constant_time(expected, all.last(sizeof(Hash)))) {
    return make_error(ErrorCode::challenge_invalid);
  }
  const auto expires_ms = read_be<std::uint64_t>(told);
  const std::uint64_t now = port_.now_ms();
  if (now >= expires_ms) return make_error(ErrorCode::challenge_invalid);
  const std::scoped_lock lock(mutex_);
  std::erase_if(used_challenges_, [&](const auto& one) { return one.second <= now; });
  if (used_challenges_.size() >= used_challenges_max) {
    return make_error(ErrorCode::sign_ins_exceeded);
  }
  if (!used_challenges_.emplace(text, expires_ms).second) {
    return make_error(ErrorCode::challenge_invalid);
  }
  return {};
}

Result<Tokens::SignedIn> Tokens::check(const Answer& answer) const {
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(port_));
  const auto refused = [] { return make_error(ErrorCode::sign_in_refused); };
  const auto key = identity::find_key(*view.state, answer.key_id);
  if (!key || !identity::is_active(*key, view.now_ms)) return refused();
  const auto principal = principal_for(*view.state, answer.key_id, *key, answer.organisation);
  if (!principal || !custody::still_holds(*principal, *view.state, view.now_ms)) return refused();
  const Bytes signed_text = identity::sign_in_bytes(
      port_.ledger().genesis().network, answer.organisation, answer.key_id, answer.challenge);
  if (!crypto::verify(static_cast<crypto::Algorithm>(key->algorithm()), view_of(key->public_key()),
                      signed_text, answer.signature)) {
    return refused();
  }
  SignedIn out{{*principal, nullptr}, view.now_ms + token_ms, key->not_after_ms()};
  out.caller.principal.sign_in = {model::encode(*key), answer.challenge, answer.signature};
  if (key->not_after_ms() != 0) out.expires_ms = std::min(out.expires_ms, key->not_after_ms());
  return out;
}

Result<Token> Tokens::sign_in(const Answer& answer) {
  XL_TRY_ASSIGN(SignedIn signed_in, authenticate(answer));
  return issue(std::move(signed_in));
}

Result<Tokens::SignedIn> Tokens::authenticate(const Answer& answer) {
  XL_TRY_ASSIGN(SignedIn signed_in, check(answer));
  XL_TRY(use_challenge(answer.challenge));  // last: a wrong signature uses nothing up
  return signed_in;
}

Result<Tokens::SignedIn> Tokens::stated(const model::Id& organisation,
                                        const crypto::SigningKey& key,
                                        std::string_view statement) const {
  Answer answer;
  answer.organisation = organisation;
  answer.key_id = model::key_id_of(key.algorithm(), key.public_key());
  answer.challenge = challenge(statement).text;
  answer.signature = key.sign(identity::sign_in_bytes(
      port_.ledger().genesis().network, organisation, answer.key_id, answer.challenge));
  return check(answer);
}

Result<custody::Principal> Tokens::signed_in_elsewhere(const Answer& answer) const {
  XL_TRY_ASSIGN(SignedIn signed_in, check(answer));
  return std::move(signed_in.caller.principal);
}

Result<Token> Tokens::issue(SignedIn signed_in) {
  Bytes token(token_bytes);
  crypto::random_bytes(token);
  const Token out{to_base64url(token), signed_in.expires_ms};
  const std::scoped_lock lock(mutex_);
  make_room(signed_in);
  if (signed_in_.size() >= signed_in_max) return make_error(ErrorCode::sign_ins_exceeded);
  signed_in_.emplace(crypto::sha256(view_of(out.text)), std::move(signed_in));
  return out;
}

/// One key, through one app or itself, holds a few tokens, the oldest goes for a new one: nobody
/// fills the table alone. Those whom an organisation vouches for share its key, but not its share.
void Tokens::make_room(const SignedIn& fresh) {
  if (signed_in_.size() >= signed_in_max) drop_expired(port_.now_ms());
  const auto subject = [](const SignedIn& one) {
    return one.caller.grant ? std::string_view(one.caller.grant->subject) : std::string_view{};
  };
  auto oldest = signed_in_.end();
  std::size_t held = 0;
  for (auto one = signed_in_.begin(); one != signed_in_.end(); ++one) {
    const SignedIn& other = one->second;
    if (other.caller.principal.key_id != fresh.caller.principal.key_id ||
        subject(other) != subject(fresh)) {
      continue;
    }
    ++held;
    if (oldest == signed_in_.end() || other.expires_ms < oldest->second.expires_ms) oldest = one;
  }
  if (held >= tokens_per_key_max) signed_in_.erase(oldest);
}

void Tokens::drop_expired(std::uint64_t now_ms) {
  std::erase_if(signed_in_, [&](const auto& one) { return one.second.expires_ms <= now_ms; });
}

Result<bool> Tokens::holds(const SignedIn& signed_in) const {
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(port_));
  if (signed_in.rests_on) {
    const auto key = identity::find_key(*view.state, *signed_in.rests_on);
    if (!key || !identity::is_active(*key, view.now_ms)) return false;
  }
  return custody::still_holds(signed_in.caller.principal, *view.state, view.now_ms);
}

Result<Tokens::SignedIn> Tokens::find(std::string_view token) {
  const Hash digest = crypto::sha256(view_of(token));
  std::optional<SignedIn> found;
  {
    const std::scoped_lock lock(mutex_);
    const auto there = signed_in_.find(digest);
    if (there != signed_in_.end() && there->second.expires_ms > port_.now_ms()) {
      found = there->second;
    }
  }
  if (!found) return make_error(ErrorCode::token_invalid);
  XL_TRY_ASSIGN(const bool still, holds(*found));
  if (!still) {
    const std::scoped_lock lock(mutex_);
    signed_in_.erase(digest);
    return make_error(ErrorCode::sign_in_over);
  }
  return std::move(*found);
}

Result<Caller> Tokens::caller_of(const http::Request& request) {
  const std::string_view text = token_text(request);
  if (text.empty()) return make_error(ErrorCode::sign_in_required);
  XL_TRY_ASSIGN(SignedIn found, find(text));
  return std::move(found.caller);
}

Result<custody::Principal> Tokens::principal_of(const http::Request& request) {
  XL_TRY_ASSIGN(Caller caller, caller_of(request));
  if (caller.grant) {
    return make_error(ErrorCode::scope_insufficient, "an app's token is for the FHIR server alone");
  }
  return std::move(caller.principal);
}

std::optional<Tokens::SignedIn> Tokens::look_up(std::string_view token) {
  auto found = find(token);
  if (!found.ok()) return std::nullopt;
  return std::move(*found);
}

void Tokens::end(const std::function<bool(const Grant&)>& which) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(signed_in_, [&](const auto& one) {
    const auto& grant = one.second.caller.grant;
    return grant && which(*grant);
  });
}

Status Tokens::sign_out(const http::Request& request) {
  const std::string_view text = token_text(request);
  if (text.empty()) return make_error(ErrorCode::sign_in_required);
  const std::scoped_lock lock(mutex_);
  signed_in_.erase(crypto::sha256(view_of(text)));
  return {};
}

}  // namespace xl::gateway::auth
