// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: identity answers every message by its rules alone, whoever asks. Method: a table that
// reaches each status once on a fresh ledger, then the attacks and bounds that the table leaves
// out.
#include <gtest/gtest.h>

#include "contracts/identity/keys.h"
#include "contracts/identity/status.h"
#include "contracts/tests/fixture.h"

namespace xl::contracts::identity {
namespace {

namespace wire = xinglin::identity::v1;
using testing::day_ms;
using testing::digest;
using testing::field;
using testing::hour_ms;
using testing::id;
using testing::key;
using testing::Ledger;
using testing::sign_and_manage;
using testing::Signers;

constexpr std::uint32_t anchor = 3U << 16U | 1U;

/// "ann" and "bob" are claimed at north, "carl" is not; "dora" is a physician of north.
Ledger start() {
  Ledger ledger;
  EXPECT_EQ(ledger.claimed_patient("ann", "north"), applied);
  EXPECT_EQ(ledger.claimed_patient("bob", "north"), applied);
  EXPECT_EQ(ledger.register_patient("carl", "north"), applied);
  EXPECT_EQ(ledger.attest("dora", "north", {Role::physician}), applied);
  return ledger;
}

StatusCode send(Ledger& ledger, std::uint16_t type, const google::protobuf::Message& message,
                const Signers& signers) {
  return ledger.send(contract_number, type, message, signers);
}

StatusCode deactivate(Ledger& ledger, const std::string& party, const std::string& signer) {
  wire::Deactivate out;
  out.set_party(field(party));
  return send(ledger, deactivate_type, out, {signer});
}

StatusCode revoke_attestation(Ledger& ledger, const std::string& practitioner,
                              const std::string& organisation) {
  wire::RevokeAttestation out;
  out.set_practitioner(field(practitioner));
  out.set_organisation(field(organisation));
  return send(ledger, revoke_attestation_type, out, {organisation});
}

StatusCode rotate(Ledger& ledger, const std::string& party, const std::string& old_name,
                  const std::string& new_name, std::uint32_t purposes) {
  wire::RotateKey out;
  out.set_party(field(party));
  out.set_old_key(field(key(old_name).id));
  *out.mutable_key() = ledger.new_key(new_name, id(party), purposes);
  return send(ledger, rotate_key_type, out, {old_name});
}

wire::ClaimPatient claim(const Ledger& ledger, const std::string& patient) {
  wire::ClaimPatient out;
  out.set_patient(field(patient));
  *out.add_keys() = ledger.new_key(patient, id(patient), sign_and_manage);
  out.set_evidence(digest("identified"));
  return out;
}

wire::RegisterService service(const Ledger& ledger, const std::string& name) {
  wire::RegisterService out;
  out.set_organisation(field("north"));
  out.set_service(field(name));
  out.set_name("feed");
  *out.add_keys() = ledger.new_key(name, id(name), purpose_sign);
  return out;
}

StatusCode configure(Ledger& ledger, const std::string& party, std::uint32_t threshold,
                     std::vector<std::string> guardians, const std::string& attester,
                     bool need_both, std::uint64_t waiting_ms = limits::recovery_wait_ms_min) {
  wire::ConfigureRecovery out;
  out.set_party(field(party));
  out.set_threshold(threshold);
  for (std::string& guardian : guardians) guardian = field(guardian);
  std::sort(guardians.begin(), guardians.end());
  for (const std::string& guardian : guardians) out.add_guardians(guardian);
  if (!attester.empty()) out.set_attester(field(attester));
  out.set_need_both(need_both);
  out.set_waiting_ms(waiting_ms);
  return send(ledger, configure_recovery_type, out, {party});
}

StatusCode start_recovery(Ledger& ledger, const std::string& party, const std::string& new_name,
                          const Signers& signers) {
  wire::StartRecovery out;
  out.set_party(field(party));
  *out.add_keys() = ledger.new_key(new_name, id(party), sign_and_manage);
  return send(ledger, start_recovery_type, out, signers);
}

StatusCode cancel_recovery(Ledger& ledger, const std::string& party, const std::string& signer) {
  wire::CancelRecovery out;
  out.set_party(field(party));
  return send(ledger, cancel_recovery_type, out, {signer});
}

StatusCode finish_recovery(Ledger& ledger, const std::string& party, const std::string& signer) {
  wire::FinishRecovery out;
  out.set_party(field(party));
  return send(ledger, finish_recovery_type, out, {signer});
}

StatusCode end_guardianship(Ledger& ledger, const std::string& guardian,
                            const std::string& signer) {
  wire::EndGuardianship out;
  out.set_guardian(field(guardian));
  return send(ledger, end_guardianship_type, out, {signer});
}

StatusCode end_delegation(Ledger& ledger, const std::string& name, const std::string& signer) {
  wire::EndDelegation out;
  out.set_key(field(key(name).id));
  return send(ledger, end_delegation_type, out, {signer});
}

const std::vector<testing::StatusCase>& party_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"another organisation claims the patient", not_signed_by_party,
       [](Ledger& l) { return send(l, claim_patient_type, claim(l, "carl"), {"south"}); }},
      {"a key that may not manage", purpose_missing,
       [](Ledger& l) {
         EXPECT_EQ(l.add_key("ann", "ann daily", purpose_sign, "ann"), applied);
         return l.add_key("ann", "ann third", purpose_sign, "ann daily");
       }},
      {"key of nobody", party_unknown,
       [](Ledger& l) { return l.add_key("nobody", "new", purpose_sign, "ann"); }},
      {"a patient's identifier twice", party_exists,
       [](Ledger& l) { return l.register_patient("ann", "south"); }},
      {"claiming a practitioner", party_wrong_kind,
       [](Ledger& l) { return send(l, claim_patient_type, claim(l, "dora"), {"north"}); }},
      {"key for a deactivated party", party_deactivated,
       [](Ledger& l) {
         EXPECT_EQ(deactivate(l, "ann", "ann"), applied);
         return l.add_key("ann", "new", purpose_sign, "bob");
       }},
      {"key for an unclaimed patient", party_unclaimed,
       [](Ledger& l) { return l.add_key("carl", "new", purpose_sign, "north"); }},
      {"claim twice", already_claimed,
       [](Ledger& l) { return send(l, claim_patient_type, claim(l, "ann"), {"north"}); }},
      {"an organisation leaves by itself", leaves_by_vote,
       [](Ledger& l) { return deactivate(l, "north", "north"); }},
  };
  return cases;
}

