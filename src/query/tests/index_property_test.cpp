// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the index answers as a plain list of records would, before and after a rebuild. Method:
// random versions in random order; random queries against a model that compares the facts a record
// was made from and knows nothing of terms, ranges or SQL.
#include <algorithm>
#include <map>
#include <random>

#include "query/tests/index_fixture.h"

namespace xl::query {
namespace {

constexpr std::int64_t model_start_ms = 1577836800000;  // 2020-01-01T00:00:00Z
constexpr std::int64_t model_day_ms = 86400000;
constexpr int model_days = 60;  // January and 29 days of February

/// What one version of an Observation was made from.
struct Fact {
  std::uint32_t number = 0;  // of the record
  std::uint64_t version = 1;
  std::uint32_t patient = 0;
  int system = 0;  // 0: none
  int code = 0;
  int first_day = 0;
  int last_day = 0;
  bool is_final = false;
  bool deleted = false;
  std::uint64_t updated = 0;

  [[nodiscard]] std::string id() const { return "o-" + std::to_string(number); }
};

std::string day_text(int day) {
  const int month = day < 31 ? 1 : 2;
  const int of_month = day < 31 ? day + 1 : day - 30;
  return "2020-0" + std::to_string(month) + (of_month < 10 ? "-0" : "-") + std::to_string(of_month);
}

std::string system_text(int system) { return system == 0 ? "" : "s" + std::to_string(system); }

std::string resource_text(const Fact& fact) {
  std::string coding = R"("code":"c)" + std::to_string(fact.code) + R"(")";
  if (fact.system != 0) coding += R"(,"system":")" + system_text(fact.system) + R"(")";
  const std::string date = fact.first_day == fact.last_day
                               ? R"("effectiveDateTime":")" + day_text(fact.first_day) + R"(")"
                               : R"("effectivePeriod":{"start":")" + day_text(fact.first_day) +
                                     R"(","end":")" + day_text(fact.last_day) + R"("})";
  return R"({"resourceType":"Observation","id":")" + fact.id() + R"(","status":")" +
         (fact.is_final ? "final" : "amended") + R"(","subject":{"reference":"Patient/p)" +
         std::to_string(fact.patient) + R"("},"code":{"coding":[{)" + coding + "}]}," + date + "}";
}

RecordEntry entry_for(const Fact& fact) {
  RecordEntry out = test::entry_of(resource_text(fact), fact.number + 1, fact.version, fact.updated,
                                   fact.patient + 1);
  out.deleted = fact.deleted;
  return out;
}

/// A random condition as the index is asked and as the model understands it.
struct Asked {
  SearchCriterion criterion;
  std::function<bool(const Fact&)> holds;
};

class Machine {
 public:
  explicit Machine(std::uint32_t seed) : random_(seed) {}

  [[nodiscard]] int upto(int limit) {
    return static_cast<int>(random_() % static_cast<std::uint32_t>(limit));
  }

  [[nodiscard]] std::vector<Fact> facts(std::uint32_t records) {
    std::vector<Fact> out;
    for (std::uint32_t number = 0; number < records; ++number) {
      Fact fact;
      fact.number = number;
      fact.patient = static_cast<std::uint32_t>(upto(6));
      const int versions = 1 + upto(3);
      for (int version = 1; version <= versions; ++version) {
        fact.version = static_cast<std::uint64_t>(version);
        fact.system = upto(3);
        fact.code = upto(5);
        fact.first_day = upto(model_days);
        fact.last_day =
            upto(2) == 0 ? fact.first_day : std::min(model_days - 1, fact.first_day + upto(20));
        fact.is_final = upto(2) == 0;
        fact.deleted = upto(8) == 0;
        fact.updated = static_cast<std::uint64_t>(model_start_ms + upto(model_days) * model_day_ms);
        out.push_back(fact);
      }
    }
    std::shuffle(out.begin(), out.end(), random_);
    return out;
  }

