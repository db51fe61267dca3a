// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <random>
#include <set>
#include <string>
#include <vector>

#include "contracts/consent/decide.h"
#include "contracts/tests/fixture.h"

/// An independent model of the decision over a small universe. A rule is a product of sets of
/// points, an exception is subtracted, a policy is what is left: nothing here matches fields. What
/// patterns cover is written down by hand. `build` turns the same choices into the real messages.
namespace xl::contracts::consent::universe {

using Set = std::set<int>;

struct Asker {
  RequesterKind kind;
  std::string did;
  std::string organisation;
  std::vector<std::uint32_t> roles;
  bool in_team;
};

inline const std::vector<Asker>& askers() {
  static const std::vector<Asker> all = {
      {RequesterKind::practitioner, "fay", "south", {1}, false},       // 0
      {RequesterKind::practitioner, "fay", "south", {1}, true},        // 1
      {RequesterKind::practitioner, "dora", "north", {1, 3}, false},   // 2
      {RequesterKind::practitioner, "dora", "north", {3}, true},       // 3
      {RequesterKind::practitioner, "erik", "south", {11}, false},     // 4
      {RequesterKind::organisation, "insurer", "insurer", {}, false},  // 5
      {RequesterKind::guardian, "gail", "", {}, false},                // 6
      {RequesterKind::patient, "ann", "", {}, false},                  // 7
      {RequesterKind::patient, "bob", "", {}, false},                  // 8
      {RequesterKind::organisation, "north", "north", {}, false},      // 9
  };
  return all;
}

struct GranteePattern {
  std::string organisation;
  std::string person;
  std::uint32_t role;
  bool team;
  Set covers;  ///< of askers, by hand
};

inline const std::vector<GranteePattern>& grantee_patterns() {
  static const std::vector<GranteePattern> all = {
      {"south", "", 0, false, {0, 1, 4}}, {"north", "", 0, false, {2, 3, 9}},
      {"insurer", "", 0, false, {5}},     {"", "fay", 0, false, {0, 1}},
      {"", "gail", 0, false, {6}},        {"", "", 1, false, {0, 1, 2}},
      {"", "", 3, false, {2, 3}},         {"south", "", 11, false, {4}},
      {"", "", 0, true, {1, 3}},          {"north", "dora", 1, false, {2}},
      {"south", "", 3, false, {}},        {"south", "", 0, true, {1}},
  };
  return all;
}

/// Kinds of resources: 0 Observation, 1 Condition, 2 Observation with code A, 3 Condition with A,
/// B.
inline const std::vector<std::vector<std::string>>& kinds() {
  static const std::vector<std::vector<std::string>> all = {
      {"Observation"}, {"Condition"}, {"Observation", "A"}, {"Condition", "A", "B"}};
  return all;
}
struct ClassPattern {
  std::string code;
  Set covers;  ///< of kinds, by hand
};
inline const std::vector<ClassPattern>& class_patterns() {
  static const std::vector<ClassPattern> all = {
      {"Observation", {0, 2}}, {"Condition", {1, 3}}, {"A", {2, 3}}, {"B", {3}}, {"Media", {}}};
  return all;
}

/// Authors of resources: 0 north without person, 1 dora of north, 2 fay of south, 3 south.
struct AuthorPattern {
  std::string organisation;
  std::string person;
  Set opens;   ///< of authors, by hand: known for certain
  Set closes;  ///< known or possible
};
inline const std::vector<AuthorPattern>& author_patterns() {
  static const std::vector<AuthorPattern> all = {
      {"north", "", {0, 1}, {0, 1}},
      {"south", "", {2, 3}, {2, 3}},
      {"", "dora", {1}, {0, 1, 3}},
      {"south", "fay", {2}, {2, 3}},
  };
  return all;
}

constexpr int days = 5;                         ///< clinical days 0..4
constexpr int undated = days * (days + 1) / 2;  ///< behind the spans (a, b) with a <= b
inline std::pair<int, int> span_of(int number) {
  for (int a = 0; a < days; ++a) {
    for (int b = a; b < days; ++b) {
      if (number-- == 0) return {a, b};
    }
  }
  return {0, 0};
}

inline const std::vector<std::string>& sensitivity_codes() {
  static const std::vector<std::string> all = {"ETH", "HIV", "PSY"};
  return all;
}
inline const std::vector<PurposeOfUse>& purposes() {
  static const std::vector<PurposeOfUse> all = {
      PurposeOfUse::treatment, PurposeOfUse::emergency_treatment, PurposeOfUse::break_glass,
      PurposeOfUse::research, PurposeOfUse::operations};
  return all;
}

/// One request, by its number in each dimension.
struct Point {
  int asker = 0, kind = 0, confidentiality = 1, sensitivities = 0, purpose = 0, time = 0,
      author = 0, action = 1;
};

/// The choices behind one rule; empty lists mean "any", exceptions as in the normal form.
struct Choice {
  Set grantees, classes, authors, purposes, actions;
  int low = 1, high = 6;
  int included = 0, excluded = 0;  ///< bit sets over the sensitivity codes
  int from = -1, to = -1;          ///< days; -1: open
  std::vector<Choice> exceptions;
};

/// A rule's set of points is the product of these.
struct Product {
  Set askers, kinds, confidentialities, sensitivities, purposes, times, authors, actions;
  [[nodiscard]] bool has(const Point& p) const {
    return askers.contains(p.asker) && kinds.contains(p.kind) &&
           confidentialities.contains(p.confidentiality) &&
           sensitivities.contains(p.sensitivities) && purposes.contains(p.purpose) &&
           times.contains(p.time) && authors.contains(p.author) && actions.contains(p.action);
  }
};

inline Set first(int count, int from = 0) {
  Set out;
  for (int i = from; i < from + count; ++i) out.insert(i);
  return out;
}

template <typename Cover>
Set united(const Set& chosen, const Set& everything, Cover cover) {
  if (chosen.empty()) return everything;
  Set out;
  for (const int one : chosen) out.merge(Set(cover(one)));
  return out;
}

inline Set times_of(const Choice& c, bool opens) {
  Set allowed;
  for (int day = 0; day < days; ++day) {
    if ((c.from < 0 || day >= c.from) && (c.to < 0 || day < c.to)) allowed.insert(day);
  }
  Set out;
  if (c.from < 0 && c.to < 0) return first(undated + 1);
  if (!opens) out.insert(undated);
  for (int number = 0; number < undated; ++number) {
    const auto [a, b] = span_of(number);
    int inside = 0;
    for (int day = a; day <= b; ++day) inside += allowed.contains(day) ? 1 : 0;
    if (opens ? inside == b - a + 1 : inside > 0) out.insert(number);
  }
  return out;
}

inline Set sensitivities_of(const Choice& c, bool opens) {
  Set out;
  for (int codes = 0; codes < 8; ++codes) {
    const bool inside = c.included == 0 || (opens ? codes != 0 && (codes | c.included) == c.included
                                                  : (codes & c.included) != 0);
    if (inside && (codes & c.excluded) == 0) out.insert(codes);
  }
  return out;
}

inline Product product_of(const Choice& c, bool opens) {
  const auto itself = [](int one) { return Set{one}; };
  Product out;
  out.askers = united(c.grantees, first(10),
                      [](int i) { return grantee_patterns()[static_cast<std::size_t>(i)].covers; });
  out.kinds = united(c.classes, first(4),
                     [](int i) { return class_patterns()[static_cast<std::size_t>(i)].covers; });
  out.confidentialities = first(c.high - c.low + 1, c.low);
  out.sensitivities = sensitivities_of(c, opens);
  out.purposes = united(c.purposes, first(5), itself);
  out.times = times_of(c, opens);
  out.authors = united(c.authors, first(4), [&](int i) {
    const AuthorPattern& pattern = author_patterns()[static_cast<std::size_t>(i)];
    return opens ? pattern.opens : pattern.closes;
  });
  out.actions = united(c.actions, first(3, 1), itself);
  return out;
}

/// Is the point in the rule and in none of its exceptions?
inline bool in_rule(const Choice& c, const Point& p, bool opens) {
  if (!product_of(c, opens).has(p)) return false;
  for (const Choice& exception : c.exceptions) {
    if (in_rule(exception, p, !opens)) return false;
  }
  return true;
}

/// A policy of the model.
struct Agreed {
  bool permit = true;
  bool active = true;
  Choice choice;
};

/// What the custodian established, in the model's words.
struct World {
  bool law = false, withheld = false, guardian = false, attested = false, encounter = false,
       declared = false, reason = false, licensed = false;
};

struct Answer {
  bool permit = false, review = false;
  std::set<int> relied;  ///< numbers of policies
};

/// The rules of ARCHITECTURE.md §6, as a list of cases.
inline Answer answer(const std::vector<Agreed>& policies, const Point& p, const World& w) {
  const Asker& asker = askers()[static_cast<std::size_t>(p.asker)];
  std::set<int> covering;
  bool refused = false;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    if (!policies[i].active) continue;
    if (policies[i].permit && p.purpose != 2 && in_rule(policies[i].choice, p, true)) {
      covering.insert(static_cast<int>(i));
    }
    if (!policies[i].permit && in_rule(policies[i].choice, p, false)) refused = true;
  }
  if (w.law) return {};
  if (asker.kind == RequesterKind::patient) {
    return {asker.did == "ann" && !w.withheld, false, {}};
  }
  if (asker.kind == RequesterKind::guardian) return {w.guardian && !refused, false, {}};
  const bool person = asker.kind == RequesterKind::practitioner;
  if (person && !w.attested) return {};
  const bool emergency =
      person && (p.purpose == 1 || p.purpose == 2) && w.declared && w.reason && w.licensed;
  const bool own_care = person && asker.organisation == "north" && p.purpose == 0 && w.encounter;
  const bool own_systems =
      asker.kind == RequesterKind::organisation && asker.organisation == "north" && p.purpose == 4;
  const bool regular = !refused && (own_care || own_systems || !covering.empty());
  if (regular) return {true, false, covering};
  return {emergency, emergency, {}};
}