const std::vector<testing::StatusCase>& key_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"a key id is never bound twice", key_known,
       [](Ledger& l) { return l.add_key("ann", "bob", purpose_sign, "ann"); }},
      {"revoking another's key", key_unknown,
       [](Ledger& l) { return l.revoke_key("ann", "bob", "ann"); }},
      {"revoking twice", key_ended,
       [](Ledger& l) {
         EXPECT_EQ(l.add_key("ann", "ann two", purpose_sign, "ann"), applied);
         EXPECT_EQ(l.revoke_key("ann", "ann two", "ann"), applied);
         return l.revoke_key("ann", "ann two", "ann");
       }},
      {"a proof for another party", key_proof_invalid,
       [](Ledger& l) {
         wire::AddKey out;
         out.set_party(field("ann"));
         *out.mutable_key() = l.new_key("new", id("bob"), purpose_sign);
         return send(l, add_key_type, out, {"ann"});
       }},
      {"a patient may not pack envelopes", key_purposes_refused,
       [](Ledger& l) { return l.add_key("ann", "new", purpose_envelope, "ann"); }},
      {"one key more than a party may have", keys_too_many,
       [](Ledger& l) {
         for (std::uint32_t i = 1; i < limits::keys_live_max; ++i) {
           EXPECT_EQ(l.add_key("ann", "k" + std::to_string(i), purpose_sign, "ann"), applied);
         }
         return l.add_key("ann", "one more", purpose_sign, "ann");
       }},
      {"the last key that manages", last_manage_key,
       [](Ledger& l) { return l.revoke_key("ann", "ann", "ann"); }},
      {"a key that is over before it begins", period_refused,
       [](Ledger& l) { return l.add_key("ann", "new", purpose_sign, "ann", l.block_ms); }},
      {"keys for a practitioner that has some", keys_unexpected,
       [](Ledger& l) {
         wire::AttestPractitioner out;
         out.set_organisation(field("south"));
         out.set_practitioner(field("dora"));
         out.add_roles(static_cast<std::uint32_t>(Role::administrator));
         out.set_valid_to_ms(l.block_ms + day_ms);
         *out.add_keys() = l.new_key("forced", id("dora"), sign_and_manage);
         return send(l, attest_practitioner_type, out, {"south"});
       }},
      {"a new practitioner without keys", keys_missing,
       [](Ledger& l) {
         wire::AttestPractitioner out;
         out.set_organisation(field("north"));
         out.set_practitioner(field("new one"));
         out.add_roles(static_cast<std::uint32_t>(Role::administrator));
         out.set_valid_to_ms(l.block_ms + day_ms);
         return send(l, attest_practitioner_type, out, {"north"});
       }},
      {"revoking what was never attested", attestation_unknown,
       [](Ledger& l) { return revoke_attestation(l, "dora", "south"); }},
      {"revoking an attestation twice", attestation_ended,
       [](Ledger& l) {
         EXPECT_EQ(revoke_attestation(l, "dora", "north"), applied);
         return revoke_attestation(l, "dora", "north");
       }},
      {"a physician without licence", licence_missing,
       [](Ledger& l) {
         wire::AttestPractitioner out;
         out.set_organisation(field("north"));
         out.set_practitioner(field("dora"));
         out.add_roles(static_cast<std::uint32_t>(Role::physician));
         out.set_valid_to_ms(l.block_ms + day_ms);
         return send(l, attest_practitioner_type, out, {"north"});
       }},
  };
  return cases;
}

