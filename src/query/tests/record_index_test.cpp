// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: every search kind finds what FHIR says, pages are exact while records arrive, permissions
// come before matching, cursors cannot be made up, and nothing is readable on the disk. Method:
// tables over a few planted records; altered cursors; a search through the index's files.
#include "query/record_index.h"

#include <atomic>
#include <chrono>
#include <future>
#include <set>
#include <thread>
#include <utility>

#include "base/sqlite/database.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "model/tags.h"
#include "query/tests/index_fixture.h"

namespace xl::query {
namespace {

using test::code_of;
using test::entry_of;
using test::ids_of;
using test::patient_of;
using test::query_of;
using Ids = std::vector<std::string>;
using RecordIndexTest = test::IndexTest;

std::string observation(std::string_view id, std::string_view rest) {
  return R"({"resourceType":"Observation","id":")" + std::string(id) + R"(",)" + std::string(rest) +
         "}";
}
std::string coded(std::string_view id, std::string_view code = "1") {
  return observation(id,
                     R"("code":{"coding":[{"system":"s","code":")" + std::string(code) + R"("}]})");
}

TEST_F(RecordIndexTest, Tokens) {
  ASSERT_TRUE(index_->put(entry_of(coded("a"), 1)).ok());
  ASSERT_TRUE(
      index_->put(entry_of(observation("b", R"("code":{"coding":[{"code":"1"}]})"), 2)).ok());
  ASSERT_TRUE(index_->put(entry_of(coded("c", "Ab"), 3)).ok());
  const std::vector<std::pair<std::string, Ids>> cases = {
      {"1", {"a", "b"}}, {"s|1", {"a"}}, {"|1", {"b"}}, {"s|", {"a", "c"}},
      {"x|1", {}},       {"2", {}},      {"aB", {"c"}}, {"s|ab", {"c"}},
      {"S|1", {}},       {"1%", {}},     {"s|1|2", {}}, {"' OR 1=1 --", {}}};
  for (const auto& [value, ids] : cases) {
    EXPECT_EQ(find(query_of("Observation", {{"code", value}})), ids) << value;
  }
  Query either = query_of("Observation", {{"code", "Ab"}});
  either.criteria[0].values.push_back({Prefix::eq, "|1"});
  EXPECT_EQ(find(either), (Ids{"b", "c"}));
  EXPECT_EQ(find(query_of("Observation", {{"code", "1"}, {"code", "s|"}})), Ids{"a"});
}

TEST_F(RecordIndexTest, DatesWithPrefixes) {
  const std::vector<std::pair<std::string, std::string>> dates = {
      {"day", R"("effectiveDateTime":"2020-06-15")"},
      {"year", R"("effectiveDateTime":"2020")"},
      {"first", R"("effectiveInstant":"2020-01-01T00:00:00Z")"},
      {"last", R"("effectiveDateTime":"2020-12-31T23:59:59.999Z")"},
      {"open", R"("effectivePeriod":{"start":"2020-06-15"})"},
      {"until", R"("effectivePeriod":{"end":"2020-06-15"})"},
      {"next", R"("effectiveDateTime":"2021-01-01T00:00:00Z")"},
      {"zone", R"("effectiveDateTime":"2021-01-01T00:00:00+08:00")"}};
  std::uint32_t number = 0;
  for (const auto& [id, date] : dates) {
    ASSERT_TRUE(index_->put(entry_of(observation(id, date), ++number)).ok());
  }
  const std::vector<std::pair<std::string, Ids>> cases = {
      {"2020", {"day", "first", "last", "year", "zone"}},
      {"eq2020-06", {"day"}},
      {"ne2020", {"next", "open", "until"}},
      {"gt2020", {"next", "open"}},
      {"ge2020-12-31", {"last", "next", "open", "zone"}},
      {"lt2020", {"until"}},
      {"lt2020-01-01T00:00:00.001Z", {"first", "until", "year"}},
      {"le2020-01-01", {"first", "until"}},
      {"sa2020-06-14", {"day", "last", "next", "open", "zone"}},
      {"sa2020", {"next"}},
      {"eb2020-06-16", {"day", "first", "until"}},
      {"gt2020-12-31T23:59:59.998Z", {"last", "next", "open", "year"}},
      {"2021", {"next"}},
      {"2020-12-31T16:00:00Z", {"zone"}}};
  for (const auto& [value, ids] : cases) {
    auto found = find(query_of("Observation", {{"date", value}}));
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, ids) << value;
  }
  EXPECT_EQ(find(query_of("Observation", {{"date", "gt2020"}, {"date", "lt2021-06"}})).size(), 2U);
}

TEST_F(RecordIndexTest, ReferencesNamesAndTheRecordItself) {
  ASSERT_TRUE(
      index_->put(entry_of(observation("a", R"("subject":{"reference":"Patient/7"})"), 1)).ok());
  ASSERT_TRUE(
      index_->put(entry_of(observation("b", R"("subject":{"reference":"Group/7"})"), 2)).ok());
  ASSERT_TRUE(
      index_->put(entry_of(observation("c", R"("subject":{"reference":"http://h/Patient/7"})"), 3))
          .ok());
  EXPECT_EQ(find(query_of("Observation", {{"patient", "7"}})), Ids{"a"});
  EXPECT_EQ(find(query_of("Observation", {{"patient", "Patient/7"}})), Ids{"a"});
  EXPECT_EQ(find(query_of("Observation", {{"subject", "7"}})), (Ids{"a", "b"}));
  EXPECT_EQ(find(query_of("Observation", {{"subject", "Group/7"}})), Ids{"b"});
  EXPECT_EQ(find(query_of("Observation", {{"subject", "http://h/Patient/7"}})), Ids{"c"});
  EXPECT_EQ(find(query_of("Observation", {{"patient", "Group/7"}})), Ids{});
  EXPECT_EQ(find(query_of("Observation", {{"_id", "b"}})), Ids{"b"});
  EXPECT_EQ(find(query_of("Observation", {{"_id", "B"}})), Ids{});

  ASSERT_TRUE(index_
                  ->put(entry_of(R"({"resourceType":"Patient","id":"p","name":[
      {"family":"Müller-Łoś","given":["Éva"]},{"family":"张","given":["三"]}]})",
                                 4, 1, 1577836800000))
                  .ok());
  for (const std::string_view value : {"muller", "MÜL", "Müller-Los", "eva", "É", "张"}) {
    EXPECT_EQ(find(query_of("Patient", {{"name", std::string(value)}})), Ids{"p"}) << value;
  }
  for (const std::string_view value : {"los", "uller", "mullers", "%", "_", "*"}) {
    EXPECT_EQ(find(query_of("Patient", {{"name", std::string(value)}})), Ids{}) << value;
  }
  EXPECT_EQ(find(query_of("Patient", {{"given", "muller"}})), Ids{});
  EXPECT_EQ(find(query_of("Patient", {{"_lastUpdated", "2020"}})), Ids{"p"});
  EXPECT_EQ(find(query_of("Patient", {{"_lastUpdated", "lt2020"}})), Ids{});
  EXPECT_EQ(find(query_of("Patient", {{"_lastUpdated", "ge2020-01-01T00:00:00Z"}})), Ids{"p"});
}

TEST_F(RecordIndexTest, VersionsAndDeletions) {
  RecordEntry first = entry_of(coded("a", "old"), 1, 1, 1000);
  RecordEntry second = entry_of(coded("a", "new"), 1, 2, 2000);
  RecordEntry third = entry_of(coded("a", "gone"), 1, 3, 3000);
  third.deleted = true;
  ASSERT_TRUE(index_->put(second).ok());
  ASSERT_TRUE(index_->put(first).ok());  // late
  EXPECT_EQ(index_->current("Observation", "a")->version, 2U);
  EXPECT_EQ(find(query_of("Observation", {{"code", "new"}})), Ids{"a"});
  EXPECT_EQ(find(query_of("Observation", {{"code", "old"}})), Ids{});

  ASSERT_TRUE(index_->put(third).ok());
  EXPECT_TRUE(index_->current("Observation", "a")->deleted);
  EXPECT_EQ(find(query_of("Observation")), Ids{});
  EXPECT_EQ(index_->version("Observation", "a", 1)->last_updated_ms, 1000U);
  EXPECT_EQ(code_of(index_->version("Observation", "a", 4)), ErrorCode::index_record_unknown);
  EXPECT_EQ(code_of(index_->current("Condition", "a")), ErrorCode::index_record_unknown);

  HistoryQuery history;
  history.type = "Observation";
  history.id = "a";
  history.count = 2;
  auto page = index_->history(history);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->total, 3U);
  ASSERT_EQ(page->entries.size(), 2U);
  EXPECT_EQ(page->entries[0].version, 3U);
  EXPECT_TRUE(page->entries[0].deleted);
  history.cursor = page->next_cursor;
  page = index_->history(history);
  ASSERT_EQ(page->entries.size(), 1U);
  EXPECT_EQ(page->entries[0].version, 1U);
  EXPECT_EQ(page->next_cursor, "");
}

