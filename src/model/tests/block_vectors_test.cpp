// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: headers, votes, commits and receipts are what docs/reference/formats.md says. Method: the
// page's blocks and its receipt behind changes of the validators, which another implementation
// made, are made again from the seeds of their keys, byte for byte; every receipt verifies.
#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "model/comet/encoding.h"
#include "model/envelope.h"
#include "model/receipt.h"
#include "model/tests/vectors.h"

namespace xl::model {
namespace {

namespace merkle = crypto::merkle;
namespace smt = crypto::sparse_merkle;

constexpr std::int64_t start_seconds = 1795219200;

/// The power of validators A, B, C and D; 0: not there.
using Powers = std::array<std::int64_t, 4>;
constexpr Powers founders = {10, 10, 10, 0};
constexpr Powers with_a_fourth = {10, 10, 10, 10};
constexpr Powers without_the_first = {0, 30, 10, 10};

crypto::SigningKey validator_key(std::size_t number) {
  return vectors::key_of_seed(static_cast<std::uint8_t>(0xa1 + number));
}

comet::ValidatorSet set_of(const Powers& powers) {
  comet::ValidatorSet out;
  for (std::size_t i = 0; i < powers.size(); ++i) {
    if (powers[i] != 0) out.push_back({validator_key(i).public_key(), powers[i]});
  }
  comet::sort_validators(out);
  return out;
}

Bytes digest_of(std::string_view text) { return copy_of(crypto::sha256(view_of(text))); }

comet::Header header_of(std::int64_t height, const Powers& powers, const Powers& next) {
  comet::Header out;
  out.version_app = 1;
  out.chain_id = vectors::genesis().chain_id;
  out.height = height;
  out.time = {start_seconds + height, 0};
  out.last_commit_hash = copy_of(merkle::empty_root());
  out.data_hash = copy_of(comet::data_hash({}));
  out.validators_hash = copy_of(comet::hash_of(set_of(powers)));
  out.next_validators_hash = copy_of(comet::hash_of(set_of(next)));
  out.consensus_hash = copy_of(comet::consensus_hash(4194304, -1));
  out.last_results_hash = copy_of(merkle::empty_root());
  out.evidence_hash = copy_of(comet::evidence_hash({}));
  out.proposer_address = copy_of(comet::address_of(set_of(powers)[0].public_key));
  return out;
}

/// Validators by number that do not vote for the block, or not at all.
struct Silent {
  std::size_t absent = 4;
  std::size_t nil = 4;
};

/// Votes come a nanosecond after one another behind the header's time.
comet::LightBlock voted(const comet::Header& header, const comet::BlockId& id, const Powers& powers,
                        std::int32_t round, const Silent& silent) {
  comet::LightBlock out{header, {header.height, round, id, {}}, set_of(powers)};
  for (std::size_t slot = 0; slot < out.validators.size(); ++slot) {
    comet::CommitSignature& vote = out.commit.signatures.emplace_back();
    std::size_t number = 0;
    while (validator_key(number).public_key() != out.validators[slot].public_key) ++number;
    if (number == silent.absent) continue;
    vote.flag = number == silent.nil ? comet::BlockIdFlag::nil : comet::BlockIdFlag::commit;
    vote.address = copy_of(comet::address_of(out.validators[slot].public_key));
    vote.time = {header.time.seconds, header.time.nanos + static_cast<std::int32_t>(slot) + 1};
    const Bytes signature =
        validator_key(number).sign(comet::vote_sign_bytes(header.chain_id, out.commit, slot));
    vote.signature = copy_of(ByteView(signature).subspan(1));  // votes have no suite byte
  }
  return out;
}

comet::LightBlock later_block(std::int64_t height, const Powers& powers, const Powers& next,
                              const Bytes& app_hash, const Silent& silent) {
  comet::Header header = header_of(height, powers, next);
  header.app_hash = app_hash;
  header.last_block_id = {digest_of("before"), {1, digest_of("parts before")}};
  header.last_commit_hash = digest_of("commit before");
  const comet::BlockId id{copy_of(comet::hash_of(header)), {1, digest_of("parts")}};
  return voted(header, id, powers, 1, silent);
}

class BlockVectors : public ::testing::Test {
 protected:
  void expect(const std::string& name, ByteView value) {
    EXPECT_EQ(page[name], to_hex(value)) << name;
  }
  [[nodiscard]] Bytes given(const std::string& name) const { return vectors::bytes_of(page, name); }

