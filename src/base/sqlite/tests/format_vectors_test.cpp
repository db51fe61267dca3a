// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: encrypted files are what docs/reference/formats-vault.md §1 says. Method: the vectors are
// read from the document and reproduced.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "base/sqlite/page_cipher.h"
#include "base/sqlite/tests/scratch.h"

namespace xl::sqlite {
namespace {

TEST(SqliteFormats, KeysTagsAndBlocks) {
  std::map<std::string, Bytes> vectors;
  std::istringstream in(
      test::raw(std::filesystem::path(XL_SOURCE_DIR) / "docs/reference/formats-vault.md"));
  for (std::string line; std::getline(in, line);) {
    const std::size_t equals = line.find(" = ");
    if (equals == std::string::npos || !line.starts_with("sqlite.")) continue;
    ASSERT_TRUE(
        from_hex(std::string_view(line).substr(equals + 3), vectors[line.substr(0, equals)]));
  }
  ASSERT_EQ(vectors.size(), 7U);
  const auto derived = [&](detail::FileKind kind, std::size_t size) {
    Bytes out(size);
    detail::derive_key(vectors["sqlite.key"], kind, out);
    return out;
  };
  const Bytes database = derived(detail::FileKind::database, 64);
  EXPECT_EQ(database, vectors["sqlite.database_key"]);
  EXPECT_EQ(derived(detail::FileKind::wal, 64), vectors["sqlite.wal_key"]);
  EXPECT_EQ(derived(detail::FileKind::journal, 64), vectors["sqlite.journal_key"]);
  const Bytes tags = derived(detail::FileKind::page_tags, 32);
  EXPECT_EQ(tags, vectors["sqlite.tag_key"]);
  Bytes page(detail::page_bytes, 7);
  detail::PageTagger(tags).seal(page);
  EXPECT_EQ(Bytes(page.end() - 16, page.end()), vectors["sqlite.page_tag"]);
  detail::XtsCipher(database).encrypt(detail::page_bytes, page);
  EXPECT_EQ(Bytes(page.end() - 32, page.end()), vectors["sqlite.page_end"]);
}

}  // namespace
}  // namespace xl::sqlite
