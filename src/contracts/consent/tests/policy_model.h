// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "contracts/consent/decide.h"
#include "contracts/tests/fixture.h"

/// An independent model of the decision over a small universe. A rule is a product of sets of
/// points, an exception is subtracted, a policy is what is left: nothing here matches fields. What
/// patterns cover is written down by hand. `build` turns the same choices into the real messages,
/// for the decision alone or, with other `Names`, for a real node (node/tests/leak_world.h).
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
      {RequesterKind::practitioner, "mia", "south", {1}, true},        // 10
      {RequesterKind::practitioner, "nils", "north", {1}, false},      // 11
      {RequesterKind::practitioner, "dora", "north", {1}, false},      // 12
      {RequesterKind::organisation, "south", "south", {}, false},      // 13
      {RequesterKind::practitioner, "wanda", "watch", {13}, false},    // 14
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
      {"south", "", 0, false, {0, 1, 4, 10, 13}},
      {"north", "", 0, false, {2, 3, 9, 11, 12}},
      {"insurer", "", 0, false, {5}},
      {"", "fay", 0, false, {0, 1}},
      {"", "gail", 0, false, {6}},
      {"", "", 1, false, {0, 1, 2, 10, 11, 12}},
      {"", "", 3, false, {2, 3}},
      {"south", "", 11, false, {4}},
      {"", "", 0, true, {1, 3, 10}},
      {"north", "dora", 1, false, {2, 12}},
      {"south", "", 3, false, {}},
      {"south", "", 0, true, {1, 10}},
      {"watch", "", 13, false, {14}},
  };
  return all;
}

constexpr std::string_view terminology = "http://loinc.org";

/// A resource type, or a code of a terminology, and what it covers of `kinds`, by hand.
struct ClassPattern {
  std::string system;
  std::string code;
  Set covers;
  Set closes_too{};  ///< what only has it inside
};

/// Kinds of resources: types with codes.
struct Kind {
  std::string type;
  std::vector<std::string> codes;
  std::string inner_type{};  ///< of what is inside, with its code
  std::string inner_code{};
};
inline const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"Observation", {}},                       // 0
      {"Condition", {}},                         // 1
      {"Observation", {"A"}},                    // 2
      {"Condition", {"A", "B"}},                 // 3
      {"Patient", {}},                           // 4
      {"Encounter", {}},                         // 5
      {"DiagnosticReport", {"B"}},               // 6
      {"Consent", {}},                           // 7
      {"List", {}},                              // 8: what no pattern names
      {"Bundle", {}, "Condition", "A"},          // 9
      {"Encounter", {"B"}, "Observation", "C"},  // 10
  };
  return all;
}
inline const std::vector<ClassPattern>& class_patterns() {
  static const std::vector<ClassPattern> all = {
      {std::string(resource_types_system), "Observation", {0, 2}, {10}},
      {std::string(resource_types_system), "Condition", {1, 3}, {9}},
      {std::string(resource_types_system), "Patient", {4}},
      {std::string(resource_types_system), "Encounter", {5, 10}},
      {std::string(resource_types_system), "DiagnosticReport", {6}},
      {std::string(resource_types_system), "Consent", {7}},
      {std::string(resource_types_system), "Media", {}},
  };
  return all;
}
/// The same code of another system is another code.
inline const std::vector<ClassPattern>& code_patterns() {
  static const std::vector<ClassPattern> all = {
      {std::string(terminology), "A", {2, 3}, {9}},
      {std::string(terminology), "B", {3, 6, 10}},
      {"http://snomed.info/sct", "A", {}},
      {std::string(terminology), "C", {}, {10}},
  };
  return all;
}

