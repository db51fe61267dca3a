// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whoever votes themselves into or out of the validators, a receipt leads from the genesis of
// the first day to its block, across every change and every restart, and no other set can take the
// place of one. Method: a chain on a real store behind a simulated engine that follows CometBFT's
// rule (a change counts two heights later) and signs with the keys of the set in force.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "chain/chain.h"
#include "contracts/governance/tests/votes.h"
#include "crypto/merkle.h"
#include "model/receipt.h"
#include "node/tools/ledger_verify.h"

namespace xl::node {
namespace {

namespace comet = model::comet;
namespace fs = std::filesystem;
namespace votes = contracts::testing::votes;
using contracts::testing::id;
using contracts::testing::key;

const std::vector<std::string> founders = {"north", "south", "east", "west"};
constexpr std::uint64_t genesis_ms = 1'795'219'200'000;  // 2026-11-21

std::string validator_of(const std::string& member) { return "validator of " + member; }

void write_members(json::Writer& out) {
  out.key("governance").begin_object().key("members").begin_array();
  for (const std::string& name : founders) {
    const Bytes validator = key(validator_of(name)).signing.public_key();
    out.begin_object().key("organisation").string(model::did_text(id(name)));
    out.key("weight").integer(1).key("power").integer(10);
    out.key("validator_key").string(to_base64(validator));
    out.key("peer_id").string(to_hex(ByteView(crypto::sha256(validator)).first(20)));
    out.key("address").string(name + ".example:26656").end_object();
  }
  out.end_array().end_object();
}

std::string genesis_text(std::int64_t power = 10) {
  json::Writer out;
  out.begin_object().key("genesis_time").string("2026-11-21T00:00:00Z");
  out.key("chain_id").string("test-votes").key("initial_height").string("1");
  out.key("consensus_params").begin_object().key("block").begin_object();
  out.key("max_bytes").string("4194304").key("max_gas").string("-1").end_object();
  out.key("version").begin_object().key("app").string("1").end_object().end_object();
  out.key("validators").begin_array();
  for (const std::string& name : founders) {
    const Bytes validator = key(validator_of(name)).signing.public_key();
    out.begin_object().key("pub_key").begin_object();
    out.key("type").string("tendermint/PubKeyEd25519").key("value").string(to_base64(validator));
    out.end_object().key("power").string(std::to_string(power)).end_object();
  }
  out.end_array().key("app_state").begin_object().key("format_version").integer(1);
  out.key("suite").integer(1).key("identity").begin_object().key("organisations").begin_array();
  for (const std::string& name : founders) {
    out.begin_object().key("did").string(model::did_text(id(name))).key("name").string(name);
    out.key("type").integer(1).key("keys").begin_array().begin_object().key("algorithm").integer(1);
    out.key("public_key").string(to_base64(key(name).signing.public_key()));
    out.key("purposes").integer(7).end_object().end_array().end_object();
  }
  out.end_array().end_object();
  write_members(out);
  return out.end_object().end_object().take();
}

model::Genesis genesis_of(const std::string& text) {
  auto read = model::read_genesis(view_of(text));
  XL_CHECK(read.ok());
  return std::move(*read);
}

class Validators : public ::testing::Test {
 protected:
  Validators()
      : directory_(fs::temp_directory_path() / ("xl-validators-" + std::to_string(::getpid()))) {
    fs::remove_all(directory_);
    open();
    sets_ = {{}, genesis_.validators, genesis_.validators};
  }
  ~Validators() override {
    chain_.reset();
    database_.reset();
    fs::remove_all(directory_);
  }

  void open() {
    chain_.reset();
    database_.reset();
    auto database = state::Database::open(directory_, {});
    XL_CHECK(database.ok());
    database_ = std::move(*database);
    auto chain = chain::Chain::open(*database_, registry_, genesis_of(genesis_text()));
    ASSERT_TRUE(chain.ok()) << chain.error().text();
    chain_ = std::move(*chain);
  }

  Bytes transaction(std::uint16_t type, const google::protobuf::Message& content,
                    const std::string& signer) {
    model::Body body;
    body.network = genesis_.network;
    body.signers = {{key(signer).id, crypto::Algorithm::ed25519}};
    body.valid_until_ms = block_ms_ + 60'000;
    body.nonce.fill(++nonce_);
    body.messages = {{contracts::governance::contract_number, type, model::encode(content)}};
    auto signed_one = model::sign_transaction(body, {&key(signer).signing});
    transactions_.push_back(model::decode_transaction(signed_one)->id);
    return signed_one;
  }

