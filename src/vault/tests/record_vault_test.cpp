// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what was put comes back, bound to its place and its commitment; nothing readable reaches
// the disk; bounds hold. Method: round trips, bodies swapped between records, planted marks
// searched in every file together with their plain hashes.
#include "crypto/hash.h"
#include "model/limits.h"
#include "vault/tests/fixture.h"

namespace xl::vault {
namespace {

using test::code_of;
using test::content_of;
using test::id_of;
using test::organisation;

class RecordVaultTest : public test::VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    create();
    patient(1);
  }
};

TEST_F(RecordVaultTest, ComesBackAfterAReopening) {
  const auto anchored = put(1, 5);
  ASSERT_TRUE(anchored.ok()) << anchored.error().text();
  expect_content(5);
  EXPECT_EQ(vault_->get({id_of(5), 1})->patient, id_of(1, 2));
  const auto again = vault_->anchored({id_of(5), 1});
  EXPECT_EQ(again->ciphertext_digest, anchored->ciphertext_digest);
  EXPECT_EQ(again->commitment, anchored->commitment);
  close();
  open();
  expect_content(5);
  EXPECT_EQ(code_of(vault_->get({id_of(5), 2})), ErrorCode::record_unknown);
  EXPECT_EQ(code_of(vault_->get({id_of(6), 1})), ErrorCode::record_unknown);
  EXPECT_EQ(code_of(put(1, 5)), ErrorCode::record_version_exists);
  EXPECT_EQ(code_of(put(9, 6)), ErrorCode::patient_unknown);
  EXPECT_EQ(bodies_->count()->bodies, 1U);
}

TEST_F(RecordVaultTest, TheCommitmentOpensToOneContent) {
  const auto anchored = put(1, 5);
  const auto opening = vault_->open_commitment({id_of(5), 1});
  ASSERT_TRUE(opening.ok());
  EXPECT_EQ(opening->commitment, anchored->commitment);
  EXPECT_EQ(opening->content_digest, crypto::sha256(content_of(5, 300)));
  EXPECT_EQ(commitment_of(opening->salt, opening->content_digest, opening->labels),
            anchored->commitment);
  EXPECT_NE(commitment_of(opening->salt, opening->content_digest, view_of("other")),
            anchored->commitment);
  EXPECT_NE(commitment_of(Hash{}, opening->content_digest, opening->labels), anchored->commitment);
  // The same content twice has different salts, keys and bodies.
  const Bytes content = content_of(5, 300);
  const auto second = vault_->put({id_of(1, 2), {id_of(5), 2}, content, view_of("labels")}, 1000);
  EXPECT_NE(second->commitment, anchored->commitment);
  EXPECT_NE(second->ciphertext_digest, anchored->ciphertext_digest);
}

TEST_F(RecordVaultTest, ABatchIsAllOrNothing) {
  const Bytes content = content_of(1, 100);
  std::vector<RecordVault::New> records;
  for (std::uint32_t i = 0; i < 50; ++i) {
    records.push_back({id_of(1, 2), {id_of(i + 100), 1}, content, {}});
  }
  ASSERT_EQ(vault_->put_batch(records, 1000)->size(), 50U);
  records[0].which.record = id_of(1000);
  records[1].which.record = id_of(1000);  // the same version twice
  for (std::size_t i = 2; i < 50; ++i) records[i].which.version = 2;
  EXPECT_EQ(code_of(vault_->put_batch(records, 1000)), ErrorCode::record_version_exists);
  EXPECT_EQ(bodies_->count()->bodies, 50U);
  EXPECT_EQ(code_of(vault_->get({id_of(105), 2})), ErrorCode::record_unknown);
}

TEST_F(RecordVaultTest, BoundsHold) {
  const auto put_sized = [&](std::uint32_t record, std::size_t content, std::size_t labels) {
    const Bytes bytes(content, 1);
    const Bytes label_bytes(labels, 2);
    return code_of(vault_->put({id_of(1, 2), {id_of(record), 1}, bytes, label_bytes}, 1000));
  };
  EXPECT_EQ(put_sized(1, limits::record_bytes_max, limits::labels_bytes_max), ErrorCode{});
  EXPECT_EQ(vault_->get({id_of(1), 1})->content.size(), limits::record_bytes_max);
  EXPECT_EQ(put_sized(2, limits::record_bytes_max + 1, 0), ErrorCode::body_too_large);
  EXPECT_EQ(put_sized(3, 1, limits::labels_bytes_max + 1), ErrorCode::labels_too_large);
  EXPECT_EQ(put_sized(4, 0, 0), ErrorCode{});
  EXPECT_TRUE(vault_->get({id_of(4), 1})->content.empty());
  const Bytes content = {1};
  std::vector<RecordVault::New> many;
  for (std::uint32_t i = 0; i <= limits::vault_batch_max; ++i) {
    many.push_back({id_of(1, 2), {id_of(i, 9), 1}, content, {}});
  }
  EXPECT_EQ(code_of(vault_->put_batch(many, 1000)), ErrorCode::vault_batch_too_large);
  many.pop_back();
  EXPECT_TRUE(vault_->put_batch(many, 1000).ok());
  const Bytes fifth(limits::vault_batch_bytes_max / 5 + 1, 3);
  many.clear();
  for (std::uint32_t i = 0; i < 5; ++i) {
    many.push_back({id_of(1, 2), {id_of(i, 8), 1}, fifth, {}});
  }
  EXPECT_EQ(code_of(vault_->put_batch(many, 1000)), ErrorCode::vault_batch_too_large);
}

