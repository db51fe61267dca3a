// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

/// Domain tags: the first bytes of everything that is hashed or signed, so that bytes of one kind
/// can never be taken for another. ASCII, no NUL; changing one changes every digest of its kind.
namespace xl::model::tags {

constexpr std::string_view transaction_id = "xinglin/transaction-id/v1";
constexpr std::string_view transaction_signature = "xinglin/transaction-signature/v1";
constexpr std::string_view envelope_signature = "xinglin/envelope-signature/v1";
constexpr std::string_view key_id = "xinglin/key-id/v1";
constexpr std::string_view network_id = "xinglin/network-id/v1";
constexpr std::string_view state_path = "xinglin/state-path/v1";
constexpr std::string_view state_value = "xinglin/state-value/v1";
constexpr std::string_view result = "xinglin/result/v1";
constexpr std::string_view app_hash = "xinglin/app-hash/v1";

// Contracts: what a new key signs, what consents, refusals and agreements commit to.
constexpr std::string_view key_possession = "xinglin/key-possession/v1";
constexpr std::string_view consent_policy = "xinglin/consent-policy/v1";
constexpr std::string_view consent_refusal = "xinglin/consent-refusal/v1";
constexpr std::string_view agreement_terms = "xinglin/agreement-terms/v1";
constexpr std::string_view agreement_words = "xinglin/agreement-words/v1";
constexpr std::string_view status_bits = "xinglin/status-bits/v1";

// Founding a network.
constexpr std::string_view member_card = "xinglin/member-card/v1";
constexpr std::string_view founding_signature = "xinglin/founding-signature/v1";

// What members co-sign now and then: where a verifier may begin.
constexpr std::string_view checkpoint = "xinglin/checkpoint/v1";

// Governance: a newcomer's word for its own security attestation.
constexpr std::string_view security_attestation = "xinglin/security-attestation/v1";

// Vault: commitments and what its wraps and ciphertexts are bound to.
constexpr std::string_view commitment = "xinglin/commitment/v1";
constexpr std::string_view vault_body = "xinglin/vault-body/v1";
constexpr std::string_view data_key = "xinglin/data-key/v1";
constexpr std::string_view patient_key = "xinglin/patient-key/v1";
constexpr std::string_view organisation_key = "xinglin/organisation-key/v1";
constexpr std::string_view keyring_database = "xinglin/keyring-database/v1";
constexpr std::string_view keyring_backup = "xinglin/keyring-backup/v1";
constexpr std::string_view erasure_certificate = "xinglin/erasure-certificate/v1";

// Read journal.
constexpr std::string_view journal_leaf = "xinglin/journal-leaf/v1";
constexpr std::string_view journal_entry = "xinglin/journal-entry/v1";
constexpr std::string_view journal_group = "xinglin/journal-group/v1";
constexpr std::string_view journal_gap = "xinglin/journal-gap/v1";
constexpr std::string_view journal_sealed = "xinglin/journal-sealed/v1";
constexpr std::string_view journal_database = "xinglin/journal-database/v1";
constexpr std::string_view access_list = "xinglin/access-list/v1";

// Custody: what organisations commit to, their own pseudonyms, what sign-ins sign.
constexpr std::string_view salted_text = "xinglin/salted-text/v1";
constexpr std::string_view access_details = "xinglin/access-details/v1";
constexpr std::string_view erased_name = "xinglin/erased-name/v1";
constexpr std::string_view own_pseudonym = "xinglin/own-pseudonym/v1";
constexpr std::string_view sign_in = "xinglin/sign-in/v1";
constexpr std::string_view audit_query = "xinglin/audit-query/v1";
constexpr std::string_view audit_cursor = "xinglin/audit-cursor/v1";

// Between members' gateways: what one organisation asks of another, and its answer.
constexpr std::string_view peer_request = "xinglin/peer-request/v1";
constexpr std::string_view peer_answer = "xinglin/peer-answer/v1";
constexpr std::string_view locator = "xinglin/locator/v1";

// Record index: what is derived from the organisation's index key.
constexpr std::string_view index_database = "xinglin/index-database/v1";
constexpr std::string_view index_cursor = "xinglin/index-cursor/v1";
constexpr std::string_view index_marks = "xinglin/index-marks/v1";
constexpr std::string_view index_query = "xinglin/index-query/v1";

}  // namespace xl::model::tags
