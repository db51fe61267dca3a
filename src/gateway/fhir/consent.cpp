// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/consent.h"

#include <algorithm>

#include "base/json/writer.h"
#include "consents/codes.h"
#include "consents/sentence.h"
#include "consents/times.h"
#include "consents/writer.h"
#include "contracts/api/shape.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "crypto/random.h"
#include "gateway/fhir/consent_parties.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/requests.h"
#include "gateway/fhir/write.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::gateway::fhir {

namespace consent = contracts::consent;

namespace {

/// What a Consent carries that was signed: `sealed` and `transaction`.
constexpr std::string_view signed_url = "urn:xinglin:consent-signed";

/// An error about an element of the Consent.
Error about(ErrorCode code, std::string_view element) {
  const std::string place = "Consent." + std::string(element);
  return make_error(code, place);
}

json::Value extension_of(json::Value object, std::string_view url) {
  for (const json::Value one : object.find("extension").items()) {
    if (one.find("url").as_string() == url) return one;
  }
  return {};
}

json::Value parameter_of(json::Value parameters, std::string_view name) {
  for (const json::Value one : parameters.find("parameter").items()) {
    if (one.find("name").as_string() == name) return one;
  }
  return {};
}

/// A Consent without what only this server puts there.
Result<json::Document> as_given(const Call& call, json::Value resource) {
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  XL_TRY_ASSIGN(json::Document out, json::parse(json::write(resource), bounds));
  make_own_relative(out, own_names(call));
  json::Node root = out.edit();
  for (const json::Value one : root.find("extension").items()) {
    const auto url = one.find("url").as_string().value_or("");
    const bool ours =
        url == signed_url || url == consents::transaction_url || url == consents::replaced_by_url;
    if (!ours) {
      return about(ErrorCode::consent_unsupported, "extension");
    }
  }
  root.remove("extension");
  return out;
}

Result<consents::ConsentRead> read_given(const Call& call, json::Value resource,
                                         const model::Id& patient) {
  XL_TRY_ASSIGN(const json::Document given, as_given(call, resource));
  const consents::ReadContext context{
      [&](json::Value reference) { return find_party(call, reference, patient); },
      call.organisation.did(), call.services.clock.now_ms()};
  return consents::read_consent(given.root(), context);
}

/// Everything that is signed about one consent.
struct PreparedConsent {
  consent::SealedPolicy sealed;
  std::uint16_t type = 0;  ///< of the message
  Bytes payload;
  consents::Standing standing;
};

struct ConsentWish {
  json::Value resource;
  std::optional<model::Id> replaces;
  Bytes evidence;
  bool until_revoked = false;  ///< no end was meant
};

Result<ConsentWish> wish_in(const Call& call, json::Value root) {
  ConsentWish out;
  out.resource = root;
  if (root.find("resourceType").as_string() != "Parameters") return out;
  out.resource = parameter_of(root, "consent").find("resource");
  const json::Value old = parameter_of(root, "replaces").find("valueReference").find("reference");
  if (old.present()) {
    const std::string name = own_record(own_names(call), old.as_string().value_or(""));
    constexpr std::string_view type = "Consent/";
    const auto id = model::id_from_did(std::string(model::did_prefix) +
                                       (name.starts_with(type) ? name.substr(type.size()) : ""));
    if (!id.ok()) return make_error(ErrorCode::parameter_invalid, "replaces");
    out.replaces = *id;
  }
  out.until_revoked =
      parameter_of(root, "until-revoked").find("valueBoolean").as_bool().value_or(false);
  const auto evidence = parameter_of(root, "evidence").find("valueBase64Binary").as_string();
  if (evidence && !from_base64(*evidence, out.evidence)) {
    return make_error(ErrorCode::parameter_invalid, "evidence");
  }
  if (out.replaces && !out.evidence.empty()) {
    return make_error(ErrorCode::parameter_invalid, "evidence");
  }
  return out;
}

Bytes message_of(const ConsentWish& wish, const PreparedConsent& prepared) {
  const auto commitment = custody::bytes_of(consent::commitment_of(prepared.sealed));
  if (wish.replaces) {
    xinglin::consent::v1::Narrow message;
    message.set_consent(custody::bytes_of(wish.replaces->bytes));
    message.set_replacement(prepared.sealed.consent());
    message.set_start_ms(prepared.standing.start_ms);
    message.set_end_ms(prepared.standing.end_ms);
    message.set_commitment(commitment);
    return model::encode(message);
  }
  const auto fill = [&](auto& message) {
    message.set_consent(prepared.sealed.consent());
    message.set_patient(prepared.sealed.patient());
    message.set_start_ms(prepared.standing.start_ms);
    message.set_end_ms(prepared.standing.end_ms);
    message.set_commitment(commitment);
  };
  if (wish.evidence.empty()) {
    xinglin::consent::v1::Grant message;
    fill(message);
    return model::encode(message);
  }
  xinglin::consent::v1::GrantAssisted message;
  fill(message);
  message.set_evidence(custody::bytes_of(wish.evidence));
  return model::encode(message);
}

bool permits_something(const consent::SealedPolicy& sealed) {
  const auto permits = [](const consent::Policy& policy) {
    return policy.effect() == static_cast<std::uint32_t>(consent::Effect::permit);
  };
  return permits(sealed.policy()) ||
         std::any_of(sealed.further().begin(), sealed.further().end(), permits);
}

/// When a consent ends that names no end: what opens something does not stay open by oversight, a
/// refusal stays. 0: when it is taken back.
std::uint64_t usual_end(const Call& call, const ConsentWish& wish,
                        const consent::SealedPolicy& sealed) {
  constexpr std::uint64_t day_ms = 24ULL * 60 * 60 * 1000;
  const std::uint64_t now = call.services.clock.now_ms();
  // Whole days, so that people can read them; at the desk not one moment too long.
  if (!wish.evidence.empty()) {
    return (now + limits::assisted_consent_ms_max) / day_ms * day_ms;
  }
  if (wish.until_revoked || !permits_something(sealed)) return 0;
  const std::uint64_t year = (now + limits::consent_default_ms) / day_ms * day_ms + day_ms;
  if (!wish.replaces) return year;
  const auto old = consent::find_consent(*call.services.ledger.state(), *wish.replaces);
  return old && old->end_ms() != 0 ? std::min(old->end_ms(), year) : year;
}

Result<PreparedConsent> seal_wish(const Call& call, const ConsentWish& wish) {
  XL_TRY_ASSIGN(const model::Id patient, find_patient(call, wish.resource.find("patient")));
  XL_TRY_ASSIGN(consents::ConsentRead read, read_given(call, wish.resource, patient));
  PreparedConsent out;
  out.sealed = std::move(read.sealed);
  const model::Id id = custody::random_id();
  out.sealed.set_version(1);
  out.sealed.set_consent(custody::bytes_of(id.bytes));
  out.sealed.set_patient(custody::bytes_of(patient.bytes));
  out.sealed.set_custodian(custody::bytes_of(call.organisation.did().bytes));
  if (out.sealed.form().date_time().empty()) {
    out.sealed.mutable_form()->set_date_time(
        consents::instant_text(static_cast<std::int64_t>(call.services.clock.now_ms())));
  }
  Hash salt{};
  crypto::random_bytes(salt);
  out.sealed.set_salt(custody::bytes_of(salt));
  XL_TRY(consent::check_sealed(out.sealed));
  out.standing.id = id.text();
  out.standing.status = "active";
  out.standing.start_ms = read.start_ms;
  out.standing.end_ms = read.end_ms != 0 ? read.end_ms : usual_end(call, wish, out.sealed);
  out.standing.patient = own_record(
      own_names(call), wish.resource.find("patient").find("reference").as_string().value_or(""));
  out.standing.performer_type = "Patient";
  out.standing.performer = patient;
  out.type = wish.replaces           ? consent::narrow_type
             : wish.evidence.empty() ? consent::grant_type
                                     : consent::grant_assisted_type;
  out.payload = message_of(wish, out);
  return out;
}

/// The Consent with what is sealed: its signer adds the transaction.
std::string with_sealed(const std::string& consent_text, const std::string& sealed) {
  const std::string extension = "\"extension\":[{\"url\":\"" + std::string(signed_url) +
                                "\",\"extension\":[{\"url\":\"sealed\",\"valueBase64Binary\":\"" +
                                sealed + "\"}]}],";
  std::string out = consent_text;
  out.insert(out.find("\"status\":\"active\""), extension);
  return out;
}

std::string prepared_text(const PreparedConsent& prepared) {
  const std::string sealed = to_base64(model::encode(prepared.sealed));
  json::Writer out;
  out.begin_object().key("resourceType").string("Parameters").key("parameter").begin_array();
  const auto add = [&](std::string_view name, std::string_view member, const std::string& value) {
    out.begin_object().key("name").string(name).key(member).string(value).end_object();
  };
  add("sentence-en", "valueString", consents::sentence_of(prepared.sealed, false));
  add("sentence-zh", "valueString", consents::sentence_of(prepared.sealed, true));
  add("until-en", "valueString", consents::end_sentence(prepared.standing.end_ms, false));
  add("until-zh", "valueString", consents::end_sentence(prepared.standing.end_ms, true));
  add("sealed", "valueBase64Binary", sealed);
  add("commitment", "valueBase64Binary", to_base64(consent::commitment_of(prepared.sealed)));
  for (const auto& [name, number] : {std::pair("contract", std::uint32_t{consent::contract_number}),
                                     std::pair("message-type", std::uint32_t{prepared.type})}) {
    out.begin_object().key("name").string(name).key("valueUnsignedInt");
    out.unsigned_integer(number).end_object();
  }
  add("message", "valueBase64Binary", to_base64(prepared.payload));
  out.end_array().end_object();
  std::string text = out.take();
  const std::string consent_text = consents::write_consent(prepared.sealed, prepared.standing);
  const std::string first =
      "{\"name\":\"consent\",\"resource\":" + with_sealed(consent_text, sealed) + "},";
  text.insert(text.find("\"parameter\":[") + 13, first);
  return text;
}

/// What of a form the ledger may have come to call otherwise since.
void forget_names(consent::SealedPolicy& sealed) { sealed.mutable_form()->clear_names(); }

template <typename Message>
bool has_period(ByteView payload, const consents::ConsentRead& read) {
  Message message;
  if (!contracts::decode_message(payload, message).ok()) return false;
  // A start that came while it was signed is "at once" now.
  const bool starts = message.start_ms() == read.start_ms || read.start_ms == 0;
  return starts && message.end_ms() == read.end_ms;
}

/// What the transaction says of the period is what the Consent says. Errors: consent_mismatched,
/// those of decoding it.
Status check_signed_period(ByteView raw, const consents::ConsentRead& read) {
  XL_TRY_ASSIGN(const model::Transaction transaction, model::decode_transaction(raw));
  for (const model::Message& message : transaction.body.messages) {
    const ByteView payload = message.payload;
    const bool same = message.type == consent::narrow_type
                          ? has_period<xinglin::consent::v1::Narrow>(payload, read)
                      : message.type == consent::grant_assisted_type
                          ? has_period<xinglin::consent::v1::GrantAssisted>(payload, read)
                          : has_period<xinglin::consent::v1::Grant>(payload, read);
    if (!same) {
      return about(ErrorCode::consent_mismatched, "provision.period");
    }
  }
  return {};
}

/// Is the Consent what was sealed: rules, form, words, patient and period? Errors:
/// consent_mismatched (names the element), those of reading it.
Status check_same(const Call& call, json::Value resource, const consent::SealedPolicy& sealed,
                  ByteView transaction) {
  const auto differs = [](std::string_view element) {
    return about(ErrorCode::consent_mismatched, element);
  };
  const std::string id = contracts::id_of(sealed.consent()).text();
  if (resource.find("id").present() && resource.find("id").as_string() != id) return differs("id");
  XL_TRY_ASSIGN(const model::Id patient, find_patient(call, resource.find("patient")));
  if (custody::bytes_of(patient.bytes) != sealed.patient()) return differs("patient");
  XL_TRY_ASSIGN(consents::ConsentRead read, read_given(call, resource, patient));
  const std::string said = consents::narrative_of(sealed, read.end_ms);
  if (resource.find("text").find("div").as_string() != said) return differs("text");
  if (!consent::same_policies(read.sealed, sealed)) return differs("provision");
  XL_TRY(check_signed_period(transaction, read));
  consent::SealedPolicy other = sealed;
  forget_names(other);
  forget_names(read.sealed);
  if (model::encode(read.sealed.form()) != model::encode(other.form())) return differs("scope");
  return {};
}

http::Response agree(const Call& call, json::Value resource, json::Value signed_part) {
  Bytes sealed_bytes;
  Bytes transaction;
  const auto part = [&](std::string_view name) {
    return extension_of(signed_part, name).find("valueBase64Binary").as_string().value_or("*");
  };
  if (!from_base64(part("sealed"), sealed_bytes) ||
      !from_base64(part("transaction"), transaction)) {
    return refusal(about(ErrorCode::consent_unsigned, "extension"));
  }
  const auto sealed = consent::decode_sealed(sealed_bytes);
  if (!sealed.ok()) return refusal(sealed.error());
  const Status same = check_same(call, resource, *sealed, transaction);
  if (!same.ok()) return refusal(same.error());
  const auto entry =
      call.organisation.requests().agree(call.principal, *sealed, std::move(transaction));
  if (!entry.ok()) return refusal(entry.error());
  const std::string id = contracts::id_of(sealed->consent()).text();
  const auto kept = call.organisation.records().current("Consent", id);
  if (!kept.ok()) return refusal(kept.error());
  if (!*kept) return refusal(make_error(ErrorCode::fhir_not_found));
  auto opened = call.organisation.records().open(**kept);
  if (!opened.ok()) return refusal(opened.error());
  return written_reply(call, {.entry = **kept,
                              .content = std::move(opened->content),
                              .transaction = entry->transaction_id,
                              .created = true});
}

}  // namespace