TEST_F(RecordIndexTest, AttachmentsLeadBackToWhatShowsThem) {
  const auto document = [](const std::string& id, const std::string& url, std::uint32_t record,
                           std::uint64_t version) {
    return entry_of(R"({"resourceType":"DocumentReference","id":")" + id +
                        R"(","content":[{"attachment":{"url":")" + url + "\"}}]}",
                    record, version, version * 1000);
  };
  ASSERT_TRUE(index_->put(document("d1", "Binary/b", 1, 1)).ok());
  ASSERT_TRUE(index_->put(document("d2", "http://elsewhere/fhir/Binary/b", 2, 1)).ok());
  ASSERT_TRUE(index_->put(document("d3", "Binary/c", 3, 1)).ok());
  ASSERT_TRUE(
      index_->put(entry_of(R"({"resourceType":"Media","id":"m","content":{"url":"Binary/b"}})", 4))
          .ok());
  const auto showing = [&] {
    std::set<std::string> out;
    const auto found = index_->showing("b", 10);
    EXPECT_TRUE(found.ok());
    for (const RecordEntry& one : *found) out.insert(one.id + "/" + std::to_string(one.version));
    return out;
  };
  EXPECT_EQ(showing(), (std::set<std::string>{"d1/1", "m/1"}));
  EXPECT_EQ(index_->showing("b", 1)->size(), 1U);
  // What showed it once stays one of them, as it is now.
  ASSERT_TRUE(index_->put(document("d1", "Binary/c", 1, 2)).ok());
  EXPECT_EQ(showing(), (std::set<std::string>{"d1/2", "m/1"}));
  EXPECT_TRUE(index_->version("DocumentReference", "d1", 1)->superseded);
  EXPECT_FALSE(index_->current("DocumentReference", "d1")->superseded);
}

TEST_F(RecordIndexTest, PutChecksAndRepeats) {
  const RecordEntry good = entry_of(coded("a"));
  ASSERT_TRUE(index_->put(good).ok());
  EXPECT_TRUE(index_->put(good).ok());  // a follower that starts again
  RecordEntry other = good;
  other.record = test::id_of(9, 1);
  EXPECT_EQ(code_of(index_->put(other)), ErrorCode::index_version_exists);

  const auto refused = [&](auto&& change) {
    RecordEntry entry = entry_of(coded("z"), 5);
    change(entry);
    const std::vector<RecordEntry> batch = {entry_of(coded("y"), 6), entry};
    return code_of(index_->put_batch(batch)) == ErrorCode::index_entry_invalid;
  };
  EXPECT_TRUE(refused([](RecordEntry& e) { e.type = ""; }));
  EXPECT_TRUE(refused([](RecordEntry& e) { e.type = "A b"; }));
  EXPECT_TRUE(refused([](RecordEntry& e) { e.id = ""; }));
  EXPECT_TRUE(refused([](RecordEntry& e) { e.id = "a_b"; }));
  EXPECT_TRUE(refused([](RecordEntry& e) { e.id = std::string(65, 'a'); }));
  EXPECT_TRUE(refused([](RecordEntry& e) { e.version = 0; }));
  EXPECT_TRUE(refused([](RecordEntry& e) { e.vault_version = 0; }));
  EXPECT_TRUE(refused([](RecordEntry& e) { e.record = {}; }));
  EXPECT_TRUE(refused([](RecordEntry& e) { e.patient = {}; }));
  EXPECT_TRUE(refused([](RecordEntry& e) { e.last_updated_ms = index_time_ms_max + 1; }));
  EXPECT_TRUE(refused([](RecordEntry& e) { e.terms[0].parameter = nullptr; }));
  EXPECT_TRUE(
      refused([](RecordEntry& e) { e.terms[0].facet.text.resize(2 * term_bytes_max + 1); }));
  EXPECT_TRUE(refused([](RecordEntry& e) { e.terms.resize(terms_max + 1, e.terms[0]); }));
  EXPECT_EQ(find(query_of("Observation")), Ids{"a"});  // no batch was kept in part

  RecordEntry longest = entry_of(coded(std::string(64, 'a')), 7);
  longest.last_updated_ms = index_time_ms_max;
  EXPECT_TRUE(index_->put(longest).ok());
  const std::vector<RecordEntry> many(index_batch_max + 1, good);
  EXPECT_EQ(code_of(index_->put_batch(many)), ErrorCode::index_batch_too_large);
  EXPECT_TRUE(index_->put_batch(std::span(many).first(index_batch_max)).ok());
}

TEST_F(RecordIndexTest, QueriesAreBounded) {
  const auto code = [&](const Query& query) { return code_of(index_->search(query)); };
  EXPECT_EQ(code(query_of("Nothing")), ErrorCode::search_type_unknown);
  Query several = query_of("");
  several.types = {"Patient", "Patient') OR ('1'='1"};
  EXPECT_EQ(code(several), ErrorCode::search_type_unknown);
  EXPECT_EQ(code(query_of("Observation", {{"birthdate", "2020"}})),
            ErrorCode::search_parameter_unknown);
  EXPECT_EQ(code(query_of("Observation", {{"date", "soon"}})), ErrorCode::search_value_invalid);
  EXPECT_EQ(code(query_of("Observation", {{"code", "|"}})), ErrorCode::search_value_invalid);
  EXPECT_EQ(code(query_of("Observation", {{"code", ""}})), ErrorCode::search_value_invalid);
  EXPECT_EQ(code(query_of("Observation", {{"patient", "#a"}})), ErrorCode::search_value_invalid);
  EXPECT_EQ(code(query_of("Patient", {{"name", " "}})), ErrorCode::search_value_invalid);

  Query query = query_of("Observation", {{"code", std::string(search_value_bytes_max, 'c')}});
  EXPECT_TRUE(index_->search(query).ok());
  query.criteria[0].values[0].text += 'c';
  EXPECT_EQ(code(query), ErrorCode::search_value_invalid);
  query = query_of("Observation", {{"code", "1"}});
  query.criteria[0].values[0].prefix = Prefix::gt;
  EXPECT_EQ(code(query), ErrorCode::search_value_invalid);

  query = query_of("Observation", {{"subject", "Patient/1"}});
  query.allowed.patients = std::vector{patient_of(1)};
  query.criteria[0].values.resize(search_values_max, {Prefix::eq, "Patient/1"});
  EXPECT_TRUE(index_->search(query).ok());
  query.criteria[0].values.push_back({Prefix::eq, "Patient/1"});
  EXPECT_EQ(code(query), ErrorCode::search_too_complex);
  query = query_of("Observation");
  query.criteria.resize(search_parameters_max, {.name = "_id", .values = {{Prefix::eq, "a"}}});
  EXPECT_TRUE(index_->search(query).ok());
  query.criteria.push_back({.name = "_id", .values = {{Prefix::eq, "a"}}});
  EXPECT_EQ(code(query), ErrorCode::search_too_complex);

  query = query_of("Observation");
  query.count = index_page_max;
  EXPECT_TRUE(index_->search(query).ok());
  query.count = index_page_max + 1;
  EXPECT_EQ(code(query), ErrorCode::search_page_invalid);
  query.count = 0;
  EXPECT_EQ(code(query), ErrorCode::search_page_invalid);
  query.count = 1;
  query.allowed.patients = std::vector<model::Id>(allowed_patients_max + 1, patient_of(1));
  EXPECT_EQ(code(query), ErrorCode::search_too_complex);
}

TEST_F(RecordIndexTest, PermissionsComeBeforeMatching) {
  for (std::uint32_t i = 1; i <= 6; ++i) {
    ASSERT_TRUE(
        index_->put(entry_of(coded("o" + std::to_string(i)), i, 1, 1000 + i, i % 3 + 1)).ok());
  }
  Query query = query_of("Observation", {{"code", "none"}});
  query.allowed.patients = std::vector{patient_of(1), patient_of(2), patient_of(3)};
  std::set<std::string> asked;
  query.allowed.record = [&](const RecordEntry& entry) {
    asked.insert(entry.id);
    return entry.id != "o3";
  };
  EXPECT_EQ(find(query), Ids{});
  EXPECT_EQ(asked.size(), 6U);  // also of those that do not match
  query.criteria[0].values[0].text = "1";
  EXPECT_EQ(find(query), (Ids{"o6", "o5", "o4", "o2", "o1"}));
  query.allowed.patients = std::vector{patient_of(1), patient_of(1)};
  asked.clear();
  EXPECT_EQ(find(query), Ids{"o6"});
  EXPECT_EQ(asked, (std::set<std::string>{"o3", "o6"}));
  query.allowed.patients = std::vector<model::Id>{};
  EXPECT_EQ(find(query), Ids{});
  HistoryQuery history;
  history.allowed.patients = std::vector{patient_of(2)};
  EXPECT_EQ(index_->history(history)->total, 2U);
}

/// Does `work` end while the caller goes on, or does it wait for the caller?
bool ends_meanwhile(const std::function<void()>& work) {
  const auto done = std::make_shared<std::promise<void>>();
  auto ended = done->get_future();
  std::thread([work, done] {
    work();
    done->set_value();
  }).detach();
  return ended.wait_for(std::chrono::seconds(5)) == std::future_status::ready;
}

TEST_F(RecordIndexTest, NobodyWaitsWhileACallerDecides) {
  for (std::uint32_t i = 1; i <= 300; ++i) {
    const std::string id = "o" + std::to_string(i);
    ASSERT_TRUE(index_->put(entry_of(coded(id), i, 1, 1000 + i, i % 2 + 1)).ok());
  }
  Query query = query_of("Observation", {{"code", "1"}});
  query.count = 40;
  std::uint32_t asked = 0;
  bool free = true;
  query.allowed.record = [&](const RecordEntry& entry) {
    // While the first page is decided: others read and write, records come, change, and go for
    // good.
    ++asked;
    if (asked == 3) {
      free = free && ends_meanwhile([&] {
               EXPECT_TRUE(index_->current("Observation", "o7").ok());
               EXPECT_TRUE(index_->put(entry_of(coded("late"), 900, 1, 9000, 1)).ok());
               EXPECT_TRUE(index_->put(entry_of(coded("o10", "2"), 10, 2, 9000, 1)).ok());
               EXPECT_TRUE(index_->erase_version(test::id_of(20, 1), 1).ok());
               EXPECT_TRUE(index_->erase_version(test::id_of(300, 1), 1).ok());
               EXPECT_TRUE(index_->put(entry_of(coded("last"), 901, 1, 10, 2)).ok());
             });
    }
    // The caller itself may ask.
    if (asked == 5) {
      EXPECT_TRUE(index_->version("Observation", entry.id, 1).ok());
    }
    return entry.id != "o30";
  };
  Ids seen;
  for (;;) {
    const auto page = index_->search(query);
    ASSERT_TRUE(page.ok()) << page.error().text();
    ASSERT_TRUE(free) << "the index was held while the caller decided";
    EXPECT_EQ(page->total, 297U);  // of the 300 there were: two erased, one not to be known
    for (const std::string& id : ids_of(*page)) seen.push_back(id);
    if (page->next_cursor.empty()) break;
    query.cursor = page->next_cursor;
  }
  // Newest first, as they were at the first page: what came later is not there, o10 as it was.
  Ids wanted;
  for (std::uint32_t i = 300; i >= 1; --i) {
    if (i != 20 && i != 30 && i != 300) wanted.push_back("o" + std::to_string(i));
  }
  EXPECT_EQ(seen, wanted);
}

TEST_F(RecordIndexTest, ARebuildWhileACallerDecidesStartsThePagesAgain) {
  ASSERT_TRUE(index_->put(entry_of(coded("a"), 1)).ok());
  ASSERT_TRUE(index_->put(entry_of(coded("hidden"), 2, 1, 1000, 2)).ok());
  Query query = query_of("Observation");
  bool rebuilt = false;
  query.allowed.record = [&](const RecordEntry& entry) {
    // Row 1 of the new index is another record: what was decided must not be said of it.
    if (!std::exchange(rebuilt, true)) {
      std::vector<RecordEntry> all{entry_of(coded("hidden"), 2, 1, 1000, 2),
                                   entry_of(coded("a"), 1)};
      EXPECT_TRUE(
          index_
              ->rebuild(
                  [all, next = std::size_t{0}]() mutable -> Result<std::optional<RecordEntry>> {
                    if (next == all.size()) return std::optional<RecordEntry>{};
                    return std::optional(all[next++]);
                  })
              .ok());
    }
    return entry.patient == patient_of(1);
  };
  EXPECT_EQ(code_of(index_->search(query)), ErrorCode::cursor_expired);
  EXPECT_EQ(find(query), Ids{"a"});
}

TEST_F(RecordIndexTest, PagesAreExactWhileRecordsArrive) {
  std::set<std::string> wanted;
  for (std::uint32_t i = 1; i <= 25; ++i) {
    const std::string id = "o" + std::to_string(i);
    ASSERT_TRUE(index_->put(entry_of(coded(id), i, 1, 1000 + i / 4)).ok());
    wanted.insert(id);
  }
  Query query = query_of("Observation", {{"code", "1"}});
  query.count = 3;
  std::vector<std::string> seen;
  for (std::uint32_t round = 1;; ++round) {
    const auto page = index_->search(query);
    ASSERT_TRUE(page.ok()) << page.error().text();
    EXPECT_EQ(page->total, 25U);
    for (const std::string& id : ids_of(*page)) seen.push_back(id);
    if (page->next_cursor.empty()) break;
    query.cursor = page->next_cursor;
    // New ones before and behind the cursor; seen and unseen ones change, go and come back.
    ASSERT_TRUE(index_
                    ->put(entry_of(coded("new" + std::to_string(round)), 100 + round, 1,
                                   round % 2 == 0 ? 10 : 9000))
                    .ok());
    ASSERT_TRUE(
        index_->put(entry_of(coded("o" + std::to_string(round), "2"), round, 2, 9000)).ok());
    RecordEntry gone = entry_of(coded("o" + std::to_string(26 - round)), 26 - round, 3, 9500);
    gone.deleted = true;
    ASSERT_TRUE(index_->put(gone).ok());
    reopen();
  }
  EXPECT_EQ(seen.size(), 25U);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), wanted);
}

