// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/audit/account_pdf.h"

#include <hpdf.h>

#include <array>
#include <memory>

namespace xl::gateway::audit {
namespace {

// A4 across, in points of 1/72 inch.
constexpr float page_width = 842;
constexpr float page_height = 595;
constexpr float margin = 24;
constexpr float text_size = 6;
constexpr float title_size = 10;
constexpr float line_height = 8;
constexpr float cell_gap = 4;
constexpr float table_top = page_height - margin - 2 * title_size - line_height;
/// Of the columns, in the order of `account_heading`; together the page without its margins.
constexpr std::array<float, account_columns> column_widths = {34,  72, 116, 52, 70, 44,
                                                              104, 74, 112, 44, 72};
constexpr std::size_t cell_lines_max = 40;  ///< more are cut, with a mark: a row fits a page

void free_document(HPDF_Doc document) { HPDF_Free(document); }
using Document = std::unique_ptr<std::remove_pointer_t<HPDF_Doc>, decltype(&free_document)>;

/// One character and whether the Latin font has it.
struct Character {
  std::uint32_t code = 0;
  std::string bytes;  ///< for the font that it is shown in
  bool latin = false;
};

/// The next character of a UTF-8 text; what is none is shown as `?`.
Character take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length > text.size() || length == 4) {  // beyond what the font has
    text.remove_prefix(std::min(length, text.size()));
    return {'?', "?", true};
  }
  const std::string_view bytes = text.substr(0, length);
  text.remove_prefix(length);
  std::uint32_t code = lead;
  if (length == 2) code = lead & 0x1fU;
  if (length == 3) code = lead & 0x0fU;
  for (std::size_t i = 1; i < length; ++i) {
    code = code << 6U | (static_cast<unsigned char>(bytes[i]) & 0x3fU);
  }
  const bool latin = code < 0x80 || (code >= 0xa0 && code <= 0xff);
  if (code < 0x20 || code == 0x7f) return {' ', " ", true};
  if (latin) return {code, std::string(1, static_cast<char>(code)), true};
  return {code, std::string(bytes), false};
}

using Line = std::vector<Character>;

/// Writes the table page by page.
class AccountPdf {
 public:
  AccountPdf(HPDF_Doc document, HPDF_Font latin, HPDF_Font chinese, const AccountTitle& title)
      : document_(document), latin_(latin), chinese_(chinese), title_(title) {
    new_page();
  }

  void add(const AccountRow& row) {
    std::array<std::vector<Line>, account_columns> cells;
    std::size_t lines = 1;
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells[i] = wrapped(row[i], column_widths[i] - cell_gap);
      lines = std::max(lines, cells[i].size());
    }
    const float height = static_cast<float>(lines) * line_height + cell_gap;
    if (at_ - height < margin) new_page();
    float x = margin;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      float y = at_ - text_size;
      for (const Line& line : cells[i]) {
        show(line, x, y, text_size);
        y -= line_height;
      }
      x += column_widths[i];
    }
    at_ -= height;
    HPDF_Page_SetLineWidth(page_, 0.2F);
    HPDF_Page_MoveTo(page_, margin, at_ + cell_gap / 2);
    HPDF_Page_LineTo(page_, page_width - margin, at_ + cell_gap / 2);
    HPDF_Page_Stroke(page_);
  }

 private:
  void new_page() {
    page_ = HPDF_AddPage(document_);
    HPDF_Page_SetWidth(page_, page_width);
    HPDF_Page_SetHeight(page_, page_height);
    ++pages_;
    show_text("Access log / 访问记录: " + title_.custodian, margin,
              page_height - margin - title_size, title_size);
    show_text(title_.patient + "   " + title_.made + "   " + std::to_string(pages_), margin,
              page_height - margin - 2 * title_size, text_size);
    at_ = table_top;
    if (!in_heading_) {
      in_heading_ = true;
      add(account_heading());
      in_heading_ = false;
    }
  }

  [[nodiscard]] float width_of(const Character& one, float size) const {
    const HPDF_Font font = one.latin ? latin_ : chinese_;
    const auto width = HPDF_Font_GetUnicodeWidth(font, static_cast<HPDF_UNICODE>(one.code));
    return static_cast<float>(width) * size / 1000;
  }

  /// Broken where a line is full: identifiers have no spaces to break at.
  [[nodiscard]] std::vector<Line> wrapped(std::string_view text, float width) const {
    std::vector<Line> out(1);
    float used = 0;
    while (!text.empty()) {
      Character one = take_character(text);
      const float more = width_of(one, text_size);
      if (used + more > width && !out.back().empty()) {
        if (out.size() == cell_lines_max) {
          out.back().back() = {'>', ">", true};
          return out;
        }
        out.emplace_back();
        used = 0;
      }
      used += more;
      out.back().push_back(std::move(one));
    }
    return out;
  }

  void show_text(std::string_view text, float x, float y, float size) {
    Line line;
    while (!text.empty()) line.push_back(take_character(text));
    show(line, x, y, size);
  }

  /// A line in runs of one font each.
  void show(const Line& line, float x, float y, float size) {
    HPDF_Page_BeginText(page_);
    for (std::size_t i = 0; i < line.size();) {
      const bool latin = line[i].latin;
      std::string run;
      const float start = x;
      for (; i < line.size() && line[i].latin == latin; ++i) {
        run += line[i].bytes;
        x += width_of(line[i], size);
      }
      HPDF_Page_SetFontAndSize(page_, latin ? latin_ : chinese_, size);
      HPDF_Page_TextOut(page_, start, y, run.c_str());
    }
    HPDF_Page_EndText(page_);
  }

  HPDF_Doc document_;
  HPDF_Font latin_;
  HPDF_Font chinese_;
  const AccountTitle& title_;
  HPDF_Page page_ = nullptr;
  float at_ = 0;
  std::size_t pages_ = 0;
  bool in_heading_ = false;
};

