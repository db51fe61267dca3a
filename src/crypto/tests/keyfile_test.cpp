// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a key file opens with its own passphrase or operator key, whole and unaltered, and never
// makes a node spend more than the bounds. Method: round trips, every bit, every truncation, every
// bound at its edges; Argon2id against the reference implementation's vectors.
#include "crypto/keyfile.h"

#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "crypto/tests/vectors.h"

namespace xl::crypto::keyfile {
namespace {

constexpr Argon2idCost cheap = {1, argon2id_memory_kib_min};
constexpr std::string_view passphrase = "apricot grove 杏林";
const Bytes key_at_rest(32, 0x5a);
const Bytes operator_key(32, 0x0f);
constexpr Kind all_kinds[] = {Kind::ed25519, Kind::p256, Kind::x25519, Kind::root};

TEST(Keyfile, OpensWithItsPassphraseOnly) {
  for (const Kind kind : all_kinds) {
    const Result<Bytes> file = seal_with_passphrase(kind, key_at_rest, passphrase, cheap);
    ASSERT_TRUE(file.ok());
    ASSERT_EQ(file->size(), file_bytes);
    const Result<Header> header = inspect(*file);
    ASSERT_TRUE(header.ok());
    EXPECT_EQ(header->kind, kind);
    EXPECT_EQ(header->protection, Protection::passphrase);
    EXPECT_EQ(header->cost, cheap);
    const Result<SecretBytes> opened = open_with_passphrase(*file, passphrase);
    ASSERT_TRUE(opened.ok());
    EXPECT_TRUE(equal(opened->view(), key_at_rest));
    EXPECT_EQ(text_of(*file).find(text_of(key_at_rest)), std::string_view::npos);
  }
  const Result<Bytes> file = seal_with_passphrase(Kind::root, key_at_rest, passphrase, cheap);
  EXPECT_EQ(open_with_passphrase(*file, "apricot grove").error().code, ErrorCode::passphrase_wrong);
  EXPECT_EQ(open_with_passphrase(*file, "").error().code, ErrorCode::kdf_parameters_invalid);
  EXPECT_EQ(open_with_operator_key(*file, operator_key).error().code, ErrorCode::keyfile_malformed);
}

TEST(Keyfile, OpensWithItsOperatorKeyOnly) {
  for (const Kind kind : all_kinds) {
    const Result<Bytes> file = seal_with_operator_key(kind, key_at_rest, operator_key);
    ASSERT_TRUE(file.ok());
    ASSERT_EQ(file->size(), file_bytes);
    const Result<Header> header = inspect(*file);
    ASSERT_TRUE(header.ok());
    EXPECT_EQ(header->kind, kind);
    EXPECT_EQ(header->protection, Protection::operator_key);
    const Result<SecretBytes> opened = open_with_operator_key(*file, operator_key);
    ASSERT_TRUE(opened.ok());
    EXPECT_TRUE(equal(opened->view(), key_at_rest));
    EXPECT_EQ(open_with_operator_key(*file, Bytes(32, 1)).error().code,
              ErrorCode::operator_key_wrong);
    EXPECT_EQ(open_with_operator_key(*file, Bytes(31, 1)).error().code, ErrorCode::key_malformed);
    EXPECT_EQ(open_with_passphrase(*file, passphrase).error().code, ErrorCode::keyfile_malformed);
  }
}

TEST(Keyfile, EveryChangeIsNoticed) {
  const Bytes file = *seal_with_operator_key(Kind::root, key_at_rest, operator_key);
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    Bytes altered = file;
    altered[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    ASSERT_FALSE(open_with_operator_key(altered, operator_key).ok()) << bit;
  }
  for (std::size_t length = 0; length < file.size(); ++length) {
    ASSERT_EQ(open_with_operator_key(ByteView(file).first(length), operator_key).error().code,
              ErrorCode::keyfile_malformed);
  }
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_FALSE(open_with_operator_key(longer, operator_key).ok());
  const Bytes slow = *seal_with_passphrase(Kind::root, key_at_rest, passphrase, cheap);
  for (std::size_t byte = 0; byte < slow.size(); ++byte) {  // one bit each: 10 ms of Argon2id
    Bytes altered = slow;
    altered[byte] ^= 0x01;
    ASSERT_FALSE(open_with_passphrase(altered, passphrase).ok()) << byte;
  }
}

Bytes with_cost(Bytes file, std::uint32_t passes, std::uint32_t memory_kib) {
  Bytes cost;
  append_be(cost, passes);
  append_be(cost, memory_kib);
  std::copy(cost.begin(), cost.end(), file.begin() + 12);
  return file;
}

TEST(Keyfile, AHostileFileCostsNothing) {
  const Bytes file = *seal_with_passphrase(Kind::root, key_at_rest, passphrase, cheap);
  EXPECT_TRUE(inspect(with_cost(file, argon2id_passes_max, argon2id_memory_kib_max)).ok());
  const std::pair<std::uint32_t, std::uint32_t> outside[] = {
      {0, argon2id_memory_kib_min},
      {argon2id_passes_max + 1, argon2id_memory_kib_min},
      {1, argon2id_memory_kib_min - 1},
      {1, argon2id_memory_kib_max + 1},
      {0xffffffffU, argon2id_memory_kib_min},
      {1, 0xffffffffU},
      {0, 0}};
  for (const auto& [passes, memory_kib] : outside) {
    const Bytes hostile = with_cost(file, passes, memory_kib);
    EXPECT_EQ(inspect(hostile).error().code, ErrorCode::kdf_parameters_invalid);
    EXPECT_EQ(open_with_passphrase(hostile, passphrase).error().code,
              ErrorCode::kdf_parameters_invalid);
  }
  Bytes other_suite = file;
  other_suite[9] = 2;
  EXPECT_EQ(inspect(other_suite).error().code, ErrorCode::algorithm_unknown);
}

TEST(Keyfile, BoundsHoldWhenSealing) {
  for (const std::size_t length : {0U, 31U, 33U}) {
    EXPECT_EQ(seal_with_passphrase(Kind::root, Bytes(length), passphrase, cheap).error().code,
              ErrorCode::key_malformed);
    EXPECT_EQ(seal_with_operator_key(Kind::root, Bytes(length), operator_key).error().code,
              ErrorCode::key_malformed);
    EXPECT_EQ(seal_with_operator_key(Kind::root, key_at_rest, Bytes(length)).error().code,
              ErrorCode::key_malformed);
  }
  const std::string longest(passphrase_bytes_max, 'x');
  EXPECT_TRUE(seal_with_passphrase(Kind::root, key_at_rest, longest, cheap).ok());
  for (const std::string& bad : {std::string(), longest + "x"}) {
    EXPECT_EQ(seal_with_passphrase(Kind::root, key_at_rest, bad, cheap).error().code,
              ErrorCode::kdf_parameters_invalid);
  }
}

TEST(Keyfile, OperatorKeysAreReadRawOrAsHexadecimal) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("xinglin-keyfile-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto read = [&folder](ByteView content) {
    EXPECT_TRUE(write_file_durably(folder / "key", content, 0600).ok());
    return read_operator_key(folder / "key");
  };
  const std::string text = to_hex(operator_key);
  for (const std::string& form : {std::string(text_of(operator_key)), text,
                                  to_upper_hex(operator_key), text + "\n", text + "\r\n"}) {
    const Result<SecretBytes> key = read(view_of(form));
    ASSERT_TRUE(key.ok()) << form.size();
    EXPECT_TRUE(equal(key->view(), operator_key));
  }
  for (const std::string& form : {std::string(), text.substr(1), text.substr(1) + "g", " " + text,
                                  text + "0", std::string(31, 'a'), std::string(33, 'a')}) {
    EXPECT_EQ(read(view_of(form)).error().code, ErrorCode::key_malformed) << form;
  }
  EXPECT_EQ(read(Bytes(67)).error().code, ErrorCode::file_too_large);
  std::filesystem::remove_all(folder);
  EXPECT_EQ(read_operator_key(folder / "key").error().code, ErrorCode::file_missing);
}

TEST(Kdf, HkdfBounds) {
  const Bytes prk(32, 1);
  EXPECT_TRUE(hkdf_expand(prk, {}, 1).ok());
  EXPECT_TRUE(hkdf_expand(prk, {}, hkdf_output_bytes_max).ok());
  EXPECT_FALSE(hkdf_expand(prk, {}, hkdf_output_bytes_max + 1).ok());
  EXPECT_FALSE(hkdf_expand(prk, {}, 0).ok());
  EXPECT_FALSE(hkdf_expand(Bytes(31, 1), {}, 32).ok());
  // An empty HMAC key is a key of its own, not the one of the call before (RFC 2104).
  const Hash with_key = hmac_sha256(view_of("key"), {view_of("m")});
  const Hash empty = hmac_sha256({}, {view_of("m")});
  EXPECT_NE(with_key, empty);
  EXPECT_EQ(empty, hmac_sha256(Bytes(64), {view_of("m")}));  // keys are padded with zeros
}

TEST(Kdf, Argon2idBounds) {
  const Bytes salt(argon2id_salt_bytes, 2);
  const auto code = [&](std::string_view text, ByteView with_salt, Argon2idCost cost,
                        std::size_t length) {
    const Result<SecretBytes> out = argon2id(text, with_salt, cost, length);
    return out.ok() ? ErrorCode{} : out.error().code;
  };
  EXPECT_EQ(code("p", salt, cheap, argon2id_output_bytes_min), ErrorCode{});
  EXPECT_EQ(code("p", salt, cheap, argon2id_output_bytes_max), ErrorCode{});
  for (const std::size_t length : {argon2id_output_bytes_min - 1, argon2id_output_bytes_max + 1}) {
    EXPECT_EQ(code("p", salt, cheap, length), ErrorCode::kdf_parameters_invalid);
  }
  EXPECT_EQ(code("p", Bytes(15), cheap, 32), ErrorCode::kdf_parameters_invalid);
  EXPECT_EQ(code("p", Bytes(17), cheap, 32), ErrorCode::kdf_parameters_invalid);
  const SecretBytes one = *argon2id("p", salt, cheap, 32);
  EXPECT_FALSE(equal(one.view(), argon2id("q", salt, cheap, 32)->view()));
  EXPECT_FALSE(equal(one.view(), argon2id("p", Bytes(16, 3), cheap, 32)->view()));
  EXPECT_FALSE(equal(one.view(), argon2id("p", salt, {2, cheap.memory_kib}, 32)->view()));
  EXPECT_FALSE(equal(one.view(), argon2id("p", salt, {1, cheap.memory_kib + 8}, 32)->view()));
  // Made with the reference implementation's command: argon2 SALT -id -v 13 -t T -k K -p 1 -l 32.
  EXPECT_EQ(to_hex(argon2id("password", view_of("somesaltsomesalt"), {2, 65536}, 32)->view()),
            "fc33b78139231d34b71626bd6245c1d72efa190ad605c3d8166a72adcedfa2c2");
  EXPECT_EQ(to_hex(argon2id("apricot grove", view_of("0123456789abcdef"), cheap, 32)->view()),
            "9a56d4c5e26389f766707cb3a1be1f291d49fd89060eb28c568416dbb1fd9dc2");
}

}  // namespace
}  // namespace xl::crypto::keyfile