/// The real messages of the same choices.
inline Rule build(const Choice& c) {
  Rule out;
  for (const int i : c.grantees) {
    const GranteePattern& pattern = grantee_patterns()[static_cast<std::size_t>(i)];
    auto* added = out.add_grantees();
    if (!pattern.organisation.empty())
      added->set_organisation(testing::field(pattern.organisation));
    if (!pattern.person.empty()) added->set_person(testing::field(pattern.person));
    if (pattern.role != 0) added->set_role(pattern.role);
    if (pattern.team) added->set_care_team(testing::field("team"));
  }
  for (const int i : c.classes) {
    auto* added = out.add_classes();
    added->set_system("codes");
    added->set_code(class_patterns()[static_cast<std::size_t>(i)].code);
  }
  out.set_confidentiality_min(static_cast<std::uint32_t>(c.low));
  out.set_confidentiality_max(static_cast<std::uint32_t>(c.high));
  for (std::size_t i = 0; i < 3; ++i) {
    if ((c.included >> i & 1) != 0) out.add_sensitivities_included(sensitivity_codes()[i]);
    if ((c.excluded >> i & 1) != 0) out.add_sensitivities_excluded(sensitivity_codes()[i]);
  }
  for (const int i : c.purposes) {
    out.add_purposes(static_cast<std::uint32_t>(purposes()[static_cast<std::size_t>(i)]));
  }
  if (c.from >= 0) out.set_data_from_ms(c.from - 2);  // days before and after 1970
  if (c.to >= 0) out.set_data_to_ms(c.to - 2);
  for (const int i : c.authors) {
    const AuthorPattern& pattern = author_patterns()[static_cast<std::size_t>(i)];
    auto* added = out.add_authors();
    if (!pattern.organisation.empty())
      added->set_organisation(testing::field(pattern.organisation));
    if (!pattern.person.empty()) added->set_person(testing::field(pattern.person));
  }
  for (const int i : c.actions) out.add_actions(static_cast<std::uint32_t>(i));
  for (const Choice& exception : c.exceptions) *out.add_exceptions() = build(exception);
  return out;
}

