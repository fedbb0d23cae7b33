// The defaults that an administrator sets for every stack of the host.
#include "runtime/manifest/loader.hpp"
#include "runtime/manifest/rules_reader.hpp"
#include "runtime/manifest/yaml.hpp"
#include "runtime/policy/consistency_parts.hpp"

namespace davit::manifest {

host_config load_host_config(const std::string& path,
                             const std::function<result<std::string>(const std::string&)>& read,
                             const std::function<bool(const std::string&)>& exists) {
  host_config config;
  if (!exists(path))
    return config;
  report out;
  const int file = out.add_file(path);
  const auto text = read(path);
  if (!text) {
    out.error({file, 0, 0}, text.error().message, text.error().remedy);
    config.findings = out.take();
    return config;
  }
  const context c{out, "/", "/root",
                  [](const std::string&) -> const std::string* { return nullptr; }};
  const auto roots = parse_yaml(*text, file, out);
  if (roots.size() > 1)
    out.error(roots[1].at, "this file takes one document", "remove the second one");
  for (const auto& root : roots) {
    if (!root.is_mapping()) {
      out.error(root.at, "the configuration is a mapping, and this is " + describe(root),
                "begin it with 'defaults:'");
      continue;
    }
    for (const auto& e : root.entries)
      if (e.key == "defaults")
        read_rules(c, e, rules_place::host, config.defaults);
      else
        c.unknown_key(e, "the host's configuration", {"defaults"});
    std::vector<policy::inconsistency> found;
    policy::check_rules("defaults", config.defaults, found);
    for (auto& f : found)
      out.error(locate(root, f.path), std::move(f.message), std::move(f.remedy));
  }
  config.findings = out.take();
  return config;
}

} // namespace davit::manifest
