// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: nothing readable reaches the disk, a wrong key is refused before anything is touched, and
// no altered byte of a page goes unnoticed. Method: planted marks searched in every file (log and
// journal while they live), bytes flipped in every page, XTS against IEEE 1619's vector, and a
// random file against a plain one through the virtual file system.
#include <array>
#include <fstream>
#include <random>

#include "base/sqlite/database.h"
#include "base/sqlite/page_cipher.h"
#include "base/sqlite/tests/scratch.h"

namespace xl::sqlite {
namespace {

using test::files_with;
using test::raw;

const Bytes sealing_key(32, 0x4b);
constexpr std::string_view mark = "MARK-7f3a-Zhang-Wei";

class Encryption : public test::Scratch {
 protected:
  [[nodiscard]] Result<Database> with_key(ByteView key) const {
    return Database::open(path(), {.key = key});
  }
  /// 200 rows with the mark, some of them big.
  void fill(Database& database) {
    ASSERT_TRUE(database.execute("CREATE TABLE t(i INTEGER PRIMARY KEY, s TEXT)").ok());
    auto insert = database.prepare("INSERT INTO t VALUES(?1, ?2)");
    for (std::int64_t i = 0; i < 200; ++i) {
      std::string text(mark);
      text.append(static_cast<std::size_t>(i % 7 * 1500), 'x');
      ASSERT_TRUE(insert->run(i, text + std::string(mark)).ok());
    }
  }
  void flip(std::size_t offset, unsigned mask) {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(static_cast<unsigned>(byte) ^ mask));
  }
  static std::size_t rows_read(Database& database, ErrorCode& code) {
    auto select = database.prepare("SELECT s FROM t ORDER BY i");
    if (!select.ok()) {
      code = select.error().code;
      return 0;
    }
    std::size_t rows = 0;
    while (true) {
      const auto row = select->step();
      if (!row.ok()) code = row.error().code;
      if (!row.ok() || !*row) return rows;
      EXPECT_TRUE(select->text(0).starts_with(mark) && select->text(0).ends_with(mark));
      ++rows;
    }
  }
};

TEST_F(Encryption, NothingReadableReachesTheDisk) {
  auto database = with_key(sealing_key);
  ASSERT_TRUE(database.ok());
  fill(*database);
  EXPECT_TRUE(std::filesystem::exists(path().string() + "-wal"));
  const auto clean = [&](std::string_view where) {
    for (const std::string_view needle :
         {mark, std::string_view("SQLite format"), std::string_view("CREATE TABLE")}) {
      EXPECT_TRUE(files_with(folder_, needle).empty()) << needle << ' ' << where;
    }
  };
  clean("in the log");
  ASSERT_TRUE(database->checkpoint().ok());
  clean("in the database");
  {
    // The rollback journal holds pages of before: keep it alive inside a transaction.
    ASSERT_TRUE(database->execute("PRAGMA journal_mode=DELETE; PRAGMA cache_size=2").ok());
    auto transaction = Transaction::begin(*database);
    ASSERT_TRUE(database->execute("UPDATE t SET s = s || 'y'").ok());
    EXPECT_TRUE(std::filesystem::exists(path().string() + "-journal"));
    clean("in the journal");
  }
  ASSERT_TRUE(database->execute("PRAGMA journal_mode=WAL").ok());
  EXPECT_TRUE(database->check_integrity().ok());
  EXPECT_FALSE(database->execute("VACUUM").ok());  // copies through an attached file
  clean("at the end");
  ErrorCode code{};
  EXPECT_EQ(rows_read(*database, code), 200U);
}

TEST_F(Encryption, AWrongKeyIsRefusedAndNothingIsTouched) {
  {
    auto database = with_key(sealing_key);
    ASSERT_TRUE(database.ok());
    fill(*database);
  }
  const std::string before = raw(path());
  for (const Bytes& key : {Bytes(32, 0x4c), Bytes(32, 0)}) {
    const auto refused = with_key(key);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::database_key_wrong);
  }
  const auto without = Database::open(path());
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.error().code, ErrorCode::database_key_wrong);
  EXPECT_EQ(raw(path()), before);
  EXPECT_TRUE(with_key(sealing_key).ok());
}

TEST_F(Encryption, APlainDatabaseIsNotTakenForAnEncryptedOne) {
  {
    auto plain = Database::open(path());
    ASSERT_TRUE(plain.ok());
    fill(*plain);
  }
  const auto refused = with_key(sealing_key);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::database_key_wrong);
}

TEST_F(Encryption, AFlippedByteOfAnyPageIsNoticed) {
  {
    auto database = with_key(sealing_key);
    ASSERT_TRUE(database.ok());
    fill(*database);
  }
  const std::size_t size = raw(path()).size();
  ASSERT_EQ(size % detail::page_bytes, 0U);
  std::mt19937 random(7);
  std::size_t noticed = 0;
  const std::size_t pages = size / detail::page_bytes;
  for (std::size_t page = 0; page < pages; ++page) {
    const std::size_t offset = page * detail::page_bytes + random() % detail::page_bytes;
    const unsigned mask = 1U << random() % 8;
    flip(offset, mask);
    ErrorCode code{};
    std::size_t rows = 0;
    auto database = with_key(sealing_key);
    if (database.ok()) {
      rows = rows_read(*database, code);
    } else {
      code = database.error().code;
    }
    EXPECT_LT(rows, 200U) << "page " << page;
    EXPECT_TRUE(code == ErrorCode::database_corrupt || code == ErrorCode::database_key_wrong)
        << "page " << page << " gave " << static_cast<int>(code);
    noticed += rows < 200 ? 1U : 0U;
    if (database.ok()) *database = *Database::open(folder_ / "elsewhere.db");  // close the first
    flip(offset, mask);
  }
  EXPECT_EQ(noticed, pages);
  auto database = with_key(sealing_key);
  ASSERT_TRUE(database.ok());
  EXPECT_TRUE(database->check_integrity().ok());
}

