// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/page.h"

#include <algorithm>
#include <thread>

#include "base/checked.h"
#include "base/json/writer.h"
#include "fhir/outcome.h"
#include "fhir/time.h"
#include "gateway/fhir/reply.h"
#include "query/search_text.h"

namespace xl::gateway::fhir {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  json::Writer writer;
  writer.string(text);
  out += writer.take();
}

void append_link(std::string& out, std::string_view relation, std::string_view url) {
  out += "{\"relation\":\"" + std::string(relation) + "\",\"url\":";
  append_quoted(out, url);
  out += '}';
}

/// One body is lost or altered; the others have nothing to do with it.
bool is_damage(ErrorCode code) {
  return code == ErrorCode::body_altered || code == ErrorCode::body_unknown ||
         code == ErrorCode::record_altered;
}

/// Erased since it was found: its keys go before its entry in the index.
bool is_gone(ErrorCode code) {
  return code == ErrorCode::record_erased || code == ErrorCode::record_unknown;
}

/// An OperationOutcome in the place of what cannot be shown.
void append_damage(std::string& out, const Call& call, const query::RecordEntry& entry,
                   const Error& error, bool is_history) {
  const std::string name = call.base + "/" + path_of(entry, true);
  const std::string outcome =
      xl::fhir::outcome_text(make_error(error.code, name), xl::fhir::IssueType::exception);
  if (is_history) {
    out += "{\"fullUrl\":";
    append_quoted(out, call.base + "/" + path_of(entry));
    out += ",\"request\":{\"method\":\"PUT\",\"url\":\"" + path_of(entry) +
           "\"},\"response\":{\"status\":\"500\",\"outcome\":" + outcome + "}}";
    return;
  }
  out += "{\"resource\":" + outcome + ",\"search\":{\"mode\":\"outcome\"}}";
}

/// What a page's entries are.
enum class Mode { history, match, include };

void append_entry(std::string& out, const Call& call, const query::RecordEntry& entry,
                  std::string_view content, Mode mode) {
  out += "{\"fullUrl\":";
  append_quoted(out, call.base + "/" + path_of(entry));
  if (!entry.deleted) {
    out += ",\"resource\":";
    out += content;
  }
  if (mode != Mode::history) {
    out += mode == Mode::match ? ",\"search\":{\"mode\":\"match\"}}"
                               : ",\"search\":{\"mode\":\"include\"}}";
    return;
  }
  const std::string method = entry.deleted ? "DELETE" : entry.version == 1 ? "POST" : "PUT";
  const std::string url = entry.version == 1 && !entry.deleted ? entry.type : path_of(entry);
  const std::string status = entry.deleted ? "204" : entry.version == 1 ? "201" : "200";
  out += ",\"request\":{\"method\":\"" + method + "\",\"url\":\"" + url + "\"}";
  out += ",\"response\":{\"status\":\"" + status + "\",\"etag\":\"W/\\\"" +
         std::to_string(entry.version) + "\\\"\",\"lastModified\":\"" +
         instant_text(entry.last_updated_ms) + "\"}}";
}

/// The entries of a page as JSON, how many of them fit, and those of them that are shown.
struct Rendered {
  std::string text;
  std::size_t count = 0;
  std::vector<query::RecordEntry> shown;
};

/// Adds entries while they fit, and gives how many of them are dealt with: added, or gone.
Result<std::size_t> render(const Call& call, const Listing& listing,
                           const std::vector<query::RecordEntry>& entries, Mode mode,
                           Rendered& out) {
  for (std::size_t at = 0; at < entries.size(); ++at) {
    const query::RecordEntry& entry = entries[at];
    std::string content;
    Status damage;
    if (!entry.deleted) {
      auto found = call.organisation.records().open(entry);
      if (found.ok()) {
        content = part_of(std::move(found->content), listing.part);
      } else if (is_damage(found.error().code)) {
        damage = found.error();
      } else if (is_gone(found.error().code)) {
        continue;
      } else {
        return found.error();
      }
    }
    if (out.count > 0 && out.text.size() + content.size() > page_bytes_max) return at;
    if (out.count > 0) out.text += ',';
    ++out.count;
    if (damage.ok()) {
      append_entry(out.text, call, entry, content, mode);
      out.shown.push_back(entry);
    } else {
      append_damage(out.text, call, entry, damage.error(), mode == Mode::history);
      call.services.log.write(LogLevel::error, LogEvent::record_damaged,
                              {LogField::code(damage.error().code)});
    }
  }
  return entries.size();
}

/// A page with what is shown beside its entries. What is too much for one page is asked for again
/// as a shorter one, whose cursor goes on.
Result<Rendered> render_page(const Call& call, const Listing& listing, query::IndexPage& page) {
  const Mode mode = listing.bundle_type == "history" ? Mode::history : Mode::match;
  for (std::size_t count = listing.count;;) {
    XL_TRY_ASSIGN(page, listing.look(count));
    Rendered out;
    if (listing.part.count_only) {
      page.next_cursor.clear();
      out.shown = page.entries;  // what is counted is told of: it is in the journal
      return out;
    }
    XL_TRY_ASSIGN(const std::size_t matches, render(call, listing, page.entries, mode, out));
    if (matches < page.entries.size()) {
      count = matches;
      continue;
    }
    if (!listing.include) return out;
    XL_TRY_ASSIGN(const std::vector<query::RecordEntry> beside, listing.include(page.entries));
    XL_TRY_ASSIGN(const std::size_t added, render(call, listing, beside, Mode::include, out));
    if (added == beside.size()) return out;
    if (matches <= 1) return make_error(ErrorCode::search_too_broad, "_include");
    count = matches / 2;
  }
}

}  // namespace

