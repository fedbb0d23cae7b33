#include "runtime/manifest/top_level.hpp"

#include "runtime/manifest/rules_reader.hpp"
#include "runtime/policy/consistency_parts.hpp"

namespace davit::manifest {

using policy::quoted;

namespace {

struct project_draft {
  project& p;
  const davit_rules& base;
};

// `external: true`, or the old `external: {name: x}`.
template <class T> void read_external(const context& c, const entry& e, T& into) {
  if (!e.value.is_mapping()) {
    put(c.boolean(e), into.external);
    return;
  }
  c.out.warning(e.at, "'external' with a name is an old form", "write 'external: true' and 'name'");
  into.external = true;
  if (!into.name.empty())
    c.out.error(e.at, "the name is given twice, by 'name' and by 'external'", "keep 'name'");
  for (const auto& inner : e.value.entries)
    if (inner.key == "name")
      put(c.text(inner), into.name);
    else
      c.unknown_key(inner, "'external'", {"name"});
}

constexpr key_of<ipam_subnet> subnet_keys[] = {
  {"aux_addresses", ignored},
  {"gateway", [](auto& c, auto& e, auto& s) { put(c.text(e), s.gateway); }},
  {"ip_range", [](auto& c, auto& e, auto& s) { put(c.text(e), s.ip_range); }},
  {"subnet", [](auto& c, auto& e, auto& s) { put(c.text(e), s.subnet); }},
};

constexpr key_of<network> ipam_keys[] = {
  {"config",
   [](auto& c, auto& e, auto& n) {
     if (e.value.is_null() || !c.want_list(e))
       return;
     for (const auto& item : e.value.items) {
       ipam_subnet s;
       if (c.want_mapping({item, e.key}))
         read_mapping<ipam_subnet>(c, item, "'ipam.config'", subnet_keys, s);
       n.subnets.push_back(std::move(s));
     }
   }},
  {"driver",
   [](auto& c, auto& e, auto& n) {
     if (const auto driver = c.text(e); driver && *driver != "default" && *driver != "host-local")
       ignored(c, e, n);
   }},
  {"options", ignored},
};

constexpr key_of<network> network_keys[] = {
  {"attachable", ignored},
  {"driver", [](auto& c, auto& e, auto& n) { put(c.text(e), n.driver); }},
  {"driver_opts", [](auto& c, auto& e, auto& n) { put(c.map(e), n.driver_opts); }},
  {"enable_ipv4", ignored},
  {"enable_ipv6", [](auto& c, auto& e, auto& n) { put(c.boolean(e), n.enable_ipv6); }},
  {"external", read_external},
  {"internal", [](auto& c, auto& e, auto& n) { put(c.boolean(e), n.internal); }},
  {"ipam",
   [](auto& c, auto& e, auto& n) {
     if (!e.value.is_null() && c.want_mapping(e))
       read_mapping<network>(c, e.value, "'ipam'", ipam_keys, n);
   }},
  {"labels", [](auto& c, auto& e, auto& n) { put(c.map(e), n.labels); }},
  {"name", [](auto& c, auto& e, auto& n) { put(c.text(e), n.name); }},
};

constexpr key_of<volume> volume_keys[] = {
  {"driver", [](auto& c, auto& e, auto& v) { put(c.text(e), v.driver); }},
  {"driver_opts", [](auto& c, auto& e, auto& v) { put(c.map(e), v.driver_opts); }},
  {"external", read_external},
  {"labels", [](auto& c, auto& e, auto& v) { put(c.map(e), v.labels); }},
  {"name", [](auto& c, auto& e, auto& v) { put(c.text(e), v.name); }},
};

void external_source(const context& c, const entry& e, file_source&) {
  const bool off = as_boolean(e.value) == false;
  if (!off)
    c.out.error(e.at, "there is no store of secrets or configs outside the manifest",
                "name a 'file' or an 'environment' variable");
}

constexpr key_of<file_source> secret_keys[] = {
  {"driver", never},
  {"driver_opts", never},
  {"environment", [](auto& c, auto& e, auto& s) { put(c.text(e), s.environment); }},
  {"external", external_source},
  {"file", [](auto& c, auto& e, auto& s) { put(c.path(e), s.file); }},
  {"labels", ignored},
  {"name", ignored},
  {"template_driver", never},
};
constexpr key_of<file_source> config_keys[] = {
  {"content",
   [](auto& c, auto& e, auto& s) {
     if (auto text = c.text(e))
       s.content = std::move(*text);
   }},
  {"environment", [](auto& c, auto& e, auto& s) { put(c.text(e), s.environment); }},
  {"external", external_source},
  {"file", [](auto& c, auto& e, auto& s) { put(c.path(e), s.file); }},
  {"labels", ignored},
  {"name", ignored},
  {"template_driver", never},
};

// One section of things that have a name of their own at podman.
template <class T>
void named(const context& c, const entry& e, std::string_view where,
           std::span<const key_of<T>> table, const std::string& project,
           std::map<std::string, T>& into) {
  if (e.value.is_null() || !c.want_mapping(e))
    return;
  for (const auto& item : e.value.entries) {
    T t;
    if (!item.value.is_null() && c.want_mapping(item))
      read_mapping<T>(c, item.value, where, table, t);
    if (t.name.empty())
      t.name = t.external ? item.key : project + "_" + item.key;
    const bool described = !t.driver.empty() || !t.driver_opts.empty() || !t.labels.empty();
    if (t.external && described) {
      // Compose refuses it for a volume and lets it pass for a network.
      if constexpr (std::is_same_v<T, volume>)
        c.out.error(item.at, quoted(item.key) + " is external, so nothing of it can be set here",
                    "remove its driver, options and labels, or 'external'");
      else
        c.out.warning(item.at, quoted(item.key) + " is external, so it stays as it is",
                      "remove its driver, options and labels");
    }
    into[item.key] = std::move(t);
  }
}

void sources(const context& c, const entry& e, std::string_view where,
             std::span<const key_of<file_source>> table, std::map<std::string, file_source>& into) {
  if (e.value.is_null() || !c.want_mapping(e))
    return;
  for (const auto& item : e.value.entries)
    if (c.want_mapping(item))
      read_mapping<file_source>(c, item.value, where, table, into[item.key]);
}

constexpr key_of<project_draft> keys[] = {
  {"configs",
   [](auto& c, auto& e, auto& d) { sources(c, e, "a config", config_keys, d.p.model.configs); }},
  {"include", not_yet},
  {"models", never},
  {"name", [](auto& c, auto& e, auto&) { (void)c.text(e); }}, // decided before, see the loader
  {"networks",
   [](auto& c, auto& e, auto& d) {
     named<network>(c, e, "a network", network_keys, d.p.model.name, d.p.model.networks);
   }},
  {"secrets",
   [](auto& c, auto& e, auto& d) { sources(c, e, "a secret", secret_keys, d.p.model.secrets); }},
  {"services",
   [](auto& c, auto& e, auto& d) {
     if (e.value.is_null() || !c.want_mapping(e))
       return;
     for (const auto& s : e.value.entries)
       d.p.services.emplace(s.key, read_service(c, s, d.base));
   }},
  {"version",
   [](auto& c, auto& e, auto&) {
     if (c.text(e))
       c.out.warning(e.at, "'version' is obsolete and has no effect", "remove it");
   }},
  {"volumes",
   [](auto& c, auto& e, auto& d) {
     named<volume>(c, e, "a volume", volume_keys, d.p.model.name, d.p.model.volumes);
   }},
  {"x-davit", [](auto&, auto&, auto&) {}}, // read first: all services inherit it
};

} // namespace

project read_project(const context& c, const node& root, const std::string& name,
                     davit_rules base) {
  project p;
  p.model.name = name;
  for (const auto& e : root.entries)
    if (e.key == "x-davit")
      read_rules(c, e, rules_place::stack, base);
  project_draft d{p, base};
  read_mapping<project_draft>(c, root, "a Compose file", keys, d);
  return p;
}

} // namespace davit::manifest
