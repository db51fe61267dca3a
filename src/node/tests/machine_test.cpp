// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: `doctor` tells who has a port, what cannot be reached and which engine a program is.
// Method: a socket of this test's own; a file that holds the build information of a Go program,
// whole and cut.
#include "node/tools/machine.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "node/tools/ports.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;

/// A port of the loopback at which this process listens.
class OwnPort {
 public:
  OwnPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    XL_CHECK(::bind(socket_, plain, size) == 0 && ::listen(socket_, 1) == 0);
    XL_CHECK(::getsockname(socket_, plain, &size) == 0);
    number = ntohs(address.sin_port);
  }
  ~OwnPort() { close(); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  std::uint16_t number = 0;

 private:
  int socket_;
};

TEST(Machine, TellsWhoHasAPortAndWhetherItAnswers) {
  OwnPort port;
  const std::string address = "127.0.0.1:" + std::to_string(port.number);
  const auto listener = listener_at(port.number);
  ASSERT_TRUE(listener);
  EXPECT_EQ(listener->pid, ::getpid());
  EXPECT_EQ(listener->name, "node_test");
  EXPECT_EQ(why_unreachable(address, 3000), "");
  port.close();
  EXPECT_FALSE(listener_at(port.number));
  EXPECT_EQ(why_unreachable(address, 3000), "Connection refused");
  EXPECT_NE(why_unreachable("no-such-host.invalid:1", 3000), "");
}

TEST(Machine, ReadsAGoProgramsOwnVersion) {
  const fs::path file = fs::temp_directory_path() / ("xl-go-" + std::to_string(::getpid()));
  const auto version = [&](std::string_view content) {
    EXPECT_TRUE(write_file_durably(file, view_of(content)).ok());
    return go_module_version(file, "example.org/engine");
  };
  EXPECT_EQ(version("\x7f"
                    "ELF\npath\texample.org/engine/cmd\nmod\texample.org/engine\tv0.40.0\th1:"
                    "abc=\ndep\texample.org/other\tv1.2.3\th1:def=\n"),
            "v0.40.0");
  EXPECT_EQ(
      version("\nmod\texample.org/tool\t(devel)\t\ndep\texample.org/engine\tv0.41.1\th1:x=\n"),
      "v0.41.1");
  EXPECT_EQ(version("\nmod\texample.org/engine\tv0.40.0"), "") << "cut";
  EXPECT_EQ(version("example.org/engine\tv0.40.0\t"), "") << "no line of its own";
  EXPECT_EQ(version("\nmod\texample.org/engine\t" + std::string(200, 'v') + "\t"), "")
      << "too long";
  fs::remove(file);
  EXPECT_EQ(go_module_version(file, "example.org/engine"), "") << "no such file";
}

}  // namespace
}  // namespace xl::node
