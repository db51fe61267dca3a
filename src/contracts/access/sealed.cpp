// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/access/sealed.h"

#include <algorithm>
#include <vector>

#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "crypto/suite.h"
#include "model/canonical.h"
#include "model/tags.h"

namespace xl::contracts::access {

namespace wire = xinglin::access::v1;

std::string details_commitment(ByteView details) {
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, crypto::tagged_hash(model::tags::access_details, {details}));
  return std::string(text_of(out));
}

Hash cohort_leaf(const wire::CohortLeaf& leaf) {
  return crypto::merkle::leaf_hash(view_of(details_commitment(model::encode(leaf))));
}

bool leads_to(const wire::CohortPlace& place, const Hash& root) {
  std::vector<Hash> path;
  for (const std::string& sibling : place.path()) {
    if (sibling.size() != sizeof(Hash)) return false;
    std::copy_n(view_of(sibling).begin(), sizeof(Hash), path.emplace_back().begin());
  }
  return crypto::merkle::verify_inclusion(cohort_leaf(place.leaf()), place.index(), place.count(),
                                          path, root);
}

}  // namespace xl::contracts::access
