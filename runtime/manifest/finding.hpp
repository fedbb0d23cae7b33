// What a loader has to say about a manifest, each with its place.
#pragma once

#include "runtime/policy/consistency.hpp"

#include <string>
#include <vector>

namespace davit::manifest {

using policy::severity;

/// A place in one of the files that were read. Lines and columns count from 1; 0 is
/// "the file as a whole".
struct mark {
  int file = -1; ///< index into report::files; -1: no file at all
  int line = 0;
  int column = 0;
  friend bool operator==(const mark&, const mark&) = default;
};

struct finding {
  severity level = severity::error;
  std::string file; ///< empty where no file is to blame
  int line = 0;
  int column = 0;
  std::string message; ///< one sentence, no secrets
  std::string remedy;  ///< what to do; may be empty
  friend bool operator==(const finding&, const finding&) = default;
};

/// "compose.yaml:3:5: error: unknown key 'imgae'; did you mean 'image'?"
std::string to_string(const finding& f);

bool any_error(const std::vector<finding>& findings);

/// Collects findings. At most max_findings are kept, so that a broken file of 4 MiB does not
/// answer with a million lines; an error is never dropped without saying so.
class report {
public:
  static constexpr std::size_t max_findings = 200;

  /// Registers a file's name and answers with its index for marks.
  int add_file(std::string name);

  void error(const mark& at, std::string message, std::string remedy = {});
  void warning(const mark& at, std::string message, std::string remedy = {});

  /// Errors first where one place has both, else in the order of the files.
  std::vector<finding> take();

  bool refused() const { return errors_ > 0; }
  std::size_t errors() const { return errors_; }

private:
  void add(severity level, const mark& at, std::string message, std::string remedy);

  std::vector<std::string> files_;
  std::vector<std::pair<mark, finding>> findings_;
  std::size_t errors_ = 0;
  std::size_t dropped_ = 0;
};

} // namespace davit::manifest
