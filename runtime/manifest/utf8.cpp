#include "runtime/manifest/utf8.hpp"

namespace davit::manifest {

std::optional<std::pair<mark, std::string>> bad_byte(std::string_view text, int file) {
  mark at{file, 1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0)
      return {{at, "a NUL byte: this is a binary file"}};
    if (c == '\n') {
      ++at.line;
      at.column = 1;
      ++i;
      continue;
    }
    const std::size_t length = c < 0x80   ? 1
                               : c < 0xc2 ? 0
                               : c < 0xe0 ? 2
                               : c < 0xf0 ? 3
                               : c < 0xf5 ? 4
                                          : 0;
    bool valid = length > 0 && i + length <= text.size();
    for (std::size_t k = 1; valid && k < length; ++k)
      valid = (static_cast<unsigned char>(text[i + k]) & 0xc0) == 0x80;
    if (valid && length > 2) {
      const auto second = static_cast<unsigned char>(text[i + 1]);
      valid = !(c == 0xe0 && second < 0xa0) && !(c == 0xed && second >= 0xa0)
              && !(c == 0xf0 && second < 0x90) && !(c == 0xf4 && second >= 0x90);
    }
    if (!valid)
      return {{at, "this byte is not valid UTF-8"}};
    i += length;
    ++at.column;
  }
  return std::nullopt;
}

} // namespace davit::manifest
