// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>

#include "base/json/json.h"
#include "model/id.h"
#include "model/receipt.h"

namespace xl::client {

/// What a custodian shows to prove that it keeps a record as it was written: the opening of the
/// commitment, and the receipts of the state keys under which the ledger holds that commitment and
/// whose record it is.
struct RecordProof {
  model::Id record;
  std::uint32_t version = 0;
  model::Id patient;
  model::Id custodian;
  Hash salt{};
  Hash content_digest{};   ///< SHA-256 of the content, byte for byte as it is served
  Bytes labels;            ///< sealed and committed to with the content
  Bytes commitment;        ///< suite ‖ digest
  model::Receipt receipt;  ///< of the version
  model::Receipt head;     ///< of the record
};

/// Reads `xinglin/record-proof/v1`. Errors: receipt_malformed, and those of `model::read_receipt`.
[[nodiscard]] Result<RecordProof> read_record_proof(json::Value document);

/// Checks, offline, that `content` is what the ledger holds the commitment of: its digest, the
/// commitment that digest, labels and salt give, both state receipts with `trust` alone, that
/// their keys are this version and this record, and that their values have the same commitment,
/// patient and custodian.
/// Errors: content_differs (names the first part that does not fit), those of
/// `model::verify_receipt`. Pure, thread-safe.
[[nodiscard]] Status check_record_proof(const RecordProof& proof, std::string_view content,
                                        const model::Trust& trust);

/// The same without the content, of which the digest alone is known: that the ledger commits to
/// these labels. Errors: as `check_record_proof`. Pure, thread-safe.
[[nodiscard]] Status check_record_commitment(const RecordProof& proof, const model::Trust& trust);

/// Checks that `content` is a resource of this type and id. Errors: content_differs, json_invalid.
[[nodiscard]] Status check_named(std::string_view content, std::string_view type,
                                 std::string_view id);

}  // namespace xl::client