inline Policy build(const Agreed& agreed) {
  Policy out;
  out.set_effect(static_cast<std::uint32_t>(agreed.permit ? Effect::permit : Effect::deny));
  *out.mutable_rule() = build(agreed.choice);
  normalise(out);
  return out;
}

inline Request build(const Point& p) {
  const Asker& asker = askers()[static_cast<std::size_t>(p.asker)];
  Request out;
  out.requester.kind = asker.kind;
  out.requester.did = testing::id(asker.did);
  if (!asker.organisation.empty()) out.requester.organisation = testing::id(asker.organisation);
  out.requester.roles = asker.roles;
  if (asker.in_team) out.requester.care_teams = {testing::id("other"), testing::id("team")};
  out.purpose = purposes()[static_cast<std::size_t>(p.purpose)];
  out.action = static_cast<Action>(p.action);
  for (const std::string& code : kinds()[static_cast<std::size_t>(p.kind)]) {
    out.resource.classes.push_back({"codes", code});
  }
  out.resource.confidentiality = static_cast<Confidentiality>(p.confidentiality);
  for (std::size_t i = 0; i < 3; ++i) {
    if ((p.sensitivities >> i & 1) != 0) {
      out.resource.sensitivities.push_back(sensitivity_codes()[i]);
    }
  }
  if (p.time != undated) {
    const auto [a, b] = span_of(p.time);
    out.resource.from_ms = a - 2;
    out.resource.to_ms = b - 2;
  }
  out.resource.author_organisation = testing::id(p.author < 2 ? "north" : "south");
  if (p.author == 1) out.resource.author = testing::id("dora");
  if (p.author == 2) out.resource.author = testing::id("fay");
  return out;
}

