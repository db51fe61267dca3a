// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/audit/account_pdf.h"

#include <cairo-ft.h>
#include <cairo-pdf.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <type_traits>

#include FT_ADVANCES_H

namespace xl::gateway::audit {
namespace {

// A4 across, in points of 1/72 inch, from the upper left corner.
constexpr double page_width = 842;
constexpr double page_height = 595;
constexpr double page_margin = 24;
constexpr double text_size = 6;
constexpr double title_size = 10;
constexpr double line_height = 8;
constexpr double cell_gap = 4;
constexpr double table_top = page_margin + 2 * title_size + line_height;
/// Of the columns, in the order of `account_heading`; together the page without its margins.
constexpr std::array<double, account_columns> column_widths = {34,  72, 116, 52, 70, 44,
                                                               104, 74, 112, 44, 72};
constexpr std::size_t cell_lines_max = 40;  ///< more are cut, with a mark: a row fits a page
constexpr std::uint32_t cut_mark = '>';
constexpr std::uint32_t unknown_mark = '?';
constexpr std::uint32_t needed_characters[] = {'A', 0x5e02};  // 市

void end_library(FT_Library library) { FT_Done_FreeType(library); }
using Library = std::unique_ptr<std::remove_pointer_t<FT_Library>, decltype(&end_library)>;

/// A face and the library that it needs. Cairo keeps fonts for a while after their last use: both
/// live until it lets go, so the library is shared among its faces.
struct KeptFace {
  KeptFace(std::shared_ptr<Library> whose, FT_Face one) : library(std::move(whose)), face(one) {}
  ~KeptFace() { FT_Done_Face(face); }
  KeptFace(const KeptFace&) = delete;
  KeptFace& operator=(const KeptFace&) = delete;

  std::shared_ptr<Library> library;
  FT_Face face;
};

struct EndFont {
  void operator()(cairo_font_face_t* font) const { cairo_font_face_destroy(font); }
};
struct EndSurface {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct EndContext {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};

/// A font: its characters, and their pictures for cairo.
struct Font {
  FT_Face face = nullptr;
  std::unique_ptr<cairo_font_face_t, EndFont> pictures;
};

/// One character: of which font, as which picture, how wide at size 1.
struct Character {
  const Font* font = nullptr;
  unsigned long picture = 0;
  double width = 0;
};
using Line = std::vector<Character>;

/// The fonts that are there, asked in their order.
class Fonts {
 public:
  explicit Fonts(std::span<const std::filesystem::path> places) {
    FT_Library made = nullptr;
    if (FT_Init_FreeType(&made) != 0) return;
    const auto library = std::make_shared<Library>(made, end_library);
    for (const std::filesystem::path& place : places) add(library, place);
  }

  /// Has every character that a table needs a picture?
  [[nodiscard]] bool suffice() {
    return std::ranges::all_of(needed_characters,
                               [this](std::uint32_t one) { return find(one).has_value(); });
  }

  /// The character, or the mark of those that no font has. Precondition: the fonts suffice.
  [[nodiscard]] Character character(std::uint32_t code) {
    const auto known = known_.find(code);
    if (known != known_.end()) return known->second;
    auto found = find(code);
    if (!found) found = find(unknown_mark);
    return known_.emplace(code, found.value_or(Character{})).first->second;
  }

 private:
  void add(const std::shared_ptr<Library>& library, const std::filesystem::path& place) {
    FT_Face face = nullptr;
    if (FT_New_Face(library->get(), place.c_str(), 0, &face) != 0) return;
    auto kept = std::make_unique<KeptFace>(library, face);
    Font font;
    font.face = face;
    font.pictures.reset(cairo_ft_font_face_create_for_ft_face(face, FT_LOAD_NO_HINTING));
    static const cairo_user_data_key_t key = {};
    const cairo_status_t status =
        cairo_font_face_set_user_data(font.pictures.get(), &key, kept.get(),
                                      [](void* one) { delete static_cast<KeptFace*>(one); });
    if (status != CAIRO_STATUS_SUCCESS) return;
    (void)kept.release();  // cairo's from here on
    fonts_.push_back(std::make_unique<Font>(std::move(font)));
  }

  [[nodiscard]] std::optional<Character> find(std::uint32_t code) const {
    for (const auto& font : fonts_) {
      const FT_UInt picture = FT_Get_Char_Index(font->face, code);
      if (picture == 0) continue;
      FT_Fixed advance = 0;
      (void)FT_Get_Advance(font->face, picture, FT_LOAD_NO_SCALE, &advance);
      const double width = static_cast<double>(advance) / font->face->units_per_EM;
      return Character{font.get(), picture, width};
    }
    return std::nullopt;
  }

