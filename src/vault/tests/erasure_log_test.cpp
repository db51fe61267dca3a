// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what was asked to be erased stays known through restarts and through a keyring that comes
// back from a backup, and the log's file tells nobody which names it knows. Method: a small vault;
// the log read again; the raw file searched.
#include "vault/erasure_log.h"

#include "model/limits.h"
#include "vault/tests/fixture.h"

namespace xl::vault {
namespace {

using test::code_of;
using test::id_of;
using test::organisation;
using test::unlock;

class ErasureLogTest : public test::VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    create();
    patient(1);
    patient(2);
    for (std::uint32_t record = 10; record < 13; ++record) ASSERT_TRUE(put(1, record).ok());
    ASSERT_TRUE(put(2, 20).ok());
    open_log();
  }
  void TearDown() override {
    log_.reset();
    VaultTest::TearDown();
  }
  void open_log() {
    auto log = ErasureLog::open(places_, *keyring_);
    ASSERT_TRUE(log.ok()) << log.error().text();
    log_ = std::move(*log);
  }
  [[nodiscard]] static AskedErasure of_record(std::uint32_t entry, std::uint32_t record) {
    return {id_of(entry, 9), id_of(1, 2), RecordVersion{id_of(record), 1}, 1000,
            std::nullopt,    false};
  }
  std::unique_ptr<ErasureLog> log_;
};

TEST_F(ErasureLogTest, KeepsWhatWasAskedUntilItIsDone) {
  const AskedErasure whole{id_of(2, 9), id_of(2, 2), std::nullopt, 2000, std::nullopt, false};
  ASSERT_TRUE(log_->ask({of_record(1, 10), whole}, {"Observation/bp-1"}).ok());
  log_.reset();
  open_log();
  auto open = log_->entries(std::nullopt, true);
  ASSERT_TRUE(open.ok());
  ASSERT_EQ(open->size(), 2U);
  EXPECT_EQ(open->at(0).record, (RecordVersion{id_of(10), 1}));
  EXPECT_EQ(open->at(0).patient, id_of(1, 2));
  EXPECT_EQ(open->at(0).asked_ms, 1000U);
  EXPECT_FALSE(open->at(0).certificate.has_value());
  EXPECT_FALSE(open->at(1).record.has_value());
  ASSERT_TRUE(log_->certified(id_of(1, 9), id_of(77)).ok());
  ASSERT_TRUE(log_->done(id_of(1, 9)).ok());
  open = log_->entries(std::nullopt, true);
  ASSERT_EQ(open->size(), 1U);
  EXPECT_EQ(open->at(0).id, id_of(2, 9));
  const auto all = log_->entries(std::nullopt, false);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->at(0).certificate, id_of(77));
  EXPECT_TRUE(all->at(0).done);
  EXPECT_EQ(log_->entries(id_of(1, 9), false)->size(), 1U);
  // The same entry twice is our own mistake, and changes nothing.
  EXPECT_EQ(log_->ask({of_record(3, 11), of_record(1, 10)}, {}).error().code,
            ErrorCode::database_constraint);
  EXPECT_EQ(log_->entries(std::nullopt, false)->size(), 2U);
  const std::vector<AskedErasure> most(limits::vault_batch_max + 1, of_record(4, 11));
  EXPECT_EQ(log_->ask(most, {}).error().code, ErrorCode::vault_batch_too_large);
}

TEST_F(ErasureLogTest, KnowsNamesAndItsFileDoesNotTellThem) {
  ASSERT_TRUE(log_->ask({}, {"Observation/bp-1", "Observation/bp-1"}).ok());
  EXPECT_TRUE(*log_->knows("Observation/bp-1"));
  EXPECT_FALSE(*log_->knows("Observation/bp-2"));
  EXPECT_FALSE(*log_->knows(""));
  log_.reset();
  EXPECT_TRUE(test::files_holding(folder_, "Observation").empty());
}

