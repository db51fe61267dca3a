// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/library_check.h"

#include <string_view>

#include "base/check.h"
#include "crypto/aead.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "crypto/p256.h"
#include "crypto/signature.h"

namespace xl::crypto {
namespace {

struct OddSignature {
  std::string_view name;
  std::string_view key;
  std::string_view message;
  std::string_view signature;
  bool strict;  ///< accepted for transactions
  bool zip215;  ///< accepted in commits
};

/// From the cases of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko, SSR 2020): the four
/// on which libraries differ most. All twelve are in the tests.
constexpr OddSignature odd_signatures[] = {
    {"small-order key", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
     "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
     "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"
     "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
     false, true},
    {"mixed-order key", "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
     "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
     "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f"
     "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
     true, true},
    {"cofactored only", "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
     "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
     "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512"
     "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
     false, true},
    {"S not reduced", "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
     "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
     "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e"
     "547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
     false, false},
};

Bytes bytes_of(std::string_view hex) {
  Bytes out;
  XL_CHECK(from_hex(hex, out));
  return out;
}

Error failed(std::string_view what) { return make_error(ErrorCode::crypto_library_failed, what); }

/// RFC 6979 A.2.5, message "sample", SHA-256.
bool p256_answers() {
  const Bytes key = bytes_of("0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
  Bytes signature = bytes_of(
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  if (!detail::verify_p256(key, view_of("sample"), signature)) return false;
  signature.back() ^= 1;
  return !detail::verify_p256(key, view_of("sample"), signature);
}

/// The GCM specification's test case 14: key, nonce and plaintext of zeros.
bool aead_answers() {
  const Bytes zeros(aead::key_bytes);
  const Bytes sealed = aead::seal_with_nonce(zeros, {}, ByteView(zeros).first(16), {});
  return equal(ByteView(sealed).subspan(1 + aead::nonce_bytes),
               bytes_of("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"));
}

}  // namespace

Status check_libraries() {
  if (!equal(sha256(view_of("abc")),
             bytes_of("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))) {
    return failed("SHA-256");
  }
  if (!aead_answers()) return failed("AES-256-GCM");
  if (!p256_answers()) return failed("ECDSA P-256");
  for (const OddSignature& odd : odd_signatures) {
    const Bytes key = bytes_of(odd.key);
    const Bytes message = bytes_of(odd.message);
    const Bytes signature = bytes_of(odd.signature);
    if (detail::verify_ed25519(key, message, signature) != odd.strict ||
        verify_ed25519_zip215(key, message, signature) != odd.zip215) {
      return failed(odd.name);
    }
  }
  return {};
}

}  // namespace xl::crypto
