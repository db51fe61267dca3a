// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/consent_form.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "client/identity.h"
#include "contracts/api/shape.h"
#include "contracts/api/state_value.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/state.pb.h"
#include "crypto/random.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::client {
namespace {

namespace consent_wire = xinglin::consent::v1;
namespace consent = contracts::consent;

Error form_differs(std::string_view part) { return make_error(ErrorCode::content_differs, part); }

json::Value part_of(json::Value parameters, std::string_view name) {
  for (const json::Value one : parameters.find("parameter").items()) {
    if (one.find("name").as_string() == name) return one;
  }
  return {};
}

Result<Bytes> bytes_part(json::Value parameters, std::string_view name) {
  Bytes out;
  const auto text = part_of(parameters, name).find("valueBase64Binary").as_string();
  if (!text || !from_base64(*text, out)) return form_differs(name);
  return out;
}

/// What the message says must be what is sealed.
template <typename Message>
Status read_period(ByteView payload, const consent::SealedPolicy& sealed, const std::string& id,
                   PreparedForm& out) {
  Message message;
  XL_TRY(contracts::decode_message(payload, message));
  if (id != sealed.consent()) return form_differs("consent");
  if (message.commitment() != bytes_of(consent::commitment_of(sealed))) {
    return form_differs("commitment");
  }
  out.start_ms = message.start_ms();
  out.end_ms = message.end_ms();
  return {};
}

Status check_message(PreparedForm& out) {
  if (out.type == consent::grant_type) {
    consent_wire::Grant message;
    XL_TRY(contracts::decode_message(out.message, message));
    if (message.patient() != out.sealed.patient()) return form_differs("patient");
    return read_period<consent_wire::Grant>(out.message, out.sealed, message.consent(), out);
  }
  if (out.type == consent::narrow_type) {
    consent_wire::Narrow message;
    XL_TRY(contracts::decode_message(out.message, message));
    return read_period<consent_wire::Narrow>(out.message, out.sealed, message.replacement(), out);
  }
  return form_differs("message-type");  // at the desk two sign: `consent grant --assisted`
}

Result<Sent> bring_signed(Session& who, const std::string& target, model::Message message,
                          ByteView sealed) {
  std::vector<model::Message> one;
  one.push_back(std::move(message));
  XL_TRY_ASSIGN(const Bytes transaction, who.sign(std::move(one)));
  json::Writer out;
  out.begin_object().key("sealed").string(to_base64(sealed));
  out.key("transaction").string(to_base64(transaction)).end_object();
  XL_TRY_ASSIGN(const json::Document answer,
                json_of(who.ask("POST", target, "application/json", out.take()), 201));
  return sent_of(answer.root().find("entry"));
}

Result<consent::SealedPolicy> asked_in(json::Value document) {
  Bytes bytes;
  if (!from_base64(document.find("sealed").as_string().value_or("*"), bytes)) {
    return form_differs("sealed");
  }
  XL_TRY_ASSIGN(consent::SealedPolicy out, consent::decode_sealed(bytes));
  const auto id = model::id_from_text(document.find("request").as_string().value_or(""));
  if (!id.ok() || out.consent() != bytes_of(id->bytes)) return form_differs("request");
  return out;
}

}  // namespace

Result<PreparedForm> prepare_form(Session& who, const model::Id& custodian, std::string_view body) {
  const std::string target = "/o/" + custodian.text() + "/fhir/Consent/$prepare";
  XL_TRY_ASSIGN(const json::Document answer,
                json_of(who.ask("POST", target, "application/fhir+json", body)));
  const json::Value root = answer.root();
  PreparedForm out;
  XL_TRY_ASSIGN(const Bytes sealed, bytes_part(root, "sealed"));
  XL_TRY_ASSIGN(out.sealed, consent::decode_sealed(sealed));
  XL_TRY_ASSIGN(out.message, bytes_part(root, "message"));
  const auto type = part_of(root, "message-type").find("valueUnsignedInt").as_uint64();
  if (!type || *type > UINT16_MAX) return form_differs("message-type");
  out.type = static_cast<std::uint16_t>(*type);
  if (out.sealed.custodian() != bytes_of(custodian.bytes)) return form_differs("custodian");
  XL_TRY(check_message(out));
  return out;
}

