// What every command is given.
#include "tools/davit/session.hpp"

#include "runtime/api/routes.hpp"
#include "tools/davit/text.hpp"

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace davit::cli {
namespace {

/// An error of an answer has another exit code than an error of the connection, though both
/// may be `unreachable`: the daemon may be there and podman not.
bool of_connection(const error& what) {
  return what.code == errc::unreachable || what.code == errc::timeout;
}

} // namespace

session::session()
  : out{effects::look_at_terminal(STDOUT_FILENO)}, err{effects::look_at_terminal(STDERR_FILENO)} {}

result<effects::http_address> session::address() const {
  if (!host.empty())
    return effects::parse_http_address(host);
  const char* given = std::getenv("DAVIT_HOST");
  return effects::parse_http_address(given && *given ? given : effects::default_api_url);
}

result<std::string> session::ask(const std::string& method, const std::string& target,
                                 const std::string& body, milliseconds deadline) {
  const auto at = address();
  if (!at)
    return tl::unexpected<error>(at.error());
  effects::http_client client{*at};
  auto answer = client.call(method, target, body, deadline);
  answered_ = client.answered();
  return answer;
}

result<void> session::follow(const std::string& target,
                             const std::function<bool(std::string_view)>& take,
                             const std::atomic<bool>& stop) {
  const auto at = address();
  if (!at)
    return tl::unexpected<error>(at.error());
  effects::http_client client{*at};
  auto ended = client.follow(target, take, stop);
  answered_ = client.answered();
  return ended;
}

void session::print(const std::string& line) const {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

void session::remark(const std::string& line) const { std::fprintf(stderr, "%s\n", line.c_str()); }

int session::complain(const error& what) const {
  remark(err.in(effects::paint::red, "davit:") + " " + printable(what.message));
  if (!what.remedy.empty())
    remark("  " + printable(what.remedy));
  if (of_connection(what) && !answered_)
    return unreachable;
  return what.code == errc::invalid ? bad_usage : failed;
}

std::string target::path() const {
  const std::string of_stack = "/v1/stacks/" + effects::percent_encode(stack);
  return service.empty() ? of_stack : of_stack + "/services/" + effects::percent_encode(service);
}

result<target> parse_target(const std::string& text, bool needs_service) {
  const auto slash = text.find('/');
  const bool has_service = slash != std::string::npos;
  target out{text.substr(0, slash), has_service ? text.substr(slash + 1) : ""};
  if (!api::valid_stack_name(out.stack) || (has_service && !api::valid_service_name(out.service)))
    return fail(errc::invalid, "'" + text + "' is no name of a stack or of a service",
                "Write STACK or STACK/SERVICE; davit status lists them.");
  if (needs_service && !has_service)
    return fail(errc::invalid, "'" + text + "' names a stack, but one of its services is needed",
                "Write " + text + "/SERVICE; davit status " + text + " lists them.");
  return out;
}

void offer_json(CLI::App& command, session& with) {
  command.add_flag("--json", with.json, "Print JSON, for programs");
}

} // namespace davit::cli
