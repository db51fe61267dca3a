// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a verifier begins at a checkpoint only when members with more than two thirds of the weight
// signed it, by the keys that the genesis or the checkpoint before names; what is altered, out of
// order, of another network or too weak is refused, each with its code; and a receipt that begins
// at a checkpoint needs that one. Method: the vectors' network of three members, two checkpoints
// whose second only the first one's members can judge, and every bit of the first one changed.
#include "model/checkpoint.h"

#include <gtest/gtest.h>

#include <array>

#include "base/json/json.h"
#include "crypto/hash.h"
#include "model/limits.h"
#include "model/receipt.h"
#include "model/tests/vectors.h"

namespace xl::model {
namespace {

using crypto::Algorithm;
using crypto::SigningKey;

Id id_of_number(std::uint8_t number) {
  return founding_members(vectors::genesis()).value()[number].organisation;
}

/// The founders' service keys, and what they have from height 20 on.
SigningKey founder_key(std::uint8_t number) {
  constexpr std::array<std::uint8_t, 3> seeds = {1, 0x12, 0x13};
  return vectors::key_of_seed(seeds.at(number));
}
SigningKey fresh_key(std::uint8_t number) {
  return vectors::key_of_seed(static_cast<std::uint8_t>(0x61 + number));
}

/// The receipt whose path the checkpoints stand on.
Receipt whole_receipt() {
  auto out = read_receipt(vectors::file("receipt-trust-path.json"));
  XL_CHECK(out.ok());
  return std::move(*out);
}

void sign_with(SignedCheckpoint& checkpoint, const Id& who, const SigningKey& key) {
  add_signature(checkpoint, {who, copy_of(key.public_key()),
                             key.sign(checkpoint_signed_bytes(checkpoint.content))});
}

/// At height 20: the founders, all with new keys. Signed by their first ones.
SignedCheckpoint first_checkpoint() {
  SignedCheckpoint out;
  out.content.network = vectors::genesis().network;
  out.content.height = 20;
  out.content.header_hash = crypto::sha256(view_of("header 20"));
  out.content.validators = whole_receipt().trust_path[1].validators;
  out.content.members = founding_members(vectors::genesis()).value();
  for (std::uint8_t i = 0; i < 3; ++i) {
    out.content.members[i].keys = {{Algorithm::ed25519, copy_of(fresh_key(i).public_key())}};
  }
  for (std::uint8_t i = 0; i < 3; ++i) sign_with(out, id_of_number(i), founder_key(i));
  return out;
}

/// At the last height of a set of validators. Signed by the new keys.
SignedCheckpoint second_checkpoint() {
  const Receipt whole = whole_receipt();
  SignedCheckpoint out;
  out.content = first_checkpoint().content;
  out.content.height = 31;
  out.content.header_hash = comet::hash_of(whole.trust_path[1].header);
  out.content.validators = whole.block.validators;
  for (std::uint8_t i = 0; i < 3; ++i) sign_with(out, id_of_number(i), fresh_key(i));
  return out;
}

ErrorCode refusal(const std::vector<SignedCheckpoint>& checkpoints) {
  const auto trust = Trust::with(vectors::genesis(), checkpoints);
  EXPECT_FALSE(trust.ok());
  return trust.ok() ? ErrorCode{} : trust.error().code;
}

TEST(Checkpoint, IsReadAsItWasWritten) {
  const SignedCheckpoint made = first_checkpoint();
  const std::string text = write_checkpoint(made);
  const auto read = read_checkpoint(text);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->content, made.content);
  EXPECT_EQ(write_checkpoint(*read), text);
  EXPECT_EQ(checkpoint_content(read->content), checkpoint_content(made.content));
}

TEST(Checkpoint, AChainOfThemIsAcceptedAcrossNewKeys) {
  const std::vector<SignedCheckpoint> both = {first_checkpoint(), second_checkpoint()};
  const auto trust = Trust::with(vectors::genesis(), both);
  ASSERT_TRUE(trust.ok()) << trust.error().text();
  comet::Header header;
  for (const auto& [height, start] :
       std::vector<std::pair<int, int>>{{1, 0}, {19, 0}, {21, 20}, {30, 20}, {32, 31}}) {
    header.height = height;
    EXPECT_EQ((*trust->start_for(header))->height, start) << height;
  }
  // At its own height it names another header.
  header.height = 31;
  EXPECT_EQ(trust->start_for(header).error().code, ErrorCode::trust_path_broken);
  // The genesis alone does not know the keys of the second.
  EXPECT_EQ(refusal({second_checkpoint()}), ErrorCode::checkpoint_weight_insufficient);
}

TEST(Checkpoint, EveryReasonToRefuseHasItsCode) {
  const SignedCheckpoint good = first_checkpoint();
  EXPECT_EQ(refusal({good, good}), ErrorCode::checkpoint_out_of_order);
  EXPECT_EQ(refusal({second_checkpoint(), good}), ErrorCode::checkpoint_weight_insufficient);

  SignedCheckpoint other = good;
  other.content.network[0] ^= 1;
  EXPECT_EQ(refusal({other}), ErrorCode::checkpoint_wrong_network);

  // Two of three is two thirds, and not more.
  SignedCheckpoint weak = good;
  weak.signatures.pop_back();
  EXPECT_EQ(refusal({weak}), ErrorCode::checkpoint_weight_insufficient);

  SignedCheckpoint forged = good;
  forged.content.height = 21;
  EXPECT_EQ(refusal({forged}), ErrorCode::checkpoint_signature_invalid);

  // By whoever is no member, or by a key that is not named: as if it were not there.
  SignedCheckpoint strange = weak;
  sign_with(strange, *id_from_bytes(Bytes(16, 9)), fresh_key(9));
  sign_with(strange, id_of_number(2), fresh_key(9));
  EXPECT_EQ(refusal({strange}), ErrorCode::checkpoint_weight_insufficient);
  SignedCheckpoint more = good;
  sign_with(more, *id_from_bytes(Bytes(16, 9)), fresh_key(9));
  EXPECT_TRUE(Trust::with(vectors::genesis(), std::vector{more}).ok());

  EXPECT_EQ(refusal(std::vector<SignedCheckpoint>(limits::checkpoints_max + 1, good)),
            ErrorCode::checkpoint_malformed);
  EXPECT_EQ(refusal(std::vector<SignedCheckpoint>(limits::checkpoints_max, good)),
            ErrorCode::checkpoint_out_of_order);
}

TEST(Checkpoint, TheFilesOfThePageAreMadeAgain) {
  const auto page = vectors::of_page("formats-checkpoint.md");
  const Bytes content = checkpoint_signed_bytes(first_checkpoint().content);
  EXPECT_EQ(page.at("checkpoint.signed"), to_hex(content));
  Receipt begun = whole_receipt();
  begun.trust_path.clear();
  begun.since = 31;
  for (const auto& [name, made] : std::vector<std::pair<std::string, std::string>>{
           {"checkpoint-20", write_checkpoint(first_checkpoint())},
           {"checkpoint-31", write_checkpoint(second_checkpoint())},
           {"receipt-since", write_receipt(begun) + "\n"}}) {
    EXPECT_EQ(made, vectors::file(name + ".json"));
    std::string vector = name;
    std::replace(vector.begin(), vector.end(), '-', '_');
    EXPECT_EQ(page.at("checkpoint." + vector + "_file_sha256"),
              to_hex(crypto::sha256(view_of(made))));
  }
}

std::string verdict_of(const Status& status) {
  return status.ok() ? "ok" : std::string(describe(status.error().code).name);
}

/// The verdict on a receipt with checkpoints, as a verifier reaches it.
Status judge(const std::string& receipt_text, const std::vector<std::string>& texts) {
  std::vector<SignedCheckpoint> checkpoints;
  for (const std::string& text : texts) {
    XL_TRY_ASSIGN(SignedCheckpoint one, read_checkpoint(text));
    checkpoints.push_back(std::move(one));
  }
  XL_TRY_ASSIGN(const Trust trust, Trust::with(vectors::genesis(), checkpoints));
  XL_TRY_ASSIGN(const Receipt receipt, read_receipt(receipt_text));
  return verify_receipt(receipt, trust);
}

TEST(Checkpoint, EveryVerdictOfThePageIsReached) {
  const std::string table = vectors::file("checkpoint-verdicts.json");
  const auto document = json::parse(table, {});
  ASSERT_TRUE(document.ok());
  EXPECT_GE(document->root().size(), 25U);
  for (const json::Value one : document->root().items()) {
    const auto text = [&](json::Value name) {
      const std::string file(name.as_string().value());
      std::string out = vectors::file(file);
      if (one.find("in").as_string() != file) return out;
      const std::string from(one.find("from").as_string().value());
      const std::size_t at = out.find(from);
      EXPECT_NE(at, std::string::npos);
      return out.replace(at, from.size(), one.find("to").as_string().value());
    };
    std::vector<std::string> checkpoints;
    for (const json::Value name : one.find("checkpoints").items()) {
      checkpoints.push_back(text(name));
    }
    EXPECT_EQ(verdict_of(judge(text(one.find("receipt")), checkpoints)),
              one.find("expected").as_string())
        << one.find("name").as_string().value();
  }
}

TEST(Checkpoint, NoBitOfOneThatIsNeededCanChange) {
  std::string text = write_checkpoint(first_checkpoint());
  for (std::size_t i = 0; i < text.size() - 1; ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const char kept = text[i];
      text[i] = static_cast<char>(static_cast<unsigned char>(kept) ^ (1U << bit));
      const auto read = read_checkpoint(text);
      // Space between the members says nothing.
      const bool space = kept == ' ' || kept == '\n';
      if (read.ok() && !space) {
        EXPECT_FALSE(Trust::with(vectors::genesis(), std::vector{*read}).ok())
            << i << " " << text.substr(i < 20 ? 0 : i - 20, 40);
      }
      text[i] = kept;
    }
  }
}

