// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an entry is durable before append returns, cannot be read from the disk, and cannot be
// deleted, moved or altered unnoticed. Method: concurrent writers, a killed child, SQL inside the
// encrypted database as a thief with every key would do it, proofs with every part altered.
#include "vault/journal.h"

#include <atomic>
#include <set>
#include <thread>

#include "base/sqlite/database.h"
#include "crypto/hash.h"
#include "model/limits.h"
#include "vault/tests/journal_fixture.h"

namespace xl::vault {
namespace {

using test::code_of;
using test::id_of;
using test::journal_key;
using test::JournalTest;
using test::organisation;
using test::sample;
using test::signing_key;

TEST_F(JournalTest, KeepsEntriesInOrderThroughReopening) {
  append(0, 10);
  reopen();
  append(10, 20);
  EXPECT_EQ(journal_->size(), 20U);
  for (std::uint32_t number = 0; number < 20; ++number) {
    const auto kept = journal_->entry(number + 1);
    ASSERT_TRUE(kept.ok());
    EXPECT_EQ(kept->entry, sample(number, number % 4));
  }
  EXPECT_EQ(code_of(journal_->entry(21)), ErrorCode::journal_entry_unknown);
  EXPECT_EQ(code_of(journal_->entry(0)), ErrorCode::journal_entry_unknown);
  const auto summary = journal_->verify(signers(), {});
  ASSERT_TRUE(summary.ok()) << summary.error().text();
  EXPECT_EQ(summary->entries, 20U);
  EXPECT_EQ(code_of(Journal::open(places_.journal, organisation, journal_key, key_)),
            ErrorCode::vault_locked);
  journal_.reset();
  EXPECT_EQ(code_of(Journal::open(places_.journal, organisation, Bytes(32, 1), key_)),
            ErrorCode::database_key_wrong);
}

/// Newest first, of one patient, of several and of all: each entry once, and as many as counted.
TEST_F(JournalTest, GivesTheNewestFirstAndCountsThem) {
  append(0, 40);
  const auto sequences = [&](JournalLook look, std::uint32_t page) {
    std::vector<std::uint64_t> out;
    const auto counted = journal_->count(look);
    while (true) {
      const auto found = journal_->newest(look, page);
      EXPECT_TRUE(found.ok());
      if (!found.ok() || found->empty()) break;
      for (const KeptEntry& kept : *found) out.push_back(kept.sequence);
      look.before = out.back();
    }
    EXPECT_TRUE(counted.ok());
    EXPECT_EQ(counted.ok() ? *counted : 0, out.size());
    EXPECT_TRUE(std::is_sorted(out.rbegin(), out.rend()));
    return out;
  };
  EXPECT_EQ(sequences({}, 7).size(), 40U);
  JournalLook one;
  one.patients = {id_of(3, 2)};
  const auto own = sequences(one, 3);
  EXPECT_EQ(own.size(), 10U);
  JournalLook two;
  two.patients = {id_of(3, 2), id_of(1, 2)};
  EXPECT_EQ(sequences(two, 3).size(), 20U);
  JournalLook nobody;
  nobody.patients = std::vector<model::Id>{};
  EXPECT_TRUE(sequences(nobody, 3).empty());
  const auto middle = journal_->entry(20);
  ASSERT_TRUE(middle.ok());
  JournalLook from;
  from.from_ms = middle->entry.time_ms;
  JournalLook until;
  until.to_ms = middle->entry.time_ms;
  EXPECT_EQ(sequences(from, 5).size() + sequences(until, 5).size(), 41U);
  EXPECT_EQ(code_of(journal_->newest({}, limits::vault_page_max + 1)),
            ErrorCode::journal_page_too_large);
  JournalLook many;
  many.patients = std::vector<model::Id>(limits::vault_page_max + 1);
  EXPECT_EQ(code_of(journal_->newest(many, 1)), ErrorCode::vault_batch_too_large);
  EXPECT_EQ(code_of(journal_->count(many)), ErrorCode::vault_batch_too_large);
}

TEST_F(JournalTest, GivesAPatientsOwnLogInPages) {
  append(0, 40);
  std::vector<std::uint64_t> seen;
  std::uint64_t after = 0;
  while (true) {
    const auto page = journal_->entries_of(id_of(3, 2), after, 4);
    ASSERT_TRUE(page.ok());
    if (page->empty()) break;
    for (const KeptEntry& kept : *page) {
      EXPECT_EQ(kept.entry.patient, id_of(3, 2));
      seen.push_back(kept.sequence);
    }
    after = page->back().sequence;
  }
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{4, 8, 12, 16, 20, 24, 28, 32, 36, 40}));
  EXPECT_TRUE(journal_->entries_of(id_of(9, 2), 0, 4)->empty());
  EXPECT_TRUE(journal_->entries_of(id_of(3, 2), 0, limits::vault_page_max).ok());
  EXPECT_EQ(code_of(journal_->entries_of(id_of(3, 2), 0, limits::vault_page_max + 1)),
            ErrorCode::journal_page_too_large);
}

