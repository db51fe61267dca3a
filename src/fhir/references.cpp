// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/references.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "fhir/definitions.h"

namespace xl::fhir {
namespace {

bool is_link_kind(Kind kind) {
  return kind == Kind::uri || kind == Kind::url || kind == Kind::canonical || kind == Kind::oid ||
         kind == Kind::uuid || kind == Kind::xhtml;
}

/// Calls `on_reference(text value, object)`, `on_link(text value, kind)` and `on_inner(resource,
/// holder)` in document order. Its recursion ends at `walk_depth_max`.
template <typename OnReference, typename OnLink, typename OnInner>
class LinkWalk {
 public:
  LinkWalk(OnReference on_reference, OnLink on_link, OnInner on_inner)
      : on_reference_(std::move(on_reference)),
        on_link_(std::move(on_link)),
        on_inner_(std::move(on_inner)),
        reference_type_(*find_type("Reference")),
        element_type_(*find_type("Element")) {}

  void resource(json::Value value, std::size_t depth = 0) {
    const auto type = find_type(value.find("resourceType").as_string().value_or(""));
    if (!type || depth >= walk_depth_max) return;
    if (place_.empty())
      place_.emplace_back(value.find("resourceType").as_string().value_or(""), -1);
    object(value, *type, depth);
  }

  /// The FHIRPath of what is being visited.
  [[nodiscard]] std::string place() const {
    std::string out;
    for (const auto& [name, index] : place_) {
      out += (out.empty() ? "" : ".") + std::string(name);
      if (index >= 0) out += "[" + std::to_string(index) + "]";
    }
    return out;
  }

 private:
  void object(json::Value value, TypeId type, std::size_t depth) {
    if (depth >= walk_depth_max) return;
    for (const json::Member& member : value.members()) {
      if (member.key.starts_with('_')) {  // id and extensions of a primitive
        each(member.key.substr(1), member.value,
             [&](json::Value item) { object(item, element_type_, depth + 1); });
        continue;
      }
      const Element* element = find_element(type, member.key);
      if (element == nullptr) continue;
      if (type == reference_type_ && member.key == "reference") {
        if (member.value.is_string()) on_reference_(member.value, value);
        continue;
      }
      each(member.key, member.value,
           [&](json::Value item) { visit(*element, item, value, depth); });
    }
  }

  void visit(const Element& element, json::Value item, json::Value holder, std::size_t depth) {
    if (element.kind == Kind::resource) {
      on_inner_(item, holder);
      resource(item, depth + 1);
    } else if (element.kind == Kind::complex) {
      object(item, element.type(), depth + 1);
    } else if (is_link_kind(element.kind) && item.is_string()) {
      on_link_(item, element.kind);
    }
  }

  template <typename Visit>
  void each(std::string_view name, json::Value value, Visit one) {
    place_.emplace_back(name, -1);
    if (value.is_array()) {
      for (const json::Value item : value.items()) {
        ++place_.back().second;
        one(item);
      }
    } else {
      one(value);
    }
    place_.pop_back();
  }

