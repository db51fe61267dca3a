// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>
#include <set>

#include "fhir/definitions.h"
#include "query/index_store.h"
#include "query/search_text.h"

namespace xl::query {
namespace {

using fhir::SearchParameter;
using fhir::SearchType;
using Name = std::pair<std::string, std::string>;  // type and id

/// Includes lead to what is there now.
constexpr std::int64_t latest = detail::never_superseded - 1;

bool is_followed(const SearchParameter& parameter) {
  return parameter.type == SearchType::reference && has_terms(parameter);
}

/// The references of a type that an include means.
std::vector<const SearchParameter*> followed(std::string_view type, const Include& include) {
  std::vector<const SearchParameter*> out;
  if (!include.type.empty() && !include.reverse && include.type != type) return out;
  if (include.parameter != "*") {
    const SearchParameter* one = searched_parameter(type, include.parameter);
    if (one != nullptr && is_followed(*one)) out.push_back(one);
    return out;
  }
  for (const SearchParameter& one : fhir::search_parameters_of(type)) {
    if (is_followed(one)) out.push_back(&one);
  }
  return out;
}

}  // namespace

/// Finds what includes lead to, round by round. Not thread-safe.
class IncludeFinder {
 public:
  IncludeFinder(RecordIndex::Impl& index, const Allowed& allowed)
      : index_(index), allowed_(allowed) {}

  Result<std::vector<RecordEntry>> run(std::span<const RecordEntry> found,
                                       std::span<const Include> includes) {
    for (const RecordEntry& one : found) seen_.insert({one.type, one.id});
    std::vector<RecordEntry> from(found.begin(), found.end());
    for (bool first = true; !from.empty(); first = false) {
      fresh_.clear();
      for (const Include& include : includes) {
        if (!first && !include.iterate) continue;
        XL_TRY(include.reverse ? follow_back(from, include) : follow(from, include));
      }
      // Decided with the index free for others.
      if (allowed_.record) {
        std::erase_if(fresh_, [&](const RecordEntry& one) { return !allowed_.record(one); });
      }
      out_.insert(out_.end(), fresh_.begin(), fresh_.end());
      if (out_.size() > included_max) return make_error(ErrorCode::search_too_broad, "_include");
      from = std::move(fresh_);
    }
    return std::move(out_);
  }

 private:
  /// Adds a current record that was not met before and is of a patient who is allowed.
  Status add(RecordEntry entry) {
    if (entry.deleted || !seen_.insert({entry.type, entry.id}).second) return {};
    if (allowed_.patients && std::find(allowed_.patients->begin(), allowed_.patients->end(),
                                       entry.patient) == allowed_.patients->end()) {
      return {};
    }
    fresh_.push_back(std::move(entry));
    // Each may still be refused, so this is a bound of the work alone.
    if (fresh_.size() > 2 * included_max) {
      return make_error(ErrorCode::search_too_broad, "_include");
    }
    return {};
  }

  Result<sqlite::Statement> prepare(std::string_view where) {
    return index_.database.prepare(
        "SELECT " + std::string(detail::entry_columns) + " FROM entries e WHERE e.superseded = " +
        std::to_string(detail::never_superseded) + " AND " + std::string(where));
  }

  /// The row of a record that was found; 0 when it is there no more. The caller holds the
  /// connection, as for all that follow.
  Result<std::int64_t> row_of(const RecordEntry& one) {
    XL_TRY_ASSIGN(sqlite::Statement row, prepare("e.type = ?1 AND e.id = ?2"));
    XL_TRY_ASSIGN(const bool there,
                  row.start(std::string_view(one.type), std::string_view(one.id)));
    return there ? row.integer(detail::entry_row_column) : 0;
  }

