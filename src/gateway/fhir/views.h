// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/fhir/search.h"

/// AuditEvents and Provenances that nobody writes: the ledger's own, shown as resources. In a
/// search they come first, newest first; then what is kept of the type, in its own order. One
/// cursor leads through both, and the total counts both (docs/reference/audit.md).
namespace xl::gateway::fhir {

/// A page of the ledger's own.
struct ViewPage {
  struct Shown {
    std::string id;
    std::string resource;  ///< JSON text
  };
  std::vector<Shown> shown;
  std::uint64_t before = 0;            ///< all that is shown is numbered below
  std::uint64_t next_before = 0;       ///< where the next page goes on; 0: there is none
  std::optional<std::uint64_t> total;  ///< of all pages, where it was asked for
};

/// What the ledger answers of one search, for one request.
class View {
 public:
  virtual ~View() = default;
  /// Behind everything that is there now: what comes later is in no page of this search.
  [[nodiscard]] virtual std::uint64_t end() const = 0;
  /// What is numbered below `before`, at most `count` (1 and more), and counted if `totalled`.
  /// Errors: search_too_broad, those of the stores.
  [[nodiscard]] virtual Result<ViewPage> page(std::uint64_t before, std::size_t count,
                                              bool totalled) = 0;
  /// Journals, durably, that the last page is shown. Errors: those of the journal.
  [[nodiscard]] virtual Status record() = 0;
  /// The search for what is kept beside it; nothing: that holds nothing.
  [[nodiscard]] virtual std::optional<Parameters> kept() const = 0;
};

/// One search that the ledger answers, or answers a part of.
struct ViewSearch {
  const Call& call;
  SearchPlace place;  ///< its type is that of what is shown
  View& view;
  Part part;
  PageWish page;
  Parameters used;      ///< as the self link names them
  std::string address;  ///< of the search, without parameters
  /// Further entries of the Bundle, as JSON with commas between; empty: none.
  std::function<Result<std::string>(const ViewPage& page, std::uint64_t total)> beside = {};
};

/// One page of it, journalled. Errors: cursor_forged, cursor_mismatched, those of the view.
[[nodiscard]] Result<http::Response> serve_view(const ViewSearch& search);

/// What a parameter of a search with a view shapes, beside its criteria: true when it is one of
/// these. Errors: fhir_parameter_unsupported (`_include` and the like: nothing leads to or from
/// what is shown from the ledger), parameter_invalid.
[[nodiscard]] Result<bool> read_view_control(std::string_view name, std::string_view value,
                                             Part& part);

/// The answer to a search that the ledger answers a part of; nothing: it has no part in it for
/// whoever asks, and the search is for what is kept alone.
[[nodiscard]] std::optional<http::Response> search_views(const Call& call, const SearchPlace& place,
                                                         const Parameters& parameters);

/// The answer to a read of something that the ledger shows; nothing: it is not the ledger's, or
/// whoever asks may not see it, and gets the answer of what is not there.
[[nodiscard]] std::optional<http::Response> read_view(const Call& call, std::string_view type,
                                                      std::string_view id);

}  // namespace xl::gateway::fhir
