// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/peer/copy_store.h"

#include <algorithm>

#include "contracts/api/shape.h"
#include "gateway/peer/peer.pb.h"
#include "model/canonical.h"

namespace xl::gateway::peer {

using custody::bytes_of;
using xinglin::peer::v1::Copy;
using xinglin::peer::v1::Digests;
using xinglin::peer::v1::GiveAnswer;
using xinglin::peer::v1::HaveAnswer;
using xinglin::peer::v1::Keep;

namespace {

constexpr std::uint64_t gigabyte = 1'000'000'000;

Result<std::vector<vault::SuiteDigest>> digests_in(const Heard& heard) {
  Digests message;
  XL_TRY(contracts::decode_message(heard.payload, message));
  if (message.digests().empty() ||
      static_cast<std::size_t>(message.digests().size()) > copies_max) {
    return make_error(ErrorCode::message_malformed, "digests");
  }
  std::vector<vault::SuiteDigest> out;
  for (const std::string& one : message.digests()) {
    XL_TRY_ASSIGN(const vault::SuiteDigest digest, digest_in(one));
    out.push_back(digest);
  }
  return out;
}

Result<Bytes> keep_copies(custody::Organisation& of, const custody::LedgerPort& port,
                          const CopySettings& settings, const Heard& heard) {
  Keep message;
  XL_TRY(contracts::decode_message(heard.payload, message));
  if (message.copies().empty() || static_cast<std::size_t>(message.copies().size()) > copies_max) {
    return make_error(ErrorCode::message_malformed, "copies");
  }
  XL_TRY(port.room());
  if (of.stores().copies_bytes(heard.from) >= settings.gigabytes_max * gigabyte) {
    return make_error(ErrorCode::copies_full);
  }
  std::vector<vault::Bodies::New> bodies;
  std::vector<vault::SuiteDigest> digests;
  for (const Copy& one : message.copies()) {
    XL_TRY(contracts::check_id(one.record(), "record"));
    bodies.push_back({view_of(one.ciphertext()), {contracts::id_of(one.record()), one.version()}});
    digests.push_back(vault::body_digest(view_of(one.ciphertext())));
  }
  XL_TRY_ASSIGN(vault::Bodies * store, of.stores().copies_of(heard.from));
  XL_TRY_ASSIGN(const auto kept, store->put(bodies, port.now_ms()));
  XL_TRY(store->confirm(kept));
  return Bytes{};
}

Result<Bytes> tell_missing(const vault::Bodies& store,
                           const std::vector<vault::SuiteDigest>& digests) {
  HaveAnswer out;
  for (std::size_t i = 0; i < digests.size(); ++i) {
    XL_TRY_ASSIGN(const bool there, store.contains(digests[i]));
    if (!there) out.add_missing(static_cast<std::uint32_t>(i));
  }
  return model::encode(out);
}

Result<Bytes> give_back(const vault::Bodies& store,
                        const std::vector<vault::SuiteDigest>& digests) {
  GiveAnswer out;
  std::size_t bytes = 0;
  for (const vault::SuiteDigest& digest : digests) {
    const auto body = store.get(digest);
    // One that was altered here is as lost as one that is not there.
    bytes += body.ok() ? body->size() : 0;
    if (bytes > copies_bytes_max && !out.ciphertexts().empty()) break;
    out.add_ciphertexts(body.ok() ? bytes_of(*body) : std::string());
  }
  return model::encode(out);
}

}  // namespace

Result<vault::SuiteDigest> digest_in(const std::string& field) {
  vault::SuiteDigest out{};
  if (field.size() != out.size()) return make_error(ErrorCode::message_malformed, "digests");
  const ByteView bytes = view_of(field);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Result<Bytes> answer_copies(custody::Organisation& of, const custody::LedgerPort& port,
                            const CopySettings& settings, const Heard& heard) {
  if (heard.kind == PeerKind::keep) return keep_copies(of, port, settings, heard);
  XL_TRY_ASSIGN(const std::vector<vault::SuiteDigest> digests, digests_in(heard));
  XL_TRY_ASSIGN(vault::Bodies * store, of.stores().copies_of(heard.from));
  if (heard.kind == PeerKind::have) return tell_missing(*store, digests);
  if (heard.kind == PeerKind::give) return give_back(*store, digests);
  XL_TRY(store->remove(digests));
  return Bytes{};
}

}  // namespace xl::gateway::peer
