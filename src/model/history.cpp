// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/history.h"

#include <algorithm>

#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "model/canonical.h"
#include "model/ledger.pb.h"
#include "model/tags.h"
#include "model/wire_writer.h"

namespace xl::model {

Bytes encode_history_entry(const HistoryEntry& entry) {
  namespace wire = wire_writer;
  Bytes out;
  out.reserve(128);
  wire::append_bytes(out, 1, entry.transaction_id);
  wire::append_number(out, 2, entry.height);
  wire::append_number(out, 3, entry.index);
  wire::append_number(out, 4, entry.envelope_index);
  wire::append_number(out, 5, entry.status);
  wire::append_bytes(out, 6, entry.result_digest);
  return out;
}

Result<HistoryEntry> decode_history_entry(ByteView bytes) {
  xinglin::ledger::v1::HistoryEntry in;
  const Error malformed = make_error(ErrorCode::receipt_malformed, "history entry");
  if (!decode_canonical(bytes, in)) return malformed;
  if (in.transaction_id().size() != 32 || in.result_digest().size() != 32) return malformed;
  HistoryEntry out;
  std::copy(in.transaction_id().begin(), in.transaction_id().end(), out.transaction_id.begin());
  std::copy(in.result_digest().begin(), in.result_digest().end(), out.result_digest.begin());
  out.height = in.height();
  out.index = in.index();
  out.envelope_index = in.envelope_index();
  out.status = in.status();
  return out;
}

Hash history_leaf(const HistoryEntry& entry) {
  return crypto::merkle::leaf_hash(encode_history_entry(entry));
}

Hash result_digest(ByteView result_bytes) {
  return crypto::tagged_hash(tags::result, {result_bytes});
}

Hash app_hash(const Hash& state_root, const Hash& history_root, std::uint64_t history_size) {
  Bytes size;
  append_be(size, history_size);
  return crypto::tagged_hash(tags::app_hash, {state_root, history_root, size});
}

Hash state_path(ByteView key) { return crypto::tagged_hash(tags::state_path, {key}); }

Hash state_value_hash(ByteView value) { return crypto::tagged_hash(tags::state_value, {value}); }

}  // namespace xl::model