  /// The engine's header over a block, with `set` where CometBFT puts the set in force.
  chain::SignedBlock signed_block(const std::vector<Bytes>& envelopes, const Hash& app_hash,
                                  const comet::ValidatorSet& set) {
    chain::SignedBlock out;
    comet::Header& header = out.light.header;
    header.version_app = 1;
    header.chain_id = genesis_.chain_id;
    header.height = static_cast<std::int64_t>(height_);
    header.time = comet::timestamp_from_ms(block_ms_);
    header.last_block_id = last_id_;
    header.last_commit_hash = copy_of(comet::hash_of(last_commit_));
    header.data_hash = copy_of(comet::data_hash(envelopes));
    header.validators_hash = copy_of(comet::hash_of(set));
    header.next_validators_hash = copy_of(comet::hash_of(sets_[height_ + 1]));
    header.consensus_hash = copy_of(comet::consensus_hash(4194304, -1));
    header.app_hash = copy_of(app_hash);
    header.last_results_hash = copy_of(crypto::merkle::empty_root());
    header.evidence_hash = copy_of(crypto::merkle::empty_root());
    header.proposer_address = copy_of(comet::address_of(set[0].public_key));
    out.light.validators = set;
    out.last_commit = last_commit_;
    out.envelopes = envelopes;
    comet::Commit& commit = out.light.commit;
    commit.height = header.height;
    commit.block_id = comet::block_id_of(header, envelopes, last_commit_, {});
    for (const comet::Validator& validator : set) {
      commit.signatures.push_back({comet::BlockIdFlag::commit,
                                   copy_of(comet::address_of(validator.public_key)), header.time,
                                   Bytes(64, 0)});
    }
    for (std::size_t i = 0; i < set.size(); ++i) {
      const Bytes made =
          signer_of(set[i].public_key).sign(comet::vote_sign_bytes(header.chain_id, commit, i));
      commit.signatures[i].signature.assign(made.begin() + 1, made.end());
    }
    return out;
  }

  /// Everybody who may ever validate here has a name.
  const crypto::SigningKey& signer_of(ByteView public_key) const {
    for (const std::string& name : founders) {
      for (const std::string& who : {validator_of(name), "next " + name}) {
        if (equal(key(who).signing.public_key(), public_key)) return key(who).signing;
      }
    }
    XL_CHECK(false);
    return key("nobody").signing;
  }

  /// One block: executed, durable, then signed by the set in force.
  void block(const std::vector<Bytes>& transactions) {
    ++height_;
    block_ms_ += 1000;
    std::vector<Bytes> envelopes;
    if (!transactions.empty()) {
      envelopes = {
          model::seal_envelope(key("north").id, height_, transactions, key("north").signing)};
    }
    const Hash before = chain_->finalized_head().app_hash;
    auto result = chain_->execute(height_, block_ms_, chain::decode_block(envelopes, registry_));
    EXPECT_TRUE(result.rejections.empty());
    for (const auto& receipt : result.receipts) EXPECT_EQ(receipt.entry().status, 0);
    // CometBFT's own arithmetic, not the chain's.
    std::map<Bytes, std::int64_t> next;
    for (const auto& one : sets_[height_ + 1]) next[one.public_key] = one.power;
    for (const auto& one : result.engine.validators) {
      next[one.public_key] = static_cast<std::int64_t>(one.power);
    }
    comet::ValidatorSet set;
    for (const auto& [public_key, power] : next) {
      if (power > 0) set.push_back({public_key, power});
    }
    comet::sort_validators(set);
    sets_.push_back(set);
    ASSERT_TRUE(chain_->persist(chain_->finalize(height_, std::move(result)), 0).ok());
    const auto made = signed_block(envelopes, before, sets_[height_]);
    auto seen = made;
    if (one_is_slow_) seen.light.commit.signatures[0] = {};  // not among the first two thirds
    const Status stored = chain_->persist_signed(seen);
    ASSERT_TRUE(stored.ok()) << stored.error().text() << " at " << height_;
    last_id_ = made.light.commit.block_id;
    last_commit_ = made.light.commit;
  }