const std::vector<testing::StatusCase>& guardian_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"the custodian appoints without evidence", evidence_missing,
       [](Ledger& l) {
         wire::AppointGuardian out;
         out.set_ward(field("carl"));
         out.set_guardian(field("gail"));
         out.set_powers(power_consent);
         out.set_until_ms(l.block_ms + day_ms);
         *out.add_keys() = l.new_key("gail", id("gail"), sign_and_manage);
         return send(l, appoint_guardian_type, out, {"north"});
       }},
      {"one guardian more than a ward may have", guardians_too_many,
       [](Ledger& l) {
         for (std::uint32_t i = 0; i < limits::guardians_live_max; ++i) {
           EXPECT_EQ(
               l.appoint("g" + std::to_string(i), "ann", "ann", power_consent, l.block_ms + day_ms),
               applied);
         }
         return l.appoint("one more", "ann", "ann", power_consent, l.block_ms + day_ms);
       }},
      {"ending a guardianship twice", guardianship_ended,
       [](Ledger& l) {
         EXPECT_EQ(l.appoint("gail", "ann", "ann", power_consent, l.block_ms + day_ms), applied);
         EXPECT_EQ(end_guardianship(l, "gail", "ann"), applied);
         return end_guardianship(l, "gail", "ann");
       }},
      {"a guardian without the recovery power", recovery_terms_refused,
       [](Ledger& l) {
         EXPECT_EQ(l.appoint("gail", "ann", "ann", power_consent, l.block_ms + day_ms), applied);
         return configure(l, "ann", 1, {"gail"}, "", false);
       }},
      {"a waiting period below the network's", waiting_refused,
       [](Ledger& l) {
         return configure(l, "ann", 0, {}, "north", false, limits::recovery_wait_ms_min - 1);
       }},
      {"recovery without terms", recovery_not_configured,
       [](Ledger& l) { return start_recovery(l, "ann", "ann new", {"north"}); }},
      {"recovery twice", recovery_running,
       [](Ledger& l) {
         EXPECT_EQ(configure(l, "ann", 0, {}, "north", false), applied);
         EXPECT_EQ(start_recovery(l, "ann", "ann new", {"north"}), applied);
         return start_recovery(l, "ann", "ann newer", {"north"});
       }},
      {"cancelling nothing", recovery_not_running,
       [](Ledger& l) { return cancel_recovery(l, "ann", "ann"); }},
      {"finishing before the end of the waiting period", recovery_too_early,
       [](Ledger& l) {
         EXPECT_EQ(configure(l, "ann", 0, {}, "north", false), applied);
         EXPECT_EQ(start_recovery(l, "ann", "ann new", {"north"}), applied);
         l.block_ms += limits::recovery_wait_ms_min - 1;
         return finish_recovery(l, "ann", "north");
       }},
      {"recovery by someone else", recovery_signatures_missing,
       [](Ledger& l) {
         EXPECT_EQ(configure(l, "ann", 0, {}, "north", false), applied);
         return start_recovery(l, "ann", "ann new", {"south"});
       }},
  };
  return cases;
}

const std::vector<testing::StatusCase>& delegation_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"a session that revokes keys", type_not_delegable,
       [](Ledger& l) {
         return l.delegate("dora", "session", "north", {Role::physician},
                           {1U << 16U | revoke_key_type});
       }},
      {"a role that is not attested", role_not_attested,
       [](Ledger& l) {
         return l.delegate("dora", "session", "north", {Role::emergency_physician}, {anchor});
       }},
      {"ending a delegation twice", delegation_ended,
       [](Ledger& l) {
         EXPECT_EQ(l.delegate("dora", "session", "north", {Role::physician}, {anchor}), applied);
         EXPECT_EQ(end_delegation(l, "session", "dora"), applied);
         return end_delegation(l, "session", "dora");
       }},
      {"a patient through another hospital", organisation_wrong,
       [](Ledger& l) { return l.delegate("ann", "session", "south", {}, {anchor}); }},
  };
  return cases;
}

