// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a COSE receipt has the bytes of docs/reference/formats-cose.md, which an independent script
// makes too, and nothing altered passes. Method: the page's vector; every byte of a receipt changed
// and every prefix of it; histories of many sizes.
#include "model/receipt_cose.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <map>

#include "crypto/merkle.h"

namespace xl::model {
namespace {

std::map<std::string, std::string> values_of(const std::string& page_name) {
  std::ifstream page(std::string(XL_SOURCE_DIR) + "/docs/reference/" + page_name);
  std::map<std::string, std::string> out;
  for (std::string line; std::getline(page, line);) {
    const std::size_t equals = line.find(" = ");
    if (equals != std::string::npos) out[line.substr(0, equals)] = line.substr(equals + 3);
  }
  return out;
}

crypto::SigningKey key_of(crypto::Algorithm algorithm, std::uint8_t number) {
  auto key = crypto::SigningKey::from_secret(algorithm, Bytes(32, number));
  XL_CHECK(key.ok());
  return std::move(*key);
}

HistoryEntry page_entry() {
  Bytes raw;
  XL_CHECK(from_hex(values_of("formats.md")["history.entry"], raw));
  auto entry = decode_history_entry(raw);
  XL_CHECK(entry.ok());
  return *entry;
}

/// The page's entry as leaf `index` of a history of `size`, the others of one byte each.
Receipt receipt_at(std::uint64_t index, std::uint64_t size) {
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < size; ++i) {
    leaves.push_back(crypto::merkle::leaf_hash(Bytes{static_cast<std::uint8_t>(i)}));
  }
  Receipt out;
  out.entry = page_entry();
  leaves[index] = history_leaf(*out.entry);
  out.history_index = index;
  out.history_size = size;
  out.history_path = crypto::merkle::inclusion_path(leaves, index);
  out.history_root = crypto::merkle::root_of_leaf_hashes(leaves);
  return out;
}

TEST(CoseReceipt, HasTheBytesOfThePage) {
  auto page = values_of("formats-cose.md");
  const auto key = key_of(crypto::Algorithm::ed25519, 1);
  EXPECT_EQ(page["cose.public_key"], to_hex(key.public_key()));
  const Receipt receipt = receipt_at(1, 3);
  EXPECT_EQ(page["cose.history_root"], to_hex(receipt.history_root));
  const auto written = write_cose_receipt(receipt, key);
  ASSERT_TRUE(written.ok()) << written.error().text();
  EXPECT_EQ(page["cose.receipt"], to_hex(*written));
}

TEST(CoseReceipt, NamesItsSignerAndIsTakenForNothingElse) {
  const auto key = key_of(crypto::Algorithm::p256, 4);
  const auto written = write_cose_receipt(receipt_at(1, 3), key);
  ASSERT_TRUE(written.ok());
  EXPECT_TRUE(begins_like_cose(*written));
  EXPECT_FALSE(begins_like_cose(view_of("{\"schema\":\"xinglin/receipt/v1\"}")));
  EXPECT_FALSE(begins_like_cose({}));
  const auto signer = cose_signer(*written);
  ASSERT_TRUE(signer.ok());
  EXPECT_EQ(*signer, key_id_of(key.algorithm(), key.public_key()));
  EXPECT_EQ(cose_signer(ByteView(*written).first(written->size() - 1)).error().code,
            ErrorCode::receipt_malformed);
}

TEST(CoseReceipt, VerifiesAtEveryPlaceOfAHistory) {
  for (const auto algorithm : {crypto::Algorithm::ed25519, crypto::Algorithm::p256}) {
    const auto key = key_of(algorithm, 3);
    for (std::uint64_t size = 2; size < 40; size += 3) {
      for (std::uint64_t index = 0; index < size; ++index) {
        const Receipt receipt = receipt_at(index, size);
        const auto written = write_cose_receipt(receipt, key);
        ASSERT_TRUE(written.ok()) << written.error().text();
        const auto read = verify_cose_receipt(*written, algorithm, key.public_key());
        ASSERT_TRUE(read.ok()) << read.error().text();
        EXPECT_EQ(read->entry, *receipt.entry);
        EXPECT_EQ(read->history_index, index);
        EXPECT_EQ(read->history_size, size);
        EXPECT_EQ(read->history_root, receipt.history_root);
      }
    }
  }
}

TEST(CoseReceipt, IsRefusedWhenAnyByteChanges) {
  const auto key = key_of(crypto::Algorithm::ed25519, 1);
  const auto written = write_cose_receipt(receipt_at(1, 3), key);
  ASSERT_TRUE(written.ok());
  for (std::size_t at = 0; at < written->size(); ++at) {
    for (const std::uint8_t flip : std::array<std::uint8_t, 3>{0x01, 0x20, 0x80}) {
      Bytes altered = *written;
      altered[at] ^= flip;
      EXPECT_FALSE(verify_cose_receipt(altered, crypto::Algorithm::ed25519, key.public_key()).ok())
          << at;
    }
    const ByteView prefix = ByteView(*written).first(at);
    const auto cut = verify_cose_receipt(prefix, crypto::Algorithm::ed25519, key.public_key());
    ASSERT_FALSE(cut.ok());
    EXPECT_EQ(cut.error().code, ErrorCode::receipt_malformed);
  }
  Bytes longer = *written;
  longer.push_back(0);
  EXPECT_FALSE(verify_cose_receipt(longer, crypto::Algorithm::ed25519, key.public_key()).ok());
}

TEST(CoseReceipt, IsRefusedUnderAnotherKey) {
  const auto key = key_of(crypto::Algorithm::ed25519, 1);
  const auto other = key_of(crypto::Algorithm::ed25519, 2);
  const auto p256 = key_of(crypto::Algorithm::p256, 1);
  const auto written = write_cose_receipt(receipt_at(1, 3), key);
  ASSERT_TRUE(written.ok());
  for (const auto* wrong : {&other, &p256}) {
    const auto read = verify_cose_receipt(*written, wrong->algorithm(), wrong->public_key());
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, ErrorCode::receipt_signature_invalid);
  }
}

TEST(CoseReceipt, RefusesTheSameValuesInALongerForm) {
  const auto key = key_of(crypto::Algorithm::ed25519, 1);
  const auto written = write_cose_receipt(receipt_at(1, 3), key);
  ASSERT_TRUE(written.ok());
  Bytes longer{0xd8};  // tag 18 with a head of two bytes
  longer.push_back(18);
  append(longer, ByteView(*written).subspan(1));
  const auto read = verify_cose_receipt(longer, crypto::Algorithm::ed25519, key.public_key());
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::receipt_malformed);
}

TEST(CoseReceipt, IsNotMadeOfWhatItCannotSay) {
  const auto key = key_of(crypto::Algorithm::ed25519, 1);
  const auto alone = write_cose_receipt(receipt_at(0, 1), key);
  ASSERT_FALSE(alone.ok());
  EXPECT_EQ(alone.error().code, ErrorCode::receipt_malformed);
  EXPECT_FALSE(write_cose_receipt(Receipt{}, key).ok());
}

}  // namespace
}  // namespace xl::model