  /// Proposed, voted and done in one block; the proof block follows.
  void decide(votes::wire::Propose content) {
    content.set_closes_ms(block_ms_ + 3'600'000);
    std::vector<Bytes> made = {transaction(contracts::governance::propose_type, content, "north")};
    for (const char* name : {"north", "south", "east"}) {
      votes::wire::Vote vote;
      vote.set_proposal(content.proposal());
      vote.set_member(contracts::testing::field(name));
      vote.set_ballot(1);
      made.push_back(transaction(contracts::governance::vote_type, vote, name));
    }
    block(made);
    block({});
  }

  model::Receipt receipt(const Hash& transaction) const {
    auto made = chain_->receipt(transaction);
    EXPECT_TRUE(made.ok()) << made.error().text();
    return std::move(*made);
  }

  contracts::Registry registry_ = contracts::make_registry();
  model::Genesis genesis_ = genesis_of(genesis_text());
  fs::path directory_;
  std::unique_ptr<state::Database> database_;
  std::unique_ptr<chain::Chain> chain_;
  std::vector<comet::ValidatorSet> sets_;  // by height
  std::uint64_t height_ = 0;
  bool one_is_slow_ = false;
  std::uint64_t block_ms_ = genesis_ms;
  std::uint8_t nonce_ = 0;
  comet::BlockId last_id_;
  comet::Commit last_commit_;
  std::vector<Hash> transactions_;  // all that were sent, oldest first
};

TEST_F(Validators, ReceiptsLeadFromTheFirstDayAcrossEveryChange) {
  decide(votes::weight("before", "north", 2));
  decide(votes::validator("power", "south", validator_of("south"), 14));
  open();  // between a change and the height from which it counts
  decide(votes::validator("rekey", "west", "next west", 10));
  open();
  decide(votes::expulsion("leave", "east"));
  block({});
  open();
  EXPECT_EQ(sets_[height_].size(), 3U);
  for (std::uint64_t height = 1; height <= height_ + 2; ++height) {
    ASSERT_TRUE(chain_->validators(height).ok());
    EXPECT_EQ(*chain_->validators(height), sets_[height]) << height;
  }
  EXPECT_FALSE(chain_->validators(height_ + 3).ok());
  ASSERT_EQ(transactions_.size(), 16U);
  for (const Hash& one : transactions_) {
    const model::Receipt made = receipt(one);
    const Status verified = model::verify_receipt(made, genesis_);
    EXPECT_TRUE(verified.ok()) << verified.error().text();
  }
  EXPECT_EQ(receipt(transactions_.front()).trust_path.size(), 0U);
  // Of the change's own block the proof is signed by the set before it: two ways lead there.
  EXPECT_EQ(receipt(transactions_.back()).trust_path.size(), 2U);
}

TEST_F(Validators, WhatStaysAfterForgettingLeadsToTheFirstDay) {
  decide(votes::validator("power", "south", validator_of("south"), 14));
  decide(votes::validator("rekey", "west", "next west", 10));
  decide(votes::weight("before", "north", 2));
  block({});
  const std::uint64_t kept_from = height_ + 1;
  decide(votes::expulsion("leave", "east"));
  block({});
  block({});
  const std::uint64_t shown = height_ - 2;
  const auto way = [&] {
    const auto made = chain_->way_behind(shown);
    EXPECT_TRUE(made.ok()) << made.error().text();
    return chain::snapshot::encode_way(*made);
  };
  const Bytes way_before = way();
  const Hash last_forgotten = transactions_[11];
  EXPECT_TRUE(chain_->transaction(last_forgotten).ok());

  // Not beyond the last block that executed something, however much is asked for.
  int steps = 0;
  for (bool done = false; !done; ++steps) {
    const auto forgotten = chain_->forget_below(height_ - 1, 2);
    ASSERT_TRUE(forgotten.ok()) << forgotten.error().text();
    done = *forgotten;
  }
  EXPECT_EQ(steps, 4);
  for (const bool again : {false, true}) {
    if (again) open();
    EXPECT_EQ(chain_->base(), kept_from);
    EXPECT_EQ(chain_->block(kept_from - 1).error().code, ErrorCode::block_not_kept);
    EXPECT_EQ(chain_->transaction(last_forgotten).error().code, ErrorCode::transaction_unknown);
    EXPECT_EQ(way(), way_before);
    ASSERT_EQ(transactions_.size(), 16U);
    for (std::size_t i = 12; i < transactions_.size(); ++i) {
      const model::Receipt made = receipt(transactions_[i]);
      EXPECT_EQ(made.trust_path.size(), 2U);
      const Status verified = model::verify_receipt(made, genesis_);
      EXPECT_TRUE(verified.ok()) << verified.error().text();
    }
    const auto absent = chain_->state_receipt(Bytes{0xff}, 0);
    ASSERT_TRUE(absent.ok()) << absent.error().text();
    EXPECT_TRUE(model::verify_receipt(*absent, genesis_).ok());
    EXPECT_EQ(chain_->state_receipt(Bytes{0xff}, 2).error().code, ErrorCode::height_too_old);
  }
  chain_.reset();
  const auto report = verify_restored(*database_, registry_, genesis_of(genesis_text()), {});
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->damage.has_value()) << report->damage->record << report->damage->what;
  EXPECT_EQ(report->base, kept_from);
}

/// The header that carries what a block did comes one block later.
TEST_F(Validators, TheHeightThatIsShownIsOneThatIsProved) {
  for (int i = 0; i < 3; ++i) {
    block({});
    EXPECT_EQ(chain_->head().signed_height, height_);
    EXPECT_EQ(chain_->provable_height(), height_ - 1);
  }
  const auto proved = chain_->state_receipt(Bytes{0xff}, chain_->provable_height());
  ASSERT_TRUE(proved.ok()) << proved.error().text();
  EXPECT_TRUE(model::verify_receipt(*proved, genesis_).ok());
  EXPECT_TRUE(chain_->state_receipt(Bytes{0xff}, 0).ok());
}

/// The engine goes on with the first two thirds of the votes; the next block holds the others.
TEST_F(Validators, AReceiptShowsTheVotesThatCameLater) {
  const auto votes_for = [&](std::uint64_t height) {
    const auto stored = chain_->block(height);
    XL_CHECK(stored.ok() && stored->commit);
    return std::count_if(stored->commit->signatures.begin(), stored->commit->signatures.end(),
                         [](const auto& one) { return one.flag == comet::BlockIdFlag::commit; });
  };
  one_is_slow_ = true;
  for (int i = 0; i < 3; ++i) block({});
  EXPECT_EQ(votes_for(3), 3);
  EXPECT_EQ(votes_for(2), 4);
  EXPECT_EQ(votes_for(1), 4);
  open();
  EXPECT_EQ(votes_for(2), 4);
  const auto receipt = chain_->state_receipt(Bytes{0xff}, 1);
  ASSERT_TRUE(receipt.ok()) << receipt.error().text();
  EXPECT_TRUE(model::verify_receipt(*receipt, genesis_).ok());
}

TEST_F(Validators, NoOtherSetTakesThePlaceOfOne) {
  decide(votes::validator("rekey", "west", "next west", 10));
  block({});
  decide(votes::weight("after", "north", 2));
  const model::Receipt good = receipt(transactions_.back());
  ASSERT_TRUE(model::verify_receipt(good, genesis_).ok());
  ASSERT_EQ(good.trust_path.size(), 1U);
  model::Receipt skipped = good;
  skipped.trust_path.clear();
  EXPECT_EQ(model::verify_receipt(skipped, genesis_).error().code, ErrorCode::trust_path_broken);
  model::Receipt swapped = good;
  swapped.block.validators = genesis_.validators;
  EXPECT_FALSE(model::verify_receipt(swapped, genesis_).ok());
  model::Receipt twice = good;
  twice.trust_path.push_back(twice.trust_path[0]);
  EXPECT_FALSE(model::verify_receipt(twice, genesis_).ok());
  // Signed by those who were replaced, header and all: the way from the genesis does not lead
  // there.
  model::Receipt forged = good;
  ++height_;
  forged.block = signed_block({}, chain_->head().app_hash, genesis_.validators).light;
  EXPECT_FALSE(model::verify_receipt(forged, genesis_).ok());
}

/// What this ledger says for a checkpoint, signed by three of the four founders.
model::SignedCheckpoint co_signed(const chain::Chain& chain, std::uint64_t height) {
  const auto shown = chain.signed_header(height);
  XL_CHECK(shown.ok());
  model::SignedCheckpoint out;
  out.content.network = chain.genesis().network;
  out.content.height = height;
  out.content.header_hash = comet::hash_of(shown->block.header);
  out.content.validators = shown->next_validators;
  out.content.members = model::founding_members(chain.genesis()).value();
  const Bytes content = model::checkpoint_signed_bytes(out.content);
  for (const char* name : {"north", "south", "east"}) {
    model::add_signature(
        out, {id(name), copy_of(key(name).signing.public_key()), key(name).signing.sign(content)});
  }
  return out;
}

TEST_F(Validators, FromACheckpointEveryReceiptIsShort) {
  decide(votes::validator("power", "south", validator_of("south"), 14));
  decide(votes::validator("rekey", "west", "next west", 10));
  block({});
  block({});
  const std::uint64_t since = height_;
  const std::vector checkpoints = {co_signed(*chain_, since)};
  const auto trust = model::Trust::with(genesis_, checkpoints);
  ASSERT_TRUE(trust.ok()) << trust.error().text();
  const auto check = [&](std::size_t steps, bool begun) {
    for (const Hash& one : transactions_) {
      const auto made = chain_->receipt(one, since);
      ASSERT_TRUE(made.ok()) << made.error().text();
      const Status verified = model::verify_receipt(*made, *trust);
      EXPECT_TRUE(verified.ok()) << verified.error().text();
      EXPECT_LE(made->trust_path.size(), steps);
      EXPECT_EQ(made->since, begun ? since : 0);
      if (begun) {
        EXPECT_EQ(model::verify_receipt(*made, genesis_).error().code,
                  ErrorCode::trust_start_unknown);
      }
      // A whole one is as good, with and without the checkpoint.
      EXPECT_TRUE(model::verify_receipt(receipt(one), *trust).ok());
      EXPECT_TRUE(model::verify_receipt(receipt(one), genesis_).ok());
    }
  };
  check(2, false);  // nothing was signed above it yet
  block({});
  check(0, true);  // the first header above it proves what is older
  decide(votes::expulsion("leave", "east"));
  block({});
  open();
  check(1, true);
  for (const std::uint64_t height : {std::uint64_t{0}, since - 3, since}) {
    const auto state = chain_->state_receipt(Bytes{0xff}, height, since);
    ASSERT_TRUE(state.ok()) << state.error().text();
    EXPECT_TRUE(model::verify_receipt(*state, *trust).ok()) << height;
  }
  EXPECT_EQ(chain_->receipt(transactions_[0], height_ + 1).error().code, ErrorCode::height_unknown);
  EXPECT_EQ(chain_->state_receipt(Bytes{0xff}, 0, height_ + 1).error().code,
            ErrorCode::height_unknown);
  EXPECT_EQ(chain_->signed_header(height_ + 1).error().code, ErrorCode::height_unknown);
}

TEST_F(Validators, KeysThatRetiredCannotSignAnotherHistoryPastACheckpoint) {
  decide(votes::validator("rekey", "west", "next west", 10));
  block({});
  block({});
  const std::vector checkpoints = {co_signed(*chain_, height_)};
  decide(votes::weight("after", "north", 2));
  model::Receipt forged = receipt(transactions_.back());
  ++height_;
  // As if nobody had ever voted: the first set signs on.
  forged.trust_path.clear();
  forged.block = signed_block({}, chain_->head().app_hash, genesis_.validators).light;
  EXPECT_TRUE(model::verify_receipt(forged, genesis_).ok());
  const auto trust = model::Trust::with(genesis_, checkpoints);
  ASSERT_TRUE(trust.ok()) << trust.error().text();
  EXPECT_EQ(model::verify_receipt(forged, *trust).error().code, ErrorCode::trust_path_broken);
}

TEST_F(Validators, AHeaderOfAnotherSetIsNotKept) {
  decide(votes::validator("rekey", "west", "next west", 10));
  block({});
  ++height_;
  ASSERT_TRUE(chain_->persist(chain_->finalize(height_, {}), 0).ok());
  sets_.push_back(sets_.back());
  const auto old = signed_block({}, chain_->head().app_hash, genesis_.validators);
  const Status stored = chain_->persist_signed(old);
  ASSERT_FALSE(stored.ok());
  EXPECT_EQ(stored.error().code, ErrorCode::validators_mismatch);
  EXPECT_TRUE(
      chain_->persist_signed(signed_block({}, chain_->head().app_hash, sets_[height_])).ok());
}

TEST_F(Validators, TheGenesisNamesTheSameValidatorsTwice) {
  chain_.reset();
  database_.reset();
  fs::remove_all(directory_);
  auto database = state::Database::open(directory_, {});
  ASSERT_TRUE(database.ok());
  const auto chain = chain::Chain::open(**database, registry_, genesis_of(genesis_text(11)));
  ASSERT_FALSE(chain.ok());
  EXPECT_EQ(chain.error().code, ErrorCode::genesis_malformed);
}

}  // namespace
}  // namespace xl::node