std::string shown_name(std::string_view name) {
  const bool is_name =
      !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.' || c == ':';
      });
  return is_name ? std::string(name) : "a parameter";
}

Status only_parameters(const Parameters& parameters, std::span<const std::string_view> known,
                       std::string_view what) {
  for (const auto& [name, value] : parameters) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return make_error(ErrorCode::fhir_parameter_unsupported,
                      shown_name(name) + ": not a parameter of " + std::string(what));
  }
  return {};
}

Result<bool> read_part(std::string_view name, std::string_view value, Part& out) {
  if (name == "_elements") {
    for (const std::string_view one : query::split_protected(value, ',')) {
      if (!one.empty()) out.elements.emplace_back(one);
    }
    return true;
  }
  if (name != "_summary") return false;
  if (value == "count") {
    out.count_only = true;
  } else if (value == "true") {
    out.summary = xl::fhir::Summary::yes;
  } else if (value == "text") {
    out.summary = xl::fhir::Summary::text;
  } else if (value == "data") {
    out.summary = xl::fhir::Summary::data;
  } else if (value != "false") {
    return make_error(ErrorCode::parameter_invalid, "_summary");
  }
  return true;
}

std::string part_of(std::string content, const Part& part) {
  if (part.summary == xl::fhir::Summary::none && part.elements.empty()) return content;
  json::Limits bounds;
  bounds.bytes_max = content.size() + 1;
  const auto document = json::parse(content, bounds);
  if (!document.ok()) return content;  // it was parsed when it was kept
  return xl::fhir::part_of_resource(document->root(), part.summary, part.elements);
}

bool is_of_the_house(const Call& call) {
  const contracts::PartyKind kind = call.principal.kind;
  return call.principal.organisation == call.organisation.did() &&
         kind != contracts::PartyKind::patient && kind != contracts::PartyKind::guardian;
}

void EvenTime::wait(const Call& call) const {
  if (is_of_the_house(call)) return;
  const auto taken = std::chrono::steady_clock::now() - begun_;
  std::this_thread::sleep_until(begun_ + (taken / even_step + 1) * even_step);
}

Result<PageWish> page_wish(const Parameters& parameters) {
  PageWish out;
  for (const auto& [name, value] : parameters) {
    if (name == "_cursor") out.cursor = value;
    if (name != "_count") continue;
    std::uint64_t count = 0;
    if (!parse_decimal(value, count)) return make_error(ErrorCode::parameter_invalid, "_count");
    out.none = count == 0;
    if (out.none) continue;
    out.count = static_cast<std::size_t>(std::min<std::uint64_t>(count, query::index_page_max));
  }
  return out;
}

Result<query::Total> read_total(std::string_view text) {
  if (text == "none") return query::Total::none;
  if (text == "accurate") return query::Total::accurate;
  if (text == "estimate") return query::Total::automatic;
  return make_error(ErrorCode::parameter_invalid, "_total");
}

Result<std::uint64_t> since_of(std::string_view text) {
  const auto range = xl::fhir::time_range_of(text);
  if (!range || range->low < 0) return make_error(ErrorCode::parameter_invalid, "_since");
  return static_cast<std::uint64_t>(range->low);
}

std::string query_text(const Parameters& parameters, std::string_view cursor) {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    out +=
        (out.empty() ? "?" : "&") + http::percent_encode(name) + "=" + http::percent_encode(value);
  };
  for (const auto& [name, value] : parameters) {
    if (name != "_cursor") add(name, value);
  }
  if (!cursor.empty()) add("_cursor", cursor);
  return out;
}

http::Response serve_listing(const Call& call, custody::Viewer& viewer, Listing listing) {
  const custody::ReadsInFlight::Guard reading(call.organisation.stores().reads());
  query::IndexPage page;
  auto rendered = render_page(call, listing, page);
  if (!rendered.ok()) return refusal(rendered.error());
  const Rendered entries = std::move(*rendered);
  if (call.rehearsal != nullptr) return reply({});  // it can be given; it is not yet
  if (listing.of_one && page.entries.empty()) {
    const Status recorded = viewer.refuse_hidden(listing.action, !is_of_the_house(call));
    if (!recorded.ok()) return refusal(recorded.error());
  }
  const Status served =
      viewer.serve_listing(entries.shown, listing.action, listing.query, listing.of_patients);
  if (!served.ok()) return refusal(served.error());
  std::string out =
      "{\"resourceType\":\"Bundle\",\"type\":\"" + std::string(listing.bundle_type) + "\"";
  if (listing.with_total && page.total) {
    out += ",\"total\":" + std::to_string(listing.total_before + *page.total);
  }
  out += ",\"link\":[";
  append_link(out, "self", listing.self);
  if (!page.next_cursor.empty()) {
    out += ',';
    append_link(out, "next", listing.next(page.next_cursor));
  }
  out += ']';
  if (entries.count > 0) out += ",\"entry\":[" + entries.text + "]";
  out += '}';
  if (page.entries.empty()) listing.begun.wait(call);
  return reply(std::move(out));
}

}  // namespace xl::gateway::fhir