TEST(Checkpoint, FormsThatAreNotItsOwnAreRefused) {
  const std::string text = write_checkpoint(first_checkpoint());
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string out = text;
    const std::size_t at = out.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return out.replace(at, from.size(), to);
  };
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"checkpoint/v1", "checkpoint/v2"},
           {"\"height\": \"20\"", "\"height\": \"0\""},
           {"\"height\": \"20\"", "\"height\": \"9223372036854775808\""},
           {"\"height\": \"20\"", "\"height\": 20"},
           {"\"height\": \"20\"", "\"height\": \"20\", \"x\": 1"},
           {"\"weight\": 1", "\"weight\": 1000001"},
           {"\"power\": \"10\"", "\"power\": \"0\""},
           {"\"power\": \"10\"", "\"power\": \"9\""},
           {"\"algorithm\": 1", "\"algorithm\": 0"},
           {"did:xinglin:", "did:other:"},
           {"\"signatures\": [", "\"signatures\": [ 1, "}}) {
    const auto read = read_checkpoint(changed(from, to));
    ASSERT_FALSE(read.ok()) << from << " -> " << to;
    EXPECT_EQ(read.error().code, ErrorCode::checkpoint_malformed) << to;
  }
  SignedCheckpoint swapped = first_checkpoint();
  std::swap(swapped.content.members[0], swapped.content.members[1]);
  EXPECT_EQ(read_checkpoint(write_checkpoint(swapped)).error().code,
            ErrorCode::checkpoint_malformed);
  swapped = first_checkpoint();
  std::swap(swapped.signatures[0], swapped.signatures[1]);
  EXPECT_EQ(read_checkpoint(write_checkpoint(swapped)).error().code,
            ErrorCode::checkpoint_malformed);
  EXPECT_EQ(read_checkpoint(std::string(limits::checkpoint_bytes_max + 1, ' ')).error().code,
            ErrorCode::json_too_large);
}

}  // namespace
}  // namespace xl::model
