// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/json/writer.h"
#include "cli/actor.h"
#include "client/signing_request.h"

namespace xl::cli {

/// Who else signs, and where the request for it is kept.
struct CoSignOptions {
  std::vector<std::string> cards;  ///< files of the others, in any order
  std::string request;             ///< the file that goes from hand to hand
};

/// Adds `--with` and `--request`.
void add_co_sign_options(CLI::App* command, CoSignOptions& options);

/// What a request became by one more signature.
struct CoSigned {
  client::SigningRequest request;
  std::optional<client::Sent> sent;  ///< when it was the last one
};

/// Signs `message` as the actor. With others to sign the request is written to the file, else it is
/// sent at once. `sealed`: of a consent. Errors: usage_invalid (others, and no file), those of the
/// cards and of sending.
[[nodiscard]] Result<CoSigned> begin_signing(Actor& actor, model::Message message, Bytes sealed,
                                             const CoSignOptions& options);

/// The cards of the others, checked. Errors: usage_invalid (others, and no file), those of the
/// cards.
[[nodiscard]] Result<std::vector<client::Card>> cards_of(Actor& actor,
                                                         const CoSignOptions& options);

/// Sends what all signed; writes what others are still to sign to the file. Errors: those of
/// sending.
[[nodiscard]] Result<CoSigned> go_on_signing(Actor& actor, client::SigningRequest request,
                                             const std::string& file);

/// Says who is still to sign, or that it was sent.
void say_co_signed(const CoSigned& done, const CoSignOptions& options, const Console& console);

/// Adds `approve FILE` to a group of commands: shows what is asked, signs it, sends it when it is
/// complete.
void add_approve_command(CLI::App* group, Session& session, const std::string& command);

/// `<id of the transaction>` or null, the number of signatures, and the file.
void write_co_signed(json::Writer& out, const CoSigned& done, const CoSignOptions& options);

}  // namespace xl::cli
