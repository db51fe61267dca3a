// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/canonical.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>
#include <vector>

namespace xl::model {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// Adds the messages that `message` holds itself.
void add_children(const Message& message, std::vector<const Message*>& out) {
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (reflection->HasField(message, field))
        out.push_back(&reflection->GetMessage(message, field));
      continue;
    }
    for (int k = 0; k < reflection->FieldSize(message, field); ++k) {
      out.push_back(&reflection->GetRepeatedMessage(message, field, k));
    }
  }
}

/// Is there a field anywhere in the message that its type does not know? `DiscardUnknownFields`
/// and a second look would tell as much at ten times the cost.
bool has_unknown_fields(const Message& message) {
  std::vector<const Message*> open{&message};
  while (!open.empty()) {
    const Message& one = *open.back();
    open.pop_back();
    if (!one.GetReflection()->GetUnknownFields(one).empty()) return true;
    add_children(one, open);
  }
  return false;
}

}  // namespace

Bytes encode(const google::protobuf::Message& message) {
  Bytes out;
  append_encoded(out, message);
  return out;
}

void append_encoded(Bytes& out, const google::protobuf::Message& message) {
  const std::size_t before = out.size();
  const std::size_t size = message.ByteSizeLong();
  out.resize(before + size);
  google::protobuf::io::ArrayOutputStream stream(out.data() + before, static_cast<int>(size));
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&coded);
}

bool is_canonical(ByteView bytes, const google::protobuf::Message& message) {
  // Unknown fields would survive the re-encoding.
  if (has_unknown_fields(message)) return false;
  if (message.ByteSizeLong() != bytes.size()) return false;
  return equal(encode(message), bytes);
}

bool decode_canonical(ByteView bytes, google::protobuf::Message& message) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return false;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  return is_canonical(bytes, message);
}

}  // namespace xl::model
