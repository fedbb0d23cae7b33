// What podman answers, and the bodies of networks and volumes.
#include "runtime/effects/podman_codec.hpp"

#include <nlohmann/json.hpp>

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <ctime>

namespace davit::effects::podman {

using nlohmann::json;

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

json parse(const std::string& body) { return json::parse(body, nullptr, false); }

/// The member, or null where there is none.
const json& at(const json& object, const char* key) {
  static const json nothing;
  if (!object.is_object())
    return nothing;
  auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

std::string text(const json& object, const char* key) {
  const auto& value = at(object, key);
  return value.is_string() ? value.get<std::string>() : std::string{};
}

std::int64_t number(const json& object, const char* key) {
  const auto& value = at(object, key);
  return value.is_number() ? value.get<std::int64_t>() : 0;
}

bool truth(const json& object, const char* key) {
  const auto& value = at(object, key);
  return value.is_boolean() && value.get<bool>();
}

std::vector<std::string> texts(const json& value) {
  std::vector<std::string> all;
  if (value.is_string() && !value.get<std::string>().empty())
    all.push_back(value.get<std::string>());
  if (value.is_array())
    for (const auto& item : value)
      if (item.is_string())
        all.push_back(item.get<std::string>());
  return all;
}

string_map text_map(const json& object) {
  string_map all;
  if (object.is_object())
    for (const auto& [key, value] : object.items())
      if (value.is_string())
        all[key] = value.get<std::string>();
  return all;
}

engine_status read_status(const std::string& word) {
  for (auto status : {engine_status::created, engine_status::initialized, engine_status::running,
                      engine_status::paused, engine_status::stopping, engine_status::stopped,
                      engine_status::exited, engine_status::removing})
    if (word == to_string(status))
      return status;
  return word == "configured" ? engine_status::created : engine_status::unknown;
}

template <class Number> Number read_number(std::string_view digits, Number otherwise) {
  Number value{};
  auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return status == std::errc{} && end == digits.data() + digits.size() ? value : otherwise;
}

/// {"80/tcp": [{"HostIp": "", "HostPort": "8080"}], "81/tcp": null}
std::vector<port_mapping> read_ports(const json& ports) {
  std::vector<port_mapping> all;
  if (!ports.is_object())
    return all;
  for (const auto& [key, bound] : ports.items()) {
    auto slash = key.find('/');
    if (!bound.is_array() || slash == std::string::npos)
      continue; // exposed, not published
    for (const auto& one : bound) {
      port_mapping port;
      port.host_ip = text(one, "HostIp");
      port.host_port = read_number<std::uint16_t>(text(one, "HostPort"), 0);
      port.container_port = read_number<std::uint16_t>(std::string_view(key).substr(0, slash), 0);
      port.protocol = key.substr(slash + 1);
      all.push_back(std::move(port));
    }
  }
  return all;
}

/// Where podman's JSON leaves a duration out, it is not set.
std::optional<milliseconds> read_duration(const json& object, const char* key) {
  auto ns = number(object, key);
  if (ns == 0)
    return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(nanoseconds(ns));
}

void read_healthcheck(const json& config, inspection& into) {
  const auto& check = at(config, "Healthcheck");
  auto& seen = into.seen;
  seen.check.test = texts(at(check, "Test"));
  if (seen.check.test.empty() || seen.check.test.front() == "NONE") {
    seen.check = {};
    return;
  }
  seen.has_healthcheck = true;
  into.podman_interval = read_duration(check, "Interval").value_or(milliseconds{0});
  seen.check.interval = read_duration(check, "Interval");
  auto kept = text(at(config, "Annotations"), check_interval_annotation);
  if (auto ms = read_number<std::int64_t>(kept, -1); ms >= 0)
    seen.check.interval = milliseconds(ms);
  seen.check.timeout = read_duration(check, "Timeout");
  seen.check.start_period = read_duration(check, "StartPeriod");
  if (auto retries = number(check, "Retries"); retries > 0)
    seen.check.retries = static_cast<std::uint32_t>(retries);
}

void read_exit(const json& state, observation& seen) {
  // Only these states tell of an end; a container that a reboot took away is `created` again
  // and says 0, and -1 is podman's word for "nobody saw it".
  if (seen.status != engine_status::exited && seen.status != engine_status::stopped)
    return;
  if (auto code = number(state, "ExitCode"); code >= 0 && code <= 255)
    seen.exit.code = static_cast<std::int32_t>(code);
  seen.exit.oom = truth(state, "OOMKilled");
}

/// The first and the last address of a range: podman takes no CIDR for its leases.
std::optional<std::pair<std::string, std::string>> lease_range(const std::string& cidr) {
  auto slash = cidr.find('/');
  if (slash == std::string::npos)
    return std::nullopt;
  auto address = cidr.substr(0, slash);
  int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  std::size_t bytes = family == AF_INET ? 4 : 16;
  auto bits = read_number<std::size_t>(std::string_view(cidr).substr(slash + 1), 999);
  std::array<unsigned char, 16> first{};
  if (bits > bytes * 8 || inet_pton(family, address.c_str(), first.data()) != 1)
    return std::nullopt;
  auto last = first;
  for (std::size_t bit = bits; bit < bytes * 8; ++bit) {
    auto mask = static_cast<unsigned char>(0x80U >> (bit % 8));
    first[bit / 8] = static_cast<unsigned char>(first[bit / 8] & ~mask);
    last[bit / 8] = static_cast<unsigned char>(last[bit / 8] | mask);
  }
  char low[INET6_ADDRSTRLEN];
  char high[INET6_ADDRSTRLEN];
  inet_ntop(family, first.data(), low, sizeof low);
  inet_ntop(family, last.data(), high, sizeof high);
  return std::pair<std::string, std::string>{low, high};
}

result<std::string> dumped(const json& body, const std::string& what) {
  try {
    return body.dump();
  } catch (const json::exception&) {
    return fail(errc::invalid, what + " has a setting that is not UTF-8");
  }
}

} // namespace

result<std::string> network_body(const network& what, const string_map& labels) {
  string_map all = labels;
  all.insert(what.labels.begin(), what.labels.end());
  json body{{"name", what.name},
            {"driver", what.driver.empty() ? "bridge" : what.driver},
            {"labels", all},
            {"internal", what.internal},
            {"ipv6_enabled", what.enable_ipv6},
            {"dns_enabled", true}};
  for (const auto& [key, value] : what.driver_opts) {
    if (key == "com.docker.network.bridge.name")
      body["network_interface"] = value;
    else
      body["options"][key == "com.docker.network.driver.mtu" ? "mtu" : key] = value;
  }
  for (const auto& subnet : what.subnets) {
    if (subnet.subnet.empty())
      continue;
    json entry{{"subnet", subnet.subnet}};
    if (!subnet.gateway.empty())
      entry["gateway"] = subnet.gateway;
    if (!subnet.ip_range.empty()) {
      auto range = lease_range(subnet.ip_range);
      if (!range)
        return fail(errc::invalid,
                    "network " + what.name + ": ip_range " + subnet.ip_range + " is no range");
      entry["lease_range"] = {{"start_ip", range->first}, {"end_ip", range->second}};
    }
    body["subnets"].push_back(std::move(entry));
  }
  return dumped(body, "network " + what.name);
}

result<std::string> volume_body(const volume& what, const string_map& labels) {
  string_map all = labels;
  all.insert(what.labels.begin(), what.labels.end());
  json body{
    {"Name", what.name}, {"Driver", what.driver.empty() ? "local" : what.driver}, {"Label", all}};
  if (!what.driver_opts.empty())
    body["Options"] = what.driver_opts;
  return dumped(body, "volume " + what.name);
}

result<inspection> read_inspect(const std::string& body) {
  auto root = parse(body);
  inspection all;
  auto& seen = all.seen;
  seen.id = text(root, "Id");
  if (seen.id.empty())
    return fail(errc::corrupt, "podman's answer is no inspect of a container");
  const auto& state = at(root, "State");
  const auto& config = at(root, "Config");
  seen.name = text(root, "Name");
  seen.status = read_status(text(state, "Status"));
  seen.pid = static_cast<std::int32_t>(number(state, "Pid"));
  seen.conmon_pid = static_cast<std::int32_t>(number(state, "ConmonPid"));
  seen.started_at = read_time(text(state, "StartedAt"));
  seen.finished_at = read_time(text(state, "FinishedAt"));
  read_exit(state, seen);
  seen.health
    = text(at(state, at(state, "Health").is_object() ? "Health" : "Healthcheck"), "Status");
  read_healthcheck(config, all);
  seen.image = text(root, "ImageName");
  seen.image_id = text(root, "Image");
  const auto& stop = at(config, "StopSignal"); // a number in podman 4, a name in 5
  if (stop.is_number())
    seen.stop_signal = signal_name(stop.get<int>());
  else if (stop.is_string())
    seen.stop_signal = stop.get<std::string>();
  seen.labels = text_map(at(config, "Labels"));
  seen.ports = read_ports(at(at(root, "NetworkSettings"), "Ports"));
  if (const auto& mounts = at(root, "Mounts"); mounts.is_array())
    for (const auto& m : mounts)
      if (text(m, "Type") == "volume")
        seen.volumes[text(m, "Destination")] = text(m, "Name");
  all.tty = truth(config, "Tty");
  return all;
}

result<std::vector<std::string>> read_ids(const std::string& body) {
  auto root = parse(body);
  if (!root.is_array() && !root.is_null())
    return fail(errc::corrupt, "podman's answer is no list of containers");
  std::vector<std::string> ids;
  for (const auto& item : root)
    if (auto id = text(item, "Id"); !id.empty())
      ids.push_back(std::move(id));
  return ids;
}

result<image_facts> read_image(const std::string& body) {
  auto root = parse(body);
  image_facts facts{text(root, "Id"), texts(at(at(root, "Config"), "Entrypoint"))};
  if (facts.id.empty())
    return fail(errc::corrupt, "podman's answer is no inspect of an image");
  return facts;
}

std::string read_check(const std::string& body) { return text(parse(body), "Status"); }

std::string read_check_output(const std::string& body) {
  auto root = parse(body);
  const auto& state = at(root, "State");
  const auto& log
    = at(at(state, at(state, "Health").is_object() ? "Health" : "Healthcheck"), "Log");
  return log.is_array() && !log.empty() ? text(log.back(), "Output") : std::string{};
}

bool has_sessions(const std::string& body) {
  auto root = parse(body);
  const auto& ids = at(root, "ExecIDs");
  return ids.is_array() && !ids.empty();
}

std::string read_removal(const std::string& body) {
  auto root = parse(body);
  if (root.is_array())
    for (const auto& item : root)
      if (const auto& trouble = at(item, "Err"); !trouble.is_null())
        return json{{"message", trouble.is_string() ? trouble.get<std::string>() : trouble.dump()}}
          .dump();
  return {};
}

std::string label_filter(const std::string& key, const std::string& value) {
  return json{{"label", {key + "=" + value}}}.dump();
}

std::string read_text(const std::string& body, const char* key) { return text(parse(body), key); }

std::string qualified(const std::string& reference) {
  auto slash = reference.find('/');
  if (slash == std::string::npos)
    return "docker.io/library/" + reference;
  auto first = reference.substr(0, slash);
  bool host = first == "localhost" || first.find_first_of(".:") != std::string::npos;
  return host ? reference : "docker.io/" + reference;
}

std::int64_t read_time(std::string_view text) {
  // 2026-11-22T10:41:28.542891822Z, or with +01:00 in place of the Z.
  auto field = [&](std::size_t from, std::size_t count) {
    return from + count <= text.size() ? read_number<int>(text.substr(from, count), -1) : -1;
  };
  std::tm parts{};
  parts.tm_year = field(0, 4) - 1900;
  parts.tm_mon = field(5, 2) - 1;
  parts.tm_mday = field(8, 2);
  parts.tm_hour = field(11, 2);
  parts.tm_min = field(14, 2);
  parts.tm_sec = field(17, 2);
  if (parts.tm_year < 70 || parts.tm_mon < 0 || parts.tm_mday < 1 || parts.tm_hour < 0
      || parts.tm_min < 0 || parts.tm_sec < 0)
    return 0; // "0001-01-01T00:00:00Z" is podman's never
  std::int64_t ns = static_cast<std::int64_t>(timegm(&parts)) * ns_per_s;
  std::size_t next = 19;
  if (next < text.size() && text[next] == '.') {
    std::int64_t unit = ns_per_s / 10;
    for (++next; next < text.size() && text[next] >= '0' && text[next] <= '9'; ++next, unit /= 10)
      ns += (text[next] - '0') * unit;
  }
  if (next < text.size() && (text[next] == '+' || text[next] == '-')) {
    std::int64_t offset = field(next + 1, 2) * 3600 + field(next + 4, 2) * 60;
    ns -= (text[next] == '+' ? offset : -offset) * ns_per_s;
  }
  return ns;
}

std::string encoded(std::string_view text, std::string_view keep) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string all;
  for (char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                 || c == '-' || c == '_' || c == '.' || c == '~'
                 || keep.find(c) != std::string_view::npos;
    if (plain) {
      all += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    all += '%';
    all += digits[byte >> 4U];
    all += digits[byte & 15U];
  }
  return all;
}

} // namespace davit::effects::podman
