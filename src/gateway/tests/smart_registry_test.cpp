// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what an organisation registered is there after a restart and after an update, and nobody's
// account lets anybody in. Method: stores in a folder of the test, one as format 1 left it.
#include <gtest/gtest.h>
#include <unistd.h>

#include "crypto/random.h"
#include "gateway/smart/registry.h"

namespace xl::gateway::smart {
namespace {

class SmartRegistry : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("smart-registry-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    crypto::random_bytes(key_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Registry> open() {
    auto out = Registry::open(folder_ / "a.db", key_);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return out.ok() ? std::move(*out) : nullptr;
  }
  std::filesystem::path folder_;
  Hash key_{};
};

TEST_F(SmartRegistry, AnAccountOfFormat1IsKeptButIsNobodys) {
  {
    sqlite::Options options;
    options.key = key_;
    auto old = sqlite::Database::open(folder_ / "a.db", options);
    ASSERT_TRUE(old.ok()) << old.error().text();
    ASSERT_TRUE(
        old->execute(
               "CREATE TABLE clients(id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;"
               "CREATE TABLE accounts(name TEXT PRIMARY KEY, fhir_user TEXT NOT NULL, subject TEXT,"
               "  passes INTEGER NOT NULL, memory_kib INTEGER NOT NULL, salt BLOB NOT NULL,"
               "  digest BLOB NOT NULL, UNIQUE(subject)) WITHOUT ROWID;"
               "INSERT INTO accounts VALUES('ada', 'Practitioner/7', '00u1', 0, 0, x'00', x'00');"
               "PRAGMA user_version = 1")
            .ok());
  }
  {
    const auto registry = open();
    ASSERT_NE(registry, nullptr);
    const auto account = registry->account_of_subject("00u1");
    ASSERT_TRUE(account.ok()) << account.error().text();
    EXPECT_EQ(account->name, "ada");
    EXPECT_EQ(account->did, "");  // for whom there is no sign-in: `standing_of_account`
    EXPECT_TRUE(registry->remove_account("ada").ok());
    EXPECT_TRUE(
        registry->add_account({"ada", "did:xinglin:aaaqeayeaudaocajbifqydiob4", "00u1", false}, "")
            .ok());
  }
  EXPECT_EQ(open()->accounts()->at(0).did, "did:xinglin:aaaqeayeaudaocajbifqydiob4");
}

TEST_F(SmartRegistry, AnAccountIsOfSomebody) {
  const auto registry = open();
  for (const char* did : {"", "ada", "did:xinglin:", "did:example:1"}) {
    const Status added = registry->add_account({"ada", did, "00u1", false}, "");
    EXPECT_EQ(added.error().code, ErrorCode::smart_account_unbound) << did;
  }
}

TEST_F(SmartRegistry, KnowsTheCredentialsOfPasskeys) {
  Hash one{};
  Hash other{};
  other[0] = 1;
  {
    const auto registry = open();
    EXPECT_TRUE(registry->credential_of(one)->empty());
    EXPECT_TRUE(registry->keep_credential(one, Bytes(16, 7)).ok());
    EXPECT_TRUE(registry->keep_credential(one, Bytes(credential_bytes_max, 8)).ok());
    // What authenticators never make is not kept.
    EXPECT_TRUE(registry->keep_credential(other, Bytes(credential_bytes_max + 1, 9)).ok());
    EXPECT_TRUE(registry->keep_credential(other, Bytes{}).ok());
  }
  const auto registry = open();
  EXPECT_EQ(*registry->credential_of(one), Bytes(credential_bytes_max, 8));
  EXPECT_TRUE(registry->credential_of(other)->empty());
}

}  // namespace
}  // namespace xl::gateway::smart
