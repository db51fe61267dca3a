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

/// A page in the order of parameters: all that matches is sorted for each page.
Result<IndexPage> RecordIndex::Impl::page_sorted(const Listing& listing,
                                                 const detail::Cursor& start) {
  XL_TRY_ASSIGN(Hits hits, all_hits(listing, start, matches_sorted_max));
  struct Place {
    std::vector<SortValue> values;
    const Hit* hit = nullptr;
  };
  std::vector<Place> places;
  {
    const std::lock_guard lock(mutex);
    for (const Hit& hit : hits) {
      XL_TRY_ASSIGN(std::vector<SortValue> values, sort_values(listing, hit));
      places.push_back({std::move(values), &hit});
    }
  }
  const auto before = [](const Place& a, const Place& b) {
    for (std::size_t i = 0; i < a.values.size(); ++i) {
      const std::weak_ordering order = a.values[i].order(b.values[i]);
      if (order != 0) return order < 0;
    }
    const RecordEntry& one = a.hit->entry;
    const RecordEntry& other = b.hit->entry;
    if (one.last_updated_ms != other.last_updated_ms) {
      return one.last_updated_ms > other.last_updated_ms;
    }
    return std::tie(one.type, one.id) < std::tie(other.type, other.id);
  };
  std::sort(places.begin(), places.end(), before);
  auto next = places.begin();
  if (start.row != 0) {
    const auto former = std::find_if(places.begin(), places.end(), [&](const Place& place) {
      return place.hit->row == detail::as_signed(start.row);
    });
    if (former == places.end()) return make_error(ErrorCode::cursor_expired);
    next = former + 1;
  }
  IndexPage out;
  out.total.reset();
  if (listing.total != Total::none) out.total = places.size();
  for (; next != places.end(); ++next) {
    if (out.entries.size() == listing.count) {
      out.next_cursor = seal(listing, start, (next - 1)->hit->row);
      break;
    }
    out.entries.push_back(next->hit->entry);
  }
  return out;
}

}  // namespace xl::query
