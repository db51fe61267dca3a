// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "contracts/consent/tests/policy_model.h"

/// The kinds of policies of the leak matrix, in the words of the model.
namespace xl::node::testing::leak {

namespace universe = contracts::consent::universe;

/// What became of the consents.
enum class Ending { none, revoked, expired, not_begun };

/// One kind of policy.
struct Sort {
  std::string name;
  std::vector<universe::Agreed> policies{};
  Ending ending = Ending::none;
  bool emergency = false;  ///< fay has broken the glass
  bool guardian = false;   ///< the patient has one
};

/// Bits of the sensitivities that a rule names.
inline int sensitivities_named(const universe::Choice& choice) {
  int out = choice.included | choice.excluded;
  for (const universe::Choice& inner : choice.exceptions) out |= sensitivities_named(inner);
  return out;
}

// Patterns of the model by their numbers there.
constexpr int to_south = 0, to_north = 1, to_fay = 3, to_physicians = 5, to_team = 8;
constexpr int observations = 0, conditions = 1;
constexpr int code_a = 0, code_b = 1;
constexpr int with_hiv = 2, with_psy = 4;  // bits

/// South may read and search to treat, but for what `change` says otherwise.
template <typename Change>
universe::Agreed permit(Change change) {
  universe::Agreed out;
  out.choice.grantees = {to_south};
  out.choice.purposes = {0};
  out.choice.actions = {1, 2};
  change(out.choice);
  return out;
}
/// Everything is refused, but for what `change` says otherwise.
template <typename Change>
universe::Agreed refuse(Change change) {
  universe::Agreed out;
  out.permit = false;
  change(out.choice);
  return out;
}

inline std::vector<Sort> sorts_of_permits() {
  using universe::Choice;
  const auto one = [](const std::string& name, auto change) {
    return Sort{.name = name, .policies = {permit(change)}};
  };
  return {
      one("everything", [](Choice&) {}),
      one("class", [](Choice& c) { c.classes = {observations}; }),
      one("code", [](Choice& c) { c.codes = {code_a}; }),
      one("code for a role",
          [](Choice& c) {
            c.grantees = {to_physicians};
            c.codes = {code_b};
          }),
      one("class and code",
          [](Choice& c) {
            c.classes = {observations};
            c.codes = {code_a};
          }),
      one("sensitivity", [](Choice& c) { c.included = with_hiv; }),
      one("not a sensitivity", [](Choice& c) { c.excluded = with_psy; }),
      one("up to normal", [](Choice& c) { c.high = 4; }),
      one("author", [](Choice& c) { c.authors = {2}; }),
      one("window",
          [](Choice& c) {
            c.from = 1;
            c.to = 4;
          }),
      one("named records",
          [](Choice& c) {
            c.data = {0, 1};
          }),
      one("of a visit", [](Choice& c) { c.data = {2}; }),
      one("care team", [](Choice& c) { c.grantees = {to_team}; }),
      one("research", [](Choice& c) { c.purposes = {3}; }),
      one("one person", [](Choice& c) { c.grantees = {to_fay}; }),
      one("only to read", [](Choice& c) { c.actions = {1}; }),
      one("only to search", [](Choice& c) { c.actions = {2}; }),
      one("with exceptions",
          [](Choice& c) {
            Choice inner;
            inner.codes = {code_a};
            Choice exception;
            exception.included = with_hiv | with_psy;
            exception.exceptions = {inner};
            c.exceptions = {exception};
          }),
  };
}

inline std::vector<Sort> sorts_of_refusals() {
  using universe::Choice;
  const auto all = [](Choice&) {};
  const auto but_conditions = [](Choice& c) {
    Choice exception;
    exception.classes = {conditions};
    c.exceptions = {exception};
  };
  return {
      {.name = "root refuses with exceptions", .policies = {permit(all), refuse(but_conditions)}},
      {.name = "own care refused", .policies = {refuse([](Choice& c) {
                                     c.grantees = {to_north};
                                     c.classes = {observations};
                                   })}},
      {.name = "everything refused", .policies = {refuse(all)}, .guardian = true},
      {.name = "window refused", .policies = {permit(all), refuse([](Choice& c) {
                                                c.from = 1;
                                                c.to = 2;
                                              })}},
      {.name = "sensitivity refused",
       .policies = {refuse([](Choice& c) { c.included = with_hiv; })},
       .guardian = true},
      {.name = "author refused",
       .policies = {permit(all), refuse([](Choice& c) { c.authors = {2}; })}},
      {.name = "a visit refused",
       .policies = {permit(all), refuse([](Choice& c) { c.data = {2}; })}},
      {.name = "from restricted on refused",
       .policies = {permit(all), refuse([](Choice& c) { c.low = 5; })}},
  };
}

inline std::vector<Sort> sorts_in_time() {
  using universe::Choice;
  const auto all = [](Choice&) {};
  const auto of = [](universe::Agreed agreed, int consent) {
    agreed.consent = consent;
    return agreed;
  };
  universe::Agreed ended = permit(all);
  ended.ends = 0;
  universe::Agreed later = permit(all);
  later.begins = 600'000;
  universe::Agreed inactive = permit(all);
  inactive.active = false;
  const std::vector<universe::Agreed> several = {
      of(permit([](Choice& c) { c.classes = {conditions}; }), 0),
      of(permit([](Choice& c) {
           c.grantees = {to_fay};
           c.authors = {2};
         }),
         0),
      of(refuse([](Choice& c) { c.included = with_psy; }), 0),
      of(permit([](Choice& c) { c.codes = {code_a}; }), 1)};
  return {
      {.name = "none"},
      {.name = "none and an emergency", .emergency = true},
      {.name = "refused and an emergency", .policies = {refuse(all)}, .emergency = true},
      {.name = "revoked", .policies = {inactive}, .ending = Ending::revoked},
      {.name = "expired", .policies = {inactive}, .ending = Ending::expired},
      {.name = "not begun", .policies = {inactive}, .ending = Ending::not_begun},
      {.name = "its policy ended", .policies = {ended}},
      {.name = "its policy not begun", .policies = {later}},
      {.name = "several", .policies = several},
  };
}

inline const std::vector<Sort>& sorts() {
  static const std::vector<Sort> all = [] {
    std::vector<Sort> out = sorts_of_permits();
    for (const auto& more : {sorts_of_refusals(), sorts_in_time()}) {
      out.insert(out.end(), more.begin(), more.end());
    }
    return out;
  }();
  return all;
}

}  // namespace xl::node::testing::leak