/// A session key is stopped by verification before; the contract refuses it all the same.
StatusCode send_as_session(Ledger& ledger) {
  EXPECT_EQ(ledger.delegate("dora", "session", "north", {Role::physician}, {anchor}), applied);
  wire::SetAgreementKey out;
  out.set_party(field("dora"));
  out.set_agreement_key(std::string(32, 'a'));
  const auto command =
      ledger.registry().find(contract_number)->check(set_agreement_key_type, model::encode(out));
  EXPECT_TRUE(command.ok());
  const Hash& session = key("session").id;
  const Caller caller = caller_of(ledger.state(), session, *find_key(ledger.state(), session));
  const Context context{ledger.height, ledger.block_ms, ledger.network, {}, {&caller, 1}};
  return (*command)->authorize(context, ledger.state());
}

TEST(IdentityTable, ReachesEveryStatus) {
  std::vector<testing::StatusCase> all;
  for (const auto* part : {&party_cases(), &key_cases(), &guardian_cases(), &delegation_cases()}) {
    all.insert(all.end(), part->begin(), part->end());
  }
  all.push_back({"a session key manages", delegation_refused, send_as_session});
  testing::expect_statuses(start(), contract_number, all);
}

TEST(Delegation, BeyondTheBoundEndsTheOneWithTheLeastTimeLeft) {
  Ledger ledger = start();
  const auto is_live = [&](const std::string& name) {
    return is_active(*find_key(ledger.state(), key(name).id), ledger.block_ms);
  };
  const auto open = [&](const std::string& name) {
    return ledger.delegate("dora", name, "north", {Role::physician}, {anchor});
  };
  for (std::uint32_t i = 0; i < limits::sessions_live_max; ++i) {
    EXPECT_EQ(open("s" + std::to_string(i)), applied);
    ledger.block_ms += 1000;  // each session ends a second after the one before
  }
  EXPECT_TRUE(is_live("s0"));
  EXPECT_EQ(open("one more"), applied);
  EXPECT_FALSE(is_live("s0"));
  EXPECT_TRUE(is_live("s1"));
  EXPECT_TRUE(is_live("one more"));
  EXPECT_EQ(live_sessions_of(ledger.state(), id("dora"), ledger.block_ms).size(),
            limits::sessions_live_max);
}

TEST(IdentityTable, IsSound) {
  testing::expect_sound_statuses(*Ledger().registry().find(contract_number));
}

TEST(Patient, IsHandedOverForGood) {
  Ledger ledger = start();
  EXPECT_EQ(find_party(ledger.state(), id("carl"))->status(),
            static_cast<std::uint32_t>(PartyStatus::unclaimed));
  EXPECT_EQ(send(ledger, claim_patient_type, claim(ledger, "carl"), {"north"}), applied);
  const auto party = find_party(ledger.state(), id("carl"));
  EXPECT_EQ(party->status(), static_cast<std::uint32_t>(PartyStatus::active));
  EXPECT_EQ(custodian_of(*party), id("north"));
  // The custodian that registered and attested the patient has no say any more.
  EXPECT_EQ(ledger.add_key("carl", "intruder", sign_and_manage, "north"), not_signed_by_party);
  EXPECT_EQ(deactivate(ledger, "carl", "north"), not_signed_by_party);
  EXPECT_EQ(ledger.add_key("carl", "carl two", sign_and_manage, "carl"), applied);
}

TEST(Patient, ClaimNeedsTheWalletsOwnProof) {
  Ledger ledger = start();
  wire::ClaimPatient stolen = claim(ledger, "carl");
  *stolen.mutable_keys(0) = ledger.new_key("carl", id("ann"), sign_and_manage);  // other party
  EXPECT_EQ(send(ledger, claim_patient_type, stolen, {"north"}), key_proof_invalid);
  wire::ClaimPatient widened = claim(ledger, "carl");
  *widened.mutable_keys(0) = ledger.new_key("carl", id("carl"), purpose_manage);
  widened.mutable_keys(0)->set_purposes(sign_and_manage);  // other purposes than proved
  EXPECT_EQ(send(ledger, claim_patient_type, widened, {"north"}), key_proof_invalid);
  Ledger elsewhere = start();
  elsewhere.network.fill(8);
  EXPECT_EQ(send(elsewhere, claim_patient_type, claim(ledger, "carl"), {"north"}),
            key_proof_invalid);  // a proof for another network
}

