// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/rehearsal.h"

#include <algorithm>

namespace xl::gateway::fhir {
namespace {

const custody::NewVersion* rehearsed_current(const Call& call, std::string_view type,
                                             std::string_view id) {
  if (call.rehearsal == nullptr) return nullptr;
  const auto versions = call.rehearsal->versions;
  const auto found = std::ranges::find_if(
      versions, [&](const auto& one) { return one.entry.type == type && one.entry.id == id; });
  return found == versions.end() ? nullptr : &*found;
}

}  // namespace

Result<query::RecordEntry> current_entry(const Call& call, std::string_view type,
                                         std::string_view id) {
  if (const auto* version = rehearsed_current(call, type, id)) return version->entry;
  return call.organisation.stores().index().current(type, id);
}

Result<query::RecordEntry> version_entry(const Call& call, std::string_view type,
                                         std::string_view id, std::uint64_t number) {
  const auto* version = rehearsed_current(call, type, id);
  if (version != nullptr && version->entry.version == number) return version->entry;
  return call.organisation.stores().index().version(type, id, number);
}

const custody::NewVersion* rehearsed(const Call& call, const query::RecordEntry& entry) {
  const auto* version = rehearsed_current(call, entry.type, entry.id);
  return version != nullptr && version->entry.version == entry.version ? version : nullptr;
}

Result<std::string> content_of(const Call& call, const query::RecordEntry& entry) {
  if (const auto* version = rehearsed(call, entry)) return version->content;
  XL_TRY_ASSIGN(custody::OpenedRecord opened, call.organisation.records().open(entry));
  return std::move(opened.content);
}

Result<custody::Viewer> open_viewer(const Call& call, custody::Ask ask) {
  XL_TRY_ASSIGN(custody::Viewer out, call.organisation.desk().open(std::move(ask)));
  if (call.rehearsal == nullptr) return out;
  for (const custody::NewVersion& one : call.rehearsal->versions) {
    out.foresee(one.entry, one.labels);
  }
  return out;
}

}  // namespace xl::gateway::fhir
