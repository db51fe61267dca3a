// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/envelope.h"

#include <algorithm>

#include "model/canonical.h"
#include "model/ledger.pb.h"
#include "model/tags.h"
#include "model/wire_writer.h"

namespace xl::model {
namespace {

namespace wire = xinglin::ledger::v1;

}  // namespace

Bytes envelope_signed_bytes(ByteView content) {
  Bytes out;
  out.reserve(tags::envelope_signature.size() + 2 + content.size());
  append(out, view_of(tags::envelope_signature));
  out.push_back(0);
  out.push_back(static_cast<std::uint8_t>(crypto::Suite::international));
  append(out, content);
  return out;
}

PackedEnvelope pack_envelope(const Hash& key_id, std::uint64_t sequence,
                             std::span<const ByteView> transactions,
                             const crypto::SigningKey& key) {
  XL_CHECK(!transactions.empty());
  XL_CHECK(transactions.size() <= limits::envelope_transactions_max);
  std::size_t bytes = 64;
  for (const ByteView transaction : transactions) bytes += transaction.size() + 8;
  PackedEnvelope out;
  Bytes& content = out.envelope.content;
  content.reserve(bytes);
  wire_writer::append_number(content, 1, limits::envelope_version);
  wire_writer::append_bytes(content, 2, key_id);
  wire_writer::append_number(content, 3, sequence);
  for (const ByteView transaction : transactions) {
    wire_writer::append_element(content, 4, transaction);
  }
  out.envelope.key_id = key_id;
  out.envelope.sequence = sequence;
  out.envelope.signature = key.sign(envelope_signed_bytes(content));
  out.raw.reserve(content.size() + 128);
  wire_writer::append_bytes(out.raw, 1, content);
  wire_writer::append_bytes(out.raw, 2, out.envelope.signature);
  return out;
}

Bytes seal_envelope(const Hash& key_id, std::uint64_t sequence,
                    const std::vector<Bytes>& transactions, const crypto::SigningKey& key) {
  const std::vector<ByteView> views(transactions.begin(), transactions.end());
  return pack_envelope(key_id, sequence, views, key).raw;
}

Result<Envelope> decode_envelope(ByteView raw) {
  const Error malformed = make_error(ErrorCode::envelope_malformed);
  if (raw.size() > limits::envelope_bytes_max) return malformed;
  wire::Envelope outer;
  if (!decode_canonical(raw, outer)) return malformed;
  wire::EnvelopeContent inner;
  if (!decode_canonical(view_of(outer.content()), inner)) return malformed;
  const bool bounded =
      inner.version() == limits::envelope_version && inner.key_id().size() == sizeof(Hash) &&
      inner.transactions_size() >= 1 &&
      inner.transactions_size() <= static_cast<int>(limits::envelope_transactions_max) &&
      outer.signature().size() <= limits::signature_bytes_max;
  if (!bounded) return malformed;
  Envelope out;
  std::copy(inner.key_id().begin(), inner.key_id().end(), out.key_id.begin());
  out.sequence = inner.sequence();
  out.transactions.reserve(static_cast<std::size_t>(inner.transactions_size()));
  for (const std::string& transaction : inner.transactions()) {
    out.transactions.push_back(copy_of(view_of(transaction)));
  }
  out.content = copy_of(view_of(outer.content()));
  out.signature = copy_of(view_of(outer.signature()));
  return out;
}

}  // namespace xl::model
