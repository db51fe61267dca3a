// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: all ways to hash give SHA-256. Method: the examples of FIPS 180-4 and NIST's million `a`,
// and one message cut in every way.
#include "crypto/hash.h"

#include <gtest/gtest.h>

#include <thread>

namespace xl::crypto {
namespace {

TEST(HashTest, KnownAnswers) {
  EXPECT_EQ(to_hex(sha256(ByteView{})),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(view_of("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(view_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(to_hex(sha256(Bytes(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(HashTest, CutsDoNotMatter) {
  Bytes message(200);
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i * 7);
  const Hash whole = sha256(message);
  for (std::size_t cut = 0; cut <= message.size(); ++cut) {
    const ByteView head = ByteView(message).first(cut);
    const ByteView tail = ByteView(message).subspan(cut);
    EXPECT_EQ(sha256({head, tail}), whole);
    Sha256 incremental;
    incremental.update(head);
    EXPECT_NE(sha256(head), sha256(view_of("another hash in between")));
    incremental.update(tail);
    EXPECT_EQ(incremental.finish(), whole);
  }
  EXPECT_EQ(sha256({}), sha256(ByteView{}));
}

TEST(HashTest, TagsSeparate) {
  const Bytes body = {1, 2, 3};
  Bytes written_out = copy_of(view_of("xinglin/test"));
  append(written_out, Bytes{0x00, 0x01, 1, 2, 3});
  EXPECT_EQ(tagged_hash("xinglin/test", {body}), sha256(written_out));
  EXPECT_NE(tagged_hash("xinglin/test", {body}), tagged_hash("xinglin/tesu", {body}));
  EXPECT_NE(tagged_hash("xinglin/test", {body}), sha256(body));
}

TEST(HashTest, ThreadsHaveTheirOwnContext) {
  const Hash expected = sha256(view_of("abc"));
  std::array<int, 4> right{};
  std::vector<std::thread> threads;
  for (int& count : right) {
    threads.emplace_back([&count, &expected] {
      for (int i = 0; i < 2000; ++i) count += sha256({view_of("a"), view_of("bc")}) == expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : right) EXPECT_EQ(count, 2000);
}

TEST(ShortHash, IsSipHash) {
  // Appendix A of the paper: key 00..0f, message 00..0e.
  Bytes key(16);
  Bytes message(15);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(short_hash(key, message), 0xa129ca6149be45e5U);
  key[0] = 1;
  EXPECT_NE(short_hash(key, message), 0xa129ca6149be45e5U);
}

}  // namespace
}  // namespace xl::crypto