  [[nodiscard]] Asked condition() {
    switch (upto(6)) {
      case 0:
        return code_condition();
      case 1:
        return days_condition("date");
      case 2:
        return days_condition("_lastUpdated");
      case 3: {
        const auto patient = static_cast<std::uint32_t>(upto(7));
        const std::string id = "p" + std::to_string(patient);
        return {{.name = "patient", .values = {{Prefix::eq, upto(2) == 0 ? id : "Patient/" + id}}},
                [=](const Fact& fact) { return fact.patient == patient; }};
      }
      case 4: {
        const bool wanted = upto(2) == 0;
        return {{.name = "status", .values = {{Prefix::eq, wanted ? "final" : "amended"}}},
                [=](const Fact& fact) { return fact.is_final == wanted; }};
      }
      default: {
        const auto number = static_cast<std::uint32_t>(upto(80));
        return {{.name = "_id", .values = {{Prefix::eq, "o-" + std::to_string(number)}}},
                [=](const Fact& fact) { return fact.number == number; }};
      }
    }
  }

  /// Two values of one parameter: either holds.
  [[nodiscard]] Asked either() {
    Asked one = code_condition();
    const Asked other = code_condition();
    one.criterion.values.push_back(other.criterion.values[0]);
    one.holds = [a = one.holds, b = other.holds](const Fact& fact) { return a(fact) || b(fact); };
    return one;
  }

 private:
  [[nodiscard]] Asked code_condition() {
    const int system = upto(3);
    const int code = upto(6);
    const std::string text = "c" + std::to_string(code);
    const int shape = system == 0 ? 1 + upto(2) : upto(3);  // `|` alone is no value
    if (shape == 0) {
      return {{.name = "code", .values = {{Prefix::eq, system_text(system) + "|"}}},
              [=](const Fact& fact) { return fact.system == system; }};
    }
    if (shape == 1) {
      return {{.name = "code", .values = {{Prefix::eq, text}}},
              [=](const Fact& fact) { return fact.code == code; }};
    }
    return {{.name = "code", .values = {{Prefix::eq, system_text(system) + "|" + text}}},
            [=](const Fact& fact) { return fact.code == code && fact.system == system; }};
  }

  /// A day or a month against days: whole days are compared, so instants do not matter. The time of
  /// the last change is the start of a day, and so inside it but not all of it.
  [[nodiscard]] Asked days_condition(std::string name) {
    int first = upto(model_days);
    int last = first;
    std::string text = day_text(first);
    if (upto(3) == 0) {
      first = first < 31 ? 0 : 31;
      last = first == 0 ? 30 : 59;
      text = first == 0 ? "2020-01" : "2020-02";
    }
    const auto prefix = static_cast<Prefix>(upto(8));
    const bool own = name == "_lastUpdated";
    return {{.name = std::move(name), .values = {{prefix, text}}}, [=](const Fact& fact) {
              const int changed = static_cast<int>(
                  (static_cast<std::int64_t>(fact.updated) - model_start_ms) / model_day_ms);
              const int low = own ? changed : fact.first_day;
              const int high = own ? changed : fact.last_day;
              const bool inside = first <= low && high <= last;
              const std::map<Prefix, bool> answers = {
                  {Prefix::eq, inside},      {Prefix::ne, !inside},
                  {Prefix::gt, high > last}, {Prefix::ge, high > last || inside},
                  {Prefix::lt, low < first}, {Prefix::le, low < first || inside},
                  {Prefix::sa, low > last},  {Prefix::eb, high < first}};
              return answers.at(prefix);
            }};
  }

  std::mt19937 random_;
};

