// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a log can be read by machines, stays within its bound and holds nothing but what its list
// of fields allows. Method: real files in a temporary folder; hostile ids and methods; more lines
// than the bound holds.
#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "base/json/json.h"

namespace xl {
namespace {

class LogTest : public testing::Test {
 protected:
  LogTest()
      : folder(std::filesystem::temp_directory_path() / ("xl-log-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder);
    options.file = folder / "log" / "node.log";
    options.stderr_level.reset();
  }
  ~LogTest() override { std::filesystem::remove_all(folder); }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::ifstream file(options.file);
    std::vector<std::string> out;
    for (std::string line; std::getline(file, line);) out.push_back(line);
    return out;
  }

  std::filesystem::path folder;
  Log::Options options;
};

TEST_F(LogTest, WritesOneJsonObjectPerLine) {
  const auto log = Log::open(options);
  ASSERT_TRUE(log.ok()) << log.error().text();
  log->write(LogLevel::info, LogEvent::request_served,
             {LogField::request("00ffa0"), LogField::method("GET"),
              LogField::route("/ledger/v1/blocks/{height}"), LogField::status(200),
              LogField::milliseconds(12)});
  log->write(LogLevel::error, LogEvent::node_failed, {LogField::code(ErrorCode::store_locked)});
  log->write(LogLevel::debug, LogEvent::node_running, {LogField::port(7410)});  // below the level
  ASSERT_EQ(lines().size(), 2U);
  const auto request = json::parse(lines()[0], {});
  ASSERT_TRUE(request.ok()) << lines()[0];
  EXPECT_EQ(request->root().find("level").as_string(), "info");
  EXPECT_EQ(request->root().find("event").as_string(), "request_served");
  EXPECT_EQ(request->root().find("request").as_string(), "00ffa0");
  EXPECT_EQ(request->root().find("route").as_string(), "/ledger/v1/blocks/{height}");
  EXPECT_EQ(request->root().find("status").as_uint64(), 200U);
  EXPECT_EQ(request->root().find("milliseconds").as_uint64(), 12U);
  EXPECT_EQ(request->root().find("time").as_string()->size(), 24U);
  const auto failed = json::parse(lines()[1], {});
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed->root().find("code").as_string(),
            code_text(static_cast<std::uint16_t>(ErrorCode::store_locked)));
}

TEST_F(LogTest, TakesNoWordsOfAClient) {
  EXPECT_EQ(LogField::method("Zhang-San").value(), "other");
  EXPECT_EQ(LogField::request("Zhang San").value(), "-");
  EXPECT_EQ(LogField::request("\",\"name\":\"x").value(), "-");
  EXPECT_EQ(LogField::request(std::string(65, 'a')).value(), "-");
  EXPECT_EQ(LogField::request(std::string(64, 'a')).value(), std::string(64, 'a'));
  EXPECT_EQ(LogField::route("").value(), "-");
}

TEST_F(LogTest, KeepsWithinItsBound) {
  options.file_bytes_max = 1000;
  options.files_max = 3;
  const auto log = Log::open(options);
  ASSERT_TRUE(log.ok());
  for (std::uint64_t i = 0; i < 200; ++i) {
    log->write(LogLevel::info, LogEvent::node_running, {LogField::height(i)});
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "log")) {
    ++files;
    EXPECT_LE(entry.file_size(), options.file_bytes_max);
  }
  EXPECT_EQ(files, 3U);
  EXPECT_NE(lines().back().find("\"height\":199"), std::string::npos);
}

TEST_F(LogTest, IsWrittenByManyThreads) {
  const auto log = Log::open(options);
  ASSERT_TRUE(log.ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&log] {
      for (unsigned n = 0; n < 50; ++n) {
        log->write(LogLevel::info, LogEvent::request_served, {LogField::status(n)});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(lines().size(), 200U);
  for (const std::string& line : lines()) EXPECT_TRUE(json::parse(line, {}).ok()) << line;
}

TEST_F(LogTest, SaysWhenItCannotBeWritten) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "log") << "a file where the folder should be";
  const auto log = Log::open(options);
  ASSERT_FALSE(log.ok());
  EXPECT_EQ(log.error().code, ErrorCode::file_unwritable);
  const Log nothing;
  nothing.write(LogLevel::error, LogEvent::node_failed);  // writes nowhere
}

}  // namespace
}  // namespace xl
