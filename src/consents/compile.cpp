// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>
#include <set>

#include "consents/provision.h"

namespace xl::consents {

namespace consent = contracts::consent;

namespace {

/// An exception and when it is one.
struct Exception {
  consent::Rule rule;
  Window window;
};

/// What `inner` leaves out it has from `outer`.
consent::Rule inherited(const Provision& inner, const Provision& outer) {
  consent::Rule out = inner.rule;
  const consent::Rule& around = outer.rule;
  if (out.grantees().empty()) *out.mutable_grantees() = around.grantees();
  if (out.classes().empty()) *out.mutable_classes() = around.classes();
  if (out.codes().empty()) *out.mutable_codes() = around.codes();
  if (out.data().empty()) *out.mutable_data() = around.data();
  if (out.authors().empty()) *out.mutable_authors() = around.authors();
  if (out.purposes().empty()) *out.mutable_purposes() = around.purposes();
  if (out.actions().empty()) *out.mutable_actions() = around.actions();
  if (!out.has_data_from_ms() && !out.has_data_to_ms()) {
    if (around.has_data_from_ms()) out.set_data_from_ms(around.data_from_ms());
    if (around.has_data_to_ms()) out.set_data_to_ms(around.data_to_ms());
  }
  if (!inner.has_labels) {
    out.set_confidentiality_min(around.confidentiality_min());
    out.set_confidentiality_max(around.confidentiality_max());
    *out.mutable_sensitivities_included() = around.sensitivities_included();
    *out.mutable_sensitivities_excluded() = around.sensitivities_excluded();
  }
  return out;
}

/// Makes policies of provisions.
class Compiler {
 public:
  Status add(const Provision& provision, const Window& window, std::vector<Exception> exceptions) {
    if (!provision.permit) return invalid_at(provision.place + ".type");
    const bool permit = *provision.permit;
    for (const Provision& inner : provision.inner) {
      XL_TRY_ASSIGN(const Window when, window_of(inner, window));
      if (*inner.permit == permit) continue;
      XL_TRY_ASSIGN(consent::Rule rule, exception_of(inner));
      exceptions.push_back({std::move(rule), when});
    }
    XL_TRY(add_policies(provision, window, exceptions));
    for (const Provision& inner : provision.inner) {
      XL_TRY_ASSIGN(const Window when, window_of(inner, window));
      // A refusal inside a permit does no more than limit it: the patient did not refuse anybody
      // else, and not what rests on another permit.
      if ((permit && !*inner.permit) || inner.only_exception) continue;
      Provision whole = inner;
      whole.rule = inherited(inner, provision);
      whole.has_labels = true;
      const bool limited = permit && *inner.permit;
      XL_TRY(add(whole, when, limited ? exceptions : std::vector<Exception>{}));
    }
    return {};
  }

  [[nodiscard]] std::vector<consent::Policy> take() { return std::move(out_); }
  void of_whole(const Window& whole) { whole_ = whole; }

 private:
  static Result<Window> window_of(const Provision& inner, const Window& around) {
    if (!inner.permit) return invalid_at(inner.place + ".type");
    const Window out = inner.window ? inner.window->within(around) : around;
    if (out.empty()) return invalid_at(inner.place + ".period");
    return out;
  }

  static Result<consent::Rule> exception_of(const Provision& provision) {
    consent::Rule out = provision.rule;
    for (const Provision& inner : provision.inner) {
      const bool opposite = inner.permit && *inner.permit != *provision.permit;
      if (!opposite) return unsupported_at(inner.place + ".type");
      if (!inner.inner.empty()) {
        return unsupported_at(inner.inner.front().place);
      }
      const Window all;
      const Window around = provision.window.value_or(all);
      if (inner.window && !inner.window->covers(around)) {
        return unsupported_at(inner.place + ".period");
      }
      *out.add_exceptions() = inner.rule;
    }
    return out;
  }

  /// One policy for each stretch of time in which the same exceptions hold.
  Status add_policies(const Provision& provision, const Window& window,
                      const std::vector<Exception>& exceptions) {
    std::set<std::int64_t> ends{window.start_ms, window.end_ms};
    for (const Exception& one : exceptions) {
      const Window when = one.window.within(window);
      if (when.empty()) continue;
      ends.insert(when.start_ms);
      ends.insert(when.end_ms);
    }
    for (auto at = ends.begin(); std::next(at) != ends.end(); ++at) {
      const Window stretch{*at, *std::next(at)};
      consent::Policy policy;
      const auto effect = *provision.permit ? consent::Effect::permit : consent::Effect::deny;
      policy.set_effect(static_cast<std::uint32_t>(effect));
      *policy.mutable_rule() = provision.rule;
      for (const Exception& one : exceptions) {
        if (one.window.covers(stretch)) *policy.mutable_rule()->add_exceptions() = one.rule;
      }
      if (stretch.start_ms > whole_.start_ms) {
        policy.set_start_ms(static_cast<std::uint64_t>(stretch.start_ms));
      }
      if (stretch.end_ms < whole_.end_ms) {
        policy.set_end_ms(static_cast<std::uint64_t>(stretch.end_ms));
      }
      XL_TRY(complete(provision, policy));
      out_.push_back(std::move(policy));
    }
    return {};
  }

  /// A permit says for what, and to do what: to read and to search where it does not.
  static Status complete(const Provision& provision, consent::Policy& policy) {
    if (!*provision.permit) return {};
    consent::Rule& rule = *policy.mutable_rule();
    if (rule.purposes().empty()) {
      return invalid_at(provision.place + ".purpose");
    }
    if (rule.actions().empty()) {
      rule.add_actions(static_cast<std::uint32_t>(consent::Action::read));
      rule.add_actions(static_cast<std::uint32_t>(consent::Action::search));
    }
    return {};
  }

  Window whole_;
  std::vector<consent::Policy> out_;
};

}  // namespace

Result<std::vector<consent::Policy>> compile(const Provision& root, const Window& whole) {
  Compiler compiler;
  compiler.of_whole(whole);
  if (root.permit) {
    XL_TRY(compiler.add(root, whole, {}));
    return compiler.take();
  }
  // A root without a type is no rule: it holds others together.
  for (const Provision& one : root.inner) {
    const Window window = one.window ? one.window->within(whole) : whole;
    if (window.empty()) return invalid_at(one.place + ".period");
    XL_TRY(compiler.add(one, window, {}));
  }
  return compiler.take();
}

}  // namespace xl::consents
