// Whether a text is text.
#pragma once

#include "runtime/manifest/finding.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace davit::manifest {

/// The place of the first byte that is NUL or not valid UTF-8 (overlong forms and surrogates
/// included), with what is wrong; nothing where all is well. Columns count characters.
std::optional<std::pair<mark, std::string>> bad_byte(std::string_view text, int file);

} // namespace davit::manifest
