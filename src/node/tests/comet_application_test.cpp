// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the ledger is a faithful ABCI 2.0 application: what it admits, proposes, accepts, executes
// and keeps. Method: the calls that CometBFT makes, in its order and out of it, on a real store.
#include <gtest/gtest.h>

#include "contracts/governance/messages.pb.h"
#include "contracts/governance/records.h"
#include "crypto/hash.h"
#include "model/limits.h"
#include "node/tests/test_network.h"
#include "ordering/cometbft/application.h"

namespace xl::node::testing {
namespace {

namespace comet = ordering::cometbft;
namespace abci = xinglin::abci::v1;

class CometApplication : public ::testing::Test {
 protected:
  void SetUp() override {
    network.open_chain();
    start();
  }

  void start() {
    application.emplace(
        *network.chain, network.clock,
        comet::Application::Hooks{
            [this](comet::ExecutedBlock block) { executed.push_back(std::move(block)); },
            {},
            [this](const chain::Misbehaviour& proved) { told.push_back(proved); },
            {}});
  }
  /// As after a crash: what was not durable is gone.
  void reopen() {
    application.reset();
    network.close();
    network.open_chain();
    start();
  }

  abci::Response call(const abci::Request& request) {
    abci::Response response;
    application->handle(request, response);
    return response;
  }

  Bytes envelope(const std::vector<Bytes>& transactions) {
    return model::seal_envelope(
        model::key_id_of(network.hospital.algorithm(), network.hospital.public_key()), ++sequence,
        transactions, network.hospital);
  }

  abci::ResponseCheckTx check(ByteView tx, abci::CheckTxType type = abci::NEW) {
    abci::Request request;
    request.mutable_check_tx()->set_tx(std::string(text_of(tx)));
    request.mutable_check_tx()->set_type(type);
    return call(request).check_tx();
  }

  std::vector<comet::Refusal> refusals(const abci::ResponseCheckTx& answer) {
    std::vector<comet::Refusal> out;
    EXPECT_TRUE(comet::decode_refusals(view_of(answer.data()), out));
    return out;
  }

  void set_time(abci::Timestamp* time, std::uint64_t ms) {
    time->set_seconds(static_cast<std::int64_t>(ms / 1000));
    time->set_nanos(static_cast<std::int32_t>(ms % 1000 * 1'000'000));
  }

  std::vector<std::string> propose(const std::vector<Bytes>& txs, std::uint64_t block_ms,
                                   std::int64_t bytes_max = 4 << 20) {
    abci::Request request;
    auto* prepare = request.mutable_prepare_proposal();
    for (const Bytes& tx : txs) prepare->add_txs(std::string(text_of(tx)));
    prepare->set_max_tx_bytes(bytes_max);
    set_time(prepare->mutable_time(), block_ms);
    const abci::Response response = call(request);
    return {response.prepare_proposal().txs().begin(), response.prepare_proposal().txs().end()};
  }

  bool accepts(const std::vector<Bytes>& txs) {
    abci::Request request;
    auto* proposal = request.mutable_process_proposal();
    for (const Bytes& tx : txs) proposal->add_txs(std::string(text_of(tx)));
    return call(request).process_proposal().status() == abci::ResponseProcessProposal::ACCEPT;
  }

  abci::ResponseFinalizeBlock finalize(std::int64_t height, const std::vector<Bytes>& txs,
                                       const std::string& hash) {
    abci::Request request;
    auto* block = request.mutable_finalize_block();
    block->set_height(height);
    block->set_hash(hash);
    set_time(block->mutable_time(), network.clock.now_ms());
    for (const Bytes& tx : txs) block->add_txs(std::string(text_of(tx)));
    if (liar) {
      auto* proof = block->add_misbehavior();
      proof->set_type(abci::DUPLICATE_VOTE);
      proof->mutable_validator()->set_address(std::string(text_of(*liar)));
      proof->set_height(liar_height);
    }
    return call(request).finalize_block();
  }

  void commit() {
    abci::Request request;
    request.mutable_commit();
    EXPECT_TRUE(call(request).has_commit());
  }

  abci::ResponseInfo info() {
    abci::Request request;
    request.mutable_info();
    return call(request).info();
  }

