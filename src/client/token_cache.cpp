// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/token_cache.h"

#include "base/checked.h"
#include "base/file.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

namespace xl::client {
namespace {

constexpr std::uint64_t cache_bytes_max = 4096;
constexpr std::uint64_t spare_ms = 30'000;  ///< a token that ends sooner is not worth using
constexpr std::string_view cache_key_info = "xinglin/token-cache/v1";

/// Everything a token is for; also what its ciphertext is bound to.
Bytes token_context(const Session& session, const std::string& node, const model::Id& organisation,
                    const std::vector<std::uint32_t>& roles) {
  const Identity& who = session.identity();
  Bytes out = copy_of(view_of(cache_key_info));
  append(out, who.did.view());
  append(out, model::key_id_of(who.key.algorithm(), who.key.public_key()));
  append(out, organisation.view());
  append_be(out, static_cast<std::uint32_t>(roles.size()));
  for (const std::uint32_t role : roles) append_be(out, role);
  append(out, view_of(node));
  return out;
}

Result<crypto::SecretBytes> cache_key(const Session& session) {
  return crypto::hkdf({}, session.identity().key.secret(), view_of(cache_key_info),
                      crypto::aead::key_bytes);
}

std::filesystem::path cache_file(const std::filesystem::path& folder, ByteView context) {
  return folder / (to_hex(ByteView(crypto::sha256(context)).first(16)) + ".token");
}

struct KeptToken {
  std::string text;
  std::uint64_t until_ms = 0;
};

Result<KeptToken> read_token(const std::filesystem::path& path, const Session& session,
                             ByteView context) {
  XL_TRY_ASSIGN(const Bytes sealed, read_file(path, cache_bytes_max));
  XL_TRY_ASSIGN(const crypto::SecretBytes key, cache_key(session));
  XL_TRY_ASSIGN(const Bytes plain, crypto::aead::open(key.view(), sealed, context));
  if (plain.size() <= sizeof(std::uint64_t)) return make_error(ErrorCode::decryption_failed);
  return KeptToken{std::string(text_of(ByteView(plain).subspan(sizeof(std::uint64_t)))),
                   read_be<std::uint64_t>(plain)};
}

}  // namespace

Status TokenCache::sign_in(Session& session, const std::string& node, const model::Id& organisation,
                           const std::vector<std::uint32_t>& roles, std::uint64_t now_ms) {
  const Bytes context = token_context(session, node, organisation, roles);
  auto kept = read_token(cache_file(folder_, context), session, context);
  if (kept.ok() && kept->until_ms > now_ms + spare_ms) {
    session.resume(organisation, roles, std::move(kept->text), kept->until_ms);
    return {};
  }
  XL_TRY(session.sign_in(organisation, roles));
  keep(session, node, organisation, roles);
  return {};
}

void TokenCache::keep(const Session& session, const std::string& node,
                      const model::Id& organisation,
                      const std::vector<std::uint32_t>& roles) const {
  const Bytes context = token_context(session, node, organisation, roles);
  const auto path = cache_file(folder_, context);
  const auto before = read_token(path, session, context);
  if (before.ok() && before->text == session.token()) return;
  const auto key = cache_key(session);
  if (!key.ok() || session.token().empty()) return;
  std::error_code failure;
  std::filesystem::create_directories(folder_, failure);
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, failure);
  Bytes plain;
  append_be(plain, session.token_until_ms());
  append(plain, view_of(session.token()));
  // Best effort: without the file the next command signs in again.
  (void)write_file_durably(path, crypto::aead::seal(key->view(), plain, context), 0600);
}

}  // namespace xl::client
