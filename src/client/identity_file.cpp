// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/identity_file.h"

#include <array>

#include "base/file.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "contracts/identity/view.h"

namespace xl::client {

namespace keyfile = crypto::keyfile;
using contracts::PartyKind;

namespace {

constexpr std::uint64_t identity_bytes_max = 16 * 1024;
constexpr std::string_view schema = "xinglin/identity/v1";

constexpr std::array kinds = {std::pair{PartyKind::organisation, std::string_view("organisation")},
                              std::pair{PartyKind::practitioner, std::string_view("practitioner")},
                              std::pair{PartyKind::service, std::string_view("service")},
                              std::pair{PartyKind::patient, std::string_view("patient")},
                              std::pair{PartyKind::guardian, std::string_view("guardian")}};

/// An identity file with its key still sealed.
struct Sealed {
  std::string name;
  model::Id did;
  PartyKind kind{};
  model::Id organisation;
  Bytes key;
  std::vector<std::uint32_t> roles;
};

Result<Sealed> read_sealed(const std::filesystem::path& path) {
  XL_TRY_ASSIGN(const Bytes content, read_file(path, identity_bytes_max));
  const auto invalid = [&] { return make_error(ErrorCode::identity_file_invalid, path.string()); };
  const auto document = json::parse(text_of(content), {});
  if (!document.ok()) return json::in_file(document.error(), text_of(content), path.string());
  const json::Value root = document->root();
  const auto text = [&](std::string_view name) {
    return root.find(name).as_string().value_or(std::string_view{});
  };
  const auto did = model::id_from_did(text("did"));
  const auto organisation = model::id_from_did(text("organisation"));
  const auto kind = kind_of_word(text("kind"));
  Sealed out;
  if (text("schema") != schema || !did.ok() || !organisation.ok() || !kind ||
      !from_base64(text("key"), out.key)) {
    return invalid();
  }
  out.name = text("name");
  out.did = *did;
  out.kind = *kind;
  out.organisation = *organisation;
  for (const json::Value role : root.find("roles").items()) {
    const auto number = role.as_uint64();
    if (!number || *number > contracts::identity::role_max) return invalid();
    out.roles.push_back(static_cast<std::uint32_t>(*number));
  }
  return out;
}

}  // namespace

std::string_view kind_word(PartyKind kind) {
  for (const auto& [one, word] : kinds) {
    if (one == kind) return word;
  }
  return {};
}

std::optional<PartyKind> kind_of_word(std::string_view word) {
  for (const auto& [kind, one] : kinds) {
    if (one == word) return kind;
  }
  return std::nullopt;
}

Status write_identity(const std::filesystem::path& path, const Identity& identity,
                      const KeyProtection& protection) {
  auto sealed = protection.protection == keyfile::Protection::passphrase
                    ? keyfile::seal_with_passphrase(keyfile::Kind::ed25519, identity.key.secret(),
                                                    text_of(protection.secret))
                    : keyfile::seal_with_operator_key(keyfile::Kind::ed25519, identity.key.secret(),
                                                      protection.secret);
  if (!sealed.ok()) return sealed.error();
  json::Writer out(json::Style::pretty);
  out.begin_object().key("schema").string(schema).key("name").string(identity.name);
  out.key("did").string(model::did_text(identity.did));
  out.key("kind").string(kind_word(identity.kind));
  out.key("organisation").string(model::did_text(identity.organisation));
  out.key("roles").begin_array();
  for (const std::uint32_t role : identity.roles) out.unsigned_integer(role);
  out.end_array().key("key").string(to_base64(*sealed)).end_object();
  return write_file_durably(path, view_of(out.take() + "\n"), 0600);
}

Result<Identity> read_identity(const std::filesystem::path& path, const KeyProtection& protection) {
  XL_TRY_ASSIGN(Sealed sealed, read_sealed(path));
  XL_TRY_ASSIGN(const keyfile::Header header, keyfile::inspect(sealed.key));
  if (header.protection != protection.protection) {
    return make_error(ErrorCode::keys_locked, path.string());
  }
  auto secret = header.protection == keyfile::Protection::passphrase
                    ? keyfile::open_with_passphrase(sealed.key, text_of(protection.secret))
                    : keyfile::open_with_operator_key(sealed.key, protection.secret);
  if (!secret.ok()) return make_error(secret.error().code, path.string());
  if (header.kind != keyfile::Kind::ed25519) {
    return make_error(ErrorCode::identity_file_invalid, path.string());
  }
  XL_TRY_ASSIGN(crypto::SigningKey key,
                crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, secret->view()));
  return Identity{std::move(sealed.name), sealed.did,     sealed.kind,
                  sealed.organisation,    std::move(key), std::move(sealed.roles)};
}

Result<keyfile::Protection> protection_of(const std::filesystem::path& path) {
  XL_TRY_ASSIGN(const Sealed sealed, read_sealed(path));
  XL_TRY_ASSIGN(const keyfile::Header header, keyfile::inspect(sealed.key));
  return header.protection;
}

}  // namespace xl::client
