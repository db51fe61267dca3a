// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: cursors of pages are what docs/reference/formats.md §10 says. Method: the page's cursor,
// which another implementation sealed, is opened; an index under the page's key knows whose query
// it is of.
#include "model/tests/vectors.h"
#include "query/index_cursor.h"
#include "query/tests/index_fixture.h"

namespace xl::query {
namespace {

namespace vectors = model::vectors;

TEST(CursorFormat, TheCursorOfThePageIsOpened) {
  const auto page = vectors::of_page("formats.md");
  const Bytes digest = vectors::bytes_of(page, "cursor.query");
  Hash query{};
  std::copy(digest.begin(), digest.end(), query.begin());
  const auto cursor =
      detail::open_cursor(vectors::bytes_of(page, "cursor.key"), query, page.at("cursor.text"));
  ASSERT_TRUE(cursor.ok());
  Bytes plain = digest;
  append(plain, cursor->generation);
  append_be(plain, cursor->snapshot);
  append_be(plain, cursor->row);
  EXPECT_EQ(page.at("cursor.plain"), to_hex(plain));
}

/// An index tells a cursor of another query from one that is of this query and of another filling.
TEST(CursorFormat, AnIndexKnowsTheQueryOfThePage) {
  const auto path =
      std::filesystem::temp_directory_path() / ("xl-cursor-" + std::to_string(::getpid()) + ".db");
  ASSERT_TRUE(RecordIndex::discard(path).ok());
  {
    auto index = RecordIndex::open(path, Bytes(32, 0x6b));
    ASSERT_TRUE(index.ok());
    Query query;
    query.type = "Observation";
    query.criteria = {{"code", {{Prefix::eq, "718-7"}}}};
    query.cursor = vectors::of_page("formats.md").at("cursor.text");
    EXPECT_EQ(test::code_of((*index)->search(query)), ErrorCode::cursor_expired);
    query.criteria[0].values[0].text = "718-8";
    EXPECT_EQ(test::code_of((*index)->search(query)), ErrorCode::cursor_mismatched);
  }
  ASSERT_TRUE(RecordIndex::discard(path).ok());
}

}  // namespace
}  // namespace xl::query
