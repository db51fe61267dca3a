// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the vault does what docs/reference/formats-vault.md says, byte for byte. Method: the
// vectors are read from the document itself; each is reproduced or opened by the functions that
// the vault uses.
#include <algorithm>
#include <map>
#include <sstream>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "crypto/signature.h"
#include "crypto/wrap.h"
#include "model/tags.h"
#include "vault/codec.h"
#include "vault/journal_store.h"
#include "vault/keyring_store.h"
#include "vault/tests/fixture.h"

namespace xl::vault {
namespace {

constexpr std::uint32_t record_version = 3;

class VaultFormats : public testing::Test {
 protected:
  void SetUp() override {
    std::istringstream in(
        test::raw_file(test::fs::path(XL_SOURCE_DIR) / "docs/reference/formats-vault.md"));
    for (std::string line; std::getline(in, line);) {
      const std::size_t equals = line.find(" = ");
      Bytes value;
      if (equals == std::string::npos || line.find('.') > equals ||
          !from_hex(std::string_view(line).substr(equals + 3), value)) {
        continue;
      }
      vectors_[line.substr(0, equals)] = value;
    }
    which_ = {id("vault.record"), record_version};
  }
  Bytes get(const std::string& name) {
    const auto found = vectors_.find(name);
    EXPECT_NE(found, vectors_.end()) << name << " is not in the document";
    return found == vectors_.end() ? Bytes{} : found->second;
  }
  Hash hash(const std::string& name) {
    Hash out{};
    const Bytes bytes = get(name);
    EXPECT_EQ(bytes.size(), out.size()) << name;
    if (bytes.size() == out.size()) std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
  }
  model::Id id(const std::string& name) { return *model::id_from_bytes(get(name)); }
  /// Seals again with the nonce of `sealed`.
  static Bytes sealed_again(ByteView key, ByteView sealed, ByteView plain, ByteView bound) {
    crypto::aead::Nonce nonce{};
    std::copy_n(sealed.begin() + 1, nonce.size(), nonce.begin());
    return crypto::aead::seal_with_nonce(key, nonce, plain, bound);
  }
  void expect_wrap(const std::string& name, const std::string& kek, const std::string& key,
                   ByteView context) {
    const auto opened = crypto::unwrap_key(get(kek), get(name), context);
    ASSERT_TRUE(opened.ok()) << name;
    EXPECT_EQ(copy_of(opened->view()), get(key));
  }

