// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "golden/messages.h"

#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"

namespace xl::golden {

namespace accessing = contracts::access;
namespace consenting = contracts::consent;
namespace identity = contracts::identity;
namespace recording = contracts::records;
namespace access_wire = xinglin::access::v1;
namespace consent_wire = xinglin::consent::v1;
namespace wire = xinglin::identity::v1;
namespace record_wire = xinglin::records::v1;

using contracts::testing::day_ms;
using contracts::testing::digest;
using contracts::testing::field;
using contracts::testing::hour_ms;
using contracts::testing::id;
using contracts::testing::key;
using contracts::testing::minute_ms;
using contracts::testing::sign_and_manage;

namespace {

model::Message of_identity(std::uint16_t type, const google::protobuf::Message& content) {
  return {identity::contract_number, type, model::encode(content)};
}
model::Message of_records(std::uint16_t type, const google::protobuf::Message& content) {
  return {recording::contract_number, type, model::encode(content)};
}
model::Message of_consent(std::uint16_t type, const google::protobuf::Message& content) {
  return {consenting::contract_number, type, model::encode(content)};
}
model::Message of_access(std::uint16_t type, const google::protobuf::Message& content) {
  return {accessing::contract_number, type, model::encode(content)};
}

}  // namespace

model::Message Messages::attest(const std::string& who, const std::string& at,
                                const Roles& roles) const {
  wire::AttestPractitioner out;
  out.set_organisation(field(at));
  out.set_practitioner(field(who));
  for (const std::uint32_t role : roles) out.add_roles(role);
  out.set_licence_type(1);
  out.set_licence_commitment(digest("licence of " + who));
  out.set_valid_to_ms(now_ms + 365 * day_ms);
  *out.add_keys() = keys_.new_key(who, id(who), sign_and_manage);
  return of_identity(identity::attest_practitioner_type, out);
}

model::Message Messages::revoke_attestation(const std::string& who, const std::string& at) const {
  wire::RevokeAttestation out;
  out.set_organisation(field(at));
  out.set_practitioner(field(who));
  return of_identity(identity::revoke_attestation_type, out);
}

model::Message Messages::register_service(const std::string& who, const std::string& at) const {
  wire::RegisterService out;
  out.set_organisation(field(at));
  out.set_service(field(who));
  out.set_name("feed");
  *out.add_keys() = keys_.new_key(who, id(who), contracts::purpose_sign);
  return of_identity(identity::register_service_type, out);
}

model::Message Messages::register_patient(const std::string& who, const std::string& at) const {
  wire::RegisterPatient out;
  out.set_custodian(field(at));
  out.set_patient(field(who));
  return of_identity(identity::register_patient_type, out);
}

model::Message Messages::claim_patient(const std::string& who) const {
  wire::ClaimPatient out;
  out.set_patient(field(who));
  *out.add_keys() = keys_.new_key(who, id(who), sign_and_manage);
  out.set_agreement_key(std::string(32, 'x'));
  out.set_evidence(digest("identified " + who));
  return of_identity(identity::claim_patient_type, out);
}

model::Message Messages::add_key(const std::string& party, const std::string& added) const {
  wire::AddKey out;
  out.set_party(field(party));
  *out.mutable_key() = keys_.new_key(added, id(party), contracts::purpose_sign);
  return of_identity(identity::add_key_type, out);
}

model::Message Messages::rotate_key(const std::string& party, const std::string& from,
                                    const std::string& to) const {
  wire::RotateKey out;
  out.set_party(field(party));
  out.set_old_key(field(key(from).id));
  *out.mutable_key() = keys_.new_key(to, id(party), contracts::purpose_sign);
  return of_identity(identity::rotate_key_type, out);
}

model::Message Messages::revoke_key(const std::string& party, const std::string& old) const {
  wire::RevokeKey out;
  out.set_party(field(party));
  out.set_key(field(key(old).id));
  return of_identity(identity::revoke_key_type, out);
}

model::Message Messages::set_agreement_key(const std::string& party) const {
  wire::SetAgreementKey out;
  out.set_party(field(party));
  out.set_agreement_key(std::string(32, 'y'));
  return of_identity(identity::set_agreement_key_type, out);
}

model::Message Messages::appoint(const std::string& guardian, const std::string& ward,
                                 bool evidence) const {
  wire::AppointGuardian out;
  out.set_ward(field(ward));
  out.set_guardian(field(guardian));
  out.set_powers(identity::power_consent);
  out.set_until_ms(now_ms + 30 * day_ms);
  if (evidence) out.set_evidence(digest("guardianship of " + guardian));
  *out.add_keys() = keys_.new_key(guardian, id(guardian), sign_and_manage);
  return of_identity(identity::appoint_guardian_type, out);
}

model::Message Messages::end_guardianship(const std::string& guardian) const {
  wire::EndGuardianship out;
  out.set_guardian(field(guardian));
  return of_identity(identity::end_guardianship_type, out);
}

model::Message Messages::configure_recovery(const std::string& party,
                                            const std::string& attester) const {
  wire::ConfigureRecovery out;
  out.set_party(field(party));
  out.set_attester(field(attester));
  out.set_waiting_ms(limits::recovery_wait_ms_min);
  return of_identity(identity::configure_recovery_type, out);
}

model::Message Messages::start_recovery(const std::string& party, const std::string& added) const {
  wire::StartRecovery out;
  out.set_party(field(party));
  *out.add_keys() = keys_.new_key(added, id(party), sign_and_manage);
  return of_identity(identity::start_recovery_type, out);
}

model::Message Messages::cancel_recovery(const std::string& party) const {
  wire::CancelRecovery out;
  out.set_party(field(party));
  return of_identity(identity::cancel_recovery_type, out);
}

model::Message Messages::finish_recovery(const std::string& party) const {
  wire::FinishRecovery out;
  out.set_party(field(party));
  return of_identity(identity::finish_recovery_type, out);
}

model::Message Messages::delegate(const std::string& who, const std::string& session,
                                  const std::string& at,
                                  const std::vector<std::uint32_t>& types) const {
  wire::Delegate out;
  out.set_delegator(field(who));
  *out.mutable_key() =
      keys_.new_key(session, id(who), contracts::purpose_session, now_ms + hour_ms);
  out.set_organisation(field(at));
  out.add_roles(static_cast<std::uint32_t>(identity::Role::physician));
  for (const std::uint32_t type : types) out.add_message_types(type);
  return of_identity(identity::delegate_type, out);
}

model::Message Messages::end_delegation(const std::string& session) const {
  wire::EndDelegation out;
  out.set_key(field(key(session).id));
  return of_identity(identity::end_delegation_type, out);
}

model::Message Messages::deactivate(const std::string& party) const {
  wire::Deactivate out;
  out.set_party(field(party));
  return of_identity(identity::deactivate_type, out);
}

model::Message Messages::anchor(const std::string& record, const std::string& patient,
                                std::uint32_t version) const {
  record_wire::Anchor out;
  out.set_record(field(record));
  out.set_patient(field(patient));
  out.set_version(version);
  out.set_commitment(digest(record + std::to_string(version)));
  out.set_ciphertext_digest(digest("body"));
  return of_records(recording::anchor_type, out);
}

model::Message Messages::anchor_batch(const std::string& patient, const std::string& prefix,
                                      std::uint32_t count) const {
  record_wire::AnchorBatch out;
  out.set_patient(field(patient));
  for (std::uint32_t i = 0; i < count; ++i) {
    auto* added = out.add_versions();
    added->set_record(field(prefix + std::to_string(i)));
    added->set_version(1);
    added->set_commitment(digest(prefix + std::to_string(i)));
    added->set_ciphertext_digest(digest("body"));
  }
  return of_records(recording::anchor_batch_type, out);
}

model::Message Messages::enter_in_error(const std::string& record) const {
  record_wire::EnterInError out;
  out.set_record(field(record));
  out.set_reason(digest("wrong patient"));
  return of_records(recording::enter_in_error_type, out);
}

model::Message Messages::record_erasure(const std::string& record, bool last) const {
  record_wire::RecordErasure out;
  out.set_record(field(record));
  out.set_certificate(digest(last ? "final certificate" : "certificate"));
  out.set_final(last);
  return of_records(recording::record_erasure_type, out);
}

model::Message Messages::grant(const std::string& consent, const std::string& patient) const {
  consent_wire::Grant out;
  out.set_consent(field(consent));
  out.set_patient(field(patient));
  out.set_commitment(digest("policy of " + consent));
  return of_consent(consenting::grant_type, out);
}

model::Message Messages::narrow(const std::string& consent, const std::string& to) const {
  consent_wire::Narrow out;
  out.set_consent(field(consent));
  out.set_replacement(field(to));
  out.set_end_ms(now_ms + day_ms);
  out.set_commitment(digest("policy of " + to));
  return of_consent(consenting::narrow_type, out);
}

model::Message Messages::revoke(const std::string& consent) const {
  consent_wire::Revoke out;
  out.set_consent(field(consent));
  return of_consent(consenting::revoke_type, out);
}

model::Message Messages::grant_assisted(const std::string& consent,
                                        const std::string& patient) const {
  consent_wire::GrantAssisted out;
  out.set_consent(field(consent));
  out.set_patient(field(patient));
  out.set_end_ms(now_ms + day_ms);
  out.set_commitment(digest("policy of " + consent));
  out.set_evidence(digest("paper of " + consent));
  return of_consent(consenting::grant_assisted_type, out);
}

model::Message Messages::journal_root(const std::string& custodian, std::uint64_t first) const {
  access_wire::JournalRoot out;
  out.set_custodian(field(custodian));
  out.set_first_sequence(first);
  out.set_count(3);
  out.set_root(digest("root at " + std::to_string(first)));
  out.set_oldest_ms(now_ms - 1000);
  return of_access(accessing::journal_root_type, out);
}

model::Message Messages::open_session(const std::string& session, const std::string& patient,
                                      const std::string& consent) const {
  access_wire::OpenSession out;
  out.set_session(field(session));
  out.set_requester(field("south"));
  out.set_patient(field(patient));
  out.add_consents(field(consent));
  out.set_decision(digest("decision"));
  out.set_ends_ms(now_ms + 15 * minute_ms);
  return of_access(accessing::open_session_type, out);
}

model::Message Messages::end_session(const std::string& session) const {
  access_wire::EndSession out;
  out.set_session(field(session));
  return of_access(accessing::end_session_type, out);
}

model::Message Messages::seal_session(const std::string& session) const {
  access_wire::SealSession out;
  out.set_session(field(session));
  out.set_root(digest("reads of " + session));
  out.set_count(3);
  return of_access(accessing::seal_session_type, out);
}

model::Message Messages::cohort(const std::string& entry, std::uint64_t policy_height) const {
  access_wire::CohortEntry out;
  out.set_entry(field(entry));
  out.set_custodian(field("north"));
  out.set_requester(field("south"));
  out.set_purpose(digest("purpose"));
  out.set_query(digest("query"));
  out.set_policy_height(policy_height);
  out.set_root(digest("leaves"));
  out.set_count(12);
  return of_access(accessing::cohort_entry_type, out);
}

model::Message Messages::declare(const std::string& entry, const std::string& who) const {
  access_wire::DeclareEmergency out;
  out.set_entry(field(entry));
  out.set_practitioner(field(who));
  out.set_organisation(field("south"));
  out.set_patient(field("ann"));
  out.set_reason(digest("reason"));
  return of_access(accessing::declare_emergency_type, out);
}

model::Message Messages::renew(const std::string& entry) const {
  access_wire::RenewEmergency out;
  out.set_entry(field(entry));
  return of_access(accessing::renew_emergency_type, out);
}

model::Message Messages::review(const std::string& entry, const std::string& who) const {
  access_wire::ReviewEmergency out;
  out.set_entry(field(entry));
  out.set_reviewer(field(who));
  out.set_outcome(digest("findings"));
  return of_access(accessing::review_emergency_type, out);
}

model::Message Messages::denied(const std::string& entry, const std::string& patient) const {
  access_wire::Denied out;
  out.set_entry(field(entry));
  out.set_patient(field(patient));
  out.set_details(digest("details"));
  return of_access(accessing::denied_type, out);
}

}  // namespace xl::golden
