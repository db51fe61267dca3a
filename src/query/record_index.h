// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/time.h"
#include "model/id.h"
#include "query/fhir_terms.h"

/// One organisation's index of its own decrypted FHIR records: encrypted, and made again from the
/// vault whenever it is lost.
namespace xl::query {

// Bounds of what is indexed (local).
constexpr std::size_t logical_id_bytes_max = 64;     ///< FHIR R4 §2.24.0.1, id
constexpr std::size_t resource_type_bytes_max = 64;  ///< the longest of R4 has 33
/// Entries that may be put between two calls of `sync`.
constexpr std::uint64_t rows_lost_max = 65536;
constexpr std::size_t index_batch_max = 4096;  ///< as many as the vault keeps at once
/// Last instant of the year 9999, the last that FHIR can write.
constexpr std::uint64_t index_time_ms_max = 253402300799999;

// Bounds of one search.
constexpr std::size_t index_page_max = 1000;  ///< entries of one page
constexpr std::size_t search_parameters_max = 32;
constexpr std::size_t search_types_max = 200;         ///< more than there are
constexpr std::size_t search_values_max = 60;         ///< of all parameters together
constexpr std::size_t allowed_patients_max = 100000;  ///< of one search: a large ward list
constexpr std::size_t matches_counted_max = 10000;    ///< a total is found up to here by itself
constexpr std::size_t chain_matches_max = 10000;      ///< records that a chain may lead through
constexpr std::size_t included_max = 1000;            ///< records included beside one page
constexpr std::size_t chain_depth_max = 4;
constexpr std::size_t sort_keys_max = 4;
constexpr std::size_t cursor_text_bytes_max = 256;  ///< longer ones are not ours

/// One version of one record.
struct RecordEntry {
  model::Id record;
  std::string type;                   ///< resource type, 1..64 letters
  std::string id;                     ///< FHIR logical id, 1..64 of `A-Z a-z 0-9 - .`
  std::uint64_t version = 0;          ///< FHIR version, from 1
  model::Id patient;                  ///< whose record: what permissions are decided on
  std::uint64_t last_updated_ms = 0;  ///< since 1970, at most `index_time_ms_max`
  bool deleted = false;               ///< this version says that the record is deleted
  std::uint64_t vault_version = 0;    ///< of the version in the vault, from 1
  std::vector<Term> terms;            ///< given to `put`, empty in answers
  bool superseded = false;            ///< in answers: a newer version is there
  bool operator==(const RecordEntry&) const = default;
};

/// Comparison of a date, number or quantity (FHIR R4 §3.1.1.4.5, 3.1.1.4.7).
enum class Prefix { eq, ne, gt, lt, ge, le, sa, eb, ap };

/// What a parameter's name says behind its colon (FHIR R4 §3.1.1.4.4).
enum class Modifier {
  none,
  missing,     ///< the value is `true` or `false`
  exact,       ///< string
  contains,    ///< string
  not_equal,   ///< token: `:not`
  text,        ///< token: the texts beside the code
  of_type,     ///< token: `system|code|value` of an identifier
  identifier,  ///< reference: by its identifier
  above,       ///< uri
  below,       ///< uri
  type         ///< reference: leads to `target`
};

/// One value.
struct SearchValue {
  Prefix prefix = Prefix::eq;
  std::string text;  ///< 1..1020 bytes, no prefix; `\|`, `\$` and `\,` as in the URL after decoding
};

/// One parameter: it holds when one of its values does.
struct SearchCriterion {
  std::string name;  ///< or `_has` or `_list`
  std::vector<SearchValue> values{};
  Modifier modifier = Modifier::none;
  /// `Modifier::type`: a type. `_has`: the reference of `chained` that leads to the record.
  std::string target{};
  /// `_list`, whose value names the list: `Type/id` of what stands in it. A page behind a cursor
  /// may be given another content of the same list.
  std::vector<std::string> listed{};
  /// Of a chained one: the type of the records that it is asked of.
  std::string asked_of{};
  /// A reference whose target meets one of these; then there are no values. `_has`: exactly one.
  std::vector<SearchCriterion> chained{};
};

/// The order of a search (`_sort`): a parameter of its type.
struct SortKey {
  std::string name;
  bool descending = false;
};

/// Whether a search is counted (`_total`).
enum class Total {
  automatic,  ///< where it is found without looking at more than `matches_counted_max` records
  none,
  accurate
};

/// Which records a requester may know of. It is applied before anything is matched or counted, so
/// that neither entries nor totals nor links tell of others.
struct Allowed {
  /// Only records of these patients; nothing: of all. An empty list allows nothing.
  std::optional<std::vector<model::Id>> patients;
  /// Then only records for which this holds; empty: all. Called for each candidate once per page,
  /// while others have the index: it may take its time and call the index. The entry has no terms.
  std::function<bool(const RecordEntry&)> record;
};

/// A search for the current, not deleted records of one type or of several, in the order of `sort`,
/// else newest change first, then by type and id.
struct Query {
  std::string type;                       ///< empty: of every type; then `types` may restrict it
  std::vector<std::string> types;         ///< with an empty `type`: only these; empty: all
  std::vector<SearchCriterion> criteria;  ///< all of them must hold
  Allowed allowed;
  /// Only records of these patients match, of those allowed; chains go by `allowed` alone. A page
  /// behind a cursor may be given others.
  std::optional<std::vector<model::Id>> of_patients;
  /// With `of_patients`: records, as type and id, that match too, whosever they are.
  std::vector<std::pair<std::string, std::string>> also;
  std::vector<SortKey> sort;
  Total total = Total::automatic;
  std::size_t count = 50;  ///< entries of a page, 1..`index_page_max`
  std::string cursor;      ///< empty: the first page; else what the page before gave
};

/// A look at every version: of one record, of one type, or of all. Of one record by version, newest
/// first; else by time of change, newest first, then by type, id and version.
struct HistoryQuery {
  std::string type;                       ///< empty: of all types
  std::string id;                         ///< empty: of the whole type
  std::optional<std::uint64_t> since_ms;  ///< only what was written then or later
  /// Only what was current at an instant of this range, both ends included.
  std::optional<fhir::TimeRange> at;
  Allowed allowed;
  Total total = Total::automatic;
  std::size_t count = 50;
  std::string cursor;
};

/// One page of a listing.
struct IndexPage {
  std::vector<RecordEntry> entries;
  std::string next_cursor;  ///< empty behind the last entry
  /// Of all pages. Absent when it was not asked for, or would have taken too long to find.
  std::optional<std::uint64_t> total = 0;
};

/// Which further records a search gives (`_include`, `_revinclude`).
struct Include {
  std::string type;       ///< whose reference it is
  std::string parameter;  ///< of that type; `*`: every reference
  std::string target;     ///< only to records of this type; empty: of any
  bool reverse = false;   ///< records that lead to those found, else those that they lead to
  bool iterate = false;   ///< also from those that were included
};

/// The index. Every method is thread-safe: they wait for each other. Several objects may have the
/// same file open, in one process or in several: one may write while the others read.
///
/// Pages show the index as it was at the first page: a record that is put, changed or deleted while
/// somebody pages neither appears twice nor hides another. Erased records are gone at once.
class RecordIndex {
 public:
  /// Opens or makes the index at `path`. `index_key` is the organisation's key for the purpose
  /// `index`; it is copied. Errors: index_version_unsupported, those of `sqlite::Database::open`.
  /// Precondition: the key is 32 bytes.
  [[nodiscard]] static Result<std::unique_ptr<RecordIndex>> open(const std::filesystem::path& path,
                                                                 ByteView index_key);
  /// Removes the files of an index that is not open, so that a new one can be made; nothing happens
  /// without them. Errors: file_unwritable.
  [[nodiscard]] static Status discard(const std::filesystem::path& path);

