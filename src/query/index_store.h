// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/sqlite/database.h"
#include "crypto/secret.h"
#include "query/index_cursor.h"
#include "query/record_index.h"

/// For the sources of the record index only.
namespace xl::query::detail {

/// Columns of `entries e` as `entry_at` reads them; the row number stands behind.
constexpr std::string_view entry_columns =
    "e.record, e.type, e.id, e.version, e.patient, e.updated, e.deleted, e.vault_version, e.row, "
    "e.superseded";
constexpr int entry_row_column = 8;
constexpr int entry_superseded_column = 9;

/// What marks of attachments are kept under: the type of what they lead to, and no parameter's
/// name.
constexpr std::string_view binary_type = "Binary";
constexpr std::string_view shown_name = "shown by";

/// `entries.superseded` of a current version: later than every row.
constexpr std::int64_t never_superseded = INT64_MAX;

/// SQLite's integers are signed; times, versions and rows stay below 2^63.
[[nodiscard]] inline std::int64_t as_signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

/// The entry that a statement stands on. Errors: database_corrupt.
[[nodiscard]] Result<RecordEntry> entry_at(const sqlite::Statement& row);

/// A piece of SQL with its values, which are numbered as they are added.
struct Clause {
  using Value = std::variant<std::int64_t, std::string, Bytes>;
  std::string sql;
  std::vector<Value> values;

  /// Keeps a value; the text that stands for it, such as `?3`.
  [[nodiscard]] std::string bind(Value value) {
    values.push_back(std::move(value));
    return "?" + std::to_string(values.size());
  }
};

/// Compiles `sql` with the values bound. Errors: those of a database.
[[nodiscard]] Result<sqlite::Statement> prepare_bound(sqlite::Database& database,
                                                      const std::string& sql,
                                                      const std::vector<Clause::Value>& values);

/// What stands for values in the index: keyed digests of 64 bits. Two values that share one would
/// be found by each other; nobody without the key can make such values.
class Keys {
 public:
  explicit Keys(crypto::SecretBytes key) : key_(std::move(key)) {}
  /// Of a value of a parameter.
  [[nodiscard]] std::int64_t mark(std::string_view type, std::string_view parameter, Form form,
                                  std::string_view value) const;
  /// Of all values of a form that a parameter of a type has.
  [[nodiscard]] std::int64_t group(std::string_view type, std::string_view parameter,
                                   Form form) const;

 private:
  crypto::SecretBytes key_;  ///< 16 bytes
};

/// The marks of one record by group, as the table `keys` has them: group ‖ count ‖ marks, eight
/// bytes each, big-endian.
using MarkGroups = std::map<std::int64_t, std::vector<std::int64_t>>;
[[nodiscard]] Bytes encode_groups(const MarkGroups& groups);
/// Errors: database_corrupt.
[[nodiscard]] Result<MarkGroups> decode_groups(ByteView bytes);

/// Texts that are in the table `texts` for certain, so that writing them again is saved. Bounded:
/// it forgets all when it is full. Not thread-safe.
class KnownTexts {
 public:
  /// True when the text was not known under this mark; it is from now on.
  [[nodiscard]] bool add(std::int64_t mark, std::string_view text) {
    if (texts_.size() >= texts_max) clear();
    return texts_.emplace(mark, std::hash<std::string_view>()(text)).second;
  }
  void clear() { texts_.clear(); }

 private:
  static constexpr std::size_t texts_max = 65536;
  std::set<std::pair<std::int64_t, std::size_t>> texts_;
};

/// The groups in which the values of a parameter stand that it is sorted and followed by.
[[nodiscard]] Form main_form(fhir::SearchType type);

/// Where chains lead, by the criterion that has them.
struct Links {
  /// Of references to the records that matched, or to Patients merged into those named.
  std::vector<std::int64_t> marks;
  std::vector<std::string> ids;  ///< `_has`: of records that are led to; `_list`: `Type/id`
};
using LinksOf = std::map<const SearchCriterion*, Links>;

/// True for types that have a URL and a version, which canonicals name (R4 §2.3.0.4).
[[nodiscard]] bool has_canonical_name(std::string_view type);
/// The types among a parameter's targets, or that one of them, which canonicals name.
[[nodiscard]] std::vector<std::string_view> canonical_targets(
    const fhir::SearchParameter& parameter, std::string_view only);

/// The ids of the Patients whom a reference of a search names.
[[nodiscard]] std::vector<std::string> patients_named(const SearchCriterion& criterion);

/// A criterion as a condition over `entries e`.
struct Condition {
  std::string sql;
  std::string rows;  ///< a SELECT of the rows that can meet it; empty: only by looking at each
};

/// What is searched for, as a range, beside what a record has: columns `low` and `high`.
struct Wanted {
  Prefix prefix = Prefix::eq;
  std::int64_t low = 0;   ///< of the value as precise as it was written
  std::int64_t high = 0;  ///< both ends included
  std::int64_t about_low = 0;
  std::int64_t about_high = 0;  ///< of `ap`
};

/// Numbers of a statement that are bound; SQLite takes 256 values.
constexpr std::size_t bound_numbers_max = 96;

/// Conditions of one statement. Not thread-safe.
class ConditionMaker {
 public:
  /// All outlive it; `out` gets the values.
  ConditionMaker(const Keys& keys, const LinksOf& links, Clause& out)
      : keys_(keys), links_(links), out_(out) {}

