// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/bytes.h"
#include "base/result.h"

/// Compression as the standards of credentials name it, by zlib, bounded.
namespace xl::credentials {

/// GZIP (RFC 1952) without a time, the same bytes for the same input.
[[nodiscard]] Bytes gzip(ByteView bytes);

/// Errors: credential_malformed (no GZIP, cut off, bytes behind it, more than `bytes_max`).
[[nodiscard]] Result<Bytes> gunzip(ByteView packed, std::size_t bytes_max);

/// Raw DEFLATE (RFC 1951), as SMART Health Cards have it. Errors: as `gunzip`.
[[nodiscard]] Result<Bytes> inflate_raw(ByteView packed, std::size_t bytes_max);
/// Raw DEFLATE of `bytes`.
[[nodiscard]] Bytes deflate_raw(ByteView bytes);

}  // namespace xl::credentials
