// Text for people.
#include "tools/davit/text.hpp"

#include <algorithm>

namespace davit::cli {
namespace {

constexpr std::size_t gap = 2;
/// Narrower than this a reason says nothing: rather let the line wrap.
constexpr std::size_t narrowest = 12;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Bytes of the code point at the front; 0: not UTF-8, or a control character of C1.
std::size_t code_point(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length > text.size())
    return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!continues(text[i]))
      return 0;
  const bool c1 = first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
  return c1 ? 0 : length;
}

std::string cut(const std::string& text, std::size_t width) {
  if (display_width(text) <= width)
    return text;
  std::string out;
  std::size_t used = 1; // the ellipsis
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!continues(text[i]) && ++used > width)
      break;
    out += text[i];
  }
  return out + "\xE2\x80\xA6";
}

} // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = code_point(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (length == 0)
      out += '?';
    else if (first < 0x20 || first == 0x7F)
      out += ' ';
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string format_duration(milliseconds span) {
  const auto ms = std::max<std::int64_t>(span.count(), 0);
  const auto two = [](std::int64_t big, const char* one, std::int64_t small, const char* other) {
    std::string text = std::to_string(big) + one;
    if (small != 0)
      text += " " + std::to_string(small) + other;
    return text;
  };
  if (ms < 1000)
    return std::to_string(ms) + "ms";
  const auto s = ms / 1000;
  if (s < 60)
    return std::to_string(s) + "s";
  if (s < 3600)
    return two(s / 60, "m", s % 60, "s");
  if (s < 86400)
    return two(s / 3600, "h", s % 3600 / 60, "m");
  return two(s / 86400, "d", s % 86400 / 3600, "h");
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::vector<std::string> table(const std::vector<std::string>& header,
                               const std::vector<std::vector<cell>>& rows,
                               const effects::terminal& on) {
  std::vector<std::size_t> widths;
  for (const auto& title : header)
    widths.push_back(display_width(title));
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i].text));
  const std::size_t last = header.size() - 1;
  std::size_t before = 0;
  for (std::size_t i = 0; i < last; ++i)
    before += widths[i] + gap;
  const bool cuts = on.interactive && on.width >= before + narrowest;

  const auto line = [&](const std::vector<cell>& row) {
    std::string out;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string text
        = i == last && cuts ? cut(row[i].text, on.width - before) : row[i].text;
      out += on.in(row[i].colour, text);
      if (i != last)
        out += std::string(widths[i] + gap - display_width(text), ' ');
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
  };
  std::vector<cell> titles;
  for (const auto& title : header)
    titles.push_back({title, effects::paint::bold});
  std::vector<std::string> lines{line(titles)};
  for (const auto& row : rows)
    lines.push_back(line(row));
  return lines;
}

} // namespace davit::cli