TEST_F(RecordIndexTest, CursorsCannotBeMadeUp) {
  for (std::uint32_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(index_->put(entry_of(coded("o" + std::to_string(i)), i)).ok());
  }
  Query query = query_of("Observation");
  query.count = 2;
  const std::string good = index_->search(query)->next_cursor;
  ASSERT_FALSE(good.empty());
  EXPECT_LT(good.size(), cursor_text_bytes_max);
  const auto code = [&](std::string cursor) {
    query.cursor = std::move(cursor);
    return code_of(index_->search(query));
  };
  EXPECT_EQ(code(good), ErrorCode{});
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(code(bad), ErrorCode::cursor_forged) << i;
  }
  for (const std::string& bad : {good.substr(1), good.substr(0, good.size() - 1), good + "A",
                                 std::string("x"), std::string(100000, 'A'), std::string("AQ")}) {
    EXPECT_EQ(code(bad), ErrorCode::cursor_forged);
  }
  auto foreign = RecordIndex::open(folder_ / "other.db", Bytes(32, 0x77));
  ASSERT_TRUE(foreign.ok());
  query.cursor = good;
  EXPECT_EQ(code_of((*foreign)->search(query)), ErrorCode::cursor_forged);

  query = query_of("Observation", {{"code", "1"}});
  EXPECT_EQ(code(good), ErrorCode::cursor_mismatched);
  HistoryQuery history;
  history.type = "Observation";
  history.cursor = good;
  EXPECT_EQ(code_of(index_->history(history)), ErrorCode::cursor_mismatched);
  query = query_of("Observation");
  ASSERT_TRUE(index_->rebuild([] { return std::optional<RecordEntry>{}; }).ok());
  EXPECT_EQ(code(good), ErrorCode::cursor_expired);
}

