// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the wrapper does what SQLite does and says by code what went wrong, encrypted or not.
// Method: both kinds of database through the same cases; damaged, locked and full files; a child
// process killed in the middle of commits.
#include "base/sqlite/database.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>

#include "base/sqlite/tests/scratch.h"

namespace xl::sqlite {
namespace {

using test::files_with;
using test::raw;
namespace fs = std::filesystem;

const Bytes database_key(32, 0x4b);
const Bytes other_key(32, 0x4c);

/// The same cases without and with encryption.
class Databases : public test::Scratch, public testing::WithParamInterface<bool> {
 protected:
  [[nodiscard]] Options options() const {
    Options out;
    if (GetParam()) out.key = database_key;
    return out;
  }
  [[nodiscard]] Database opened() const {
    auto database = Database::open(path(), options());
    EXPECT_TRUE(database.ok()) << database.error().text();
    return std::move(*database);
  }
};
INSTANTIATE_TEST_SUITE_P(PlainAndEncrypted, Databases, testing::Bool(), [](const auto& test_info) {
  return test_info.param ? "Encrypted" : "Plain";
});

std::int64_t number(Database& database, std::string_view sql) {
  auto statement = database.prepare(sql);
  EXPECT_TRUE(statement.ok()) << statement.error().text();
  const auto row = statement->step();
  EXPECT_TRUE(row.ok()) << row.error().text();
  return row.ok() && *row ? statement->integer(0) : -1;
}

Bytes pattern(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  Bytes out(size);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

TEST_P(Databases, StatementsAskTestsOfOurs) {
  Database database = opened();
  const auto ascending = [](std::span<const std::int64_t> values) {
    return std::is_sorted(values.begin(), values.end());
  };
  ASSERT_TRUE(database.add_test("is_ascending", 3, ascending).ok());
  EXPECT_EQ(number(database, "SELECT is_ascending(-5, 0, 9223372036854775807)"), 1);
  EXPECT_EQ(number(database, "SELECT is_ascending(2, 1, 3)"), 0);
  EXPECT_FALSE(database.prepare("SELECT is_ascending(1, 2)").ok());
  // Of this connection alone, and never by what a file says.
  Database other = opened();
  EXPECT_FALSE(other.prepare("SELECT is_ascending(1, 2, 3)").ok());
  ASSERT_TRUE(database.execute("CREATE TABLE t(a, CHECK(a > 0))").ok());
  ASSERT_TRUE(database.execute("CREATE VIEW v AS SELECT is_ascending(1, 2, 3) AS x").ok());
  EXPECT_FALSE(database.prepare("SELECT x FROM v").ok());
}

TEST_P(Databases, EveryTypeComesBack) {
  Database database = opened();
  ASSERT_TRUE(database.execute("CREATE TABLE t(i INTEGER, s TEXT, b BLOB, n)").ok());
  {
    auto insert = database.prepare("INSERT INTO t VALUES(?1, ?2, ?3, ?4)");
    ASSERT_TRUE(insert.ok());
    const Bytes blob = {0, 1, 0, 255};
    ASSERT_TRUE(
        insert->run(std::int64_t{INT64_MIN}, std::string_view("杏林"), ByteView(blob), nullptr)
            .ok());
    EXPECT_EQ(database.changes(), 1);
    EXPECT_EQ(database.last_insert_id(), 1);
    ASSERT_TRUE(insert->run(std::int64_t{7}, std::string_view(), ByteView(), std::int64_t{1}).ok());
  }
  auto select = database.prepare("SELECT i, s, b, n FROM t ORDER BY rowid");
  ASSERT_TRUE(select.ok());
  ASSERT_TRUE(*select->step());
  EXPECT_EQ(select->integer(0), INT64_MIN);
  EXPECT_EQ(select->text(1), "杏林");
  EXPECT_EQ(copy_of(select->blob(2)), (Bytes{0, 1, 0, 255}));
  EXPECT_TRUE(select->is_null(3));
  ASSERT_TRUE(*select->step());
  EXPECT_EQ(select->text(1), "");
  EXPECT_FALSE(select->is_null(2));
  EXPECT_TRUE(select->blob(2).empty());
  EXPECT_FALSE(*select->step());
  EXPECT_EQ(number(database, "PRAGMA synchronous"), 2);
  EXPECT_EQ(number(database, "PRAGMA foreign_keys"), 1);
  EXPECT_EQ(number(database, "PRAGMA trusted_schema"), 0);
  EXPECT_EQ(number(database, "PRAGMA cell_size_check"), 1);
  EXPECT_EQ(number(database, "PRAGMA temp_store"), 2);
  EXPECT_EQ(number(database, "PRAGMA secure_delete"), 1);
  EXPECT_FALSE(database.execute("ATTACH 'x.db' AS x").ok());
}

TEST_P(Databases, AStatementThatIsUsedAgainRemembersNothing) {
  Database database = opened();
  ASSERT_TRUE(database.execute("CREATE TABLE t(i INTEGER); INSERT INTO t VALUES(1), (2)").ok());
  const std::string_view echo = "SELECT ?1, ?2";
  {
    auto first = database.prepare(echo);
    auto second = database.prepare(echo);  // both at once: two statements
    ASSERT_TRUE(*first->start(std::int64_t{1}, std::int64_t{2}));
    ASSERT_TRUE(*second->start(std::int64_t{3}, std::int64_t{4}));
    EXPECT_EQ(first->integer(1), 2);
    EXPECT_EQ(second->integer(1), 4);
    *first = std::move(*second);
    EXPECT_EQ(first->integer(0), 3);
  }
  for (int i = 0; i < 3; ++i) {
    auto again = database.prepare(echo);
    ASSERT_TRUE(*again->step());
    EXPECT_TRUE(again->is_null(0) && again->is_null(1));
  }
  {
    auto half_read = database.prepare("SELECT i FROM t");
    ASSERT_TRUE(*half_read->step());
  }
  EXPECT_TRUE(database.checkpoint().ok());  // nobody reads any more
  ASSERT_TRUE(database.execute("ALTER TABLE t ADD COLUMN j DEFAULT 5").ok());
  EXPECT_EQ(number(database, "SELECT j FROM t"), 5);
  EXPECT_EQ(number(database, "SELECT i FROM t"), 1);
  for (std::size_t round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i <= idle_statements_max + 1; ++i) {
      EXPECT_EQ(number(database, "SELECT " + std::to_string(i)), static_cast<std::int64_t>(i));
    }
  }
}

TEST_P(Databases, ContentSurvivesReopening) {
  {
    Database database = opened();
    ASSERT_TRUE(database.execute("CREATE TABLE t(b BLOB); INSERT INTO t VALUES(x'0102')").ok());
  }
  Database database = opened();
  EXPECT_EQ(number(database, "SELECT count(*) FROM t WHERE b = x'0102'"), 1);
  EXPECT_TRUE(database.check_integrity().ok());
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_P(Databases, SyncsWhenItIsToldTo) {
  Options later = options();
  later.synced_commits = false;
  later.log_pages = 4;
  auto made = Database::open(path(), later);
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(made->sync().ok());  // nothing was written
  ASSERT_TRUE(made->execute("CREATE TABLE t(n INTEGER)").ok());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(made->execute("INSERT INTO t VALUES(1)").ok());
    if (i % 5 == 0) {
      EXPECT_TRUE(made->sync().ok());
    }
  }
  ASSERT_TRUE(made->checkpoint().ok());
  EXPECT_TRUE(made->sync().ok());  // the log is empty
  const Database again = std::move(*made);
}

TEST_P(Databases, TransactionsCommitOrLeaveNothing) {
  Database database = opened();
  ASSERT_TRUE(database.execute("CREATE TABLE t(i INTEGER PRIMARY KEY)").ok());
  {
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES(1)").ok());
  }
  EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 0);
  {
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES(1)").ok());
    ASSERT_TRUE(transaction->commit().ok());
  }
  EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 1);
  const Status twice = database.execute("INSERT INTO t VALUES(1)");
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().code, ErrorCode::database_constraint);
  EXPECT_EQ(database.execute("SELECT nothing FROM nowhere").error().code,
            ErrorCode::database_failed);
}

