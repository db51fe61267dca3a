// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/p256.h"

#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "crypto/hash.h"
#include "crypto/openssl_handles.h"
#include "crypto/secret.h"

namespace xl::crypto::detail {
namespace {

using Scalar256 = std::array<std::uint8_t, 32>;

/// The order n of P-256 (SP 800-186 §3.2.1.3), big-endian.
constexpr Scalar256 p256_order = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                  0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/// SEQUENCE of two INTEGERs of at most 33 bytes each.
constexpr std::size_t der_signature_bytes_max = 2 + 2 * (2 + 33);

/// 0 < scalar < n.
bool is_valid_scalar(ByteView scalar) {
  if (scalar.size() != p256_order.size()) return false;
  const bool zero = std::all_of(scalar.begin(), scalar.end(), [](auto byte) { return byte == 0; });
  return !zero && std::lexicographical_compare(scalar.begin(), scalar.end(), p256_order.begin(),
                                               p256_order.end());
}

Handle<EVP_PKEY> build_key(int selection, std::span<OSSL_PARAM> params) {
  const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  XL_CHECK(context != nullptr);
  XL_CHECK(EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, selection, params.data()) != 1) return nullptr;
  return Handle<EVP_PKEY>(key);
}

std::array<char, 6> curve_name() { return {'P', '-', '2', '5', '6', '\0'}; }

/// The key object of a compressed point, or null when there is no such point.
Handle<EVP_PKEY> decode_key(ByteView key) {
  if (key.size() != p256_key_bytes || (key[0] != 2 && key[0] != 3)) return nullptr;
  std::array<char, 6> curve = curve_name();
  Bytes point = copy_of(key);
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  return build_key(EVP_PKEY_PUBLIC_KEY, params);
}

/// A verification context for each recently used key: 4 ways by 256 sets, the oldest of a set goes.
/// Colliding keys only cost time.
class VerifierCache {
 public:
  /// The context of `key`, or null when the key is malformed. Valid until the next call.
  EVP_PKEY_CTX* find(ByteView key) {
    if (key.size() != p256_key_bytes) return nullptr;
    Set& set = sets_[set_of(key)];
    for (Entry& entry : set.entries) {
      if (entry.context && equal(entry.key, key)) return entry.context.get();
    }
    const Handle<EVP_PKEY> decoded = decode_key(key);
    if (!decoded) return nullptr;
    Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, decoded.get(), nullptr));
    XL_CHECK(context != nullptr);
    XL_CHECK(EVP_PKEY_verify_init(context.get()) == 1);
    Entry& victim = set.entries[set.next];
    set.next = (set.next + 1) % ways;
    std::copy(key.begin(), key.end(), victim.key.begin());
    victim.context = std::move(context);
    return victim.context.get();
  }

 private:
  static constexpr std::size_t ways = 4;
  static constexpr std::size_t set_count = p256_cached_keys_max / ways;
  struct Entry {
    std::array<std::uint8_t, p256_key_bytes> key{};
    Handle<EVP_PKEY_CTX> context;
  };
  struct Set {
    std::array<Entry, ways> entries;
    std::size_t next = 0;
  };

  static std::size_t set_of(ByteView key) {
    std::uint32_t mixed = 2166136261U;  // FNV-1a
    for (const std::uint8_t byte : key) mixed = (mixed ^ byte) * 16777619U;
    return (mixed ^ mixed >> 16) % set_count;
  }

  std::vector<Set> sets_{set_count};
};

EVP_PKEY_CTX* cached_verifier(ByteView key) {
  thread_local VerifierCache cache;
  return cache.find(key);
}

std::uint8_t* append_der_integer(std::uint8_t* out, ByteView number) {
  while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
  const bool padded = (number[0] & 0x80) != 0;  // DER integers are signed
  *out++ = 0x02;
  *out++ = static_cast<std::uint8_t>(number.size() + (padded ? 1 : 0));
  if (padded) *out++ = 0x00;
  return std::copy(number.begin(), number.end(), out);
}

/// OpenSSL takes signatures as DER only.
std::size_t to_der(ByteView signature, std::array<std::uint8_t, der_signature_bytes_max>& out) {
  std::uint8_t* end = append_der_integer(out.data() + 2, signature.first(32));
  end = append_der_integer(end, signature.subspan(32));
  const auto length = static_cast<std::size_t>(end - out.data());
  out[0] = 0x30;
  out[1] = static_cast<std::uint8_t>(length - 2);
  return length;
}

