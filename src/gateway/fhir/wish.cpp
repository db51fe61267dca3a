// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/wish.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/checked.h"
#include "base/error_detail.h"
#include "base/json/writer.h"
#include "fhir/definitions.h"
#include "fhir/primitives.h"
#include "fhir/time.h"
#include "fhir/validate.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/search.h"
#include "gateway/http/date.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::size_t entries_max = 2000;

/// True for a URL that names its scheme or its host itself.
bool is_absolute(std::string_view url) {
  const std::size_t end = url.find_first_of(":/?#");
  return url.starts_with("//") || (end != std::string_view::npos && url[end] == ':');
}

/// The URL of an entry relative to the base. Errors: fhir_entry_url_foreign.
Result<std::string> relative_url(const Call& call, std::string_view url) {
  for (const std::string& base : own_names(call).bases) {
    if (!url.starts_with(base)) continue;
    const std::string_view rest = url.substr(base.size());
    if (rest.starts_with('/')) return std::string(rest.substr(1));
  }
  if (is_absolute(url)) return make_error(ErrorCode::fhir_entry_url_foreign);
  if (url.starts_with('/')) url.remove_prefix(1);
  return std::string(url);
}

bool is_read(const Wish& wish) { return wish.method == "GET" || wish.method == "HEAD"; }

/// `*`, or entity tags apart at commas (RFC 9110 §13.1.2).
bool is_tag_list(std::string_view text) {
  if (text == "*") return true;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view tag = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    while (tag.starts_with(' ')) tag.remove_prefix(1);
    while (tag.ends_with(' ')) tag.remove_suffix(1);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    const bool quoted = tag.size() >= 2 && tag.front() == '"' && tag.back() == '"' &&
                        tag.substr(1, tag.size() - 2).find('"') == std::string_view::npos;
    if (!quoted) return false;
  }
  return true;
}

/// Reads the elements of one entry's request, in the order of the definition.
class RequestReader {
 public:
  RequestReader(const Call& call, json::Value entry, std::string place)
      : call_(call), request_(entry.find("request")) {
    wish_.place = std::move(place);
    wish_.full_url = text_at(entry, "fullUrl");
    wish_.resource = entry.find("resource");
  }

  /// Errors: fhir_bundle_invalid, fhir_entry_url_foreign, fhir_required_missing,
  /// fhir_interaction_unsupported, parameter_invalid, those of a condition; each names the element.
  Status read() {
    if (!request_.is_object()) return refuse(ErrorCode::fhir_bundle_invalid, {});
    XL_TRY(take("method", wish_.method));
    std::string url;
    XL_TRY(take("url", url));
    if (wish_.method.empty()) return refuse(ErrorCode::fhir_bundle_invalid, "method");
    if (url.empty()) return refuse(ErrorCode::fhir_bundle_invalid, "url");
    auto relative = relative_url(call_, url);
    if (!relative.ok()) return refuse(relative.error().code, "url");
    wish_.url = std::move(*relative);
    XL_TRY(read_if_none_match());
    XL_TRY(read_if_modified_since());
    XL_TRY(read_if_match());
    XL_TRY(read_condition_of());
    const bool operation = wish_.url.find('$') != std::string::npos;
    const bool carries = wish_.method == "PUT" || wish_.method == "PATCH" ||
                         (wish_.method == "POST" && !operation && !is_posted_search(wish_));
    if (carries && !wish_.resource.is_object()) {
      return make_error(ErrorCode::fhir_required_missing, wish_.place + ".resource");
    }
    return {};
  }

  [[nodiscard]] Wish take_wish() { return std::move(wish_); }

 private:
  /// Of the element `name` of the request; empty: of the request itself.
  Error refuse(ErrorCode code, std::string_view name, std::string_view why = {}) const {
    std::string text = wish_.place + ".request";
    if (!name.empty()) text += "." + std::string(name);
    if (!why.empty()) text += ": " + std::string(why);
    return make_error(code, text);
  }

  /// A condition that cannot be read must not be passed over: it says what must not be done.
  Status take(std::string_view name, std::string& out) const {
    const json::Value value = request_.find(name);
    if (!value.present()) return {};
    const auto text = value.as_string();
    if (!text || text->empty()) return refuse(ErrorCode::parameter_invalid, name);
    out = *text;
    return {};
  }

