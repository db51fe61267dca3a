// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>
#include <compare>

#include "query/index_store.h"
#include "query/search_text.h"

namespace xl::query {

using fhir::SearchParameter;

/// What a record is sorted by in one key. What has no value comes last in either direction.
struct RecordIndex::Impl::SortValue {
  bool present = false;
  std::int64_t number = 0;
  std::string text;
  bool descending = false;

  /// Negative: this comes first.
  [[nodiscard]] std::weak_ordering order(const SortValue& other) const {
    if (present != other.present) {
      return present ? std::weak_ordering::less : std::weak_ordering::greater;
    }
    std::weak_ordering out = number <=> other.number;
    if (out == 0) out = text <=> other.text;
    return descending ? 0 <=> out : out;
  }
};

/// The texts of the values that a row has of a parameter. The caller holds the connection.
Result<std::vector<std::string>> RecordIndex::Impl::texts_of(std::int64_t row,
                                                             std::string_view type,
                                                             const SearchParameter& parameter) {
  return texts_in(row, keys.group(type, parameter.code, detail::main_form(parameter.type)));
}

Result<std::vector<std::string>> RecordIndex::Impl::texts_in(std::int64_t row, std::int64_t group) {
  detail::MarkGroups groups;
  {
    XL_TRY_ASSIGN(sqlite::Statement read,
                  database.prepare("SELECT groups FROM keys WHERE row = ?1"));
    XL_TRY_ASSIGN(const bool there, read.start(row));
    if (!there) return std::vector<std::string>{};
    XL_TRY_ASSIGN(groups, detail::decode_groups(read.blob(0)));
  }
  XL_TRY_ASSIGN(sqlite::Statement text,
                database.prepare("SELECT text FROM texts WHERE mark = ?1 AND part = ?2"));
  std::vector<std::string> out;
  for (const std::int64_t mark : groups[group]) {
    XL_TRY_ASSIGN(const bool there, text.start(mark, group));
    if (there) out.emplace_back(text.text(0));
    text.reset();
  }
  return out;
}

/// The caller holds the connection.
Result<std::vector<RecordIndex::Impl::SortValue>> RecordIndex::Impl::sort_values(
    const Listing& listing, const Hit& hit) {
  std::vector<SortValue> out;
  for (const SortKey& key : *listing.sort) {
    SortValue value;
    value.descending = key.descending;
    const SearchParameter* parameter = searched_parameter(listing.type, key.name);
    if (parameter == nullptr) return make_error(ErrorCode::search_parameter_unknown, "_sort");
    const Form form = detail::main_form(parameter->type);
    if (key.name == "_id" || key.name == "_lastUpdated") {
      value.present = true;
      if (key.name == "_id") value.text = hit.entry.id;
      if (key.name != "_id") value.number = detail::as_signed(hit.entry.last_updated_ms);
    } else if (form == Form::time || form == Form::number || form == Form::quantity) {
      XL_TRY_ASSIGN(
          sqlite::Statement read,
          database.prepare("SELECT min(low), max(high) FROM ranges WHERE mark = ?1 AND row = ?2"));
      XL_TRY_ASSIGN(const bool there,
                    read.start(keys.mark(listing.type, key.name, form, {}), hit.row));
      value.present = there && !read.is_null(0);
      if (value.present) value.number = read.integer(key.descending ? 1 : 0);
    } else {
      XL_TRY_ASSIGN(std::vector<std::string> texts, texts_of(hit.row, listing.type, *parameter));
      std::sort(texts.begin(), texts.end());
      value.present = !texts.empty();
      if (value.present) value.text = key.descending ? texts.back() : texts.front();
    }
    out.push_back(std::move(value));
  }
  return out;
}

/// Where a record stands in a sorted search.
struct RecordIndex::Impl::Place {
  std::vector<SortValue> values;
  Hit hit;

  [[nodiscard]] bool before(const Place& other) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::weak_ordering order = values[i].order(other.values[i]);
      if (order != 0) return order < 0;
    }
    const RecordEntry& a = hit.entry;
    const RecordEntry& b = other.hit.entry;
    if (a.last_updated_ms != b.last_updated_ms) return a.last_updated_ms > b.last_updated_ms;
    return std::tie(a.type, a.id) < std::tie(b.type, b.id);
  }
};

/// The place of the row that the page before ended with. Errors: cursor_expired (it was erased).
Result<RecordIndex::Impl::Place> RecordIndex::Impl::place_behind(const Listing& listing,
                                                                 std::int64_t row) {
  const std::lock_guard lock(mutex);
  XL_TRY_ASSIGN(sqlite::Statement read,
                database.prepare("SELECT " + std::string(detail::entry_columns) +
                                 " FROM entries e WHERE e.row = ?1"));
  XL_TRY_ASSIGN(const bool there, read.start(row));
  if (!there) return make_error(ErrorCode::cursor_expired);
  XL_TRY_ASSIGN(RecordEntry entry, detail::entry_at(read));
  Place out{{}, {row, std::move(entry)}};
  XL_TRY_ASSIGN(out.values, sort_values(listing, out.hit));
  return out;
}

/// A page in the order of parameters. All that matches is looked at for each page; what is kept of
/// it meanwhile is the page.
Result<IndexPage> RecordIndex::Impl::page_sorted(const Listing& listing,
                                                 const detail::Cursor& start) {
  XL_TRY_ASSIGN(const detail::LinksOf links, follow(listing, start));
  std::optional<Place> former;
  if (start.row != 0) {
    XL_TRY_ASSIGN(former, place_behind(listing, detail::as_signed(start.row)));
  }
  const auto by_place = [](const Place& a, const Place& b) { return a.before(b); };
  std::vector<Place> first;  // a heap: the last of them on top
  std::uint64_t total = 0;
  XL_TRY(for_all_hits(listing, start, links, [&](Hits hits) -> Status {
    total += hits.size();
    const std::lock_guard lock(mutex);
    for (Hit& hit : hits) {
      Place place{{}, std::move(hit)};
      XL_TRY_ASSIGN(place.values, sort_values(listing, place.hit));
      if (former && !former->before(place)) continue;
      if (first.size() > listing.count && !place.before(first.front())) continue;
      first.push_back(std::move(place));
      std::push_heap(first.begin(), first.end(), by_place);
      if (first.size() <= listing.count + 1) continue;
      std::pop_heap(first.begin(), first.end(), by_place);
      first.pop_back();
    }
    return {};
  }));
  std::sort_heap(first.begin(), first.end(), by_place);
  IndexPage out;
  out.total.reset();
  if (listing.total != Total::none) out.total = total;
  if (first.size() > listing.count) {
    first.pop_back();
    out.next_cursor = seal(listing, start, first.back().hit.row);
  }
  for (Place& place : first) out.entries.push_back(std::move(place.hit.entry));
  return out;
}

}  // namespace xl::query