TEST(Patient, UnclaimedOneCanBeWithdrawnByItsCustodianOnly) {
  Ledger ledger = start();
  EXPECT_EQ(deactivate(ledger, "carl", "south"), not_signed_by_party);
  EXPECT_EQ(deactivate(ledger, "carl", "north"), applied);
  EXPECT_EQ(send(ledger, claim_patient_type, claim(ledger, "carl"), {"north"}), party_deactivated);
}

TEST(Patient, AnArgumentDoesNotSayWhoSends) {
  Ledger ledger = start();
  wire::RegisterPatient out;
  out.set_custodian(field("north"));
  out.set_patient(field("eve"));
  EXPECT_EQ(send(ledger, register_patient_type, out, {"south"}), not_signed_by_party);
  EXPECT_EQ(send(ledger, register_patient_type, out, {"dora"}), not_signed_by_party);
  EXPECT_EQ(send(ledger, register_patient_type, out, {"nobody"}), testing::unknown_key);
}

TEST(Keys, ProveThemselvesByRecordedBytes) {
  // docs/reference/formats-contracts.md §1: wallets build these bytes themselves.
  const Bytes seed(32, 1);
  const auto signing = crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, seed);
  ASSERT_TRUE(signing.ok());
  Hash network{};
  network.fill(7);
  KeyClaim claim;
  claim.party.bytes.fill(9);
  claim.algorithm = crypto::Algorithm::ed25519;
  claim.public_key = signing->public_key();
  claim.purposes = 3;
  EXPECT_EQ(to_hex(possession_bytes(network, claim)),
            "78696e676c696e2f6b65792d706f7373657373696f6e2f76310001"
            "0707070707070707070707070707070707070707070707070707070707070707"
            "09090909090909090909090909090909"
            "010000000300000000000000000000000000000000"
            "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c");
}

TEST(Service, SignsForItsOrganisationButNeverManages) {
  Ledger ledger = start();
  EXPECT_EQ(send(ledger, register_service_type, service(ledger, "feed"), {"south"}),
            not_signed_by_party);
  EXPECT_EQ(send(ledger, register_service_type, service(ledger, "feed"), {"north"}), applied);
  EXPECT_EQ(send(ledger, register_service_type, service(ledger, "feed"), {"north"}), party_exists);
  wire::RegisterPatient out;
  out.set_custodian(field("north"));
  out.set_patient(field("eve"));
  EXPECT_EQ(send(ledger, register_patient_type, out, {"feed"}), applied);
  EXPECT_EQ(send(ledger, claim_patient_type, claim(ledger, "eve"), {"feed"}), not_signed_by_party);
  EXPECT_EQ(ledger.add_key("feed", "feed manager", purpose_manage, "north"), key_purposes_refused);
  EXPECT_EQ(ledger.add_key("feed", "feed two", purpose_sign, "feed"), not_signed_by_party);
  EXPECT_EQ(ledger.add_key("feed", "feed two", purpose_sign, "north"), applied);
  EXPECT_EQ(ledger.revoke_key("feed", "feed", "north"), applied);
  EXPECT_EQ(ledger.revoke_key("feed", "feed two", "north"), applied);  // may be left without any
  EXPECT_EQ(deactivate(ledger, "feed", "north"), applied);
}

TEST(Keys, RotationReplacesTheOnlyManager) {
  Ledger ledger = start();
  EXPECT_EQ(rotate(ledger, "ann", "ann", "ann weak", purpose_sign), last_manage_key);
  EXPECT_EQ(rotate(ledger, "ann", "ann", "ann next", sign_and_manage), applied);
  EXPECT_EQ(ledger.add_key("ann", "more", purpose_sign, "ann"), testing::inactive_key);
  EXPECT_EQ(ledger.add_key("ann", "ann", purpose_sign, "ann next"), key_known);  // never again
  const auto old = find_key(ledger.state(), key("ann").id);
  EXPECT_EQ(old->revoked_at_ms(), ledger.block_ms);
}

TEST(Keys, ExpireAndMakeRoom) {
  Ledger ledger = start();
  for (std::uint32_t i = 1; i < limits::keys_live_max; ++i) {
    EXPECT_EQ(ledger.add_key("ann", "k" + std::to_string(i), purpose_sign, "ann",
                             ledger.block_ms + hour_ms),
              applied);
  }
  ledger.block_ms += hour_ms;
  EXPECT_EQ(ledger.add_key("ann", "late", purpose_sign, "k1"), testing::inactive_key);
  EXPECT_EQ(ledger.add_key("ann", "late", purpose_sign, "ann"), applied);
  EXPECT_EQ(indexed_keys(ledger.state(), id("ann"), false).size(), 2U);
}

