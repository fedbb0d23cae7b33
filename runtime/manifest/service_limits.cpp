// How much of the host a service may take: `deploy.resources`, and the older keys.
#include "runtime/manifest/service_reader.hpp"

#include <limits>

namespace davit::manifest {

namespace {

constexpr double most_cpus = 100'000;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

using limit = service_draft::limit;

template <class T> void set(std::optional<T> from, std::optional<T>& into) {
  if (from)
    into = from;
}

constexpr key_of<limit> limit_keys[] = {
  {"cpus", [](auto& c, auto& e, auto& l) { set(c.number(e, 0, most_cpus), l.cpus); }},
  {"memory", [](auto& c, auto& e, auto& l) { set(c.bytes(e), l.memory); }},
  {"pids", [](auto& c, auto& e, auto& l) { set(c.integer(e, -1, most), l.pids); }},
};
constexpr key_of<limit> reservation_keys[] = {
  {"cpus", ignored},
  {"devices", ignored},
  {"generic_resources", ignored},
  {"memory", [](auto& c, auto& e, auto& l) { set(c.bytes(e), l.reservation); }},
  {"pids", ignored},
};

template <class T>
void section(const context& c, const entry& e, const std::string& where,
             std::span<const key_of<T>> table, T& into) {
  if (!e.value.is_null() && c.want_mapping(e))
    read_mapping<T>(c, e.value, where, table, into);
}

constexpr key_of<limit> resource_keys[] = {
  {"limits", [](auto& c, auto& e,
                auto& l) { section<limit>(c, e, "'deploy.resources.limits'", limit_keys, l); }},
  {"reservations",
   [](auto& c, auto& e, auto& l) {
     section<limit>(c, e, "'deploy.resources.reservations'", reservation_keys, l);
   }},
};

using restart = std::pair<restart_mode, std::optional<std::uint32_t>>;
constexpr key_of<restart> restart_keys[] = {
  {"condition",
   [](auto& c, auto& e, auto& r) {
     const auto word = c.text(e);
     if (!word)
       return;
     if (*word == "none")
       r.first = restart_mode::no;
     else if (*word == "on-failure")
       r.first = restart_mode::on_failure;
     else if (*word == "any")
       r.first = restart_mode::always;
     else
       c.out.error(value(e).at, "'condition' does not know this word",
                   "use none, on-failure or any");
   }},
  {"delay", ignored},
  {"max_attempts",
   [](auto& c, auto& e, auto& r) {
     if (const auto n = c.integer(e, 0, std::numeric_limits<std::int32_t>::max()))
       r.second = static_cast<std::uint32_t>(*n);
   }},
  {"window", ignored},
};

constexpr key_of<service_draft> deploy_keys[] = {
  {"endpoint_mode", ignored},
  {"labels", ignored},
  {"mode",
   [](auto& c, auto& e, auto& d) {
     if (const auto mode = c.text(e); mode && *mode != "replicated")
       ignored(c, e, d);
   }},
  {"placement", ignored},
  {"replicas", read_scale},
  {"resources",
   [](auto& c, auto& e, auto& d) {
     section<limit>(c, e, "'deploy.resources'", resource_keys, d.deploy_limits);
   }},
  {"restart_policy",
   [](auto& c, auto& e, auto& d) {
     restart r{restart_mode::always, std::nullopt};
     section<restart>(c, e, "'deploy.restart_policy'", restart_keys, r);
     if (r.first != restart_mode::on_failure)
       r.second.reset();
     d.deploy_restart = r;
   }},
  {"rollback_config", ignored},
  {"update_config", ignored},
};

constexpr key_of<ulimit> ulimit_keys[] = {
  {"hard", [](auto& c, auto& e, auto& u) { put(c.integer(e, -1, most), u.hard); }},
  {"soft", [](auto& c, auto& e, auto& u) { put(c.integer(e, -1, most), u.soft); }},
};

template <class T>
void agree(const context& c, const service_draft& d, const char* name, const std::optional<T>& ours,
           std::optional<T>& into) {
  if (ours && into && *ours != *into)
    c.out.error(d.deploy_at, std::string("'deploy' and '") + name + "' say different things",
                "keep one of them");
  set(ours, into);
}

} // namespace

void read_deploy(const context& c, const entry& e, service_draft& d) {
  d.deploy_at = e.at;
  section<service_draft>(c, e, "'deploy'", deploy_keys, d);
}

void read_ulimits(const context& c, const entry& e, service_draft& d) {
  if (e.value.is_null() || !c.want_mapping(e))
    return;
  for (const auto& u : e.value.entries) {
    ulimit both;
    if (u.value.is_mapping()) {
      read_mapping<ulimit>(c, u.value, "a ulimit", ulimit_keys, both);
      if (!u.value.find("soft") || !u.value.find("hard"))
        c.out.error(u.at, "a ulimit needs both 'soft' and 'hard'", "add the other one");
    } else if (const auto n = c.integer(u, -1, most)) {
      both = {*n, *n};
    }
    d.s.resources.ulimits[u.key] = both;
  }
}

void read_pids_limit(const context& c, const entry& e, service_draft& d) {
  set(c.integer(e, -1, most), d.s.resources.pids);
}

void settle_limits(const context& c, service_draft& d) {
  auto& r = d.s.resources;
  const auto& l = d.deploy_limits;
  agree(c, d, "cpus", l.cpus, r.cpus);
  agree(c, d, "mem_limit", l.memory, r.memory);
  agree(c, d, "mem_reservation", l.reservation, r.memory_reservation);
  agree(c, d, "pids_limit", l.pids, r.pids);
}

} // namespace davit::manifest
