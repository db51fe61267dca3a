// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: commands reach the running node on the same machine, however its folder is named. Method:
// the real server and the real client, in folders with paths of any length.
#include "node/admin.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace xl::node {
namespace {

class Admin : public ::testing::Test {
 protected:
  std::filesystem::path socket_below(const std::string& name) {
    std::filesystem::create_directories(folder_ / name);
    return folder_ / name / "admin.sock";
  }
  static Result<std::string> answer(json::Value request) {
    if (request.find("command").as_string() != "greet") {
      return make_error(ErrorCode::usage_invalid, "command");
    }
    return std::string("{\"greeting\":\"hello\"}");
  }

  Admin() { std::filesystem::create_directories(folder_); }
  ~Admin() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("xl-admin-" + std::to_string(::getpid()));
};

TEST_F(Admin, AnswersHoweverLongThePathIs) {
  for (const std::size_t length : {4U, 100U, 250U}) {
    const auto socket = socket_below(std::string(length, 'a'));
    auto server = AdminServer::start(socket, answer);
    ASSERT_TRUE(server.ok()) << server.error().text();
    const auto done = ask_admin(socket, "{\"command\":\"greet\"}");
    ASSERT_TRUE(done && done->ok());
    EXPECT_EQ((*done)->root().find("greeting").as_string(), "hello");
    const auto refused = ask_admin(socket, "{\"command\":\"other\"}");
    ASSERT_TRUE(refused && !refused->ok());
    EXPECT_EQ(refused->error().code, ErrorCode::usage_invalid);
    (*server)->stop();
    EXPECT_FALSE(ask_admin(socket, "{}").has_value());
    EXPECT_FALSE(std::filesystem::exists(socket));
  }
}

TEST_F(Admin, TakesThePlaceOfWhatAProcessLeft) {
  const auto socket = socket_below("run");
  std::filesystem::create_symlink(folder_ / "nowhere", socket);
  const auto server = AdminServer::start(socket, answer);
  ASSERT_TRUE(server.ok());
  EXPECT_TRUE(ask_admin(socket, "{\"command\":\"greet\"}").has_value());
  EXPECT_EQ(AdminServer::start(folder_ / "none" / "admin.sock", answer).error().code,
            ErrorCode::address_unusable);
}

}  // namespace
}  // namespace xl::node
