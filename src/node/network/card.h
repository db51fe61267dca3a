// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "client/member_card.h"

/// Cards are made and read on both sides: the client's commands propose a newcomer by its card.
namespace xl::node {

using client::CardOrganisation;
using client::CardSigners;
using client::check_address;
using client::check_gateway;
using client::check_network_name;
using client::member_card_content;
using client::MemberCard;
using client::read_member_card;
using client::write_member_card;

}  // namespace xl::node
