// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whatever moment the node dies in, every record that was acknowledged is there with its
// content, its anchor and its index entry, every read that was served is in the journal, and
// nothing is half-written. Method: a child process runs the node and clients that write
// transactions of several records and read some; it notes each acknowledgement in a pipe and is
// killed with SIGKILL at a random moment, 20 times (XL_FULL=1: 200); then the node is started again
// and asked. Every second time the index is first put back as it was at the last orderly stop: a
// power cut takes what was not synced, and the index is synced behind the answers.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "base/file.h"
#include "node/tests/live_node.h"
#include "node/tools/ledger_verify.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

constexpr std::uint32_t records_each = 3;
constexpr std::uint32_t read_flag = 1U << 31U;

std::string record_id(std::uint32_t number, std::uint32_t part) {
  return "k" + std::to_string(number) + "-" + std::to_string(part);
}

std::string transaction_of(std::uint32_t number) {
  std::string entries;
  for (std::uint32_t part = 0; part < records_each; ++part) {
    const std::string id = record_id(number, part);
    if (!entries.empty()) entries += ',';
    entries += R"({"resource":)" + observation_json(id, "p1", std::to_string(number) + ".50") +
               R"(,"request":{"method":"PUT","url":"Observation/)" + id + R"("}})";
  }
  return R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entries + "]}";
}

void note(int out, std::uint32_t number) {
  if (::write(out, &number, sizeof number) != sizeof number) ::_exit(9);
}

