// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: nothing that was altered, cut, re-addressed or put in another context opens. Method: every
// bit and every length of each sealed form; bounds at their edges.
#include <gtest/gtest.h>

#include <set>

#include "crypto/aead.h"
#include "crypto/random.h"
#include "crypto/wrap.h"

namespace xl::crypto {
namespace {

const Bytes kek(32, 0x42);

/// Calls `check` with every single-bit change, every truncation and one extension of `sealed`.
template <typename Check>
void for_each_change(const Bytes& sealed, Check check) {
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes altered = sealed;
    altered[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    check(altered, bit / 8);
  }
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    check(Bytes(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(length)), length + 1);
  }
  Bytes longer = sealed;
  longer.push_back(0);
  check(longer, sealed.size());
}

TEST(Aead, OpensWhatItSealedAtEveryLength) {
  for (const std::size_t length : {0U, 1U, 15U, 16U, 17U, 255U, 4096U, 1'000'003U}) {
    Bytes plaintext(length);
    random_bytes(plaintext);
    const Bytes sealed = aead::seal(kek, plaintext, view_of("context"));
    EXPECT_EQ(sealed.size(), length + aead::overhead_bytes);
    const Result<Bytes> opened = aead::open(kek, sealed, view_of("context"));
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(*opened, plaintext);
    const Result<SecretBytes> secret = aead::open_secret(kek, sealed, view_of("context"));
    ASSERT_TRUE(secret.ok());
    EXPECT_TRUE(equal(secret->view(), plaintext));
    EXPECT_FALSE(aead::open(kek, sealed, view_of("contexT")).ok());
    EXPECT_FALSE(aead::open(kek, sealed, {}).ok());
    EXPECT_FALSE(aead::open(Bytes(32, 0x43), sealed, view_of("context")).ok());
  }
}

TEST(Aead, EveryChangeIsNoticed) {
  const Bytes sealed = aead::seal(kek, view_of("a document's bytes"), view_of("context"));
  for_each_change(sealed, [](const Bytes& altered, std::size_t byte) {
    const Result<Bytes> opened = aead::open(kek, altered, view_of("context"));
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code,
              byte == 0 ? ErrorCode::algorithm_unknown : ErrorCode::decryption_failed);
    ASSERT_FALSE(aead::open_secret(kek, altered, view_of("context")).ok());
  });
}

TEST(Aead, NoncesAreFresh) {
  std::set<Bytes> nonces;
  for (int i = 0; i < 1000; ++i) {
    const Bytes sealed = aead::seal(kek, {}, {});
    nonces.insert(Bytes(sealed.begin() + 1, sealed.begin() + 1 + aead::nonce_bytes));
  }
  EXPECT_EQ(nonces.size(), 1000U);
}

TEST(Wrap, OpensForTheRecipientInTheContextOnly) {
  const WrappingKey recipient = WrappingKey::generate();
  const WrappingKey other = WrappingKey::generate();
  for (const std::size_t length : {wrapped_key_bytes_min, std::size_t{32}, wrapped_key_bytes_max}) {
    Bytes key(length);
    random_bytes(key);
    const Result<Bytes> wrapped = wrap_for(recipient.public_key(), key, view_of("record 1"));
    ASSERT_TRUE(wrapped.ok());
    EXPECT_EQ(wrapped->size(), length + wrap_overhead_bytes);
    const Result<SecretBytes> opened = recipient.unwrap(*wrapped, view_of("record 1"));
    ASSERT_TRUE(opened.ok());
    EXPECT_TRUE(equal(opened->view(), key));
    EXPECT_FALSE(recipient.unwrap(*wrapped, view_of("record 2")).ok());
    EXPECT_FALSE(recipient.unwrap(*wrapped, {}).ok());
    EXPECT_FALSE(other.unwrap(*wrapped, view_of("record 1")).ok());
    const Result<Bytes> again = wrap_for(recipient.public_key(), key, view_of("record 1"));
    ASSERT_TRUE(again.ok());
    EXPECT_FALSE(equal(ByteView(*again).subspan(1, 32), ByteView(*wrapped).subspan(1, 32)));
  }
}

TEST(Wrap, EveryChangeIsNoticed) {
  const WrappingKey recipient = WrappingKey::generate();
  const Result<Bytes> wrapped = wrap_for(recipient.public_key(), Bytes(32, 1), view_of("c"));
  ASSERT_TRUE(wrapped.ok());
  for_each_change(*wrapped, [&](const Bytes& altered, std::size_t byte) {
    const Result<SecretBytes> opened = recipient.unwrap(altered, view_of("c"));
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code,
              byte == 0 ? ErrorCode::algorithm_unknown : ErrorCode::decryption_failed);
  });
}

