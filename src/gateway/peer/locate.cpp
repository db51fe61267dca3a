// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/peer/locate.h"

#include "contracts/api/shape.h"
#include "gateway/peer/peer.pb.h"
#include "model/canonical.h"

namespace xl::gateway::peer {

using custody::bytes_of;
using xinglin::peer::v1::Locate;
using xinglin::peer::v1::LocateAnswer;

Result<std::vector<contracts::identity::Place>> locate(Desk& desk, custody::Organisation& us,
                                                       const custody::LedgerPort& port,
                                                       const model::Id& custodian,
                                                       const model::Id& handle) {
  Locate question;
  question.set_handle(bytes_of(handle.bytes));
  XL_TRY_ASSIGN(const Bytes raw,
                desk.ask(us, custodian, PeerKind::locate, model::encode(question)));
  LocateAnswer answer;
  if (!model::decode_canonical(raw, answer)) return make_error(ErrorCode::peer_answer_untrusted);
  return contracts::identity::read_locator(*port.ledger().state(), port.ledger().genesis().network,
                                           port.now_ms(), answer.locator());
}

Result<Bytes> answer_locate(custody::Organisation& of, const Heard& heard) {
  Locate message;
  XL_TRY(contracts::decode_message(heard.payload, message));
  XL_TRY(contracts::check_id(message.handle(), "handle"));
  LocateAnswer out;
  XL_TRY_ASSIGN(*out.mutable_locator(),
                of.requests().locator_of(contracts::id_of(message.handle())));
  return model::encode(out);
}

}  // namespace xl::gateway::peer