class IndexPropertyTest : public test::IndexTest {
 protected:
  /// Every id of every page, in order; the totals must agree with `expected`.
  [[nodiscard]] std::vector<std::string> all_pages(Query query, std::size_t expected) {
    std::vector<std::string> out;
    do {
      const auto page = index_->search(query);
      EXPECT_TRUE(page.ok()) << page.error().text();
      if (!page.ok()) return out;
      EXPECT_EQ(page->total, expected);
      EXPECT_LE(page->entries.size(), query.count);
      for (const RecordEntry& entry : page->entries) out.push_back(entry.id);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty() && out.size() <= expected);
    return out;
  }

  /// Asks `count` random queries of the index and of the model.
  void ask(Machine& machine, const std::vector<Fact>& facts, int count) {
    std::map<std::uint32_t, Fact> current;
    for (const Fact& fact : facts) {
      const auto [at, fresh] = current.emplace(fact.number, fact);
      if (!fresh && at->second.version < fact.version) at->second = fact;
    }
    std::size_t found = 0;
    for (int i = 0; i < count; ++i) {
      std::vector<Asked> asked;
      for (int n = machine.upto(4); n > 0; --n) {
        asked.push_back(machine.upto(4) == 0 ? machine.either() : machine.condition());
      }
      Query query;
      query.type = "Observation";
      query.count = static_cast<std::size_t>(1 + machine.upto(12));
      for (const Asked& one : asked) query.criteria.push_back(one.criterion);
      const int permission = machine.upto(4);
      const auto patients = static_cast<std::uint32_t>(machine.upto(7));
      if (permission % 2 == 1) {
        query.allowed.patients.emplace();
        for (std::uint32_t p = 0; p < patients; ++p) {
          query.allowed.patients->push_back(test::patient_of(p + 1));
        }
      }
      if (permission >= 2) {
        query.allowed.record = [](const RecordEntry& entry) { return entry.version != 2; };
      }
      std::vector<Fact> matches;
      for (const auto& [number, fact] : current) {
        if (fact.deleted || (permission % 2 == 1 && fact.patient >= patients) ||
            (permission >= 2 && fact.version == 2)) {
          continue;
        }
        if (std::all_of(asked.begin(), asked.end(),
                        [&, &held = fact](const Asked& one) { return one.holds(held); })) {
          matches.push_back(fact);
        }
      }
      std::sort(matches.begin(), matches.end(), [](const Fact& a, const Fact& b) {
        return a.updated != b.updated ? a.updated > b.updated : a.id() < b.id();
      });
      std::vector<std::string> wanted;
      for (const Fact& fact : matches) wanted.push_back(fact.id());
      found += wanted.size();
      ASSERT_EQ(all_pages(query, wanted.size()), wanted) << "query " << i;
    }
    EXPECT_GT(found, static_cast<std::size_t>(count));  // the queries are not all empty
  }
};

TEST_F(IndexPropertyTest, AnswersAsAPlainListDoesBeforeAndAfterARebuild) {
  for (const std::uint32_t seed : {1U, 2U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ASSERT_TRUE(index_->rebuild([] { return std::optional<RecordEntry>{}; }).ok());
    Machine machine(seed);
    std::vector<Fact> facts = machine.facts(70);
    std::vector<RecordEntry> entries;
    for (const Fact& fact : facts) entries.push_back(entry_for(fact));
    const std::span<const RecordEntry> all = entries;
    ASSERT_TRUE(index_->put_batch(all.first(entries.size() / 2)).ok());
    const std::vector<Fact> half(facts.begin(),
                                 facts.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2));
    ask(machine, half, 60);
    for (const RecordEntry& entry : all.subspan(entries.size() / 2)) {
      ASSERT_TRUE(index_->put(entry).ok());
    }
    ask(machine, facts, 120);

    std::reverse(entries.begin(), entries.end());  // the vault has another order
    std::size_t next = 0;
    ASSERT_TRUE(index_
                    ->rebuild([&] {
                      return next < entries.size() ? std::optional(entries[next++]) : std::nullopt;
                    })
                    .ok());
    reopen();
    ask(machine, facts, 120);
  }
}

}  // namespace
}  // namespace xl::query