TEST(Wrap, LengthsAndWeakKeysAreRefused) {
  const WrappingKey recipient = WrappingKey::generate();
  for (const std::size_t length :
       {std::size_t{0}, wrapped_key_bytes_min - 1, wrapped_key_bytes_max + 1}) {
    EXPECT_EQ(wrap_for(recipient.public_key(), Bytes(length), {}).error().code,
              ErrorCode::key_malformed);
    EXPECT_EQ(wrap_key(kek, Bytes(length), {}).error().code, ErrorCode::key_malformed);
  }
  for (const std::size_t length : {0U, 31U, 33U}) {
    EXPECT_FALSE(wrap_for(Bytes(length, 9), Bytes(32), {}).ok());
    EXPECT_FALSE(WrappingKey::from_secret(Bytes(length, 9)).ok());
    EXPECT_EQ(wrap_key(Bytes(length, 9), Bytes(32), {}).error().code, ErrorCode::key_malformed);
    EXPECT_EQ(unwrap_key(Bytes(length, 9), Bytes(61), {}).error().code, ErrorCode::key_malformed);
  }
  // Points of order 1 and 2 (u = 0, u = 1): the shared secret would be zero for everybody.
  for (const std::uint8_t u : {std::uint8_t{0}, std::uint8_t{1}}) {
    Bytes weak(32);
    weak[0] = u;
    EXPECT_EQ(wrap_for(weak, Bytes(32), {}).error().code, ErrorCode::key_malformed);
  }
}

TEST(Wrap, SecretsCanBeRestored) {
  const WrappingKey key = WrappingKey::generate();
  const Result<Bytes> wrapped = wrap_for(key.public_key(), Bytes(32, 1), {});
  const Result<WrappingKey> restored = WrappingKey::from_secret(key.secret());
  ASSERT_TRUE(restored.ok());
  EXPECT_EQ(restored->public_key(), key.public_key());
  EXPECT_TRUE(restored->unwrap(*wrapped, {}).ok());
}

TEST(WrapUnderKek, OpensUnderTheSameKeyAndContextOnly) {
  const Result<Bytes> wrapped = wrap_key(kek, Bytes(32, 7), view_of("patient 1"));
  ASSERT_TRUE(wrapped.ok());
  EXPECT_EQ(wrapped->size(), 32 + aead::overhead_bytes);
  const Result<SecretBytes> opened = unwrap_key(kek, *wrapped, view_of("patient 1"));
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(equal(opened->view(), Bytes(32, 7)));
  EXPECT_FALSE(unwrap_key(kek, *wrapped, view_of("patient 2")).ok());
  EXPECT_FALSE(unwrap_key(Bytes(32, 0x41), *wrapped, view_of("patient 1")).ok());
  for_each_change(*wrapped, [](const Bytes& altered, std::size_t) {
    ASSERT_FALSE(unwrap_key(kek, altered, view_of("patient 1")).ok());
  });
  // A wrap is not a document: the domain tag keeps the two apart.
  EXPECT_FALSE(aead::open(kek, *wrapped, view_of("patient 1")).ok());
  EXPECT_FALSE(
      unwrap_key(kek, aead::seal(kek, Bytes(32, 7), view_of("patient 1")), view_of("patient 1"))
          .ok());
}

TEST(Secret, MovesLeaveNothingBehind) {
  SecretBytes one = SecretBytes::copy_of(Bytes{1, 2, 3});
  SecretBytes two = std::move(one);
  EXPECT_TRUE(one.empty());  // NOLINT(bugprone-use-after-move): the promise that is tested
  EXPECT_TRUE(equal(two.view(), Bytes{1, 2, 3}));
  SecretBytes three(2);
  three = std::move(two);
  EXPECT_EQ(three.size(), 3U);
  static_assert(!std::is_copy_constructible_v<SecretBytes>);
  static_assert(!std::is_copy_assignable_v<SecretBytes>);
  Bytes plain = {9, 9};
  wipe(plain);
  EXPECT_EQ(plain, Bytes(2));
  EXPECT_TRUE(equal_constant_time(Bytes{}, Bytes{}));
  EXPECT_TRUE(equal_constant_time(Bytes{1, 2}, Bytes{1, 2}));
  EXPECT_FALSE(equal_constant_time(Bytes{1, 2}, Bytes{1, 3}));
  EXPECT_FALSE(equal_constant_time(Bytes{1, 2}, Bytes{1, 2, 3}));
  EXPECT_FALSE(equal(SecretBytes::random(32).view(), SecretBytes::random(32).view()));
}

}  // namespace
}  // namespace xl::crypto
