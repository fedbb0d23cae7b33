#include "runtime/manifest/finding.hpp"

#include <algorithm>
#include <tuple>

namespace davit::manifest {

std::string to_string(const finding& f) {
  std::string out;
  if (!f.file.empty()) {
    out += f.file + ":";
    if (f.line > 0)
      out += std::to_string(f.line) + ":" + std::to_string(f.column) + ":";
    out += " ";
  }
  out += f.level == severity::error ? "error: " : "warning: ";
  out += f.message;
  if (!f.remedy.empty())
    out += "; " + f.remedy;
  return out;
}

bool any_error(const std::vector<finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const finding& f) { return f.level == severity::error; });
}

int report::add_file(std::string name) {
  files_.push_back(std::move(name));
  return static_cast<int>(files_.size()) - 1;
}

void report::error(const mark& at, std::string message, std::string remedy) {
  ++errors_;
  add(severity::error, at, std::move(message), std::move(remedy));
}

void report::warning(const mark& at, std::string message, std::string remedy) {
  add(severity::warning, at, std::move(message), std::move(remedy));
}

void report::add(severity level, const mark& at, std::string message, std::string remedy) {
  finding f{level, {}, at.line, at.column, std::move(message), std::move(remedy)};
  if (at.file >= 0 && at.file < static_cast<int>(files_.size()))
    f.file = files_[static_cast<std::size_t>(at.file)];
  // The same sentence at the same place comes from an alias that was read twice.
  const auto same = [&](const auto& other) { return other.second == f; };
  if (std::any_of(findings_.begin(), findings_.end(), same))
    return;
  if (findings_.size() >= max_findings) {
    ++dropped_;
    return;
  }
  findings_.emplace_back(at, std::move(f));
}

std::vector<finding> report::take() {
  std::stable_sort(findings_.begin(), findings_.end(), [](const auto& a, const auto& b) {
    const auto key = [](const auto& x) {
      return std::tuple(x.first.file, x.first.line, x.first.column,
                        x.second.level == severity::warning);
    };
    return key(a) < key(b);
  });
  std::vector<finding> out;
  for (auto& [at, f] : findings_)
    out.push_back(std::move(f));
  if (dropped_ > 0)
    out.push_back({errors_ > 0 ? severity::error : severity::warning, "", 0, 0,
                   std::to_string(dropped_) + " more findings are not shown",
                   "mend those above first"});
  findings_.clear();
  dropped_ = 0;
  return out;
}

} // namespace davit::manifest