  Status read_if_none_match() {
    XL_TRY(take("ifNoneMatch", wish_.if_none_match));
    const std::string& text = wish_.if_none_match;
    if (text.empty()) return {};
    if (is_read(wish_)) {
      return is_tag_list(text) ? Status{}
                               : Status(refuse(ErrorCode::parameter_invalid, "ifNoneMatch"));
    }
    if (wish_.method == "PUT" && text == "*") return {};
    return refuse(ErrorCode::fhir_interaction_unsupported, "ifNoneMatch",
                  "of a read, or * of a PUT");
  }

  Status read_if_modified_since() {
    std::string text;
    XL_TRY(take("ifModifiedSince", text));
    if (text.empty()) return {};
    if (!is_read(wish_)) {
      return refuse(ErrorCode::fhir_interaction_unsupported, "ifModifiedSince", "of a read");
    }
    const auto range = xl::fhir::time_range_of(text);
    const bool instant =
        xl::fhir::text_fault(xl::fhir::Kind::instant, text) == xl::fhir::Fault::none;
    if (!instant || !range || range->low < 0) {
      return refuse(ErrorCode::parameter_invalid, "ifModifiedSince");
    }
    wish_.if_modified_since = http::http_date(static_cast<std::uint64_t>(range->low));
    return {};
  }

  Status read_if_match() {
    XL_TRY(take("ifMatch", wish_.if_match));
    if (wish_.if_match.empty()) return {};
    if (is_read(wish_) || wish_.method == "POST") {
      return refuse(ErrorCode::fhir_bundle_invalid, "ifMatch", "of a PUT, PATCH or DELETE");
    }
    return version_wanted(wish_.if_match).ok()
               ? Status{}
               : Status(refuse(ErrorCode::parameter_invalid, "ifMatch"));
  }

  Status read_condition_of() {
    XL_TRY(take("ifNoneExist", wish_.if_none_exist));
    const bool by_element = !wish_.if_none_exist.empty();
    if (by_element && wish_.method != "POST") {
      return refuse(ErrorCode::fhir_bundle_invalid, "ifNoneExist", "of a POST");
    }
    const std::string_view name = by_element ? "ifNoneExist" : "url";
    const auto condition = condition_of(wish_);
    if (!condition.ok()) return refuse(condition.error().code, name);
    const std::string type = type_of_url(wish_.url);
    if (condition->empty() || !xl::fhir::is_resource_type(type)) return {};
    const auto sound = criteria_of(call_, type, *condition);
    return sound.ok() ? Status{} : Status(named(wish_, sound.error()));
  }

  const Call& call_;
  json::Value request_;
  Wish wish_;
};

/// The entry's number in `Bundle.entry[12].request`.
std::optional<std::size_t> number_in(std::string_view expression) {
  constexpr std::string_view head = "Bundle.entry[";
  std::size_t out = 0;
  if (!expression.starts_with(head)) return std::nullopt;
  expression.remove_prefix(head.size());
  const auto read = std::from_chars(expression.data(), expression.data() + expression.size(), out);
  return read.ec == std::errc() ? std::optional(out) : std::nullopt;
}

/// The Bundle with something small in the place of each resource, which is judged by itself.
json::Document without_resources(json::Value bundle) {
  json::Document out = json::Document::object();
  json::Node root = out.edit();
  for (const json::Member& member : bundle.members()) {
    if (member.key != "entry") root.set(member.key, out.make_copy(member.value));
  }
  if (bundle.find("entry").size() == 0) return out;
  json::Node entries = out.make_array();
  for (const json::Value entry : bundle.find("entry").items()) {
    if (!entry.is_object()) {
      entries.append(out.make_copy(entry));
      continue;
    }
    json::Node slim = out.make_object();
    for (const json::Member& member : entry.members()) {
      if (member.key != "resource" || !member.value.is_object()) {
        slim.set(member.key, out.make_copy(member.value));
        continue;
      }
      json::Node resource = out.make_object();
      resource.set_string("resourceType", "Parameters");
      // Entries with one fullUrl may be several versions.
      const auto version = member.value.find("meta").find("versionId").as_string();
      if (version) {
        json::Node meta = out.make_object();
        meta.set_string("versionId", *version);
        resource.set("meta", meta);
      }
      slim.set("resource", resource);
    }
    entries.append(slim);
  }
  root.set("entry", entries);
  return out;
}