  std::map<std::string, std::string> page = vectors::of_page("formats.md");
};

TEST_F(BlockVectors, TheBlocksOfThePageAreMadeAgain) {
  const std::vector<Bytes> data = {given("envelope.raw")};
  comet::Header first = header_of(1, founders, founders);
  first.time.nanos = 123456789;
  first.app_hash = given("genesis.app_hash");
  first.data_hash = copy_of(comet::data_hash(data));
  expect("block.header", comet::encode_header(first));
  expect("block.header_hash", comet::hash_of(first));
  expect("block.set_hash", first.validators_hash);
  expect("block.data_hash", first.data_hash);
  expect("block.consensus_hash", first.consensus_hash);

  const comet::BlockId id = comet::block_id_of(first, data, {}, {});
  EXPECT_EQ(id.parts.total, 1U);
  expect("block.parts_hash", id.parts.hash);
  const comet::LightBlock block = voted(first, id, founders, 0, {});
  EXPECT_TRUE(comet::verify_light_block(block).ok());
  expect("block.vote", comet::vote_sign_bytes(first.chain_id, block.commit, 0));
  expect("block.vote_signature", block.commit.signatures[0].signature);
  expect("block.commit", comet::encode_commit(block.commit));
  expect("block.commit_hash", comet::hash_of(block.commit));

  comet::Header second = header_of(2, founders, founders);
  second.last_block_id = id;
  second.last_commit_hash = copy_of(comet::hash_of(block.commit));
  second.app_hash = given("executed.app_hash");
  second.last_results_hash = copy_of(comet::results_hash({given("envelope.result")}));
  expect("block.results_hash", second.last_results_hash);
  expect("block.next_header_hash", comet::hash_of(second));
}

/// The page's second transaction with seven entries in the history and sixteen keys in the state.
Receipt late_receipt(const Transaction& transaction) {
  Receipt out;
  out.body = transaction.body_bytes;
  out.signers = {{vectors::key_of_seed(1).public_key(), transaction.signatures[0]}};
  out.result = {0x08, 0x9f, 0x11, 0x10, 0x01};
  out.entry = {transaction.id, 1, 0, 1, 2207, result_digest(out.result)};
  out.history_index = 1;
  std::vector<smt::Leaf> leaves;
  for (std::uint8_t number = 0; number < 16; ++number) {
    leaves.push_back({state_path(Bytes{3, number}), state_value_hash(Bytes{1, number})});
  }
  std::sort(leaves.begin(), leaves.end(),
            [](const smt::Leaf& a, const smt::Leaf& b) { return a.path < b.path; });
  out.state_root = smt::root_of(leaves);
  const Bytes key{3, 0x68, 16};
  out.state = StateProof{key, std::nullopt, smt::prove(leaves, state_path(key))};
  return out;
}

TEST_F(BlockVectors, TheReceiptBehindChangesOfTheValidatorsIsMadeAgain) {
  const auto envelope = decode_envelope(given("envelope.raw"));
  ASSERT_TRUE(envelope.ok());
  const auto transaction = decode_transaction(envelope->transactions[1]);
  ASSERT_TRUE(transaction.ok());
  Receipt receipt = late_receipt(*transaction);
  std::vector<Hash> leaves;
  for (std::uint32_t i = 0; i < 3; ++i) {
    const Bytes leaf = given("tree.leaf_" + std::to_string(i));
    std::copy(leaf.begin(), leaf.end(), leaves.emplace_back().begin());
  }
  for (std::uint8_t i = 3; i < 7; ++i) leaves.push_back(merkle::leaf_hash(Bytes{i}));
  receipt.history_size = leaves.size();
  receipt.history_path = merkle::inclusion_path(leaves, 1);
  receipt.history_root = merkle::root_of_leaf_hashes(leaves);
  const Hash app = app_hash(receipt.state_root, receipt.history_root, receipt.history_size);
  receipt.trust_path = {
      later_block(11, founders, with_a_fourth, digest_of("app 11"), {}),
      later_block(31, with_a_fourth, without_the_first, digest_of("app 31"), {.nil = 2})};
  receipt.block =
      later_block(42, without_the_first, without_the_first, copy_of(app), {.absent = 3});

  const std::string file = vectors::file("receipt-trust-path.json");
  EXPECT_EQ(write_receipt(receipt) + "\n", file);
  expect("receipt.trust_path_file_sha256", crypto::sha256(view_of(file)));
}

TEST_F(BlockVectors, BothReceiptsOfThePageVerifyAndAreWrittenAsTheyWereRead) {
  expect("receipt.file_sha256", crypto::sha256(view_of(vectors::file("receipt.json"))));
  for (const char* name : {"receipt.json", "receipt-trust-path.json"}) {
    const std::string file = vectors::file(name);
    const auto receipt = read_receipt(file);
    ASSERT_TRUE(receipt.ok()) << name;
    const Status verified = verify_receipt(*receipt, vectors::genesis());
    EXPECT_TRUE(verified.ok()) << name << ": " << verified.error().text();
    EXPECT_EQ(write_receipt(*receipt) + "\n", file);
  }
}

TEST(GenesisVectors, AnAddressInUpperCaseIsRefused) {
  std::string text = vectors::file("genesis.json");
  const std::size_t place = text.find_first_of("abcdef", text.find("\"address\": \"") + 12);
  ASSERT_LT(place, text.size());
  text[place] = static_cast<char>(text[place] - 'a' + 'A');
  EXPECT_EQ(read_genesis(view_of(text)).error().code, ErrorCode::genesis_malformed);
}

}  // namespace
}  // namespace xl::model
