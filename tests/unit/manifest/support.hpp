// A project in memory, for tests of the manifest loader.
#pragma once

#include "runtime/manifest/loader.hpp"

#include "tests/catch.hpp"

#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace davit::test {

struct project {
  std::map<std::string, std::string> files; ///< by absolute path
  manifest::inputs in;

  project() { in.working_dir = "/home/u/shop"; }
  explicit project(std::string compose) : project() {
    files["/home/u/shop/compose.yaml"] = std::move(compose);
    in.files = {"compose.yaml"};
  }

  manifest::loaded load() {
    in.read = [this](const std::string& path) -> result<std::string> {
      const auto found = files.find(path);
      if (found == files.end())
        return fail(errc::not_found, path + " does not exist", "check the path");
      return found->second;
    };
    in.exists = [this](const std::string& path) { return files.contains(path); };
    return manifest::load(in);
  }
};

inline manifest::loaded load(std::string compose) { return project(std::move(compose)).load(); }

/// One service "s" with an image and these lines, each indented by four spaces.
inline manifest::loaded load_service(const std::string& lines) {
  std::string text = "services:\n  s:\n    image: i\n";
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);)
    text += "    " + line + "\n";
  return load(text);
}

inline std::string all_findings(const manifest::loaded& l) {
  std::string out;
  for (const auto& f : l.findings)
    out += manifest::to_string(f) + "\n";
  return out;
}

/// The findings of that level whose text has `part` in it.
inline int count(const manifest::loaded& l, manifest::severity level, const std::string& part) {
  int n = 0;
  for (const auto& f : l.findings)
    n += f.level == level && manifest::to_string(f).find(part) != std::string::npos;
  return n;
}
inline bool has_error(const manifest::loaded& l, const std::string& part) {
  return count(l, manifest::severity::error, part) > 0;
}
inline bool has_warning(const manifest::loaded& l, const std::string& part) {
  return count(l, manifest::severity::warning, part) > 0;
}

/// The service "s" of a manifest that must be accepted without a word.
inline service clean(const manifest::loaded& l) {
  INFO(all_findings(l));
  REQUIRE(l.findings.empty());
  REQUIRE(l.model.services.contains("s"));
  return l.model.services.at("s");
}

} // namespace davit::test