inline Facts build(const World& w) {
  Facts out;
  out.patient = testing::id("ann");
  out.custodian = testing::id("north");
  out.law_denies = w.law;
  out.withheld_from_patient = w.withheld;
  out.guardian_acts = w.guardian;
  out.role_attested = w.attested;
  out.encounter_active = w.encounter;
  out.emergency_declared = w.declared;
  out.emergency_has_reason = w.reason;
  out.emergency_licensed = w.licensed;
  return out;
}

/// Draws choices at random; the same seed draws the same.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  int upto(int count) { return static_cast<int>(random_() % static_cast<std::uint64_t>(count)); }
  bool one_in(int count) { return upto(count) == 0; }

  Set some(int count, int from = 0) {
    Set out;
    for (int i = from; i < from + count; ++i) {
      if (one_in(3)) out.insert(i);
    }
    return out;
  }

  Choice choice(int depth, bool permit) {
    Choice out;
    if (permit || one_in(2)) out.grantees = some(12);
    if (permit && out.grantees.empty()) out.grantees.insert(upto(12));
    if (one_in(3)) out.classes = some(5);
    if (one_in(4)) out.authors = some(4);
    if (permit || one_in(4)) out.purposes = some(5);
    if (permit && out.purposes.empty()) out.purposes.insert(0);
    if (permit || one_in(4)) out.actions = some(3, 1);
    if (permit && out.actions.empty()) out.actions.insert(1);
    if (one_in(3)) out.high = 1 + upto(6);
    if (one_in(4)) out.low = 1 + upto(out.high);
    if (one_in(4)) out.included = upto(8);
    if (one_in(4)) out.excluded = upto(8);
    if (one_in(4)) out.from = upto(days);
    if (one_in(4)) out.to = (out.from < 0 ? 0 : out.from) + 1 + upto(days);
    if (depth < 2) {
      for (int i = upto(3); i > 0; --i) {
        if (one_in(2)) out.exceptions.push_back(choice(depth + 1, false));
      }
    }
    return out;
  }

  Agreed agreed() {
    Agreed out;
    out.permit = !one_in(4);
    out.active = !one_in(6);
    out.choice = choice(0, out.permit);
    return out;
  }

  Point point() {
    Point out;
    out.asker = upto(10);
    out.kind = upto(4);
    out.confidentiality = 1 + upto(6);
    out.sensitivities = one_in(2) ? 0 : upto(8);
    out.purpose = upto(5);
    out.time = upto(undated + 1);
    out.author = upto(4);
    out.action = 1 + upto(3);
    return out;
  }

  World world() {
    World out;
    out.law = one_in(16);
    out.withheld = one_in(4);
    out.guardian = !one_in(3);
    out.attested = !one_in(5);
    out.encounter = one_in(3);
    out.declared = !one_in(4);
    out.reason = !one_in(5);
    out.licensed = !one_in(4);
    return out;
  }

  std::mt19937_64& engine() { return random_; }

 private:
  std::mt19937_64 random_;
};

}  // namespace xl::contracts::consent::universe