TEST_F(ErasureLogTest, RecordsAreToldToTheLedgerInOrder) {
  ASSERT_TRUE(log_->add_record(id_of(10), id_of(77)).ok());
  ASSERT_TRUE(log_->add_record(id_of(11), id_of(77)).ok());
  ASSERT_TRUE(log_->add_record(id_of(10), id_of(78)).ok());  // the first stays
  auto left = log_->unstated(std::nullopt);
  ASSERT_EQ(left->size(), 2U);
  EXPECT_EQ(left->at(0).certificate, id_of(77));
  EXPECT_EQ(left->at(0).stated, StatedErasure::nothing);
  ASSERT_TRUE(log_->stated(id_of(10), StatedErasure::pending).ok());
  EXPECT_EQ(log_->unstated(std::nullopt)->at(0).stated, StatedErasure::pending);
  ASSERT_TRUE(log_->stated(id_of(10), StatedErasure::complete).ok());
  left = log_->unstated(std::nullopt);
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(left->at(0).record, id_of(11));
}

TEST_F(ErasureLogTest, ARestoredKeyringForgetsAgainWhatWasErasedSince) {
  const auto before = keyring_->erase_record({id_of(10), 1}, 500);
  ASSERT_TRUE(log_->ask({of_record(1, 10)}, {}).ok());
  ASSERT_TRUE(log_->certified(id_of(1, 9), before->id).ok());
  ASSERT_TRUE(log_->done(id_of(1, 9)).ok());
  const auto backup = keyring_->backup(folder_ / "backup", unlock, 1000);
  ASSERT_TRUE(backup.ok());
  const auto header = Keyring::inspect_backup(folder_ / "backup");
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->organisation, organisation);
  EXPECT_EQ(header->id, backup->id);
  EXPECT_EQ(header->created_ms, 1000U);
  EXPECT_EQ(header->expires_ms, backup->expires_ms);
  EXPECT_EQ(code_of(Keyring::inspect_backup(folder_ / "none")), ErrorCode::file_missing);

  const auto since = keyring_->erase_record({id_of(11), 1}, 2000);
  const AskedErasure whole{id_of(3, 9), id_of(2, 2), std::nullopt, 2000, std::nullopt, false};
  ASSERT_TRUE(log_->ask({of_record(2, 11), whole, of_record(4, 999)}, {}).ok());
  ASSERT_TRUE(log_->certified(id_of(2, 9), since->id).ok());
  ASSERT_TRUE(log_->add_record(id_of(11), since->id).ok());
  ASSERT_TRUE(log_->done(id_of(2, 9)).ok());
  log_.reset();
  close();
  test::fs::rename(places_.keyring, folder_ / "lost");
  auto restored = Keyring::restore(places_, organisation, folder_ / "backup",
                                   places_.backup_keys / (backup->id.text() + ".key"), unlock);
  ASSERT_TRUE(restored.ok()) << restored.error().text();
  ASSERT_TRUE((*restored)->open_key({id_of(11), 1}).ok());  // the backup brings it back
  EXPECT_TRUE(*(*restored)->knows_patient(id_of(2, 2)));
  EXPECT_FALSE(*(*restored)->knows_patient(id_of(5, 2)));
  const auto again = erase_again(**restored, places_, 3000);
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(*again, 2U);  // the record and the patient; not the first, not the unknown one
  for (const std::uint32_t record : {10U, 11U, 20U}) {
    EXPECT_EQ(code_of((*restored)->open_key({id_of(record), 1})), ErrorCode::record_erased);
  }
  EXPECT_TRUE((*restored)->open_key({id_of(12), 1}).ok());
  EXPECT_EQ(*erase_again(**restored, places_, 4000), 0U);
  keyring_ = std::move(*restored);
  open_log();
  const auto left = log_->unstated(std::nullopt);
  ASSERT_EQ(left->size(), 1U);
  EXPECT_TRUE(keyring_->certificate(left->at(0).certificate).ok());  // the new one
  EXPECT_EQ(log_->entries(std::nullopt, true)->size(), 3U);
  log_.reset();
  EXPECT_EQ(*erase_again(*keyring_, places_below(folder_ / "elsewhere", organisation), 1), 0U);
}

}  // namespace
}  // namespace xl::vault
