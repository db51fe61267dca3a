// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/state_value.h"

namespace xl::contracts {

bool decode_record(ByteView value, google::protobuf::Message& record) {
  if (value.empty() || value[0] != state_value_version) return false;
  const ByteView content = value.subspan(1);
  return record.ParseFromArray(content.data(), static_cast<int>(content.size()));
}

bool load_record(const model::StateReader& state, ByteView key, google::protobuf::Message& record) {
  return state.view(key, [&record](ByteView value) { XL_CHECK(decode_record(value, record)); });
}

void store_record(model::StateWriter& state, ByteView key,
                  const google::protobuf::Message& record) {
  Bytes value{state_value_version};
  model::append_encoded(value, record);
  state.put(key, value);
}

}  // namespace xl::contracts