TEST_F(RecordIndexTest, ErasedRecordsAreForgotten) {
  ASSERT_TRUE(index_->put(entry_of(coded("a", "old"), 1, 1, 1000, 1)).ok());
  ASSERT_TRUE(index_->put(entry_of(coded("a", "mid"), 1, 2, 2000, 2)).ok());
  ASSERT_TRUE(index_->put(entry_of(coded("a", "new"), 1, 3, 3000, 2)).ok());
  ASSERT_TRUE(index_->put(entry_of(coded("b"), 2, 1, 1000, 3)).ok());
  ASSERT_TRUE(index_->erase_patient(patient_of(2)).ok());
  EXPECT_EQ(find(query_of("Observation", {{"code", "old"}})), Ids{"a"});
  EXPECT_EQ(find(query_of("Observation", {{"code", "new"}})), Ids{});
  ASSERT_TRUE(index_->erase_version(test::id_of(1, 1), 1).ok());
  EXPECT_EQ(code_of(index_->current("Observation", "a")), ErrorCode::index_record_unknown);
  ASSERT_TRUE(index_->erase_version(test::id_of(1, 1), 1).ok());
  EXPECT_EQ(find(query_of("Observation")), Ids{"b"});
}

TEST_F(RecordIndexTest, OthersReadTheFormerContentDuringARebuild) {
  ASSERT_TRUE(index_->put(entry_of(coded("a"))).ok());
  int calls = 0;
  const auto source = [&]() -> Result<std::optional<RecordEntry>> {
    if (++calls > 2) return std::optional<RecordEntry>{};
    auto other = RecordIndex::open(path(), test::index_key);
    if (!other.ok()) return other.error();
    EXPECT_EQ(ids_of(*(*other)->search(query_of("Observation"))), Ids{"a"});
    return std::optional(entry_of(coded("n" + std::to_string(calls)), 10));
  };
  ASSERT_TRUE(index_->rebuild(source).ok());
  EXPECT_EQ(find(query_of("Observation")), (Ids{"n1", "n2"}));
}

