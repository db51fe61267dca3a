// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/views.h"

#include <algorithm>

#include "base/json/writer.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "gateway/fhir/audit_event.h"
#include "gateway/fhir/audit_view.h"
#include "gateway/fhir/provenance_view.h"
#include "gateway/fhir/reply.h"
#include "model/tags.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::uint8_t view_cursor_version = 1;
constexpr std::size_t view_cursor_plain_min = 32 + 1 + 8 + 8 + 8;
constexpr std::size_t view_cursor_text_max = 1024;

/// Where a page of a search with a view ended.
struct ViewCursor {
  bool kept = false;            ///< the ledger's own are all shown
  std::uint64_t before = 0;     ///< of the next page of these
  std::uint64_t own_total = 0;  ///< as of the first page
  std::uint64_t kept_total = 0;
  std::string inner;  ///< of the index
};

/// Seals cursors for one search of one requester.
class ViewCursors {
 public:
  static Result<ViewCursors> open(const Call& call, const std::string& query) {
    ViewCursors out;
    XL_TRY_ASSIGN(out.key_, call.organisation.stores().keyring().organisation_key("audit-cursor"));
    out.query_ = crypto::tagged_hash(
        model::tags::audit_query,
        {call.organisation.did().view(), call.principal.did.view(), view_of(query)});
    return out;
  }
  [[nodiscard]] std::string seal(const ViewCursor& cursor) const {
    Bytes plain;
    append(plain, query_);
    plain.push_back(cursor.kept ? 1 : 0);
    append_be(plain, cursor.before);
    append_be(plain, cursor.own_total);
    append_be(plain, cursor.kept_total);
    append(plain, view_of(cursor.inner));
    Bytes out{view_cursor_version};
    append(out, crypto::aead::seal(key_.view(), plain, view_of(model::tags::audit_cursor)));
    return to_base64url(out);
  }
  [[nodiscard]] Result<ViewCursor> read(std::string_view text) const {
    Bytes bytes;
    if (text.size() > view_cursor_text_max || !from_base64url(text, bytes) || bytes.empty() ||
        bytes.front() != view_cursor_version) {
      return make_error(ErrorCode::cursor_forged);
    }
    const auto plain = crypto::aead::open(key_.view(), ByteView(bytes).subspan(1),
                                          view_of(model::tags::audit_cursor));
    if (!plain.ok() || plain->size() < view_cursor_plain_min) {
      return make_error(ErrorCode::cursor_forged);
    }
    ByteView rest = *plain;
    if (!equal(rest.first(query_.size()), query_)) return make_error(ErrorCode::cursor_mismatched);
    rest = rest.subspan(query_.size());
    ViewCursor out;
    out.kept = rest[0] != 0;
    out.before = read_be<std::uint64_t>(rest.subspan(1));
    out.own_total = read_be<std::uint64_t>(rest.subspan(9));
    out.kept_total = read_be<std::uint64_t>(rest.subspan(17));
    out.inner = text_of(rest.subspan(25));
    return out;
  }

 private:
  ViewCursors() = default;
  crypto::SecretBytes key_;
  Hash query_{};
};

std::string url_of(const ViewSearch& search, const std::string& cursor) {
  return search.address + query_text(search.used, cursor);
}

void write_link(json::Writer& out, std::string_view relation, const std::string& url) {
  out.begin_object().key("relation").string(relation).key("url").string(url).end_object();
}

/// A searchset of what the ledger shows.
Result<http::Response> view_bundle(const ViewSearch& search, const ViewPage& page,
                                   std::uint64_t total, const std::string& next) {
  json::Writer links;
  links.begin_array();
  write_link(links, "self", url_of(search, search.page.cursor));
  if (!next.empty()) write_link(links, "next", url_of(search, next));
  links.end_array();
  std::string out = R"({"resourceType":"Bundle","type":"searchset","total":)" +
                    std::to_string(total) + ",\"link\":" + links.take();
  std::string entries;
  for (const ViewPage::Shown& one : page.shown) {
    json::Writer url;
    url.string(search.call.base + "/" + std::string(search.place.type) + "/" + one.id);
    entries += (entries.empty() ? "" : ",") + std::string("{\"fullUrl\":") + url.take() +
               ",\"resource\":" + part_of(one.resource, search.part) +
               R"(,"search":{"mode":"match"}})";
  }
  if (search.beside) {
    XL_TRY_ASSIGN(const std::string beside, search.beside(page, total));
    if (!beside.empty()) entries += (entries.empty() ? "" : ",") + beside;
  }
  if (!entries.empty()) out += ",\"entry\":[" + entries + "]";
  return reply(out + "}");
}

/// Makes the page fit: what is too much is left to the next one.
Result<ViewPage> fitting_page(View& view, std::uint64_t before, std::size_t count, bool totalled) {
  for (;;) {
    XL_TRY_ASSIGN(ViewPage out, view.page(before, count, totalled));
    std::size_t bytes = 0;
    std::size_t fits = 0;
    while (fits < out.shown.size() && bytes <= page_bytes_max) {
      bytes += out.shown[fits++].resource.size();
    }
    if (fits == out.shown.size() || count == 1) return out;
    count = std::max<std::size_t>(1, fits - 1);
  }
}

}  // namespace