  std::map<std::string, Bytes> vectors_;
  RecordVersion which_;
};

TEST_F(VaultFormats, TheDocumentHasThemAll) {
  EXPECT_EQ(vectors_.size(), 44U);  // a new one needs a check below, or in base's own test
}

TEST_F(VaultFormats, Bodies) {
  const model::Id custodian = id("vault.organisation");
  const Bytes ciphertext = get("body.ciphertext");
  const auto opened = open_body(
      custodian, which_, get("body.data_key"), ciphertext,
      commitment_of(hash("body.salt"), crypto::sha256(get("body.content")), get("body.labels")));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->content, get("body.content"));
  EXPECT_EQ(opened->labels, get("body.labels"));
  EXPECT_EQ(copy_of(body_digest(ciphertext)), get("body.digest"));
  EXPECT_EQ(copy_of(commitment_of(hash("body.salt"), crypto::sha256(get("body.content")),
                                  get("body.labels"))),
            get("body.commitment"));
  const Bytes plain = Encoder()
                          .u8(1)
                          .fixed(get("body.salt"))
                          .sized(get("body.labels"))
                          .fixed(get("body.content"))
                          .take();
  EXPECT_EQ(sealed_again(
                get("body.data_key"), ciphertext, plain,
                detail::bound_to(model::tags::vault_body, {custodian.view(), which_.record.view(),
                                                           detail::be32(record_version)})),
            ciphertext);
}

TEST_F(VaultFormats, Wraps) {
  const model::Id custodian = id("vault.organisation");
  expect_wrap("keyring.database_wrap", "keyring.root", "keyring.database_key",
              detail::bound_to(model::tags::keyring_database, {custodian.view(), detail::be64(1)}));
  expect_wrap("keyring.organisation_wrap", "keyring.root", "keyring.organisation_key",
              detail::organisation_key_context(custodian, "journal"));
  expect_wrap("keyring.patient_wrap", "keyring.root", "keyring.patient_key",
              detail::patient_key_context(custodian, get("vault.patient")));
  expect_wrap("keyring.data_wrap", "keyring.patient_key", "body.data_key",
              data_key_context(custodian, which_));
}

TEST_F(VaultFormats, Certificates) {
  ErasureCertificate certificate;
  certificate.id = test::id_of(9, 6);
  certificate.organisation = id("vault.organisation");
  certificate.patient = id("vault.patient");
  certificate.record = which_;
  certificate.erased_ms = 2000;
  certificate.versions = 1;
  certificate.is_final = true;
  certificate.final_ms = 3000;
  certificate.disclosure_count = 1;
  certificate.disclosures.push_back({which_, test::id_of(7, 3), 1500});
  EXPECT_EQ(encode(certificate), get("certificate.bytes"));
  EXPECT_EQ(digest_of(certificate), hash("certificate.digest"));
  const Bytes key(32, 0x77);
  EXPECT_EQ(crypto::tagged_hash(model::tags::erased_name, {key, view_of("Observation/bp-1")}),
            hash("erased.name"));
}

TEST_F(VaultFormats, Backups) {
  const std::uint8_t last = 1;
  const Bytes chunk = get("backup.chunk");
  const auto rows = crypto::aead::open(
      get("backup.key"), ByteView(chunk).subspan(4),
      detail::bound_to(model::tags::keyring_backup,
                       {get("backup.header"), detail::be64(0), ByteView(&last, 1)}));
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(*rows, get("backup.row"));
  EXPECT_EQ(read_be<std::uint32_t>(chunk), chunk.size() - 4);
}

TEST_F(VaultFormats, JournalEntries) {
  const model::Id custodian = id("vault.organisation");
  model::JournalEntry entry;
  entry.time_ms = 1'000'001;
  entry.actor = test::id_of(4, 3);
  entry.organisation = custodian;
  entry.patient = id("vault.patient");
  entry.decision = model::JournalDecision::permitted;
  entry.outcome = model::JournalOutcome::served;
  entry.action = "read";
  entry.purpose = "TREAT";
  entry.reason = "own care";
  entry.subject = Encoder().fixed(which_.record.view()).u32(record_version).take();
  EXPECT_EQ(*model::encode_journal_entry(entry), get("journal.content"));
  EXPECT_EQ(*model::decode_journal_entry(get("journal.content")), entry);
  const Hash leaf = model::journal_leaf(hash("body.salt"), get("journal.content"));
  EXPECT_EQ(leaf, hash("journal.leaf"));
  const Bytes key = get("journal.key");
  EXPECT_EQ(copy_of(detail::journal_database_key(key).view()), get("journal.database_key"));
  const auto entry_key = detail::journal_entry_key(key, custodian, 1);
  EXPECT_EQ(copy_of(entry_key.view()), get("journal.entry_key"));
  const auto opened = crypto::aead::open(entry_key.view(), get("journal.sealed"),
                                         detail::journal_bound_to(custodian, 1));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(*opened, Encoder().fixed(get("body.salt")).fixed(get("journal.content")).take());
}

TEST_F(VaultFormats, JournalChain) {
  const model::Id custodian = id("vault.organisation");
  const Hash first = model::journal_hash(custodian, 1, Hash{}, hash("journal.leaf"));
  EXPECT_EQ(first, hash("journal.hash"));
  const Hash second = model::journal_hash(custodian, 2, first, hash("journal.leaf"));
  EXPECT_EQ(second, hash("journal.second_hash"));
  const std::vector<Hash> leaves = {crypto::merkle::leaf_hash(first),
                                    crypto::merkle::leaf_hash(second)};
  const Hash root = crypto::merkle::root_of_leaf_hashes(leaves);
  EXPECT_EQ(root, hash("journal.root"));
  const Bytes group = journal_group_bytes(custodian, 1, 2, second);
  EXPECT_EQ(group, get("journal.group"));
  const auto key = crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, get("journal.seed"));
  EXPECT_EQ(key->sign(group), get("journal.signature"));
  const model::JournalProof proof = {
      1, Hash{}, hash("body.salt"), get("journal.content"), {leaves[1]}};
  EXPECT_TRUE(model::verify_journal_proof(custodian, proof, {root, Hash{}, 1, 2}).ok());
}

}  // namespace
}  // namespace xl::vault
