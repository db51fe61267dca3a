// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a kill at any moment loses nothing that was acknowledged and leaves nothing half done.
// Method: a child process works and reports each finished step; it is killed at a random moment;
// then the vault is opened and everything reported is asked for. 20 kills each, 200 with XL_FULL.
#include <algorithm>
#include <set>

#include "vault/tests/fixture.h"

namespace xl::vault {
namespace {

using test::code_of;
using test::content_of;
using test::id_of;
using test::new_unlock;
using test::organisation;
using test::unlock;

constexpr unsigned delay_us = 20'000;

class CrashTest : public test::VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    create();
    patient(1);
  }
  /// For the child: its own stores, opened after the fork.
  struct Worker {
    std::unique_ptr<Keyring> keyring;
    std::unique_ptr<Bodies> bodies;
  };
  [[nodiscard]] Worker worker(const Unlock& with) const {
    auto keyring = Keyring::open(places_, organisation, with);
    auto bodies = Bodies::open(places_.bodies);
    if (!keyring.ok() || !bodies.ok()) ::_exit(2);
    return {std::move(*keyring), std::move(*bodies)};
  }
};

/// Exits the child when a step fails: the parent sees that it was not killed.
template <typename T>
T must(Result<T> result) {
  if (!result.ok()) ::_exit(3);
  return std::move(result).value();
}
void must(const Status& status) {
  if (!status.ok()) ::_exit(3);
}

TEST_F(CrashTest, AcknowledgedBatchesAreThereAndBodiesHaveKeys) {
  constexpr std::uint32_t batch = 8;
  std::mt19937 random(1);
  std::set<std::uint32_t> acknowledged;
  std::uint32_t next = 0;
  close();
  for (int kill = 0; kill < test::kill_count(); ++kill) {
    const std::uint32_t first = next;
    const auto steps = test::run_and_kill(random, delay_us, [&](const auto& done) {
      Worker own = worker(unlock);
      RecordVault vault(*own.bodies, *own.keyring);
      for (std::uint32_t at = first;; at += batch) {
        std::vector<Bytes> contents;
        std::vector<RecordVault::New> records;
        for (std::uint32_t i = at; i < at + batch; ++i) contents.push_back(content_of(i, i % 3000));
        for (std::uint32_t i = 0; i < batch; ++i) {
          records.push_back({id_of(1, 2), {id_of(at + i), 1}, contents[i], view_of("labels")});
        }
        must(vault.put_batch(records, 1000));
        done(at);
      }
    });
    for (const std::uint32_t at : steps) acknowledged.insert(at);
    open();
    // All of a batch or nothing of it, also of the one that was under way.
    const std::uint32_t open_batch = acknowledged.empty() ? 0 : *acknowledged.rbegin() + batch;
    std::uint32_t found = 0;
    for (std::uint32_t i = open_batch; i < open_batch + batch; ++i) {
      const auto got = vault_->get({id_of(i), 1});
      if (got.ok()) ++found;
      if (!got.ok()) {
        ASSERT_EQ(got.error().code, ErrorCode::record_unknown);
      }
    }
    ASSERT_TRUE(found == 0 || found == batch) << found;
    if (found == batch) acknowledged.insert(open_batch);
    next = open_batch + (found == batch ? batch : 0);
    for (const std::uint32_t at : steps) expect_content(at, at % 3000);
    close();
  }
  open();
  for (const std::uint32_t at : acknowledged) {
    for (std::uint32_t i = at; i < at + batch; ++i) expect_content(i, i % 3000);
  }
  EXPECT_TRUE(keyring_->verify().ok());
  EXPECT_TRUE(bodies_->verify().ok());
  // What the kills left without a key is an orphan and goes.
  const std::uint64_t kept = acknowledged.size() * batch;
  const std::uint64_t leftovers = bodies_->count()->bodies - kept;
  // One call looks at a bounded number of bodies; with 200 kills there are more.
  const std::uint64_t rounds = bodies_->count()->bodies / limits::vault_batch_max + 1;
  std::uint64_t collected = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    collected +=
        *vault_->collect_orphans(2000, limits::vault_batch_max, [](const auto&) { return true; });
  }
  EXPECT_EQ(collected, leftovers);
  EXPECT_EQ(bodies_->count()->bodies, kept);
}

