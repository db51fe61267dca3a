// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/sqlite/database.h"
#include "model/limits.h"
#include "vault/journal_store.h"
#include "vault/tests/fixture.h"

namespace xl::vault::test {

inline const Bytes journal_key(32, 0x6a);

inline crypto::SigningKey signing_key(std::uint8_t seed = 0x51) {
  return *crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, Bytes(32, seed));
}

inline model::JournalEntry sample(std::uint32_t number, std::uint32_t patient = 1) {
  model::JournalEntry entry;
  entry.time_ms = 1'000'000 + number;
  entry.actor = id_of(number % 5, 3);
  entry.organisation = organisation;
  entry.patient = id_of(patient, 2);
  entry.decision =
      number % 3 == 0 ? model::JournalDecision::denied : model::JournalDecision::permitted;
  entry.outcome = number % 3 == 0 ? model::JournalOutcome::refused : model::JournalOutcome::served;
  entry.action = "read";
  entry.purpose = "TREAT";
  entry.reason = "MARK-reason-" + std::to_string(number);
  entry.subject = content_of(number, 20);
  return entry;
}

class JournalTest : public VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    reopen();
  }
  void TearDown() override {
    journal_.reset();
    VaultTest::TearDown();
  }
  void reopen() {
    journal_.reset();
    auto journal = Journal::open(places_.journal, organisation, journal_key, key_);
    ASSERT_TRUE(journal.ok()) << journal.error().text();
    journal_ = std::move(*journal);
  }
  void append(std::uint32_t first, std::uint32_t behind) {
    for (std::uint32_t number = first; number < behind; ++number) {
      const auto sequence = journal_->append(sample(number, number % 4));
      ASSERT_TRUE(sequence.ok()) << sequence.error().text();
    }
  }
  [[nodiscard]] std::vector<JournalSigner> signers() const {
    return {{crypto::Algorithm::ed25519, key_.public_key()}};
  }
  [[nodiscard]] ErrorCode verdict(std::span<const model::JournalRoot> anchored = {},
                                  std::string* text = nullptr) const {
    const auto summary = journal_->verify(signers(), anchored);
    if (!summary.ok() && text != nullptr) *text = summary.error().text();
    return code_of(summary);
  }
  /// Runs SQL inside the closed journal.
  void alter(std::string_view sql) {
    journal_.reset();
    const auto database_key = detail::journal_database_key(journal_key);
    {
      auto database =
          sqlite::Database::open(places_.journal / "journal.db", {.key = database_key.view()});
      ASSERT_TRUE(database.ok());
      const Status done = database->execute(sql);
      ASSERT_TRUE(done.ok()) << done.error().text();
    }
    reopen();
  }

  crypto::SigningKey key_ = signing_key();
  std::unique_ptr<Journal> journal_;
};

}  // namespace xl::vault::test