  Network network{start_ms};
  std::optional<comet::Application> application;
  std::vector<comet::ExecutedBlock> executed;
  std::vector<chain::Misbehaviour> told;
  std::optional<Bytes> liar;  // the next blocks hold a proof against it
  std::int64_t liar_height = 0;
  std::uint64_t sequence = 0;
};

TEST_F(CometApplication, ANewLedgerIsAtHeightZeroAndInitChainGivesItsFounding) {
  EXPECT_EQ(info().last_block_height(), 0);
  EXPECT_TRUE(info().last_block_app_hash().empty());
  abci::Request request;
  auto* init = request.mutable_init_chain();
  init->set_chain_id("test-solo");
  auto* validator = init->add_validators();
  validator->mutable_pub_key()->set_ed25519(std::string(text_of(network.validator.public_key())));
  validator->set_power(10);
  const abci::Response right = call(request);
  EXPECT_EQ(right.init_chain().app_hash(), text_of(network.chain->head().app_hash));
  validator->set_power(11);
  EXPECT_TRUE(call(request).has_exception());
  validator->set_power(10);
  init->set_chain_id("another");
  EXPECT_TRUE(call(request).has_exception());
}

TEST_F(CometApplication, CheckTxNamesEachTransactionThatCannotGo) {
  EXPECT_EQ(check(envelope({network.transaction(1), network.transaction(2)})).code(), 0U);

  model::Body late = network.body(3);
  late.valid_until_ms = network.clock.now_ms() - 1;
  Bytes forged = network.transaction(4);
  forged.back() ^= 1U;
  const auto answer =
      check(envelope({network.transaction(5), model::sign_transaction(late, {&network.hospital}),
                      forged, Bytes{1, 2, 3}}));
  EXPECT_NE(answer.code(), 0U);
  const auto refused = refusals(answer);
  ASSERT_EQ(refused.size(), 3U);
  EXPECT_EQ(refused[0].position, 1);
  EXPECT_EQ(refused[0].code, ErrorCode::transaction_expired);
  EXPECT_EQ(refused[1].position, 2);
  EXPECT_EQ(refused[1].code, ErrorCode::signature_invalid);
  EXPECT_EQ(refused[2].position, 3);
}

TEST_F(CometApplication, CheckTxRefusesWhatNoMemberSigned) {
  Bytes altered = envelope({network.transaction(1)});
  altered.back() ^= 1U;
  auto refused = refusals(check(altered));
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].position, comet::Refusal::whole_envelope);
  EXPECT_EQ(refused[0].code, ErrorCode::envelope_signature_invalid);

  const crypto::SigningKey stranger = key_of(77);
  const Bytes strange =
      model::seal_envelope(model::key_id_of(stranger.algorithm(), stranger.public_key()), 1,
                           {network.transaction(1)}, stranger);
  refused = refusals(check(strange));
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].code, ErrorCode::key_unknown);

  refused = refusals(check(Bytes(100, 7)));
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].code, ErrorCode::envelope_malformed);
}

TEST_F(CometApplication, AProposalHoldsOnlySoundEnvelopesThatFit) {
  const Bytes good = envelope({network.transaction(1)});
  const Bytes other = envelope({network.transaction(2)});
  Bytes forged = envelope({network.transaction(3)});
  forged.back() ^= 1U;
  const auto all = propose({Bytes(50, 1), good, forged, other}, start_ms);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0], text_of(good));
  EXPECT_EQ(all[1], text_of(other));
  // A tag, the length in two bytes, the envelope.
  const auto exact = static_cast<std::int64_t>(good.size()) + 3;
  EXPECT_EQ(propose({good, other}, start_ms, exact).size(), 1U);
  EXPECT_EQ(propose({good, other}, start_ms, exact - 1).size(), 0U);
}