/// R4 §2.36.4.1: a fullUrl that is no URN shall not disagree with the id of the resource.
bool agrees_with_id(const Wish& wish) {
  if (wish.full_url.empty() || wish.full_url.starts_with("urn:")) return true;
  const std::string id = text_at(wish.resource, "id");
  return id.empty() ||
         wish.full_url.ends_with("/" + text_at(wish.resource, "resourceType") + "/" + id);
}

bool is_condition_error(ErrorCode code) {
  constexpr std::array codes = {
      ErrorCode::fhir_match_ambiguous,     ErrorCode::fhir_condition_empty,
      ErrorCode::search_parameter_unknown, ErrorCode::search_value_invalid,
      ErrorCode::search_too_complex,       ErrorCode::search_modifier_unsupported,
      ErrorCode::search_too_broad,         ErrorCode::fhir_parameter_unsupported};
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool is_url_error(ErrorCode code) {
  constexpr std::array codes = {ErrorCode::fhir_type_unknown,      ErrorCode::fhir_not_found,
                                ErrorCode::fhir_deleted,           ErrorCode::access_refused,
                                ErrorCode::fhir_entry_url_foreign, ErrorCode::parameter_invalid};
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// `Bundle.entry[2].resource.name` for `Patient.name`; nothing for what is no path in the resource.
std::optional<std::string> in_bundle(const Wish& wish, std::string_view path) {
  const std::string type = text_at(wish.resource, "resourceType");
  if (type.empty() || !path.starts_with(type)) return std::nullopt;
  const std::string_view rest = path.substr(type.size());
  if (!rest.empty() && !rest.starts_with('.')) return std::nullopt;
  return wish.place + ".resource" + std::string(rest);
}

}  // namespace

std::string text_at(json::Value object, std::string_view name) {
  return std::string(object.find(name).as_string().value_or(""));
}

std::string type_of_url(std::string_view url) {
  return std::string(url.substr(0, url.find_first_of("/?")));
}

bool is_write(const Wish& wish) {
  return !wish.settled && (wish.method == "POST" || wish.method == "PUT" ||
                           wish.method == "DELETE" || wish.method == "PATCH");
}

bool is_posted_search(const Wish& wish) {
  const std::string_view path = std::string_view(wish.url).substr(0, wish.url.find('?'));
  return wish.method == "POST" && path.ends_with("/_search");
}

Result<std::vector<Wish>> wishes_of(const Call& call, json::Value bundle) {
  const json::Value entries = bundle.find("entry");
  if (entries.present() && !entries.is_array()) {
    return make_error(ErrorCode::fhir_bundle_invalid, "Bundle.entry: no list");
  }
  if (entries.size() > entries_max) return make_error(ErrorCode::fhir_bundle_too_large);
  std::vector<Wish> out;
  for (const json::Value entry : entries.items()) {
    RequestReader reader(call, entry, "Bundle.entry[" + std::to_string(out.size()) + "]");
    const Status read = reader.read();
    out.push_back(reader.take_wish());
    if (!read.ok()) out.back().refused = read.error();
  }
  return out;
}

std::vector<Issue> check_entries(json::Value bundle, std::vector<Wish>& wishes) {
  const json::Document slim = without_resources(bundle);
  std::vector<Issue> out;
  const xl::fhir::ValidateOptions all{.issues_max = 4 * entries_max};
  for (Issue& issue : xl::fhir::validate(slim.root(), all)) {
    const auto number = number_in(issue.expression);
    auto& where = number && *number < wishes.size() ? wishes[*number].issues : out;
    where.push_back(std::move(issue));
  }
  for (Wish& wish : wishes) {
    if (agrees_with_id(wish)) continue;
    wish.issues.push_back({xl::fhir::Severity::error, IssueType::invalid,
                           ErrorCode::fhir_invariant_broken, wish.place + ".fullUrl",
                           "fullUrl shall not disagree with the id of the resource"});
  }
  return out;
}

Result<EntryPatch> patch_of(const Wish& wish) {
  const std::string type = text_at(wish.resource, "resourceType");
  if (type == "Parameters") return EntryPatch{false, json::Document::copy(wish.resource)};
  const std::string media = text_at(wish.resource, "contentType");
  Bytes decoded;
  if (type != "Binary" || !media.starts_with("application/json-patch+json") ||
      !from_base64(text_at(wish.resource, "data"), decoded)) {
    return make_error(ErrorCode::fhir_patch_invalid, wish.place + ".resource");
  }
  json::Limits bounds;
  bounds.bytes_max = decoded.size() + 1;
  XL_TRY_ASSIGN(json::Document changes, json::parse(text_of(decoded), bounds));
  return EntryPatch{true, std::move(changes)};
}

Result<Parameters> condition_of(const Wish& wish) {
  const bool in_url = wish.method == "PUT" || wish.method == "DELETE" || wish.method == "PATCH";
  if (wish.method == "POST" && !wish.if_none_exist.empty()) {
    return read_condition(wish.if_none_exist);
  }
  const std::size_t mark = wish.url.find('?');
  if (!in_url || mark == std::string::npos) return Parameters{};
  return read_condition(std::string_view(wish.url).substr(mark));
}

std::string element_of(const Wish& wish, ErrorCode code) {
  const std::string request = wish.place + ".request";
  if (code == ErrorCode::fhir_version_conflict) {
    return wish.if_match.empty() ? wish.place : request + ".ifMatch";
  }
  if (code == ErrorCode::fhir_exists) return request + ".ifNoneMatch";
  if (code == ErrorCode::fhir_interaction_unsupported) return request;
  if (is_condition_error(code)) {
    return request + (wish.if_none_exist.empty() ? ".url" : ".ifNoneExist");
  }
  if (is_url_error(code)) return request + ".url";
  constexpr std::array of_resource = {
      ErrorCode::fhir_identity_mismatched, ErrorCode::fhir_patient_fixed,
      ErrorCode::body_too_large,           ErrorCode::fhir_patch_invalid,
      ErrorCode::fhir_patch_unapplied,     ErrorCode::fhir_required_missing};
  const bool resource =
      std::find(of_resource.begin(), of_resource.end(), code) != of_resource.end();
  return resource ? wish.place + ".resource" : wish.place;
}

Error named(const Wish& wish, const Error& error) {
  const std::string detail(detail_of(error));
  if (detail.starts_with("Bundle.")) return error;
  const std::string path = detail.substr(0, detail.find(": "));
  if (const auto inside = in_bundle(wish, path)) {
    return make_error(error.code, *inside + detail.substr(path.size()));
  }
  const std::string element = element_of(wish, error.code);
  return make_error(error.code, detail.empty() ? element : element + ": " + detail);
}

http::Response named(const Wish& wish, http::Response refused) {
  json::Limits bounds;
  bounds.bytes_max = refused.body.size() + 1;
  auto outcome = json::parse(refused.body, bounds);
  if (!outcome.ok()) return refused;
  const std::size_t count = outcome->root().find("issue").size();
  for (std::size_t i = 0; i < count; ++i) {
    json::Node issue = outcome->edit().find("issue").at(i);
    if (!issue.is_object()) return refused;
    const std::string path(issue.find("expression").at(0).as_string().value_or(""));
    if (path.starts_with("Bundle.")) continue;
    const std::string code = text_at(issue.find("details").find("coding").at(0), "code");
    std::uint64_t number = 0;
    if (code.starts_with("XL")) (void)parse_decimal(code.substr(2), number);
    std::string element = element_of(wish, static_cast<ErrorCode>(number));
    if (const auto inside = in_bundle(wish, path)) element = *inside;
    json::Node expression = outcome->make_array();
    expression.append(outcome->make_string(element));
    issue.set("expression", expression);
  }
  refused.body = json::write(outcome->root());
  return refused;
}

}  // namespace xl::gateway::fhir