Result<http::Response> serve_view(const ViewSearch& search) {
  XL_TRY_ASSIGN(const ViewCursors cursors, ViewCursors::open(search.call, url_of(search, {})));
  ViewCursor at;
  const bool first = search.page.cursor.empty();
  if (first) {
    at.before = search.view.end();
  } else {
    XL_TRY_ASSIGN(at, cursors.read(search.page.cursor));
  }
  const std::optional<Parameters> kept = search.view.kept();
  if (first && kept) {
    XL_TRY_ASSIGN(at.kept_total, count_kept(search.call, search.place, *kept));
  }
  if (at.kept && kept) {
    KeptPart part;
    part.total_before = at.own_total;
    part.cursor = at.inner;
    part.address = url_of(search, search.page.cursor);
    part.next = [&](const std::string& inner) {
      ViewCursor next = at;
      next.inner = inner;
      return url_of(search, cursors.seal(next));
    };
    return search_kept(search.call, search.place, *kept, &part);
  }
  const bool counts = search.part.count_only || search.page.none;
  const custody::ReadsInFlight::Guard reading(search.call.organisation.stores().reads());
  XL_TRY_ASSIGN(ViewPage page,
                fitting_page(search.view, at.before, counts ? 1 : search.page.count, first));
  if (page.total) at.own_total = *page.total;
  std::string next;
  if (!counts && page.next_before != 0) {
    at.before = page.next_before;
    next = cursors.seal(at);
  } else if (!counts && at.kept_total > 0) {
    at.kept = true;
    next = cursors.seal(at);
  }
  if (counts) page.shown.clear();
  XL_TRY_ASSIGN(http::Response out, view_bundle(search, page, at.own_total + at.kept_total, next));
  XL_TRY(search.view.record());
  return out;
}

Result<bool> read_view_control(std::string_view name, std::string_view value, Part& part) {
  XL_TRY_ASSIGN(const bool of_part, read_part(name, value, part));
  if (of_part) return true;
  if (name == "_count" || name == "_cursor" || name == "_format" || name == "_pretty") return true;
  if (name == "_total") {
    XL_TRY(read_total(value));
    return true;
  }
  if (name == "_sort" && (value == "-date" || value == "-recorded" || value == "-_lastUpdated")) {
    return true;
  }
  const bool other = name == "_sort" || name == "_type" || name.starts_with("_include") ||
                     name.starts_with("_revinclude") || name.starts_with("_has") ||
                     name.starts_with("_list") || name == "_contained" || name == "_containedType";
  if (!other) return false;
  return make_error(ErrorCode::fhir_parameter_unsupported,
                    shown_name(name) + ": not with what is shown from the ledger");
}

std::optional<http::Response> search_views(const Call& call, const SearchPlace& place,
                                           const Parameters& parameters) {
  Result<std::unique_ptr<View>> view = std::unique_ptr<View>();
  Part part;
  if (place.type == "AuditEvent") {
    view = open_audit_view(call, place, parameters, part);
  } else if (place.type == "Provenance" && place.patient.empty()) {
    view = open_provenance_view(call, place, parameters, part);
  }
  if (!view.ok()) return refusal(view.error());
  if (!*view) return std::nullopt;
  if (call.rehearsal != nullptr) return reply({});  // it can be given; it is not yet
  auto page = page_wish(parameters);
  if (!page.ok()) return refusal(page.error());
  ViewSearch search{call, place, **view, part, std::move(*page), {}, {}};
  for (const auto& one : parameters) {
    if (one.first != "_cursor") search.used.push_back(one);
  }
  search.address = call.base + "/";
  if (!place.patient.empty()) search.address += "Patient/" + std::string(place.patient) + "/";
  search.address += place.type;
  auto out = serve_view(search);
  return out.ok() ? std::move(*out) : refusal(out.error());
}

std::optional<http::Response> read_view(const Call& call, std::string_view type,
                                        std::string_view id) {
  if (!is_view_id(type, id)) return std::nullopt;
  constexpr std::string_view known_here[] = {"_format", "_pretty", "_summary", "_elements"};
  const EvenTime begun;
  const Status known = only_parameters(call.request.query, known_here, "a read");
  if (!known.ok()) return refusal(known.error());
  Part part;
  for (const auto& [name, value] : call.request.query) {
    const auto read = read_part(name, value, part);
    if (!read.ok()) return refusal(read.error());
  }
  if (part.count_only) return refusal(make_error(ErrorCode::parameter_invalid, "_summary"));
  auto found = type == "AuditEvent" ? read_audit_event(call, id) : read_provenance(call, id);
  if (!found.ok()) return refusal(found.error());
  if (!*found) {
    begun.wait(call);
    return std::nullopt;
  }
  http::Response out = reply(part_of(std::move(**found), part));
  out.headers["etag"] = "W/\"1\"";
  return out;
}

}  // namespace xl::gateway::fhir
