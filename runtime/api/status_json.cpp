// `davit status --json` and the daemon's health.
#include "runtime/api/status_json.hpp"

#include "runtime/api/json.hpp"

#include <array>

namespace davit::api {
namespace {

constexpr std::array phases{
  phase::pending,     phase::pulling,     phase::creating,  phase::starting, phase::running,
  phase::waiting,     phase::backing_off, phase::broken,    phase::held,     phase::stopping,
  phase::stopped,     phase::exited,      phase::completed, phase::crashed,  phase::killed,
  phase::unreachable, phase::unknown,
};

constexpr std::array engine_states{
  engine_status::absent,  engine_status::created, engine_status::initialized,
  engine_status::running, engine_status::paused,  engine_status::stopping,
  engine_status::stopped, engine_status::exited,  engine_status::removing,
};

json health_word(readiness health) {
  if (health == readiness::none || health == readiness::unknown)
    return nullptr;
  return to_string(health);
}

readiness readiness_of(const std::string& word) {
  for (const readiness r : {readiness::starting, readiness::ready, readiness::ill})
    if (word == to_string(r))
      return r;
  return readiness::unknown;
}

engine_status engine_status_of(const std::string& word) {
  for (const engine_status s : engine_states)
    if (word == to_string(s))
      return s;
  return engine_status::unknown;
}

json to_json(const port_mapping& port) {
  json out;
  out["host_ip"] = text_or_null(port.host_ip);
  out["host_port"] = port.host_port;
  out["container_port"] = port.container_port;
  out["protocol"] = port.protocol;
  return out;
}

json to_json(const service_status& service) {
  json out;
  out["name"] = service.name;
  out["phase"] = to_string(service.phase);
  out["health"] = health_word(service.health);
  out["container_id"] = text_or_null(service.container_id);
  out["pid"] = service.pid ? json(*service.pid) : json(nullptr);
  out["exit_code"] = service.exit_code ? json(*service.exit_code) : json(nullptr);
  out["exit_reason"] = text_or_null(service.exit_reason);
  out["restarts"]["window"] = service.restarts.window;
  out["restarts"]["total"] = service.restarts.total;
  out["next_attempt_at"] = time_or_null(service.next_attempt_at);
  out["waiting_for"] = service.waiting_for;
  out["reason"] = text_or_null(service.reason);
  out["image"] = text_or_null(service.image);
  out["since"] = time_or_null(service.since);
  out["ports"] = json::array();
  for (const port_mapping& port : service.ports)
    out["ports"].push_back(to_json(port));
  return out;
}

json to_json(const stack_status& stack) {
  json out;
  out["name"] = stack.name;
  out["services"] = json::array();
  for (const service_status& service : stack.services)
    out["services"].push_back(to_json(service));
  out["revision"] = text_or_null(stack.revision);
  out["goal"] = text_or_null(stack.goal);
  return out;
}

json label_of(const observation& container, const char* key) {
  const auto found = container.labels.find(key);
  return found == container.labels.end() ? json(nullptr) : json(found->second);
}

json to_json(const observation& orphan) {
  json out;
  out["id"] = orphan.id;
  out["name"] = orphan.name;
  out["image"] = text_or_null(orphan.image);
  out["status"] = to_string(orphan.status);
  out["stack"] = label_of(orphan, label::stack);
  out["service"] = label_of(orphan, label::service);
  return out;
}

void fill(reader in, port_mapping& port) {
  std::uint32_t host = 0;
  std::uint32_t inner = 0;
  in.read("host_ip", port.host_ip);
  in.read("host_port", host);
  in.read("container_port", inner);
  in.read("protocol", port.protocol);
  port.host_port = static_cast<std::uint16_t>(host);
  port.container_port = static_cast<std::uint16_t>(inner);
}

void fill(reader in, service_status& service) {
  std::string phase_word;
  std::string health_word;
  in.read("name", service.name);
  in.read("phase", phase_word);
  service.phase = phase_of(phase_word);
  in.read("health", health_word);
  service.health = readiness_of(health_word);
  in.read("container_id", service.container_id);
  in.read("pid", service.pid);
  in.read("exit_code", service.exit_code);
  in.read("exit_reason", service.exit_reason);
  in.member("restarts", [&](reader counts) {
    counts.read("window", service.restarts.window);
    counts.read("total", service.restarts.total);
  });
  in.read("next_attempt_at", service.next_attempt_at);
  in.read("waiting_for", service.waiting_for);
  in.read("reason", service.reason);
  in.read("image", service.image);
  in.read("since", service.since);
  in.each("ports", [&](reader port) { fill(port, service.ports.emplace_back()); });
}

void fill(reader in, stack_status& stack) {
  in.read("name", stack.name);
  in.each("services", [&](reader service) { fill(service, stack.services.emplace_back()); });
  in.read("revision", stack.revision);
  in.read("goal", stack.goal);
}

void fill(reader in, observation& orphan) {
  std::string status;
  std::string stack;
  std::string service;
  in.read("id", orphan.id);
  in.read("name", orphan.name);
  in.read("image", orphan.image);
  in.read("status", status);
  orphan.status = engine_status_of(status);
  in.read("stack", stack);
  in.read("service", service);
  if (!stack.empty())
    orphan.labels[label::stack] = stack;
  if (!service.empty())
    orphan.labels[label::service] = service;
}

} // namespace

phase phase_of(std::string_view word) {
  for (const phase p : phases)
    if (word == to_string(p))
      return p;
  return phase::unknown;
}

std::string encode(const host_status& status) {
  json out;
  out["stacks"] = json::array();
  for (const stack_status& stack : status.stacks)
    out["stacks"].push_back(to_json(stack));
  out["store"]["state"] = text_or_null(status.store_state);
  out["store"]["reason"] = text_or_null(status.store_reason);
  out["engine"]["state"] = text_or_null(status.engine_state);
  out["engine"]["reason"] = text_or_null(status.engine_reason);
  out["orphans"] = json::array();
  for (const observation& orphan : status.orphans)
    out["orphans"].push_back(to_json(orphan));
  return dump(out);
}

result<host_status> decode_status(std::string_view text) {
  return decode_with<host_status>(text, "status", [](reader in, host_status& out) {
    in.each("stacks", [&](reader stack) { fill(stack, out.stacks.emplace_back()); });
    in.member("store", [&](reader store) {
      store.read("state", out.store_state);
      store.read("reason", out.store_reason);
    });
    in.member("engine", [&](reader engine) {
      engine.read("state", out.engine_state);
      engine.read("reason", out.engine_reason);
    });
    in.each("orphans", [&](reader orphan) { fill(orphan, out.orphans.emplace_back()); });
  });
}

std::string encode(const health_report& report) {
  json out;
  out["ok"] = report.ok;
  out["reasons"] = report.reasons;
  out["store"]["state"] = text_or_null(report.store_state);
  out["engine"]["state"] = text_or_null(report.engine_state);
  out["version"] = report.version;
  return dump(out);
}

result<health_report> decode_health(std::string_view text) {
  return decode_with<health_report>(text, "health", [](reader in, health_report& out) {
    in.read("ok", out.ok);
    in.read("reasons", out.reasons);
    in.member("store", [&](reader store) { store.read("state", out.store_state); });
    in.member("engine", [&](reader engine) { engine.read("state", out.engine_state); });
    in.read("version", out.version);
  });
}

} // namespace davit::api
