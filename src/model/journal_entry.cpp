// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/journal_entry.h"

#include <algorithm>

#include "base/codec.h"
#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "model/limits.h"
#include "model/tags.h"

namespace xl::model {
namespace {

constexpr std::uint8_t entry_version = 1;

Id read_id(Decoder& in) {
  Id id;
  const ByteView bytes = in.fixed(id.bytes.size());
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

bool known(JournalDecision decision) {
  return decision == JournalDecision::permitted || decision == JournalDecision::denied;
}
bool known(JournalOutcome outcome) {
  return outcome == JournalOutcome::served || outcome == JournalOutcome::refused ||
         outcome == JournalOutcome::failed;
}

}  // namespace

Result<Bytes> encode_journal_entry(const JournalEntry& entry) {
  for (const std::string* text : {&entry.action, &entry.purpose, &entry.reason}) {
    if (text->size() > limits::journal_text_bytes_max) {
      return make_error(ErrorCode::journal_entry_too_large, "a text");
    }
  }
  if (entry.subject.size() > limits::journal_subject_bytes_max) {
    return make_error(ErrorCode::journal_entry_too_large, "the subject");
  }
  if (entry.evidence.size() > limits::journal_evidence_bytes_max) {
    return make_error(ErrorCode::journal_entry_too_large, "the evidence");
  }
  Encoder out;
  out.u8(entry_version)
      .u64(entry.time_ms)
      .fixed(entry.actor.view())
      .fixed(entry.organisation.view())
      .fixed(entry.patient.view())
      .fixed(entry.session.view())
      .u8(static_cast<std::uint8_t>(entry.decision))
      .u8(static_cast<std::uint8_t>(entry.outcome))
      .sized(view_of(entry.action))
      .sized(view_of(entry.purpose))
      .sized(view_of(entry.reason))
      .sized(entry.subject)
      .sized(entry.evidence);
  return out.take();
}

Result<JournalEntry> decode_journal_entry(ByteView content) {
  Decoder in(content);
  JournalEntry out;
  const std::uint8_t version = in.u8();
  out.time_ms = in.u64();
  out.actor = read_id(in);
  out.organisation = read_id(in);
  out.patient = read_id(in);
  out.session = read_id(in);
  out.decision = static_cast<JournalDecision>(in.u8());
  out.outcome = static_cast<JournalOutcome>(in.u8());
  out.action = text_of(in.sized(limits::journal_text_bytes_max));
  out.purpose = text_of(in.sized(limits::journal_text_bytes_max));
  out.reason = text_of(in.sized(limits::journal_text_bytes_max));
  out.subject = copy_of(in.sized(limits::journal_subject_bytes_max));
  out.evidence = copy_of(in.sized(limits::journal_evidence_bytes_max));
  if (!in.finished() || version != entry_version || !known(out.decision) || !known(out.outcome)) {
    return make_error(ErrorCode::journal_entry_altered, "its content cannot be read");
  }
  return out;
}

Hash journal_leaf(const Hash& salt, ByteView content) {
  return crypto::tagged_hash(tags::journal_leaf, {salt, content});
}

Hash journal_hash(const Id& organisation, std::uint64_t sequence, const Hash& previous,
                  const Hash& leaf) {
  return crypto::tagged_hash(
      tags::journal_entry, {organisation.view(), Encoder().u64(sequence).bytes(), previous, leaf});
}

Result<JournalEntry> verify_journal_proof(const Id& organisation, const JournalProof& proof,
                                          const JournalRoot& root) {
  const auto mismatch = [&] {
    return make_error(ErrorCode::journal_root_mismatch, "entry " + std::to_string(proof.sequence));
  };
  if (proof.sequence < root.first_sequence || proof.sequence > root.last_sequence) {
    return mismatch();
  }
  const Hash hash = journal_hash(organisation, proof.sequence, proof.previous,
                                 journal_leaf(proof.salt, proof.content));
  if (!crypto::merkle::verify_inclusion(crypto::merkle::leaf_hash(hash),
                                        proof.sequence - root.first_sequence, root.count(),
                                        proof.path, root.root)) {
    return mismatch();
  }
  return decode_journal_entry(proof.content);
}

}  // namespace xl::model