TEST(Keys, AManagerWithAnEndIsNoLastingManager) {
  Ledger ledger = start();
  EXPECT_EQ(ledger.add_key("ann", "for a while", sign_and_manage, "ann", ledger.block_ms + hour_ms),
            applied);
  EXPECT_EQ(ledger.revoke_key("ann", "ann", "for a while"), last_manage_key);
}

TEST(Keys, AreChecked) {
  Ledger ledger = start();
  const auto refused = [&](auto&& alter) {
    wire::AddKey out;
    out.set_party(field("ann"));
    *out.mutable_key() = ledger.new_key("new", id("ann"), purpose_sign);
    alter(*out.mutable_key());
    return send(ledger, add_key_type, out, {"ann"});
  };
  using testing::malformed_message;
  EXPECT_EQ(refused([](wire::NewKey& k) { k.set_algorithm(4); }), malformed_message);
  EXPECT_EQ(refused([](wire::NewKey& k) { k.set_algorithm(300); }), malformed_message);
  EXPECT_EQ(refused([](wire::NewKey& k) { k.mutable_public_key()->pop_back(); }),
            malformed_message);
  EXPECT_EQ(refused([](wire::NewKey& k) { k.set_purposes(0); }), malformed_message);
  EXPECT_EQ(refused([](wire::NewKey& k) { k.set_purposes(16); }), malformed_message);
  EXPECT_EQ(refused([](wire::NewKey& k) { k.clear_proof(); }), malformed_message);
  EXPECT_EQ(refused([](wire::NewKey& k) {
              k.set_proof(std::string(limits::signature_bytes_max + 1, 'x'));
            }),
            malformed_message);
  EXPECT_EQ(
      refused([](wire::NewKey& k) { k.set_proof(std::string(limits::signature_bytes_max, 'x')); }),
      key_proof_invalid);
  EXPECT_EQ(refused([](wire::NewKey& k) { k.set_purposes(purpose_session); }),
            key_purposes_refused);
  EXPECT_EQ(refused([](wire::NewKey&) {}), applied);
}

TEST(Attestation, IsBoundedAndEnds) {
  Ledger ledger = start();
  const std::uint64_t now = ledger.block_ms;
  EXPECT_EQ(ledger.attest("erik", "north", {Role::nurse}, now + limits::attestation_ms_max + 1),
            period_refused);
  EXPECT_EQ(ledger.attest("erik", "north", {Role::nurse}, now), period_refused);
  EXPECT_EQ(ledger.attest("erik", "north", {Role::nurse}, now + limits::attestation_ms_max),
            applied);
  EXPECT_TRUE(is_attested(ledger.state(), id("erik"), id("north"), Role::nurse, now));
  EXPECT_FALSE(is_attested(ledger.state(), id("erik"), id("north"), Role::physician, now));
  EXPECT_FALSE(is_attested(ledger.state(), id("erik"), id("south"), now));
  EXPECT_TRUE(is_attested_for_emergency(ledger.state(), id("erik"), id("north"), now));
  const std::uint64_t end = now + limits::attestation_ms_max;
  EXPECT_TRUE(is_attested(ledger.state(), id("erik"), id("north"), end - 1));
  EXPECT_FALSE(is_attested(ledger.state(), id("erik"), id("north"), end));
  EXPECT_EQ(revoke_attestation(ledger, "erik", "north"), applied);
  EXPECT_FALSE(is_attested(ledger.state(), id("erik"), id("north"), now));
  EXPECT_EQ(ledger.attest("erik", "north", {Role::nurse}), applied);  // employed again
  EXPECT_TRUE(is_attested(ledger.state(), id("erik"), id("north"), now));
}

TEST(Attestation, ThatShrinksEndsSessionsBeyondIt) {
  Ledger ledger = start();
  EXPECT_EQ(ledger.attest("dora", "north", {Role::physician, Role::administrator}), applied);
  EXPECT_EQ(
      ledger.delegate("dora", "both", "north", {Role::physician, Role::administrator}, {anchor}),
      applied);
  EXPECT_EQ(ledger.delegate("dora", "one", "north", {Role::physician}, {anchor}), applied);
  EXPECT_EQ(ledger.attest("dora", "north", {Role::physician}), applied);
  EXPECT_NE(find_key(ledger.state(), key("both").id)->revoked_at_ms(), 0U);
  EXPECT_EQ(find_key(ledger.state(), key("one").id)->revoked_at_ms(), 0U);
  EXPECT_EQ(revoke_attestation(ledger, "dora", "north"), applied);
  EXPECT_NE(find_key(ledger.state(), key("one").id)->revoked_at_ms(), 0U);
}

