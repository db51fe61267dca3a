// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/zip.h"

#include <zlib.h>

#include <algorithm>

namespace xl::credentials {
namespace {

constexpr int raw_window = -15;       // zlib: no header
constexpr int gzip_window = 15 + 16;  // zlib: a GZIP header
constexpr int memory_level = 8;
constexpr std::size_t step_bytes = 16 * 1024;

Bytes packed_with(ByteView bytes, int window) {
  z_stream stream{};
  XL_CHECK(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window, memory_level,
                        Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  Bytes out(deflateBound(&stream, static_cast<uLong>(bytes.size())));
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  XL_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Result<Bytes> unpacked_with(ByteView packed, std::size_t bytes_max, int window) {
  z_stream stream{};
  XL_CHECK(inflateInit2(&stream, window) == Z_OK);
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  Bytes out;
  int state = Z_OK;
  while (state == Z_OK && out.size() <= bytes_max) {
    const std::size_t before = out.size();
    out.resize(before + step_bytes);
    stream.next_out = out.data() + before;
    stream.avail_out = step_bytes;
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + step_bytes - stream.avail_out);
    if (state == Z_OK && stream.avail_in == 0 && stream.avail_out != 0) break;  // cut off
  }
  const bool whole = state == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  if (!whole || out.size() > bytes_max) return make_error(ErrorCode::credential_malformed);
  return out;
}

}  // namespace

Bytes gzip(ByteView bytes) { return packed_with(bytes, gzip_window); }

Result<Bytes> gunzip(ByteView packed, std::size_t bytes_max) {
  return unpacked_with(packed, bytes_max, gzip_window);
}

Result<Bytes> inflate_raw(ByteView packed, std::size_t bytes_max) {
  return unpacked_with(packed, bytes_max, raw_window);
}

Bytes deflate_raw(ByteView bytes) { return packed_with(bytes, raw_window); }

}  // namespace xl::credentials