/// A member alone decides that it may send 10,000 transactions an hour, and sends all but one.
TEST_F(CometApplication, WhatIsBeyondAMembersQuotaIsNeitherAdmittedNorProposed) {
  application.reset();
  network.close();
  fs::remove_all(network.directory);
  network.governed = true;
  network.open_chain();
  start();
  constexpr std::uint64_t hour_ms = 3'600'000;
  constexpr std::uint32_t most = 10'000;
  namespace governance = contracts::governance;
  xinglin::governance::v1::Propose proposal;
  proposal.set_proposal(std::string(16, 'q'));
  proposal.set_proposer(std::string(text_of(id_of(9).bytes)));
  proposal.set_title("Fewer transactions");
  proposal.set_closes_ms(start_ms + hour_ms);
  proposal.mutable_parameters()->set_quota_operations(most);
  xinglin::governance::v1::Vote vote;
  vote.set_proposal(proposal.proposal());
  vote.set_member(proposal.proposer());
  vote.set_ballot(1);
  model::Body body = network.body(1);
  body.messages = {{governance::contract_number, governance::propose_type, model::encode(proposal)},
                   {governance::contract_number, governance::vote_type, model::encode(vote)}};
  finalize(1, {envelope({model::sign_transaction(body, {&network.hospital})})}, "1");
  commit();
  ASSERT_EQ(executed.back().result.receipts.at(0).entry().status, 0);
  network.clock.advance_ms(hour_ms);  // the next period: the quota is whole

  std::uint32_t sent = 0;
  std::vector<Bytes> all;
  while (sent < most - 1) {
    std::vector<Bytes> some;
    for (; some.size() < 500 && sent < most - 1; ++sent) {
      some.push_back(network.numbered_transaction(sent));
    }
    all.push_back(envelope(some));
  }
  finalize(2, all, "2");
  commit();
  ASSERT_EQ(executed.back().result.receipts.size(), most - 1);

  const Bytes last = envelope({network.numbered_transaction(sent)});
  const Bytes next = envelope({network.numbered_transaction(sent + 1)});
  const Bytes two =
      envelope({network.numbered_transaction(sent + 2), network.numbered_transaction(sent + 3)});
  const auto refused = refusals(check(two));
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].position, comet::Refusal::whole_envelope);
  EXPECT_EQ(refused[0].code, ErrorCode::member_quota_exceeded);
  EXPECT_EQ(check(last).code(), 0U);
  EXPECT_EQ(check(next).code(), 0U);  // each alone fits
  const std::uint64_t now = network.clock.now_ms();
  EXPECT_EQ(propose({two, last, next}, now), std::vector<std::string>{std::string(text_of(last))});
  // A proposer that takes no notice hurts nobody: the blocks' own count holds.
  finalize(3, {last, next}, "3");
  commit();
  EXPECT_EQ(executed.back().result.receipts.size(), 1U);
  ASSERT_EQ(executed.back().result.rejections.size(), 1U);
  EXPECT_EQ(executed.back().result.rejections[0].error.code, ErrorCode::member_quota_exceeded);
  network.clock.advance_ms(hour_ms);
  const Bytes later = envelope({network.numbered_transaction(sent + 4)});
  EXPECT_EQ(check(later).code(), 0U);
}

TEST_F(CometApplication, AfterAHaltNothingIsProposedThatTheOldTimeWouldReject) {
  network.clock.advance_ms(24ULL * 3600 * 1000);
  const Bytes fresh = envelope({network.transaction(1)});
  EXPECT_EQ(check(fresh).code(), 0U);
  EXPECT_TRUE(propose({fresh}, start_ms).empty());
  EXPECT_EQ(propose({fresh}, network.clock.now_ms()).size(), 1U);
}

TEST_F(CometApplication, AnotherMembersProposalIsAcceptedUnlessItsBytesOrSignaturesAreWrong) {
  const Bytes good = envelope({network.transaction(1)});
  EXPECT_TRUE(accepts({}));
  EXPECT_TRUE(accepts({good}));
  EXPECT_FALSE(accepts({good, Bytes(10, 1)}));
  Bytes altered = envelope({network.transaction(2)});
  altered.back() ^= 1U;
  EXPECT_FALSE(accepts({altered}));
  Bytes forged = network.transaction(3);
  forged.back() ^= 1U;
  EXPECT_FALSE(accepts({envelope({forged})}));
  std::vector<Bytes> many;
  for (std::uint32_t i = 0; i <= limits::block_envelopes_max; ++i) {
    many.push_back(envelope({network.numbered_transaction(i)}));
  }
  EXPECT_FALSE(accepts(many));
  many.pop_back();
  EXPECT_TRUE(accepts(many));
}

TEST_F(CometApplication, ABlockOfAnythingHasAResultForEachAndHurtsNoNeighbour) {
  const Bytes good = network.transaction(1);
  const auto answer =
      finalize(1, {Bytes(10, 1), Bytes(), envelope({Bytes{9}, good}), envelope({good})}, "a");
  ASSERT_EQ(answer.tx_results_size(), 4);
  for (const auto& result : answer.tx_results()) EXPECT_EQ(result.code(), 0U);
  commit();
  ASSERT_EQ(executed.size(), 1U);
  ASSERT_EQ(executed[0].result.receipts.size(), 1U);
  EXPECT_EQ(executed[0].result.receipts[0].entry().index, 2U);
  EXPECT_EQ(executed[0].result.receipts[0].entry().envelope_index, 1U);
  EXPECT_EQ(executed[0].result.rejections.size(), 4U);  // two envelopes, {9}, and the replay
  EXPECT_EQ(executed[0].result.rejections.back().error.code, ErrorCode::transaction_replayed);
}