TEST(Delegation, IsShortAndLimited) {
  Ledger ledger = start();
  EXPECT_EQ(ledger.delegate("dora", "long", "north", {Role::physician}, {anchor},
                            limits::delegation_ms_max + 1),
            period_refused);
  EXPECT_EQ(ledger.delegate("dora", "session", "north", {Role::physician}, {anchor},
                            limits::delegation_ms_max),
            applied);
  EXPECT_EQ(ledger.delegate("dora", "consent", "north", {Role::physician}, {4U << 16U | 1U}),
            type_not_delegable);
  EXPECT_EQ(ledger.delegate("dora", "vote", "north", {Role::physician}, {2U << 16U | 1U}),
            type_not_delegable);
  EXPECT_EQ(ledger.delegate("north", "org", "north", {}, {anchor}), party_wrong_kind);
  EXPECT_EQ(ledger.delegate("ann", "phone", "north", {}, {anchor}), applied);
  EXPECT_EQ(ledger.add_key("dora", "more", purpose_sign, "session"), testing::exceeded_delegation);
  const auto caller =
      caller_of(ledger.state(), key("session").id, *find_key(ledger.state(), key("session").id));
  EXPECT_TRUE(caller.delegated);
  EXPECT_EQ(caller.did, id("dora"));
  EXPECT_EQ(caller.via_organisation, id("north"));
  EXPECT_EQ(end_delegation(ledger, "session", "ann"), not_signed_by_party);
  EXPECT_EQ(end_delegation(ledger, "session", "north"), applied);  // the hospital may
}

TEST(Delegation, EndsWithTheKeyThatMadeIt) {
  Ledger ledger = start();
  EXPECT_EQ(ledger.add_key("dora", "dora two", sign_and_manage, "dora"), applied);
  EXPECT_EQ(ledger.delegate("dora", "session", "north", {Role::physician}, {anchor}), applied);
  EXPECT_EQ(ledger.revoke_key("dora", "dora", "dora two"), applied);
  EXPECT_NE(find_key(ledger.state(), key("session").id)->revoked_at_ms(), 0U);
}

TEST(Guardian, ActsWithinItsPowersAndTime) {
  Ledger ledger = start();
  const std::uint64_t now = ledger.block_ms;
  EXPECT_EQ(ledger.appoint("gail", "carl", "south", power_consent, now + day_ms),
            not_signed_by_party);
  EXPECT_EQ(
      ledger.appoint("gail", "carl", "north", power_consent, now + limits::guardianship_ms_max + 1),
      period_refused);
  EXPECT_EQ(
      ledger.appoint("gail", "carl", "north", power_consent, now + limits::guardianship_ms_max),
      applied);
  EXPECT_EQ(ledger.appoint("gail", "ann", "ann", power_consent, now + day_ms), party_exists);
  const auto acts = [&](std::uint64_t at, GuardianPower power) {
    return guardian_acts(ledger.state(), id("gail"), id("carl"), power, at);
  };
  EXPECT_TRUE(acts(now, power_consent));
  EXPECT_FALSE(acts(now, power_recovery));
  EXPECT_FALSE(acts(now + limits::guardianship_ms_max, power_consent));
  EXPECT_FALSE(guardian_acts(ledger.state(), id("gail"), id("ann"), power_consent, now));
  EXPECT_EQ(end_guardianship(ledger, "gail", "bob"), not_signed_by_party);
  EXPECT_EQ(end_guardianship(ledger, "gail", "gail"), applied);
  EXPECT_FALSE(acts(now, power_consent));
  EXPECT_EQ(end_guardianship(ledger, "gail", "gail"), testing::inactive_key);
}

TEST(Guardian, OfAClaimedWardWaitsWhenTheCustodianAppointsIt) {
  Ledger ledger = start();
  const std::uint64_t now = ledger.block_ms;
  EXPECT_EQ(ledger.appoint("gail", "ann", "north", power_consent, now + 30 * day_ms), applied);
  const auto acts = [&](std::uint64_t at) {
    return guardian_acts(ledger.state(), id("gail"), id("ann"), power_consent, at);
  };
  EXPECT_FALSE(acts(now + limits::recovery_wait_ms_min - 1));
  EXPECT_TRUE(acts(now + limits::recovery_wait_ms_min));
  EXPECT_EQ(end_guardianship(ledger, "gail", "ann"), applied);  // the ward objects
  EXPECT_FALSE(acts(now + limits::recovery_wait_ms_min));
}