TEST_F(RecordVaultTest, ABodyOpensAtItsOwnPlaceOnly) {
  ASSERT_TRUE(put(1, 5).ok());
  ASSERT_TRUE(put(1, 6).ok());
  const auto key = keyring_->open_key({id_of(5), 1});
  const auto body = bodies_->get(key->body);
  const auto opens = [&](const model::Id& who, const RecordVersion& which) {
    return code_of(open_body(who, which, key->key.view(), *body, key->commitment));
  };
  EXPECT_EQ(opens(organisation, {id_of(5), 1}), ErrorCode{});
  EXPECT_EQ(opens(id_of(2), {id_of(5), 1}), ErrorCode::record_altered);
  EXPECT_EQ(opens(organisation, {id_of(6), 1}), ErrorCode::record_altered);
  EXPECT_EQ(opens(organisation, {id_of(5), 2}), ErrorCode::record_altered);
  EXPECT_EQ(code_of(open_body(organisation, {id_of(5), 1}, Bytes(31), *body, key->commitment)),
            ErrorCode::record_altered);
  for (std::size_t at = 0; at < body->size(); at += 7) {
    Bytes altered = *body;
    altered[at] ^= 1U;
    EXPECT_EQ(
        code_of(open_body(organisation, {id_of(5), 1}, key->key.view(), altered, key->commitment)),
        ErrorCode::record_altered);
  }
  const auto other = keyring_->open_key({id_of(6), 1});
  EXPECT_EQ(
      code_of(open_body(organisation, {id_of(5), 1}, key->key.view(), *body, other->commitment)),
      ErrorCode::record_altered);
}

TEST_F(RecordVaultTest, OrphansGoUnlessTheLedgerHasThem) {
  ASSERT_TRUE(put(1, 5).ok());
  ASSERT_TRUE(put(1, 6).ok());
  ASSERT_TRUE(put(1, 7).ok());
  const RecordVersion confirmed{id_of(7), 1};
  ASSERT_TRUE(vault_->confirm(std::span(&confirmed, 1)).ok());
  const auto is_six = [](const RecordVersion& which) { return which.record == id_of(6); };
  EXPECT_EQ(*vault_->collect_orphans(1000, 10, is_six), 0U);  // valid until 1000
  EXPECT_EQ(*vault_->collect_orphans(1001, 10, is_six), 1U);
  EXPECT_EQ(code_of(vault_->get({id_of(5), 1})), ErrorCode::record_unknown);
  expect_content(6);
  expect_content(7);
  EXPECT_EQ(bodies_->count()->pending, 0U);
  EXPECT_TRUE(put(1, 5).ok());  // never anchored: the version is free again
}

TEST_F(RecordVaultTest, ALostBodyIsNamed) {
  const auto anchored = put(1, 5);
  ASSERT_TRUE(bodies_->remove(std::span(&anchored->ciphertext_digest, 1)).ok());
  EXPECT_EQ(code_of(vault_->get({id_of(5), 1})), ErrorCode::body_unknown);
}

TEST_F(RecordVaultTest, NothingReadableReachesTheDisk) {
  const std::string name = "MARK-Ouyang-Xiulan-19540317";
  const std::string label = "MARK-label-F32.2";
  std::string content;
  for (int i = 0; i < 400; ++i) content += name + ";";
  ASSERT_TRUE(
      vault_->put({id_of(1, 2), {id_of(5), 1}, view_of(content), view_of(label)}, 1000).ok());
  const auto backup = keyring_->backup(folder_ / "keyring.backup", test::unlock, 1000);
  ASSERT_TRUE(backup.ok());
  const Hash hashes[] = {crypto::sha256(view_of(name)), crypto::sha256(view_of(content)),
                         crypto::sha256(view_of(label))};
  const auto data_key = keyring_->open_key({id_of(5), 1});
  const auto clean = [&] {
    EXPECT_TRUE(test::files_holding(folder_, name).empty());
    EXPECT_TRUE(test::files_holding(folder_, label).empty());
    EXPECT_TRUE(test::files_holding(folder_, text_of(data_key->key.view())).empty());
    for (const Hash& hash : hashes) {
      EXPECT_TRUE(test::files_holding(folder_, text_of(hash)).empty());
      EXPECT_TRUE(test::files_holding(folder_, to_hex(hash)).empty());
    }
    // Who has records here stays in the encrypted keyring.
    EXPECT_TRUE(test::files_holding(folder_, text_of(id_of(1, 2).view())).empty());
  };
  clean();
  ASSERT_TRUE(keyring_->rotate_patient(id_of(1, 2)).ok());
  ASSERT_TRUE(vault_->erase_patient(id_of(1, 2), 2000).ok());
  clean();
  close();
  clean();
}

}  // namespace
}  // namespace xl::vault