/// Records by their names and what they refer to.
struct Thing {
  std::string name;
  std::vector<std::string> links;
  bool links_known = true;
};
inline const std::vector<Thing>& things() {
  static const std::vector<Thing> all = {
      {"Observation/o1", {}},                               // 0
      {"Observation/o2", {"Encounter/v1"}},                 // 1
      {"Encounter/v1", {}},                                 // 2
      {"Observation/o3", {"Encounter/v1", "CarePlan/c1"}},  // 3
      {"Observation/o4", {}, false},                        // 4
      {"CarePlan/c1", {"Encounter/v1"}},                    // 5
      {"Observation/o5", {}},                               // 6: what no pattern names
  };
  return all;
}
struct DataPattern {
  DataScope scope;
  std::string name;
  Set opens;   ///< of things, by hand: known for certain
  Set closes;  ///< known or possible
};
inline const std::vector<DataPattern>& data_patterns() {
  static const std::vector<DataPattern> all = {
      {DataScope::instance, "Observation/o1", {0}, {0}},
      {DataScope::instance, "Encounter/v1", {2}, {2}},
      {DataScope::related, "Encounter/v1", {1, 2, 3, 5}, {1, 2, 3, 4, 5}},
      {DataScope::related, "CarePlan/c1", {3, 5}, {3, 4, 5}},
      {DataScope::instance, "Observation/none", {}, {}},
  };
  return all;
}

/// Authors of resources: 0 north without person, 1 dora of north, 2 fay of south, 3 south, 4 ann
/// herself at north; 5 fay of south what dora of north had written, 6 north what dora had.
constexpr int authors = 7;
struct AuthorPattern {
  std::string organisation;
  std::string person;
  Set opens;   ///< of authors, by hand: known for certain
  Set closes;  ///< known or possible
};
inline const std::vector<AuthorPattern>& author_patterns() {
  static const std::vector<AuthorPattern> all = {
      {"north", "", {0, 1, 4}, {0, 1, 4}},
      {"south", "", {2, 3}, {2, 3}},
      {"", "dora", {1}, {0, 1, 3}},
      {"south", "fay", {2}, {2, 3}},
  };
  return all;
}

constexpr int days = 5;                         ///< clinical days 0..4
constexpr int undated = days * (days + 1) / 2;  ///< behind the spans (a, b) with a <= b
constexpr int long_after = undated + 1;         ///< one day behind all of them
constexpr int times = undated + 2;
inline std::pair<int, int> span_of(int number) {
  for (int a = 0; a < days; ++a) {
    for (int b = a; b < days; ++b) {
      if (number-- == 0) return {a, b};
    }
  }
  return {2 * days, 2 * days};
}
inline int number_of_span(int a, int b) {
  for (int number = 0; number < undated; ++number) {
    if (span_of(number) == std::pair{a, b}) return number;
  }
  return undated;
}

inline const std::vector<std::string>& sensitivity_codes() {
  static const std::vector<std::string> all = {"ETH", "HIV", "PSY"};
  return all;
}
inline const std::vector<PurposeOfUse>& purposes() {
  static const std::vector<PurposeOfUse> all = {
      PurposeOfUse::treatment,      PurposeOfUse::emergency_treatment,
      PurposeOfUse::break_glass,    PurposeOfUse::research,
      PurposeOfUse::operations,     PurposeOfUse::patient_request,
      PurposeOfUse::family_request, PurposeOfUse::compliance};
  return all;
}

/// One request, by its number in each dimension.
struct Point {
  int asker = 0, kind = 0, confidentiality = 1, sensitivities = 0, purpose = 0, time = 0,
      author = 0, action = 1, thing = 0;
};

/// The choices behind one rule; empty lists mean "any", exceptions as in the normal form.
struct Choice {
  Set grantees{}, classes{}, codes{}, data{}, authors{}, purposes{}, actions{};
  int low = 1, high = 6;
  int included = 0, excluded = 0;  ///< bit sets over the sensitivity codes
  int from = -1, to = -1;          ///< days; -1: open
  std::vector<Choice> exceptions{};
};

