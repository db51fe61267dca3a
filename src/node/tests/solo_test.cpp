// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what solo acknowledges is durable, proved by a receipt that the genesis alone verifies, and
// refused exactly when a rule says so. Method: a real store in a temporary folder, real keys,
// transactions good and bad, reopening, and receipts with every part altered.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "base/file.h"
#include "chain/records.h"
#include "contracts/records/status.h"
#include "model/limits.h"
#include "node/disk.h"
#include "node/forgetting.h"
#include "node/tests/test_network.h"
#include "node/tools/ledger_verify.h"
#include "ordering/solo/mark.h"
#include "query/ledger.h"

namespace xl::node {
namespace {

using testing::key_of;
namespace fs = std::filesystem;
using testing::Network;
using testing::start_ms;

TEST(Solo, ReceiptsVerifyWithTheGenesisAloneAlsoAfterReopening) {
  Network network(start_ms);
  network.open();
  std::vector<Hash> ids;
  for (std::uint8_t i = 1; i <= 100; ++i) {
    const ordering::Outcome outcome = network.submit(network.transaction(i));
    ASSERT_TRUE(outcome.ok()) << outcome.error().text();
    EXPECT_EQ(outcome->status, contracts::records::patient_unknown);
    ids.push_back(outcome->transaction_id);
    network.clock.advance_ms(5);
    if (i == 60) {
      network.close();
      network.open();
    }
  }
  EXPECT_EQ(network.chain->head().history_size, 100U);
  const model::Genesis genesis = network.genesis();
  for (const Hash& id : ids) {
    const auto receipt = network.chain->receipt(id);
    ASSERT_TRUE(receipt.ok()) << receipt.error().text();
    const Status verdict = model::verify_receipt(*receipt, genesis);
    ASSERT_TRUE(verdict.ok()) << verdict.error().text();
    const auto reread = model::read_receipt(model::write_receipt(*receipt));
    ASSERT_TRUE(reread.ok()) << reread.error().text();
    EXPECT_TRUE(model::verify_receipt(*reread, genesis).ok());
  }
}

TEST(Solo, EveryAlteredCharacterOfAReceiptIsNoticed) {
  Network network(start_ms);
  network.open();
  const ordering::Outcome outcome = network.submit(network.transaction(1));
  ASSERT_TRUE(outcome.ok());
  ASSERT_TRUE(network.submit(network.transaction(2)).ok());
  const auto receipt = network.chain->receipt(outcome->transaction_id);
  ASSERT_TRUE(receipt.ok());
  const std::string text = model::write_receipt(*receipt);
  const model::Genesis genesis = network.genesis();
  std::size_t noticed = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ' || text[i] == '\n') continue;
    std::string altered = text;
    altered[i] = altered[i] == '1' ? '2' : '1';
    const auto read = model::read_receipt(altered);
    if (!read.ok() || !model::verify_receipt(*read, genesis).ok()) {
      ++noticed;
      continue;
    }
    ADD_FAILURE() << "not noticed: " << text.substr(i < 30 ? 0 : i - 30, 60);
  }
  EXPECT_GT(noticed, 2000U);
}

TEST(Solo, StateProofsOfPresenceAndAbsenceAtEarlierHeights) {
  Network network(start_ms);
  network.open();
  const model::Genesis genesis = network.genesis();
  for (std::uint8_t i = 1; i <= 40; ++i) ASSERT_TRUE(network.submit(network.transaction(i)).ok());
  const auto head = network.chain->head();
  // Replay marks are state: the mark of the last transaction is absent before it and present after.
  const auto last = model::decode_transaction(network.transaction(40));
  ASSERT_TRUE(last.ok());
  const Bytes mark = verification::replay_mark_key(last->body.valid_until_ms, last->id);
  for (const std::uint64_t height : {head.height, head.height - 2, head.height - 60}) {
    const auto receipt = network.chain->state_receipt(mark, height);
    ASSERT_TRUE(receipt.ok()) << receipt.error().text();
    EXPECT_EQ(receipt->state->value.has_value(), height == head.height);
    const Status verdict = model::verify_receipt(*receipt, genesis);
    EXPECT_TRUE(verdict.ok()) << verdict.error().text();
    auto lie = *receipt;
    lie.state->value = height == head.height ? std::nullopt : std::optional(Bytes{1});
    EXPECT_FALSE(model::verify_receipt(lie, genesis).ok());
  }
  EXPECT_EQ(network.chain->state_receipt(mark, head.height + 2).error().code,
            ErrorCode::height_unknown);
}

TEST(Solo, TakesNothingWhileTheDiskHasNoRoom) {
  Network network(start_ms);
  std::atomic<bool> full{false};
  ordering::solo::Options options;
  options.intake.room = [&full]() -> Status {
    return full ? Status(make_error(ErrorCode::disk_nearly_full)) : Status{};
  };
  network.open(options);
  ASSERT_TRUE(network.submit(network.transaction(1)).ok());
  const auto before = network.chain->head().signed_height;
  full = true;
  const Bytes waiting = network.transaction(2);
  EXPECT_EQ(network.submit(waiting).error().code, ErrorCode::disk_nearly_full);
  EXPECT_EQ(network.engine->queued(), 0U);
  EXPECT_EQ(network.chain->head().signed_height, before);
  full = false;
  EXPECT_TRUE(network.submit(waiting).ok());  // it left no mark: the same bytes are taken later
}

TEST(Solo, ADiskIsWatchedByWhatIsFree) {
  const DiskWatch here(std::filesystem::temp_directory_path());
  EXPECT_TRUE(here.room(1).ok());
  EXPECT_EQ(here.room(std::uint64_t{1} << 62U).error().code, ErrorCode::disk_nearly_full);
  EXPECT_TRUE(DiskWatch("/nowhere/at/all").room(1).ok());  // it does not tell
}

TEST(Solo, RejectsAttacksWithTheirOwnNumbers) {
  Network network(start_ms);
  network.open();
  const Bytes good = network.transaction(1);
  ASSERT_TRUE(network.submit(good).ok());
  EXPECT_EQ(network.submit(good).error().code, ErrorCode::transaction_replayed);

  model::Body other_network = network.body(2);
  other_network.network[0] ^= 1;
  EXPECT_EQ(
      network.submit(model::sign_transaction(other_network, {&network.hospital})).error().code,
      ErrorCode::wrong_network);

  model::Body expired = network.body(3);
  expired.valid_until_ms = network.clock.now_ms() - 1;
  EXPECT_EQ(network.submit(model::sign_transaction(expired, {&network.hospital})).error().code,
            ErrorCode::transaction_expired);
  model::Body too_long = network.body(3);
  too_long.valid_until_ms = network.clock.now_ms() + limits::validity_window_ms + 1000;
  EXPECT_EQ(network.submit(model::sign_transaction(too_long, {&network.hospital})).error().code,
            ErrorCode::validity_too_long);

  const crypto::SigningKey stranger = key_of(77);
  model::Body unknown = network.body(4);
  unknown.signers[0].key_id = model::key_id_of(stranger.algorithm(), stranger.public_key());
  EXPECT_EQ(network.submit(model::sign_transaction(unknown, {&stranger})).error().code,
            ErrorCode::key_unknown);
  // A registered key is named, a stranger signs.
  EXPECT_EQ(network.submit(model::sign_transaction(network.body(5), {&stranger})).error().code,
            ErrorCode::signature_invalid);
  model::Body algorithm = network.body(6);
  algorithm.signers[0].algorithm = crypto::Algorithm::p256;
  EXPECT_EQ(network.submit(model::sign_transaction(algorithm, {&network.hospital})).error().code,
            ErrorCode::key_algorithm_mismatch);

  const Bytes body = model::encode_body(network.body(7));
  const Bytes signature = network.hospital.sign(model::signed_bytes(body));
  EXPECT_EQ(network.submit(model::encode_transaction(body, {})).error().code,
            ErrorCode::signature_missing);
  EXPECT_EQ(network.submit(model::encode_transaction(body, {signature, signature})).error().code,
            ErrorCode::signature_extra);
  model::Body contract = network.body(8);
  contract.messages[0].contract = 120;
  EXPECT_EQ(network.submit(model::sign_transaction(contract, {&network.hospital})).error().code,
            ErrorCode::contract_unknown);
  model::Body payload = network.body(9);
  payload.messages[0].payload.push_back(0);
  EXPECT_EQ(network.submit(model::sign_transaction(payload, {&network.hospital})).error().code,
            ErrorCode::message_malformed);
  // Nothing of the above left a trace.
  EXPECT_EQ(network.chain->head().history_size, 1U);
}

/// Signs `count` blocks' worth and gives the error of starting again over what `harm` left.
ErrorCode reopened_after(std::uint8_t count, const std::function<void(const Network&)>& harm) {
  Network network(start_ms);
  network.open();
  const fs::path early = network.directory.string() + "-early";
  for (std::uint8_t i = 1; i <= count; ++i) {
    EXPECT_TRUE(network.submit(network.transaction(i)).ok());
    if (i == count / 2) {
      network.close();
      fs::remove_all(early);
      fs::copy(network.directory, early, fs::copy_options::recursive);
      network.open();
    }
  }
  network.close();
  harm(network);
  network.open_chain();
  ordering::solo::Options options;
  options.mark = network.mark();
  const auto started = ordering::solo::make_engine(*network.chain, network.clock, network.validator,
                                                   network.hospital, options);
  network.close();
  fs::remove_all(early);
  return started.ok() ? ErrorCode{} : started.error().code;
}

/// Puts the ledger of half the way in the place of the whole one; the mark stays.
void cut(const Network& network) {
  const Bytes mark = *read_file(network.mark(), 1000);
  fs::remove_all(network.directory);
  fs::copy(network.directory.string() + "-early", network.directory, fs::copy_options::recursive);
  EXPECT_TRUE(write_file_durably(network.mark(), mark).ok());
}

TEST(Solo, SignsNoSecondHistory) {
  EXPECT_EQ(reopened_after(4, [](const Network&) {}), ErrorCode{});
  EXPECT_EQ(reopened_after(4, cut), ErrorCode::signed_history_differs);
  EXPECT_EQ(reopened_after(4, [](const Network& network) { fs::remove(network.mark()); }),
            ErrorCode::signed_history_differs);
  EXPECT_EQ(reopened_after(4,
                           [](const Network& network) {
                             Bytes mark = *read_file(network.mark(), 1000);
                             mark[30] = mark[30] == 'a' ? 'b' : 'a';
                             EXPECT_TRUE(write_file_durably(network.mark(), mark).ok());
                           }),
            ErrorCode::signed_history_differs);
  EXPECT_EQ(reopened_after(4,
                           [](const Network& network) {
                             EXPECT_TRUE(write_file_durably(network.mark(), view_of("noise")).ok());
                           }),
            ErrorCode::signed_history_differs);
}

TEST(Solo, AVerificationMissesWhatWasCutOff) {
  Network network(start_ms);
  network.open();
  ASSERT_TRUE(network.submit(network.transaction(1)).ok());
  const std::uint64_t height = network.chain->head().signed_height;
  const auto mark = ordering::solo::read_mark(network.mark());
  ASSERT_TRUE(mark.ok()) << mark.error().text();
  EXPECT_EQ(mark->height, height);
  const auto verify = [&](const ordering::solo::Signed& last) {
    const auto report =
        verify_ledger(*network.database, network.registry, network.genesis(), {}, last);
    EXPECT_TRUE(report.ok());
    return report->damage ? report->damage->record : std::string();
  };
  EXPECT_EQ(verify(*mark), "");
  EXPECT_EQ(verify({height + 2, mark->block}), "block " + std::to_string(height + 1));
  EXPECT_EQ(verify({height, Hash{}}), "block " + std::to_string(height));
}

TEST(Solo, AVerificationReadsTheSetsOfValidators) {
  Network network(start_ms);
  network.open();
  ASSERT_TRUE(network.submit(network.transaction(1)).ok());
  const auto damage = [&] {
    const auto report = verify_ledger(*network.database, network.registry, network.genesis(), {});
    EXPECT_TRUE(report.ok());
    return report->damage ? report->damage->record + " " + report->damage->what : std::string();
  };
  const auto write = [&](std::uint64_t height, std::optional<Bytes> stored) {
    state::Batch batch;
    const Bytes key = chain::height_key(height);
    stored ? batch.put(state::Column::validators, key, *stored)
           : batch.erase(state::Column::validators, key);
    ASSERT_TRUE(network.database->write(std::move(batch), true).ok());
  };
  Bytes whole;
  ASSERT_TRUE(*network.database->get(state::Column::validators, chain::height_key(1), whole));
  EXPECT_EQ(damage(), "");
  Bytes altered = whole;
  altered[5] ^= 1U;
  write(1, altered);
  EXPECT_EQ(damage(), "validators from block 1 differ from those of the genesis");
  write(1, std::nullopt);
  EXPECT_EQ(damage(), "validators from block 1 is missing");
  write(1, whole);
  write(2, whole);
  EXPECT_EQ(damage(), "validators from block 2 was added");
}

TEST(Solo, AVerificationReadsWhatBlocksOverwrote) {
  Network network(start_ms);
  network.open();
  for (std::uint8_t i = 1; i <= 3; ++i) ASSERT_TRUE(network.submit(network.transaction(i)).ok());
  const auto damage = [&] {
    const auto report = verify_ledger(*network.database, network.registry, network.genesis(), {});
    EXPECT_TRUE(report.ok());
    return report->damage ? report->damage->record + " " + report->damage->what : std::string();
  };
  EXPECT_EQ(damage(), "");
  Bytes key;
  Bytes value;
  const auto note = [&](ByteView at, ByteView stored) {
    key = copy_of(at);
    value = copy_of(stored);
    return read_be<std::uint64_t>(at) == 0;  // the founding's own
  };
  ASSERT_TRUE(network.database->scan(state::Column::undo, {}, {}, note).ok());
  const std::string name =
      "what block " + std::to_string(read_be<std::uint64_t>(key)) + " overwrote";
  const auto write = [&](ByteView at, std::optional<Bytes> stored) {
    state::Batch batch;
    stored ? batch.put(state::Column::undo, at, *stored) : batch.erase(state::Column::undo, at);
    ASSERT_TRUE(network.database->write(std::move(batch), true).ok());
  };
  Bytes altered = value;
  altered.back() = static_cast<std::uint8_t>(altered.back() ^ 1U);
  write(key, altered);
  EXPECT_EQ(damage(), name + " differs from what running the block gives");
  write(key, std::nullopt);
  EXPECT_EQ(damage(), name + " is missing");
  write(key, value);
  EXPECT_EQ(damage(), "");
  const std::uint64_t beyond = network.chain->head().signed_height + 5;
  const Bytes added = chain::height_key(beyond);
  write(added, value);
  EXPECT_EQ(damage(), "what block " + std::to_string(beyond) + " overwrote was added");
}

TEST(Solo, OldBlocksAreForgottenWhileItGoesOn) {
  Network network(start_ms);
  network.open();
  const Log log;
  std::uint32_t sent = 0;
  std::atomic<bool> archive{true};
  std::atomic<int> asked{0};
  {
    // Whom the ledger lists as an archive keeps everything, whatever its settings say.
    const auto is_archive = [&] { return ++asked, archive.load(); };
    const Forgetting forgetting(*network.chain, 20, is_archive, log);
    while (sent < 40) ASSERT_TRUE(network.submit(network.numbered_transaction(++sent)).ok());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (asked == 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(network.chain->base(), 1U);
  archive = false;
  {
    const Forgetting forgetting(
        *network.chain, 20, [&] { return archive.load(); }, log);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (network.chain->base() < 10 && std::chrono::steady_clock::now() < deadline) {
      ASSERT_TRUE(network.submit(network.numbered_transaction(++sent)).ok());
    }
  }
  const std::uint64_t base = network.chain->base();
  EXPECT_GE(base, 10U);
  EXPECT_LE(base + 20, network.chain->head().signed_height);
  EXPECT_EQ(network.chain->block(base - 1).error().code, ErrorCode::block_not_kept);
  const query::Ledger ledger(*network.chain);
  EXPECT_EQ(ledger.events_behind(base - 1, 0, 1, 1).error().code, ErrorCode::block_not_kept);
  EXPECT_TRUE(ledger.events_behind(base, 0, 1, 1).ok());
  const auto first = model::decode_transaction(network.numbered_transaction(1));
  const auto gone = network.chain->receipt(first->id);
  EXPECT_EQ(gone.error().code, ErrorCode::transaction_unknown);
  EXPECT_NE(gone.error().message.find("is not kept here"), std::string::npos);
  const auto last = model::decode_transaction(network.numbered_transaction(sent));
  const auto receipt = network.chain->receipt(last->id);
  ASSERT_TRUE(receipt.ok()) << receipt.error().text();
  EXPECT_TRUE(model::verify_receipt(*receipt, network.genesis()).ok());
}

TEST(Solo, AnotherGenesisIsRefused) {
  Network network(start_ms);
  network.open();
  network.close();
  auto opened = state::Database::open(network.directory, {});
  ASSERT_TRUE(opened.ok());
  std::string text = network.genesis_text();
  text.replace(text.find("Test Hospital"), 4, "Fake");
  auto genesis = model::read_genesis(view_of(text));
  ASSERT_TRUE(genesis.ok());
  const auto chain = chain::Chain::open(**opened, network.registry, std::move(*genesis));
  ASSERT_FALSE(chain.ok());
  EXPECT_EQ(chain.error().code, ErrorCode::genesis_differs);
}

}  // namespace
}  // namespace xl::node
