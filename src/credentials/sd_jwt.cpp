// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/sd_jwt.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/json/writer.h"
#include "crypto/hash.h"
#include "crypto/random.h"

namespace xl::credentials {
namespace {

constexpr std::string_view digests_member = "_sd";
constexpr std::string_view hash_member = "_sd_alg";
constexpr std::string_view item_member = "...";
constexpr std::string_view only_hash = "sha-256";
constexpr std::string_view binding_type = "kb+jwt";
constexpr std::size_t salt_bytes = 16;
/// A device's clock may be ahead of ours.
constexpr std::uint64_t ahead_s_max = 60;

Error bad_sd_jwt() { return make_error(ErrorCode::credential_malformed); }
Error unproved() { return make_error(ErrorCode::credential_holder_unproved); }

/// Puts disclosed values in their place, and notes which were named.
class Discloser {
 public:
  Status take(const std::vector<std::string>& disclosures) {
    if (disclosures.size() > disclosures_max) return bad_sd_jwt();
    for (const std::string& one : disclosures) {
      XL_TRY_ASSIGN(Disclosure read, read_disclosure(one));
      if (!by_digest_.emplace(digest_of(one), std::move(read)).second) return bad_sd_jwt();
    }
    return {};
  }

  Status write(json::Writer& out, json::Value value, std::size_t depth) {
    if (depth > claims_depth_max) return bad_sd_jwt();
    if (value.is_object()) return write_object(out, value, depth);
    if (value.is_array()) return write_array(out, value, depth);
    out.value(value);
    return {};
  }

  /// True when every disclosure was named by a digest.
  [[nodiscard]] bool is_used_up() const { return used_ == by_digest_.size(); }

 private:
  /// The disclosure that a digest names; null for a decoy. Errors: a digest twice.
  Result<const Disclosure*> named_by(json::Value digest) {
    const auto text = digest.as_string();
    if (!text || !seen_.emplace(*text).second) return bad_sd_jwt();
    const auto found = by_digest_.find(std::string(*text));
    if (found == by_digest_.end()) return static_cast<const Disclosure*>(nullptr);
    ++used_;
    return &found->second;
  }

  Status write_object(json::Writer& out, json::Value object, std::size_t depth) {
    std::set<std::string, std::less<>> names;
    out.begin_object();
    for (const json::Member member : object.members()) {
      if (member.key == item_member) return bad_sd_jwt();
      if (member.key == digests_member || (depth == 0 && member.key == hash_member)) continue;
      names.emplace(member.key);
      out.key(member.key);
      XL_TRY(write(out, member.value, depth + 1));
    }
    const json::Value digests = object.find(digests_member);
    if (digests.present() && !digests.is_array()) return bad_sd_jwt();
    for (const json::Value digest : digests.items()) {
      XL_TRY_ASSIGN(const Disclosure* one, named_by(digest));
      if (one == nullptr) continue;
      if (one->is_item || !names.emplace(one->name).second) return bad_sd_jwt();
      out.key(one->name);
      XL_TRY(write(out, one->value(), depth + 1));
    }
    out.end_object();
    return {};
  }

  Status write_array(json::Writer& out, json::Value array, std::size_t depth) {
    out.begin_array();
    for (const json::Value item : array.items()) {
      const json::Value digest = item.find(item_member);
      if (!digest.present()) {
        XL_TRY(write(out, item, depth + 1));
        continue;
      }
      if (item.size() != 1) return bad_sd_jwt();
      XL_TRY_ASSIGN(const Disclosure* one, named_by(digest));
      if (one == nullptr) continue;
      if (!one->is_item) return bad_sd_jwt();
      XL_TRY(write(out, one->value(), depth + 1));
    }
    out.end_array();
    return {};
  }