TEST_F(RecordIndexTest, ManyReadWhileOneWrites) {
  std::atomic<bool> done = false;
  const auto read = [&] {
    auto own = RecordIndex::open(path(), test::index_key);
    ASSERT_TRUE(own.ok());
    bool last = false;
    while (!last) {
      last = done;  // once more after the end
      Query query = query_of("Observation", {{"code", "1"}});
      query.count = 7;
      std::set<std::string> seen;
      std::uint64_t total = 0;
      std::size_t given = 0;
      do {
        const auto page = (*own)->search(query);
        ASSERT_TRUE(page.ok()) << page.error().text();
        if (query.cursor.empty()) total = page->total.value_or(0);
        EXPECT_EQ(page->total, total);
        given += page->entries.size();
        for (const std::string& id : ids_of(*page)) seen.insert(id);
        query.cursor = page->next_cursor;
      } while (!query.cursor.empty());
      EXPECT_EQ(given, total);
      EXPECT_EQ(seen.size(), total);
      EXPECT_EQ(total % 5, 0U);  // batches are seen whole
    }
  };
  std::thread first(read);
  std::thread second(read);
  for (std::uint32_t batch = 0; batch < 20; ++batch) {
    std::vector<RecordEntry> entries;
    for (std::uint32_t i = 0; i < 5; ++i) {
      const std::uint32_t number = batch * 5 + i + 1;
      entries.push_back(entry_of(coded("o" + std::to_string(number)), number, 1, number % 9));
    }
    EXPECT_TRUE(index_->put_batch(entries).ok());
  }
  done = true;
  first.join();
  second.join();
  EXPECT_EQ(index_->search(query_of("Observation"))->total, 100U);
}

