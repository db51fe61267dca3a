// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a body that was put is there, whole or named as altered; orphans can be found and removed;
// every bound holds. Method: the store in a temporary folder, bytes flipped in its file, bounds at
// max and max + 1.
#include "base/sqlite/database.h"
#include "model/limits.h"
#include "vault/tests/fixture.h"

namespace xl::vault {
namespace {

using test::code_of;
using test::content_of;
using test::id_of;

class BodiesTest : public test::VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    reopen();
  }
  void reopen() {
    bodies_.reset();
    auto bodies = Bodies::open(places_.bodies);
    ASSERT_TRUE(bodies.ok()) << bodies.error().text();
    bodies_ = std::move(*bodies);
  }
  Result<std::vector<SuiteDigest>> put_one(const Bytes& body, std::uint64_t valid_until_ms = 1000) {
    const Bodies::New entry{body, {id_of(1), 1}};
    return bodies_->put(std::span(&entry, 1), valid_until_ms);
  }
};

TEST_F(BodiesTest, ComesBackByItsDigest) {
  const Bytes body = content_of(1, 5000);
  const auto digests = put_one(body);
  ASSERT_TRUE(digests.ok());
  EXPECT_EQ((*digests)[0], body_digest(body));
  EXPECT_EQ((*digests)[0][0], 1);
  EXPECT_EQ(*bodies_->get((*digests)[0]), body);
  EXPECT_TRUE(*bodies_->contains((*digests)[0]));
  reopen();
  EXPECT_EQ(*bodies_->get((*digests)[0]), body);
  const SuiteDigest unknown{1, 2, 3};
  EXPECT_EQ(code_of(bodies_->get(unknown)), ErrorCode::body_unknown);
  EXPECT_FALSE(*bodies_->contains(unknown));
  EXPECT_TRUE(bodies_->verify().ok());
}

TEST_F(BodiesTest, PuttingAgainChangesNothing) {
  const Bytes body = content_of(2, 100);
  const auto first = put_one(body, 1000);
  ASSERT_TRUE(put_one(body, 2000).ok());
  EXPECT_EQ(bodies_->count()->bodies, 1U);
  EXPECT_TRUE(bodies_->orphans(1500, 10)->empty());  // the later transaction decides
  EXPECT_EQ(bodies_->orphans(2001, 10)->size(), 1U);
  EXPECT_TRUE(*bodies_->is_pending(first->front()));
  ASSERT_TRUE(bodies_->confirm(*first).ok());
  EXPECT_FALSE(*bodies_->is_pending(first->front()));
  ASSERT_TRUE(put_one(body, 3000).ok());
  EXPECT_EQ(bodies_->count()->pending, 0U);  // confirmed stays confirmed
  ASSERT_TRUE(bodies_->confirm(*first).ok());
}

TEST_F(BodiesTest, OrphansAreListedOldestFirstAndRemoved) {
  std::vector<SuiteDigest> digests;
  for (std::uint32_t i = 0; i < 5; ++i) {
    digests.push_back((*put_one(content_of(i, 50), 1000 - i * 10))[0]);
  }
  ASSERT_TRUE(bodies_->confirm(std::span(digests).first(1)).ok());
  const auto orphans = bodies_->orphans(990, 10);
  ASSERT_TRUE(orphans.ok());
  ASSERT_EQ(orphans->size(), 3U);
  EXPECT_EQ((*orphans)[0].digest, digests[4]);
  EXPECT_EQ((*orphans)[0].valid_until_ms, 960U);
  EXPECT_EQ((*orphans)[0].owner, (RecordVersion{id_of(1), 1}));
  EXPECT_EQ(bodies_->orphans(990, 2)->size(), 2U);
  ASSERT_TRUE(bodies_->remove(std::span(digests).subspan(3)).ok());
  EXPECT_EQ(code_of(bodies_->get(digests[4])), ErrorCode::body_unknown);
  EXPECT_EQ(bodies_->count()->bodies, 3U);
  EXPECT_EQ(bodies_->count()->pending, 2U);
}