/// A rule's set of points is the product of these.
struct Product {
  Set askers, kinds, coded, confidentialities, sensitivities, purposes, times, authors, actions,
      things;
  [[nodiscard]] bool has(const Point& p) const {
    return askers.contains(p.asker) && kinds.contains(p.kind) && coded.contains(p.kind) &&
           confidentialities.contains(p.confidentiality) &&
           sensitivities.contains(p.sensitivities) && purposes.contains(p.purpose) &&
           times.contains(p.time) && authors.contains(p.author) && actions.contains(p.action) &&
           things.contains(p.thing);
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

/// What two have written is opened by what means both, closed by what means either.
inline Set authors_of(const Choice& c, bool opens) {
  Set out = united(c.authors, first(authors - 2), [&](int i) {
    const AuthorPattern& pattern = author_patterns()[static_cast<std::size_t>(i)];
    return opens ? pattern.opens : pattern.closes;
  });
  for (const auto& [both, other] : {std::pair{5, 2}, std::pair{6, 0}}) {
    const bool dora = out.contains(1);
    const bool means = out.contains(other);
    if (opens ? dora && means : dora || means) out.insert(both);
  }
  return out;
}

inline Set times_of(const Choice& c, bool opens) {
  if (c.from < 0 && c.to < 0) return first(times);
  const auto allowed = [&](int day) {
    return (c.from < 0 || day >= c.from) && (c.to < 0 || day < c.to);
  };
  Set out;
  if (!opens) out.insert(undated);
  for (int number = 0; number < times; ++number) {
    if (number == undated) continue;
    const auto [a, b] = span_of(number);
    int inside = 0;
    for (int day = a; day <= b; ++day) inside += allowed(day) ? 1 : 0;
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
  out.askers = united(c.grantees, first(static_cast<int>(askers().size())),
                      [](int i) { return grantee_patterns()[static_cast<std::size_t>(i)].covers; });
  const Set every_kind = first(static_cast<int>(kinds().size()));
  const auto covered = [&](const std::vector<ClassPattern>& patterns) {
    return [&patterns, opens](int i) {
      const ClassPattern& pattern = patterns[static_cast<std::size_t>(i)];
      Set covers = pattern.covers;
      if (!opens) covers.insert(pattern.closes_too.begin(), pattern.closes_too.end());
      return covers;
    };
  };
  out.kinds = united(c.classes, every_kind, covered(class_patterns()));
  out.coded = united(c.codes, every_kind, covered(code_patterns()));
  out.confidentialities = first(c.high - c.low + 1, c.low);
  out.sensitivities = sensitivities_of(c, opens);
  out.purposes = united(c.purposes, first(static_cast<int>(purposes().size())), itself);
  out.times = times_of(c, opens);
  out.authors = authors_of(c, opens);
  out.actions = united(c.actions, first(5, 1), itself);
  out.things = united(c.data, first(static_cast<int>(things().size())), [&](int i) {
    const DataPattern& pattern = data_patterns()[static_cast<std::size_t>(i)];
    return opens ? pattern.opens : pattern.closes;
  });
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

/// A policy of the model. It holds from one tick of the clock on, and no more at another: -1 is
/// open.
struct Agreed {
  bool permit = true;
  bool active = true;  ///< of its consent; nothing that one consent holds is active alone
  Choice choice{};
  int begins = -1, ends = -1;
  int consent = -1;  ///< number of the consent; -1: one of its own
};
constexpr int ticks = 4;

/// What the custodian established, in the model's words.
struct World {
  bool law = false, withheld = false, guardian = false, attested = false, encounter = false,
       declared = false, reason = false, licensed = false;
  bool agreement_required = false, agreement_covers = false;  ///< between asker's house and north
  int now = 0;                                                ///< tick of the clock
};

struct Answer {
  bool permit = false, review = false;
  std::set<int> relied{};  ///< numbers of consents
  std::set<int> refused{};
};

inline int consent_of(const std::vector<Agreed>& policies, std::size_t i) {
  return policies[i].consent < 0 ? static_cast<int>(i) : policies[i].consent;
}

inline bool in_force(const Agreed& one, int now) {
  return one.active && now >= one.begins && (one.ends < 0 || now < one.ends);
}

/// The rules of ARCHITECTURE.md §6, as a list of cases.
inline Answer answer(const std::vector<Agreed>& policies, const Point& p, const World& w) {
  const Asker& asker = askers()[static_cast<std::size_t>(p.asker)];
  std::set<int> covering;
  std::set<int> refusing;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    if (!in_force(policies[i], w.now)) continue;
    if (policies[i].permit && p.purpose != 2 && in_rule(policies[i].choice, p, true)) {
      covering.insert(consent_of(policies, i));
    }
    if (!policies[i].permit && in_rule(policies[i].choice, p, false)) {
      refusing.insert(consent_of(policies, i));
    }
  }
  if (asker.organisation != "north" && w.agreement_required && !w.agreement_covers) {
    covering.clear();
  }
  if (w.law) return {};
  if (asker.kind == RequesterKind::patient) {
    return {asker.did == "ann" && !w.withheld, false, {}, {}};
  }
  const bool refused = !refusing.empty();
  if (asker.kind == RequesterKind::guardian) {
    return {w.guardian && !refused, false, {}, refusing};
  }
  const bool person = asker.kind == RequesterKind::practitioner;
  if (person && !w.attested) return {};
  // Numbers of `purposes`: a registrar's and an auditor's; those who treat serve every purpose.
  const std::map<std::uint32_t, Set> served = {{11, {0, 1, 4}}, {13, {4, 7}}};
  const auto serves = [&](std::uint32_t role) {
    return !served.contains(role) || served.at(role).contains(p.purpose);
  };
  if (person && std::none_of(asker.roles.begin(), asker.roles.end(), serves)) return {};
  const bool emergency =
      person && (p.purpose == 1 || p.purpose == 2) && w.declared && w.reason && w.licensed;
  const bool own_care = person && asker.organisation == "north" && p.purpose == 0 && w.encounter;
  const bool own_systems =
      asker.kind == RequesterKind::organisation && asker.organisation == "north" && p.purpose == 4;
  const bool regular = !refused && (own_care || own_systems || !covering.empty());
  if (regular) return {true, false, covering, {}};
  return {emergency, emergency, {}, refusing};
}

/// What the model's words are called where its messages are used.
struct Names {
  std::function<model::Id(const std::string&)> id = [](const std::string& name) {
    return testing::id(name);
  };
  std::function<std::string(const std::string&)> record = [](const std::string& name) {
    return name;
  };
  std::int64_t day_zero_ms = -2;  ///< days before and after 1970
  std::int64_t day_ms = 1;
};
inline const Names& plain_names() {
  static const Names names;
  return names;
}
/// A tick is far longer than what a start is let begin early.
constexpr std::uint64_t tick_ms = 3'600'000;

inline std::string bytes_of_name(const Names& names, const std::string& name) {
  const model::Id id = names.id(name);
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

inline void build_lists(const Choice& c, const Names& names, Rule& out) {
  const auto number = [](int i) { return static_cast<std::size_t>(i); };
  for (const int i : c.grantees) {
    const GranteePattern& pattern = grantee_patterns()[number(i)];
    auto* added = out.add_grantees();
    if (!pattern.organisation.empty()) {
      added->set_organisation(bytes_of_name(names, pattern.organisation));
    }
    if (!pattern.person.empty()) added->set_person(bytes_of_name(names, pattern.person));
    if (pattern.role != 0) added->set_role(pattern.role);
    if (pattern.team) added->set_care_team(bytes_of_name(names, "team"));
  }
  const auto add_class = [](auto* added, const ClassPattern& pattern) {
    added->set_system(pattern.system);
    added->set_code(pattern.code);
  };
  for (const int i : c.classes) add_class(out.add_classes(), class_patterns()[number(i)]);
  for (const int i : c.codes) add_class(out.add_codes(), code_patterns()[number(i)]);
  for (const int i : c.data) {
    const DataPattern& pattern = data_patterns()[number(i)];
    const std::string name = names.record(pattern.name);
    const std::size_t slash = name.find('/');
    auto* added = out.add_data();
    added->set_scope(static_cast<std::uint32_t>(pattern.scope));
    added->set_type(name.substr(0, slash));
    added->set_id(name.substr(slash + 1));
  }
  for (const int i : c.authors) {
    const AuthorPattern& pattern = author_patterns()[number(i)];
    auto* added = out.add_authors();
    if (!pattern.organisation.empty()) {
      added->set_organisation(bytes_of_name(names, pattern.organisation));
    }
    if (!pattern.person.empty()) added->set_person(bytes_of_name(names, pattern.person));
  }
}

/// The real messages of the same choices.
inline Rule build(const Choice& c, const Names& names = plain_names()) {
  Rule out;
  build_lists(c, names, out);
  out.set_confidentiality_min(static_cast<std::uint32_t>(c.low));
  out.set_confidentiality_max(static_cast<std::uint32_t>(c.high));
  for (std::size_t i = 0; i < 3; ++i) {
    if ((c.included >> i & 1) != 0) out.add_sensitivities_included(sensitivity_codes()[i]);
    if ((c.excluded >> i & 1) != 0) out.add_sensitivities_excluded(sensitivity_codes()[i]);
  }
  for (const int i : c.purposes) {
    out.add_purposes(static_cast<std::uint32_t>(purposes()[static_cast<std::size_t>(i)]));
  }
  if (c.from >= 0) out.set_data_from_ms(names.day_zero_ms + c.from * names.day_ms);
  if (c.to >= 0) out.set_data_to_ms(names.day_zero_ms + c.to * names.day_ms);
  for (const int i : c.actions) out.add_actions(static_cast<std::uint32_t>(i));
  for (const Choice& exception : c.exceptions) *out.add_exceptions() = build(exception, names);
  return out;
}

inline Policy build(const Agreed& agreed, const Names& names = plain_names()) {
  Policy out;
  out.set_effect(static_cast<std::uint32_t>(agreed.permit ? Effect::permit : Effect::deny));
  *out.mutable_rule() = build(agreed.choice, names);
  if (agreed.begins >= 0) {
    out.set_start_ms(static_cast<std::uint64_t>(agreed.begins) * tick_ms + tick_ms);
  }
  if (agreed.ends >= 0) {
    out.set_end_ms(static_cast<std::uint64_t>(agreed.ends) * tick_ms + tick_ms);
  }
  normalise(out);
  return out;
}

/// The clock's reading of a tick: a little behind its beginning.
inline std::uint64_t now_ms_of(int tick) {
  return static_cast<std::uint64_t>(tick) * tick_ms + tick_ms + 1;
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
  const Kind& kind = kinds()[static_cast<std::size_t>(p.kind)];
  out.resource.classes.push_back({std::string(resource_types_system), kind.type});
  for (const std::string& code : kind.codes) {
    out.resource.classes.push_back({std::string(terminology), code});
  }
  if (!kind.inner_type.empty()) {
    out.resource.inner_classes = {{std::string(resource_types_system), kind.inner_type},
                                  {std::string(terminology), kind.inner_code}};
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
  const bool at_south = p.author == 2 || p.author == 3 || p.author == 5;
  out.resource.author_organisation = testing::id(at_south ? "south" : "north");
  if (p.author == 1) out.resource.author = testing::id("dora");
  if (p.author == 2 || p.author == 5) out.resource.author = testing::id("fay");
  if (p.author >= 5) {
    out.resource.earlier_authors = {{testing::id("north"), testing::id("dora")}};
  }
  if (p.author == 4) out.resource.author = testing::id("ann");
  const Thing& thing = things()[static_cast<std::size_t>(p.thing)];
  out.resource.name = thing.name;
  if (thing.links_known) out.resource.links = thing.links;
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
  out.agreement_required = w.agreement_required;
  out.agreement_covers = w.agreement_covers;
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
    const int patterns = static_cast<int>(grantee_patterns().size());
    if (permit || one_in(2)) out.grantees = some(patterns);
    if (permit && out.grantees.empty()) out.grantees.insert(upto(patterns));
    if (one_in(3)) out.classes = some(static_cast<int>(class_patterns().size()));
    if (one_in(4)) out.codes = some(static_cast<int>(code_patterns().size()));
    if (one_in(4)) out.data = some(static_cast<int>(data_patterns().size()));
    if (one_in(4)) out.authors = some(static_cast<int>(author_patterns().size()));
    if (permit || one_in(4)) out.purposes = some(static_cast<int>(purposes().size()));
    if (permit && out.purposes.empty()) out.purposes.insert(0);
    if (permit || one_in(4)) out.actions = some(5, 1);
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

  /// The same with a time of its own.
  Agreed timed() {
    Agreed out = agreed();
    if (one_in(4)) out.begins = upto(ticks);
    if (one_in(4)) out.ends = (out.begins < 0 ? 0 : out.begins) + 1 + upto(ticks);
    return out;
  }

  Point point() {
    Point out;
    out.asker = upto(static_cast<int>(askers().size()));
    out.kind = upto(static_cast<int>(kinds().size()));
    out.confidentiality = 1 + upto(6);
    out.sensitivities = one_in(2) ? 0 : upto(8);
    out.purpose = upto(static_cast<int>(purposes().size()));
    out.time = upto(times);
    out.author = upto(authors);
    out.action = 1 + upto(5);
    out.thing = upto(static_cast<int>(things().size()));
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
    out.now = upto(ticks);
    out.agreement_required = one_in(3);
    out.agreement_covers = one_in(2);
    return out;
  }

  std::mt19937_64& engine() { return random_; }

 private:
  std::mt19937_64 random_;
};

}  // namespace xl::contracts::consent::universe
