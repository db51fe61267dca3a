// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/aead.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/openssl_handles.h"
#include "crypto/random.h"
#include "crypto/suite.h"

namespace xl::crypto::aead {
namespace {

/// OpenSSL counts bytes of one call in `int`.
constexpr std::size_t chunk_bytes_max = std::size_t{1} << 30;

class Aes256Gcm {
 public:
  Aes256Gcm()
      : cipher_(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)), context_(EVP_CIPHER_CTX_new()) {
    XL_CHECK(cipher_ != nullptr);
    XL_CHECK(context_ != nullptr);
  }

  void start(bool encrypt, ByteView key, ByteView nonce, ByteView associated_data) {
    XL_CHECK(key.size() == key_bytes);
    XL_CHECK(nonce.size() == nonce_bytes);  // also the length OpenSSL assumes
    XL_CHECK(EVP_CipherInit_ex2(context_.get(), cipher_.get(), key.data(), nonce.data(),
                                encrypt ? 1 : 0, nullptr) == 1);
    update(associated_data, nullptr);
  }

  /// Processes `in` into `out`, or as associated data when `out` is null.
  void update(ByteView in, std::uint8_t* out) {
    while (!in.empty()) {
      const std::size_t chunk = std::min(in.size(), chunk_bytes_max);
      int written = 0;
      XL_CHECK(
          EVP_CipherUpdate(context_.get(), out, &written, in.data(), static_cast<int>(chunk)) == 1);
      XL_CHECK(static_cast<std::size_t>(written) == chunk);
      if (out != nullptr) out += chunk;
      in = in.subspan(chunk);
    }
  }

  void finish_sealing(std::uint8_t* tag) {
    int written = 0;
    std::uint8_t none[1];
    XL_CHECK(EVP_CipherFinal_ex(context_.get(), none, &written) == 1);
    XL_CHECK(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag) == 1);
  }

  [[nodiscard]] bool finish_opening(ByteView tag) {
    std::array<std::uint8_t, tag_bytes> expected{};
    std::copy(tag.begin(), tag.end(), expected.begin());
    XL_CHECK(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes,
                                 expected.data()) == 1);
    int written = 0;
    std::uint8_t none[1];
    return EVP_CipherFinal_ex(context_.get(), none, &written) == 1;
  }

  /// Forgets the key; the context itself is kept for the next call of this thread.
  void forget() { XL_CHECK(EVP_CIPHER_CTX_reset(context_.get()) == 1); }

 private:
  detail::Handle<EVP_CIPHER> cipher_;
  detail::Handle<EVP_CIPHER_CTX> context_;
};

Aes256Gcm& thread_cipher() {
  thread_local Aes256Gcm cipher;
  return cipher;
}

/// Checks suite and length, which are no secrets.
Status check_frame(ByteView sealed) {
  if (sealed.size() < overhead_bytes) return make_error(ErrorCode::decryption_failed, "too short");
  if (sealed[0] != static_cast<std::uint8_t>(Suite::international)) {
    return make_error(ErrorCode::algorithm_unknown);
  }
  return {};
}

/// Precondition: the frame was checked and `out` is as long as the ciphertext.
Status open_into(ByteView key, ByteView sealed, ByteView associated_data,
                 std::span<std::uint8_t> out) {
  Aes256Gcm& cipher = thread_cipher();
  cipher.start(false, key, sealed.subspan(1, nonce_bytes), associated_data);
  cipher.update(sealed.subspan(1 + nonce_bytes, out.size()), out.data());
  const bool authentic = cipher.finish_opening(sealed.last(tag_bytes));
  cipher.forget();
  if (authentic) return {};
  wipe(out);  // bytes that were not authenticated are shown to nobody
  return make_error(ErrorCode::decryption_failed);
}

}  // namespace

Bytes seal(ByteView key, ByteView plaintext, ByteView associated_data) {
  Nonce nonce{};
  random_bytes(nonce);
  return seal_with_nonce(key, nonce, plaintext, associated_data);
}

Bytes seal_with_nonce(ByteView key, const Nonce& nonce, ByteView plaintext,
                      ByteView associated_data) {
  Bytes sealed(overhead_bytes + plaintext.size());
  sealed[0] = static_cast<std::uint8_t>(Suite::international);
  std::copy(nonce.begin(), nonce.end(), sealed.begin() + 1);
  std::uint8_t* const ciphertext = sealed.data() + 1 + nonce_bytes;
  Aes256Gcm& cipher = thread_cipher();
  cipher.start(true, key, nonce, associated_data);
  cipher.update(plaintext, ciphertext);
  cipher.finish_sealing(ciphertext + plaintext.size());
  cipher.forget();
  return sealed;
}

Result<Bytes> open(ByteView key, ByteView sealed, ByteView associated_data) {
  XL_TRY(check_frame(sealed));
  Bytes plaintext(sealed.size() - overhead_bytes);
  XL_TRY(open_into(key, sealed, associated_data, plaintext));
  return plaintext;
}

Result<SecretBytes> open_secret(ByteView key, ByteView sealed, ByteView associated_data) {
  XL_TRY(check_frame(sealed));
  SecretBytes plaintext(sealed.size() - overhead_bytes);
  XL_TRY(open_into(key, sealed, associated_data, plaintext.mutable_view()));
  return plaintext;
}

}  // namespace xl::crypto::aead
