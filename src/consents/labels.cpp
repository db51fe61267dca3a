// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "consents/labels.h"

#include "contracts/api/shape.h"

namespace xl::consents {

namespace consent = contracts::consent;

consent::Resource resource_of(const Labels& labels, const model::Id& custodian) {
  consent::Resource out;
  for (const auto& one : labels.classes()) out.classes.push_back({one.system(), one.code()});
  if (labels.confidentiality() != 0) {
    out.confidentiality = static_cast<consent::Confidentiality>(labels.confidentiality());
  }
  out.sensitivities.assign(labels.sensitivities().begin(), labels.sensitivities().end());
  if (labels.has_from_ms()) out.from_ms = labels.from_ms();
  if (labels.has_to_ms()) out.to_ms = labels.to_ms();
  out.author_organisation = labels.author_organisation().empty()
                                ? custodian
                                : contracts::id_of(labels.author_organisation());
  if (!labels.author().empty()) out.author = contracts::id_of(labels.author());
  for (const auto& one : labels.inner_classes()) {
    out.inner_classes.push_back({one.system(), one.code()});
  }
  for (const auto& one : labels.earlier_authors()) {
    consent::ResourceAuthor author{contracts::id_of(one.organisation()), std::nullopt};
    if (!one.person().empty()) author.person = contracts::id_of(one.person());
    out.earlier_authors.push_back(author);
  }
  out.earlier_authors_known = !labels.earlier_authors_cut();
  out.name = labels.type() + "/" + labels.id();
  if (labels.links_known()) out.links.emplace(labels.links().begin(), labels.links().end());
  return out;
}

}  // namespace xl::consents