TEST_F(CrashTest, ARotationIsAllOldOrAllNew) {
  for (std::uint32_t record = 0; record < 60; ++record) ASSERT_TRUE(put(1, record).ok());
  for (std::uint32_t number = 2; number < 40; ++number) patient(number);
  close();
  std::mt19937 random(2);
  bool former_is_new = false;  // which of the two unlocks opened last
  for (int kill = 0; kill < test::kill_count(); ++kill) {
    std::uint32_t switched = 0;
    const auto steps = test::run_and_kill(random, delay_us, [&](const auto& done) {
      Worker own = worker(former_is_new ? new_unlock : unlock);
      bool is_new = former_is_new;
      for (std::uint32_t step = 0;; ++step) {
        must(own.keyring->rotate_patient(id_of(1, 2)));
        must(own.keyring->rotate_root(is_new ? unlock : new_unlock));
        is_new = !is_new;
        done(step);
      }
    });
    switched = steps.empty() ? 0 : steps.back() + 1;
    const bool acknowledged_new = former_is_new != (switched % 2 == 1);
    // The last acknowledged root opens, or the one after it; never both, never neither.
    auto expected = Keyring::open(places_, organisation, acknowledged_new ? new_unlock : unlock);
    const bool expected_opens = expected.ok();
    if (expected.ok()) expected->reset();
    auto other = Keyring::open(places_, organisation, acknowledged_new ? unlock : new_unlock);
    ASSERT_NE(expected_opens, other.ok());
    if (other.ok()) other->reset();
    former_is_new = expected_opens == acknowledged_new;
    open(former_is_new ? new_unlock : unlock);
    ASSERT_TRUE(keyring_->verify().ok());
    for (std::uint32_t record = 0; record < 60; record += 7) expect_content(record);
    close();
  }
}

TEST_F(CrashTest, AnErasureIsWholeAndStays) {
  const std::uint32_t patients = 60 + 30 * static_cast<std::uint32_t>(test::kill_count());
  for (std::uint32_t number = 2; number < patients; ++number) {
    const model::Id id = id_of(number, 2);
    ASSERT_TRUE(keyring_->create_patients(std::span(&id, 1)).ok());
  }
  std::vector<Bytes> contents(2 * patients);
  std::vector<RecordVault::New> records;
  for (std::uint32_t i = 0; i < 2 * (patients - 1); ++i) {
    contents[i] = content_of(i, 300);
    records.push_back({id_of(i / 2 + 1, 2), {id_of(i), 1}, contents[i], view_of("labels")});
  }
  for (std::size_t at = 0; at < records.size(); at += 2000) {
    const auto part =
        std::span(records).subspan(at, std::min<std::size_t>(2000, records.size() - at));
    ASSERT_TRUE(vault_->put_batch(part, 1000).ok());
  }
  close();
  std::mt19937 random(3);
  std::uint32_t next = 1;
  for (int kill = 0; kill < test::kill_count() && next < patients - 50; ++kill) {
    const auto steps = test::run_and_kill(random, delay_us / 2, [&](const auto& done) {
      Worker own = worker(unlock);
      RecordVault vault(*own.bodies, *own.keyring);
      for (std::uint32_t number = next; number < patients; ++number) {
        must(vault.erase_patient(id_of(number, 2), 2000));
        done(number);
      }
      ::pause();
    });
    open();
    const std::uint32_t under_way = steps.empty() ? next : steps.back() + 1;
    for (std::uint32_t number = next; number < under_way; ++number) {
      for (const std::uint32_t record : {2 * number - 2, 2 * number - 1}) {
        ASSERT_EQ(code_of(vault_->get({id_of(record), 1})), ErrorCode::record_erased);
      }
    }
    if (under_way + 1 < patients) {
      const auto one = code_of(keyring_->open_key({id_of(2 * under_way - 2), 1}));
      const auto two = code_of(keyring_->open_key({id_of(2 * under_way - 1), 1}));
      ASSERT_EQ(one, two);  // both erased or both there
      expect_content(2 * (under_way + 1) - 2);
    }
    ASSERT_TRUE(keyring_->verify().ok());
    close();
    next = under_way;
  }
  EXPECT_GT(next, 1U);
}

}  // namespace
}  // namespace xl::vault
