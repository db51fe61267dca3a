// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/demo/hospital.h"

#include <algorithm>

#include "contracts/identity/messages.pb.h"
#include "contracts/identity/possession.h"
#include "contracts/identity/records.h"
#include "contracts/identity/view.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"

namespace xl::node::demo {
namespace {

namespace identity = contracts::identity;
namespace records = contracts::records;

constexpr std::uint64_t year_ms = 365ULL * 24 * 60 * 60 * 1000;
constexpr std::uint64_t body_valid_ms = 5 * 60 * 1000;

/// The key of an actor with the proof that the actor holds it.
void add_key(const LedgerClient& ledger, const Actor& actor, xinglin::identity::v1::NewKey& out) {
  constexpr std::uint32_t purposes = contracts::purpose_sign | contracts::purpose_manage;
  const identity::KeyClaim claim{
      actor.did, actor.key.algorithm(), actor.key.public_key(), purposes, 0, 0};
  out.set_algorithm(static_cast<std::uint32_t>(actor.key.algorithm()));
  out.set_public_key(bytes_of(actor.key.public_key()));
  out.set_purposes(purposes);
  out.set_proof(bytes_of(actor.key.sign(identity::possession_bytes(ledger.network(), claim))));
}

Status must_apply(const Result<Sent>& sent) {
  if (!sent.ok()) return sent.error();
  if (sent->status != 0) return make_error(ErrorCode::answer_unexpected, sent->status_name);
  return {};
}

}  // namespace

Result<std::unique_ptr<Hospital>> Hospital::open(const std::filesystem::path& folder,
                                                 Actor organisation, ByteView operator_key) {
  std::unique_ptr<Hospital> out(new Hospital(std::move(organisation)));
  const model::Id& did = out->organisation_.did;
  const vault::Places places = vault::places_below(folder, did);
  vault::Unlock unlock;
  unlock.operator_key = operator_key;
  auto keyring = vault::Keyring::open(places, did, unlock);
  if (!keyring.ok() && keyring.error().code == ErrorCode::keyring_missing) {
    keyring = vault::Keyring::create(places, did, unlock);
  }
  if (!keyring.ok()) return keyring.error();
  out->keyring_ = std::move(*keyring);
  XL_TRY_ASSIGN(out->bodies_, vault::Bodies::open(places.bodies));
  out->vault_ = std::make_unique<vault::RecordVault>(*out->bodies_, *out->keyring_);
  return out;
}

Result<Sent> Hospital::employ(LedgerClient& ledger, const Actor& doctor) const {
  xinglin::identity::v1::AttestPractitioner message;
  message.set_organisation(bytes_of(organisation_.did.bytes));
  message.set_practitioner(bytes_of(doctor.did.bytes));
  message.add_roles(static_cast<std::uint32_t>(identity::Role::physician));
  message.set_licence_type(static_cast<std::uint32_t>(identity::LicenceType::medical));
  message.set_licence_commitment(bytes_of(committed("licence number of " + doctor.name)));
  message.set_valid_to_ms(ledger.clock().now_ms() + year_ms);
  add_key(ledger, doctor, *message.add_keys());
  return ledger.send(identity::contract_number, identity::attest_practitioner_type, message,
                     {&organisation_});
}

Result<Patient> Hospital::admit(LedgerClient& ledger, const DemoHistory& history) {
  Patient patient{make_actor(history.name), {}, {}};
  xinglin::identity::v1::RegisterPatient registration;
  registration.set_custodian(bytes_of(organisation_.did.bytes));
  registration.set_patient(bytes_of(patient.actor.did.bytes));
  XL_TRY(must_apply(ledger.send(identity::contract_number, identity::register_patient_type,
                                registration, {&organisation_})));
  XL_TRY(keyring_->create_patients({&patient.actor.did, 1}));
  std::vector<vault::RecordVault::New> batch;
  for (const DemoResource& resource : history.resources) {
    patient.records.push_back({random_id(), 1});
    patient.types.push_back(resource.type);
    batch.push_back({patient.actor.did, patient.records.back(), view_of(resource.json),
                     view_of(patient.types.back())});
  }
  // Bodies first: they are on disk before the transaction that anchors them is sent.
  XL_TRY_ASSIGN(const auto anchored,
                vault_->put_batch(batch, ledger.clock().now_ms() + body_valid_ms));
  xinglin::records::v1::AnchorBatch message;
  message.set_patient(bytes_of(patient.actor.did.bytes));
  for (std::size_t i = 0; i < anchored.size(); ++i) {
    auto* version = message.add_versions();
    version->set_record(bytes_of(patient.records[i].record.bytes));
    version->set_version(patient.records[i].version);
    version->set_commitment(bytes_of(anchored[i].commitment));
    version->set_ciphertext_digest(bytes_of(anchored[i].ciphertext_digest));
  }
  XL_TRY(must_apply(ledger.send(records::contract_number, records::anchor_batch_type, message,
                                {&organisation_})));
  XL_TRY(vault_->confirm(patient.records));
  return patient;
}

Result<Sent> Hospital::hand_over(LedgerClient& ledger, const Patient& patient) const {
  xinglin::identity::v1::ClaimPatient message;
  message.set_patient(bytes_of(patient.actor.did.bytes));
  add_key(ledger, patient.actor, *message.add_keys());
  message.set_evidence(bytes_of(committed("identity card shown at the desk")));
  return ledger.send(identity::contract_number, identity::claim_patient_type, message,
                     {&organisation_});
}

}  // namespace xl::node::demo
