// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "gateway/audit/accounting.h"

namespace xl::gateway::audit {

/// Rows of one PDF: some 700 pages.
constexpr std::size_t pdf_rows_max = 10'000;

/// Where Debian's fonts-dejavu-core and fonts-droid-fallback keep fonts that have the characters of
/// Europe and of Chinese together.
[[nodiscard]] std::span<const std::filesystem::path> font_places();

/// What stands above each page.
struct AccountTitle {
  std::string custodian;  ///< name
  std::string patient;    ///< DID
  std::string made;       ///< when, as text
};

/// The table as a PDF in A4 across, its characters embedded: it looks the same everywhere.
/// `places`: of fonts, those asked first before the others; what none has is shown as `?`. Errors:
/// export_font_missing, export_too_large (over `pdf_rows_max`), internal_failure (the library
/// refuses).
[[nodiscard]] Result<std::string> account_pdf(const std::vector<AccountRow>& rows,
                                              const AccountTitle& title,
                                              std::span<const std::filesystem::path> places);

}  // namespace xl::gateway::audit
