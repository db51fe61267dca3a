// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "state/undo.h"

#include "model/canonical.h"
#include "model/wire_writer.h"
#include "state/undo.pb.h"

namespace xl::state {

void append_undo(Bytes& out, ByteView key, std::optional<ByteView> old) {
  namespace wire = model::wire_writer;
  std::size_t size = 1 + wire::varint_size(key.size()) + key.size();
  if (old) size += 1 + wire::varint_size(old->size()) + old->size();
  wire::append_length(out, 1, size);
  wire::append_bytes(out, 1, key);
  if (old) wire::append_bytes(out, 2, *old);
}

bool visit_undo(ByteView stored,
                const std::function<void(ByteView, std::optional<ByteView>)>& visit) {
  xinglin::state::v1::Undo undo;
  if (!model::decode_canonical(stored, undo)) return false;
  for (const auto& entry : undo.entries()) {
    visit(view_of(entry.key()),
          entry.old_value().empty() ? std::nullopt : std::optional(view_of(entry.old_value())));
  }
  return true;
}

}  // namespace xl::state
