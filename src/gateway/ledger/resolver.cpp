// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/resolver.h"

#include <optional>

#include "base/json/writer.h"
#include "contracts/governance/records.h"
#include "contracts/governance/view.h"
#include "contracts/identity/records.h"
#include "contracts/identity/view.h"
#include "credentials/did.h"
#include "gateway/ledger/proved.h"
#include "gateway/problem.h"
#include "model/comet/json.h"

namespace xl::gateway::ledger {

namespace identity = contracts::identity;
namespace governance = contracts::governance;
namespace vc = xl::credentials;
using contracts::PartyKind;

namespace {

constexpr std::string_view resolution_media = "application/did-resolution";
constexpr std::string_view json_media = "application/did+json";
constexpr std::string_view json_ld_media = "application/did+ld+json";

/// What the Accept header asks for, in the order of its list; q-values are not weighed.
enum class Wanted : std::uint8_t { resolution, json, json_ld };

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<Wanted> wanted_of(std::string_view accept) {
  if (trimmed(accept).empty()) return Wanted::resolution;
  while (!accept.empty()) {
    const std::size_t comma = accept.find(',');
    const std::string_view range = accept.substr(0, comma);
    const std::string_view media = trimmed(range.substr(0, range.find(';')));
    if (media == json_media) return Wanted::json;
    if (media == json_ld_media) return Wanted::json_ld;
    if (media == resolution_media || media == "application/json" || media == "*/*" ||
        media == "application/*" || media == "application/ld+json") {
      return Wanted::resolution;
    }
    accept = comma == std::string_view::npos ? std::string_view{} : accept.substr(comma + 1);
  }
  return std::nullopt;
}

std::string_view word_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::did_invalid:
      return "invalidDid";
    case ErrorCode::did_method_unsupported:
      return "methodNotSupported";
    case ErrorCode::did_representation_unsupported:
      return "representationNotSupported";
    default:
      return "notFound";
  }
}

http::Response refusal_of(ErrorCode code) {
  const ErrorInfo& info = describe(code);
  json::Writer out;
  out.begin_object().key("@context").string("https://w3id.org/did-resolution/v1");
  out.key("didDocument").null().key("didResolutionMetadata").begin_object();
  out.key("error").string(word_of(code)).key("code").string(code_text(info.number));
  out.key("message").string(info.en).key("message_zh").string(info.zh);
  out.end_object().key("didDocumentMetadata").begin_object().end_object().end_object();
  http::Response response = json_response(out.take(), status_of(code));
  response.content_type = resolution_media;
  return response;
}

/// A document with what is said about it.
struct Resolved {
  std::string document;
  vc::DidForm form{};
  std::string metadata = "{}";  ///< a JSON object
  bool deactivated = false;
};

std::string resolution_text(const Resolved& resolved) {
  const std::string_view media = resolved.form == vc::DidForm::json ? json_media : json_ld_media;
  return R"({"@context":"https://w3id.org/did-resolution/v1","didDocument":)" + resolved.document +
         R"(,"didResolutionMetadata":{"contentType":")" + std::string(media) +
         R"("},"didDocumentMetadata":)" + resolved.metadata + "}";
}

/// The party with the keys that speak for it now. Nothing when there is none, or when it is not
/// for this requester.
std::optional<vc::Party> party_for(const Services& services, const http::Request& request,
                                   const model::StateReader& state, const model::Id& did) {
  auto record = identity::find_party(state, did);
  if (!record) return std::nullopt;
  const auto kind = static_cast<PartyKind>(record->kind());
  const bool open = kind == PartyKind::organisation || kind == PartyKind::service;
  if (!open && !services.tokens.principal_of(request).ok()) return std::nullopt;
  vc::Party out{did, std::move(*record), {}, {}};
  for (const Hash& id : identity::keys_of(state, did)) {
    auto key = identity::find_key(state, id);
    if (key) out.keys.push_back({id, std::move(*key)});
  }
  const auto member = governance::find_member(state, did);
  if (member && governance::is_present(*member)) out.gateway = member->gateway();
  return out;
}