/// A file of the format before is emptied: whoever opens it fills it from the vault.
TEST_F(RecordIndexTest, AFormerFormatIsMadeAgain) {
  index_.reset();
  ASSERT_TRUE(RecordIndex::discard(path()).ok());
  {
    const auto key = crypto::hkdf({}, test::index_key, view_of(model::tags::index_database), 32);
    auto former = sqlite::Database::open(path(), {.key = key->view()});
    ASSERT_TRUE(former.ok());
    ASSERT_TRUE(former
                    ->execute("CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB);"
                              "CREATE TABLE entries(row INTEGER PRIMARY KEY AUTOINCREMENT);"
                              "CREATE TABLE terms(row INTEGER); INSERT INTO entries VALUES(5);"
                              "PRAGMA user_version = 1")
                    .ok());
  }
  reopen();
  EXPECT_EQ(*index_->writes(), 0U);  // so it is not taken for the one that was written last
  ASSERT_TRUE(index_->put(entry_of(coded("a"), 1)).ok());
  EXPECT_EQ(find(query_of("Observation", {{"code", "1"}})), Ids{"a"});

  // Later ones had the tables of now, without what says who was merged or what canonicals name.
  for (const std::string later : {"2", "3"}) {
    index_.reset();
    {
      const auto key = crypto::hkdf({}, test::index_key, view_of(model::tags::index_database), 32);
      auto former = sqlite::Database::open(path(), {.key = key->view()});
      ASSERT_TRUE(former.ok());
      ASSERT_TRUE(former->execute("PRAGMA user_version = " + later).ok());
    }
    reopen();
    EXPECT_EQ(*index_->writes(), 0U);
    EXPECT_EQ(find(query_of("Observation", {{"code", "1"}})), Ids{});
    ASSERT_TRUE(index_->put(entry_of(coded("a"), 1)).ok());
    EXPECT_EQ(find(query_of("Observation", {{"code", "1"}})), Ids{"a"});
  }
}

