// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/page.h"

#include <algorithm>

#include "base/checked.h"
#include "base/json/writer.h"
#include "gateway/fhir/reply.h"

namespace xl::gateway::fhir {
namespace {

/// A page ends early before it becomes larger than this; the next link goes on.
constexpr std::size_t page_bytes_max = 16U << 20U;

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

void append_entry(std::string& out, const Call& call, const query::RecordEntry& entry,
                  std::string_view content, bool is_history) {
  out += "{\"fullUrl\":";
  append_quoted(out, call.base + "/" + path_of(entry));
  if (!entry.deleted) {
    out += ",\"resource\":";
    out += content;
  }
  if (!is_history) {
    out += ",\"search\":{\"mode\":\"match\"}}";
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

}  // namespace

Result<PageWish> page_wish(const std::vector<std::pair<std::string, std::string>>& parameters) {
  PageWish out;
  for (const auto& [name, value] : parameters) {
    if (name == "_cursor") out.cursor = value;
    if (name != "_count") continue;
    std::uint64_t count = 0;
    if (!parse_decimal(value, count) || count == 0) {
      return make_error(ErrorCode::parameter_invalid, "_count");
    }
    out.count = static_cast<std::size_t>(std::min<std::uint64_t>(count, query::index_page_max));
  }
  return out;
}

http::Response serve_listing(const Call& call, custody::Viewer& viewer, const Listing& listing) {
  const bool is_history = listing.bundle_type == "history";
  std::string entries;
  for (const query::RecordEntry& entry : listing.page.entries) {
    std::string content;
    if (!entry.deleted) {
      auto opened = call.organisation.records().open(entry);
      if (!opened.ok()) return refusal(opened.error());
      content = std::move(opened->content);
    }
    if (entries.size() + content.size() > page_bytes_max) {
      return refusal(make_error(ErrorCode::request_too_large, "ask for fewer with _count"));
    }
    if (!entries.empty()) entries += ',';
    append_entry(entries, call, entry, content, is_history);
  }
  const Status served = viewer.serve_listing(listing.page.entries, listing.action, listing.query,
                                             listing.of_patients);
  if (!served.ok()) return refusal(served.error());
  std::string out =
      "{\"resourceType\":\"Bundle\",\"type\":\"" + std::string(listing.bundle_type) + "\"";
  if (listing.with_total) out += ",\"total\":" + std::to_string(listing.page.total);
  out += ",\"link\":[";
  append_link(out, "self", listing.self);
  if (!listing.next.empty()) {
    out += ',';
    append_link(out, "next", listing.next);
  }
  out += ']';
  if (!entries.empty()) out += ",\"entry\":[" + entries + "]";
  out += '}';
  return reply(std::move(out));
}

}  // namespace xl::gateway::fhir
