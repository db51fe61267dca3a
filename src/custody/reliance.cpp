// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/reliance.h"

#include <algorithm>
#include <map>

namespace xl::custody {

std::vector<model::Id> consents_relied_on(const std::set<Permits>& needs) {
  std::vector<const Permits*> waiting;
  for (const Permits& one : needs) {
    if (!one.empty()) waiting.push_back(&one);
  }
  std::vector<model::Id> out;
  const auto take = [&](const model::Id& consent) {
    out.push_back(consent);
    std::erase_if(waiting,
                  [&](const Permits* one) { return std::ranges::binary_search(*one, consent); });
  };
  for (const Permits& one : needs) {
    if (one.size() == 1) take(one.front());  // a set has each once
  }
  while (!waiting.empty()) {
    std::map<model::Id, std::size_t> serves;
    for (const Permits* one : waiting) {
      for (const model::Id& consent : *one) ++serves[consent];
    }
    // The first of equals: a map goes by id.
    const auto best = std::ranges::max_element(
        serves, [](const auto& one, const auto& other) { return one.second < other.second; });
    take(best->first);
  }
  return out;
}

std::size_t served_by(const std::vector<Permits>& needs, std::size_t consents_max) {
  const auto fits = [&](std::size_t count) {
    const auto end = needs.begin() + static_cast<std::ptrdiff_t>(count);
    return consents_relied_on(std::set<Permits>(needs.begin(), end)).size() <= consents_max;
  };
  if (fits(needs.size())) return needs.size();
  std::size_t good = 0;
  std::size_t bad = needs.size();
  while (good + 1 < bad) {
    const std::size_t middle = good + (bad - good) / 2;
    (fits(middle) ? good : bad) = middle;
  }
  return good;
}

}  // namespace xl::custody
