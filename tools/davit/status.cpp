// davit status [STACK], alias ps: what every service does, in one line each.
#include "runtime/api/status_json.hpp"
#include "tools/davit/operation.hpp"
#include "tools/davit/text.hpp"

namespace davit::cli {
namespace {

using effects::paint;

paint colour_of(phase p) {
  switch (p) {
    case phase::running:
    case phase::completed: return paint::green;
    case phase::stopped: return paint::grey;
    case phase::crashed:
    case phase::killed:
    case phase::broken:
    case phase::unreachable: return paint::red;
    default: return paint::yellow;
  }
}

paint colour_of(readiness r) {
  if (r == readiness::ill)
    return paint::red;
  return r == readiness::starting ? paint::yellow : paint::plain;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : printable(text); }

wall_time now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

std::string ports_of(const service_status& service) {
  std::string out;
  for (const port_mapping& port : service.ports) {
    out += out.empty() ? "" : ", ";
    if (port.host_port != 0) {
      const bool six = port.host_ip.find(':') != std::string::npos;
      if (!port.host_ip.empty())
        out += (six ? "[" + port.host_ip + "]" : port.host_ip) + ":";
      out += std::to_string(port.host_port) + "->";
    }
    out += std::to_string(port.container_port) + "/" + port.protocol;
  }
  return or_dash(out);
}

std::string reason_of(const service_status& service) {
  std::string out = printable(service.reason);
  const auto add = [&](const std::string& more) { out += (out.empty() ? "" : "; ") + more; };
  if (out.empty() && !service.exit_reason.empty())
    out = printable(service.exit_reason);
  if (service.next_attempt_at)
    add("next attempt in " + format_duration(*service.next_attempt_at - now()));
  for (const std::string& name : service.waiting_for)
    if (out.find(printable(name)) == std::string::npos)
      add("waits for " + printable(name));
  return or_dash(out);
}

std::string restarts_of(const restart_counts& restarts) {
  if (restarts.window == 0)
    return std::to_string(restarts.total);
  return std::to_string(restarts.total) + " (" + std::to_string(restarts.window) + " lately)";
}

std::vector<cell> row_of(const stack_status& stack, const service_status& service) {
  const bool says_health
    = service.health != readiness::none && service.health != readiness::unknown;
  return {{printable(stack.name)},
          {printable(service.name)},
          {to_string(service.phase), colour_of(service.phase)},
          {says_health ? to_string(service.health) : "-", colour_of(service.health)},
          {restarts_of(service.restarts)},
          {service.since ? format_duration(now() - *service.since) : "-"},
          {ports_of(service)},
          {reason_of(service)}};
}

void show_trouble(const session& with, const char* what, const std::string& state,
                  const std::string& reason) {
  if (state.empty() || state == "ok")
    return;
  with.remark(with.err.in(paint::red, std::string{what} + " " + printable(state))
              + (reason.empty() ? "" : ": " + printable(reason)));
}

void show(const session& with, const host_status& host) {
  std::vector<std::vector<cell>> rows;
  for (const stack_status& stack : host.stacks)
    for (const service_status& service : stack.services)
      rows.push_back(row_of(stack, service));
  if (rows.empty())
    with.print("no stack is installed");
  else
    for (const std::string& line :
         table({"STACK", "SERVICE", "PHASE", "HEALTH", "RESTARTS", "SINCE", "PORTS", "REASON"},
               rows, with.out))
      with.print(line);
  for (const observation& orphan : host.orphans)
    with.remark(with.err.in(paint::yellow, "orphan") + " " + printable(orphan.name) + " ("
                + to_string(orphan.status) + "): carries Davit's labels, but no stack wants it");
  show_trouble(with, "store", host.store_state, host.store_reason);
  show_trouble(with, "podman", host.engine_state, host.engine_reason);
}

} // namespace

result<void> show_status(session& with, const std::string& stack) {
  const std::string query = stack.empty() ? "" : "?stack=" + effects::percent_encode(stack);
  const auto answer = with.ask("GET", "/v1/status" + query);
  if (!answer)
    return tl::unexpected<error>(answer.error());
  const auto host = api::decode_status(*answer);
  if (!host)
    return tl::unexpected<error>(host.error());
  if (with.json)
    with.print(*answer);
  else
    show(with, *host);
  return {};
}

void add_status(CLI::App& program, session& with) {
  auto* command = program.add_subcommand("status", "Show every service, or those of one stack");
  command->alias("ps");
  auto name = std::make_shared<std::string>();
  command->add_option("STACK", *name, "Only this one");
  offer_json(*command, with);
  command->callback([&with, name] {
    if (!name->empty())
      if (const auto which = parse_target(*name, false); !which) {
        with.ended = with.complain(which.error());
        return;
      }
    if (const auto shown = show_status(with, *name); !shown)
      with.ended = with.complain(shown.error());
  });
}

} // namespace davit::cli