  /// Errors: search_parameter_unknown, search_modifier_unsupported, search_value_invalid.
  [[nodiscard]] Result<Condition> make(std::string_view type, const SearchCriterion& criterion);

  /// The chains that `make` met, in the order of the stages that its conditions name.
  [[nodiscard]] const std::vector<const Links*>& stages() const { return stages_; }

 private:
  struct About {
    std::string_view type;
    const fhir::SearchParameter& parameter;
    Modifier modifier = Modifier::none;
    std::string_view target;
  };
  [[nodiscard]] std::int64_t mark(const About& about, Form form, std::string_view value) const {
    return keys_.mark(about.type, about.parameter.code, form, value);
  }
  [[nodiscard]] Result<Condition> own(const SearchCriterion& criterion);
  [[nodiscard]] Condition linked(const Links& links, std::string_view name);
  [[nodiscard]] Result<Condition> missing(const About& about, const SearchCriterion& criterion);
  [[nodiscard]] Condition present(std::string_view type, const fhir::SearchParameter& parameter);
  [[nodiscard]] Result<Condition> by_values(const About& about, const SearchCriterion& criterion);
  [[nodiscard]] Result<Condition> value(const About& about, const SearchValue& value);
  [[nodiscard]] Result<Condition> token(const About& about, std::string_view written);
  [[nodiscard]] Result<Condition> text(const About& about, std::string_view written);
  [[nodiscard]] Result<Condition> reference(const About& about, std::string_view written);
  [[nodiscard]] Result<Condition> uri(const About& about, std::string_view written);
  [[nodiscard]] Result<Condition> date(const About& about, const SearchValue& value);
  [[nodiscard]] Result<Condition> number(const About& about, const SearchValue& value);
  [[nodiscard]] Result<Condition> quantity(const About& about, const SearchValue& value);
  [[nodiscard]] Result<Condition> near(const About& about, std::string_view written);
  [[nodiscard]] Result<Condition> composite(const About& about, std::string_view written);
  [[nodiscard]] Condition in_texts(const About& about, Form form, const std::string& test);
  [[nodiscard]] std::string number(std::int64_t value);
  [[nodiscard]] std::string range_test(const Wanted& wanted, const std::string& low,
                                       const std::string& high);
  [[nodiscard]] Condition within(std::int64_t mark, const Wanted& wanted);
  [[nodiscard]] Condition marked(const std::vector<std::int64_t>& marks);
  [[nodiscard]] Condition kept(std::int64_t mark);

  const Keys& keys_;
  const LinksOf& links_;
  Clause& out_;
  std::vector<const Links*> stages_;
};

}  // namespace xl::query::detail

namespace xl::query {

/// What the index's sources share.
struct RecordIndex::Impl {
  Impl(sqlite::Database opened, crypto::SecretBytes cursors, crypto::SecretBytes marks)
      : database(std::move(opened)), cursor_key(std::move(cursors)), keys(std::move(marks)) {}

  std::mutex mutex;  // guards the connection
  sqlite::Database database;
  const crypto::SecretBytes cursor_key;
  const detail::Keys keys;
  detail::KnownTexts known_texts;

  [[nodiscard]] Status add(std::span<const RecordEntry> entries);

  /// One listing: which versions, in which order, whom for.
  struct Listing {
    detail::Clause scope;  ///< of `entries e`, without permission, matching and snapshot
    bool current_only = false;
    std::string_view order;   ///< behind ORDER BY
    std::string_view behind;  ///< condition for what follows entry `a` in that order
    std::string_view type;    ///< of the criteria
    const std::vector<SearchCriterion>* criteria = nullptr;
    const std::vector<SortKey>* sort = nullptr;
    const Allowed& allowed;
    const std::vector<model::Id>* among = nullptr;  ///< whose records alone match; null: all
    /// With `among`: type and id of records of others that match too; null: none.
    const std::vector<std::pair<std::string, std::string>>* also = nullptr;
    Total total = Total::automatic;
    std::size_t count = 0;
    std::string_view cursor;
    Hash digest{};  ///< of everything that the cursor is bound to
  };
  /// A record that matched.
  struct Hit {
    std::int64_t row = 0;
    RecordEntry entry;
  };
  using Hits = std::vector<Hit>;

  [[nodiscard]] Result<IndexPage> page(const Listing& listing);
  [[nodiscard]] Result<detail::Generation> generation();
  [[nodiscard]] Result<detail::Cursor> start_of(const Listing& listing);
  [[nodiscard]] Status check_generation(const detail::Cursor& start);
  [[nodiscard]] Result<std::vector<std::int64_t>> candidates(const detail::Clause& scope,
                                                             std::vector<model::Id> patients);
  [[nodiscard]] Status add_also(const Listing& listing, const detail::Clause& scope,
                                std::vector<std::int64_t>& rows);
  [[nodiscard]] Result<std::vector<std::int64_t>> permitted(std::vector<std::int64_t> rows,
                                                            const Allowed& allowed);
  [[nodiscard]] Status keep_permitted(const std::vector<std::int64_t>& rows);
  [[nodiscard]] Status keep_links(const std::vector<const detail::Links*>& stages);
  [[nodiscard]] Result<std::int64_t> count_some(const std::string& rows,
                                                const detail::Clause& clause, std::int64_t most);
  [[nodiscard]] Result<const detail::Condition*> most_selective(
      const std::vector<detail::Condition>& conditions, const detail::Clause& clause);

