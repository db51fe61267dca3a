// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/emergency.h"

#include "base/json/writer.h"
#include "client/party_keys.h"
#include "contracts/access/emergency_reasons.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.pb.h"
#include "contracts/api/shape.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "model/canonical.h"
#include "model/tags.h"

namespace xl::client {
namespace {

namespace wire = xinglin::access::v1;
namespace access = contracts::access;

/// What DeclareEmergency commits to.
std::string reason_commitment(ByteView opening) {
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, crypto::tagged_hash(model::tags::access_details, {opening}));
  return bytes_of(out);
}

/// A request that the doctor signed, which goes to `custodian` and on to the organisation's key.
Result<SigningRequest> begin_request(Session& doctor, const model::Id& custodian,
                                     std::uint16_t type, const google::protobuf::Message& message,
                                     const std::optional<Card>& second, Bytes opening) {
  XL_TRY_ASSIGN(const model::Genesis* genesis, doctor.genesis());
  XL_TRY_ASSIGN(const KeyName organisation, signing_key_of(doctor, doctor.identity().organisation));
  const std::span<const Card> cards(second ? &*second : nullptr, second ? 1 : 0);
  return make_request(genesis->network, message_to(access::contract_number, type, message),
                      doctor.identity(), cards, std::move(opening), doctor.now_ms(),
                      NodeSigner{custodian, {organisation.id, organisation.algorithm}});
}

Error not_an_emergency(std::string_view what) {
  return make_error(ErrorCode::signing_request_invalid, what);
}

Result<AskedEmergency> asked_declaration(const SigningRequest& request) {
  wire::DeclareEmergency message;
  wire::EmergencyReason reason;
  XL_TRY(contracts::decode_message(request.body.messages.front().payload, message));
  if (!model::decode_canonical(request.sealed, reason) ||
      message.reason() != reason_commitment(request.sealed)) {
    return not_an_emergency("another reason than is to be signed");
  }
  XL_TRY_ASSIGN(const model::Id entry, model::id_from_bytes(view_of(message.entry())));
  model::Id patient;
  if (!message.patient().empty()) {
    XL_TRY_ASSIGN(patient, model::id_from_bytes(view_of(message.patient())));
  }
  return AskedEmergency{entry, false, Emergency{patient, reason.code(), reason.text()}};
}

}  // namespace

Result<SigningRequest> emergency_request(Session& doctor, const model::Id& custodian,
                                         const Emergency& emergency,
                                         const std::optional<Card>& second, model::Id& entry) {
  XL_TRY(access::check_emergency_reason(emergency.code, emergency.text));
  Hash salt{};
  crypto::random_bytes(salt);
  wire::EmergencyReason reason;
  reason.set_version(1);
  reason.set_salt(bytes_of(salt));
  reason.set_code(emergency.code);
  reason.set_text(emergency.text);
  Bytes opening = model::encode(reason);
  entry = random_id();
  wire::DeclareEmergency message;
  message.set_entry(bytes_of(entry.bytes));
  message.set_practitioner(bytes_of(doctor.identity().did.bytes));
  message.set_organisation(bytes_of(doctor.identity().organisation.bytes));
  if (!emergency.patient.is_zero()) message.set_patient(bytes_of(emergency.patient.bytes));
  message.set_reason(reason_commitment(opening));
  if (second) message.set_second(bytes_of(second->did.bytes));
  return begin_request(doctor, custodian, access::declare_emergency_type, message, second,
                       std::move(opening));
}

Result<SigningRequest> renewal_request(Session& doctor, const model::Id& custodian,
                                       const model::Id& entry, const std::optional<Card>& second) {
  wire::RenewEmergency message;
  message.set_entry(bytes_of(entry.bytes));
  if (second) message.set_second(bytes_of(second->did.bytes));
  return begin_request(doctor, custodian, access::renew_emergency_type, message, second, {});
}

Result<AskedEmergency> asked_emergency(const SigningRequest& request) {
  const model::Message& message = request.body.messages.front();
  if (message.contract != access::contract_number || !request.custodian) {
    return not_an_emergency("no emergency");
  }
  if (message.type == access::declare_emergency_type) return asked_declaration(request);
  if (message.type != access::renew_emergency_type) return not_an_emergency("no emergency");
  wire::RenewEmergency renewal;
  XL_TRY(contracts::decode_message(message.payload, renewal));
  XL_TRY_ASSIGN(const model::Id entry, model::id_from_bytes(view_of(renewal.entry())));
  return AskedEmergency{entry, true, std::nullopt};
}

Result<Sent> send_emergency(Session& who, const SigningRequest& request) {
  XL_CHECK(request.complete());
  XL_TRY_ASSIGN(const AskedEmergency asked, asked_emergency(request));
  json::Writer out;
  out.begin_object().key("body").string(to_base64(request.bytes)).key("signatures").begin_array();
  for (std::size_t i = 0; i < request.people(); ++i) out.string(to_base64(*request.signatures[i]));
  out.end_array();
  std::string path = "/o/" + request.custodian->text() + "/emergencies";
  if (asked.renewal) {
    path += "/" + asked.entry.text() + "/renewals";
  } else {
    wire::EmergencyReason reason;
    XL_CHECK(model::decode_canonical(request.sealed, reason));
    out.key("reason").begin_object().key("salt").string(to_base64(view_of(reason.salt())));
    out.key("code").string(reason.code()).key("text").string(reason.text()).end_object();
  }
  out.end_object();
  XL_TRY_ASSIGN(const json::Document answer,
                json_of(who.ask("POST", path, "application/json", out.take()), 201));
  return sent_of(answer.root().find("entry"));
}

Result<model::Id> declare_emergency(Session& doctor, const model::Id& custodian,
                                    const Emergency& emergency, Sent& sent) {
  model::Id entry;
  XL_TRY_ASSIGN(const SigningRequest request,
                emergency_request(doctor, custodian, emergency, std::nullopt, entry));
  XL_TRY_ASSIGN(sent, send_emergency(doctor, request));
  return entry;
}

}  // namespace xl::client
