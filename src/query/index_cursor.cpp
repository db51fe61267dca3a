// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/index_cursor.h"

#include <algorithm>

#include "crypto/aead.h"
#include "model/tags.h"
#include "query/record_index.h"

namespace xl::query::detail {
namespace {

constexpr std::uint8_t cursor_version = 1;
constexpr std::size_t cursor_plain_bytes = 32 + sizeof(Generation) + 8 + 8;
static_assert((1 + cursor_plain_bytes + crypto::aead::overhead_bytes) * 4 / 3 + 4 <
              cursor_text_bytes_max);

}  // namespace

std::string seal_cursor(ByteView cursor_key, const Hash& query, const Cursor& cursor) {
  Bytes plain;
  append(plain, query);
  append(plain, cursor.generation);
  append_be(plain, cursor.snapshot);
  append_be(plain, cursor.row);
  Bytes out = {cursor_version};
  append(out, crypto::aead::seal(cursor_key, plain, view_of(model::tags::index_cursor)));
  return to_base64url(out);
}

Result<Cursor> open_cursor(ByteView cursor_key, const Hash& query, std::string_view text) {
  Bytes bytes;
  if (text.size() > cursor_text_bytes_max || !from_base64url(text, bytes) || bytes.empty() ||
      bytes.front() != cursor_version) {
    return make_error(ErrorCode::cursor_forged);
  }
  const auto opened = crypto::aead::open(cursor_key, ByteView(bytes).subspan(1),
                                         view_of(model::tags::index_cursor));
  if (!opened.ok() || opened->size() != cursor_plain_bytes) {
    return make_error(ErrorCode::cursor_forged);
  }
  const ByteView plain = *opened;
  if (!equal(plain.first(query.size()), query)) return make_error(ErrorCode::cursor_mismatched);
  const ByteView rest = plain.subspan(query.size());
  Cursor out;
  std::copy_n(rest.begin(), out.generation.size(), out.generation.begin());
  out.snapshot = read_be<std::uint64_t>(rest.subspan(out.generation.size()));
  out.row = read_be<std::uint64_t>(rest.subspan(out.generation.size() + 8));
  return out;
}

}  // namespace xl::query::detail
