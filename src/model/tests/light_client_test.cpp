// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: headers, commits and validator sets are judged as CometBFT's light clients judge them.
// Method: the model-based and serialization cases of the tendermint-rs project
// (../shared/data/ledger/cometbft-light-client), each with its expected verdict. Its four bisection
// cases were recorded before Tendermint v0.34 with amino encodings, so their hashes are those of
// another protocol: a test shows that, and that they are refused.
#include "model/comet/light_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/checked.h"
#include "base/file.h"
#include "crypto/merkle.h"
#include "model/comet/json.h"

namespace xl::model::comet {
namespace {

namespace fs = std::filesystem;

fs::path cases() { return fs::path(XL_SHARED_DATA) / "ledger" / "cometbft-light-client"; }

json::Document load(const fs::path& path) {
  const auto bytes = read_file(path, 64U << 20U);
  EXPECT_TRUE(bytes.ok());
  auto document = json::parse(text_of(*bytes), {});
  EXPECT_TRUE(document.ok()) << path << document.error().text();
  return std::move(*document);
}

std::int64_t seconds_of(json::Value nanoseconds) {
  std::uint64_t value = 0;
  EXPECT_TRUE(parse_decimal(nanoseconds.as_string().value_or(""), value));
  return static_cast<std::int64_t>(value / 1000000000);
}

Timestamp time_of(json::Value text) {
  const auto time = timestamp_from_rfc3339(text.as_string().value_or(""));
  EXPECT_TRUE(time.ok());
  return *time;
}

/// The words of the cases for what `verify_step` says.
std::string verdict_of(const Status& status) {
  if (status.ok()) return "SUCCESS";
  return status.error().code == ErrorCode::trust_insufficient ? "NOT_ENOUGH_TRUST" : "INVALID";
}

TEST(LightClient, ModelBasedCasesGetTheirVerdicts) {
  if (!fs::exists(cases())) GTEST_SKIP() << "skipped: ../shared/data not found";
  std::size_t steps = 0;
  for (const auto& file : fs::directory_iterator(cases())) {
    if (!file.path().filename().string().starts_with("model_based")) continue;
    const json::Document document = load(file.path());
    const json::Value initial = document.root().find("initial");
    auto trusted = read_header(initial.find("signed_header").find("header"));
    ASSERT_TRUE(trusted.ok()) << trusted.error().text();
    auto next = read_validators(initial.find("next_validator_set"));
    ASSERT_TRUE(next.ok()) << next.error().text();
    TrustOptions options;
    options.trusting_period_s = seconds_of(initial.find("trusting_period"));
    options.clock_drift_s = 1;  // as the project's own driver sets it
    for (const json::Value step : document.root().find("input").items()) {
      const auto block = read_light_block(step.find("block"));
      ASSERT_TRUE(block.ok()) << block.error().text();
      const Status status =
          verify_step(*trusted, *next, *block, time_of(step.find("now")), options);
      EXPECT_EQ(verdict_of(status), step.find("verdict").as_string().value_or(""))
          << file.path().filename() << " step " << steps
          << (status.ok() ? std::string() : ": " + status.error().text());
      ++steps;
      if (!status.ok()) continue;
      trusted = block->header;
      next = read_validators(step.find("block").find("next_validator_set"));
      ASSERT_TRUE(next.ok());
    }
  }
  EXPECT_EQ(steps, 64U);
}

/// The set's hash as Tendermint computed it before v0.34: leaves in amino, where a public key has
/// a type prefix (1624DE64) that today's protobuf form does not have, ordered by address alone.
Hash amino_hash(ValidatorSet validators) {
  std::sort(validators.begin(), validators.end(), [](const Validator& a, const Validator& b) {
    return address_of(a.public_key) < address_of(b.public_key);
  });
  std::vector<Bytes> leaves;
  for (const Validator& validator : validators) {
    Bytes leaf{0x0a, 37, 0x16, 0x24, 0xde, 0x64, 32};
    append(leaf, validator.public_key);
    append(leaf, Bytes{0x10, static_cast<std::uint8_t>(validator.power)});
    leaves.push_back(leaf);
  }
  return crypto::merkle::root_of(leaves);
}

TEST(LightClient, BisectionCasesAreOfAnOlderEncodingAndRefused) {
  if (!fs::exists(cases())) GTEST_SKIP() << "skipped: ../shared/data not found";
  std::size_t ran = 0;
  for (const auto& file : fs::directory_iterator(cases())) {
    if (!file.path().filename().string().starts_with("bisection")) continue;
    const json::Document document = load(file.path());
    for (const json::Value item : document.root().find("primary").find("lite_blocks").items()) {
      const auto block = read_light_block(item);
      ASSERT_TRUE(block.ok()) << block.error().text();
      // The other cases hold sets that are wrong on purpose.
      const bool honest = file.path().filename().string().find("happy_path") != std::string::npos;
      if (honest) {
        EXPECT_TRUE(equal(block->header.validators_hash, amino_hash(block->validators)));
      }
      EXPECT_FALSE(verify_light_block(*block).ok());
      ++ran;
    }
  }
  EXPECT_GT(ran, 20U);
}

TEST(LightClient, HeaderWithKnownHash) {
  if (!fs::exists(cases())) GTEST_SKIP() << "skipped: ../shared/data not found";
  const json::Document document =
      load(cases() / "serialization__block__header_with_known_hash.json");
  const auto header = read_header(document.root());
  ASSERT_TRUE(header.ok()) << header.error().text();
  EXPECT_EQ(to_hex(hash_of(*header)),
            "f30a71f2409fb15aacaedb6cc122dfa2525bee9cae521721b06bfdca291b8d56");
}

}  // namespace
}  // namespace xl::model::comet
