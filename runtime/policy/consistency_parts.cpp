#include "runtime/policy/consistency_parts.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <set>

namespace davit::policy {

namespace {

constexpr std::uint32_t most_restarts = 1000;
constexpr std::uint32_t most_retries = 100;
constexpr milliseconds longest_duration = 24h * 365;

// 4 or 6 for an address of that family, 0 for anything else.
int family(const std::string& address) {
  std::array<unsigned char, 16> raw{};
  if (inet_pton(AF_INET, address.c_str(), raw.data()) == 1)
    return 4;
  return inet_pton(AF_INET6, address.c_str(), raw.data()) == 1 ? 6 : 0;
}

std::array<unsigned char, 16> bytes(const std::string& address) {
  std::array<unsigned char, 16> raw{};
  if (inet_pton(AF_INET, address.c_str(), raw.data()) != 1)
    inet_pton(AF_INET6, address.c_str(), raw.data());
  return raw;
}

bool known_signal(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const bool number = !name.empty() && name.size() <= 2
                      && std::all_of(name.begin(), name.end(),
                                     [](unsigned char c) { return std::isdigit(c) != 0; });
  if (number)
    return std::stoi(name) >= 1 && std::stoi(name) <= 64;
  if (name.rfind("SIG", 0) == 0)
    name.erase(0, 3);
  static const std::set<std::string, std::less<>> names{
    "HUP",    "INT",  "QUIT",  "ILL",  "TRAP", "ABRT", "IOT",  "BUS",    "FPE",
    "KILL",   "USR1", "SEGV",  "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD",
    "CLD",    "CONT", "STOP",  "TSTP", "TTIN", "TTOU", "URG",  "XCPU",   "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO",   "POLL", "PWR",  "SYS",  "RTMIN",  "RTMAX"};
  return names.contains(name) || name.rfind("RTMIN+", 0) == 0 || name.rfind("RTMAX-", 0) == 0;
}

class judge {
public:
  judge(std::string path, std::vector<inconsistency>& out) : path_(std::move(path)), out_(out) {}

  void error(const std::string& key, std::string message, std::string remedy) {
    out_.push_back({severity::error, path_ + "." + key, std::move(message), std::move(remedy)});
  }
  void warning(const std::string& key, std::string message, std::string remedy) {
    out_.push_back({severity::warning, path_ + "." + key, std::move(message), std::move(remedy)});
  }
  void positive(const std::string& key, milliseconds value) {
    if (value <= 0ms || value > longest_duration)
      error(key, "a duration here must be more than 0 and at most a year", "write it as '30s'");
  }
  void not_negative(const std::string& key, milliseconds value) {
    if (value < 0ms || value > longest_duration)
      error(key, "a duration must not be negative, nor more than a year", "write it as '30s'");
  }
  void within(const std::string& key, double value, double low, double high) {
    if (!(value >= low && value <= high))
      error(key, "out of range", "give a number from " + words(low) + " to " + words(high));
  }

private:
  static std::string words(double value) {
    const auto text = std::to_string(value);
    return text.substr(0, value == std::floor(value) ? text.find('.') : text.find('.') + 2);
  }

  std::string path_;
  std::vector<inconsistency>& out_;
};

void check_ports(judge& j, const service& s) {
  for (const auto& p : s.ports) {
    if (p.container_port == 0)
      j.error("ports", "a port inside the container must be from 1 to 65535", "name it");
    if (p.protocol != "tcp" && p.protocol != "udp" && p.protocol != "sctp")
      j.error("ports", "the protocol " + quoted(p.protocol) + " is not known",
              "use tcp, udp or sctp");
    if (!p.host_ip.empty() && family(p.host_ip) == 0)
      j.error("ports", quoted(p.host_ip) + " is not an IP address",
              "publish on an address of this host, such as 127.0.0.1");
  }
  if (s.ports.empty())
    return;
  const auto& mode = s.network_mode;
  if (mode.rfind("service:", 0) == 0 || mode.rfind("container:", 0) == 0)
    j.error("ports", "a service that shares another's network cannot publish ports itself",
            "publish them at the service whose network it is");
  else if (mode == "host" || mode == "none")
    j.warning("ports", "with network_mode '" + mode + "' published ports mean nothing",
              "remove them");
}

void check_namespaces(judge& j, const service& s) {
  if (!s.network_mode.empty() && !s.networks.empty())
    j.error("network_mode", "'network_mode' and 'networks' exclude each other", "keep one");
  const auto known = [](const std::string& mode, std::initializer_list<const char*> words,
                        std::initializer_list<const char*> prefixes) {
    return mode.empty()
           || std::any_of(words.begin(), words.end(), [&](auto* w) { return mode == w; })
           || std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) {
                return mode.size() > p.size() && mode.compare(0, p.size(), p) == 0;
              });
  };
  if (!known(s.network_mode, {"host", "none", "bridge"}, {"service:", "container:"}))
    j.error("network_mode", quoted(s.network_mode) + " is not a network mode",
            "use host, none, bridge or service:NAME; a network of its own goes under 'networks'");
  if (!known(s.ipc, {"host", "private", "shareable", "none"}, {"service:", "container:"}))
    j.error("ipc", quoted(s.ipc) + " is not an IPC mode", "use host, private or service:NAME");
  if (!known(s.pid, {"host", "private"}, {"service:", "container:"}))
    j.error("pid", quoted(s.pid) + " is not a PID mode", "use host or service:NAME");
  for (const auto& [key, n] : s.networks) {
    if (!n.ipv4.empty() && family(n.ipv4) != 4)
      j.error("networks." + key, quoted(n.ipv4) + " is not an IPv4 address", "correct it");
    if (!n.ipv6.empty() && family(n.ipv6) != 6)
      j.error("networks." + key, quoted(n.ipv6) + " is not an IPv6 address", "correct it");
  }
}

