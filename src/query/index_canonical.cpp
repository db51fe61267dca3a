// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "fhir/definitions.h"
#include "query/index_store.h"

/// References by canonical URL (R4 §2.3.0.4): a resource is named by its `url`, or by
/// `url|version`.
namespace xl::query {
namespace {

constexpr std::string_view url_code = "url";
constexpr std::string_view version_code = "version";

struct Naming {
  const fhir::SearchParameter* url = nullptr;
  const fhir::SearchParameter* version = nullptr;
};
/// Nothing for types that no canonical names.
std::optional<Naming> naming_of(std::string_view type) {
  const Naming out{fhir::find_search_parameter(type, url_code),
                   fhir::find_search_parameter(type, version_code)};
  const bool named = out.url != nullptr && out.url->type == fhir::SearchType::uri &&
                     out.version != nullptr && out.version->type == fhir::SearchType::token;
  return named ? std::optional(out) : std::nullopt;
}

}  // namespace

bool detail::has_canonical_name(std::string_view type) { return naming_of(type).has_value(); }

std::vector<std::string_view> detail::canonical_targets(const fhir::SearchParameter& parameter,
                                                        std::string_view only) {
  std::vector<std::string_view> out;
  for (const std::string_view type : parameter.targets()) {
    if ((only.empty() || only == type) && naming_of(type)) out.push_back(type);
  }
  return out;
}

/// What canonicals call the resource of a row. The caller holds the connection.
Result<std::vector<std::string>> RecordIndex::Impl::canonicals_of(std::int64_t row,
                                                                  std::string_view type) {
  std::vector<std::string> out;
  const auto naming = naming_of(type);
  if (!naming) return out;
  XL_TRY_ASSIGN(out, texts_of(row, type, *naming->url));
  XL_TRY_ASSIGN(const std::vector<std::string> versions, texts_of(row, type, *naming->version));
  const std::size_t urls = out.size();
  for (const std::string& version : versions) {
    for (std::size_t i = 0; i < urls; ++i) out.push_back(out[i] + "|" + version);
  }
  return out;
}

/// The resources of a type that a canonical names, as of a snapshot. The caller holds the
/// connection.
Result<std::vector<RecordEntry>> RecordIndex::Impl::named_by(std::string_view canonical,
                                                             std::string_view type,
                                                             std::int64_t snapshot) {
  std::vector<RecordEntry> out;
  const auto naming = naming_of(type);
  if (!naming) return out;
  const std::size_t bar = std::min(canonical.find('|'), canonical.size());
  const std::string_view version = canonical.substr(std::min(bar + 1, canonical.size()));
  XL_TRY_ASSIGN(
      sqlite::Statement read,
      database.prepare("SELECT " + std::string(detail::entry_columns) +
                       " FROM marks m CROSS JOIN entries e ON e.row = m.row WHERE m.mark = ?1 AND "
                       "e.type = ?2 AND e.row <= ?3 AND e.superseded > ?3 AND e.deleted = 0"));
  const std::int64_t mark = keys.mark(type, url_code, Form::uri, canonical.substr(0, bar));
  XL_TRY_ASSIGN(bool row, read.start(mark, type, snapshot));
  while (row) {
    XL_TRY_ASSIGN(RecordEntry entry, detail::entry_at(read));
    XL_TRY_ASSIGN(const std::vector<std::string> versions,
                  version.empty()
                      ? Result<std::vector<std::string>>(std::vector<std::string>{})
                      : texts_of(read.integer(detail::entry_row_column), type, *naming->version));
    const bool meant =
        version.empty() || std::find(versions.begin(), versions.end(), version) != versions.end();
    if (meant) out.push_back(std::move(entry));
    XL_TRY_ASSIGN(row, read.step());
  }
  return out;
}

/// Adds, for a chain, the references by canonical to what it found.
Status RecordIndex::Impl::follow_canonicals(const Listing& listing,
                                            const SearchCriterion& criterion, const Hits& hits,
                                            detail::Links& out) {
  const std::lock_guard lock(mutex);
  for (const Hit& hit : hits) {
    XL_TRY_ASSIGN(const std::vector<std::string> names, canonicals_of(hit.row, hit.entry.type));
    for (const std::string& one : names) {
      out.marks.push_back(keys.mark(listing.type, criterion.name, Form::canonical, one));
    }
  }
  return {};
}

/// Adds, for `_has`, the ids of what a record found names by canonicals. The caller holds the
/// connection.
Status RecordIndex::Impl::add_canonical_targets(const detail::Cursor& start, std::string_view type,
                                                const Hit& hit, const fhir::SearchParameter& via,
                                                std::vector<std::string>& ids) {
  if (detail::canonical_targets(via, type).empty()) return {};
  const std::int64_t group = keys.group(hit.entry.type, via.code, Form::canonical);
  XL_TRY_ASSIGN(const std::vector<std::string> names, texts_in(hit.row, group));
  for (const std::string& one : names) {
    XL_TRY_ASSIGN(const std::vector<RecordEntry> meant,
                  named_by(one, type, detail::as_signed(start.snapshot)));
    for (const RecordEntry& entry : meant) ids.push_back(entry.id);
  }
  return {};
}

}  // namespace xl::query