TEST_F(JournalTest, EveryFieldHasItsBound) {
  const auto with = [&](const std::function<void(model::JournalEntry&)>& change) {
    model::JournalEntry entry = sample(1);
    change(entry);
    return code_of(journal_->append(entry));
  };
  const std::string text(limits::journal_text_bytes_max, 'x');
  EXPECT_EQ(with([&](auto& e) { e.action = e.purpose = e.reason = text; }), ErrorCode{});
  EXPECT_EQ(with([&](auto& e) { e.action = text + "x"; }), ErrorCode::journal_entry_too_large);
  EXPECT_EQ(with([&](auto& e) { e.purpose = text + "x"; }), ErrorCode::journal_entry_too_large);
  EXPECT_EQ(with([&](auto& e) { e.reason = text + "x"; }), ErrorCode::journal_entry_too_large);
  EXPECT_EQ(with([](auto& e) { e.subject = Bytes(limits::journal_subject_bytes_max); }),
            ErrorCode{});
  EXPECT_EQ(with([](auto& e) { e.subject = Bytes(limits::journal_subject_bytes_max + 1); }),
            ErrorCode::journal_entry_too_large);
  EXPECT_EQ(with([](auto& e) { e.evidence = Bytes(limits::journal_evidence_bytes_max); }),
            ErrorCode{});
  EXPECT_EQ(with([](auto& e) { e.evidence = Bytes(limits::journal_evidence_bytes_max + 1); }),
            ErrorCode::journal_entry_too_large);
  std::vector<model::JournalEntry> group(limits::journal_group_max, sample(1));
  EXPECT_EQ(*journal_->append_batch(group), 4U);
  group.push_back(sample(1));
  EXPECT_EQ(code_of(journal_->append_batch(group)), ErrorCode::vault_batch_too_large);
  EXPECT_EQ(code_of(journal_->append_batch({})), ErrorCode::vault_batch_too_large);
  EXPECT_EQ(journal_->size(), 3U + limits::journal_group_max);
  EXPECT_EQ(verdict(), ErrorCode{});
}

TEST_F(JournalTest, ConcurrentAppendsShareSyncs) {
  constexpr std::uint32_t threads = 16;
  constexpr std::uint32_t each = 60;
  std::vector<std::vector<std::uint64_t>> sequences(threads);
  std::vector<std::thread> workers;
  for (std::uint32_t thread = 0; thread < threads; ++thread) {
    workers.emplace_back([&, thread] {
      for (std::uint32_t i = 0; i < each; ++i) {
        const auto sequence = journal_->append(sample(thread * each + i, thread));
        if (sequence.ok()) sequences[thread].push_back(*sequence);
      }
    });
  }
  // A check meanwhile sees a journal that is whole.
  for (int i = 0; i < 5; ++i) EXPECT_EQ(verdict(), ErrorCode{});
  for (std::thread& worker : workers) worker.join();
  std::set<std::uint64_t> all;
  for (std::uint32_t thread = 0; thread < threads; ++thread) {
    ASSERT_EQ(sequences[thread].size(), each);
    EXPECT_TRUE(std::is_sorted(sequences[thread].begin(), sequences[thread].end()));
    all.insert(sequences[thread].begin(), sequences[thread].end());
    const auto first = journal_->entry(sequences[thread][0]);
    EXPECT_EQ(first->entry, sample(thread * each, thread));
  }
  EXPECT_EQ(all.size(), threads * each);
  EXPECT_EQ(*all.rbegin(), threads * each);
  EXPECT_EQ(verdict(), ErrorCode{});
  journal_.reset();
  const auto database_key = detail::journal_database_key(journal_key);
  detail::Store store(
      *sqlite::Database::open(places_.journal / "journal.db", {.key = database_key.view()}));
  EXPECT_LT(*store.number("SELECT count(*) FROM groups"), threads * each / 2);
}

