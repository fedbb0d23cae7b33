// YAML text into trees, in bounded time and memory whatever the text is. The only user of
// yaml-cpp's parser; its own tree is not used, because that one hides duplicate keys and
// follows aliases without a limit.
#pragma once

#include "runtime/manifest/node.hpp"

#include <string>
#include <vector>

namespace davit::manifest {

/// Limits of one file. A real manifest of a thousand services stays below a tenth of each.
struct yaml_limits {
  static constexpr std::size_t bytes = std::size_t{4} << 20;
  static constexpr int depth = 100;                          ///< aliases expanded
  static constexpr std::size_t values = 250'000;             ///< aliases expanded
  static constexpr std::size_t text = std::size_t{16} << 20; ///< bytes, aliases expanded
  static constexpr std::size_t pending = 250'000;            ///< brackets before one value
};

/// All documents of one file, in order; empty documents are left out. What is wrong goes to
/// `out`, with places in the file `file`; then the answer is empty.
std::vector<node> parse_yaml(const std::string& text, int file, report& out);

} // namespace davit::manifest
