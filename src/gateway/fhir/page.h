// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <chrono>
#include <functional>
#include <span>

#include "fhir/summary.h"
#include "gateway/fhir/face.h"
#include "query/record_index.h"

namespace xl::gateway::fhir {

/// People of the house are told that a record is there and why they may not see it; to anyone else
/// a record that is refused and one that never was look the same, and leave the same traces.
[[nodiscard]] bool is_of_the_house(const Call& call);

/// Parameters of a request in their order, percent-decoded.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Which part of resources is asked for.
struct Part {
  xl::fhir::Summary summary = xl::fhir::Summary::none;
  std::vector<std::string> elements = {};  ///< empty: all
  bool count_only = false;                 ///< nothing but the total
};
/// Takes `_summary` and `_elements`; true when it is one of these. Errors: parameter_invalid.
[[nodiscard]] Result<bool> read_part(std::string_view name, std::string_view value, Part& out);
/// That part of a resource's text.
[[nodiscard]] std::string part_of(std::string content, const Part& part);

/// How long an answer takes that gives somebody from outside the house nothing: begun with the
/// look, it is sent at the end of a step. What is hidden takes more work than what is not there, by
/// tenths of a millisecond (docs/reference/performance.md); so neither is told from the other.
class EvenTime {
 public:
  EvenTime() : begun_(std::chrono::steady_clock::now()) {}
  /// Waits for the end of the step, for whom the house does not tell what is there.
  void wait(const Call& call) const;

 private:
  std::chrono::steady_clock::time_point begun_;
};
/// Longer than nearly every such look takes.
constexpr std::chrono::milliseconds even_step{5};

/// What a listing's answer is made of.
struct Listing {
  std::string_view bundle_type;  ///< `searchset` or `history`
  std::string_view action;       ///< for the journal
  /// Asks the index for this page with at most so many entries.
  std::function<Result<query::IndexPage>(std::size_t count)> look;
  std::size_t count = 50;
  bool with_total = true;
  std::string self;                                            ///< URL of this page
  std::function<std::string(const std::string& cursor)> next;  ///< URL of the page at a cursor
  std::string query;                                           ///< what was asked, for the journal
  bool of_patients = true;                                     ///< it may be about patients
  bool of_one = false;  ///< about one patient: that nothing is found is recorded as a refusal
  /// Finds what is shown beside a page's entries; empty: nothing is.
  std::function<Result<std::vector<query::RecordEntry>>(std::span<const query::RecordEntry>)>
      include = {};
  Part part = {};                  ///< of each resource
  std::uint64_t total_before = 0;  ///< counted beside what is found
  EvenTime begun = {};             ///< where nothing is found
};

/// A page ends early before it becomes larger than this; the next link goes on. One entry is always
/// given.
constexpr std::size_t page_bytes_max = 16U << 20U;

/// The name of a parameter as a message may show it: what is no name might be somebody's data.
[[nodiscard]] std::string shown_name(std::string_view name);

/// Errors: fhir_parameter_unsupported (names the first that is not `known`; `what` is asked for).
[[nodiscard]] Status only_parameters(const Parameters& parameters,
                                     std::span<const std::string_view> known,
                                     std::string_view what);

/// Page size and cursor of a request. Errors: parameter_invalid.
struct PageWish {
  std::size_t count = 50;
  bool none = false;  ///< `_count=0`: the total alone
  std::string cursor;
};
[[nodiscard]] Result<PageWish> page_wish(const Parameters& parameters);

/// The value of `_total`. Errors: parameter_invalid.
[[nodiscard]] Result<query::Total> read_total(std::string_view text);

/// The value of `_since`, a FHIR instant (a day stands for its first), in ms since 1970. Errors:
/// parameter_invalid.
[[nodiscard]] Result<std::uint64_t> since_of(std::string_view text);

/// Parameters as a URL has them, `?` first; empty without any. `cursor` takes the place of the one
/// among them; empty: none.
[[nodiscard]] std::string query_text(const Parameters& parameters, std::string_view cursor);

/// Looks, journals the entries and puts them into a Bundle. Nothing is sent when that fails.
[[nodiscard]] http::Response serve_listing(const Call& call, custody::Viewer& viewer,
                                           Listing listing);

}  // namespace xl::gateway::fhir
