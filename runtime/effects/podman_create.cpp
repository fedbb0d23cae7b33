// The create body: a blueprint in the words of podman's SpecGenerator.
#include "runtime/effects/podman_codec.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

namespace davit::effects::podman {

using nlohmann::json;

namespace {

constexpr std::int64_t cpu_period_us = 100'000;
constexpr std::uint32_t default_retries = 3;
constexpr nanoseconds default_check_timeout = 30s;

std::string octal(std::uint32_t mode) {
  char digits[16];
  auto end = std::to_chars(digits, digits + sizeof digits, mode, 8).ptr;
  return {digits, end};
}

/// "10m" to bytes; absent where it is no size.
std::optional<std::int64_t> read_size(const std::string& text) {
  std::int64_t number = 0;
  auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc{} || number < 0)
    return std::nullopt;
  std::string unit;
  for (; rest != text.data() + text.size(); ++rest)
    unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*rest)));
  if (unit.empty() || unit == "b")
    return number;
  if (unit == "k" || unit == "kb")
    return number << 10;
  if (unit == "m" || unit == "mb")
    return number << 20;
  if (unit == "g" || unit == "gb")
    return number << 30;
  return std::nullopt;
}

/// Builds one body. A setting that podman has no words for is noted in `trouble`.
class writer {
public:
  explicit writer(const blueprint& b) : what{b}, s{b.spec} {}

  result<std::string> write() {
    identity();
    process();
    mounts();
    networking();
    security();
    limits();
    check();
    log();
    if (trouble)
      return tl::unexpected<error>(*trouble);
    try {
      return body.dump();
    } catch (const json::exception&) {
      return fail(errc::invalid, "service " + s.name + " has a setting that is not UTF-8");
    }
  }

private:
  void complain(const std::string& text) {
    if (!trouble)
      trouble = error{errc::invalid, "service " + s.name + ": " + text, {}};
  }

  template <class Value> void put(const char* key, const Value& value) {
    if (!value.empty())
      body[key] = value;
  }
  void put(const char* key, bool value) {
    if (value)
      body[key] = true;
  }

  void identity() {
    body["name"] = what.name;
    body["image"] = s.image;
    string_map labels = what.labels;
    labels.insert(s.labels.begin(), s.labels.end()); // ours stand over the manifest's
    put("labels", labels);
    string_map annotations = s.annotations;
    if (s.healthcheck && s.healthcheck->interval)
      annotations[check_interval_annotation] = std::to_string(s.healthcheck->interval->count());
    put("annotations", annotations);
    body["restart_policy"] = "no"; // one supervisor decides, and it is not podman
    body["stop_timeout"] = std::chrono::ceil<seconds>(what.grace).count();
    put("cgroup_parent", what.cgroup_parent);
  }

  void process() {
    if (s.command)
      body["command"] = *s.command;
    if (s.entrypoint) {
      // podman takes an empty list for "not given"; one empty string is its word for none,
      // and keeps the image's command away too.
      body["entrypoint"] = s.entrypoint->empty() ? std::vector<std::string>{""} : *s.entrypoint;
    }
    put("env", s.environment);
    put("user", s.user);
    put("groups", s.group_add);
    if (!s.working_dir.empty()) {
      body["work_dir"] = s.working_dir;
      body["create_working_dir"] = true; // as Compose users expect
    }
    put("hostname", s.hostname);
    put("init", s.init);
    put("terminal", s.tty);
    put("stdin", s.stdin_open);
    if (!s.stop_signal.empty()) {
      if (auto number = signal_number(s.stop_signal))
        body["stop_signal"] = *number;
      else
        complain("stop_signal " + s.stop_signal + " is no signal");
    }
    string_map sysctls = s.sysctls;
    if (!s.domainname.empty())
      sysctls["kernel.domainname"] = s.domainname;
    put("sysctl", sysctls);
    for (const auto& device : s.devices)
      body["devices"].push_back({{"path", device}});
  }

  void mounts() {
    static const std::set<std::string> nothing{"consistent", "cached", "delegated"};
    for (const auto& m : s.mounts) {
      json options = json::array();
      options.push_back(m.read_only ? "ro" : "rw");
      for (const auto& option : m.options)
        if (!nothing.contains(option))
          options.push_back(option);
      if (m.type == mount::kind::volume) {
        body["volumes"].push_back({{"Name", m.source}, {"Dest", m.target}, {"Options", options}});
        continue;
      }
      json entry{{"destination", m.target}};
      if (m.type == mount::kind::bind) {
        entry["type"] = "bind";
        entry["source"] = m.source;
        if (std::find(m.options.begin(), m.options.end(), "bind") == m.options.end()
            && std::find(m.options.begin(), m.options.end(), "rbind") == m.options.end())
          options.push_back("rbind");
      } else {
        entry["type"] = "tmpfs";
        entry["source"] = "tmpfs";
        if (m.tmpfs_size)
          options.push_back("size=" + std::to_string(*m.tmpfs_size));
        if (m.tmpfs_mode)
          options.push_back("mode=" + octal(*m.tmpfs_mode));
      }
      entry["options"] = std::move(options);
      body["mounts"].push_back(std::move(entry));
    }
  }

  /// "host", "container:ID" and the like; absent where nothing is asked for.
  std::optional<json> name_space(const char* key, const std::string& text) {
    if (text.empty())
      return std::nullopt;
    if (text.rfind("service:", 0) == 0) {
      complain(std::string(key) + " " + text + " was not resolved to a container");
      return std::nullopt;
    }
    constexpr std::string_view other = "container:";
    if (text.rfind(other, 0) == 0)
      return json{{"nsmode", "container"}, {"value", text.substr(other.size())}};
    return json{{"nsmode", text}};
  }

