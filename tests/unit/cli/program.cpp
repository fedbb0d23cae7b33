// Runs the built `davit` as a user does.
#include "tests/unit/cli/program.hpp"

#include "tests/catch.hpp"

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include <csignal>
#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

namespace davit::test {
namespace {

using clock = std::chrono::steady_clock;
constexpr auto run_patience = std::chrono::seconds{20};
constexpr auto look = std::chrono::milliseconds{2};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

int wait_for_end(pid_t pid) {
  const auto until = clock::now() + run_patience;
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (clock::now() > until) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      return -1;
    }
    std::this_thread::sleep_for(look);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts)
    out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// In the child: becomes davit, or ends.
[[noreturn]] void become_davit(const std::filesystem::path& folder, std::vector<char*>& argv,
                               std::vector<char*>& env) {
  if (::chdir(folder.c_str()) == 0)
    ::execve(DAVIT_PROGRAM, argv.data(), env.data());
  ::_exit(127);
}

std::string key(const ports::api_request& request) { return request.method + " " + request.path; }

} // namespace

bench::bench() {
  char name[] = "/tmp/davit-cli-XXXXXX";
  folder = std::filesystem::path{::mkdtemp(name)} / "shop";
  std::filesystem::create_directory(folder);
  url_ = "unix://" + (folder.parent_path() / "davit.sock").string();
  environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", folder.string()}, {"DAVIT_HOST", url_}};
}

bench::~bench() {
  server_.reset();
  std::filesystem::remove_all(folder.parent_path());
}

void bench::start_daemon() {
  auto started = effects::http_server::start(url_, front);
  REQUIRE(started);
  server_ = std::move(*started);
}

void bench::write(const std::string& name, const std::string& text) const {
  std::ofstream{folder / name} << text;
}

std::vector<std::string> bench::environment_list() const {
  std::vector<std::string> list;
  for (const auto& [name, value] : environment)
    list.push_back(name + "=" + value);
  return list;
}

outcome bench::davit(const std::vector<std::string>& arguments,
                     const std::function<void(int)>& meanwhile) const {
  std::vector<std::string> words{"davit"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto settings = environment_list();
  auto argv = pointers(words);
  auto env = pointers(settings);
  const auto out = folder.parent_path() / "out";
  const auto err = folder.parent_path() / "err";
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const int out_fd = ::open(out.c_str(), flags, 0600);
  const int err_fd = ::open(err.c_str(), flags, 0600);
  REQUIRE(out_fd >= 0);
  REQUIRE(err_fd >= 0);
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    ::dup2(out_fd, STDOUT_FILENO);
    ::dup2(err_fd, STDERR_FILENO);
    become_davit(folder, argv, env);
  }
  ::close(out_fd);
  ::close(err_fd);
  if (meanwhile)
    meanwhile(pid);
  const int code = wait_for_end(pid);
  return {code, read_file(out), read_file(err)};
}

outcome bench::davit_on_terminal(const std::vector<std::string>& arguments,
                                 unsigned short columns) const {
  std::vector<std::string> words{"davit"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto settings = environment_list();
  auto argv = pointers(words);
  auto env = pointers(settings);
  winsize size{25, columns, 0, 0};
  int terminal = -1;
  const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, &size);
  REQUIRE(pid >= 0);
  if (pid == 0)
    become_davit(folder, argv, env);
  outcome seen;
  char buffer[4096];
  ssize_t n = 0;
  while ((n = ::read(terminal, buffer, sizeof buffer)) > 0)
    seen.out.append(buffer, static_cast<std::size_t>(n));
  ::close(terminal);
  seen.code = wait_for_end(pid);
  return seen;
}

bool bench::asked(const std::string& what, std::size_t times) const {
  const auto until = clock::now() + run_patience;
  while (clock::now() < until) {
    std::size_t found = 0;
    for (const auto& request : front->asked())
      found += key(request) == what ? 1U : 0U;
    if (found >= times)
      return true;
    std::this_thread::sleep_for(look);
  }
  return false;
}

ports::api_request bench::request(const std::string& what) const {
  ports::api_request last;
  for (const auto& request : front->asked())
    if (key(request) == what)
      last = request;
  INFO("asked for " << what);
  REQUIRE(!last.method.empty());
  return last;
}

} // namespace davit::test
