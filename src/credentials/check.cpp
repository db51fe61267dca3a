// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/check.h"

#include <algorithm>

#include "contracts/api/contract.h"
#include "contracts/api/shape.h"
#include "contracts/credentials/records.h"
#include "contracts/identity/view.h"
#include "credentials/did.h"

namespace xl::credentials {

namespace identity = contracts::identity;
namespace ledger = contracts::credentials;
using xinglin::identity::v1::KeyRecord;

namespace {

constexpr std::uint64_t second_ms = 1000;
/// An issuer's clock may be ahead of ours.
constexpr std::uint64_t ahead_ms = 60'000;

Error bad_credential() { return make_error(ErrorCode::credential_malformed); }

bool is_sd_jwt_type(std::string_view type) { return type == "dc+sd-jwt" || type == "vc+sd-jwt"; }

/// Could the key sign at this time, as far as the ledger says?
bool was_active(const KeyRecord& key, std::uint64_t at_ms) {
  return (key.purposes() & contracts::purpose_sign) != 0 && !key.has_delegation() &&
         at_ms + ahead_ms >= key.not_before_ms() &&
         (key.not_after_ms() == 0 || at_ms < key.not_after_ms()) &&
         (key.revoked_at_ms() == 0 || at_ms < key.revoked_at_ms());
}

/// The issuer's key by which the token says that it was signed.
Result<KeyRecord> issuer_key(const Jwt& token, const model::StateReader& state,
                             const model::Id& issuer, std::uint64_t at_ms) {
  const auto named = read_key_url(token.key_id);
  if (!named || named->did != issuer) return make_error(ErrorCode::credential_issuer_unknown);
  auto record = identity::find_key(state, named->key_id);
  if (!record || contracts::id_of(record->controller()) != issuer || !was_active(*record, at_ms)) {
    return make_error(ErrorCode::credential_issuer_unknown);
  }
  return std::move(*record);
}

Status check_signature(const Jwt& token, const KeyRecord& record) {
  const auto key = crypto::jws_key_of(static_cast<crypto::Algorithm>(record.algorithm()),
                                      view_of(record.public_key()));
  if (!key.ok() || !verify(token, *key)) {
    return make_error(ErrorCode::credential_signature_invalid);
  }
  return {};
}

/// How one entry stands by the bits of the list.
ledger::BitStatus bit_now(const model::StateReader& state, const StatusPlace& place) {
  xinglin::credentials::v1::StatusChunk chunk;
  const auto list = ledger::find_list(state, place.list);
  const std::uint32_t number = place.index / ledger::chunk_entries;
  const std::string& digest = list->chunk_digests(static_cast<int>(number));
  if (digest.empty()) return ledger::BitStatus::clear;
  if (!contracts::load_record(state, ledger::chunk_key(place.list, number), chunk)) {
    return ledger::BitStatus::unknown;
  }
  return bit_at(view_of(chunk.bits()), place.index % ledger::chunk_entries)
             ? ledger::BitStatus::set
             : ledger::BitStatus::clear;
}

Standing standing_of(const StatusPlace& place, const model::StateReader& state,
                     const model::Id& issuer, const Moment& moment) {
  const auto list = ledger::find_list(state, place.list);
  const bool fits = list && contracts::id_of(list->issuer()) == issuer &&
                    list->purpose() == static_cast<std::uint32_t>(place.purpose) &&
                    place.index < list->entries();
  if (!fits) return Standing::unknown;
  const ledger::BitStatus bit =
      moment.then ? ledger::status_at(state, place.list, place.index, moment.now_ms)
                  : bit_now(state, place);
  if (bit == ledger::BitStatus::unknown) return Standing::unknown;
  if (bit == ledger::BitStatus::clear) return Standing::valid;
  return place.purpose == StatusPurpose::revocation ? Standing::revoked : Standing::suspended;
}

/// The worst of all that is said of it.
Standing standing_of(const Checked& credential, std::uint64_t not_before_s,
                     const model::StateReader& state, const Moment& moment) {
  bool suspended = false;
  bool unknown = false;
  for (const StatusPlace& place : credential.places) {
    const Standing one = standing_of(place, state, credential.issuer, moment);
    if (one == Standing::revoked) return one;
    suspended = suspended || one == Standing::suspended;
    unknown = unknown || one == Standing::unknown;
  }
  if (credential.until_s != 0 && moment.now_ms / second_ms >= credential.until_s) {
    return Standing::expired;
  }
  if ((moment.now_ms + ahead_ms) / second_ms < not_before_s) return Standing::not_yet;
  if (suspended) return Standing::suspended;
  return unknown ? Standing::unknown : Standing::valid;
}

}  // namespace

std::string_view standing_word(Standing standing) {
  switch (standing) {
    case Standing::valid:
      return "valid";
    case Standing::not_yet:
      return "not-yet-valid";
    case Standing::expired:
      return "expired";
    case Standing::revoked:
      return "revoked";
    case Standing::suspended:
      return "suspended";
    case Standing::unknown:
      break;
  }
  return "unknown";
}

ErrorCode error_of(Standing standing) {
  switch (standing) {
    case Standing::not_yet:
    case Standing::expired:
      return ErrorCode::credential_expired;
    case Standing::revoked:
      return ErrorCode::credential_revoked;
    case Standing::suspended:
      return ErrorCode::credential_suspended;
    default:
      return ErrorCode::credential_status_unknown;
  }
}

namespace {

/// Errors: credential_claims_invalid (the issuer speaks of itself under another's name).
Status check_names(const Checked& checked,
                   const std::optional<xinglin::identity::v1::PartyRecord>& party) {
  const std::string_view claim = issuer_name_claim(checked.type.type);
  if (claim.empty() || !party || !ledger::issues_by_nature(*party, checked.type.type)) return {};
  const auto said = checked.claims.root().find(claim).as_string();
  return said == checked.issuer_name
             ? Status{}
             : Status(make_error(ErrorCode::credential_claims_invalid, claim));
}

}  // namespace

Result<Checked> check_credential(const SdJwt& text, const model::StateReader& state,
                                 const Moment& moment) {
  const auto token = read_jwt(text.issued, {sd_jwt_bytes_max, claims_depth_max});
  if (!token.ok() || !is_sd_jwt_type(token->type())) return bad_credential();
  Checked out;
  const auto issuer = model::id_from_did(token->text("iss"));
  const auto issued_s = token->seconds("iat");
  if (!issuer.ok() || !issued_s || *issued_s > UINT32_MAX) return bad_credential();
  out.issuer = *issuer;
  out.issued_s = *issued_s;
  const std::uint64_t issued_ms = out.issued_s * second_ms;
  XL_TRY_ASSIGN(const KeyRecord key, issuer_key(*token, state, *issuer, issued_ms));
  XL_TRY(check_signature(*token, key));
  out.issuer_key_ended_ms = key.revoked_at_ms();
  XL_TRY_ASSIGN(out.claims, disclose(token->payload.root(), text.disclosures));
  out.vct = token->text("vct");
  XL_TRY_ASSIGN(out.type, type_of_vct(out.vct));
  // `iat` is a whole second: the accreditation may have begun and ended within it.
  if (!ledger::may_issue(state, out.issuer, out.type.type, issued_ms, second_ms - 1)) {
    return make_error(ErrorCode::credential_issuer_unaccredited);
  }
  const auto party = identity::find_party(state, out.issuer);
  out.issuer_name = party ? party->name() : "";
  XL_TRY(check_names(out, party));
  const json::Value payload = token->payload.root();
  XL_TRY_ASSIGN(out.places, read_status(payload.find("credentialStatus")));
  const json::Value holder = payload.find("cnf").find("jwk");
  if (holder.present()) {
    auto read = read_jwk(holder);
    if (!read.ok()) return bad_credential();
    out.holder = std::move(read->key);
  }
  for (const std::string_view time : {"exp", "nbf"}) {
    if (payload.find(time).present() && !token->seconds(time)) return bad_credential();
  }
  out.until_s = token->seconds("exp").value_or(0);
  out.standing = standing_of(out, token->seconds("nbf").value_or(0), state, moment);
  return out;
}

}  // namespace xl::credentials