/// Runs the node and writes and reads until the process is killed.
[[noreturn]] void work_until_killed(LiveNode& live, int out, std::uint32_t first) {
  live.start();
  if (live.node == nullptr) ::_exit(8);
  std::atomic<std::uint32_t> next{first};
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i) {
    workers.emplace_back([&live, &next, out] {
      FhirClient north(live.hospital(0), live.organisations[0]);
      for (;;) {
        const std::uint32_t number = next.fetch_add(1);
        if (north.post("", transaction_of(number)).status != 200U) continue;
        note(out, number);
        if (north.get("Observation/" + record_id(number, 0)).status == 200U) {
          note(out, number | read_flag);
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  ::_exit(0);
}

/// How often each record was read, by the journal: of a Observation's id.
std::map<std::string, std::size_t> journalled_reads(custody::Organisation& organisation,
                                                    const model::Id& patient) {
  std::map<model::Id, std::size_t> records;
  std::uint64_t after = 0;
  for (;;) {
    const auto page = organisation.stores().journal().entries_of(patient, after, 256);
    EXPECT_TRUE(page.ok());
    if (!page.ok() || page->empty()) break;
    after = page->back().sequence;
    for (const vault::KeptEntry& kept : *page) {
      if (kept.entry.action != "read") continue;
      ++records[*model::id_from_bytes(ByteView(kept.entry.subject).first(16))];
    }
  }
  std::map<std::string, std::size_t> out;
  for (const auto& [record, count] : records) {
    const auto opened = organisation.stores().vault().get({record, 1});
    if (!opened.ok()) continue;
    const auto labels = custody::decode_labels(opened->labels);
    if (labels.ok()) out[labels->id()] = count;
  }
  return out;
}

/// Reads that were answered, of the first record of each number.
using Answered = std::map<std::uint32_t, std::size_t>;

/// Before anything is asked: each read that was answered is in the journal, as often.
void expect_reads_kept(LiveNode& live, const Answered& read) {
  custody::Organisation& organisation = *live.node->custody().find(live.organisations[0]);
  const auto patient = organisation.stores().index().current("Patient", "p1");
  ASSERT_TRUE(patient.ok());
  const auto kept = journalled_reads(organisation, patient->patient);
  for (const auto& [one, count] : read) {
    const auto found = kept.find(record_id(one, 0));
    ASSERT_TRUE(found != kept.end()) << one;
    ASSERT_GE(found->second, count) << one;
  }
}

/// Asks the node that came up again for everything that was acknowledged.
void expect_everything(LiveNode& live, const std::set<std::uint32_t>& written, Answered& read) {
  ASSERT_NE(live.node, nullptr);
  expect_reads_kept(live, read);
  FhirClient north(live.hospital(0), live.organisations[0]);
  for (const std::uint32_t one : written) {
    for (std::uint32_t part = 0; part < records_each; ++part) {
      const auto answer = north.get("Observation/" + record_id(one, part));
      ASSERT_EQ(answer.status, 200U) << one;
      ASSERT_NE(answer.body.find("\"value\":" + std::to_string(one) + ".50"), std::string::npos);
      if (part == 0) ++read[one];
    }
  }
  custody::Organisation& organisation = *live.node->custody().find(live.organisations[0]);
  const auto counted = organisation.stores().bodies().count();
  ASSERT_TRUE(counted.ok());
  EXPECT_EQ(counted->pending, 0U);  // all settled at the start
  ASSERT_TRUE(organisation.stores().keyring().verify().ok());
  // All of a transaction or nothing of it.
  query::HistoryQuery all;
  all.type = "Observation";
  all.count = 1000;
  std::map<std::uint32_t, std::uint32_t> parts;
  do {
    const auto page = organisation.stores().index().history(all);
    ASSERT_TRUE(page.ok());
    for (const query::RecordEntry& entry : page->entries) {
      ++parts[static_cast<std::uint32_t>(std::stoul(entry.id.substr(1)))];
    }
    all.cursor = page->next_cursor;
  } while (!all.cursor.empty());
  for (const auto& [one, count] : parts) ASSERT_EQ(count, records_each) << one;
}

void expect_ledger_intact(const LiveNode& live) {
  const auto genesis = load_genesis(live.layout());
  ASSERT_TRUE(genesis.ok());
  state::Database::Options open;
  open.create_if_missing = false;
  open.read_only = true;
  const auto database = state::Database::open(live.layout().ledger(), open);
  ASSERT_TRUE(database.ok());
  const contracts::Registry registry = contracts::make_registry();
  const auto report =
      verify_ledger(**database, registry, *genesis, [](std::uint64_t, std::uint64_t) {});
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->damage.has_value());
}

/// The files of the indexes and their logs, by path, with their content.
std::map<std::filesystem::path, Bytes> index_files(const LiveNode& live) {
  std::map<std::filesystem::path, Bytes> out;
  for (const auto& entry : std::filesystem::directory_iterator(live.layout().root / "index")) {
    auto content = read_file(entry.path(), std::size_t{64} << 20U);
    EXPECT_TRUE(content.ok());
    if (content.ok()) out.emplace(entry.path(), std::move(*content));
  }
  return out;
}

void put_back(const LiveNode& live, const std::map<std::filesystem::path, Bytes>& files) {
  for (const auto& [path, content] : index_files(live)) std::filesystem::remove(path);
  for (const auto& [path, content] : files) {
    ASSERT_TRUE(write_new_file(path, content).ok());
  }
}

TEST(RecordCrash, NothingAcknowledgedIsLostAndNothingIsHalfWritten) {
  LiveNode live("crash");
  std::mt19937 dice(20261121);
  const int kills = std::getenv("XL_FULL") != nullptr ? 200 : 20;
  std::set<std::uint32_t> written;
  Answered read;
  const auto note_told = [&](std::uint32_t told) {
    if ((told & read_flag) != 0) {
      ++read[told & ~read_flag];
    } else {
      written.insert(told);
    }
  };
  {
    live.start();
    FhirClient north(live.hospital(0), live.organisations[0]);
    ASSERT_EQ(north.put("Patient/p1", patient_json("p1", "Ann")).status, 201U);
    live.stop();
  }
  std::map<std::filesystem::path, Bytes> synced = index_files(live);
  ASSERT_FALSE(synced.empty());
  std::uint32_t first = 1;
  for (int kill_number = 0; kill_number < kills; ++kill_number) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      work_until_killed(live, ends[1], first);
    }
    ::close(ends[1]);
    std::uint32_t number = 0;
    // From the first acknowledgement on, at any moment.
    if (::read(ends[0], &number, sizeof number) == sizeof number) {
      note_told(number);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(dice() % 120));
    ::kill(child, SIGKILL);
    while (::read(ends[0], &number, sizeof number) == sizeof number) {
      note_told(number);
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    first = 100'000U * static_cast<std::uint32_t>(kill_number + 1);

    if (kill_number % 2 == 1) put_back(live, synced);
    live.start();
    expect_everything(live, written, read);
    live.stop();
    synced = index_files(live);
  }
  EXPECT_GT(written.size(), static_cast<std::size_t>(kills));
  expect_ledger_intact(live);
}

}  // namespace
}  // namespace xl::node