TEST_F(JournalTest, TooManyWaitingAreRefused) {
  const auto database_key = detail::journal_database_key(journal_key);
  auto blocker =
      sqlite::Database::open(places_.journal / "journal.db", {.key = database_key.view()});
  ASSERT_TRUE(blocker.ok());
  std::atomic<int> refused = 0;
  std::atomic<int> written = 0;
  std::vector<std::thread> workers;
  {
    auto held = sqlite::Transaction::begin(*blocker);
    ASSERT_TRUE(held.ok());
    constexpr std::uint32_t callers = limits::journal_waiting_max / limits::journal_group_max + 1;
    for (std::uint32_t i = 0; i < callers; ++i) {
      workers.emplace_back([&] {
        const std::vector<model::JournalEntry> group(limits::journal_group_max, sample(1));
        const auto sequence = journal_->append_batch(group);
        if (sequence.ok()) ++written;
        if (code_of(sequence) == ErrorCode::journal_busy) ++refused;
      });
    }
    for (int i = 0; i < 400 && refused == 0; ++i) ::usleep(5000);
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(written, limits::journal_waiting_max / limits::journal_group_max);
  EXPECT_EQ(journal_->size(), limits::journal_waiting_max);
}

TEST_F(JournalTest, RootsAreAnchoredInTimeOrLate) {
  EXPECT_FALSE(journal_->seal(1)->has_value());
  append(0, 5);
  const auto first = journal_->seal(1'000'100);
  ASSERT_TRUE(first.ok() && first->has_value());
  EXPECT_EQ((*first)->root.count(), 5U);
  EXPECT_EQ((*first)->first_entry_ms, 1'000'000U);
  EXPECT_EQ((*first)->root.previous_root, Hash{});
  EXPECT_FALSE(journal_->seal(2)->has_value());
  append(5, 8);
  const auto second = journal_->seal(1'000'200);
  EXPECT_EQ((*second)->root.previous_root, (*first)->root.root);
  EXPECT_EQ((*second)->root.first_sequence, 6U);
  EXPECT_EQ((*second)->root.last_sequence, 8U);
  EXPECT_EQ(journal_->unanchored(10)->size(), 2U);
  EXPECT_EQ(journal_->unanchored(1)->at(0).root, (*first)->root);
  const Hash transaction{7};
  const std::uint64_t limit = 1'000'000 + limits::journal_anchor_within_ms;
  ASSERT_TRUE(journal_->mark_anchored(1, transaction, limit).ok());
  ASSERT_TRUE(journal_->mark_anchored(6, transaction, limit + 6).ok());
  ASSERT_TRUE(journal_->mark_anchored(6, Hash{9}, 5).ok());  // again: nothing changes
  EXPECT_EQ(code_of(journal_->mark_anchored(2, transaction, 1)), ErrorCode::journal_entry_unknown);
  reopen();
  EXPECT_TRUE(journal_->unanchored(10)->empty());
  EXPECT_FALSE(journal_->batch_of(3)->late);
  EXPECT_TRUE(journal_->batch_of(7)->late);
  EXPECT_EQ(journal_->batch_of(7)->transaction, transaction);
  EXPECT_EQ(journal_->verify(signers(), {})->anchored_batches, 2U);
  EXPECT_EQ(code_of(journal_->unanchored(limits::vault_page_max + 1)),
            ErrorCode::journal_page_too_large);
}

TEST_F(JournalTest, ARootHoldsSoManyEntriesAndNoMore) {
  const std::vector<model::JournalEntry> group(limits::journal_group_max, sample(1));
  for (std::uint32_t i = 0; i < limits::journal_batch_max / limits::journal_group_max; ++i) {
    ASSERT_TRUE(journal_->append_batch(group).ok());
  }
  append(0, 1);
  EXPECT_EQ((*journal_->seal(1))->root.count(), limits::journal_batch_max);
  EXPECT_EQ((*journal_->seal(1))->root.count(), 1U);
  EXPECT_FALSE(journal_->seal(1)->has_value());
  const auto proof = journal_->prove(limits::journal_batch_max);
  ASSERT_TRUE(proof.ok());
  EXPECT_TRUE(model::verify_journal_proof(organisation, *proof, journal_->batch_of(5)->root).ok());
}

TEST_F(JournalTest, OneEntryIsProvedAndNothingElse) {
  append(0, 11);
  const auto batch = journal_->seal(5);
  append(11, 12);
  EXPECT_EQ(code_of(journal_->prove(12)), ErrorCode::journal_not_sealed);
  EXPECT_EQ(code_of(journal_->prove(13)), ErrorCode::journal_entry_unknown);
  const model::JournalRoot root = (*batch)->root;
  for (std::uint64_t sequence = 1; sequence <= 11; ++sequence) {
    const auto proof = journal_->prove(sequence);
    ASSERT_TRUE(proof.ok());
    const auto entry = model::verify_journal_proof(organisation, *proof, root);
    ASSERT_TRUE(entry.ok()) << entry.error().text();
    const auto number = static_cast<std::uint32_t>(sequence - 1);
    EXPECT_EQ(*entry, sample(number, number % 4));
    const auto refused =
        [&](const std::function<void(model::JournalProof&, model::JournalRoot&)>& change) {
          model::JournalProof other = *proof;
          model::JournalRoot other_root = root;
          change(other, other_root);
          EXPECT_EQ(code_of(model::verify_journal_proof(organisation, other, other_root)),
                    ErrorCode::journal_root_mismatch);
        };
    refused([](auto& p, auto&) { p.content[p.content.size() / 2] ^= 1U; });
    refused([](auto& p, auto&) { p.salt[0] ^= 1U; });
    refused([](auto& p, auto&) { p.previous[31] ^= 1U; });
    refused([](auto& p, auto&) { p.path[0][3] ^= 1U; });
    refused([](auto& p, auto&) { p.path.pop_back(); });
    refused([](auto& p, auto&) { ++p.sequence; });
    refused([](auto&, auto& r) { r.root[0] ^= 1U; });
    EXPECT_EQ(code_of(model::verify_journal_proof(id_of(2), *proof, root)),
              ErrorCode::journal_root_mismatch);
  }
}

TEST_F(JournalTest, EveryManipulationIsNoticedAndNamed) {
  append(0, 30);
  const model::JournalRoot root = (*journal_->seal(5))->root;
  append(30, 40);
  ASSERT_EQ(verdict(std::span(&root, 1)), ErrorCode{});
  journal_.reset();
  struct Case {
    const char* sql;
    ErrorCode code;
    const char* entry;
  };
  const Case cases[] = {
      {"DELETE FROM entries WHERE sequence = 7", ErrorCode::journal_entry_missing, "entry 7"},
      {"DELETE FROM entries WHERE sequence = 1", ErrorCode::journal_entry_missing, "entry 1"},
      {"DELETE FROM entries WHERE sequence > 38", ErrorCode::journal_entry_missing, "entry 39"},
      {"DELETE FROM entries WHERE sequence > 20; DELETE FROM groups WHERE last > 20;"
       "DELETE FROM batches",
       ErrorCode::journal_entry_missing, "entry 21"},  // against the anchored root
      {"UPDATE entries SET sequence = 100 WHERE sequence = 7;"
       "UPDATE entries SET sequence = 7 WHERE sequence = 8;"
       "UPDATE entries SET sequence = 8 WHERE sequence = 100",
       ErrorCode::journal_entry_altered, "entry 7"},
      {"DELETE FROM entries WHERE sequence = 38;"
       "UPDATE entries SET sequence = 38 WHERE sequence = 40",
       ErrorCode::journal_entry_altered, "entry 38"},
      {"UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE sequence = 8)"
       " WHERE sequence = 7",
       ErrorCode::journal_entry_altered, "entry 7"},
      {"UPDATE entries SET sealed = substr(sealed, 1, 40) WHERE sequence = 9",
       ErrorCode::journal_entry_altered, "entry 9"},
      {"UPDATE entries SET leaf = zeroblob(32) WHERE sequence = 9",
       ErrorCode::journal_entry_altered, "entry 9"},
      {"UPDATE entries SET leaf = x'00' WHERE sequence = 9", ErrorCode::journal_entry_altered,
       "entry 9"},
      {"UPDATE entries SET patient = zeroblob(16) WHERE sequence = 9",
       ErrorCode::journal_entry_altered, "entry 9"},
      {"UPDATE entries SET time_ms = 5 WHERE sequence = 9", ErrorCode::journal_entry_altered,
       "entry 9"},
      {"UPDATE entries SET previous = zeroblob(32) WHERE sequence = 9",
       ErrorCode::journal_chain_broken, "entry 9"},
      {"UPDATE groups SET signature = zeroblob(65) WHERE last = 4",
       ErrorCode::journal_signature_invalid, "entry 4"},
      {"UPDATE groups SET key_id = zeroblob(32) WHERE last = 4",
       ErrorCode::journal_signature_invalid, "entry 4"},
      {"DELETE FROM groups WHERE last = 4", ErrorCode::journal_signature_invalid, "entry 4"},
      {"DELETE FROM groups WHERE last = 40", ErrorCode::journal_signature_invalid, "entry 40"},
      {"UPDATE batches SET root = zeroblob(32)", ErrorCode::journal_root_mismatch, "entry 1"},
      {"UPDATE batches SET last = 29", ErrorCode::journal_root_mismatch, "entry 1"},
      {"UPDATE batches SET last = 4000", ErrorCode::journal_entry_missing, ""},
      {"UPDATE batches SET previous_root = x'0101010101010101010101010101010101010101010101010101"
       "010101010101'",
       ErrorCode::journal_root_mismatch, "entry 1"},
      {"DELETE FROM batches", ErrorCode::journal_root_mismatch, "entry 1"},
  };
  test::fs::copy(places_.journal, folder_ / "whole", test::fs::copy_options::recursive);
  for (const Case& one : cases) {
    alter(one.sql);
    std::string text;
    EXPECT_EQ(verdict(std::span(&root, 1), &text), one.code) << one.sql << ": " << text;
    EXPECT_NE(text.find(one.entry), std::string::npos) << one.sql << ": " << text;
    journal_.reset();
    test::fs::remove_all(places_.journal);
    test::fs::copy(folder_ / "whole", places_.journal, test::fs::copy_options::recursive);
  }
  reopen();
  ASSERT_EQ(verdict(std::span(&root, 1)), ErrorCode{});
  const crypto::SigningKey stranger = signing_key(0x52);
  const std::vector<JournalSigner> others = {{crypto::Algorithm::ed25519, stranger.public_key()}};
  EXPECT_EQ(code_of(journal_->verify(others, {})), ErrorCode::journal_signature_invalid);
}

TEST_F(JournalTest, AFlippedByteInTheFileIsNoticed) {
  append(0, 200);
  journal_.reset();
  const auto file = places_.journal / "journal.db";
  const std::size_t pages = test::fs::file_size(file) / 4096;
  std::mt19937 random(8);
  for (std::size_t page = 0; page < pages; ++page) {
    const std::size_t at = page * 4096 + random() % 4096;
    test::flip_byte(file, at);
    auto journal = Journal::open(places_.journal, organisation, journal_key, key_);
    const ErrorCode code =
        journal.ok() ? code_of((*journal)->verify(signers(), {})) : code_of(journal);
    EXPECT_TRUE(code == ErrorCode::database_corrupt || code == ErrorCode::database_key_wrong)
        << "page " << page << ": " << static_cast<int>(code);
    if (journal.ok()) journal->reset();
    test::flip_byte(file, at);
  }
}

TEST_F(JournalTest, NothingReadableReachesTheDisk) {
  append(0, 50);
  ASSERT_TRUE(journal_->seal(5).ok());
  const auto clean = [&] {
    EXPECT_TRUE(test::files_holding(folder_, "MARK-reason").empty());
    EXPECT_TRUE(test::files_holding(folder_, "TREAT").empty());
    EXPECT_TRUE(test::files_holding(folder_, text_of(id_of(1, 2).view())).empty());
    const auto content = model::encode_journal_entry(sample(1, 1));
    EXPECT_TRUE(test::files_holding(folder_, text_of(crypto::sha256(*content))).empty());
  };
  clean();
  journal_.reset();
  clean();
}

TEST_F(JournalTest, AcknowledgedEntriesSurviveKill) {
  std::mt19937 random(9);
  std::uint64_t least = 0;
  journal_.reset();
  for (int kill = 0; kill < test::kill_count(); ++kill) {
    const auto steps = test::run_and_kill(random, 15'000, [&](const auto& done) {
      auto journal = Journal::open(places_.journal, organisation, journal_key, key_);
      if (!journal.ok()) ::_exit(2);
      std::vector<std::thread> workers;
      for (std::uint32_t thread = 0; thread < 4; ++thread) {
        workers.emplace_back([&, thread] {
          for (std::uint32_t i = 0;; ++i) {
            const auto sequence = (*journal)->append(sample(i, thread));
            if (!sequence.ok()) ::_exit(3);
            done(static_cast<std::uint32_t>(*sequence));
            if (i % 16 == 15 && thread == 0 && !(*journal)->seal(5).ok()) ::_exit(4);
          }
        });
      }
      for (std::thread& worker : workers) worker.join();
    });
    for (const std::uint32_t sequence : steps) {
      least = std::max<std::uint64_t>(least, sequence);
    }
    reopen();
    ASSERT_GE(journal_->size(), least);
    std::string text;
    ASSERT_EQ(verdict({}, &text), ErrorCode{}) << text;
    journal_.reset();
  }
  EXPECT_GT(least, 20U);
}

}  // namespace
}  // namespace xl::vault
