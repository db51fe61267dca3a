// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>
#include <set>

#include "fhir/definitions.h"
#include "query/index_store.h"
#include "query/search_text.h"

/// Patients that were merged: what is asked about the one who stays is asked about the others too.
namespace xl::query {
namespace {

constexpr std::string_view patient_type = "Patient";
constexpr std::string_view link_parameter = "link";

bool leads_to_patients(const fhir::SearchParameter& parameter) {
  const auto targets = parameter.targets();
  return parameter.type == fhir::SearchType::reference &&
         std::find(targets.begin(), targets.end(), patient_type) != targets.end();
}

/// The id of the Patient whom a reference of a search names; empty when it names none.
std::string patient_in(std::string_view written) {
  const std::string plain = unprotected(written);
  const auto parts = reference_parts(plain);
  if (!parts || !parts->base.empty()) return {};
  return parts->type.empty() || parts->type == patient_type ? std::string(parts->id)
                                                            : std::string();
}

}  // namespace

/// As of a snapshot. The caller holds the connection.
Result<std::vector<RecordEntry>> RecordIndex::Impl::merged_sources(
    const std::vector<std::string>& ids, std::int64_t snapshot, std::size_t most) {
  std::vector<RecordEntry> out;
  XL_TRY_ASSIGN(
      sqlite::Statement read,
      database.prepare("SELECT " + std::string(detail::entry_columns) +
                       " FROM marks m CROSS JOIN entries e ON e.row = m.row WHERE m.mark = ?1 AND "
                       "e.type = ?2 AND e.row <= ?3 AND e.superseded > ?3 AND e.deleted = 0"));
  std::set<std::string, std::less<>> seen(ids.begin(), ids.end());
  std::vector<std::string> open = ids;
  while (!open.empty()) {
    const std::string current = std::move(open.back());
    open.pop_back();
    const std::int64_t mark = keys.mark(patient_type, link_parameter, Form::replaced_by,
                                        join_parts({"", patient_type, current}));
    XL_TRY_ASSIGN(bool row, read.start(mark, patient_type, snapshot));
    while (row) {
      XL_TRY_ASSIGN(RecordEntry entry, detail::entry_at(read));
      if (seen.insert(entry.id).second) {
        open.push_back(entry.id);
        out.push_back(std::move(entry));
        if (out.size() > most) return make_error(ErrorCode::search_too_broad);
      }
      XL_TRY_ASSIGN(row, read.step());
    }
    read.reset();
  }
  return out;
}

/// Adds, for a reference that names Patients, those to the Patients who were merged into them.
Status RecordIndex::Impl::follow_merges(const Listing& listing, const detail::Cursor& start,
                                        const SearchCriterion& criterion,
                                        const std::vector<std::string>& ids, detail::Links& out) {
  const fhir::SearchParameter* parameter = searched_parameter(listing.type, criterion.name);
  // A Patient's own links say who was merged: they are not passed on.
  const bool follows = parameter != nullptr && leads_to_patients(*parameter) && !ids.empty() &&
                       listing.type != patient_type;
  if (!follows) return {};
  const std::lock_guard lock(mutex);
  XL_TRY_ASSIGN(const std::vector<RecordEntry> sources,
                merged_sources(ids, detail::as_signed(start.snapshot), chain_matches_max));
  for (const RecordEntry& one : sources) {
    out.marks.push_back(keys.mark(listing.type, criterion.name, Form::target,
                                  join_parts({"", patient_type, one.id})));
  }
  return {};
}

/// The Patients whom the values of a reference name.
std::vector<std::string> detail::patients_named(const SearchCriterion& criterion) {
  std::vector<std::string> out;
  const bool plain = criterion.modifier == Modifier::none ||
                     (criterion.modifier == Modifier::type && criterion.target == patient_type);
  if (!plain) return out;
  for (const SearchValue& value : criterion.values) {
    std::string id = patient_in(value.text);
    if (!id.empty()) out.push_back(std::move(id));
  }
  return out;
}

/// Adds to the ids of Patients those of the Patients whom they were merged into. The caller holds
/// the connection.
Status RecordIndex::Impl::add_merge_targets(const detail::Cursor& start,
                                            std::vector<std::string>& ids) {
  const std::int64_t group = keys.group(patient_type, link_parameter, Form::replaced_by);
  XL_TRY_ASSIGN(sqlite::Statement find,
                database.prepare("SELECT e.row FROM entries e WHERE e.type = ?1 AND e.id = ?2 AND "
                                 "e.row <= ?3 AND e.superseded > ?3 AND e.deleted = 0"));
  std::set<std::string, std::less<>> seen(ids.begin(), ids.end());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    XL_TRY_ASSIGN(const bool there, find.start(patient_type, std::string_view(ids[i]),
                                               detail::as_signed(start.snapshot)));
    const std::int64_t row = there ? find.integer(0) : 0;
    find.reset();
    if (!there) continue;
    XL_TRY_ASSIGN(const std::vector<std::string> targets, texts_in(row, group));
    for (const std::string& one : targets) {
      if (seen.insert(one).second) ids.push_back(one);
    }
  }
  return {};
}

Result<std::vector<RecordEntry>> RecordIndex::merged_into(std::string_view id,
                                                          std::size_t count_max) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->merged_sources({std::string(id)}, detail::never_superseded - 1, count_max);
}

}  // namespace xl::query
