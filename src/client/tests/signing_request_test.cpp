// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a request for signatures collects exactly the signatures it names, over exactly the bytes
// that were shown, and any change of the file is noticed or changes nothing. Method: a request
// goes through two hands; wrong hands, wrong networks, late readers and altered files are tried.
#include "client/signing_request.h"

#include <gtest/gtest.h>

#include "model/limits.h"

namespace xl::client {
namespace {

const Hash test_network = [] {
  Hash out{};
  out.fill(7);
  return out;
}();
constexpr std::uint64_t noon_ms = 1795219200000;

model::Message some_message() { return {4, 3, Bytes{0x0a, 0x01, 0x31}}; }

Identity person(const std::string& name) {
  return make_identity(name, contracts::PartyKind::practitioner, random_id());
}

SigningRequest request_of(const Identity& first, const Identity& second) {
  const Card card = make_card(second, test_network);
  auto made =
      make_request(test_network, some_message(), first, std::span(&card, 1), Bytes{1, 2}, noon_ms);
  EXPECT_TRUE(made.ok()) << made.error().text();
  return std::move(*made);
}

TEST(SigningRequest, IsCompleteWhenEverybodySigned) {
  const Identity first = person("one");
  const Identity second = person("two");
  const SigningRequest begun = request_of(first, second);
  EXPECT_FALSE(begun.complete());
  EXPECT_LT(begun.body.valid_until_ms, noon_ms + limits::validity_window_ms);
  auto read = read_request(write_request(begun), test_network, noon_ms + 1);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->bytes, begun.bytes);
  EXPECT_EQ(read->sealed, (Bytes{1, 2}));
  EXPECT_EQ(sign_request(*read, first).error().code, ErrorCode::signing_request_for_others);
  EXPECT_EQ(sign_request(*read, person("three")).error().code,
            ErrorCode::signing_request_for_others);
  ASSERT_TRUE(sign_request(*read, second).ok());
  ASSERT_TRUE(read->complete());
  const auto transaction = model::decode_transaction(read->transaction());
  ASSERT_TRUE(transaction.ok());
  EXPECT_EQ(transaction->body_bytes, begun.bytes);
  const Identity* signers[] = {&first, &second};
  for (std::size_t i = 0; i < 2; ++i) {
    const crypto::SigningKey& key = signers[i]->key;
    EXPECT_TRUE(crypto::verify(key.algorithm(), key.public_key(), model::signed_bytes(begun.bytes),
                               transaction->signatures[i]));
  }
}

TEST(SigningRequest, OfOneIsCompleteAtOnceAndNobodySignsTwice) {
  const Identity alone = person("one");
  const auto done = make_request(test_network, some_message(), alone, {}, {}, noon_ms);
  ASSERT_TRUE(done.ok());
  EXPECT_TRUE(done->complete());
  const Card same = make_card(alone, test_network);
  EXPECT_EQ(make_request(test_network, some_message(), alone, std::span(&same, 1), {}, noon_ms)
                .error()
                .code,
            ErrorCode::signing_request_invalid);
  std::vector<Card> cards;
  for (std::uint32_t i = 1; i < limits::signers_max; ++i) {
    cards.push_back(make_card(person("more"), test_network));
  }
  EXPECT_TRUE(make_request(test_network, some_message(), alone, cards, {}, noon_ms).ok());
  cards.push_back(make_card(person("more"), test_network));
  EXPECT_EQ(make_request(test_network, some_message(), alone, cards, {}, noon_ms).error().code,
            ErrorCode::signing_request_invalid);
}

TEST(SigningRequest, AlteredFilesAreRefused) {
  const SigningRequest begun = request_of(person("one"), person("two"));
  const std::string text = write_request(begun);
  const auto code_of = [&](std::string_view changed, const Hash& network, std::uint64_t now_ms) {
    const auto read = read_request(changed, network, now_ms);
    return read.ok() ? ErrorCode{} : read.error().code;
  };
  EXPECT_EQ(code_of(text, Hash{}, noon_ms), ErrorCode::signing_request_invalid);
  EXPECT_EQ(code_of(text, test_network, begun.body.valid_until_ms - 1), ErrorCode{});
  EXPECT_EQ(code_of(text, test_network, begun.body.valid_until_ms), ErrorCode::transaction_expired);
  EXPECT_EQ(code_of("", test_network, noon_ms), ErrorCode::json_invalid);
  EXPECT_EQ(code_of("{}", test_network, noon_ms), ErrorCode::signing_request_invalid);
  for (std::size_t size = 1; size + 2 < text.size(); size += 7) {
    EXPECT_EQ(code_of(std::string_view(text).substr(0, size), test_network, noon_ms),
              ErrorCode::json_invalid);
  }
  // A missing or an added signature is not what the body names.
  SigningRequest changed = begun;
  changed.signatures.pop_back();
  EXPECT_EQ(code_of(write_request(changed), test_network, noon_ms),
            ErrorCode::signing_request_invalid);
  changed.signatures.resize(3);
  EXPECT_EQ(code_of(write_request(changed), test_network, noon_ms),
            ErrorCode::signing_request_invalid);
}

}  // namespace
}  // namespace xl::client