  ~RecordIndex();
  RecordIndex(const RecordIndex&) = delete;
  RecordIndex& operator=(const RecordIndex&) = delete;

  /// `put_batch` of one.
  [[nodiscard]] Status put(const RecordEntry& entry);

  /// Adds versions in any order, all or none. Durable after the next `sync`: whoever calls it can
  /// put what a power cut took away again. The highest version of a type and id is the
  /// current one. The same entry again changes nothing. Errors: index_entry_invalid (names the
  /// member), index_version_exists, index_batch_too_large, those of a database.
  [[nodiscard]] Status put_batch(std::span<const RecordEntry> entries);

  /// Makes durable what was put before. Errors: those of a database.
  [[nodiscard]] Status sync();

  /// Passes numbers of rows over that a power cut may have taken away, as many as can be put
  /// between two calls of `sync`: cursors that name them must not come to name others. Errors:
  /// those of a database.
  [[nodiscard]] Status pass_over_lost_rows();

  /// Reads every page of the file. Errors: database_corrupt.
  [[nodiscard]] Status check_integrity();

  /// The height of the ledger that rows were brought up to (`note_followed`); 0 for an index that
  /// was made again since. Errors: those of a database.
  [[nodiscard]] Result<std::uint64_t> followed();
  /// Durable with the next `sync`, not before what was put before it. Errors: those of a database.
  [[nodiscard]] Status note_followed(std::uint64_t height);

