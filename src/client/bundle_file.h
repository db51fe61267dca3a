// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json/json.h"

namespace xl::client {

/// The resources of a file, ready to be written: every reference between them names type and id, as
/// the server will keep them.
struct BundleFile {
  json::Document bundle;               ///< as read, references rewritten in place
  std::vector<json::Value> resources;  ///< its resources, in order; views of `bundle`
};

/// Reads a FHIR JSON file, plain or gzip: a Bundle, or a single resource. Every resource needs an
/// id; a full URL such as `urn:uuid:…` that other resources refer to becomes `Type/id`. At most
/// 256 MiB unpacked. Errors: file_missing, file_unreadable, file_too_large, json_invalid,
/// input_invalid (no resource, no id, one record twice; names the entry).
[[nodiscard]] Result<BundleFile> read_bundle_file(const std::filesystem::path& path);

/// Transaction Bundles that put `resources` under their ids, at most `entries_max` and about 8 MiB
/// each, in order.
[[nodiscard]] std::vector<std::string> transactions_of(const std::vector<json::Value>& resources,
                                                       std::size_t entries_max = 500);

/// The FHIR files of a folder (`.json`, `.json.gz`), by name, those below it too. Errors:
/// file_unreadable, input_invalid (none).
[[nodiscard]] Result<std::vector<std::filesystem::path>> bundle_files(
    const std::filesystem::path& folder);

/// True when `kept` says what `source` says: equal element by element, members in any order, apart
/// from `meta.versionId` and `meta.lastUpdated`, which the server sets. `where` names the first
/// difference. Iterative; linear in the resource, quadratic in members of one object.
[[nodiscard]] bool same_resource(json::Value source, json::Value kept, std::string& where);

}  // namespace xl::client