TEST_P(Databases, BigBlobsAndManyPages) {
  Database database = opened();
  ASSERT_TRUE(database.execute("CREATE TABLE t(i INTEGER PRIMARY KEY, b BLOB)").ok());
  const std::array<std::size_t, 6> sizes = {1, 4079, 4080, 4096, 1'000'003, 16U << 20U};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    auto insert = database.prepare("INSERT INTO t VALUES(?1, ?2)");
    const Bytes blob = pattern(sizes[i], static_cast<std::uint32_t>(i));
    ASSERT_TRUE(insert->run(static_cast<std::int64_t>(i), ByteView(blob)).ok());
  }
  ASSERT_TRUE(database.checkpoint().ok());
  auto select = database.prepare("SELECT b FROM t ORDER BY i");
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    ASSERT_TRUE(*select->step());
    EXPECT_TRUE(equal(select->blob(0), pattern(sizes[i], static_cast<std::uint32_t>(i)))) << i;
  }
  auto insert = database.prepare("INSERT INTO t VALUES(99, zeroblob(?1))");
  const Status at_most =
      insert->run(static_cast<std::int64_t>(value_bytes_max - 100));  // a row holds more than it
  EXPECT_TRUE(at_most.ok()) << at_most.error().text();
  const Status over = database.prepare("INSERT INTO t VALUES(98, ?1)")
                          ->bind(1, ByteView(Bytes(value_bytes_max + 1)));
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().code, ErrorCode::database_value_too_large);
}