  /// A search made ready: what it selects from, and its conditions.
  struct Selection {
    std::string from;
    detail::Clause where;
  };
  [[nodiscard]] Result<Selection> select(const Listing& listing, detail::Clause scope,
                                         const detail::LinksOf& links,
                                         const std::vector<std::int64_t>* rows);
  [[nodiscard]] Result<detail::LinksOf> follow(const Listing& listing, const detail::Cursor& start);
  [[nodiscard]] Result<detail::Links> follow_one(const Listing& listing,
                                                 const detail::Cursor& start,
                                                 const SearchCriterion& criterion);
  [[nodiscard]] Result<std::vector<RecordEntry>> merged_sources(const std::vector<std::string>& ids,
                                                                std::int64_t snapshot,
                                                                std::size_t most);
  [[nodiscard]] Result<std::vector<std::string>> canonicals_of(std::int64_t row,
                                                               std::string_view type);
  [[nodiscard]] Result<std::vector<RecordEntry>> named_by(std::string_view canonical,
                                                          std::string_view type,
                                                          std::int64_t snapshot);
  [[nodiscard]] Status follow_canonicals(const Listing& listing, const SearchCriterion& criterion,
                                         const Hits& hits, detail::Links& out);
  [[nodiscard]] Status add_canonical_targets(const detail::Cursor& start, std::string_view type,
                                             const Hit& hit, const fhir::SearchParameter& via,
                                             std::vector<std::string>& ids);
  [[nodiscard]] Status follow_merges(const Listing& listing, const detail::Cursor& start,
                                     const SearchCriterion& criterion,
                                     const std::vector<std::string>& ids, detail::Links& out);
  [[nodiscard]] Status add_merge_targets(const detail::Cursor& start,
                                         std::vector<std::string>& ids);
  [[nodiscard]] Result<Hits> all_hits(const Listing& listing, const detail::Cursor& start,
                                      std::size_t most);
  [[nodiscard]] Result<Hits> read_hits(const std::string& sql, const detail::Clause& where);
  [[nodiscard]] Result<IndexPage> page_in_order(const Listing& listing, const detail::Cursor& start,
                                                const detail::LinksOf& links,
                                                const std::vector<std::int64_t>* rows);
  [[nodiscard]] Result<IndexPage> page_decided_late(const Listing& listing,
                                                    const detail::Cursor& start,
                                                    const detail::LinksOf& links);
  [[nodiscard]] Status for_all_hits(const Listing& listing, const detail::Cursor& start,
                                    const detail::LinksOf& links,
                                    const std::function<Status(Hits hits)>& give);
  [[nodiscard]] Result<std::vector<std::int64_t>> known_rows(const Listing& listing,
                                                             const detail::Cursor& start);
  [[nodiscard]] Result<Hits> hits_behind(const Listing& listing, const detail::Cursor& start,
                                         const detail::LinksOf& links, std::int64_t row,
                                         std::size_t limit, const std::vector<std::int64_t>* rows);
  [[nodiscard]] Result<IndexPage> page_counted(const Listing& listing, const detail::Cursor& start,
                                               Hits hits, std::int64_t erased_before);
  [[nodiscard]] Status drop_erased(const detail::Cursor& start, Hits& hits,
                                   std::int64_t erased_before);
  [[nodiscard]] Result<std::int64_t> erasures();
  [[nodiscard]] Result<IndexPage> page_sorted(const Listing& listing, const detail::Cursor& start);
  [[nodiscard]] Result<std::string> place_of(const Listing& listing, std::int64_t row,
                                             detail::Clause& clause);
  [[nodiscard]] std::string seal(const Listing& listing, const detail::Cursor& start,
                                 std::int64_t row) const;
  struct SortValue;
  struct Place;
  [[nodiscard]] Result<Place> place_behind(const Listing& listing, std::int64_t row);
  [[nodiscard]] Result<std::vector<SortValue>> sort_values(const Listing& listing, const Hit& hit);
  /// The texts of the values that a row has of a parameter, in no order.
  [[nodiscard]] Result<std::vector<std::string>> texts_of(std::int64_t row, std::string_view type,
                                                          const fhir::SearchParameter& parameter);
  /// The texts of the marks that a row has of a group.
  [[nodiscard]] Result<std::vector<std::string>> texts_in(std::int64_t row, std::int64_t group);
  [[nodiscard]] Result<RecordEntry> one(std::string_view where, std::string_view type,
                                        std::string_view id, std::uint64_t version);
  [[nodiscard]] Status renew_generation();
};

}  // namespace xl::query
