// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/canonical.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>

namespace xl::model {

Bytes encode(const google::protobuf::Message& message) {
  Bytes out(message.ByteSizeLong());
  google::protobuf::io::ArrayOutputStream stream(out.data(), static_cast<int>(out.size()));
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&coded);
  return out;
}

bool decode_canonical(ByteView bytes, google::protobuf::Message& message) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return false;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  // Unknown fields survive re-encoding, so they are dropped first: the bytes then differ.
  message.DiscardUnknownFields();
  if (message.ByteSizeLong() != bytes.size()) return false;
  return equal(encode(message), bytes);
}

}  // namespace xl::model
