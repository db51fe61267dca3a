// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/media.h"

#include <algorithm>
#include <array>
#include <vector>

namespace xl::gateway::fhir {
namespace {

constexpr auto json_types = std::to_array<std::string_view>(
    {"application/fhir+json", "application/json", "application/json+fhir", "text/json"});
constexpr auto xml_types =
    std::to_array<std::string_view>({"application/fhir+xml", "application/xml+fhir"});
constexpr auto body_types = std::to_array<std::string_view>(
    {"application/json-patch+json", "application/x-www-form-urlencoded"});
constexpr std::size_t shown_media_max = 64;

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// One media type or range with what is said of it.
struct Media {
  std::string name;
  bool refused = false;        ///< `q=0`
  bool other_version = false;  ///< of FHIR than R4
  bool other_charset = false;  ///< than UTF-8
};

bool is_zero(std::string_view weight) {
  return weight.starts_with('0') &&
         std::all_of(weight.begin(), weight.end(), [](char c) { return c == '0' || c == '.'; });
}

Media read_media(std::string_view text) {
  Media out;
  out.name = lower_case(trimmed(text.substr(0, text.find(';'))));
  while (text.find(';') != std::string_view::npos) {
    text.remove_prefix(text.find(';') + 1);
    const std::string_view parameter = trimmed(text.substr(0, text.find(';')));
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string name = lower_case(trimmed(parameter.substr(0, equals)));
    std::string value = lower_case(trimmed(parameter.substr(equals + 1)));
    std::erase(value, '"');
    if (name == "q") out.refused = is_zero(value);
    if (name == "fhirversion") out.other_version = value != "4.0";
    if (name == "charset") out.other_charset = value != "utf-8" && value != "utf8";
  }
  return out;
}

std::vector<Media> media_ranges(std::string_view text) {
  std::vector<Media> out;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const Media one = read_media(text.substr(0, comma));
    if (!one.name.empty()) out.push_back(one);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return out;
}

/// How closely a range means JSON: 0 not at all, 1 `*/*`, 2 `application/*`, 3 by name.
int closeness(const Media& range) {
  if (range.name == "*/*" || range.name == "*") return 1;
  if (range.name == "application/*") return 2;
  return is_one_of(json_types, range.name) ? 3 : 0;
}

/// The closest range decides (RFC 9110 §12.5.1).
bool accepts_json(const std::vector<Media>& ranges) {
  if (ranges.empty()) return true;
  int closest = 0;
  bool out = false;
  for (const Media& range : ranges) {
    const int close = closeness(range);
    if (close == 0 || close < closest) continue;
    const bool wanted = !range.refused && !range.other_version && !range.other_charset;
    out = close > closest ? wanted : out || wanted;
    closest = close;
  }
  return out;
}

/// The format names of R4: `json`, or a media type whose plus sign may have become a space.
bool is_json_format(std::string_view text) {
  Media one = read_media(text);
  std::replace(one.name.begin(), one.name.end(), ' ', '+');
  return one.name == "json" || (closeness(one) > 0 && !one.other_version && !one.other_charset);
}

/// A media type as a message may show it.
std::string shown_media(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" +-.*/;=,").find(c) != std::string_view::npos;
  };
  const bool shown =
      text.size() <= shown_media_max && std::all_of(text.begin(), text.end(), is_plain);
  return shown ? std::string(text) : "another format";
}

Error not_served(std::string_view where, std::string_view asked) {
  return make_error(ErrorCode::not_acceptable,
                    std::string(where) + " asks for " + shown_media(asked) +
                        "; application/fhir+json (FHIR 4.0, UTF-8) is served, XML is not");
}

}  // namespace

bool is_fhir_media(std::string_view text) {
  const Media one = read_media(text);
  return is_one_of(json_types, one.name) || is_one_of(xml_types, one.name);
}

bool wants_bytes(const http::Request& request) {
  if (request.parameter("_format")) return false;
  const std::vector<Media> ranges = media_ranges(request.header("accept"));
  if (ranges.empty() || closeness(ranges.front()) == 1) return false;
  return std::none_of(ranges.begin(), ranges.end(),
                      [](const Media& one) { return !one.refused && is_fhir_media(one.name); });
}

Status check_formats(const http::Request& request) {
  const auto format = request.parameter("_format");
  if (format && !format->empty()) {
    if (!is_json_format(*format)) return not_served("_format", *format);
  } else if (!accepts_json(media_ranges(request.header("accept")))) {
    return not_served("Accept", request.header("accept"));
  }
  if (request.body.empty()) return {};
  const std::string_view coding = request.header("content-encoding");
  if (!coding.empty() && lower_case(coding) != "identity") {
    return make_error(ErrorCode::media_type_unsupported,
                      "Content-Encoding " + shown_media(coding) + ": bodies are sent as they are");
  }
  const std::string_view type = request.header("content-type");
  const Media sent = read_media(type);
  const bool read = is_one_of(json_types, sent.name) || is_one_of(body_types, sent.name);
  if (type.empty() || (read && !sent.other_version && !sent.other_charset)) return {};
  return make_error(ErrorCode::media_type_unsupported,
                    shown_media(type) + "; application/fhir+json (FHIR 4.0, UTF-8) is read");
}

}  // namespace xl::gateway::fhir
