// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/labels.h"

#include "model/canonical.h"
#include "model/limits.h"

namespace xl::custody {

Result<Bytes> encode_labels(const Labels& labels) {
  Bytes out = model::encode(labels);
  if (out.size() > limits::labels_bytes_max) return make_error(ErrorCode::labels_too_large);
  return out;
}

Result<Labels> decode_labels(ByteView bytes) {
  Labels out;
  if (!model::decode_canonical(bytes, out)) {
    return make_error(ErrorCode::record_altered, "labels");
  }
  return out;
}

}  // namespace xl::custody