void check_mounts(judge& j, const service& s) {
  std::set<std::string> targets;
  for (const auto& m : s.mounts) {
    if (m.target.empty() || m.target.front() != '/')
      j.error("volumes", "the target " + quoted(m.target) + " is not an absolute path",
              "begin it with '/'");
    else if (!targets.insert(m.target).second)
      j.error("volumes", "two mounts have the target " + quoted(m.target), "keep one of them");
    if (m.type == mount::kind::bind && (m.source.empty() || m.source.front() != '/'))
      j.error("volumes", "a bind mount needs an absolute path of the host", "name its source");
    if (m.tmpfs_size && *m.tmpfs_size < 0)
      j.error("volumes", "the size of a tmpfs must not be negative", "write it as '64m'");
  }
  for (const auto* grants : {&s.secrets, &s.configs})
    for (const auto& g : *grants)
      if (g.target.empty() || g.target.front() != '/')
        j.error(grants == &s.secrets ? "secrets" : "configs",
                "the target " + quoted(g.target) + " is not an absolute path", "begin it with '/'");
}

void check_health(judge& j, const service& s) {
  if (!s.healthcheck)
    return;
  const auto& h = *s.healthcheck;
  if (!h.test.empty() && h.test[0] != "CMD" && h.test[0] != "CMD-SHELL" && h.test[0] != "NONE")
    j.error("healthcheck.test", "a list must begin with CMD, CMD-SHELL or NONE",
            "put \"CMD\" in front, or write one string");
  else if (h.test.size() == 1 && h.test[0] != "NONE")
    j.error("healthcheck.test", "there is no command after " + h.test[0], "name the command");
  const std::pair<const char*, std::optional<milliseconds>> times[]
    = {{"interval", h.interval},
       {"timeout", h.timeout},
       {"start_period", h.start_period},
       {"start_interval", h.start_interval}};
  for (const auto& [key, value] : times)
    if (value)
      j.not_negative(std::string("healthcheck.") + key, *value);
}

void check_limits(judge& j, const service& s) {
  const auto& r = s.resources;
  if (r.cpus && !(*r.cpus >= 0 && *r.cpus <= 100'000))
    j.error("cpus", "out of range", "give a number of processors, such as 1.5");
  const std::pair<const char*, std::optional<std::int64_t>> sizes[] = {
    {"mem_limit", r.memory}, {"mem_reservation", r.memory_reservation}, {"shm_size", r.shm_size}};
  for (const auto& [key, value] : sizes)
    if (value && *value < 0)
      j.error(key, "a size must not be negative", "write it as '512m'");
  if (r.memory && r.memory_reservation && *r.memory > 0 && *r.memory_reservation > *r.memory)
    j.error("mem_reservation", "more memory is reserved than allowed", "lower it below mem_limit");
  if (r.oom_score_adj && (*r.oom_score_adj < -1000 || *r.oom_score_adj > 1000))
    j.error("oom_score_adj", "out of range", "give a number from -1000 to 1000");
}

} // namespace

bool is_address(const std::string& text) { return family(text) != 0; }

bool overlap(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty())
    return true;
  const int kind = family(a);
  if (kind != family(b))
    return false;
  if (kind == 0)
    return a == b;
  const std::array<unsigned char, 16> any{};
  const auto raw_a = bytes(a);
  const auto raw_b = bytes(b);
  return raw_a == raw_b || raw_a == any || raw_b == any;
}