TEST(Recovery, ReplacesAllKeysAfterTheWait) {
  Ledger ledger = start();
  for (const char* name : {"g1", "g2", "g3"}) {
    EXPECT_EQ(ledger.appoint(name, "ann", "ann", power_recovery, ledger.block_ms + 99 * day_ms),
              applied);
  }
  EXPECT_EQ(configure(ledger, "ann", 2, {"g1", "g2", "g3"}, "north", true), applied);
  EXPECT_EQ(start_recovery(ledger, "ann", "ann new", {"g1", "north"}), recovery_signatures_missing);
  EXPECT_EQ(start_recovery(ledger, "ann", "ann new", {"g1", "g2"}), recovery_signatures_missing);
  EXPECT_EQ(start_recovery(ledger, "ann", "ann new", {"g1", "g3", "north"}), applied);
  EXPECT_EQ(cancel_recovery(ledger, "ann", "bob"), not_signed_by_party);
  EXPECT_EQ(cancel_recovery(ledger, "ann", "ann"), applied);  // the owner objects
  EXPECT_EQ(start_recovery(ledger, "ann", "ann new", {"g1", "g3", "north"}), applied);
  ledger.block_ms += limits::recovery_wait_ms_min;
  EXPECT_EQ(finish_recovery(ledger, "ann", "g1"), applied);
  EXPECT_EQ(ledger.add_key("ann", "more", purpose_sign, "ann"), testing::inactive_key);
  EXPECT_EQ(ledger.add_key("ann", "more", purpose_sign, "ann new"), applied);
  EXPECT_EQ(finish_recovery(ledger, "ann", "g1"), recovery_not_running);
}

TEST(Recovery, WithEitherPathAndForPractitioners) {
  Ledger ledger = start();
  EXPECT_EQ(configure(ledger, "dora", 0, {}, "south", false), recovery_terms_refused);
  EXPECT_EQ(configure(ledger, "dora", 0, {}, "north", true), recovery_terms_refused);
  EXPECT_EQ(configure(ledger, "dora", 0, {}, "north", false), applied);
  EXPECT_EQ(configure(ledger, "ann", 0, {}, "south", false), recovery_terms_refused);
  // Nobody could ever start it.
  EXPECT_EQ(configure(ledger, "ann", 0, {}, "", false), recovery_terms_refused);
  EXPECT_EQ(start_recovery(ledger, "ann", "ann new", {"north"}), recovery_not_configured);
  EXPECT_EQ(start_recovery(ledger, "dora", "dora new", {"north"}), applied);
  EXPECT_EQ(configure(ledger, "dora", 0, {}, "", false), recovery_running);
  ledger.block_ms += limits::recovery_wait_ms_min;
  EXPECT_EQ(finish_recovery(ledger, "dora", "north"), applied);
  EXPECT_EQ(configure(ledger, "north", 0, {}, "", false), party_wrong_kind);
}

TEST(Recovery, ProposedKeyMayNotBeTakenMeanwhile) {
  Ledger ledger = start();
  EXPECT_EQ(configure(ledger, "ann", 0, {}, "north", false), applied);
  EXPECT_EQ(start_recovery(ledger, "ann", "ann new", {"north"}), applied);
  EXPECT_EQ(ledger.add_key("bob", "ann new", purpose_sign, "bob"), applied);
  ledger.block_ms += limits::recovery_wait_ms_min;
  EXPECT_EQ(finish_recovery(ledger, "ann", "north"), key_known);
  EXPECT_EQ(cancel_recovery(ledger, "ann", "ann"), applied);
}

TEST(Identity, RefusesUnknownTypesAndForeignBytes) {
  const Ledger ledger;
  const Contract* contract = ledger.registry().find(contract_number);
  EXPECT_EQ(contract->check(0, {}).error().code, ErrorCode::contract_unknown);
  EXPECT_EQ(contract->check(deactivate_type + 1, {}).error().code, ErrorCode::contract_unknown);
  for (std::uint16_t type = 1; type <= deactivate_type; ++type) {
    EXPECT_EQ(contract->check(type, {}).error().code, ErrorCode::message_malformed) << type;
    const Bytes garbage{0xff, 0x01, 0x02};
    EXPECT_EQ(contract->check(type, garbage).error().code, ErrorCode::message_malformed) << type;
  }
}

}  // namespace
}  // namespace xl::contracts::identity
