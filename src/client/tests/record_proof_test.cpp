// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a record's proof holds for the very bytes that were written and for nothing else. Method:
// evidence that a real node gave (golden/), in which every byte of every part is altered in turn.
#include "client/record_proof.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <utility>

#include "base/file.h"
#include "base/hex.h"

namespace xl::client {
namespace {

std::string golden(const std::string& name) {
  const auto path =
      std::filesystem::path(XL_SOURCE_DIR) / "src" / "client" / "tests" / "golden" / name;
  const auto bytes = read_file(path, 1U << 20U);
  EXPECT_TRUE(bytes.ok()) << path;
  return bytes.ok() ? std::string(text_of(*bytes)) : std::string();
}

class RecordProofTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto evidence = json::parse(golden("record_evidence.json"), {});
    ASSERT_TRUE(evidence.ok());
    content_ = evidence->root().find("content").as_string().value_or("");
    auto proof = read_record_proof(evidence->root().find("proof"));
    ASSERT_TRUE(proof.ok()) << proof.error().text();
    proof_ = std::move(*proof);
    auto genesis = model::read_genesis(view_of(golden("genesis.json")));
    ASSERT_TRUE(genesis.ok());
    genesis_ = std::move(*genesis);
  }

  [[nodiscard]] Status check() const { return check_record_proof(proof_, content_, genesis_); }

  /// Every byte altered in turn is noticed; afterwards everything is as before.
  template <typename Container>
  void expect_each_byte_counts(Container& bytes, const char* what) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<typename Container::value_type>(bytes[i] ^ 1);
      const Status told = check();
      EXPECT_FALSE(told.ok()) << what << " byte " << i;
      bytes[i] = static_cast<typename Container::value_type>(bytes[i] ^ 1);
    }
    EXPECT_TRUE(check().ok());
  }

  std::string content_;
  RecordProof proof_;
  model::Genesis genesis_;
};

TEST_F(RecordProofTest, HoldsForWhatWasWritten) {
  EXPECT_TRUE(check().ok());
  EXPECT_TRUE(check_named(content_, "Patient", "golden").ok());
  EXPECT_EQ(check_named(content_, "Patient", "other").error().code, ErrorCode::content_differs);
  EXPECT_EQ(check_named(content_, "Person", "golden").error().code, ErrorCode::content_differs);
}

TEST_F(RecordProofTest, EveryByteCounts) {
  expect_each_byte_counts(content_, "content");
  expect_each_byte_counts(proof_.salt, "salt");
  expect_each_byte_counts(proof_.content_digest, "digest");
  expect_each_byte_counts(proof_.labels, "labels");
  expect_each_byte_counts(proof_.commitment, "commitment");
  expect_each_byte_counts(proof_.record.bytes, "record");
  expect_each_byte_counts(proof_.patient.bytes, "patient");
  expect_each_byte_counts(proof_.custodian.bytes, "custodian");
  for (model::Receipt* receipt : {&proof_.receipt, &proof_.head}) {
    expect_each_byte_counts(receipt->state->key, "state key");
    expect_each_byte_counts(*receipt->state->value, "state value");
    expect_each_byte_counts(receipt->state_root, "state root");
    expect_each_byte_counts(receipt->history_root, "history root");
  }
}

TEST_F(RecordProofTest, NoByteOfTheTextCanChange) {
  const auto evidence = json::parse(golden("record_evidence.json"), {});
  ASSERT_TRUE(evidence.ok());
  std::string text = json::write(evidence->root().find("proof"));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char before = text[i];
    text[i] = static_cast<char>(before ^ 1);
    const auto document = json::parse(text, {});
    const auto proof =
        document.ok() ? read_record_proof(document->root()) : Result<RecordProof>(document.error());
    EXPECT_FALSE(proof.ok() && check_record_proof(*proof, content_, genesis_).ok())
        << text.substr(i < 40 ? 0 : i - 40, 80);
    text[i] = before;
  }
}

TEST_F(RecordProofTest, AnotherVersionIsNotThisOne) {
  proof_.version = 2;
  EXPECT_EQ(check().error().code, ErrorCode::content_differs);
}

TEST_F(RecordProofTest, AReceiptThatProvesNoStateOrAnotherKeyIsNoProof) {
  std::swap(proof_.receipt, proof_.head);
  EXPECT_EQ(check().error().code, ErrorCode::content_differs);
  std::swap(proof_.receipt, proof_.head);
  ASSERT_TRUE(check().ok());
  for (model::Receipt* receipt : {&proof_.receipt, &proof_.head}) {
    auto state = std::exchange(receipt->state, std::nullopt);
    EXPECT_FALSE(check().ok());
    receipt->state = std::move(state);
  }
}

TEST_F(RecordProofTest, EachPartIsNeededAndReadStrictly) {
  const auto evidence = json::parse(golden("record_evidence.json"), {});
  ASSERT_TRUE(evidence.ok());
  for (const char* part : {"schema", "record", "version", "patient", "custodian", "salt",
                           "content_digest", "labels", "commitment", "receipt", "head"}) {
    json::Document proof = json::Document::copy(evidence->root().find("proof"));
    proof.edit().set_string(part, "x");
    EXPECT_EQ(read_record_proof(proof.root()).error().code, ErrorCode::receipt_malformed) << part;
    proof.edit().remove(part);
    EXPECT_EQ(read_record_proof(proof.root()).error().code, ErrorCode::receipt_malformed) << part;
  }
  for (const auto& [part, bytes] : {std::pair<const char*, ByteView>{"salt", proof_.salt},
                                    {"content_digest", proof_.content_digest},
                                    {"commitment", proof_.commitment}}) {
    json::Document proof = json::Document::copy(evidence->root().find("proof"));
    proof.edit().set_string(part, to_upper_hex(bytes));
    EXPECT_EQ(read_record_proof(proof.root()).error().code, ErrorCode::receipt_malformed) << part;
  }
}

}  // namespace
}  // namespace xl::client