  std::map<std::string, Disclosure> by_digest_;
  std::set<std::string, std::less<>> seen_;
  std::size_t used_ = 0;
};

json::Limits disclosure_bounds() {
  json::Limits out;
  out.bytes_max = disclosure_bytes_max;
  out.depth_max = claims_depth_max;
  return out;
}

/// The digests that a value names directly or within.
void collect_digests(json::Value value, std::set<std::string>& out, std::size_t depth) {
  if (depth > claims_depth_max) return;
  for (const json::Member member : value.members()) {
    if (member.key == digests_member) {
      for (const json::Value one : member.value.items()) out.emplace(one.as_string().value_or(""));
    } else if (member.key == item_member) {
      out.emplace(member.value.as_string().value_or(""));
    } else {
      collect_digests(member.value, out, depth + 1);
    }
  }
  for (const json::Value item : value.items()) collect_digests(item, out, depth + 1);
}

}  // namespace

std::string SdJwt::bare() const {
  std::string out = issued + "~";
  for (const std::string& one : disclosures) out += one + "~";
  return out;
}

Result<SdJwt> split_sd_jwt(std::string_view text) {
  if (text.size() > sd_jwt_bytes_max) return bad_sd_jwt();
  std::size_t tilde = text.find('~');
  if (tilde == std::string_view::npos || tilde == 0) return bad_sd_jwt();
  SdJwt out;
  out.issued = text.substr(0, tilde);
  for (std::string_view rest = text.substr(tilde + 1);; rest = rest.substr(tilde + 1)) {
    tilde = rest.find('~');
    if (tilde == std::string_view::npos) {
      out.binding = rest;
      return out;
    }
    if (tilde == 0 || out.disclosures.size() == disclosures_max) return bad_sd_jwt();
    out.disclosures.emplace_back(rest.substr(0, tilde));
  }
}

Result<Disclosure> read_disclosure(std::string_view encoded) {
  Bytes bytes;
  if (!from_base64url(encoded, bytes)) return bad_sd_jwt();
  auto parsed = json::parse(text_of(bytes), disclosure_bounds());
  if (!parsed.ok() || !parsed->root().is_array()) return bad_sd_jwt();
  Disclosure out{{}, {}, std::move(*parsed), false};
  const json::Value whole = out.whole.root();
  const auto salt = whole.at(0).as_string();
  if (!salt || whole.size() < 2 || whole.size() > 3) return bad_sd_jwt();
  out.salt = *salt;
  out.is_item = whole.size() == 2;
  if (out.is_item) return out;
  const auto name = whole.at(1).as_string();
  if (!name || *name == digests_member || *name == item_member || *name == hash_member) {
    return bad_sd_jwt();
  }
  out.name = *name;
  return out;
}

std::string digest_of(std::string_view disclosure) {
  return to_base64url(crypto::sha256(view_of(disclosure)));
}

Result<json::Document> disclose(json::Value payload, const std::vector<std::string>& disclosures) {
  const json::Value hash = payload.find(hash_member);
  if (!payload.is_object() || (hash.present() && hash.as_string() != only_hash)) {
    return bad_sd_jwt();
  }
  Discloser discloser;
  XL_TRY(discloser.take(disclosures));
  json::Writer out;
  XL_TRY(discloser.write(out, payload, 0));
  if (!discloser.is_used_up()) return bad_sd_jwt();
  json::Limits bounds;
  bounds.bytes_max = 2 * sd_jwt_bytes_max;
  auto document = json::parse(out.take(), bounds);
  if (!document.ok()) return bad_sd_jwt();
  return document;
}

SdJwt issue_sd_jwt(std::string_view header, const std::vector<Claim>& claims,
                   const crypto::SigningKey& key) {
  SdJwt out;
  std::vector<std::string> digests;
  for (const Claim& claim : claims) {
    if (!claim.hidden) continue;
    Bytes salt(salt_bytes);
    crypto::random_bytes(salt);
    json::Writer name;
    name.string(claim.name);
    const std::string text =
        "[\"" + to_base64url(salt) + "\"," + name.take() + "," + claim.value + "]";
    out.disclosures.push_back(to_base64url(view_of(text)));
    digests.push_back(digest_of(out.disclosures.back()));
  }
  std::sort(digests.begin(), digests.end());  // their order says nothing
  std::string payload = "{";
  const auto add = [&](std::string_view name, std::string_view value) {
    json::Writer quoted;
    quoted.string(name);
    payload += (payload.size() == 1 ? "" : ",") + quoted.take() + ":" + std::string(value);
  };
  for (const Claim& claim : claims) {
    if (!claim.hidden) add(claim.name, claim.value);
  }
  if (!digests.empty()) {
    json::Writer list;
    list.begin_array();
    for (const std::string& one : digests) list.string(one);
    add(digests_member, list.end_array().take());
    add(hash_member, "\"" + std::string(only_hash) + "\"");
  }
  out.issued = sign_jws(header, payload + "}", key);
  return out;
}

Result<std::vector<std::string>> disclosed_names(const SdJwt& from) {
  std::vector<std::string> out;
  for (const std::string& one : from.disclosures) {
    XL_TRY_ASSIGN(const Disclosure read, read_disclosure(one));
    if (!read.is_item) out.push_back(read.name);
  }
  return out;
}

Result<SdJwt> reveal(const SdJwt& from, const std::vector<std::string>& names) {
  XL_TRY_ASSIGN(const std::vector<std::string> there, disclosed_names(from));
  for (const std::string& name : names) {
    if (std::find(there.begin(), there.end(), name) == there.end()) {
      return make_error(ErrorCode::credential_claim_hidden);
    }
  }
  XL_TRY_ASSIGN(const Jwt jwt, read_jwt(from.issued, {sd_jwt_bytes_max, claims_depth_max}));
  // What stands within a chosen value, or as an item of a plain one, goes with it.
  std::set<std::string> wanted;
  std::set<std::string> within;
  for (const json::Member member : jwt.payload.root().members()) {
    if (member.key != digests_member) collect_digests(member.value, within, 1);
  }
  std::vector<Disclosure> read;
  for (const std::string& one : from.disclosures) {
    XL_TRY_ASSIGN(Disclosure disclosure, read_disclosure(one));
    const bool is_named = !disclosure.is_item &&
                          std::find(names.begin(), names.end(), disclosure.name) != names.end();
    if (is_named) wanted.insert(one);
    read.push_back(std::move(disclosure));
  }
  for (std::size_t round = 0; round < claims_depth_max; ++round) {
    for (std::size_t i = 0; i < read.size(); ++i) {
      const std::string& one = from.disclosures[i];
      if (within.contains(digest_of(one)) && read[i].is_item) wanted.insert(one);
      if (wanted.contains(one)) {
        std::set<std::string> inner;
        collect_digests(read[i].value(), inner, 1);
        for (std::size_t k = 0; k < read.size(); ++k) {
          if (inner.contains(digest_of(from.disclosures[k]))) wanted.insert(from.disclosures[k]);
        }
      }
    }
  }
  SdJwt out{from.issued, {}, {}};
  for (const std::string& one : from.disclosures) {
    if (wanted.contains(one)) out.disclosures.push_back(one);
  }
  return out;
}

void bind(SdJwt& presented, std::string_view audience, std::string_view nonce, std::uint64_t now_s,
          const crypto::SigningKey& key) {
  json::Writer header;
  header.begin_object().key("alg").string(jws_name_of(key)).key("typ").string(binding_type);
  json::Writer payload;
  payload.begin_object().key("iat").unsigned_integer(now_s).key("aud").string(audience);
  payload.key("nonce").string(nonce).key("sd_hash").string(digest_of(presented.bare()));
  presented.binding = sign_jws(header.end_object().take(), payload.end_object().take(), key);
}

Status check_binding(const SdJwt& presented, const crypto::JwsKey& holder, const Bound& wanted) {
  if (presented.binding.empty()) return unproved();
  const auto jwt = read_jwt(presented.binding);
  if (!jwt.ok() || jwt->type() != binding_type || !verify(*jwt, holder)) return unproved();
  if (jwt->text("aud") != wanted.audience || jwt->text("nonce") != wanted.nonce) return unproved();
  if (jwt->text("sd_hash") != digest_of(presented.bare())) return unproved();
  const auto at_s = jwt->seconds("iat");
  if (!at_s || *at_s > wanted.now_s + ahead_s_max || *at_s + wanted.age_s_max < wanted.now_s) {
    return unproved();
  }
  return {};
}

}  // namespace xl::credentials