  Status follow(const std::vector<RecordEntry>& from, const Include& include) {
    const std::lock_guard lock(index_.mutex);
    XL_TRY_ASSIGN(sqlite::Statement target, prepare("e.type = ?1 AND e.id = ?2"));
    for (const RecordEntry& one : from) {
      const auto parameters = followed(one.type, include);
      if (parameters.empty()) continue;
      XL_TRY_ASSIGN(const std::int64_t row, row_of(one));
      for (const SearchParameter* parameter : parameters) {
        XL_TRY_ASSIGN(const std::vector<std::string> names,
                      index_.texts_of(row, one.type, *parameter));
        for (const std::string& name : names) {
          const std::size_t slash = name.find('/');
          const std::string_view type = std::string_view(name).substr(0, slash);
          if (slash == std::string::npos || !fhir::is_resource_type(type)) continue;
          if (!include.target.empty() && include.target != type) continue;
          XL_TRY_ASSIGN(const bool found,
                        target.start(type, std::string_view(name).substr(slash + 1)));
          if (found) {
            XL_TRY_ASSIGN(RecordEntry entry, detail::entry_at(target));
            XL_TRY(add(std::move(entry)));
          }
          target.reset();
        }
        XL_TRY(follow_canonicals(row, one.type, *parameter, include.target));
      }
    }
    return {};
  }

  Status follow_canonicals(std::int64_t row, std::string_view type,
                           const SearchParameter& parameter, std::string_view only) {
    const auto targets = detail::canonical_targets(parameter, only);
    if (targets.empty()) return {};
    const std::int64_t group = index_.keys.group(type, parameter.code, Form::canonical);
    XL_TRY_ASSIGN(const std::vector<std::string> names, index_.texts_in(row, group));
    for (const std::string& name : names) {
      for (const std::string_view target : targets) {
        XL_TRY_ASSIGN(std::vector<RecordEntry> meant, index_.named_by(name, target, latest));
        for (RecordEntry& entry : meant) XL_TRY(add(std::move(entry)));
      }
    }
    return {};
  }

  Status follow_back(const std::vector<RecordEntry>& from, const Include& include) {
    const std::lock_guard lock(index_.mutex);
    XL_TRY_ASSIGN(sqlite::Statement rows,
                  prepare("e.type = ?2 AND e.row IN (SELECT row FROM marks WHERE mark = ?1)"));
    const auto parameters = followed(include.type, include);
    std::vector<std::pair<Form, std::string>> names;  // what references to the records found say
    for (const RecordEntry& one : from) {
      if (!include.target.empty() && include.target != one.type) continue;
      names.emplace_back(Form::target, join_parts({"", one.type, one.id}));
      if (detail::has_canonical_name(one.type)) {
        XL_TRY_ASSIGN(const std::int64_t row, row_of(one));
        XL_TRY_ASSIGN(std::vector<std::string> canonicals, index_.canonicals_of(row, one.type));
        for (std::string& name : canonicals) names.emplace_back(Form::canonical, std::move(name));
      }
      if (one.type != "Patient" || include.type == "Patient") continue;
      XL_TRY_ASSIGN(const std::vector<RecordEntry> merged,
                    index_.merged_sources({one.id}, latest, included_max));
      for (const RecordEntry& source : merged) {
        names.emplace_back(Form::target, join_parts({"", source.type, source.id}));
      }
    }
    for (const auto& [form, name] : names) {
      for (const SearchParameter* parameter : parameters) {
        const std::int64_t mark = index_.keys.mark(include.type, parameter->code, form, name);
        XL_TRY_ASSIGN(bool row, rows.start(mark, std::string_view(include.type)));
        while (row) {
          XL_TRY_ASSIGN(RecordEntry entry, detail::entry_at(rows));
          XL_TRY(add(std::move(entry)));
          XL_TRY_ASSIGN(row, rows.step());
        }
        rows.reset();
      }
    }
    return {};
  }

  RecordIndex::Impl& index_;
  const Allowed& allowed_;
  std::set<Name> seen_;
  std::vector<RecordEntry> fresh_;
  std::vector<RecordEntry> out_;
};

Result<std::vector<RecordEntry>> RecordIndex::included(std::span<const RecordEntry> found,
                                                       std::span<const Include> includes,
                                                       const Allowed& allowed) {
  return IncludeFinder(*impl_, allowed).run(found, includes);
}

}  // namespace xl::query
