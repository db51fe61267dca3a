// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a journal that comes back from a backup goes on behind what the ledger has of it, loses
// nothing that it still had, and says what it lost. Method: a journal copied, gone on with, and the
// copy put in its place; every proof and the whole journal checked afterwards.
#include "vault/tests/journal_fixture.h"

namespace xl::vault {
namespace {

using test::code_of;
using test::sample;

const Hash lost_root{0xaa};

class JournalGaps : public test::JournalTest {
 protected:
  /// Puts what is under no root under one and marks it anchored.
  model::JournalRoot anchor(std::uint64_t now_ms) {
    const auto batch = journal_->seal(now_ms);
    EXPECT_TRUE(batch.ok() && batch->has_value());
    EXPECT_TRUE(journal_->mark_anchored((*batch)->root.first_sequence, Hash{1}, now_ms).ok());
    return (*batch)->root;
  }
  void expect_entry(std::uint64_t sequence, std::uint32_t number) {
    const auto kept = journal_->entry(sequence);
    ASSERT_TRUE(kept.ok()) << kept.error().text();
    EXPECT_EQ(kept->entry, sample(number, number % 4)) << sequence;
  }
  void expect_proof(std::uint64_t sequence) {
    const auto proof = journal_->prove(sequence);
    ASSERT_TRUE(proof.ok()) << proof.error().text();
    const auto batch = journal_->batch_of(sequence);
    EXPECT_TRUE(model::verify_journal_proof(test::organisation, *proof, batch->root).ok());
  }
};

TEST_F(JournalGaps, GoesOnBehindWhatTheLedgerHas) {
  append(0, 5);
  const model::JournalRoot first = anchor(10);
  append(5, 7);  // in the backup, under no root
  ASSERT_TRUE(journal_->note_restored(100).ok());
  EXPECT_TRUE(*journal_->is_restored());
  append(7, 8);  // served after the restore, before anybody knew what was lost
  ASSERT_TRUE(journal_->seal(101).ok());
  ASSERT_TRUE(journal_->go_on_behind(7, lost_root, 200).ok());  // 6..10 and new 8 overlap
  EXPECT_EQ(journal_->size(), 10U);
  ASSERT_TRUE(journal_->go_on_behind(12, lost_root, 300).ok());  // the ledger went on
  ASSERT_TRUE(journal_->go_on_behind(12, lost_root, 400).ok());  // again: nothing changes
  reopen();
  EXPECT_TRUE(*journal_->is_restored());
  EXPECT_EQ(journal_->size(), 15U);
  append(8, 9);
  for (std::uint32_t number = 0; number < 5; ++number) expect_entry(number + 1, number);
  for (std::uint64_t lost = 6; lost <= 12; ++lost) {
    EXPECT_EQ(code_of(journal_->entry(lost)), ErrorCode::journal_entry_unknown);
  }
  for (std::uint32_t number = 5; number < 9; ++number) expect_entry(number + 8, number);
  const auto gaps = journal_->gaps();
  ASSERT_TRUE(gaps.ok());
  ASSERT_EQ(gaps->size(), 1U);
  EXPECT_EQ(gaps->front().first_sequence, 6U);
  EXPECT_EQ(gaps->front().last_sequence, 12U);
  EXPECT_EQ(gaps->front().held_sequence, 7U);
  EXPECT_EQ(gaps->front().noted_ms, 300U);

  const model::JournalRoot behind = anchor(500);
  EXPECT_EQ(behind.first_sequence, 13U);
  EXPECT_EQ(behind.previous_root, lost_root);
  EXPECT_FALSE(*journal_->is_restored());
  append(9, 20);
  const model::JournalRoot last = anchor(600);
  for (const std::uint64_t sequence : {1U, 5U, 13U, 16U, 17U, 27U}) expect_proof(sequence);
  const model::JournalRoot roots[] = {first, behind, last};
  const auto summary = journal_->verify(signers(), roots);
  ASSERT_TRUE(summary.ok()) << summary.error().text();
  EXPECT_EQ(summary->entries, 20U);
  EXPECT_EQ(summary->lost, 5U);  // 6 and 7 were in the backup
  EXPECT_EQ(summary->anchored_batches, 3U);
  std::size_t seen = 0;
  for (std::uint32_t patient = 0; patient < 4; ++patient) {
    seen += journal_->entries_of(test::id_of(patient, 2), 0, 100)->size();
  }
  EXPECT_EQ(seen, 20U);
}

TEST_F(JournalGaps, ALedgerThatCatchesUpTakesNothingFromWhatIsHeld) {
  append(0, 5);
  anchor(10);
  append(5, 9);
  ASSERT_TRUE(journal_->note_restored(100).ok());
  for (const std::uint64_t last : {7U, 12U}) {
    ASSERT_TRUE(journal_->go_on_behind(last, lost_root, 100 + last).ok());
  }
  EXPECT_EQ(journal_->gaps()->front().held_sequence, 9U);
  EXPECT_EQ(journal_->gaps()->front().last_sequence, 12U);
}

TEST_F(JournalGaps, ASecondRestoreCountsNothingTwice) {
  append(0, 5);
  anchor(10);
  append(5, 7);
  ASSERT_TRUE(journal_->note_restored(100).ok());
  ASSERT_TRUE(journal_->go_on_behind(20, lost_root, 200).ok());  // 8..20 are lost
  append(7, 9);
  EXPECT_EQ(journal_->size(), 24U);
  ASSERT_TRUE(journal_->note_restored(300).ok());  // a backup made before anything was anchored
  ASSERT_TRUE(journal_->go_on_behind(30, Hash{0xbb}, 400).ok());
  const auto gaps = journal_->gaps();
  ASSERT_TRUE(gaps.ok());
  ASSERT_EQ(gaps->size(), 1U);
  EXPECT_EQ(gaps->front().first_sequence, 6U);
  EXPECT_EQ(gaps->front().last_sequence, 30U);
  EXPECT_EQ(gaps->front().held_sequence, 7U);
  for (std::uint32_t number = 5; number < 9; ++number) expect_entry(number + 26, number);
}

TEST_F(JournalGaps, OneThatLostEverythingBeginsBehindIt) {
  ASSERT_TRUE(journal_->note_restored(1).ok());
  ASSERT_TRUE(journal_->go_on_behind(4, lost_root, 2).ok());
  reopen();
  EXPECT_EQ(journal_->size(), 4U);
  EXPECT_FALSE(journal_->seal(3)->has_value());
  append(0, 3);
  const model::JournalRoot root = anchor(5);
  EXPECT_EQ(root.first_sequence, 5U);
  EXPECT_EQ(root.previous_root, lost_root);
  expect_proof(5);
  EXPECT_EQ(verdict(std::span(&root, 1)), ErrorCode{});
  EXPECT_EQ(journal_->verify(signers(), {})->lost, 4U);
}

TEST_F(JournalGaps, AGroupThatWentOnBehindABatchIsSignedAgain) {
  const std::vector<model::JournalEntry> group(1000, sample(1));
  for (int i = 0; i < 17; ++i) ASSERT_TRUE(journal_->append_batch(group).ok());
  const model::JournalRoot root = anchor(5);  // ends within the last group
  ASSERT_EQ(root.last_sequence, limits::journal_batch_max);
  ASSERT_TRUE(journal_->go_on_behind(20'000, lost_root, 6).ok());
  EXPECT_EQ(journal_->size(), 20'000U + 17'000U - limits::journal_batch_max);
  EXPECT_EQ(verdict(std::span(&root, 1)), ErrorCode{});
  anchor(7);
  EXPECT_EQ(verdict(std::span(&root, 1)), ErrorCode{});
}

TEST_F(JournalGaps, OnlyBehindWhatIsAnchoredHere) {
  append(0, 5);
  const model::JournalRoot root = anchor(10);
  append(5, 9);
  EXPECT_TRUE(journal_->go_on_behind(5, root.root, 11).ok());
  EXPECT_TRUE(journal_->gaps()->empty());
  EXPECT_EQ(journal_->size(), 9U);
  EXPECT_EQ(journal_->go_on_behind(5, lost_root, 11).error().code,
            ErrorCode::journal_root_mismatch);
  EXPECT_EQ(journal_->go_on_behind(4, lost_root, 11).error().code,
            ErrorCode::journal_entry_missing);
  EXPECT_EQ(verdict(std::span(&root, 1)), ErrorCode{});
}

TEST_F(JournalGaps, AGapThatNobodySignedIsNoticed) {
  append(0, 30);
  const model::JournalRoot first = anchor(10);
  append(30, 35);
  ASSERT_TRUE(journal_->go_on_behind(40, lost_root, 20).ok());
  const model::JournalRoot behind = anchor(30);
  const model::JournalRoot roots[] = {first, behind};
  ASSERT_EQ(verdict(roots), ErrorCode{});
  const std::string taken = "DELETE FROM entries WHERE sequence BETWEEN 7 AND 9;";
  for (const std::string& sql :
       {std::string("UPDATE gaps SET last = 39"), std::string("UPDATE gaps SET noted_ms = 1"),
        std::string("UPDATE gaps SET held = 40"),
        std::string("UPDATE gaps SET root = zeroblob(32)"), std::string("DELETE FROM gaps"),
        taken + "INSERT INTO gaps SELECT 7, 9, 6, root, noted_ms, key_id, signature FROM gaps"}) {
    journal_.reset();
    const auto whole = test::raw_file(places_.journal / "journal.db");
    alter(sql);
    EXPECT_NE(verdict(roots), ErrorCode{}) << sql;
    journal_.reset();
    std::ofstream(places_.journal / "journal.db", std::ios::binary) << whole;
    reopen();
  }
  EXPECT_EQ(verdict(roots), ErrorCode{});
}

}  // namespace
}  // namespace xl::vault