  void networking() {
    if (auto net = name_space("network_mode", s.network_mode))
      body["netns"] = *net;
    else if (s.network_mode.empty())
      body["netns"] = {{"nsmode", "bridge"}};
    if (s.network_mode.empty() || s.network_mode == "bridge") {
      for (const auto& [name, attachment] : s.networks) {
        auto aliases = attachment.aliases;
        if (!s.name.empty() && std::find(aliases.begin(), aliases.end(), s.name) == aliases.end())
          aliases.push_back(s.name);
        json entry{{"aliases", aliases}};
        for (const auto* address : {&attachment.ipv4, &attachment.ipv6})
          if (!address->empty())
            entry["static_ips"].push_back(*address);
        body["Networks"][name] = std::move(entry);
      }
    }
    for (const auto& port : s.ports)
      body["portmappings"].push_back({{"container_port", port.container_port},
                                      {"host_port", port.host_port},
                                      {"host_ip", port.host_ip},
                                      {"protocol", port.protocol}});
    put("dns_server", s.dns);
    put("dns_search", s.dns_search);
    put("dns_option", s.dns_opt);
    put("hostadd", s.extra_hosts);
    if (auto ipc = name_space("ipc", s.ipc))
      body["ipcns"] = *ipc;
    if (auto pid = name_space("pid", s.pid))
      body["pidns"] = *pid;
  }

  void security() {
    put("privileged", s.privileged);
    put("read_only_filesystem", s.read_only); // by the API this mounts no tmpfs anywhere
    put("cap_add", s.cap_add);
    put("cap_drop", s.cap_drop);
    for (const auto& option : s.security_opt) {
      auto cut = option.find_first_of(":=");
      auto key = option.substr(0, cut);
      auto value = cut == std::string::npos ? std::string{} : option.substr(cut + 1);
      if (key == "no-new-privileges")
        put("no_new_privileges", value != "false");
      else if (key == "label")
        body["selinux_opts"].push_back(value);
      else if (key == "seccomp")
        body["seccomp_profile_path"] = value;
      else if (key == "apparmor")
        body["apparmor_profile"] = value;
      else if (key == "mask" || key == "unmask")
        body[key].push_back(value);
      else if (key == "systempaths" && value == "unconfined")
        body["unmask"].push_back("ALL");
      else if (key == "proc-opts")
        body["procfs_opts"].push_back(value);
      else
        complain("security_opt " + option + " means nothing to podman");
    }
  }

  void limits() {
    const auto& r = s.resources;
    json all = json::object();
    if (r.memory)
      all["memory"]["limit"] = *r.memory;
    if (r.memory_swap)
      all["memory"]["swap"] = *r.memory_swap;
    if (r.memory_reservation)
      all["memory"]["reservation"] = *r.memory_reservation;
    if (r.cpus) {
      all["cpu"]["period"] = cpu_period_us;
      all["cpu"]["quota"] = std::llround(*r.cpus * static_cast<double>(cpu_period_us));
    }
    if (r.cpu_shares)
      all["cpu"]["shares"] = *r.cpu_shares;
    if (!r.cpuset.empty())
      all["cpu"]["cpus"] = r.cpuset;
    if (r.pids)
      all["pids"]["limit"] = *r.pids;
    put("resource_limits", all);
    bool own_shm = s.ipc.empty() || s.ipc == "private" || s.ipc == "shareable";
    if (r.shm_size && own_shm)
      body["shm_size"] = *r.shm_size;
    if (r.oom_score_adj)
      body["oom_score_adj"] = *r.oom_score_adj;
    // podman wants the name without RLIMIT_, and the largest number for "unlimited".
    auto bound = [](std::int64_t value) {
      return value < 0 ? std::numeric_limits<std::uint64_t>::max()
                       : static_cast<std::uint64_t>(value);
    };
    for (const auto& [name, limit] : r.ulimits)
      body["r_limits"].push_back(
        {{"type", name}, {"soft", bound(limit.soft)}, {"hard", bound(limit.hard)}});
  }

  void check() {
    if (!s.healthcheck)
      return;
    const auto& h = *s.healthcheck;
    if (h.disable) {
      body["healthconfig"] = {{"Test", {"NONE"}}};
      return;
    }
    if (h.test.empty())
      return; // the image's test; its interval is dealt with once it is known
    nanoseconds timeout = h.timeout ? nanoseconds(*h.timeout) : default_check_timeout;
    body["healthconfig"] = {
      {"Test", h.test},
      {"Interval", 0}, // no timer of podman's
      {"Timeout", timeout.count()},
      {"Retries", h.retries.value_or(default_retries)},
      {"StartPeriod", nanoseconds(h.start_period.value_or(0ms)).count()},
    };
  }

  void log() {
    const auto& l = s.logging;
    bool own_file = l.driver.empty() || l.driver == "json-file" || l.driver == "local"
                    || l.driver == "k8s-file";
    json entry{{"driver", own_file ? "k8s-file" : l.driver}};
    if (own_file) {
      auto given = l.options.find("max-size");
      auto size = given == l.options.end() ? what.log_bytes : read_size(given->second);
      if (!size)
        complain("logging max-size " + given->second + " is no size");
      else
        entry["size"] = *size;
    }
    if (auto tag = l.options.find("tag"); tag != l.options.end())
      entry["options"] = {{"tag", tag->second}};
    body["log_configuration"] = std::move(entry);
  }

  const blueprint& what;
  const service& s;
  json body = json::object();
  std::optional<error> trouble;
};

} // namespace

result<std::string> create_body(const blueprint& what) { return writer{what}.write(); }

} // namespace davit::effects::podman
