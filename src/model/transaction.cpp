// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/transaction.h"

#include <algorithm>

#include "crypto/hash.h"
#include "model/canonical.h"
#include "model/ledger.pb.h"
#include "model/tags.h"

namespace xl::model {
namespace {

namespace wire = xinglin::ledger::v1;

Error out_of_bounds(std::string_view field) {
  return make_error(ErrorCode::transaction_field_out_of_bounds, field);
}

Result<Signer> signer_from_wire(const wire::Signer& in) {
  Signer out;
  if (in.key_id().size() != out.key_id.size()) return out_of_bounds("signers.key_id");
  std::copy(in.key_id().begin(), in.key_id().end(), out.key_id.begin());
  if (in.algorithm() > 255) return make_error(ErrorCode::algorithm_unknown);
  out.algorithm = static_cast<crypto::Algorithm>(in.algorithm());
  if (!crypto::is_known(out.algorithm)) return make_error(ErrorCode::algorithm_unknown);
  return out;
}

Result<Message> message_from_wire(const wire::Message& in) {
  if (in.contract() < 1 || in.contract() > 127) return out_of_bounds("messages.contract");
  if (in.type() < 1 || in.type() > 65535) return out_of_bounds("messages.type");
  if (in.payload().size() > limits::payload_bytes_max) return out_of_bounds("messages.payload");
  return Message{static_cast<std::uint8_t>(in.contract()), static_cast<std::uint16_t>(in.type()),
                 copy_of(view_of(in.payload()))};
}

Result<Body> body_from_wire(const wire::Body& in) {
  if (in.version() != limits::transaction_version) {
    return make_error(ErrorCode::transaction_version_unsupported);
  }
  Body out;
  if (in.network().size() != out.network.size()) return out_of_bounds("network");
  std::copy(in.network().begin(), in.network().end(), out.network.begin());
  if (in.nonce().size() != out.nonce.size()) return out_of_bounds("nonce");
  std::copy(in.nonce().begin(), in.nonce().end(), out.nonce.begin());
  if (in.valid_until_ms() == 0) return out_of_bounds("valid_until_ms");
  out.valid_until_ms = in.valid_until_ms();
  if (in.signers_size() < 1 || in.signers_size() > static_cast<int>(limits::signers_max)) {
    return out_of_bounds("signers");
  }
  for (const auto& signer : in.signers()) {
    XL_TRY_ASSIGN(Signer decoded, signer_from_wire(signer));
    const bool repeated = std::any_of(out.signers.begin(), out.signers.end(),
                                      [&](const Signer& s) { return s.key_id == decoded.key_id; });
    if (repeated) return out_of_bounds("signers: one key twice");
    out.signers.push_back(decoded);
  }
  if (in.messages_size() < 1 || in.messages_size() > static_cast<int>(limits::messages_max)) {
    return out_of_bounds("messages");
  }
  for (const auto& message : in.messages()) {
    XL_TRY_ASSIGN(Message decoded, message_from_wire(message));
    out.messages.push_back(std::move(decoded));
  }
  return out;
}

Bytes tagged(std::string_view tag, ByteView bytes) {
  Bytes out;
  out.reserve(tag.size() + 2 + bytes.size());
  append(out, view_of(tag));
  out.push_back(0);
  out.push_back(static_cast<std::uint8_t>(crypto::Suite::international));
  append(out, bytes);
  return out;
}

}  // namespace

Bytes encode_body(const Body& body) {
  wire::Body out;
  out.set_version(limits::transaction_version);
  out.set_network(body.network.data(), body.network.size());
  for (const Signer& signer : body.signers) {
    auto* added = out.add_signers();
    added->set_key_id(signer.key_id.data(), signer.key_id.size());
    added->set_algorithm(static_cast<std::uint32_t>(signer.algorithm));
  }
  out.set_valid_until_ms(body.valid_until_ms);
  out.set_nonce(body.nonce.data(), body.nonce.size());
  for (const Message& message : body.messages) {
    auto* added = out.add_messages();
    added->set_contract(message.contract);
    added->set_type(message.type);
    added->set_payload(message.payload.data(), message.payload.size());
  }
  return encode(out);
}

Bytes signed_bytes(ByteView body_bytes) { return tagged(tags::transaction_signature, body_bytes); }

Hash transaction_id(ByteView body_bytes) {
  return crypto::tagged_hash(tags::transaction_id, {body_bytes});
}

Bytes encode_transaction(ByteView body_bytes, const std::vector<Bytes>& signatures) {
  wire::Transaction out;
  out.set_body(body_bytes.data(), body_bytes.size());
  for (const Bytes& signature : signatures) {
    out.add_signatures(signature.data(), signature.size());
  }
  return encode(out);
}

Bytes sign_transaction(const Body& body, const std::vector<const crypto::SigningKey*>& keys) {
  XL_CHECK(keys.size() == body.signers.size());
  const Bytes body_bytes = encode_body(body);
  const Bytes to_sign = signed_bytes(body_bytes);
  std::vector<Bytes> signatures;
  for (const crypto::SigningKey* key : keys) signatures.push_back(key->sign(to_sign));
  return encode_transaction(body_bytes, signatures);
}

Result<Transaction> decode_transaction(ByteView raw) {
  if (raw.size() > limits::transaction_bytes_max) {
    return make_error(ErrorCode::transaction_too_large);
  }
  wire::Transaction outer;
  if (!outer.ParseFromArray(raw.data(), static_cast<int>(raw.size()))) {
    return make_error(ErrorCode::transaction_malformed);
  }
  if (!is_canonical(raw, outer)) return make_error(ErrorCode::transaction_not_canonical);
  wire::Body inner;
  if (!inner.ParseFromArray(outer.body().data(), static_cast<int>(outer.body().size()))) {
    return make_error(ErrorCode::transaction_malformed);
  }
  const ByteView body_bytes = view_of(outer.body());
  if (!is_canonical(body_bytes, inner)) {
    return make_error(ErrorCode::transaction_not_canonical);
  }
  XL_TRY_ASSIGN(Body body, body_from_wire(inner));
  const auto signer_count = static_cast<int>(body.signers.size());
  if (outer.signatures_size() < signer_count) return make_error(ErrorCode::signature_missing);
  if (outer.signatures_size() > signer_count) return make_error(ErrorCode::signature_extra);
  Transaction out;
  for (const std::string& signature : outer.signatures()) {
    if (signature.size() > limits::signature_bytes_max) return out_of_bounds("signatures");
    out.signatures.push_back(copy_of(view_of(signature)));
  }
  out.raw = copy_of(raw);
  out.body_bytes = copy_of(body_bytes);
  out.id = transaction_id(body_bytes);
  out.body = std::move(body);
  return out;
}

}  // namespace xl::model
