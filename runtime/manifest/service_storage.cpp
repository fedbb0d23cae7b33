// What a service sees of files: volumes, secrets, configs, devices.
#include "runtime/manifest/service_reader.hpp"
#include "runtime/policy/consistency_parts.hpp"

#include <algorithm>

namespace davit::manifest {

using policy::quoted;

namespace {

bool any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// One word of a volume's short form into the mount.
void add_option(const context& c, const mark& at, const std::string& option, mount& m) {
  std::string word = option;
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char ch) { return ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch + 32) : ch; });
  if (word == "ro")
    m.read_only = true;
  else if (word == "rw")
    m.read_only = false;
  else if (option == "z" || option == "Z" || option == "U")
    m.options.push_back(option);
  else if (any_of(word, {"nocopy", "shared", "rshared", "slave", "rslave", "private", "rprivate",
                         "exec", "noexec", "suid", "nosuid", "dev", "nodev"}))
    m.options.push_back(word);
  else if (any_of(word, {"cached", "delegated", "consistent"}))
    c.out.warning(at, quoted(option) + " means nothing on Linux", "remove it");
  else
    c.out.warning(at, quoted(option) + " is not an option of a volume and is left out",
                  "remove it");
}

void tmpfs_options(const context& c, const mark& at, std::string_view list, mount& m) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto word = std::string(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    const auto rest = [&](std::string_view key) { return word.substr(key.size()); };
    if (word.rfind("size=", 0) == 0) {
      if (const auto size = parse_bytes(rest("size=")))
        m.tmpfs_size = *size;
      else
        c.out.error(at, "'tmpfs': " + size.error().message, size.error().remedy);
    } else if (word.rfind("mode=", 0) == 0) {
      if (const auto mode = parse_mode(rest("mode=")))
        m.tmpfs_mode = *mode;
      else
        c.out.error(at, "'tmpfs': " + mode.error().message, mode.error().remedy);
    } else if (!word.empty()) {
      m.options.push_back(word);
    }
  }
}

constexpr key_of<mount> bind_keys[] = {
  {"create_host_path", [](auto& c, auto& e, auto& m) { put(c.boolean(e), m.create_host_path); }},
  {"propagation",
   [](auto& c, auto& e, auto& m) {
     if (auto word = c.text(e))
       m.options.push_back(std::move(*word));
   }},
  {"recursive", not_yet},
  {"selinux",
   [](auto& c, auto& e, auto& m) {
     if (auto word = c.text(e))
       m.options.push_back(std::move(*word));
   }},
};
constexpr key_of<mount> volume_keys[] = {
  {"labels", ignored},
  {"nocopy",
   [](auto& c, auto& e, auto& m) {
     if (c.boolean(e).value_or(false))
       m.options.push_back("nocopy");
   }},
  {"subpath", not_yet},
};
constexpr key_of<mount> tmpfs_keys[] = {
  {"mode",
   [](auto& c, auto& e, auto& m) {
     if (const auto mode = c.mode(e))
       m.tmpfs_mode = *mode;
   }},
  {"size",
   [](auto& c, auto& e, auto& m) {
     if (const auto size = c.bytes(e))
       m.tmpfs_size = *size;
   }},
};

struct long_mount {
  mount m;
  std::string type = "volume";
};

void sub(const context& c, const entry& e, std::span<const key_of<mount>> table, mount& m) {
  if (!e.value.is_null() && c.want_mapping(e))
    read_mapping<mount>(c, e.value, "'" + e.key + "' of a volume", table, m);
}

constexpr key_of<long_mount> mount_keys[] = {
  {"bind", [](auto& c, auto& e, auto& l) { sub(c, e, bind_keys, l.m); }},
  {"consistency", ignored},
  {"image", not_yet},
  {"read_only", [](auto& c, auto& e, auto& l) { put(c.boolean(e), l.m.read_only); }},
  {"source", [](auto& c, auto& e, auto& l) { put(c.text(e), l.m.source); }},
  {"target", [](auto& c, auto& e, auto& l) { put(c.text(e), l.m.target); }},
  {"tmpfs", [](auto& c, auto& e, auto& l) { sub(c, e, tmpfs_keys, l.m); }},
  {"type", [](auto& c, auto& e, auto& l) { put(c.text(e), l.type); }},
  {"volume", [](auto& c, auto& e, auto& l) { sub(c, e, volume_keys, l.m); }},
};

// "/data/" and "/data" are one target; what is not absolute is left for the check to name.
std::string clean_target(std::string target) {
  return target.empty() || target.front() != '/' ? target : resolve_path("/", target, "/");
}

