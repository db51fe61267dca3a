// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/json/writer.h"
#include "custody/ledger_port.h"
#include "gateway/smart/registry.h"

namespace xl::gateway::smart {
namespace {

Error invalid(std::string_view what) { return make_error(ErrorCode::smart_client_invalid, what); }

bool is_scheme_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-';
}

/// The host of `https://host:port/...` in the form that it is written in.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

std::string_view authority_of(std::string_view uri) {
  const std::size_t start = uri.find("://");
  if (start == std::string_view::npos) return {};
  uri.remove_prefix(start + 3);
  return uri.substr(0, uri.find_first_of("/?#"));
}

bool is_own_machine(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

bool is_client_id(std::string_view text) {
  return !text.empty() && text.size() <= client_id_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '~' || c == ':' || c == '-';
         });
}

Status read_addresses(json::Value registration, Client& out) {
  const json::Value uris = registration.find("redirect_uris");
  if (uris.present() && (!uris.is_array() || uris.size() > redirect_uris_max)) {
    return invalid("redirect_uris");
  }
  for (const json::Value one : uris.items()) {
    const auto uri = one.as_string();
    if (!uri || !is_redirect_uri(*uri)) return invalid("redirect_uris");
    out.redirect_uris.emplace_back(*uri);
  }
  const json::Value launch = registration.find("launch_uri");
  if (launch.present()) {
    out.launch_uri = launch.as_string().value_or("");
    if (!is_redirect_uri(out.launch_uri)) return invalid("launch_uri");
  }
  return {};
}

/// What nobody asked for would be passed over in silence, and an app be registered otherwise than
/// meant.
Status only_known_members(json::Value registration) {
  constexpr std::string_view known[] = {"client_id", "client_name", "redirect_uris",
                                        "scope",     "jwks",        "launch_uri"};
  if (!registration.is_object()) return invalid("no object");
  for (const json::Member& member : registration.members()) {
    if (std::find(std::begin(known), std::end(known), member.key) == std::end(known)) {
      return invalid(member.key == "jwks_uri" ? "jwks_uri: give the keys themselves as jwks"
                                              : "a member that is not known");
    }
  }
  return {};
}

}  // namespace

bool is_redirect_uri(std::string_view uri) {
  if (uri.size() > uri_bytes_max || uri.find_first_of("#\\ \"<>") != std::string_view::npos ||
      !is_printable(uri)) {
    return false;
  }
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view scheme = uri.substr(0, colon);
  const std::string_view authority = authority_of(uri);
  const bool named = !host_of(authority).empty() && authority.find('@') == std::string_view::npos;
  if (scheme == "https") return named;
  if (scheme == "http") return named && is_own_machine(host_of(authority));
  return scheme.find('.') != std::string_view::npos && uri.size() > colon + 1 &&
         scheme.front() >= 'a' && scheme.front() <= 'z' &&
         std::all_of(scheme.begin(), scheme.end(), is_scheme_character);
}

std::string origin_of(std::string_view uri) {
  const std::string_view authority = authority_of(uri);
  if (authority.empty()) return {};
  return std::string(uri.substr(0, uri.find("://") + 3)) + std::string(authority);
}

Result<Client> read_client(json::Value registration) {
  XL_TRY(only_known_members(registration));
  Client out;
  out.id = registration.find("client_id").as_string().value_or("");
  if (!registration.find("client_id").present()) out.id = custody::random_id().text();
  if (!is_client_id(out.id)) return invalid("client_id");
  out.name = registration.find("client_name").as_string().value_or("");
  if (out.name.empty() || out.name.size() > client_name_bytes_max || !is_printable(out.name)) {
    return invalid("client_name");
  }
  XL_TRY(read_addresses(registration, out));
  const auto scope = registration.find("scope").as_string();
  if (!scope) return invalid("scope");
  XL_TRY_ASSIGN(out.scopes, parse_scopes(*scope));
  if (out.scopes.empty()) return invalid("scope");
  const json::Value keys = registration.find("jwks");
  if (keys.present()) {
    XL_TRY_ASSIGN(out.keys, vc::read_jwks(keys, true));
    const bool rsa = std::any_of(out.keys.begin(), out.keys.end(), [](const vc::NamedKey& one) {
      return one.key.algorithm == crypto::JwsAlgorithm::rs256;
    });
    if (rsa) return invalid("jwks: EdDSA, ES256 or ES384");
  }
  if (out.redirect_uris.empty() && out.keys.empty()) {
    return invalid("redirect_uris, or jwks of a backend service");
  }
  if (out.scopes.has(ScopeContext::system) && out.keys.empty()) {
    return invalid("jwks: a service with system scopes must prove who it is");
  }
  json::Document document = json::Document::copy(registration);
  document.edit().set_string("client_id", out.id);
  out.document = json::write(document.root());
  if (out.document.size() > client_document_bytes_max) return invalid("too long");
  return out;
}

}  // namespace xl::gateway::smart