Result<Sent> agree_to(Session& who, const PreparedForm& prepared) {
  std::vector<model::Message> one;
  one.push_back({consent::contract_number, prepared.type, prepared.message});
  XL_TRY_ASSIGN(const Bytes transaction, who.sign(std::move(one)));
  return who.bring(prepared.sealed, transaction);
}

Result<json::Document> form_of_request(json::Value document) {
  XL_TRY(asked_in(document));
  const json::Value asked = document.find("asked");
  if (asked.find("resourceType").as_string() != "Consent") return form_differs("asked");
  json::Document out = json::Document::copy(asked);
  json::Node root = out.edit();
  for (const char* own : {"id", "meta", "text", "dateTime", "performer"}) root.remove(own);
  root.set_string("status", "active");
  XL_TRY_ASSIGN(
      const json::Document source,
      json::parse(R"({"reference":"Consent/)" +
                      std::string(document.find("request").as_string().value_or("")) + "\"}",
                  {}));
  root.set("sourceReference", out.make_copy(source.root()));
  return out;
}

Result<Sent> decline_request(Session& who, const model::Id& custodian, const model::Id& patient,
                             json::Value document, const std::string& text) {
  if (text.size() > limits::request_text_bytes_max) {
    return make_error(ErrorCode::input_invalid, "a text of at most 500 bytes");
  }
  XL_TRY_ASSIGN(const consent::SealedPolicy asked, asked_in(document));
  consent::DeclinedRequest declined;
  declined.set_version(1);
  declined.set_decline(bytes_of(random_id().bytes));
  declined.set_request(asked.consent());
  declined.set_patient(bytes_of(patient.bytes));
  declined.set_custodian(bytes_of(custodian.bytes));
  declined.set_asked(bytes_of(consent::commitment_of(asked)));
  declined.set_text(text);
  Hash salt{};
  crypto::random_bytes(salt);
  declined.set_salt(bytes_of(salt));
  consent_wire::Decline message;
  message.set_decline(declined.decline());
  message.set_patient(declined.patient());
  message.set_commitment(bytes_of(consent::commitment_of(declined)));
  std::string target = "/o/" + custodian.text() + "/requests/" +
                       contracts::id_of(asked.consent()).text() + "/decline";
  if (who.identity().did != patient) target += "?patient=" + model::did_text(patient);
  return bring_signed(who, target,
                      message_to(consent::contract_number, consent::decline_type, message),
                      model::encode(declined));
}

Result<consent::DeclinedRequest> check_declined_request(json::Value document,
                                                        const model::Trust& trust) {
  XL_TRY_ASSIGN(const consent::SealedPolicy asked, asked_in(document));
  Bytes words;
  consent::DeclinedRequest out;
  if (!from_base64(document.find("sealed_decline").as_string().value_or("*"), words) ||
      !model::decode_canonical(words, out)) {
    return form_differs("sealed_decline");
  }
  XL_TRY(consent::check_declined(out));
  if (out.request() != asked.consent() || out.asked() != bytes_of(consent::commitment_of(asked))) {
    return form_differs("asked");
  }
  const json::Value shown = document.find("receipt");
  if (!shown.is_object()) return make_error(ErrorCode::receipt_malformed, "receipt");
  XL_TRY_ASSIGN(const model::Receipt receipt, model::read_receipt(json::write(shown)));
  XL_TRY(model::verify_receipt(receipt, trust));
  consent_wire::DeclineRecord record;
  const auto& state = receipt.state;
  const Bytes key = consent::decline_key(contracts::id_of(out.decline()));
  if (!state || state->key != key || !state->value ||
      !contracts::decode_record(*state->value, record)) {
    return form_differs("the receipt is not of the refusal");
  }
  if (record.commitment() != bytes_of(consent::commitment_of(out)) ||
      record.patient() != out.patient()) {
    return form_differs("commitment");
  }
  return out;
}

}  // namespace xl::client
