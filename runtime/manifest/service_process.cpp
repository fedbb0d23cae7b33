// What a service runs: command, environment, labels, image and restart.
#include "runtime/manifest/dotenv.hpp"
#include "runtime/manifest/service_reader.hpp"
#include "runtime/policy/consistency_parts.hpp"

#include <limits>

namespace davit::manifest {

using policy::quoted;

namespace {

constexpr key_of<env_file_ref> env_file_keys[] = {
  {"path",
   [](auto& c, auto& e, auto& r) {
     put(c.path(e), r.path);
     r.at = value(e).at;
   }},
  {"required", [](auto& c, auto& e, auto& r) { put(c.boolean(e), r.required); }},
  {"format",
   [](auto& c, auto& e, auto& r) {
     const auto format = c.text(e);
     if (format && *format != "raw")
       c.out.error(value(e).at, quoted(*format) + " is not a format of env files",
                   "use raw, or leave it out");
     r.raw = format == "raw";
   }},
};

void one_env_file(const context& c, const value& v, service_draft& d) {
  env_file_ref r;
  r.at = v.at;
  if (v.n.is_mapping()) {
    read_mapping<env_file_ref>(c, v.n, "'env_file'", env_file_keys, r);
    if (r.path.empty() && !v.n.find("path"))
      c.out.error(v.at, "an env file has no path", "add 'path'");
  } else {
    put(c.path(v), r.path);
  }
  if (!r.path.empty())
    d.env_files.push_back(std::move(r));
}

constexpr key_of<logging> logging_keys[] = {
  {"driver",
   [](auto& c, auto& e, auto& l) {
     const auto driver = c.text(e);
     if (!driver)
       return;
     if (*driver == "json-file" || *driver == "local" || *driver == "k8s-file")
       l.driver = "k8s-file";
     else if (*driver == "journald" || *driver == "none")
       l.driver = *driver;
     else
       c.out.warning(value(e).at,
                     "podman has no log driver " + quoted(*driver)
                       + "; a file with a size limit is used",
                     "use k8s-file, journald or none");
   }},
  {"options", [](auto& c, auto& e, auto& l) { put(c.map(e), l.options); }},
};

std::optional<restart_mode> restart_word(std::string_view word) {
  if (word == "no")
    return restart_mode::no;
  if (word == "always")
    return restart_mode::always;
  if (word == "unless-stopped")
    return restart_mode::unless_stopped;
  if (word == "on-failure")
    return restart_mode::on_failure;
  return std::nullopt;
}

} // namespace

void read_command(const context& c, const entry& e, service_draft& d) {
  if (auto words = c.words(e))
    d.s.command = std::move(*words);
}

void read_entrypoint(const context& c, const entry& e, service_draft& d) {
  if (auto words = c.words(e))
    d.s.entrypoint = std::move(*words);
}

void read_env_file(const context& c, const entry& e, service_draft& d) {
  if (e.value.is_scalar())
    one_env_file(c, e, d);
  else if (c.want_list(e))
    for (const auto& item : e.value.items)
      one_env_file(c, {item, e.key}, d);
}

void read_environment(const context& c, const entry& e, service_draft& d) {
  d.environment_at = value(e).at;
  if (e.value.is_null())
    return;
  put(c.key_values(e), d.environment);
  if (!e.value.is_mapping())
    return;
  for (const auto& variable : e.value.entries) {
    const auto type = type_of(variable.value);
    const bool number = type == scalar_type::integer || type == scalar_type::real;
    if (number && canonical(variable.value) != variable.value.text)
      c.out.warning(variable.value.at,
                    quoted(variable.key) + " is a number here and reaches the container as "
                      + canonical(variable.value),
                    "put it in quotes to keep its spelling");
  }
}

void resolve_environment(const context& c, service_draft& d,
                         const std::function<result<std::string>(const std::string&)>& read,
                         const std::function<bool(const std::string&)>& exists) {
  // A value in an env file may refer to the service's own `environment`.
  string_map own;
  for (const auto& [key, text] : d.environment)
    if (text)
      own[key] = *text;
  const lookup outer = [&](const std::string& name) -> const std::string* {
    if (const auto found = own.find(name); found != own.end())
      return &found->second;
    return c.variable(name);
  };
  for (const auto& file : d.env_files) {
    if (!file.required && !exists(file.path))
      continue;
    const auto text = read(file.path);
    if (!text) {
      c.out.error(file.at, "the env file cannot be read: " + text.error().message,
                  text.error().remedy);
      continue;
    }
    const auto found
      = file.raw ? parse_raw_env_file(*text, outer) : parse_env_file(*text, outer, d.s.environment);
    if (!found) {
      c.out.error(file.at, file.path + ": " + found.error().message, found.error().remedy);
      continue;
    }
    for (const auto& [key, value] : *found)
      d.s.environment[key] = value;
  }
  for (const auto& [key, text] : d.environment) {
    if (text) {
      d.s.environment[key] = *text;
    } else if (const auto* outer_value = c.variable(key)) {
      d.s.environment[key] = *outer_value;
    } else {
      d.s.environment.erase(key);
      c.out.warning(d.environment_at,
                    "the variable " + quoted(key) + " is not set; the container does not get it",
                    "set it in the environment or in .env");
    }
  }
}

void read_labels(const context& c, const entry& e, service_draft& d) {
  if (e.value.is_null())
    return;
  put(c.map(e), d.s.labels);
  for (const auto& [key, unused] : d.s.labels)
    if (key.rfind("io.davit.", 0) == 0 || key.rfind("com.docker.compose", 0) == 0)
      c.out.error(value(e).at, "the label " + quoted(key) + " is reserved", "remove it");
}

void read_build(const context& c, const entry& e, service_draft& d) {
  d.build_at = e.at;
  if (!e.value.is_scalar() && !e.value.is_mapping())
    c.wrong_type(e, "a path or a mapping");
}

void read_pull_policy(const context& c, const entry& e, service_draft& d) {
  const auto text = c.text(e);
  if (!text)
    return;
  if (*text == "missing" || *text == "if_not_present")
    d.s.pull = pull_policy::missing;
  else if (*text == "always")
    d.s.pull = pull_policy::always;
  else if (*text == "never")
    d.s.pull = pull_policy::never;
  else if (*text == "build")
    d.s.pull = pull_policy::build;
  else if (*text == "daily" || *text == "weekly" || text->rfind("every_", 0) == 0)
    c.out.warning(value(e).at, "images are not pulled by the calendar; 'missing' is used",
                  "pull with an update");
  else
    c.out.error(value(e).at, quoted(*text) + " is not a pull policy",
                "use missing, always, never or build");
}

void read_restart(const context& c, const entry& e, service_draft& d) {
  const auto text = c.text(e);
  if (!text)
    return;
  auto& r = d.s.davit.recovery;
  const auto colon = text->find(':');
  const auto mode = restart_word(text->substr(0, colon));
  if (!mode || (colon != std::string::npos && *mode != restart_mode::on_failure)) {
    c.out.error(value(e).at, quoted(*text) + " is not a restart policy",
                "use \"no\", always, unless-stopped or on-failure[:N]");
    return;
  }
  r.restart = *mode;
  if (colon == std::string::npos)
    return;
  node count;
  count.what = node::kind::scalar;
  count.text = text->substr(colon + 1);
  count.at = value(e).at;
  if (const auto n = c.integer({count, e.key}, 0, 1000))
    r.max_retries = static_cast<std::uint32_t>(*n);
}

void read_logging(const context& c, const entry& e, service_draft& d) {
  if (c.want_mapping(e))
    read_mapping<logging>(c, e.value, "'logging'", logging_keys, d.s.logging);
}

void read_scale(const context& c, const entry& e, service_draft&) {
  const auto n = c.integer(e, 0, std::numeric_limits<std::int32_t>::max());
  if (n && *n != 1)
    c.out.error(value(e).at,
                "Davit runs one container of a service; " + std::to_string(*n)
                  + " is not supported yet",
                "write the service as often as it is needed, or set it to 1");
}

} // namespace davit::manifest
