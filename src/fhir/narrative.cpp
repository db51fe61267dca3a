// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/narrative.h"

#include <algorithm>
#include <array>

namespace xl::fhir {
namespace {

constexpr std::array<std::string_view, 53> narrative_elements = {
    "a",  "abbr",    "acronym", "address", "area",   "b",        "bdo", "big",   "blockquote",
    "br", "caption", "cite",    "code",    "col",    "colgroup", "dd",  "dfn",   "div",
    "dl", "dt",      "em",      "h1",      "h2",     "h3",       "h4",  "h5",    "h6",
    "hr", "i",       "img",     "kbd",     "li",     "map",      "ol",  "p",     "pre",
    "q",  "samp",    "small",   "span",    "strong", "sub",      "sup", "table", "tbody",
    "td", "tfoot",   "th",      "thead",   "tr",     "tt",       "ul",  "var"};
static_assert(std::is_sorted(narrative_elements.begin(), narrative_elements.end()));

constexpr std::array<std::string_view, 54> narrative_attributes = {
    "abbr",        "accesskey", "align",    "alt",       "axis",   "border",  "cellpadding",
    "cellspacing", "char",      "charoff",  "charset",   "cite",   "class",   "colspan",
    "coords",      "dir",       "frame",    "headers",   "height", "href",    "hreflang",
    "id",          "idRef",     "idref",    "idrefs",    "ismap",  "lang",    "longdesc",
    "name",        "nohref",    "nowrap",   "rel",       "rev",    "rowspan", "rules",
    "scope",       "shape",     "size",     "space",     "span",   "src",     "start",
    "style",       "summary",   "tabindex", "target",    "title",  "type",    "usemap",
    "valign",      "width",     "xml:lang", "xml:space", "xmlns"};
static_assert(std::is_sorted(narrative_attributes.begin(), narrative_attributes.end()));

template <std::size_t count>
bool is_one_of(const std::array<std::string_view, count>& sorted, std::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

bool is_xml_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' ||
         c == '-' || c == '_' || c == '.';
}

/// True for links that run: the scheme is compared as browsers do, without spaces, controls and
/// case.
bool is_script_link(std::string_view link) {
  std::string_view wanted = "javascript:";
  for (const char c : link) {
    if (static_cast<unsigned char>(c) <= ' ') continue;
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (c == '&') return true;  // an entity here can only hide a scheme
    if (lower != wanted.front()) return false;
    wanted.remove_prefix(1);
    if (wanted.empty()) return true;
  }
  return false;
}

/// Reads XHTML once, from left to right.
class NarrativeReader {
 public:
  explicit NarrativeReader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool read() {
    skip_space();
    while (!rest_.empty()) {
      if (rest_.front() == '<' ? !markup() : !characters()) return false;
      if (depth_ == 0 && closed_) break;
    }
    skip_space();
    return closed_ && rest_.empty();
  }

 private:
  void skip_space() {
    while (!rest_.empty() && is_xml_space(rest_.front())) rest_.remove_prefix(1);
  }

  bool skip(std::string_view wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }

  std::string_view name() {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_name_character);
    const std::string_view found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(found.size());
    return found;
  }

  /// `&name;`, `&#1;` or `&#x1;`.
  bool entity() {
    rest_.remove_prefix(1);
    (void)skip("#");
    return !name().empty() && skip(";");
  }

  bool characters() {
    if (depth_ == 0) return false;
    if (rest_.front() == '&') return entity();
    rest_.remove_prefix(1);
    return true;
  }

  bool markup() {
    if (skip("<!--")) {
      const std::size_t end = rest_.find("-->");
      if (end == std::string_view::npos) return false;
      rest_.remove_prefix(end + 3);
      return true;
    }
    if (skip("</")) return end_tag();
    return skip("<") && start_tag();
  }

  bool end_tag() {
    const std::string_view closing = name();
    skip_space();
    if (depth_ == 0 || open_[depth_ - 1] != closing || !skip(">")) return false;
    --depth_;
    closed_ = depth_ == 0;
    return true;
  }

  bool start_tag() {
    const std::string_view opening = name();
    if (!is_one_of(narrative_elements, opening)) return false;
    if (depth_ == 0 && opening != "div") return false;
    if (depth_ == narrative_depth_max) return false;
    while (true) {
      const bool space = !rest_.empty() && is_xml_space(rest_.front());
      skip_space();
      if (skip("/>")) {
        closed_ = depth_ == 0;
        return true;
      }
      if (skip(">")) {
        open_[depth_++] = opening;
        return true;
      }
      if (!space || !attribute()) return false;
    }
  }

  bool attribute() {
    const std::string_view key = name();
    skip_space();
    if (!is_one_of(narrative_attributes, key) || !skip("=")) return false;
    skip_space();
    if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return false;
    const std::size_t end = rest_.find(rest_.front(), 1);
    if (end == std::string_view::npos) return false;
    const std::string_view value = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    if (value.find('<') != std::string_view::npos) return false;
    return (key != "href" && key != "src") || !is_script_link(value);
  }

  std::string_view rest_;
  std::array<std::string_view, narrative_depth_max> open_{};
  std::size_t depth_ = 0;
  bool closed_ = false;
};

}  // namespace

bool is_narrative(std::string_view xhtml) { return NarrativeReader(xhtml).read(); }

}  // namespace xl::fhir