  std::vector<std::unique_ptr<Font>> fonts_;
  std::map<std::uint32_t, Character> known_;
};

/// The next character of a UTF-8 text; control characters are spaces.
std::uint32_t take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const std::string_view bytes = text.substr(0, length);
  text.remove_prefix(bytes.size());
  if (bytes.size() < length) return unknown_mark;
  constexpr std::array<std::uint32_t, 5> lead_bits = {0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t code = lead & lead_bits[length];
  for (std::size_t i = 1; i < length; ++i) {
    code = code << 6U | (static_cast<unsigned char>(bytes[i]) & 0x3fU);
  }
  return code < 0x20 || code == 0x7f ? ' ' : code;
}

/// Writes the table page by page.
class AccountPdf {
 public:
  AccountPdf(cairo_t* context, Fonts& fonts, const AccountTitle& title)
      : context_(context), fonts_(fonts), title_(title) {
    begin_page();
  }

  void add(const AccountRow& row) {
    std::array<std::vector<Line>, account_columns> cells;
    std::size_t lines = 1;
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells[i] = wrapped(row[i], column_widths[i] - cell_gap);
      lines = std::max(lines, cells[i].size());
    }
    const double height = static_cast<double>(lines) * line_height + cell_gap;
    if (at_ + height > page_height - page_margin) {
      cairo_show_page(context_);
      begin_page();
    }
    double x = page_margin;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      double y = at_ + text_size;
      for (const Line& line : cells[i]) {
        show(line, x, y, text_size);
        y += line_height;
      }
      x += column_widths[i];
    }
    at_ += height;
    cairo_set_line_width(context_, 0.2);
    cairo_move_to(context_, page_margin, at_ - cell_gap / 2);
    cairo_line_to(context_, page_width - page_margin, at_ - cell_gap / 2);
    cairo_stroke(context_);
  }

 private:
  void begin_page() {
    ++pages_;
    show(line_of("Access log / 访问记录: " + title_.custodian), page_margin,
         page_margin + title_size, title_size);
    show(line_of(title_.patient + "   " + title_.made + "   " + std::to_string(pages_)),
         page_margin, page_margin + 2 * title_size, text_size);
    at_ = table_top;
    if (!in_heading_) {
      in_heading_ = true;
      add(account_heading());
      in_heading_ = false;
    }
  }

  [[nodiscard]] Line line_of(std::string_view text) {
    Line out;
    while (!text.empty()) out.push_back(fonts_.character(take_character(text)));
    return out;
  }

  /// Broken where a line is full: identifiers have no spaces to break at.
  [[nodiscard]] std::vector<Line> wrapped(std::string_view text, double width) {
    std::vector<Line> out(1);
    double used = 0;
    for (const Character& one : line_of(text)) {
      const double more = one.width * text_size;
      if (used + more > width && !out.back().empty()) {
        if (out.size() == cell_lines_max) {
          out.back().back() = fonts_.character(cut_mark);
          return out;
        }
        out.emplace_back();
        used = 0;
      }
      used += more;
      out.back().push_back(one);
    }
    return out;
  }

  /// A line in runs of one font each.
  void show(const Line& line, double x, double y, double size) {
    for (std::size_t i = 0; i < line.size();) {
      const Font* font = line[i].font;
      std::vector<cairo_glyph_t> run;
      for (; i < line.size() && line[i].font == font; ++i) {
        run.push_back({line[i].picture, x, y});
        x += line[i].width * size;
      }
      if (font == nullptr) continue;
      cairo_set_font_face(context_, font->pictures.get());
      cairo_set_font_size(context_, size);
      cairo_show_glyphs(context_, run.data(), static_cast<int>(run.size()));
    }
  }

  cairo_t* context_;
  Fonts& fonts_;
  const AccountTitle& title_;
  double at_ = 0;
  std::size_t pages_ = 0;
  bool in_heading_ = false;
};

cairo_status_t append_to(void* closure, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(closure)->append(text_of(ByteView(data, length)));
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

std::span<const std::filesystem::path> font_places() {
  static const std::array<std::filesystem::path, 3> places = {
      "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
      "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
      "/usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf"};
  return places;
}

Result<std::string> account_pdf(const std::vector<AccountRow>& rows, const AccountTitle& title,
                                std::span<const std::filesystem::path> places) {
  if (rows.size() > pdf_rows_max) {
    return make_error(ErrorCode::export_too_large, std::to_string(rows.size()));
  }
  Fonts fonts(places);
  if (!fonts.suffice()) return make_error(ErrorCode::export_font_missing);
  std::string out;
  const std::unique_ptr<cairo_surface_t, EndSurface> surface(
      cairo_pdf_surface_create_for_stream(append_to, &out, page_width, page_height));
  const std::unique_ptr<cairo_t, EndContext> context(cairo_create(surface.get()));
  AccountPdf pdf(context.get(), fonts, title);
  for (const AccountRow& row : rows) pdf.add(row);
  cairo_show_page(context.get());
  const cairo_status_t drawn = cairo_status(context.get());
  cairo_surface_finish(surface.get());
  if (drawn != CAIRO_STATUS_SUCCESS ||
      cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) {
    return make_error(ErrorCode::internal_failure, "PDF");
  }
  return out;
}

}  // namespace xl::gateway::audit
