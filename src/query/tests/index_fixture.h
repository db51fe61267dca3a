// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "query/search_text.h"

namespace xl::query::test {

namespace fs = std::filesystem;

inline const Bytes index_key(32, 0x1d);

/// Ids that say in a failure which one it is.
inline model::Id id_of(std::uint32_t number, std::uint8_t kind) {
  model::Id id;
  id.bytes[0] = kind;
  for (std::size_t i = 0; i < 4; ++i) {
    id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return id;
}
inline model::Id patient_of(std::uint32_t number) { return id_of(number, 2); }

template <typename T>
ErrorCode code_of(const Result<T>& result) {
  return result.ok() ? ErrorCode{} : result.error().code;
}

inline std::string raw_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// An entry whose terms are read from the resource's text.
inline RecordEntry entry_of(std::string_view resource, std::uint32_t record = 1,
                            std::uint64_t version = 1, std::uint64_t updated_ms = 1000,
                            std::uint32_t patient = 1) {
  const auto document = json::parse(resource, {});
  EXPECT_TRUE(document.ok()) << resource;
  RecordEntry out;
  if (!document.ok()) return out;
  out.record = id_of(record, 1);
  out.type = document->root().find("resourceType").as_string().value_or("");
  out.id = document->root().find("id").as_string().value_or("");
  out.version = out.vault_version = version;
  out.patient = patient_of(patient);
  out.last_updated_ms = updated_ms;
  auto terms = terms_of(document->root());
  EXPECT_TRUE(terms.ok());
  if (terms.ok()) out.terms = std::move(*terms);
  return out;
}

/// A query of `name=value` pairs, the values as in a URL.
inline Query query_of(std::string type,
                      const std::vector<std::pair<std::string, std::string>>& criteria = {}) {
  Query out;
  out.type = std::move(type);
  for (const auto& [name, written] : criteria) {
    auto criterion = read_criterion(out.type, name, written);
    // One that cannot be read is refused by the search too.
    if (criterion.ok()) {
      out.criteria.push_back(std::move(*criterion));
    } else {
      out.criteria.push_back({.name = name, .values = {{Prefix::eq, written}}});
    }
  }
  return out;
}

inline std::vector<std::string> ids_of(const IndexPage& page) {
  std::vector<std::string> out;
  for (const RecordEntry& entry : page.entries) out.push_back(entry.id);
  return out;
}

class IndexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "xl-index-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    reopen();
  }
  void TearDown() override {
    index_.reset();
    fs::remove_all(folder_);
  }
  void reopen() {
    index_.reset();
    auto opened = RecordIndex::open(path(), index_key);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    index_ = std::move(*opened);
  }
  [[nodiscard]] fs::path path() const { return folder_ / "index.db"; }
  /// Ids of the first page, or the error's code as the only one.
  [[nodiscard]] std::vector<std::string> find(const Query& query) {
    const auto page = index_->search(query);
    if (!page.ok()) return {page.error().text()};
    EXPECT_EQ(page->total, page->entries.size());
    return ids_of(*page);
  }

  fs::path folder_;
  std::unique_ptr<RecordIndex> index_;
};

}  // namespace xl::query::test
