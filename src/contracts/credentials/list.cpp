// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/credentials/authority.h"
#include "contracts/credentials/events.h"
#include "contracts/credentials/messages.h"
#include "contracts/credentials/messages.pb.h"
#include "contracts/credentials/records.h"
#include "contracts/credentials/status.h"
#include "contracts/credentials/view.h"

namespace xl::contracts::credentials {

namespace wire = xinglin::credentials::v1;

namespace {

class RegisterList final : public Command {
 public:
  explicit RegisterList(wire::RegisterList message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id issuer = id_of(message_.issuer());
    const StatusCode may = require_organisation(context, state, issuer, purpose_sign);
    if (may != applied) return may;
    if (find_list(state, id_of(message_.list()))) return list_exists;
    return lists_of(state, issuer).size() < limits::status_lists_max ? applied : lists_exceeded;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id list = id_of(message_.list());
    wire::StatusList record;
    record.set_issuer(message_.issuer());
    record.set_purpose(message_.purpose());
    record.set_entries(message_.entries());
    record.set_since_ms(context.block_ms);
    for (std::uint32_t i = 0; i < message_.entries() / chunk_entries; ++i) {
      record.add_chunk_digests();
    }
    store_record(state, list_key(list), record);
    state.put(list_index_key(id_of(message_.issuer()), list), index_value);
    events.emit(event::list_registered,
                {bytes_attribute(event::issuer_attribute, view_of(message_.issuer())),
                 id_attribute(event::list_attribute, list)});
  }

 private:
  wire::RegisterList message_;
};

class ChangeStatus final : public Command {
 public:
  explicit ChangeStatus(wire::ChangeStatus message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id list = id_of(message_.list());
    const auto record = find_list(state, list);
    if (!record) return list_unknown;
    const StatusCode may =
        require_organisation(context, state, id_of(record->issuer()), purpose_sign);
    if (may != applied) return may;
    if (message_.indexes(message_.indexes_size() - 1) >= record->entries()) return index_beyond;
    const bool is_revocation =
        record->purpose() == static_cast<std::uint32_t>(StatusPurpose::revocation);
    if (is_revocation && !message_.set()) return revocation_final;
    for (const std::uint32_t index : message_.indexes()) {
      wire::StatusEntry entry;
      const bool known = load_record(state, entry_key(list, index), entry);
      const bool is_set = known && entry.changes_ms_size() % 2 == 1;
      if (is_set == message_.set()) return status_unchanged;
      if (static_cast<std::uint32_t>(entry.changes_ms_size()) >= limits::entry_changes_max) {
        return changes_exceeded;
      }
    }
    return applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id list = id_of(message_.list());
    wire::StatusList record = *find_list(state, list);
    for (const std::uint32_t index : message_.indexes()) {
      wire::StatusEntry entry;
      if (!load_record(state, entry_key(list, index), entry)) entry.Clear();
      entry.add_changes_ms(context.block_ms);
      store_record(state, entry_key(list, index), entry);
      record.set_chunk_digests(static_cast<int>(index / chunk_entries), flip(state, list, index));
    }
    record.set_changed_ms(context.block_ms);
    store_record(state, list_key(list), record);
    const auto count = static_cast<std::uint64_t>(message_.indexes_size());
    events.emit(event::status_changed,
                {bytes_attribute(event::issuer_attribute, view_of(record.issuer())),
                 id_attribute(event::list_attribute, list),
                 number_attribute(event::count_attribute, count)});
  }

 private:
  /// Changes one bit; the new digest of its chunk.
  static std::string flip(model::StateWriter& state, const model::Id& list, std::uint32_t index) {
    const Bytes key = chunk_key(list, index / chunk_entries);
    wire::StatusChunk chunk;
    if (!load_record(state, key, chunk)) {
      chunk.set_bits(std::string(limits::status_chunk_bytes, '\0'));
    }
    const std::uint32_t within = index % chunk_entries;
    char& byte = (*chunk.mutable_bits())[within / 8];
    byte = static_cast<char>(static_cast<std::uint8_t>(byte) ^ (0x80U >> (within % 8)));
    store_record(state, key, chunk);
    return std::string(text_of(chunk_digest(view_of(chunk.bits()))));
  }

  wire::ChangeStatus message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_register_list(ByteView payload) {
  wire::RegisterList message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.issuer(), "issuer"));
  XL_TRY(check_id(message.list(), "list"));
  if (message.purpose() == 0 || message.purpose() > status_purpose_max) return malformed("purpose");
  const std::uint32_t entries = message.entries();
  if (entries < limits::status_entries_min || entries > limits::status_entries_max ||
      entries % chunk_entries != 0) {
    return malformed("entries");
  }
  return std::unique_ptr<Command>(std::make_unique<RegisterList>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_change_status(ByteView payload) {
  wire::ChangeStatus message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.list(), "list"));
  const auto count = static_cast<std::uint32_t>(message.indexes_size());
  if (count == 0 || count > limits::status_indexes_max) return malformed("indexes");
  for (int i = 1; i < message.indexes_size(); ++i) {
    if (message.indexes(i) <= message.indexes(i - 1)) return malformed("indexes");
  }
  return std::unique_ptr<Command>(std::make_unique<ChangeStatus>(std::move(message)));
}

}  // namespace xl::contracts::credentials
