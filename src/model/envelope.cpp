// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/envelope.h"

#include <algorithm>

#include "model/canonical.h"
#include "model/ledger.pb.h"
#include "model/tags.h"

namespace xl::model {
namespace {

namespace wire = xinglin::ledger::v1;

}  // namespace

Bytes envelope_signed_bytes(ByteView content) {
  Bytes out = copy_of(view_of(tags::envelope_signature));
  out.push_back(0);
  out.push_back(static_cast<std::uint8_t>(crypto::Suite::international));
  append(out, content);
  return out;
}

Bytes seal_envelope(const Hash& key_id, std::uint64_t sequence,
                    const std::vector<Bytes>& transactions, const crypto::SigningKey& key) {
  XL_CHECK(!transactions.empty());
  XL_CHECK(transactions.size() <= limits::envelope_transactions_max);
  wire::EnvelopeContent content;
  content.set_version(limits::envelope_version);
  content.set_key_id(key_id.data(), key_id.size());
  content.set_sequence(sequence);
  for (const Bytes& transaction : transactions) {
    content.add_transactions(transaction.data(), transaction.size());
  }
  const Bytes content_bytes = encode(content);
  const Bytes signature = key.sign(envelope_signed_bytes(content_bytes));
  wire::Envelope out;
  out.set_content(content_bytes.data(), content_bytes.size());
  out.set_signature(signature.data(), signature.size());
  return encode(out);
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