/// Reads one minimal, positive DER integer of at most 256 bits into 32 bytes.
bool read_der_integer(ByteView& der, std::span<std::uint8_t> out) {
  if (der.size() < 2 || der[0] != 0x02) return false;
  const std::size_t length = der[1];
  if (length == 0 || length > out.size() + 1 || der.size() - 2 < length) return false;
  ByteView number = der.subspan(2, length);
  der = der.subspan(2 + length);
  if ((number[0] & 0x80) != 0) return false;  // negative
  if (number[0] == 0 && number.size() > 1) {
    if ((number[1] & 0x80) == 0) return false;  // a needless zero: not minimal
    number = number.subspan(1);
  }
  if (number.size() > out.size()) return false;
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  std::copy(number.begin(), number.end(), out.end() - static_cast<std::ptrdiff_t>(number.size()));
  return true;
}

/// scalar · G as a compressed point.
Bytes public_point(ByteView scalar) {
  const Handle<EC_GROUP> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  XL_CHECK(group != nullptr);
  const Handle<EC_POINT> point(EC_POINT_new(group.get()));
  const Handle<BIGNUM> number(BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), nullptr));
  XL_CHECK(point != nullptr);
  XL_CHECK(number != nullptr);
  XL_CHECK(EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) == 1);
  Bytes out(p256_key_bytes);
  XL_CHECK(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_COMPRESSED, out.data(),
                              out.size(), nullptr) == out.size());
  return out;
}

}  // namespace

bool is_p256_key(ByteView key) { return decode_key(key) != nullptr; }

bool verify_p256(ByteView key, ByteView message, ByteView signature) {
  if (signature.size() != p256_signature_bytes) return false;
  if (!is_valid_scalar(signature.first(32)) || !is_valid_scalar(signature.subspan(32))) {
    return false;
  }
  EVP_PKEY_CTX* verifier = cached_verifier(key);
  if (verifier == nullptr) return false;
  std::array<std::uint8_t, der_signature_bytes_max> der{};
  const std::size_t der_bytes = to_der(signature, der);
  const Hash digest = sha256(message);
  return EVP_PKEY_verify(verifier, der.data(), der_bytes, digest.data(), digest.size()) == 1;
}

bool p256_signature_from_der(ByteView der, std::array<std::uint8_t, p256_signature_bytes>& out) {
  if (der.size() < 2 || der[0] != 0x30 || der[1] != der.size() - 2) return false;
  der = der.subspan(2);
  const std::span<std::uint8_t> halves(out);
  return read_der_integer(der, halves.first(32)) && read_der_integer(der, halves.subspan(32)) &&
         der.empty();
}

struct P256Secret::Key {
  Handle<EVP_PKEY> object;
};

P256Secret::P256Secret(std::unique_ptr<Key> key, Bytes public_key)
    : key_(std::move(key)), public_key_(std::move(public_key)) {}
P256Secret::P256Secret(P256Secret&&) noexcept = default;
P256Secret& P256Secret::operator=(P256Secret&&) noexcept = default;
P256Secret::~P256Secret() = default;

Result<P256Secret> P256Secret::from_scalar(ByteView secret) {
  if (!is_valid_scalar(secret)) return make_error(ErrorCode::key_malformed, "P-256 scalar");
  Bytes point = public_point(secret);
  // OSSL_PARAM numbers are in the machine's order, which is little-endian on every target we build.
  SecretBytes scalar(secret.size());
  std::reverse_copy(secret.begin(), secret.end(), scalar.mutable_view().begin());
  std::array<char, 6> curve = curve_name();
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, scalar.mutable_view().data(),
                              scalar.size()),
      OSSL_PARAM_construct_end()};
  auto key = std::make_unique<Key>();
  key->object = build_key(EVP_PKEY_KEYPAIR, params);
  if (!key->object) return make_error(ErrorCode::crypto_library_failed, "P-256 key");
  return P256Secret(std::move(key), std::move(point));
}

std::array<std::uint8_t, p256_signature_bytes> P256Secret::sign(ByteView message) const {
  const Handle<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key_->object.get(), nullptr));
  XL_CHECK(context != nullptr);
  XL_CHECK(EVP_PKEY_sign_init(context.get()) == 1);
  std::array<std::uint8_t, der_signature_bytes_max> der{};
  std::size_t der_bytes = der.size();
  const Hash digest = sha256(message);
  XL_CHECK(EVP_PKEY_sign(context.get(), der.data(), &der_bytes, digest.data(), digest.size()) == 1);
  std::array<std::uint8_t, p256_signature_bytes> signature{};
  XL_CHECK(p256_signature_from_der(ByteView(der).first(der_bytes), signature));
  return signature;
}

}  // namespace xl::crypto::detail
