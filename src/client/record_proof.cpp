// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/record_proof.h"

#include <limits>

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/api/state_value.h"
#include "contracts/records/records.h"
#include "contracts/records/state.pb.h"
#include "crypto/hash.h"
#include "model/tags.h"

namespace xl::client {
namespace {

Error proof_malformed(std::string_view what) {
  return make_error(ErrorCode::receipt_malformed, "record proof: " + std::string(what));
}

Error proof_differs(std::string_view what) { return make_error(ErrorCode::content_differs, what); }

/// suite ‖ tagged_hash(tag, salt ‖ content digest ‖ labels), as docs/reference/formats-vault.md §3.
Bytes commitment_given(const RecordProof& proof) {
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, crypto::tagged_hash(model::tags::commitment,
                                  {proof.salt, proof.content_digest, proof.labels}));
  return out;
}

Result<model::Receipt> read_part(json::Value document, std::string_view name) {
  if (!document.find(name).is_object()) return proof_malformed(name);
  return model::read_receipt(json::write(document.find(name)));
}

/// What the ledger holds under `key`, as a state receipt proves it.
template <typename Record>
Result<Record> proved(const model::Receipt& receipt, const Bytes& key, const model::Trust& trust) {
  XL_TRY(model::verify_receipt(receipt, trust));
  const auto& state = receipt.state;
  if (!state) return proof_differs("the receipt proves no state key");
  if (state->key != key) return proof_differs("the receipt is of another record or version");
  if (!state->value) return proof_differs("the ledger holds no such record or version");
  Record out;
  if (!contracts::decode_record(*state->value, out)) {
    return proof_differs("the ledger's value is no such record");
  }
  return out;
}

}  // namespace

Result<RecordProof> read_record_proof(json::Value document) {
  const auto text = [&](std::string_view name) {
    return document.find(name).as_string().value_or(std::string_view{});
  };
  if (text("schema") != "xinglin/record-proof/v1") return proof_malformed("schema");
  RecordProof out;
  const auto record = model::id_from_text(text("record"));
  if (!record.ok()) return proof_malformed("record");
  out.record = *record;
  const auto patient = model::id_from_did(text("patient"));
  if (!patient.ok()) return proof_malformed("patient");
  out.patient = *patient;
  const auto custodian = model::id_from_did(text("custodian"));
  if (!custodian.ok()) return proof_malformed("custodian");
  out.custodian = *custodian;
  std::uint64_t version = 0;
  if (!parse_decimal(text("version"), version) || version == 0 ||
      version > std::numeric_limits<std::uint32_t>::max()) {
    return proof_malformed("version");
  }
  out.version = static_cast<std::uint32_t>(version);
  if (!from_hex(text("salt"), out.salt)) return proof_malformed("salt");
  if (!from_hex(text("content_digest"), out.content_digest)) {
    return proof_malformed("content_digest");
  }
  if (!from_base64(text("labels"), out.labels) || out.labels.empty()) {
    return proof_malformed("labels");
  }
  if (!from_hex(text("commitment"), out.commitment) || out.commitment.size() != 1 + sizeof(Hash)) {
    return proof_malformed("commitment");
  }
  XL_TRY_ASSIGN(out.receipt, read_part(document, "receipt"));
  XL_TRY_ASSIGN(out.head, read_part(document, "head"));
  return out;
}

Status check_record_proof(const RecordProof& proof, std::string_view content,
                          const model::Trust& trust) {
  if (crypto::sha256(view_of(content)) != proof.content_digest) {
    return proof_differs("the content is not the one that was digested");
  }
  return check_record_commitment(proof, trust);
}

Status check_record_commitment(const RecordProof& proof, const model::Trust& trust) {
  if (commitment_given(proof) != proof.commitment) {
    return proof_differs("salt, digest and labels do not give the commitment");
  }
  namespace records = contracts::records;
  const ByteView record = proof.record.view();
  XL_TRY_ASSIGN(const auto version,
                proved<xinglin::records::v1::VersionRecord>(
                    proof.receipt, records::version_key(record, proof.version), trust));
  if (!equal(view_of(version.commitment()), proof.commitment)) {
    return proof_differs("the ledger holds another commitment");
  }
  XL_TRY_ASSIGN(const auto head, proved<xinglin::records::v1::RecordHead>(
                                     proof.head, records::head_key(record), trust));
  if (!equal(view_of(head.patient()), proof.patient.view())) {
    return proof_differs("the ledger names another patient");
  }
  if (!equal(view_of(head.custodian()), proof.custodian.view())) {
    return proof_differs("the ledger names another custodian");
  }
  return {};
}

Status check_named(std::string_view content, std::string_view type, std::string_view id) {
  json::Limits bounds;
  bounds.bytes_max = content.size();
  XL_TRY_ASSIGN(const json::Document document, json::parse(content, bounds));
  const json::Value root = document.root();
  if (root.find("resourceType").as_string() != type) return proof_differs("resourceType");
  if (root.find("id").as_string() != id) return proof_differs("id");
  return {};
}

}  // namespace xl::client