TEST_P(Databases, ReadersSeeTheLastCommitWhileOneWrites) {
  Database writer = opened();
  ASSERT_TRUE(writer.execute("CREATE TABLE t(i); INSERT INTO t VALUES(1)").ok());
  Options reading = options();
  reading.read_only = true;
  auto reader = Database::open(path(), reading);
  ASSERT_TRUE(reader.ok()) << reader.error().text();
  auto transaction = Transaction::begin(writer);
  ASSERT_TRUE(transaction.ok());
  ASSERT_TRUE(writer.execute("INSERT INTO t VALUES(2)").ok());
  EXPECT_EQ(number(*reader, "SELECT count(*) FROM t"), 1);
  ASSERT_TRUE(transaction->commit().ok());
  EXPECT_EQ(number(*reader, "SELECT count(*) FROM t"), 2);
  EXPECT_FALSE(reader->execute("INSERT INTO t VALUES(3)").ok());
  // A second writer waits for its timeout, then is told.
  Options impatient = options();
  impatient.busy_timeout_ms = 10;
  auto second = Database::open(path(), impatient);
  ASSERT_TRUE(second.ok());
  auto held = Transaction::begin(writer);
  ASSERT_TRUE(held.ok());
  const auto refused = Transaction::begin(*second);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::database_locked);
}

TEST_P(Databases, AMissingFileIsNotCreatedUnlessWanted) {
  Options wanted = options();
  wanted.create_if_missing = false;
  EXPECT_EQ(Database::open(path(), wanted).error().code, ErrorCode::database_missing);
  wanted = options();
  wanted.read_only = true;
  EXPECT_EQ(Database::open(path(), wanted).error().code, ErrorCode::database_missing);
  EXPECT_FALSE(fs::exists(path()));
  EXPECT_EQ(Database::open(folder_ / "no" / "folder.db", options()).error().code,
            ErrorCode::file_unwritable);
}

/// Inserts rows one commit each and acknowledges each commit through `acknowledge`.
[[noreturn]] void insert_until_killed(const fs::path& path, const Options& options,
                                      int acknowledge) {
  auto database = Database::open(path, options);
  if (!database.ok()) ::_exit(1);
  const std::int64_t first = number(*database, "SELECT coalesce(max(i), 0) FROM t") + 1;
  auto insert = database->prepare("INSERT INTO t VALUES(?1, ?2)");
  for (std::int64_t i = first;; ++i) {
    const Bytes blob =
        pattern(static_cast<std::size_t>(i * 97 % 9000), static_cast<std::uint32_t>(i));
    if (!insert->run(i, ByteView(blob)).ok()) ::_exit(2);
    if (::write(acknowledge, &i, sizeof(i)) != sizeof(i)) ::_exit(3);
  }
}

TEST_P(Databases, AcknowledgedRowsSurviveKill) {
  {
    Database database = opened();
    ASSERT_TRUE(database.execute("CREATE TABLE t(i INTEGER PRIMARY KEY, b BLOB)").ok());
  }
  std::mt19937 random(20261121);
  std::int64_t acknowledged = 0;
  const int kills = std::getenv("XL_FULL") != nullptr ? 200 : 20;
  for (int kill = 0; kill < kills; ++kill) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) insert_until_killed(path(), options(), pipe[1]);
    ::close(pipe[1]);
    // At least one commit, then a random moment.
    std::int64_t row = 0;
    if (::read(pipe[0], &row, sizeof(row)) == sizeof(row)) acknowledged = row;
    ::usleep(static_cast<useconds_t>(random() % 30'000));
    ::kill(child, SIGKILL);
    while (::read(pipe[0], &row, sizeof(row)) == sizeof(row)) acknowledged = row;
    ::close(pipe[0]);
    int how = 0;
    ::waitpid(child, &how, 0);
    ASSERT_TRUE(WIFSIGNALED(how)) << "the child ended by itself: " << WEXITSTATUS(how);
    Database database = opened();
    ASSERT_GE(number(database, "SELECT max(i) FROM t"), acknowledged);
    ASSERT_EQ(number(database, "SELECT count(*) - max(i) FROM t"), 0);
  }
  Database database = opened();
  EXPECT_TRUE(database.check_integrity().ok());
  auto select = database.prepare("SELECT i, b FROM t");
  while (*select->step()) {
    const std::int64_t i = select->integer(0);
    ASSERT_TRUE(equal(select->blob(1), pattern(static_cast<std::size_t>(i * 97 % 9000),
                                               static_cast<std::uint32_t>(i))));
  }
  EXPECT_GT(acknowledged, kills);
}

TEST_P(Databases, AFullDiskIsSaidAndNothingIsHalfDone) {
  Database database = opened();
  ASSERT_TRUE(database.execute("CREATE TABLE t(b BLOB); INSERT INTO t VALUES(x'01')").ok());
  ASSERT_TRUE(database.execute("PRAGMA max_page_count=20").ok());
  auto insert = database.prepare("INSERT INTO t VALUES(zeroblob(1000000))");
  const Status full = insert->run();
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, ErrorCode::database_full);
  EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 1);
}

}  // namespace
}  // namespace xl::sqlite
