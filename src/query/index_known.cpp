// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "query/index_store.h"

/// The rows that a listing of some patients is about.
namespace xl::query {

/// The rows of the scope that are of one of `patients`, none twice. The caller holds the
/// connection.
Result<std::vector<std::int64_t>> RecordIndex::Impl::candidates(const detail::Clause& scope,
                                                                std::vector<model::Id> patients) {
  std::sort(patients.begin(), patients.end());
  patients.erase(std::unique(patients.begin(), patients.end()), patients.end());
  std::vector<std::int64_t> out;
  detail::Clause clause = scope;
  const std::string patient = clause.bind(Bytes{});
  const std::string sql =
      "SELECT e.row FROM entries e WHERE " + scope.sql + " AND e.patient = " + patient;
  for (const model::Id& one : patients) {
    clause.values.back() = copy_of(one.view());
    XL_TRY_ASSIGN(sqlite::Statement rows, detail::prepare_bound(database, sql, clause.values));
    for (;;) {
      XL_TRY_ASSIGN(const bool row, rows.step());
      if (!row) break;
      out.push_back(rows.integer(0));
    }
  }
  return out;
}

/// Adds the rows of the scope that match whosever they are, of patients who are allowed. The caller
/// holds the connection.
Status RecordIndex::Impl::add_also(const Listing& listing, const detail::Clause& scope,
                                   std::vector<std::int64_t>& rows) {
  if (listing.also == nullptr) return {};
  detail::Clause clause = scope;
  const std::string type = clause.bind(std::string());
  const std::string id = clause.bind(std::string());
  const std::string sql = "SELECT " + std::string(detail::entry_columns) +
                          " FROM entries e WHERE " + scope.sql + " AND e.type = " + type +
                          " AND e.id = " + id;
  const auto& allowed = listing.allowed.patients;
  for (const auto& [wanted_type, wanted_id] : *listing.also) {
    clause.values[clause.values.size() - 2] = wanted_type;
    clause.values.back() = wanted_id;
    XL_TRY_ASSIGN(const Hits found, read_hits(sql, clause));
    for (const Hit& hit : found) {
      const bool whose = !allowed || std::find(allowed->begin(), allowed->end(),
                                               hit.entry.patient) != allowed->end();
      const bool known = std::find(rows.begin(), rows.end(), hit.row) != rows.end();
      if (whose && !known) rows.push_back(hit.row);
    }
  }
  return {};
}

}  // namespace xl::query
