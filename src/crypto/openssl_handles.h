// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

/// Owners of OpenSSL objects, for the sources of this folder only: no public header of the folder
/// shows a library's type.
namespace xl::crypto::detail {

struct OpensslDeleter {
  void operator()(EVP_MD* object) const { EVP_MD_free(object); }
  void operator()(EVP_MD_CTX* object) const { EVP_MD_CTX_free(object); }
  void operator()(EVP_PKEY* object) const { EVP_PKEY_free(object); }
  void operator()(EVP_PKEY_CTX* object) const { EVP_PKEY_CTX_free(object); }
  void operator()(EVP_CIPHER* object) const { EVP_CIPHER_free(object); }
  void operator()(EVP_CIPHER_CTX* object) const { EVP_CIPHER_CTX_free(object); }
  void operator()(EVP_MAC* object) const { EVP_MAC_free(object); }
  void operator()(EVP_MAC_CTX* object) const { EVP_MAC_CTX_free(object); }
  void operator()(EC_GROUP* object) const { EC_GROUP_free(object); }
  void operator()(EC_POINT* object) const { EC_POINT_clear_free(object); }
  void operator()(BIGNUM* object) const { BN_clear_free(object); }
  void operator()(BIO* object) const { BIO_free_all(object); }
  void operator()(X509* object) const { X509_free(object); }
  void operator()(X509_REQ* object) const { X509_REQ_free(object); }
  void operator()(X509_EXTENSION* object) const { X509_EXTENSION_free(object); }
  void operator()(STACK_OF(X509_EXTENSION) * object) const {
    sk_X509_EXTENSION_free(object);  // the extensions have owners of their own
  }
};

template <typename Object>
using Handle = std::unique_ptr<Object, OpensslDeleter>;

}  // namespace xl::crypto::detail