TEST_F(CometApplication, FinalizeLeavesNothingOnDiskAndCommitEverything) {
  const Bytes tx = envelope({network.transaction(1)});
  const std::string app_hash = finalize(1, {tx}, "block").app_hash();
  EXPECT_NE(app_hash, text_of(network.chain->head().app_hash));
  EXPECT_EQ(info().last_block_height(), 0);
  reopen();
  EXPECT_EQ(info().last_block_height(), 0);
  EXPECT_EQ(network.chain->head().history_size, 0U);
  // The engine sends the block again, and once more after it was itself started again.
  EXPECT_EQ(finalize(1, {tx}, "block").app_hash(), app_hash);
  EXPECT_EQ(finalize(1, {tx}, "block").app_hash(), app_hash);
  commit();
  reopen();
  EXPECT_EQ(info().last_block_height(), 1);
  EXPECT_EQ(info().last_block_app_hash(), app_hash);
  EXPECT_EQ(network.chain->head().history_size, 1U);
}

TEST_F(CometApplication, WhoBrokeTheRulesIsRememberedOnceTheBlockThatProvesItIsDurable) {
  liar = Bytes(20, 7);
  liar_height = 5;
  const std::string before = finalize(1, {}, "proof").app_hash();
  EXPECT_TRUE(told.empty());
  reopen();
  EXPECT_TRUE(network.chain->misbehaviour()->empty());
  (void)finalize(1, {}, "proof");
  commit();
  const std::vector<chain::Misbehaviour> expected = {{*liar, 5, 1, true}};
  EXPECT_EQ(told, expected);
  reopen();
  EXPECT_EQ(*network.chain->misbehaviour(), expected);
  // The list is bounded, the newest stay; it is no part of the state.
  for (std::int64_t height = 2; height <= 70; ++height) {
    liar_height = height;
    EXPECT_EQ(finalize(height, {}, std::to_string(height)).app_hash(), before);
    commit();
  }
  const auto kept = *network.chain->misbehaviour();
  ASSERT_EQ(kept.size(), 64U);
  EXPECT_EQ(kept.front().height, 7U);
  EXPECT_EQ(kept.back().height, 70U);
}

TEST_F(CometApplication, EmptyBlocksLeaveTheAppHashAlone) {
  const std::string before = finalize(1, {}, "one").app_hash();
  EXPECT_EQ(before, text_of(network.chain->head().app_hash));
  commit();
  EXPECT_EQ(finalize(2, {}, "two").app_hash(), before);
  commit();
  EXPECT_EQ(info().last_block_height(), 2);
}

TEST_F(CometApplication, WhatRanIsNeitherAdmittedAgainNorKeptInTheMempool) {
  const Bytes first = network.transaction(1);
  const Bytes one = envelope({first});
  const Bytes both = envelope({first, network.transaction(2)});
  EXPECT_EQ(check(one).code(), 0U);
  EXPECT_EQ(check(both).code(), 0U);
  (void)finalize(1, {one}, "block");
  commit();
  // Its second transaction can still run, so the envelope stays; nothing of the other can.
  EXPECT_EQ(check(both, abci::RECHECK).code(), 0U);
  EXPECT_NE(check(one, abci::RECHECK).code(), 0U);
  const auto refused = refusals(check(envelope({first})));
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].code, ErrorCode::transaction_replayed);
}

TEST_F(CometApplication, PeersAreThoseOfTheList) {
  application.emplace(
      *network.chain, network.clock,
      comet::Application::Hooks{{}, [](std::string_view id) { return id == "abc"; }, {}, {}});
  abci::Request request;
  request.mutable_query()->set_path("/p2p/filter/id/abc");
  EXPECT_EQ(call(request).query().code(), 0U);
  request.mutable_query()->set_path("/p2p/filter/id/abd");
  EXPECT_NE(call(request).query().code(), 0U);
  request.mutable_query()->set_path("/p2p/filter/addr/1.2.3.4:5");
  EXPECT_EQ(call(request).query().code(), 0U);
  request.mutable_query()->set_path("/state");
  EXPECT_NE(call(request).query().code(), 0U);
}

}  // namespace
}  // namespace xl::node::testing