TEST_F(Encryption, ASwappedPageIsNoticed) {
  {
    auto database = with_key(sealing_key);
    ASSERT_TRUE(database.ok());
    fill(*database);
  }
  std::string bytes = raw(path());
  ASSERT_GT(bytes.size(), 10 * detail::page_bytes);
  std::swap_ranges(bytes.begin() + 4 * 4096, bytes.begin() + 5 * 4096, bytes.begin() + 7 * 4096);
  std::ofstream(path(), std::ios::binary) << bytes;
  auto database = with_key(sealing_key);
  ASSERT_TRUE(database.ok());
  ErrorCode code{};
  EXPECT_LT(rows_read(*database, code), 200U);
  EXPECT_EQ(code, ErrorCode::database_corrupt);
}

Bytes from_text(std::string_view text) {
  Bytes out;
  EXPECT_TRUE(from_hex(text, out));
  return out;
}

TEST(PageCipher, AgreesWithTheStandard) {
  // IEEE 1619-2007, annex B, vector 10 (XTS-AES-256, data unit ff): its first 32 bytes.
  Bytes key = from_text("2718281828459045235360287471352662497757247093699959574966967627");
  append(key, from_text("3141592653589793238462643383279502884197169399375105820974944592"));
  Bytes unit(detail::unit_bytes);
  for (std::size_t i = 0; i < unit.size(); ++i) unit[i] = static_cast<std::uint8_t>(i);
  detail::XtsCipher cipher(key);
  const Bytes plain = unit;
  cipher.encrypt(0xff * detail::unit_bytes, unit);
  EXPECT_EQ(to_hex(ByteView(unit).first(32)),
            "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b");
  // Any run of blocks can be had alone.
  Bytes middle(unit.begin() + 48, unit.begin() + 80);
  cipher.decrypt(0xff * detail::unit_bytes + 48, middle);
  EXPECT_EQ(middle, Bytes(plain.begin() + 48, plain.begin() + 80));
  Bytes across(plain.begin() + 496, plain.end());
  append(across, Bytes(16, 9));
  cipher.encrypt(0xff * detail::unit_bytes + 496, across);
  EXPECT_TRUE(equal(ByteView(across).first(16), ByteView(unit).last(16)));
  Bytes hole(64);
  cipher.decrypt(4096, hole);
  EXPECT_EQ(hole, Bytes(64));
}

TEST(PageCipher, KeysOfDifferentKindsDiffer) {
  std::vector<Bytes> keys;
  for (int kind = 1; kind <= 4; ++kind) {
    Bytes key(64);
    detail::derive_key(sealing_key, static_cast<detail::FileKind>(kind), key);
    EXPECT_NE(Bytes(key.begin(), key.begin() + 32), Bytes(key.begin() + 32, key.end()));
    for (const Bytes& other : keys) EXPECT_NE(other, key);
    keys.push_back(key);
  }
}

TEST(PageCipher, TagsNoticeEveryByte) {
  detail::PageTagger tagger(sealing_key);
  Bytes page(detail::page_bytes, 3);
  tagger.seal(page);
  EXPECT_TRUE(tagger.check(page));
  for (std::size_t at = 0; at < page.size(); at += 61) {
    page[at] ^= 0x10U;
    EXPECT_FALSE(tagger.check(page)) << at;
    page[at] ^= 0x10U;
  }
  EXPECT_TRUE(tagger.check(Bytes(detail::page_bytes)));
}

TEST_F(Encryption, ACopyIsOfOneMomentEncryptedAndWithoutALog) {
  auto database = with_key(sealing_key);
  ASSERT_TRUE(database.ok());
  fill(*database);
  const std::filesystem::path copy = folder_ / "copy.db";
  {
    // Another connection copies while this one has a transaction open and commits afterwards.
    auto reader = with_key(sealing_key);
    ASSERT_TRUE(reader.ok());
    auto open = Transaction::begin(*database);
    ASSERT_TRUE(open.ok());
    ASSERT_TRUE(database->execute("DELETE FROM t WHERE i >= 100").ok());
    ASSERT_TRUE(reader->copy_to(copy, sealing_key).ok());
    ASSERT_TRUE(open->commit().ok());
    EXPECT_EQ(reader->copy_to(copy, sealing_key).error().code, ErrorCode::file_unwritable);
  }
  EXPECT_TRUE(files_with(folder_, mark).empty());
  EXPECT_FALSE(std::filesystem::exists(copy.string() + "-wal"));
  EXPECT_EQ(Database::open(copy, {.key = Bytes(32, 1)}).error().code,
            ErrorCode::database_key_wrong);
  auto copied = Database::open(copy, {.key = sealing_key});
  ASSERT_TRUE(copied.ok());
  ErrorCode code{};
  EXPECT_EQ(rows_read(*copied, code), 200U);
  EXPECT_EQ(rows_read(*database, code), 100U);
}

}  // namespace
}  // namespace xl::sqlite
