// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/libraries.h"

#include <gnu/libc-version.h>
#include <google/protobuf/stubs/common.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <rocksdb/version.h>
#include <sodium/version.h>
#include <sqlite3.h>
#include <zlib.h>

#include <algorithm>
#include <boost/version.hpp>

namespace xl::node {
namespace {

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

/// `1_81` as `1.81`.
std::string boost_version() {
  std::string out = BOOST_LIB_VERSION;
  std::replace(out.begin(), out.end(), '_', '.');
  return out;
}

}  // namespace

std::vector<LibraryVersion> linked_libraries() {
  return {
      {"OpenSSL", OPENSSL_VERSION_STR, OpenSSL_version(OPENSSL_VERSION_STRING)},
      {"libsodium", SODIUM_VERSION_STRING, sodium_version_string()},
      {"RocksDB", dotted(ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH),
       rocksdb::GetRocksVersionAsString()},
      {"SQLite", SQLITE_VERSION, sqlite3_libversion()},
      {"zlib", ZLIB_VERSION, zlibVersion()},
      {"glibc", std::to_string(__GLIBC__) + "." + std::to_string(__GLIBC_MINOR__),
       gnu_get_libc_version()},
      // Its headers refuse to run with another library by themselves; it cannot be asked.
      {"protobuf",
       dotted(GOOGLE_PROTOBUF_VERSION / 1000000, GOOGLE_PROTOBUF_VERSION / 1000 % 1000,
              GOOGLE_PROTOBUF_VERSION % 1000),
       ""},
      {"Boost", boost_version(), boost_version()},  // headers only: what was compiled is what runs
  };
}

}  // namespace xl::node
