// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "chain/records.h"

#include <algorithm>

#include "chain/store.pb.h"
#include "model/canonical.h"
#include "model/comet/encoding.h"
#include "model/ledger.pb.h"
#include "model/wire_writer.h"

namespace xl::chain {
namespace {

namespace wire = xinglin::chain::v1;

Error corrupt_record(std::string_view what) { return make_error(ErrorCode::store_corrupt, what); }

bool read_hash(const std::string& in, Hash& out) {
  if (in.size() != out.size()) return false;
  std::copy(in.begin(), in.end(), out.begin());
  return true;
}

}  // namespace

Bytes encode_head(const Head& head) {
  wire::StoredHead out;
  out.set_height(head.height);
  out.set_app_hash(head.app_hash.data(), head.app_hash.size());
  out.set_state_root(head.state_root.data(), head.state_root.size());
  out.set_history_root(head.history_root.data(), head.history_root.size());
  out.set_history_size(head.history_size);
  out.set_signed_height(head.signed_height);
  return model::encode(out);
}

Result<Head> decode_head(ByteView bytes) {
  wire::StoredHead in;
  Head out;
  const bool sound = model::decode_canonical(bytes, in) && read_hash(in.app_hash(), out.app_hash) &&
                     read_hash(in.state_root(), out.state_root) &&
                     read_hash(in.history_root(), out.history_root);
  if (!sound) return corrupt_record("head");
  out.height = in.height();
  out.history_size = in.history_size();
  out.signed_height = in.signed_height();
  if (out.app_hash != model::app_hash(out.state_root, out.history_root, out.history_size)) {
    return corrupt_record("head: app hash does not fit its roots");
  }
  return out;
}

Bytes encode_roots(const Head& after, std::uint64_t history_first, ByteView end_result) {
  wire::StoredResults out;
  out.set_state_root(after.state_root.data(), after.state_root.size());
  out.set_history_root(after.history_root.data(), after.history_root.size());
  out.set_history_size(after.history_size);
  out.set_history_first(history_first);
  out.set_end_result(end_result.data(), end_result.size());
  return model::encode(out);
}

Result<BlockRoots> decode_roots(ByteView bytes) {
  wire::StoredResults in;
  BlockRoots out;
  const bool sound = model::decode_canonical(bytes, in) &&
                     read_hash(in.state_root(), out.state_root) &&
                     read_hash(in.history_root(), out.history_root);
  if (!sound) return corrupt_record("results of a block");
  out.history_size = in.history_size();
  out.history_first = in.history_first();
  out.end_result = copy_of(view_of(in.end_result()));
  return out;
}

Bytes encode_located(const model::HistoryEntry& entry, std::uint64_t history_index,
                     ByteView result) {
  namespace writer = model::wire_writer;
  Bytes out;
  out.reserve(result.size() + 32);
  writer::append_number(out, 1, history_index);
  writer::append_number(out, 2, entry.height);
  writer::append_number(out, 3, entry.index);
  writer::append_number(out, 4, entry.envelope_index);
  writer::append_bytes(out, 5, result);
  return out;
}

Result<LocatedTransaction> decode_located(const Hash& id, ByteView bytes) {
  wire::StoredTransaction in;
  xinglin::ledger::v1::TransactionResult result;
  if (!model::decode_canonical(bytes, in) ||
      !model::decode_canonical(view_of(in.result()), result)) {
    return corrupt_record("transaction " + to_hex(id));
  }
  LocatedTransaction out;
  out.history_index = in.history_index();
  out.result = copy_of(view_of(in.result()));
  out.entry = {id,
               in.height(),
               in.index(),
               in.envelope_index(),
               result.status(),
               model::result_digest(out.result)};
  return out;
}

Bytes encode_block(const model::comet::Header& header, const std::vector<Bytes>& envelopes,
                   const model::comet::Commit& last_commit,
                   const model::comet::EvidenceList& evidence) {
  wire::StoredBlock out;
  const Bytes header_bytes = model::comet::encode_header(header);
  const Bytes commit_bytes = model::comet::encode_commit(last_commit);
  out.set_header(header_bytes.data(), header_bytes.size());
  for (const Bytes& envelope : envelopes) out.add_envelopes(envelope.data(), envelope.size());
  out.set_last_commit(commit_bytes.data(), commit_bytes.size());
  for (const Bytes& one : evidence) out.add_evidence(one.data(), one.size());
  return model::encode(out);
}

Result<StoredBlockView> decode_stored_block(ByteView bytes) {
  wire::StoredBlock in;
  if (!model::decode_canonical(bytes, in)) return corrupt_record("block");
  StoredBlockView out;
  XL_TRY_ASSIGN(out.header, model::comet::decode_header(view_of(in.header())));
  for (const std::string& envelope : in.envelopes()) {
    out.envelopes.push_back(copy_of(view_of(envelope)));
  }
  XL_TRY_ASSIGN(out.last_commit, model::comet::decode_commit(view_of(in.last_commit())));
  for (const std::string& one : in.evidence()) out.evidence.push_back(copy_of(view_of(one)));
  return out;
}

Bytes encode_misbehaviour(const std::vector<Misbehaviour>& cases) {
  wire::StoredMisbehaviour out;
  for (const Misbehaviour& one : cases) {
    auto* added = out.add_cases();
    added->set_validator(one.validator.data(), one.validator.size());
    added->set_height(one.height);
    added->set_proved_at(one.proved_at);
    added->set_double_vote(one.double_vote);
  }
  return model::encode(out);
}

Result<std::vector<Misbehaviour>> decode_misbehaviour(ByteView bytes) {
  wire::StoredMisbehaviour in;
  if (!model::decode_canonical(bytes, in)) return corrupt_record("misbehaviour");
  std::vector<Misbehaviour> out;
  for (const auto& one : in.cases()) {
    out.push_back(
        {copy_of(view_of(one.validator())), one.height(), one.proved_at(), one.double_vote()});
  }
  return out;
}

}  // namespace xl::chain