  /// The number of the last row that was added to this file; it never falls. Errors: those of a
  /// database.
  [[nodiscard]] Result<std::uint64_t> writes();

  /// The current version, deleted or not. Errors: index_record_unknown, those of a database.
  [[nodiscard]] Result<RecordEntry> current(std::string_view type, std::string_view id);

  /// One version. Errors: index_record_unknown, those of a database.
  [[nodiscard]] Result<RecordEntry> version(std::string_view type, std::string_view id,
                                            std::uint64_t version);

  /// The current records of a type that lead to a record here by a reference parameter, at most
  /// `count_max`, in no order. Errors: those of a database.
  [[nodiscard]] Result<std::vector<RecordEntry>> referring(std::string_view type,
                                                           std::string_view parameter,
                                                           std::string_view to_type,
                                                           std::string_view to_id,
                                                           std::size_t count_max);

  /// The records, as they are now, of which some version had an attachment (an element `url`) that
  /// leads to this Binary here: deleted ones too, at most `count_max`, in no order. Errors: those
  /// of a database.
  [[nodiscard]] Result<std::vector<RecordEntry>> showing(std::string_view binary_id,
                                                         std::size_t count_max);

  /// The current Patients that were merged into this one (`link` of the type `replaced-by`),
  /// directly or through others. Errors: search_too_broad (more than `count_max`), those of a
  /// database.
  [[nodiscard]] Result<std::vector<RecordEntry>> merged_into(std::string_view id,
                                                             std::size_t count_max);

  /// One page of a history, deletions included. Errors: search_page_invalid, search_too_complex
  /// (too many patients), cursor_forged, cursor_mismatched, cursor_expired, those of a database.
  /// Cost: proportional to the allowed versions.
  [[nodiscard]] Result<IndexPage> history(const HistoryQuery& query);

  /// One page of a search. What names a Patient, by a reference or a chain, names those merged into
  /// it too, as of the first page; so do the references of `included`. Errors: search_type_unknown,
  /// search_parameter_unknown, search_modifier_unsupported, search_value_invalid,
  /// search_too_complex, search_too_broad, and those of `history`. Cost: with `allowed.patients`
  /// proportional to their records of the type; else to what the most selective criterion matches.
  [[nodiscard]] Result<IndexPage> search(const Query& query);

  /// The current records that `includes` lead to from `found`, each once and none of `found`.
  /// Errors: search_parameter_unknown, search_too_broad (more than `included_max`), those of a
  /// database.
  [[nodiscard]] Result<std::vector<RecordEntry>> included(std::span<const RecordEntry> found,
                                                          std::span<const Include> includes,
                                                          const Allowed& allowed);

  /// Forgets every version of a patient's records, after an erasure. The content is overwritten, in
  /// the log too; after an error (database_locked: somebody reads) it is to be called again.
  /// Errors: those of a database.
  [[nodiscard]] Status erase_patient(const model::Id& patient);

  /// Forgets one version of a record. Nothing happens when it is not there. Errors: those of a
  /// database.
  [[nodiscard]] Status erase_version(const model::Id& record, std::uint64_t vault_version);

  /// Gives the next entry, or nothing at the end.
  using Source = std::function<Result<std::optional<RecordEntry>>()>;
  /// Drops everything and fills the index again from `source`, in any order; readers see the former
  /// content until it is done, and after an error it stays. Cursors made before expire. Of several
  /// entries with one type, id and version the first is taken; the records of the others are
  /// returned. Errors: those of `source` and of `put_batch` otherwise. The source must not call the
  /// index.
  [[nodiscard]] Result<std::vector<model::Id>> rebuild(const Source& source);

 private:
  friend class IncludeFinder;
  struct Impl;
  explicit RecordIndex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace xl::query