/// The receipts of everything that the document is made of.
Status write_proof(json::Writer& out, const Services& services, const vc::Party& party) {
  const std::uint64_t height = services.ledger.provable_height();
  out.key("proof").begin_object().key("height").string(std::to_string(height));
  xinglin::identity::v1::PartyRecord record;
  out.key("party").begin_object();
  XL_TRY(write_receipt_of(out, services, identity::party_key(party.did), height,
                          ErrorCode::did_not_found, record));
  out.end_object().key("keys").begin_array();
  for (const vc::PartyKey& one : party.keys) {
    out.begin_object().key("id").string(to_hex(one.id));
    xinglin::identity::v1::KeyRecord key;
    XL_TRY(write_receipt_of(out, services, identity::key_key(one.id), height,
                            ErrorCode::did_not_found, key));
    out.end_object();
  }
  out.end_array();
  if (!party.gateway.empty()) {
    out.key("member").begin_object();
    xinglin::governance::v1::MemberRecord member;
    XL_TRY(write_receipt_of(out, services, governance::member_key(party.did), height,
                            ErrorCode::did_not_found, member));
    out.end_object();
  }
  out.end_object();
  return {};
}

Result<Resolved> resolve_party(const Services& services, const http::Request& request,
                               const model::Id& did, vc::DidForm form) {
  XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
  const auto state = services.ledger.state();
  const auto party = party_for(services, request, *state, did);
  if (!party) return make_error(ErrorCode::did_not_found);
  const std::uint64_t now_ms = std::max(head.block_ms, services.clock.now_ms());
  Resolved out{vc::did_document(*party, now_ms, form), form, {}, false};
  out.deactivated =
      party->record.status() == static_cast<std::uint32_t>(identity::PartyStatus::deactivated);
  json::Writer about;
  about.begin_object();
  if (party->record.since_ms() != 0) {
    const auto since = model::comet::timestamp_from_ms(party->record.since_ms());
    about.key("created").string(model::comet::to_rfc3339(since));
  }
  about.key("versionId")
      .string(vc::version_of_document(vc::did_document(*party, now_ms, vc::DidForm::json)));
  if (out.deactivated) about.key("deactivated").boolean(true);
  if (request.parameter("proof") == "true") XL_TRY(write_proof(about, services, *party));
  out.metadata = about.end_object().take();
  return out;
}

Result<Resolved> resolve(const Services& services, const http::Request& request,
                         std::string_view did, vc::DidForm form) {
  if (!vc::is_did(did)) return make_error(ErrorCode::did_invalid);
  if (did.starts_with(vc::did_key_prefix)) {
    XL_TRY_ASSIGN(std::string document, vc::did_key_document(did, form));
    return Resolved{std::move(document), form, "{}", false};
  }
  if (!did.starts_with(model::did_prefix)) return make_error(ErrorCode::did_method_unsupported);
  const auto id = model::id_from_did(did);
  if (!id.ok()) return make_error(ErrorCode::did_invalid);
  return resolve_party(services, request, *id, form);
}

}  // namespace

Result<http::Response> resolve_did(const Services& services, const http::Request& request,
                                   const PathValues& values) {
  const std::optional<Wanted> wanted = wanted_of(request.header("accept"));
  if (!wanted) return refusal_of(ErrorCode::did_representation_unsupported);
  const vc::DidForm form = *wanted == Wanted::json_ld ? vc::DidForm::json_ld : vc::DidForm::json;
  const auto resolved = resolve(services, request, values[0], form);
  if (!resolved.ok()) {
    const ErrorCode code = resolved.error().code;
    const bool ours = code == ErrorCode::did_invalid || code == ErrorCode::did_not_found ||
                      code == ErrorCode::did_method_unsupported;
    if (!ours) return resolved.error();
    return refusal_of(code);
  }
  const bool whole = *wanted == Wanted::resolution;
  http::Response response = json_response(whole ? resolution_text(*resolved) : resolved->document,
                                          resolved->deactivated ? 410 : 200);
  response.content_type = whole                       ? resolution_media
                          : form == vc::DidForm::json ? json_media
                                                      : json_ld_media;
  return response;
}

}  // namespace xl::gateway::ledger