TEST_F(RecordIndexTest, FailedRebuildKeepsTheFormerContent) {
  ASSERT_TRUE(index_->put(entry_of(coded("a"))).ok());
  int calls = 0;
  const auto failing = [&]() -> Result<std::optional<RecordEntry>> {
    if (++calls > 2) return make_error(ErrorCode::file_unreadable);
    return std::optional(entry_of(coded("n" + std::to_string(calls)), 10));
  };
  EXPECT_EQ(code_of(index_->rebuild(failing)), ErrorCode::file_unreadable);
  EXPECT_EQ(find(query_of("Observation")), Ids{"a"});
}

TEST_F(RecordIndexTest, NothingIsReadableOnTheDisk) {
  const std::string family = "MARKED-FAMILY-7391";
  const std::string code = "MARKED-CODE-5520";
  const std::string id = "MARKED-ID-1846";
  ASSERT_TRUE(index_
                  ->put(entry_of(R"({"resourceType":"Patient","id":")" + id +
                                 R"(","name":[{"family":")" + family + R"("}]})"))
                  .ok());
  ASSERT_TRUE(index_->put(entry_of(coded("c", code), 2)).ok());
  EXPECT_EQ(find(query_of("Patient", {{"family", "marked"}})), Ids{id});
  const std::string folded = "marked-family-7391";
  std::size_t files = 0;
  const auto check = [&] {
    for (const auto& file : test::fs::directory_iterator(folder_)) {
      const std::string content = test::raw_file(file.path());
      ++files;
      for (const std::string& planted : {family, folded, code, id}) {
        EXPECT_EQ(content.find(planted), std::string::npos) << file.path();
        const Hash hash = crypto::sha256(view_of(planted));
        EXPECT_EQ(content.find(text_of(hash)), std::string::npos) << file.path();
        EXPECT_EQ(content.find(to_hex(hash)), std::string::npos) << file.path();
      }
    }
  };
  check();
  index_.reset();
  check();
  EXPECT_GE(files, 3U);  // database and log, then the database
  EXPECT_EQ(code_of(RecordIndex::open(path(), Bytes(32, 0x99))), ErrorCode::database_key_wrong);
  ASSERT_TRUE(RecordIndex::discard(path()).ok());
  EXPECT_TRUE(test::fs::is_empty(folder_));
  reopen();
  EXPECT_EQ(find(query_of("Patient")), Ids{});
}

}  // namespace
}  // namespace xl::query
