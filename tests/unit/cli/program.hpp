// Runs the built `davit` as a user does, in a folder and an environment of its own, against a
// scripted daemon on a real socket.
#pragma once

#include "runtime/effects/http_server.hpp"
#include "tests/unit/effects/http_scripted_front.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace davit::test {

struct outcome {
  int code = -1; ///< the exit code; 1000 + N: ended by signal N; -1: did not end in time
  std::string out;
  std::string err;
};

class bench {
public:
  bench();
  ~bench();
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;

  /// Starts the scripted daemon where `davit` looks for it; again after `stop_daemon`.
  void start_daemon();
  void stop_daemon() { server_.reset(); }

  void write(const std::string& name, const std::string& text) const;

  /// Runs to the end, at most 20 s. `meanwhile` gets the pid once the program runs.
  outcome davit(const std::vector<std::string>& arguments,
                const std::function<void(int pid)>& meanwhile = {}) const;

  /// The same, on a terminal of `columns`; err is empty, for both go to the terminal.
  outcome davit_on_terminal(const std::vector<std::string>& arguments,
                            unsigned short columns) const;

  /// Waits until the daemon was asked for "METHOD PATH" so many times.
  bool asked(const std::string& what, std::size_t times = 1) const;
  /// The last such request. It must exist.
  ports::api_request request(const std::string& what) const;

  std::filesystem::path folder;
  std::shared_ptr<scripted_front> front = std::make_shared<scripted_front>();
  std::map<std::string, std::string> environment;

private:
  std::vector<std::string> environment_list() const;
  std::string url_;
  std::unique_ptr<effects::http_server> server_;
};

} // namespace davit::test
