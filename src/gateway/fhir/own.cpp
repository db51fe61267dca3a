// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/own.h"

#include <optional>

#include "fhir/definitions.h"
#include "fhir/references.h"
#include "query/fhir_terms.h"

namespace xl::gateway::fhir {

query::OwnNames own_names(const Call& call) {
  query::OwnNames out;
  out.path = query::own_path_of(call.organisation.did());
  const bool alone = call.services.custody.organisations().size() == 1;
  const std::string of_organisation = out.path.substr(0, out.path.size() - 1);
  for (const std::string& node : {call.services.public_url, asked_url(call.request)}) {
    if (node.empty()) continue;
    out.bases.push_back(node + of_organisation);
    if (alone) out.bases.push_back(node + "/fhir");
  }
  return out;
}

std::string own_record(const query::OwnNames& own, std::string_view reference) {
  const auto parts = query::reference_parts(query::without_own_base(reference, own));
  if (!parts || !parts->base.empty() || !xl::fhir::is_resource_type(parts->type)) return {};
  return std::string(parts->type) + "/" + std::string(parts->id);
}

void make_own_relative(json::Document& resource, const query::OwnNames& own) {
  if (resource.root().find("resourceType").as_string() == "Bundle") return;
  xl::fhir::rewrite_only_references(
      resource.edit(), [&](std::string_view text) -> std::optional<std::string> {
        const std::string_view plain = query::without_own_base(text, own);
        const bool leads = plain.size() < text.size() && !own_record(own, text).empty();
        return leads ? std::optional(std::string(plain)) : std::nullopt;
      });
}

}  // namespace xl::gateway::fhir
