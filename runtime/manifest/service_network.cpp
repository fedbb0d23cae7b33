// How a service is reached, and what it waits for.
#include "runtime/manifest/service_reader.hpp"
#include "runtime/policy/consistency_parts.hpp"

#include <algorithm>
#include <limits>

namespace davit::manifest {

using policy::quoted;

namespace {

constexpr std::int64_t most_retries = std::numeric_limits<std::int32_t>::max();

struct long_port {
  std::string host_ip;
  std::string published;
  std::string protocol = "tcp";
  std::int64_t target = 0;
};

constexpr key_of<long_port> port_keys[] = {
  {"target", [](auto& c, auto& e, auto& p) { put(c.integer(e, 1, 65535), p.target); }},
  {"published", [](auto& c, auto& e, auto& p) { put(c.loose_text(e), p.published); }},
  {"host_ip", [](auto& c, auto& e, auto& p) { put(c.text(e), p.host_ip); }},
  {"protocol", [](auto& c, auto& e, auto& p) { put(c.text(e), p.protocol); }},
  {"mode",
   [](auto& c, auto& e, auto& p) {
     if (const auto mode = c.text(e); mode && *mode != "ingress" && *mode != "host")
       ignored(c, e, p);
   }},
  {"name", ignored},
  {"app_protocol", ignored},
};

void add_port(service_draft& d, port_mapping p) {
  auto& all = d.s.ports;
  if (std::find(all.begin(), all.end(), p) == all.end())
    all.push_back(std::move(p));
}

void read_long_port(const context& c, const value& v, service_draft& d) {
  long_port p;
  read_mapping<long_port>(c, v.n, "'ports'", port_keys, p);
  if (p.target == 0) {
    if (!v.n.find("target"))
      c.out.error(v.at, "a port has no target", "add 'target', the port inside the container");
    return;
  }
  port_mapping out;
  out.host_ip = p.host_ip;
  out.protocol = p.protocol;
  out.container_port = static_cast<std::uint16_t>(p.target);
  if (!p.published.empty()) {
    const auto range = parse_port_range(p.published);
    if (!range) {
      c.failed(v, range.error());
      return;
    }
    out.host_port = range->first;
    if (range->first != range->second)
      c.out.warning(v.at,
                    quoted(p.published) + " publishes one port out of a range: the first is taken",
                    "name one port");
  }
  add_port(d, std::move(out));
}

constexpr key_of<network_attachment> attachment_keys[] = {
  {"aliases", [](auto& c, auto& e, auto& n) { put(c.texts(e), n.aliases); }},
  {"ipv4_address", [](auto& c, auto& e, auto& n) { put(c.text(e), n.ipv4); }},
  {"ipv6_address", [](auto& c, auto& e, auto& n) { put(c.text(e), n.ipv6); }},
  {"driver_opts", ignored},
  {"gw_priority", ignored},
  {"interface_name", ignored},
  {"link_local_ips", ignored},
  {"mac_address", not_yet},
  {"priority", ignored},
};

constexpr key_of<dependency> dependency_keys[] = {
  {"condition",
   [](auto& c, auto& e, auto& d) {
     const auto word = c.text(e);
     if (!word)
       return;
     if (*word == "service_started")
       d.condition = depend_on::started;
     else if (*word == "service_healthy")
       d.condition = depend_on::healthy;
     else if (*word == "service_completed_successfully")
       d.condition = depend_on::completed;
     else
       c.out.error(value(e).at, quoted(*word) + " is not a condition",
                   "use service_started, service_healthy or service_completed_successfully");
   }},
  {"required", [](auto& c, auto& e, auto& d) { put(c.boolean(e), d.required); }},
  {"restart", [](auto& c, auto& e, auto& d) { put(c.boolean(e), d.restart); }},
};

template <std::optional<milliseconds> healthcheck::*Member>
void health_time(const context& c, const entry& e, healthcheck& h) {
  if (const auto t = c.duration(e))
    h.*Member = *t;
}

constexpr key_of<healthcheck> health_keys[] = {
  {"disable", [](auto& c, auto& e, auto& h) { put(c.boolean(e), h.disable); }},
  {"interval", health_time<&healthcheck::interval>},
  {"retries",
   [](auto& c, auto& e, auto& h) {
     if (const auto n = c.integer(e, 0, most_retries))
       h.retries = static_cast<std::uint32_t>(*n);
   }},
  {"start_interval", health_time<&healthcheck::start_interval>},
  {"start_period", health_time<&healthcheck::start_period>},
  {"test",
   [](auto& c, auto& e, auto& h) {
     if (e.value.is_null())
       return;
     if (e.value.is_scalar()) {
       if (auto line = c.text(e))
         h.test = {"CMD-SHELL", std::move(*line)};
       return;
     }
     put(c.texts(e), h.test);
     if (!h.test.empty() && h.test[0] == "NONE") {
       h.test.clear();
       h.disable = true;
     }
   }},
  {"timeout", health_time<&healthcheck::timeout>},
};

// "host:ip", "host=ip" or "host:[v6]" as "host:ip".
std::optional<std::string> host_line(const std::string& host, std::string address) {
  if (address.size() > 1 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  if (host.empty() || address.empty())
    return std::nullopt;
  return host + ":" + address;
}

} // namespace

void read_ports(const context& c, const entry& e, service_draft& d) {
  if (e.value.is_null() || !c.want_list(e))
    return;
  for (const auto& item : e.value.items) {
    const value v{item, e.key};
    if (item.is_mapping()) {
      read_long_port(c, v, d);
      continue;
    }
    const auto text = c.loose_text(v);
    if (!text)
      continue;
    std::string note;
    const auto ports = parse_ports(*text, note);
    if (!ports) {
      c.failed(v, ports.error());
      continue;
    }
    if (!note.empty())
      c.out.warning(v.at, note, "name one port");
    for (const auto& p : *ports)
      add_port(d, p);
  }
}

void read_expose(const context& c, const entry& e, service_draft& d) {
  auto all = c.texts(e, false, true);
  if (!all)
    return;
  for (const auto& text : *all) {
    std::string note;
    if (text.find(':') != std::string::npos || !parse_ports(text, note))
      c.out.error(value(e).at, quoted(text) + " is not a port", "write it as '8080' or '53/udp'");
  }
  d.s.expose = std::move(*all);
}

void read_network_mode(const context& c, const entry& e, service_draft& d) {
  auto mode = c.text(e);
  if (mode && *mode != "default") // Compose's word for "as if nothing was said"
    d.s.network_mode = std::move(*mode);
}

void read_service_networks(const context& c, const entry& e, service_draft& d) {
  d.networks_at = e.at;
  if (e.value.is_sequence()) {
    for (const auto& item : e.value.items) {
      const auto name = c.text({item, e.key});
      if (name && !d.s.networks.try_emplace(*name).second)
        c.out.error(item.at, "the network " + quoted(*name) + " is here twice", "keep one");
    }
    return;
  }
  if (!c.want_mapping(e))
    return;
  for (const auto& n : e.value.entries) {
    auto& attachment = d.s.networks[n.key];
    if (!n.value.is_null() && c.want_mapping(n))
      read_mapping<network_attachment>(c, n.value, "a service's network", attachment_keys,
                                       attachment);
  }
}

void read_links(const context& c, const entry& e, service_draft& d) {
  const auto all = c.texts(e);
  if (!all)
    return;
  c.out.warning(e.at,
                "'links' only orders the start here: a service is reached by its name on a "
                "shared network",
                "use depends_on, and network aliases where another name is needed");
  for (const auto& link : *all)
    d.s.depends_on.try_emplace(link.substr(0, link.find(':')),
                               dependency{depend_on::started, true, true});
}

void read_extra_hosts(const context& c, const entry& e, service_draft& d) {
  const auto add = [&](const mark& at, const std::string& host, const std::string& address) {
    if (auto line = host_line(host, address))
      d.s.extra_hosts.push_back(std::move(*line));
    else
      c.out.error(at, "an extra host needs a name and an address", "write it as 'name:10.0.0.1'");
  };
  if (e.value.is_mapping()) {
    for (const auto& host : e.value.entries)
      if (const auto addresses = c.texts(host, true))
        for (const auto& address : *addresses)
          add(host.at, host.key, address);
    return;
  }
  if (!c.want_list(e))
    return;
  for (const auto& item : e.value.items)
    if (const auto line = c.text({item, e.key})) {
      const auto sign = line->find_first_of("=:");
      add(item.at, line->substr(0, sign),
          sign == std::string::npos ? std::string{} : line->substr(sign + 1));
    }
}

void read_depends_on(const context& c, const entry& e, service_draft& d) {
  if (e.value.is_sequence()) {
    std::vector<std::string> seen;
    for (const auto& item : e.value.items) {
      auto name = c.text({item, e.key});
      if (!name)
        continue;
      if (std::find(seen.begin(), seen.end(), *name) != seen.end())
        c.out.error(item.at, "the dependency " + quoted(*name) + " is here twice", "keep one");
      d.s.depends_on[*name] = {};
      seen.push_back(std::move(*name));
    }
    return;
  }
  if (!c.want_mapping(e))
    return;
  for (const auto& wanted : e.value.entries) {
    dependency how;
    if (wanted.value.is_mapping()) {
      read_mapping<dependency>(c, wanted.value, "a dependency", dependency_keys, how);
      if (!wanted.value.find("condition"))
        c.out.error(wanted.at, "the dependency " + quoted(wanted.key) + " has no condition",
                    "add 'condition: service_started'");
    } else {
      c.wrong_type(wanted, "a mapping with a condition");
    }
    d.s.depends_on[wanted.key] = how;
  }
}

void read_healthcheck(const context& c, const entry& e, service_draft& d) {
  if (e.value.is_null() || !c.want_mapping(e))
    return;
  healthcheck h;
  read_mapping<healthcheck>(c, e.value, "'healthcheck'", health_keys, h);
  d.s.healthcheck = std::move(h);
}

} // namespace davit::manifest
