// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/issue.h"

namespace xl::fhir::detail {

/// Gathers findings with the place that is being looked at. The place is a stack of steps, so that
/// a resource without findings costs no text.
class Report {
 public:
  explicit Report(std::size_t issues_max) : issues_max_(issues_max) {}

  [[nodiscard]] bool full() const { return issues_.size() >= issues_max_; }
  [[nodiscard]] std::size_t size() const { return issues_.size(); }

  /// Adds a finding about the present place, or about `child` of it.
  void add(IssueType type, ErrorCode error, std::string diagnostics, std::string_view child = {});

  [[nodiscard]] std::vector<Issue> take() { return std::move(issues_); }

  /// One step of the path while it lives. `name` must outlive it.
  class Step {
   public:
    Step(Report& report, std::string_view name) : report_(report) {
      report_.steps_.push_back({name, no_index});
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() { report_.steps_.pop_back(); }

    void set_index(std::size_t index) { report_.steps_.back().index = index; }

   private:
    Report& report_;
  };

 private:
  static constexpr std::size_t no_index = static_cast<std::size_t>(-1);

  struct Place {
    std::string_view name;
    std::size_t index;
  };

  [[nodiscard]] std::string path(std::string_view child) const;

  std::size_t issues_max_;
  std::vector<Place> steps_;
  std::vector<Issue> issues_;
};

/// True when a text of the resource may stand in a path: it looks like the name of an element.
[[nodiscard]] bool is_element_name(std::string_view text);

}  // namespace xl::fhir::detail