void read_long_volume(const context& c, const value& v, service_draft& d) {
  long_mount l;
  read_mapping<long_mount>(c, v.n, "a volume", mount_keys, l);
  if (!v.n.find("type"))
    c.out.error(v.at, "a volume has no type", "add 'type: bind', volume or tmpfs");
  if (!v.n.find("target"))
    c.out.error(v.at, "a volume has no target", "add 'target', the path in the container");
  auto& m = l.m;
  if (l.type == "bind") {
    m.type = mount::kind::bind;
    if (m.source.empty())
      c.out.error(v.at, "a bind mount has no source", "add 'source', a path of the host");
    else
      m.source = resolve_path(c.working_dir, m.source, c.home);
  } else if (l.type == "tmpfs") {
    m.type = mount::kind::tmpfs;
    if (!m.source.empty())
      c.out.error(v.at, "a tmpfs has no source", "remove 'source'");
  } else if (l.type == "volume") {
    m.type = mount::kind::volume;
    if (looks_like_path(m.source))
      c.out.error(v.at, "a volume's source is a name, and this is a path",
                  "use 'type: bind' for a path");
  } else if (l.type == "image") {
    c.out.error(v.at, "volumes of the type 'image' are not supported yet", "use another type");
    return;
  } else {
    c.out.error(v.at, quoted(l.type) + " is not a type of volume on Linux",
                "use bind, volume or tmpfs");
  }
  m.target = clean_target(std::move(m.target));
  if (!m.target.empty())
    d.s.mounts.push_back(std::move(m));
}

void read_short_volume(const context& c, const value& v, service_draft& d) {
  const auto text = c.text(v);
  if (!text)
    return;
  const auto parsed = parse_volume(*text);
  if (!parsed) {
    c.failed(v, parsed.error());
    return;
  }
  mount m;
  m.target = clean_target(parsed->target);
  if (looks_like_path(parsed->source)) {
    m.type = mount::kind::bind;
    m.source = resolve_path(c.working_dir, parsed->source, c.home);
  } else {
    m.source = parsed->source;
  }
  for (const auto& option : parsed->options)
    add_option(c, v.at, option, m);
  d.s.mounts.push_back(std::move(m));
}

constexpr key_of<file_grant> grant_keys[] = {
  {"gid", [](auto& c, auto& e, auto& g) { put(c.loose_text(e), g.gid); }},
  {"mode",
   [](auto& c, auto& e, auto& g) {
     if (const auto mode = c.mode(e))
       g.mode = *mode;
   }},
  {"source", [](auto& c, auto& e, auto& g) { put(c.text(e), g.source); }},
  {"target", [](auto& c, auto& e, auto& g) { put(c.text(e), g.target); }},
  {"uid", [](auto& c, auto& e, auto& g) { put(c.loose_text(e), g.uid); }},
};

constexpr std::uint32_t default_grant_mode = 0444;

void read_grants(const context& c, const entry& e, const std::string& folder,
                 std::vector<file_grant>& into) {
  if (e.value.is_null() || !c.want_list(e))
    return;
  for (const auto& item : e.value.items) {
    file_grant g;
    const value v{item, e.key};
    if (item.is_mapping()) {
      read_mapping<file_grant>(c, item, "'" + e.key + "'", grant_keys, g);
      if (!item.find("source"))
        c.out.error(item.at, "an entry of '" + e.key + "' has no source", "add 'source'");
    } else {
      put(c.text(v), g.source);
    }
    if (g.source.empty())
      continue;
    if (g.target.empty())
      g.target = folder + g.source;
    else if (g.target.front() != '/')
      g.target = folder + g.target;
    if (!g.mode)
      g.mode = default_grant_mode;
    into.push_back(std::move(g));
  }
}

struct long_device {
  std::string source;
  std::string target;
  std::string permissions;
};
constexpr key_of<long_device> device_keys[] = {
  {"permissions", [](auto& c, auto& e, auto& d) { put(c.text(e), d.permissions); }},
  {"source", [](auto& c, auto& e, auto& d) { put(c.text(e), d.source); }},
  {"target", [](auto& c, auto& e, auto& d) { put(c.text(e), d.target); }},
};

} // namespace

void read_volumes(const context& c, const entry& e, service_draft& d) {
  if (e.value.is_null() || !c.want_list(e))
    return;
  for (const auto& item : e.value.items) {
    if (item.is_mapping())
      read_long_volume(c, {item, e.key}, d);
    else
      read_short_volume(c, {item, e.key}, d);
  }
}

void read_tmpfs(const context& c, const entry& e, service_draft& d) {
  const auto all = c.texts(e, true);
  if (!all)
    return;
  for (const auto& text : *all) {
    mount m;
    m.type = mount::kind::tmpfs;
    const auto colon = text.find(':');
    m.target = clean_target(text.substr(0, colon));
    if (colon != std::string::npos)
      tmpfs_options(c, value(e).at, std::string_view(text).substr(colon + 1), m);
    d.s.mounts.push_back(std::move(m));
  }
}

void read_secrets(const context& c, const entry& e, service_draft& d) {
  read_grants(c, e, "/run/secrets/", d.s.secrets);
}

void read_configs(const context& c, const entry& e, service_draft& d) {
  read_grants(c, e, "/", d.s.configs);
}

void read_devices(const context& c, const entry& e, service_draft& d) {
  if (e.value.is_null() || !c.want_list(e))
    return;
  for (const auto& item : e.value.items) {
    if (!item.is_mapping()) {
      if (auto text = c.text({item, e.key}))
        d.s.devices.push_back(std::move(*text));
      continue;
    }
    long_device l;
    read_mapping<long_device>(c, item, "'devices'", device_keys, l);
    if (l.source.empty()) {
      c.out.error(item.at, "a device has no source", "add 'source', such as /dev/ttyUSB0");
      continue;
    }
    auto text = l.source + ":" + (l.target.empty() ? l.source : l.target);
    if (!l.permissions.empty())
      text += ":" + l.permissions;
    d.s.devices.push_back(std::move(text));
  }
}

} // namespace davit::manifest