/// The document's bytes. Errors: internal_failure.
Result<std::string> bytes_of_document(HPDF_Doc document) {
  if (HPDF_GetError(document) != HPDF_OK || HPDF_SaveToStream(document) != HPDF_OK) {
    return make_error(ErrorCode::internal_failure, "PDF");
  }
  std::string out(HPDF_GetStreamSize(document), '\0');
  auto size = static_cast<HPDF_UINT32>(out.size());
  const HPDF_STATUS read =
      HPDF_ReadFromStream(document, reinterpret_cast<HPDF_BYTE*>(out.data()), &size);
  if ((read != HPDF_OK && read != HPDF_STREAM_EOF) || size != out.size()) {
    return make_error(ErrorCode::internal_failure, "PDF");
  }
  return out;
}

}  // namespace

std::span<const std::filesystem::path> font_places() {
  static const std::array<std::filesystem::path, 2> places = {
      "/usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf",
      "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"};
  return places;
}

Result<std::string> account_pdf(const std::vector<AccountRow>& rows, const AccountTitle& title,
                                std::span<const std::filesystem::path> fonts) {
  if (rows.size() > pdf_rows_max) {
    return make_error(ErrorCode::export_too_large, std::to_string(rows.size()));
  }
  const Document document(HPDF_New(nullptr, nullptr), free_document);
  if (!document) return make_error(ErrorCode::internal_failure, "PDF");
  HPDF_UseUTFEncodings(document.get());
  HPDF_SetCompressionMode(document.get(), HPDF_COMP_ALL);
  const char* name = nullptr;
  for (const std::filesystem::path& font : fonts) {
    std::error_code failure;
    if (name != nullptr || !std::filesystem::exists(font, failure)) continue;
    name = HPDF_LoadTTFontFromFile(document.get(), font.c_str(), HPDF_TRUE);
    HPDF_ResetError(document.get());
  }
  if (name == nullptr) return make_error(ErrorCode::export_font_missing);
  const HPDF_Font chinese = HPDF_GetFont(document.get(), name, "UTF-8");
  const HPDF_Font latin = HPDF_GetFont(document.get(), "Helvetica", "WinAnsiEncoding");
  if (chinese == nullptr || latin == nullptr) {
    return make_error(ErrorCode::export_font_missing);
  }
  AccountPdf pdf(document.get(), latin, chinese, title);
  for (const AccountRow& row : rows) pdf.add(row);
  return bytes_of_document(document.get());
}

}  // namespace xl::gateway::audit
