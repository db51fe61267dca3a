// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/consent/match.h"

#include <algorithm>

namespace xl::contracts::consent {

namespace wire = xinglin::consent::v1;

namespace {

bool same_id(const std::string& field, const model::Id& id) {
  return equal(view_of(field), id.view());
}

bool matches_grantee(const wire::Grantee& grantee, const Requester& requester) {
  if (!grantee.organisation().empty() && !same_id(grantee.organisation(), requester.organisation)) {
    return false;
  }
  if (!grantee.person().empty() && !same_id(grantee.person(), requester.did)) return false;
  if (grantee.role() != 0 && std::find(requester.roles.begin(), requester.roles.end(),
                                       grantee.role()) == requester.roles.end()) {
    return false;
  }
  return grantee.care_team().empty() ||
         std::any_of(requester.care_teams.begin(), requester.care_teams.end(),
                     [&](const model::Id& team) { return same_id(grantee.care_team(), team); });
}

template <typename Classes>
bool matches_class(const Classes& classes, const Resource& resource, bool opens) {
  return std::any_of(classes.begin(), classes.end(), [&](const wire::Class& wanted) {
    const auto is_wanted = [&](const ResourceClass& one) {
      return one.system == wanted.system() && one.code == wanted.code();
    };
    return std::ranges::any_of(resource.classes, is_wanted) ||
           (!opens && std::ranges::any_of(resource.inner_classes, is_wanted));
  });
}

bool matches_sensitivity(const Rule& rule, const Resource& resource, bool opens) {
  const auto listed = [](const auto& list) {
    return [&list](const std::string& code) {
      return std::find(list.begin(), list.end(), code) != list.end();
    };
  };
  const auto& codes = resource.sensitivities;
  if (std::any_of(codes.begin(), codes.end(), listed(rule.sensitivities_excluded()))) return false;
  const auto& included = rule.sensitivities_included();
  if (included.empty()) return true;
  if (!opens) return std::any_of(codes.begin(), codes.end(), listed(included));
  return !codes.empty() && std::all_of(codes.begin(), codes.end(), listed(included));
}

bool matches_period(const Rule& rule, const Resource& resource, bool opens) {
  if (!rule.has_data_from_ms() && !rule.has_data_to_ms()) return true;
  if (!resource.from_ms || !resource.to_ms) return !opens;
  // The end that must lie inside: the far one to open, the near one to close.
  const std::int64_t low = opens ? *resource.from_ms : *resource.to_ms;
  const std::int64_t high = opens ? *resource.to_ms : *resource.from_ms;
  if (rule.has_data_from_ms() && low < rule.data_from_ms()) return false;
  return !rule.has_data_to_ms() || high < rule.data_to_ms();
}

/// What is not known to lie outside counts as inside for a rule that closes.
bool matches_data(const wire::Data& data, const Resource& resource, bool opens) {
  const std::string name = data.type() + "/" + data.id();
  if (resource.name == name) return true;
  if (data.scope() != static_cast<std::uint32_t>(DataScope::related)) return false;
  if (!resource.links) return !opens;
  return std::find(resource.links->begin(), resource.links->end(), name) != resource.links->end();
}

bool matches_author(const wire::Author& author, const ResourceAuthor& who, bool opens) {
  if (!author.organisation().empty() && !same_id(author.organisation(), who.organisation)) {
    return false;
  }
  if (author.person().empty()) return true;
  return who.person ? same_id(author.person(), *who.person) : !opens;
}

/// What somebody wrote stays theirs when another saves it again.
bool matches_authors(const Rule& rule, const Resource& resource, bool opens) {
  const auto& authors = rule.authors();
  if (authors.empty()) return true;
  const auto is_meant = [&](const ResourceAuthor& who) {
    return std::any_of(authors.begin(), authors.end(),
                       [&](const auto& author) { return matches_author(author, who, opens); });
  };
  const bool now = is_meant({resource.author_organisation, resource.author});
  const auto& earlier = resource.earlier_authors;
  if (opens) {
    return now && resource.earlier_authors_known && std::ranges::all_of(earlier, is_meant);
  }
  return now || !resource.earlier_authors_known || std::ranges::any_of(earlier, is_meant);
}

template <typename List, typename Value>
bool lists(const List& list, Value value) {
  return list.empty() ||
         std::find(list.begin(), list.end(), static_cast<std::uint32_t>(value)) != list.end();
}

/// The dimensions of one rule, its exceptions left aside.
std::uint32_t dimensions_missed(const Rule& rule, const Request& request, bool opens) {
  std::uint32_t out = 0;
  const auto& grantees = rule.grantees();
  const Resource& resource = request.resource;
  const bool granted =
      grantees.empty() || std::any_of(grantees.begin(), grantees.end(), [&](const auto& grantee) {
        return matches_grantee(grantee, request.requester);
      });
  const bool written = matches_authors(rule, resource, opens);
  const auto& data = rule.data();
  const bool named = data.empty() || std::any_of(data.begin(), data.end(), [&](const auto& one) {
                       return matches_data(one, resource, opens);
                     });
  const auto confidentiality = static_cast<std::uint32_t>(resource.confidentiality);
  if (!granted) out |= mismatch_grantee;
  const auto is_of = [&](const auto& classes) {
    return classes.empty() || matches_class(classes, resource, opens);
  };
  if (!is_of(rule.classes()) || !is_of(rule.codes())) out |= mismatch_class;
  if (!named) out |= mismatch_data;
  if (confidentiality < rule.confidentiality_min() ||
      confidentiality > rule.confidentiality_max()) {
    out |= mismatch_confidentiality;
  }
  if (!matches_sensitivity(rule, resource, opens)) out |= mismatch_sensitivity;
  if (!lists(rule.purposes(), request.purpose)) out |= mismatch_purpose;
  if (!matches_period(rule, resource, opens)) out |= mismatch_period;
  if (!written) out |= mismatch_author;
  if (!lists(rule.actions(), request.action)) out |= mismatch_action;
  return out;
}

/// Does an exception take the request out of its rule, its own exceptions considered?
bool takes_out(const Rule& exception, const Request& request, bool opens) {
  if (dimensions_missed(exception, request, opens) != 0) return false;
  return std::none_of(
      exception.exceptions().begin(), exception.exceptions().end(),
      [&](const Rule& inner) { return dimensions_missed(inner, request, !opens) == 0; });
}

}  // namespace

std::uint32_t mismatch_of(const Rule& rule, const Request& request, bool opens) {
  const std::uint32_t missed = dimensions_missed(rule, request, opens);
  const bool excepted =
      std::any_of(rule.exceptions().begin(), rule.exceptions().end(),
                  [&](const Rule& exception) { return takes_out(exception, request, !opens); });
  return excepted ? missed | mismatch_excepted : missed;
}

}  // namespace xl::contracts::consent
