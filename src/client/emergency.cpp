// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/emergency.h"

#include "base/json/writer.h"
#include "client/party_keys.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.pb.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "model/canonical.h"
#include "model/tags.h"

namespace xl::client {
namespace {

constexpr std::uint64_t emergency_valid_ms = 2 * 60 * 1000;

/// What DeclareEmergency commits to.
Bytes reason_commitment(const Hash& salt, const Emergency& emergency) {
  xinglin::access::v1::EmergencyReason reason;
  reason.set_version(1);
  reason.set_salt(bytes_of(salt));
  reason.set_code(emergency.code);
  reason.set_text(emergency.text);
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, crypto::tagged_hash(model::tags::access_details, {model::encode(reason)}));
  return out;
}

Status check_reason(const Emergency& emergency) {
  const bool fits = !emergency.code.empty() && emergency.code.size() <= 64 &&
                    !emergency.text.empty() && emergency.text.size() <= 1024;
  if (fits) return {};
  return make_error(ErrorCode::input_invalid, "reason: a code of 1..64 bytes, a text of 1..1,024");
}

}  // namespace

Result<model::Id> declare_emergency(Session& doctor, const model::Id& custodian,
                                    const Emergency& emergency, Sent& sent) {
  XL_TRY(check_reason(emergency));
  XL_TRY_ASSIGN(const model::Genesis* genesis, doctor.genesis());
  const Identity& who = doctor.identity();
  XL_TRY_ASSIGN(const KeyName organisation, signing_key_of(doctor, who.organisation));
  Hash salt{};
  crypto::random_bytes(salt);
  const model::Id entry = random_id();
  xinglin::access::v1::DeclareEmergency message;
  message.set_entry(bytes_of(entry.bytes));
  message.set_practitioner(bytes_of(who.did.bytes));
  message.set_organisation(bytes_of(who.organisation.bytes));
  message.set_patient(bytes_of(emergency.patient.bytes));
  message.set_reason(bytes_of(reason_commitment(salt, emergency)));
  model::Body body;
  body.network = genesis->network;
  body.signers.push_back(
      {model::key_id_of(who.key.algorithm(), who.key.public_key()), who.key.algorithm()});
  body.signers.push_back({organisation.id, organisation.algorithm});
  body.valid_until_ms = doctor.now_ms() + emergency_valid_ms;
  crypto::random_bytes(body.nonce);
  body.messages.push_back(message_to(contracts::access::contract_number,
                                     contracts::access::declare_emergency_type, message));
  const Bytes body_bytes = model::encode_body(body);
  const Bytes signature = who.key.sign(model::signed_bytes(body_bytes));
  json::Writer out;
  out.begin_object().key("body").string(to_base64(body_bytes));
  out.key("signature").string(to_base64(signature)).key("reason").begin_object();
  out.key("salt").string(to_base64(salt)).key("code").string(emergency.code);
  out.key("text").string(emergency.text).end_object().end_object();
  XL_TRY_ASSIGN(const json::Document answer,
                json_of(doctor.ask("POST", "/o/" + custodian.text() + "/emergencies",
                                   "application/json", out.take()),
                        201));
  XL_TRY_ASSIGN(sent, sent_of(answer.root().find("entry")));
  return entry;
}

}  // namespace xl::client
