// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <memory>
#include <string>

#include "custody/access_log.h"
#include "gateway/fhir/face.h"

/// Entries of the read journal as AuditEvents (FHIR R4, IHE BALP 1.1.3).
namespace xl::gateway::fhir {

/// With this the ids of what is shown from the ledger begin: `AuditEvent/xl-12` is entry 12 of the
/// organisation's journal. No record is written under such an id.
constexpr std::string_view view_id_mark = "xl-";

/// True for an id of an AuditEvent or Provenance that is the ledger's.
[[nodiscard]] bool is_view_id(std::string_view type, std::string_view id);

/// The sequence of the entry that an AuditEvent's id names; 0 for an id of anything else.
[[nodiscard]] std::uint64_t sequence_of_view(std::string_view id);

/// What of an entry is shown.
enum class AuditFields {
  all,
  /// For a regulator: who, when, why, by which right, and of which type the record was. Neither its
  /// id nor the patient's here, no query, no words of anybody.
  limited
};

/// Writes AuditEvents for one request. Names and places of parties are looked up once. Not
/// thread-safe.
class AuditWriter {
 public:
  AuditWriter(const Call& call, AuditFields fields);
  ~AuditWriter();
  AuditWriter(const AuditWriter&) = delete;
  AuditWriter& operator=(const AuditWriter&) = delete;

  /// One entry as a resource of at most some 20 KB. Which BALP profile it follows stands in
  /// `meta.profile`; a refusal and what BALP has no pattern for follow none. Errors: those of the
  /// journal (its place on the ledger) and of the index (the patient's id).
  [[nodiscard]] Result<std::string> write(const custody::LoggedAccess& access);

 private:
  class Resource;
  struct Known;
  const Call& call_;
  AuditFields fields_;
  std::unique_ptr<Known> known_;
};

}  // namespace xl::gateway::fhir
