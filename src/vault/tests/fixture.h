// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "crypto/keyfile.h"
#include "vault/bodies.h"
#include "vault/keyring.h"
#include "vault/record_vault.h"

namespace xl::vault::test {

namespace fs = std::filesystem;

/// Ids that say in a failure which one it is.
inline model::Id id_of(std::uint32_t number, std::uint8_t kind = 1) {
  model::Id id;
  id.bytes[0] = kind;
  for (std::size_t i = 0; i < 4; ++i) {
    id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return id;
}

inline const model::Id organisation = id_of(1, 0x0f);
inline const Bytes operator_key(32, 0x11);
inline const Bytes new_operator_key(32, 0x22);
inline const Unlock unlock = {.operator_key = operator_key};
inline const Unlock new_unlock = {.operator_key = new_operator_key};

/// Content that can be made again from its seed.
inline Bytes content_of(std::uint32_t seed, std::size_t size) {
  std::mt19937 random(seed);
  Bytes out(size);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

template <typename T>
ErrorCode code_of(const Result<T>& result) {
  return result.ok() ? ErrorCode{} : result.error().code;
}

inline std::string raw_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Files below `folder` that hold `needle`.
inline std::vector<std::string> files_holding(const fs::path& folder, std::string_view needle) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    if (raw_file(entry.path()).find(needle) != std::string::npos) {
      found.push_back(entry.path().string());
    }
  }
  return found;
}

inline void flip_byte(const fs::path& path, std::size_t offset, unsigned mask = 0x40) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(static_cast<unsigned>(byte) ^ mask));
}

/// How often crash tests kill.
inline int kill_count() { return std::getenv("XL_FULL") != nullptr ? 200 : 20; }

/// Runs `work` in a child process, which reports each finished step through the function it is
/// given, and kills it at a random moment after the first. The steps that were reported.
inline std::vector<std::uint32_t> run_and_kill(
    std::mt19937& random, unsigned delay_us_max,
    const std::function<void(const std::function<void(std::uint32_t)>&)>& work) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) std::abort();
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    ::close(pipe[0]);
    work([&](std::uint32_t step) {
      if (::write(pipe[1], &step, sizeof(step)) != sizeof(step)) ::_exit(1);
    });
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::vector<std::uint32_t> steps;
  std::uint32_t step = 0;
  if (::read(pipe[0], &step, sizeof(step)) == sizeof(step)) steps.push_back(step);
  ::usleep(static_cast<useconds_t>(random() % delay_us_max));
  ::kill(child, SIGKILL);
  while (::read(pipe[0], &step, sizeof(step)) == sizeof(step)) steps.push_back(step);
  ::close(pipe[0]);
  int how = 0;
  ::waitpid(child, &how, 0);
  EXPECT_TRUE(WIFSIGNALED(how)) << "the child ended by itself: " << WEXITSTATUS(how);
  return steps;
}

/// A vault in a temporary folder.
class VaultTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "xl-vault-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    places_ = places_below(folder_, organisation);
  }
  void TearDown() override {
    close();
    fs::remove_all(folder_);
  }
  void create() {
    auto keyring = Keyring::create(places_, organisation, unlock);
    ASSERT_TRUE(keyring.ok()) << keyring.error().text();
    keyring_ = std::move(*keyring);
    open_bodies();
  }
  void open(const Unlock& with = unlock) {
    auto keyring = Keyring::open(places_, organisation, with);
    ASSERT_TRUE(keyring.ok()) << keyring.error().text();
    keyring_ = std::move(*keyring);
    open_bodies();
  }
  void open_bodies() {
    auto bodies = Bodies::open(places_.bodies);
    ASSERT_TRUE(bodies.ok()) << bodies.error().text();
    bodies_ = std::move(*bodies);
    vault_ = std::make_unique<RecordVault>(*bodies_, *keyring_);
  }
  void close() {
    vault_.reset();
    keyring_.reset();
    bodies_.reset();
  }
  void patient(std::uint32_t number) {
    const model::Id id = id_of(number, 2);
    const Status made = keyring_->create_patients(std::span(&id, 1));
    ASSERT_TRUE(made.ok()) << made.error().text();
  }
  /// Puts content_of(record, size) as version 1 of a record of a patient.
  Result<Anchored> put(std::uint32_t patient_number, std::uint32_t record, std::size_t size = 300) {
    const Bytes content = content_of(record, size);
    return vault_->put({id_of(patient_number, 2), {id_of(record), 1}, content, view_of("labels")},
                       1000);
  }
  void expect_content(std::uint32_t record, std::size_t size = 300) {
    const auto opened = vault_->get({id_of(record), 1});
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    EXPECT_EQ(opened->content, content_of(record, size));
    EXPECT_EQ(text_of(opened->labels), "labels");
  }

  fs::path folder_;
  Places places_;
  std::unique_ptr<Keyring> keyring_;
  std::unique_ptr<Bodies> bodies_;
  std::unique_ptr<RecordVault> vault_;
};

}  // namespace xl::vault::test
