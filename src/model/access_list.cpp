// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/access_list.h"

#include "crypto/hash.h"
#include "model/tags.h"

namespace xl::model {

Bytes access_list_bytes(const AccessListPage& page) {
  Bytes numbers;
  for (const std::uint64_t number :
       {page.total, page.before, page.count, page.next_before, page.height, page.time_ms}) {
    append_be(numbers, number);
  }
  append_be(numbers, static_cast<std::uint32_t>(page.sequences.size()));
  for (const std::uint64_t sequence : page.sequences) append_be(numbers, sequence);
  return crypto::tagged_bytes(tags::access_list,
                              {page.network, page.custodian.view(), page.patient.view(), numbers});
}

}  // namespace xl::model