void check_rules(const std::string& path, const davit_rules& rules,
                 std::vector<inconsistency>& out) {
  judge j(path, out);
  const auto& r = rules.recovery;
  j.not_negative("recovery.backoff.initial", r.backoff.initial);
  j.within("recovery.backoff.factor", r.backoff.factor, 1, 100);
  j.positive("recovery.backoff.max", r.backoff.max);
  j.within("recovery.backoff.jitter", r.backoff.jitter, 0, 1);
  if (r.backoff.max < r.backoff.initial)
    j.error("recovery.backoff.max", "the longest wait is shorter than the first",
            "raise 'max' or lower 'initial'");
  j.positive("recovery.stable_after", r.stable_after);
  j.within("recovery.budget.restarts", r.budget.restarts, 0, most_restarts);
  j.positive("recovery.budget.window", r.budget.window);
  j.within("recovery.ceiling.starts", r.ceiling.starts, 1, most_restarts);
  j.positive("recovery.ceiling.window", r.ceiling.window);
  j.positive("recovery.breaker.cooldown", r.breaker.cooldown);
  j.within("recovery.breaker.factor", r.breaker.factor, 1, 100);
  j.positive("recovery.breaker.max", r.breaker.max);
  if (r.breaker.max < r.breaker.cooldown)
    j.error("recovery.breaker.max", "the longest wait is shorter than the first",
            "raise 'max' or lower 'cooldown'");
  // Nothing is ignored in silence: what this release reads but does not act on is named.
  const auto unused = [&](bool given, const char* key, const char* what) {
    if (given)
      j.warning(key, what, "remove it, or wait for the release that does");
  };
  unused(rules.tier.has_value(), "tier", "this release does not order starts by tier yet");
  unused(!rules.requires_.empty(), "requires", "this release does not wait for other stacks yet");
  unused(rules.ready_log.has_value(), "ready.log",
         "this release does not watch the log for readiness yet");
  unused(rules.order == update_order::start_first, "update.order",
         "this release always stops the old container first");
  if (rules.probe) {
    const auto& p = *rules.probe;
    const std::string port
      = p.what == probe_spec::kind::http ? "probe.http.port" : "probe.tcp.port";
    j.within(port, p.port, 1, 65535);
    if (p.what == probe_spec::kind::http && (p.path.empty() || p.path.front() != '/'))
      j.error("probe.http.path", "the path must begin with '/'", "write it as '/health'");
    j.positive("probe.interval", p.interval);
    j.positive("probe.timeout", p.timeout);
    j.within("probe.retries", p.retries, 1, most_retries);
    j.not_negative("probe.start_period", p.start_period);
  }
  if (rules.ready_log && rules.ready_log->empty())
    j.error("ready.log", "an empty text is in every line", "name a text that the log shows");
  if (rules.grace)
    j.not_negative("grace", *rules.grace);
  j.positive("readiness_deadline", rules.readiness_deadline);
  j.not_negative("post_start_window", rules.post_start_window);
  if (rules.pull.retries.size() > most_retries)
    j.error("pull.retries", "more than " + std::to_string(most_retries) + " retries",
            "list fewer waits");
  for (const auto& wait : rules.pull.retries)
    j.not_negative("pull.retries", wait);
  j.positive("pull.timeout", rules.pull.timeout);
  j.positive("pull.stall", rules.pull.stall);
  for (const auto& wanted : rules.requires_) {
    const auto slash = wanted.find('/');
    if (slash == std::string::npos || !valid_stack_name(wanted.substr(0, slash))
        || !valid_service_name(wanted.substr(slash + 1)))
      j.error("requires", quoted(wanted) + " does not name a service of another stack",
              "write STACK/SERVICE");
  }
}

void check_service(const std::string& path, const service& s, std::vector<inconsistency>& out) {
  judge j(path, out);
  if (s.image.empty())
    j.error("image", "the service has no image", "name one with 'image'");
  if (!s.stop_signal.empty() && !known_signal(s.stop_signal))
    j.error("stop_signal", quoted(s.stop_signal) + " is not a signal", "use a name such as SIGINT");
  if (s.stop_grace_period)
    j.not_negative("stop_grace_period", *s.stop_grace_period);
  check_ports(j, s);
  check_namespaces(j, s);
  check_mounts(j, s);
  check_health(j, s);
  check_limits(j, s);
  check_rules(path + ".x-davit", s.davit, out);
}

} // namespace davit::policy