  OnReference on_reference_;
  OnLink on_link_;
  OnInner on_inner_;
  std::vector<std::pair<std::string_view, std::int64_t>> place_;  ///< index -1: no list
  TypeId reference_type_;
  TypeId element_type_;
};

/// An absolute URI has a scheme: a colon before any slash, question mark and hash.
bool is_absolute(std::string_view text) {
  const std::size_t at = text.find_first_of(":/?#");
  return at != std::string_view::npos && at > 0 && text[at] == ':';
}

/// The text of an XML attribute with `&amp;` read; other entities cannot stand in a full URL.
std::string attribute_text(std::string_view raw) {
  std::string text(raw);
  for (std::size_t at = 0; (at = text.find("&amp;", at)) != std::string::npos; ++at) {
    text.erase(at + 1, 4);
  }
  return text;
}

std::string attribute_of(std::string_view text) {
  std::string raw;
  for (const char c : text) {
    switch (c) {
      case '&':
        raw += "&amp;";
        break;
      case '<':
        raw += "&lt;";
        break;
      case '"':
        raw += "&quot;";
        break;
      case '\'':
        raw += "&#39;";
        break;
      default:
        raw += c;
    }
  }
  return raw;
}

/// Where the value of an `href` or `src` begins whose name starts at `at`; npos when none does.
std::size_t link_value_at(std::string_view text, std::size_t at) {
  std::size_t end = std::string_view::npos;
  if (text.substr(at, 4) == "href") end = at + 4;
  if (text.substr(at, 3) == "src") end = at + 3;
  if (end == std::string_view::npos || at == 0) return end;
  const char before = text[at - 1];
  if (before != ' ' && before != '\t' && before != '\n' && before != '\r') {
    return std::string_view::npos;
  }
  const auto skip_space = [&] {
    end = std::min(text.find_first_not_of(" \t\r\n", end), text.size());
  };
  skip_space();
  if (end == text.size() || text[end] != '=') return std::string_view::npos;
  ++end;
  skip_space();
  if (end == text.size() || (text[end] != '"' && text[end] != '\'')) return std::string_view::npos;
  return end + 1;
}

/// A narrative with the links that the map knows replaced; `count` grows by their number.
std::string rewrite_narrative(std::string_view text, const ReferenceMap& map, std::size_t& count) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = text.find_first_of("hs"); at != std::string_view::npos;
       at = text.find_first_of("hs", at + 1)) {
    const std::size_t begin = link_value_at(text, at);
    if (begin == std::string_view::npos) continue;
    const std::size_t end = text.find(text[begin - 1], begin);
    if (end == std::string_view::npos) break;
    if (const auto mapped = map(attribute_text(text.substr(begin, end - begin)))) {
      out.append(text.substr(copied, begin - copied)).append(attribute_of(*mapped));
      copied = end;
      ++count;
    }
    at = end;
  }
  return out.append(text.substr(copied));
}

}  // namespace

void for_each_reference(json::Value resource, const ReferenceVisitor& visit) {
  LinkWalk walk([&](json::Value text, json::Value object) { visit(*text.as_string(), object); },
                [](json::Value, Kind) {}, [](json::Value, json::Value) {});
  walk.resource(resource);
}

void walk_links(json::Value resource, const PlacedVisitor& on_reference,
                const InnerVisitor& on_inner) {
  std::function<std::string()> place;
  LinkWalk walk(
      [&](json::Value text, json::Value) {
        if (on_reference) on_reference(*text.as_string(), place());
      },
      [](json::Value, Kind) {},
      [&](json::Value inner, json::Value holder) {
        if (on_inner) on_inner(inner, place(), holder);
      });
  place = [&] { return walk.place(); };
  walk.resource(resource);
}

std::size_t rewrite_references(json::Node resource, const ReferenceMap& map) {
  std::size_t count = 0;
  const auto rewrite = [&](json::Value text) {
    if (const auto mapped = map(*text.as_string())) {
      resource.rewrite_string(text, *mapped);
      ++count;
    }
  };
  const auto rewrite_link = [&](json::Value text, Kind kind) {
    if (kind == Kind::xhtml) {
      const std::size_t before = count;
      const std::string changed = rewrite_narrative(*text.as_string(), map, count);
      if (count != before) resource.rewrite_string(text, changed);
    } else if (is_absolute(*text.as_string())) {
      rewrite(text);
    }
  };
  LinkWalk walk([&](json::Value text, json::Value) { rewrite(text); }, rewrite_link,
                [](json::Value, json::Value) {});
  walk.resource(resource);
  return count;
}

std::size_t rewrite_only_references(json::Node resource, const ReferenceMap& map) {
  std::size_t count = 0;
  LinkWalk walk(
      [&](json::Value text, json::Value) {
        const auto mapped = map(*text.as_string());
        if (!mapped) return;
        resource.rewrite_string(text, *mapped);
        ++count;
      },
      [](json::Value, Kind) {}, [](json::Value, json::Value) {});
  walk.resource(resource);
  return count;
}

}  // namespace xl::fhir