Status check_unsigned(json::Value resource) {
  if (resource.find("resourceType").as_string() != "Consent") return {};
  if (resource.find("status").as_string() != "active") return {};
  for (const json::Value one : resource.find("scope").find("coding").items()) {
    const auto code = one.find("code").as_string();
    const bool rules = one.find("system").as_string() == consents::scope_system &&
                       (code == "patient-privacy" || code == "research");
    if (rules) return about(ErrorCode::consent_unsigned, "status");
  }
  return {};
}

http::Response prepare_consent(const Call& call) {
  const CheckedResource given = read_resource(call.request.body);
  if (given.refused) return *given.refused;
  const auto wish = wish_in(call, given.document->root());
  if (!wish.ok()) return refusal(wish.error());
  if (wish->resource.find("resourceType").as_string() != "Consent") {
    return refusal(make_error(ErrorCode::parameter_invalid, "consent"));
  }
  const auto prepared = seal_wish(call, *wish);
  if (!prepared.ok()) return refusal(prepared.error());
  return reply(prepared_text(*prepared));
}

http::Response create_consent(const Call& call) {
  const CheckedResource given = read_resource(call.request.body);
  if (given.refused) return *given.refused;
  const json::Value signed_part = extension_of(given.document->root(), signed_url);
  if (!signed_part.present() && asks_by_handle(given.document->root())) {
    return ask_for_consent(call, given.document->root());
  }
  if (!signed_part.present()) return create(call, "Consent");
  return agree(call, given.document->root(), signed_part);
}

}  // namespace xl::gateway::fhir
