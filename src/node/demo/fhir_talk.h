// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/session.h"

/// What the demo's people say to a custodian over HTTP.
namespace xl::node::demo {

using Headers = std::map<std::string, std::string>;

/// `GET /o/{custodian}/fhir/{path}`.
[[nodiscard]] Result<client::HttpResponse> get_fhir(client::Session& who,
                                                    const model::Id& custodian,
                                                    const std::string& path,
                                                    const Headers& headers = {});

/// How many resources a search gives, page after page. Errors: what the server answers.
[[nodiscard]] Result<std::size_t> count_entries(client::Session& who, const model::Id& custodian,
                                                const std::string& query, const Headers& headers);

/// The pseudonym under which the custodian keeps a Patient.
[[nodiscard]] Result<model::Id> pseudonym_of(client::Session& hospital, const model::Id& custodian,
                                             const std::string& patient);

/// Writes an encounter of the patient with a practitioner in this status.
[[nodiscard]] Status open_encounter(client::Session& hospital, const model::Id& custodian,
                                    const std::string& patient, const model::Id& practitioner,
                                    std::string_view status);

/// What an access log says in numbers.
struct LogSummary {
  std::size_t permitted = 0;
  std::size_t refused = 0;
  std::size_t organisations = 0;
};
[[nodiscard]] Result<LogSummary> access_log(client::Session& patient, const model::Id& custodian);

/// The ids of every executed transaction on the ledger.
[[nodiscard]] Result<std::vector<std::string>> executed_transactions(client::Session& member);

}  // namespace xl::node::demo
