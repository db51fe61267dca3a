// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: base crypto model state execution chain
//
// Goal: nothing that a peer offers as a snapshot crashes its readers, and what they accept has one
// encoding. Method: the input as a manifest, as a way, and as a chunk of a small manifest.
#include <cstdint>

#include "chain/snapshot.h"

namespace snapshot = xl::chain::snapshot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const xl::ByteView bytes(data, size);
  const auto manifest = snapshot::decode_manifest(bytes);
  if (manifest.ok()) {
    XL_CHECK(xl::equal(snapshot::encode_manifest(*manifest), bytes));
    (void)manifest->app_hash();
  }
  snapshot::Manifest small;
  small.height = 1;
  small.subtrees.resize(1);
  // The subtree whose hash nobody knows: form and bounds are checked before it refuses.
  XL_CHECK(size == 0 || !snapshot::decode_chunk(bytes, small, 0).ok());
  XL_CHECK(!snapshot::decode_way(bytes, small, xl::model::Genesis{}).ok());
  return 0;
}