TEST_F(BodiesTest, BoundsHold) {
  EXPECT_TRUE(put_one(Bytes(limits::body_bytes_max, 7)).ok());
  EXPECT_EQ(code_of(put_one(Bytes(limits::body_bytes_max + 1, 7))), ErrorCode::body_too_large);
  const Bytes small = {1};
  std::vector<Bodies::New> many(limits::vault_batch_max, {small, {id_of(1), 1}});
  EXPECT_TRUE(bodies_->put(many, 1).ok());
  many.push_back(many.front());
  EXPECT_EQ(code_of(bodies_->put(many, 1)), ErrorCode::vault_batch_too_large);
  const Bytes quarter(limits::vault_batch_bytes_max / 4, 9);
  std::vector<Bodies::New> heavy(4, {quarter, {id_of(1), 1}});
  EXPECT_TRUE(bodies_->put(heavy, 1).ok());
  heavy.push_back({small, {id_of(1), 1}});
  EXPECT_EQ(code_of(bodies_->put(heavy, 1)), ErrorCode::vault_batch_too_large);
  const std::vector<SuiteDigest> list(limits::vault_batch_max + 1);
  EXPECT_EQ(code_of(bodies_->confirm(list)), ErrorCode::vault_batch_too_large);
  EXPECT_EQ(code_of(bodies_->remove(list)), ErrorCode::vault_batch_too_large);
  EXPECT_EQ(code_of(bodies_->orphans(1, limits::vault_batch_max + 1)),
            ErrorCode::vault_batch_too_large);
  EXPECT_TRUE(bodies_->confirm(std::span(list).first(limits::vault_batch_max)).ok());
  EXPECT_TRUE(bodies_->orphans(1, limits::vault_batch_max).ok());
}

TEST_F(BodiesTest, AFlippedByteIsNamedOrHarmless) {
  std::vector<std::pair<SuiteDigest, Bytes>> kept;
  for (std::uint32_t i = 0; i < 40; ++i) {
    const Bytes body = content_of(i, 200 + i * 300);
    kept.emplace_back((*put_one(body))[0], body);
  }
  bodies_.reset();
  const auto file = places_.bodies / "bodies.db";
  const std::string before = test::raw_file(file);
  // Inside every ciphertext: always noticed.
  for (const auto& [digest, body] : kept) {
    const std::size_t at = before.find(std::string(text_of(ByteView(body).first(32))));
    ASSERT_NE(at, std::string::npos);
    test::flip_byte(file, at + 17);
    reopen();
    EXPECT_EQ(code_of(bodies_->get(digest)), ErrorCode::body_altered);
    EXPECT_EQ(code_of(bodies_->verify()), ErrorCode::body_altered);
    bodies_.reset();
    test::flip_byte(file, at + 17);
  }
  // Anywhere: the right bytes or a named error, never wrong bytes.
  std::mt19937 random(4);
  for (int round = 0; round < 60; ++round) {
    const std::size_t at = random() % before.size();
    test::flip_byte(file, at);
    auto opened = Bodies::open(places_.bodies);
    if (opened.ok()) {
      for (const auto& [digest, body] : kept) {
        const auto got = (*opened)->get(digest);
        if (got.ok()) {
          EXPECT_EQ(*got, body);
        }
      }
      opened->reset();
    }
    std::ofstream(file, std::ios::binary | std::ios::trunc) << before;
    test::fs::remove(file.string() + "-wal");
    test::fs::remove(file.string() + "-shm");
  }
}

TEST_F(BodiesTest, ASecondProcessIsKeptOut) {
  EXPECT_EQ(code_of(Bodies::open(places_.bodies)), ErrorCode::vault_locked);
}

TEST_F(BodiesTest, AnotherFormatIsRefused) {
  bodies_.reset();
  {
    auto database = sqlite::Database::open(places_.bodies / "bodies.db");
    ASSERT_TRUE(database->execute("PRAGMA user_version=99").ok());
  }
  EXPECT_EQ(code_of(Bodies::open(places_.bodies)), ErrorCode::vault_version_unsupported);
}

}  // namespace
}  // namespace xl::vault
