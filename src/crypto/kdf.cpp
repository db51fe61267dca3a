// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <sodium.h>

#include <algorithm>

#include "base/check.h"
#include "crypto/ed25519.h"
#include "crypto/openssl_handles.h"

namespace xl::crypto {
namespace {

class HmacContext {
 public:
  HmacContext()
      : mac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)), context_(EVP_MAC_CTX_new(mac_.get())) {
    XL_CHECK(mac_ != nullptr);
    XL_CHECK(context_ != nullptr);
  }

  void start(ByteView key) {
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    // A null key would mean "the key of the call before".
    static constexpr std::uint8_t no_key[1] = {};
    const std::uint8_t* const data = key.empty() ? no_key : key.data();
    XL_CHECK(EVP_MAC_init(context_.get(), data, key.size(), params) == 1);
  }

  void update(ByteView bytes) {
    XL_CHECK(EVP_MAC_update(context_.get(), bytes.data(), bytes.size()) == 1);
  }

  Hash finish() {
    Hash out{};
    std::size_t length = 0;
    XL_CHECK(EVP_MAC_final(context_.get(), out.data(), &length, out.size()) == 1);
    XL_CHECK(length == out.size());
    return out;
  }

 private:
  detail::Handle<EVP_MAC> mac_;
  detail::Handle<EVP_MAC_CTX> context_;
};

HmacContext& thread_hmac() {
  thread_local HmacContext context;
  return context;
}

Error parameters_invalid(std::string_view what) {
  return make_error(ErrorCode::kdf_parameters_invalid, what);
}

}  // namespace

Hash hmac_sha256(ByteView key, std::initializer_list<ByteView> parts) {
  HmacContext& context = thread_hmac();
  context.start(key);
  for (const ByteView part : parts) context.update(part);
  return context.finish();
}

SecretBytes hkdf_extract(ByteView salt, ByteView key_material) {
  Hash pseudorandom_key = hmac_sha256(salt, {key_material});
  SecretBytes out = SecretBytes::copy_of(pseudorandom_key);
  wipe(pseudorandom_key);
  return out;
}

Result<SecretBytes> hkdf_expand(ByteView pseudorandom_key, ByteView info, std::size_t length) {
  if (pseudorandom_key.size() < 32) return parameters_invalid("pseudorandom key");
  if (length == 0 || length > hkdf_output_bytes_max) return parameters_invalid("output length");
  SecretBytes out(length);
  Hash block{};
  std::size_t filled = 0;
  for (std::uint8_t counter = 1; filled < length; ++counter) {
    const ByteView previous = counter == 1 ? ByteView{} : ByteView(block);
    block = hmac_sha256(pseudorandom_key, {previous, info, ByteView(&counter, 1)});
    const std::size_t count = std::min(block.size(), length - filled);
    std::copy_n(block.begin(), count, out.mutable_view().begin() + static_cast<long>(filled));
    filled += count;
  }
  wipe(block);
  return out;
}

Result<SecretBytes> hkdf(ByteView salt, ByteView key_material, ByteView info, std::size_t length) {
  return hkdf_expand(hkdf_extract(salt, key_material).view(), info, length);
}

Result<SecretBytes> argon2id(std::string_view passphrase, ByteView salt, const Argon2idCost& cost,
                             std::size_t length) {
  static_assert(argon2id_salt_bytes == crypto_pwhash_argon2id_SALTBYTES);
  if (passphrase.empty() || passphrase.size() > passphrase_bytes_max) {
    return parameters_invalid("passphrase length");
  }
  if (salt.size() != argon2id_salt_bytes) return parameters_invalid("salt length");
  if (cost.passes == 0 || cost.passes > argon2id_passes_max) return parameters_invalid("passes");
  if (cost.memory_kib < argon2id_memory_kib_min || cost.memory_kib > argon2id_memory_kib_max) {
    return parameters_invalid("memory");
  }
  if (length < argon2id_output_bytes_min || length > argon2id_output_bytes_max) {
    return parameters_invalid("output length");
  }
  detail::ready_sodium();
  SecretBytes out(length);
  if (crypto_pwhash_argon2id(out.mutable_view().data(), length, passphrase.data(),
                             passphrase.size(), salt.data(), cost.passes,
                             std::size_t{cost.memory_kib} * 1024,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return make_error(ErrorCode::crypto_library_failed, "not enough memory for Argon2id");
  }
  return out;
}

}  // namespace xl::crypto
