// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/signing_request.h"

#include <algorithm>

#include "base/json/json.h"
#include "base/json/writer.h"
#include "crypto/random.h"
#include "crypto/suite.h"
#include "model/limits.h"

namespace xl::client {
namespace {

constexpr std::string_view request_schema = "xinglin/signing-request/v1";
/// Signers whose clocks are apart still agree that it is valid.
constexpr std::uint64_t clocks_apart_ms = 60'000;
constexpr std::size_t plain_signature_bytes = 65;  ///< suite and 64 bytes

Error request_invalid(std::string_view what) {
  return make_error(ErrorCode::signing_request_invalid, what);
}

/// A body is decoded as part of a transaction: signatures of the right shape stand in.
Result<model::Body> decoded_body(ByteView bytes, std::size_t signatures) {
  Bytes blank(plain_signature_bytes);
  blank[0] = static_cast<std::uint8_t>(crypto::Suite::international);
  const std::vector<Bytes> stand_in(signatures, blank);
  XL_TRY_ASSIGN(model::Transaction transaction,
                model::decode_transaction(model::encode_transaction(bytes, stand_in)));
  return std::move(transaction.body);
}

}  // namespace

bool SigningRequest::complete() const {
  return std::all_of(signatures.begin(), signatures.begin() + static_cast<std::ptrdiff_t>(people()),
                     [](const auto& one) { return one.has_value(); });
}

Bytes SigningRequest::transaction() const {
  XL_CHECK(complete() && !custodian);
  std::vector<Bytes> all;
  for (const auto& one : signatures) all.push_back(*one);
  return model::encode_transaction(bytes, all);
}

Result<SigningRequest> make_request(const Hash& network, model::Message message,
                                    const Identity& first, std::span<const Card> cards,
                                    Bytes sealed, std::uint64_t now_ms,
                                    const std::optional<NodeSigner>& node) {
  SigningRequest out;
  out.body.network = network;
  const auto add = [&](crypto::Algorithm algorithm, ByteView public_key) {
    out.body.signers.push_back({model::key_id_of(algorithm, public_key), algorithm});
  };
  add(first.key.algorithm(), first.key.public_key());
  for (const Card& card : cards) add(card.algorithm, card.public_key);
  if (node) {
    out.body.signers.push_back(node->key);
    out.custodian = node->custodian;
  }
  if (out.body.signers.size() > limits::signers_max) return request_invalid("too many signers");
  for (std::size_t i = 0; i < out.body.signers.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (out.body.signers[i].key_id == out.body.signers[j].key_id) {
        return request_invalid("one signer twice");
      }
    }
  }
  out.body.valid_until_ms = now_ms + limits::validity_window_ms - clocks_apart_ms;
  crypto::random_bytes(out.body.nonce);
  out.body.messages.push_back(std::move(message));
  out.bytes = model::encode_body(out.body);
  out.signatures.resize(out.body.signers.size());
  out.sealed = std::move(sealed);
  XL_TRY(sign_request(out, first));
  return out;
}

Status sign_request(SigningRequest& request, const Identity& identity) {
  const Hash key_id = model::key_id_of(identity.key.algorithm(), identity.key.public_key());
  for (std::size_t i = 0; i < request.people(); ++i) {
    if (request.body.signers[i].key_id != key_id || request.signatures[i]) continue;
    request.signatures[i] = identity.key.sign(model::signed_bytes(request.bytes));
    return {};
  }
  return make_error(ErrorCode::signing_request_for_others, "key " + to_hex(key_id));
}

std::string write_request(const SigningRequest& request) {
  json::Writer out(json::Style::pretty);
  out.begin_object().key("schema").string(request_schema);
  out.key("body").string(to_base64(request.bytes)).key("signatures").begin_array();
  for (const auto& one : request.signatures) {
    if (one) {
      out.string(to_base64(*one));
    } else {
      out.null();
    }
  }
  out.end_array().key("sealed");
  if (request.sealed.empty()) {
    out.null();
  } else {
    out.string(to_base64(request.sealed));
  }
  out.key("custodian");
  if (request.custodian) {
    out.string(model::did_text(*request.custodian));
  } else {
    out.null();
  }
  return out.end_object().take() + "\n";
}

Result<SigningRequest> read_request(std::string_view text, const Hash& network,
                                    std::uint64_t now_ms) {
  const auto document = json::parse(text, {});
  if (!document.ok()) return document.error();
  const json::Value root = document->root();
  if (root.find("schema").as_string() != request_schema) return request_invalid("schema");
  SigningRequest out;
  if (!from_base64(root.find("body").as_string().value_or("*"), out.bytes)) {
    return request_invalid("body");
  }
  const json::Value signatures = root.find("signatures");
  if (!signatures.is_array() || signatures.size() > limits::signers_max) {
    return request_invalid("signatures");
  }
  for (const json::Value one : signatures.items()) {
    std::optional<Bytes>& signature = out.signatures.emplace_back();
    if (one.is_null()) continue;
    Bytes given;
    if (!from_base64(one.as_string().value_or("*"), given)) return request_invalid("signatures");
    signature = std::move(given);
  }
  const auto sealed = root.find("sealed").as_string();
  if (sealed && !from_base64(*sealed, out.sealed)) return request_invalid("sealed");
  if (const auto custodian = root.find("custodian").as_string()) {
    const auto did = model::id_from_did(*custodian);
    if (!did.ok() || out.signatures.size() < 2) return request_invalid("custodian");
    out.custodian = *did;
  }
  auto body = decoded_body(out.bytes, out.signatures.size());
  if (!body.ok()) return request_invalid("body: " + body.error().text());
  out.body = std::move(*body);
  if (out.body.network != network) return request_invalid("of another network");
  if (out.body.messages.size() != 1) return request_invalid("more than one message");
  if (now_ms >= out.body.valid_until_ms) return make_error(ErrorCode::transaction_expired);
  return out;
}

}  // namespace xl::client
