// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

/// Every bound of the ledger. Each is part of the rules that all members must share: changing one
/// is a protocol change (a new protocol version), except where the comment says "local".
namespace xl::limits {

/// The latest protocol version that this program knows the rules of (local: a newer program knows
/// more).
constexpr std::uint64_t app_version_max = 1;

// Identifiers and keys of state.
constexpr std::uint32_t id_bytes = 16;  ///< DIDs, record, consent and session ids, nonces
constexpr std::uint32_t state_key_bytes_max = 128;
/// A value is read whole by contracts, so one value stays well under a page of RocksDB blocks.
constexpr std::uint32_t state_value_bytes_max = 16 * 1024;

// Transactions.
constexpr std::uint32_t transaction_version = 1;
constexpr std::uint32_t transaction_bytes_max = 64 * 1024;
constexpr std::uint32_t signers_max = 8;
constexpr std::uint32_t signature_bytes_max = 2048;  ///< a passkey assertion with its client data
constexpr std::uint32_t messages_max = 16;
constexpr std::uint32_t payload_bytes_max = 32 * 1024;
/// Longest validity of a transaction behind block time: bounds the replay marks in state.
constexpr std::uint64_t validity_window_ms = 10 * 60 * 1000;
static_assert(payload_bytes_max < transaction_bytes_max);
static_assert(signers_max * signature_bytes_max < transaction_bytes_max);

// Results.
constexpr std::uint32_t events_max = 64;  ///< per transaction
constexpr std::uint32_t event_attributes_max = 16;
constexpr std::uint32_t event_value_bytes_max = 256;
/// State keys touched by one transaction, enforced by execution: the work of its commit is bounded.
constexpr std::uint32_t writes_max = 256;

/// What one message may emit, so that any allowed number of messages stays within `events_max`.
constexpr std::uint32_t events_per_message_max = events_max / messages_max;
static_assert(events_per_message_max == 4);

// Time as contracts see it.
/// In an idle network block time lags by a heartbeat (60 s) and clocks differ: a start counts as
/// reached this much early, so that what was agreed to begin now begins now.
constexpr std::uint64_t start_tolerance_ms = 90 * 1000;

// Parties and keys.
constexpr std::uint32_t name_bytes_max = 128;      ///< of organisations and services
constexpr std::uint32_t keys_new_max = 4;          ///< keys that one message registers
constexpr std::uint32_t keys_live_max = 16;        ///< unexpired, unrevoked keys of one party
constexpr std::uint32_t sessions_live_max = 16;    ///< unexpired session keys of one party
constexpr std::uint32_t agreement_key_bytes = 32;  ///< X25519
constexpr std::uint32_t roles_max = 8;             ///< of one attestation or delegation
constexpr std::uint64_t attestation_ms_max = 3653ULL * 24 * 60 * 60 * 1000;  ///< ten years
constexpr std::uint32_t delegated_types_max = 32;
constexpr std::uint64_t delegation_ms_max = 12ULL * 60 * 60 * 1000;
constexpr std::uint32_t guardians_live_max = 7;  ///< of one ward
/// A guardianship from birth ends at majority; the longest age of majority is 21 years.
constexpr std::uint64_t guardianship_ms_max = 7671ULL * 24 * 60 * 60 * 1000;
/// How long the owner of a lost or stolen key has to object.
constexpr std::uint64_t recovery_wait_ms_min = 72ULL * 60 * 60 * 1000;
constexpr std::uint64_t recovery_wait_ms_max = 90ULL * 24 * 60 * 60 * 1000;
static_assert(guardians_live_max < signers_max);  // all helpers and the attester can sign at once
// Ending a party touches every live key: its value and its place in the index.
static_assert(2 * (keys_live_max + sessions_live_max + keys_new_max) + 16 < writes_max);

// Records.
constexpr std::uint32_t anchors_max = 100;  ///< versions anchored by one message
static_assert(2 * anchors_max < writes_max);
/// Keys of keyring backups are destroyed after this; only then is an erasure final.
constexpr std::uint64_t erasure_backup_ms = 35ULL * 24 * 60 * 60 * 1000;

// Consents.
constexpr std::uint32_t consents_active_max = 128;  ///< of one patient
constexpr std::uint64_t assisted_consent_ms_max = 90ULL * 24 * 60 * 60 * 1000;
/// A consent that names no end gets one: a year; at the desk what `assisted_consent_ms_max` says.
constexpr std::uint64_t consent_default_ms = 365ULL * 24 * 60 * 60 * 1000;
constexpr std::uint32_t policy_bytes_max = 16 * 1024;  ///< of a sealed normal form
constexpr std::uint32_t policy_salt_bytes = 32;
constexpr std::uint32_t grantees_max = 16;
constexpr std::uint32_t classes_max = 128;
constexpr std::uint32_t class_system_bytes_max = 128;
constexpr std::uint32_t class_code_bytes_max = 64;
constexpr std::uint32_t sensitivities_max = 32;
constexpr std::uint32_t sensitivity_bytes_max = 32;
constexpr std::uint32_t purposes_of_use_max = 16;
constexpr std::uint32_t authors_max = 16;
constexpr std::uint32_t rule_data_max = 32;  ///< records that one rule names
constexpr std::uint32_t policies_max = 32;   ///< of one consent
constexpr int label_authors_max = 32;        ///< of a record's earlier versions
constexpr std::uint32_t form_items_max = 8;  ///< of each list on a consent's form
constexpr std::uint32_t form_text_bytes_max = 256;
constexpr std::uint32_t form_time_bytes_max = 40;
constexpr std::uint32_t form_names_max = 64;
constexpr std::uint32_t form_name_bytes_max = 128;
constexpr std::uint32_t record_name_bytes_max = 64;  ///< type or logical id of a FHIR record
constexpr std::uint32_t exceptions_max = 8;          ///< of one rule
constexpr std::uint32_t exception_depth_max = 2;     ///< exceptions of exceptions, no deeper

// Access.
constexpr std::uint64_t session_ms_max = 15ULL * 60 * 1000;
constexpr std::uint64_t seal_within_ms = 5ULL * 60 * 1000;  ///< after a session's end
constexpr std::uint32_t session_consents_max = 8;           ///< relied on by one session
constexpr std::uint64_t journal_within_ms = 60ULL * 1000;   ///< from a read to its root's anchor
constexpr std::uint32_t journal_count_max = 1000 * 1000;    ///< reads under one root
constexpr std::uint64_t emergency_ms = 60ULL * 60 * 1000;
constexpr std::uint32_t emergency_renewals_max = 1;
constexpr std::uint64_t review_within_ms = 72ULL * 60 * 60 * 1000;
/// A dispute about an access is to be answered within 30 days: GDPR 12(3) gives a month for the
/// like, 45 CFR 164.526 sixty days.
constexpr std::uint64_t dispute_answer_within_ms = 30ULL * 24 * 60 * 60 * 1000;
/// Disputes of one patient that wait for an answer: more are a flood.
constexpr std::uint32_t disputes_open_max = 32;
// Handles by which patients are asked, and requests for consents.
constexpr std::uint32_t handles_max = 8;  ///< of one patient in use
constexpr std::uint64_t handle_ms_min = 60ULL * 1000;
constexpr std::uint64_t handle_ms_max = 7ULL * 24 * 60 * 60 * 1000;
/// Waiting for one patient: more can nobody weigh.
constexpr std::uint32_t requests_of_patient_max = 16;
/// Waiting of one organisation that asks; fewer than it has patients to see in two weeks.
constexpr std::uint32_t requests_of_asker_max = 256;
constexpr std::uint64_t request_default_ms = 14ULL * 24 * 60 * 60 * 1000;
constexpr std::uint64_t request_ms_max = 30ULL * 24 * 60 * 60 * 1000;
constexpr std::uint32_t request_text_bytes_max = 500;  ///< why it is asked; what a refusal says
// Agreements between organisations.
constexpr std::uint32_t agreements_max = 256;         ///< of one organisation, not ended
constexpr std::uint32_t agreement_disputes_max = 8;   ///< of one agreement, unanswered
constexpr std::uint32_t agreement_days_max = 36'500;  ///< longest retention: a century
constexpr std::uint32_t agreement_text_bytes_max = 2048;

/// How old the state behind a cohort's decision may be, in blocks: its proofs are still served.
constexpr std::uint64_t policy_age_heights_max = 1024;

// Credentials.
/// The least length of a list (W3C Bitstring Status List v1.0 §3.2): among so many an entry says
/// little about whom it is of.
constexpr std::uint32_t status_entries_min = 128 * 1024;
constexpr std::uint32_t status_entries_max = 1024 * 1024;
/// One state value with bits: a change rewrites so much of its list, and one digest of the list.
constexpr std::uint32_t status_chunk_bytes = 1024;
constexpr std::uint32_t status_lists_max = 64;           ///< of one issuer
constexpr std::uint32_t status_indexes_max = 32;         ///< changed by one message
constexpr std::uint32_t entry_changes_max = 64;          ///< of one entry, for ever
constexpr std::uint32_t accreditation_periods_max = 16;  ///< by one regulator, for ever
constexpr std::uint32_t accreditors_max = 16;  ///< of one organisation and type, that are looked at
constexpr std::uint64_t accreditation_ms_max = 3660ULL * 24 * 60 * 60 * 1000;
static_assert(status_entries_min % (8 * status_chunk_bytes) == 0);
static_assert(status_entries_max / 8 / status_chunk_bytes * 40 < state_value_bytes_max);
static_assert(3 * status_indexes_max < writes_max);

// Governance.
/// CometBFT takes 256 validators; each vote counts all members, so their number bounds its work.
constexpr std::uint32_t members_max = 256;              ///< those that were expelled count
constexpr std::uint32_t member_organisations_max = 16;  ///< that one proposal admits
constexpr std::uint32_t member_address_bytes_max = 255;
/// http(s)://HOST[:PORT]: a host name of the longest kind (RFC 1035 §2.3.4) fits.
constexpr std::uint32_t member_gateway_bytes_max = 8 + 255 + 6;
constexpr std::uint64_t member_weight_max = 1000 * 1000;
constexpr std::uint64_t member_power_max = 1000 * 1000 * 1000;
constexpr std::uint32_t proposals_live_max = 32;  ///< neither decided nor over, one list in state
constexpr std::uint32_t proposal_title_bytes_max = 200;
constexpr std::uint64_t voting_ms_min = 60ULL * 1000;
constexpr std::uint64_t voting_ms_max = 90ULL * 24 * 60 * 60 * 1000;
constexpr std::uint64_t execute_ahead_heights_max = 100'000'000;
constexpr std::uint32_t software_bytes_max = 64;  ///< name and version of a member's software
/// A scan is due again within a year and a month of grace.
constexpr std::uint64_t security_attestation_ms_max = 397ULL * 24 * 60 * 60 * 1000;
constexpr std::uint64_t quota_period_ms_min = 60ULL * 1000;
constexpr std::uint64_t quota_period_ms_max = 31ULL * 24 * 60 * 60 * 1000;
/// What the members decided is done at the end of a block, so many steps of each contract.
constexpr std::uint32_t block_end_steps_max = 8;

// Envelopes and blocks.
constexpr std::uint32_t envelope_version = 1;
constexpr std::uint32_t envelope_transactions_max = 512;
constexpr std::uint32_t envelope_bytes_max = 1024 * 1024;
constexpr std::uint32_t block_envelopes_max = 64;
constexpr std::uint32_t block_bytes_max = 4 * 1024 * 1024;
static_assert(transaction_bytes_max < envelope_bytes_max);
static_assert(envelope_bytes_max < block_bytes_max);
/// What members may vote the block to be.
constexpr std::uint64_t voted_block_bytes_min = 2ULL * envelope_bytes_max;
constexpr std::uint64_t voted_block_bytes_max = 4ULL * block_bytes_max;

/// Replay marks dropped per block: twice the executed transactions plus this, so that marks can
/// never pile up while the work of one block stays proportional to its content.
constexpr std::uint32_t replay_marks_dropped_base = 16;

/// Heights whose state proofs are served (local; older heights answer XL1404).
constexpr std::uint64_t proof_heights_kept = 1024;

// CometBFT's own bounds (consensus.md §4): a header or set over them is refused before hashing.
constexpr std::uint32_t chain_id_bytes_max = 50;
constexpr std::uint32_t validators_max = 256;
constexpr std::int64_t voting_power_total_max = INT64_MAX / 8;
static_assert(members_max <= validators_max);
static_assert(members_max * member_power_max < static_cast<std::uint64_t>(voting_power_total_max));

// Vault (local: each custodian's own).
constexpr std::uint32_t body_bytes_max = 16 * 1024 * 1024;  ///< one ciphertext, held in memory
constexpr std::uint32_t labels_bytes_max = 16 * 1024;
/// One version of a record: what is left of a body beside labels, salt and sealing.
constexpr std::uint32_t record_bytes_max = body_bytes_max - labels_bytes_max - 1024;
/// Bodies that become durable together: bounds memory and the write-ahead log.
constexpr std::uint32_t vault_batch_max = 4096;
constexpr std::uint32_t vault_batch_bytes_max = 64 * 1024 * 1024;
constexpr std::uint32_t vault_page_max = 256;  ///< rows of one page of a listing
/// Life of a backup's key: an erasure is final when the backups before it cannot be opened.
constexpr std::uint64_t backup_key_life_ms = 35ULL * 24 * 60 * 60 * 1000;
constexpr std::uint32_t backup_keys_max = 128;  ///< alive at once: three a day and some by hand
static_assert(body_bytes_max < vault_batch_bytes_max);
static_assert(labels_bytes_max < body_bytes_max);

// Read journal (local).
constexpr std::uint32_t journal_text_bytes_max = 512;      ///< action, purpose, reason
constexpr std::uint32_t journal_subject_bytes_max = 1024;  ///< what was asked for
constexpr std::uint32_t journal_evidence_bytes_max =
    8192;                                          ///< signatures and delegations behind it
constexpr std::uint32_t journal_group_max = 1024;  ///< entries that share one sync
/// Entries waiting for a sync; more are refused, so that a stalled disk does not fill the memory.
constexpr std::uint32_t journal_waiting_max = 8192;
/// Entries under one anchored root: sealing holds appends up for as long as it hashes them (90 ms).
constexpr std::uint32_t journal_batch_max = 16384;
/// A root anchored later than this behind its first entry is marked late.
constexpr std::uint64_t journal_anchor_within_ms = 60 * 1000;
static_assert(journal_group_max <= journal_waiting_max);

// Documents read by the verifier (local).
constexpr std::uint32_t genesis_bytes_max = 4 * 1024 * 1024;
constexpr std::uint32_t receipt_bytes_max = 16 * 1024 * 1024;
constexpr std::uint32_t trust_path_max = 4096;
/// Every member with all its keys, each as long as a passkey's, and a signature of each.
constexpr std::uint32_t checkpoint_bytes_max = 4 * 1024 * 1024;
constexpr std::uint32_t checkpoint_key_bytes_max = 512;
constexpr std::uint32_t checkpoints_max = 64;  ///< given to a verifier at once

}  // namespace xl::limits
