// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a file is read whole within its bound, and replaced whole or not at all. Method: a
// temporary folder, bounds at max and max + 1, and writes that must fail.
#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>

namespace xl {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "xl-file-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string content(const fs::path& path) const {
    const auto bytes = read_file(path, 1U << 20U);
    return bytes.ok() ? std::string(text_of(*bytes)) : bytes.error().text();
  }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

TEST_F(File, WritesReplacesAndSetsTheMode) {
  const fs::path path = folder_ / "key";
  ASSERT_TRUE(write_file_durably(path, view_of("one"), 0600).ok());
  EXPECT_EQ(content(path), "one");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(write_file_durably(path, view_of("")).ok());
  EXPECT_EQ(content(path), "");
  EXPECT_EQ(static_cast<unsigned>(fs::status(path).permissions()), 0644U);
  EXPECT_EQ(entries(), 1U);
}

TEST_F(File, ReadsUpToTheBound) {
  const fs::path path = folder_ / "bounded";
  ASSERT_TRUE(write_file_durably(path, Bytes(100'000, 7)).ok());
  EXPECT_EQ(read_file(path, 100'000)->size(), 100'000U);
  const auto over = read_file(path, 99'999);
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().code, ErrorCode::file_too_large);
}

TEST_F(File, BelievesNeitherSparseFilesNorDevices) {
  const fs::path path = folder_ / "sparse";
  ASSERT_TRUE(write_file_durably(path, view_of("x")).ok());
  fs::resize_file(path, 1ULL << 40U);  // reserving that much would end the process
  EXPECT_EQ(read_file(path, 1U << 20U).error().code, ErrorCode::file_too_large);
  EXPECT_EQ(read_file("/dev/zero", 1U << 20U).error().code, ErrorCode::file_too_large);
}

TEST_F(File, SaysWhyReadingFails) {
  const auto missing = read_file(folder_ / "none", 10);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::file_missing);
  EXPECT_NE(missing.error().message.find("No such file"), std::string::npos);
  EXPECT_EQ(read_file(folder_, 10).error().code, ErrorCode::file_unreadable);
}

TEST_F(File, FailsWithoutTheFolder) {
  const auto status = write_file_durably(folder_ / "none" / "file", view_of("x"));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::file_unwritable);
  EXPECT_FALSE(fs::exists(folder_ / "none"));
  EXPECT_EQ(sync_directory(folder_ / "none").error().code, ErrorCode::file_unwritable);
  EXPECT_TRUE(sync_directory(folder_).ok());
}

TEST_F(File, KeepsTheOldContentWhenTheTargetCannotBeReplaced) {
  const fs::path path = folder_ / "taken";
  fs::create_directory(path);
  ASSERT_TRUE(write_file_durably(path / "inside", view_of("old")).ok());
  EXPECT_EQ(write_file_durably(path, view_of("new")).error().code, ErrorCode::file_unwritable);
  EXPECT_EQ(content(path / "inside"), "old");
  EXPECT_EQ(entries(), 1U);  // no temporary file is left
}

/// Lets files grow to `bytes` only, as a full disk would, and lifts that again.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_F(File, KeepsTheOldContentWhenWritingBreaksOffHalfway) {
  const fs::path path = folder_ / "kept";
  ASSERT_TRUE(write_file_durably(path, view_of("old")).ok());
  {
    const FileSizeLimit limit(50'000);
    const auto status = write_file_durably(path, Bytes(100'000, 7));
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::file_unwritable);
  }
  EXPECT_EQ(content(path), "old");
  EXPECT_EQ(entries(), 1U);
}

}  // namespace
}  // namespace xl
