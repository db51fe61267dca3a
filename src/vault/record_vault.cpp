// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "vault/record_vault.h"

#include <algorithm>
#include <optional>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/suite.h"
#include "model/limits.h"
#include "model/tags.h"
#include "vault/codec.h"

namespace xl::vault {
namespace {

/// On-disk format of a body's plaintext (formats-vault.md §2).
constexpr std::uint8_t body_version = 1;
static_assert(1 + sizeof(Hash) + 4 + limits::labels_bytes_max + limits::record_bytes_max +
                  crypto::aead::overhead_bytes <=
              limits::body_bytes_max);

Bytes body_bound_to(const model::Id& organisation, const RecordVersion& which) {
  return detail::bound_to(model::tags::vault_body,
                          {organisation.view(), which.record.view(), detail::be32(which.version)});
}

std::string version_text(const RecordVersion& which) {
  return which.record.text() + " version " + std::to_string(which.version);
}

struct OpenedBody {
  Hash salt{};
  Bytes labels;
  Bytes content;
};

Result<OpenedBody> unseal(const model::Id& organisation, const RecordVersion& which,
                          ByteView data_key, ByteView ciphertext) {
  const auto altered = [&] { return make_error(ErrorCode::record_altered, version_text(which)); };
  if (data_key.size() != crypto::aead::key_bytes) return altered();
  const auto plain = crypto::aead::open(data_key, ciphertext, body_bound_to(organisation, which));
  if (!plain.ok()) return altered();
  Decoder in(*plain);
  if (in.u8() != body_version) return altered();
  OpenedBody out;
  const ByteView salt = in.fixed(out.salt.size());
  out.labels = copy_of(in.sized(limits::labels_bytes_max));
  out.content = copy_of(in.rest());
  if (!in.finished()) return altered();
  std::copy(salt.begin(), salt.end(), out.salt.begin());
  return out;
}

/// One version, sealed and not kept yet.
struct Sealed {
  crypto::SecretBytes key;
  Bytes ciphertext;
  SuiteDigest commitment{};
};

Sealed seal_record(const model::Id& organisation, const RecordVault::New& record) {
  Sealed out;
  out.key = crypto::SecretBytes::random(crypto::aead::key_bytes);
  Hash salt{};
  crypto::random_bytes(salt);
  Encoder plain;
  plain.u8(body_version).fixed(salt).sized(record.labels).fixed(record.content);
  Bytes bytes = plain.take();
  out.ciphertext =
      crypto::aead::seal(out.key.view(), bytes, body_bound_to(organisation, record.which));
  crypto::wipe(bytes);
  out.commitment = commitment_of(salt, crypto::sha256(record.content), record.labels);
  return out;
}

Status check_bounds(const RecordVault::New& record) {
  if (record.content.size() > limits::record_bytes_max) {
    return make_error(ErrorCode::body_too_large, version_text(record.which));
  }
  if (record.labels.size() > limits::labels_bytes_max) {
    return make_error(ErrorCode::labels_too_large, version_text(record.which));
  }
  return {};
}

}  // namespace

/// A version that passed every check.
struct RecordVault::Checked {
  model::Id patient;
  SuiteDigest commitment{};
  OpenedBody body;
};

SuiteDigest commitment_of(const Hash& salt, const Hash& content_digest, ByteView labels) {
  SuiteDigest out{};
  out[0] = static_cast<std::uint8_t>(crypto::Suite::international);
  const Hash digest = crypto::tagged_hash(model::tags::commitment, {salt, content_digest, labels});
  std::copy(digest.begin(), digest.end(), out.begin() + 1);
  return out;
}

Result<Opened> open_body(const model::Id& organisation, const RecordVersion& which,
                         ByteView data_key, ByteView ciphertext, const SuiteDigest& commitment) {
  XL_TRY_ASSIGN(OpenedBody body, unseal(organisation, which, data_key, ciphertext));
  if (commitment_of(body.salt, crypto::sha256(body.content), body.labels) != commitment) {
    return make_error(ErrorCode::record_altered, version_text(which) + ", its commitment");
  }
  return Opened{{}, std::move(body.content), std::move(body.labels)};
}

Result<std::vector<Anchored>> RecordVault::put_batch(std::span<const New> records,
                                                     std::uint64_t valid_until_ms) {
  if (records.size() > limits::vault_batch_max) {
    return make_error(ErrorCode::vault_batch_too_large, std::to_string(records.size()) + " parts");
  }
  std::size_t bytes = 0;
  for (const New& record : records) {
    XL_TRY(check_bounds(record));
    bytes += record.content.size() + record.labels.size();
    if (bytes > limits::vault_batch_bytes_max) {
      return make_error(ErrorCode::vault_batch_too_large, "over 64 MiB");
    }
    XL_TRY(keyring_.check_new(record.patient, record.which));  // before any body is written
  }
  std::vector<Sealed> sealed;
  std::vector<Bodies::New> bodies;
  for (const New& record : records) sealed.push_back(seal_record(keyring_.organisation(), record));
  for (std::size_t i = 0; i < records.size(); ++i) {
    bodies.push_back({sealed[i].ciphertext, records[i].which});
  }
  XL_TRY_ASSIGN(const std::vector<SuiteDigest> digests, bodies_.put(bodies, valid_until_ms));
  // Keys after bodies: a key always has its body; a body without key is an orphan and goes.
  std::vector<Keyring::New> keys;
  std::vector<Anchored> out;
  for (std::size_t i = 0; i < records.size(); ++i) {
    keys.push_back({records[i].patient, records[i].which, digests[i], sealed[i].commitment,
                    sealed[i].key.view()});
    out.push_back({digests[i], sealed[i].commitment});
  }
  const Status kept = keyring_.add(keys);
  if (kept.ok()) return out;
  // These bodies are fresh and nobody's: without this they would wait for the collection.
  XL_TRY(bodies_.remove(digests));
  return kept.error();
}

Result<Anchored> RecordVault::put(const New& record, std::uint64_t valid_until_ms) {
  XL_TRY_ASSIGN(const std::vector<Anchored> out, put_batch(std::span(&record, 1), valid_until_ms));
  return out.front();
}

Result<Anchored> RecordVault::anchored(const RecordVersion& which) const {
  XL_TRY_ASSIGN(const OpenedKey opened, keyring_.open_key(which));
  return Anchored{opened.body, opened.commitment};
}

Result<RecordVault::Checked> RecordVault::open_checked(const RecordVersion& which) const {
  XL_TRY_ASSIGN(const OpenedKey opened, keyring_.open_key(which));
  XL_TRY_ASSIGN(const Bytes ciphertext, bodies_.get(opened.body));
  XL_TRY_ASSIGN(OpenedBody body,
                unseal(keyring_.organisation(), which, opened.key.view(), ciphertext));
  const Hash content_digest = crypto::sha256(body.content);
  if (commitment_of(body.salt, content_digest, body.labels) != opened.commitment) {
    return make_error(ErrorCode::record_altered, version_text(which) + ", its commitment");
  }
  return Checked{opened.patient, opened.commitment, std::move(body)};
}

Result<Opened> RecordVault::get(const RecordVersion& which) const {
  XL_TRY_ASSIGN(Checked checked, open_checked(which));
  return Opened{checked.patient, std::move(checked.body.content), std::move(checked.body.labels)};
}

Result<CommitmentOpening> RecordVault::open_commitment(const RecordVersion& which) const {
  XL_TRY_ASSIGN(Checked checked, open_checked(which));
  return CommitmentOpening{checked.body.salt, crypto::sha256(checked.body.content),
                           std::move(checked.body.labels), checked.commitment};
}

Status RecordVault::confirm(std::span<const RecordVersion> versions) {
  std::vector<SuiteDigest> digests;
  for (const RecordVersion& which : versions) {
    XL_TRY_ASSIGN(const Anchored kept, anchored(which));
    digests.push_back(kept.ciphertext_digest);
  }
  return bodies_.confirm(digests);
}

Result<std::uint32_t> RecordVault::collect_orphans(
    std::uint64_t now_ms, std::uint32_t count_max,
    const std::function<bool(const RecordVersion&)>& is_anchored) {
  XL_TRY_ASSIGN(const std::vector<Bodies::Orphan> orphans, bodies_.orphans(now_ms, count_max));
  std::vector<SuiteDigest> committed;
  std::vector<SuiteDigest> removed;
  std::vector<RecordVersion> forgotten;
  for (const Bodies::Orphan& orphan : orphans) {
    // A body may be the leftover of a put that crashed and was done again with another body.
    const auto kept = anchored(orphan.owner);
    const bool ours = kept.ok() && kept->ciphertext_digest == orphan.digest;
    if (!kept.ok() && kept.error().code != ErrorCode::record_unknown &&
        kept.error().code != ErrorCode::record_erased) {
      return kept.error();
    }
    if (ours && is_anchored(orphan.owner)) {
      committed.push_back(orphan.digest);
      continue;
    }
    if (ours) forgotten.push_back(orphan.owner);
    removed.push_back(orphan.digest);
  }
  XL_TRY(bodies_.confirm(committed));
  XL_TRY(keyring_.forget(forgotten));  // first: never a key without its body
  XL_TRY(bodies_.remove(removed));
  return static_cast<std::uint32_t>(removed.size());
}

Result<ErasureCertificate> RecordVault::remove_bodies(ErasureCertificate certificate) {
  std::optional<SuiteDigest> after;
  while (true) {
    XL_TRY_ASSIGN(const std::vector<SuiteDigest> page,
                  keyring_.erased_bodies(certificate.id, after));
    if (page.empty()) return certificate;
    XL_TRY(bodies_.remove(page));
    after = page.back();
  }
}

Result<ErasureCertificate> RecordVault::erase(const RecordVersion& which, std::uint64_t now_ms) {
  XL_TRY_ASSIGN(ErasureCertificate certificate, keyring_.erase_record(which, now_ms));
  return remove_bodies(std::move(certificate));
}

Result<ErasureCertificate> RecordVault::erase_patient(const model::Id& patient,
                                                      std::uint64_t now_ms) {
  XL_TRY_ASSIGN(ErasureCertificate certificate, keyring_.erase_patient(patient, now_ms));
  return remove_bodies(std::move(certificate));
}

}  // namespace xl::vault
