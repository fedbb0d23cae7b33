#include "runtime/manifest/loader.hpp"

#include "runtime/manifest/dotenv.hpp"
#include "runtime/manifest/merge.hpp"
#include "runtime/manifest/top_level.hpp"
#include "runtime/manifest/yaml.hpp"
#include "runtime/policy/consistency_parts.hpp"

#include <algorithm>

namespace davit::manifest {

using policy::quoted;

namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto next = text.find(at);
    if (next != 0)
      out.emplace_back(text.substr(0, next));
    text.remove_prefix(next == std::string_view::npos ? text.size() : next + 1);
  }
  return out;
}

bool is_true(const std::string& text) { return text == "1" || text == "true" || text == "TRUE"; }

class loading {
public:
  explicit loading(const inputs& in) : in_(in) {}

  loaded run() {
    loaded result;
    work(result.model);
    result.findings = out_.take();
    result.environment = std::move(environment_);
    return result;
  }

private:
  struct document {
    node root;
  };

  const std::string* variable(const std::string& name) const {
    const auto found = environment_.find(name);
    return found == environment_.end() ? nullptr : &found->second;
  }

  std::string absolute(const std::string& path) const {
    const auto* home = variable("HOME");
    return resolve_path(in_.working_dir, path, home ? *home : "/");
  }

  void work(stack& model) {
    environment_ = in_.environment;
    auto files = in_.files.empty() ? default_files() : in_.files;
    if (files.empty()) {
      out_.error({}, "there is no Compose file here", "name one, or go to its folder");
      return;
    }
    folder_ = folder_of(absolute(files.front()));
    read_env_files();
    auto documents = read_files(files, model);
    if (out_.refused())
      return;
    const auto name = project_name(documents);
    environment_["COMPOSE_PROJECT_NAME"] = name;
    auto root = merged(std::move(documents));
    // A template that failed would be read as a value.
    if (out_.refused())
      return;
    build(root, name, model);
  }

  std::vector<std::string> default_files() {
    if (const auto* named = variable("COMPOSE_FILE")) {
      const auto* separator = variable("COMPOSE_PATH_SEPARATOR");
      return split(*named, separator && !separator->empty() ? separator->front() : ':');
    }
    std::vector<std::string> found;
    for (const auto* name :
         {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"})
      if (in_.exists(absolute(name)))
        found.emplace_back(name);
    if (found.empty())
      return {};
    if (found.size() > 1)
      out_.warning({}, "there is more than one Compose file here; " + found.front() + " is used",
                   "name the one you mean");
    found.resize(1);
    const auto stem = found[0].substr(0, found[0].rfind('.'));
    for (const auto* ending : {".override.yaml", ".override.yml"})
      if (in_.exists(absolute(stem + ending))) {
        found.push_back(stem + ending);
        break;
      }
    return found;
  }

  void read_env_files() {
    std::vector<std::string> files;
    if (!in_.env_files.empty())
      for (const auto& file : in_.env_files)
        files.push_back(absolute(file));
    else if (const auto* off = variable("COMPOSE_DISABLE_ENV_FILE"); !off || !is_true(*off))
      if (const auto dotenv = folder_ + "/.env"; in_.exists(dotenv))
        files.push_back(dotenv);
    // The process's own variables win over every file, a later file over an earlier one.
    string_map from_files;
    const lookup outer = [&](const std::string& name) { return variable(name); };
    for (const auto& file : files) {
      const mark at{out_.add_file(file), 0, 0};
      const auto text = in_.read(file);
      if (!text) {
        out_.error(at, text.error().message, text.error().remedy);
        continue;
      }
      const auto found = parse_env_file(*text, outer, from_files);
      if (!found) {
        out_.error(at, found.error().message, found.error().remedy);
        continue;
      }
      for (const auto& [key, value] : *found)
        from_files[key] = value;
    }
    environment_.insert(from_files.begin(), from_files.end());
  }

  std::vector<document> read_files(const std::vector<std::string>& files, stack& model) {
    std::vector<document> documents;
    for (const auto& file : files) {
      const auto path = absolute(file);
      model.config_files.push_back(path);
      const int index = out_.add_file(file);
      const auto text = in_.read(path);
      if (!text) {
        out_.error({index, 0, 0}, text.error().message, text.error().remedy);
        continue;
      }
      const auto errors = out_.errors();
      auto roots = parse_yaml(*text, index, out_);
      if (out_.errors() > errors)
        continue;
      if (roots.empty())
        out_.error({index, 0, 0}, "the file is empty", "write at least 'services:' into it");
      for (auto& root : roots) {
        if (root.is_mapping())
          documents.push_back({std::move(root)});
        else
          out_.error(root.at, "a Compose file is a mapping, and this is " + describe(root),
                     "begin it with 'services:'");
      }
    }
    return documents;
  }

  // --name, $COMPOSE_PROJECT_NAME, `name:` of the last file that has one, the folder's name.
  std::string project_name(const std::vector<document>& documents) {
    const auto given = [&](const std::string& name, const char* where) {
      if (normal_project_name(name) != name)
        out_.error({}, "the project name " + quoted(name) + " from " + where + " is not usable",
                   "use lower-case letters, digits, '-' and '_', beginning with a letter or digit");
      return name;
    };
    if (!in_.project_name.empty())
      return given(in_.project_name, "the command line");
    if (const auto* name = variable("COMPOSE_PROJECT_NAME"); name && !name->empty())
      return given(*name, "COMPOSE_PROJECT_NAME");
    for (auto d = documents.rbegin(); d != documents.rend(); ++d) {
      const auto* name = d->root.find("name");
      if (!name || !name->is_scalar() || type_of(*name) != scalar_type::string)
        continue;
      std::set<std::string> unset;
      const auto text = interpolate(
        name->text, [&](const std::string& v) { return variable(v); }, unset);
      if (!text)
        continue; // said again, with its place, when the whole file is filled in
      auto normal = normal_project_name(*text);
      if (normal != *text)
        out_.warning(name->at, "the name " + quoted(*text) + " becomes " + quoted(normal),
                     "use lower-case letters, digits, '-' and '_'");
      if (!normal.empty())
        return normal;
    }
    auto name = normal_project_name(last_part(folder_));
    if (name.empty())
      out_.error({}, "the project has no name, and none can be made of the folder's",
                 "add 'name:' to the file, or use --name");
    return name;
  }

  node merged(std::vector<document> documents) {
    std::set<std::string> warned;
    const lookup find = [&](const std::string& name) { return variable(name); };
    node root;
    for (auto& d : documents) {
      interpolate_tree(d.root, find, warned, out_);
      root = merge(std::move(root), std::move(d.root), out_);
    }
    return root;
  }

  void build(const node& root, const std::string& name, stack& model) {
    const auto* home = variable("HOME");
    const context c{out_, folder_, home ? *home : "/",
                    [&](const std::string& v) { return variable(v); }};
    auto p = read_project(c, root, name, in_.defaults);
    p.model.config_files = std::move(model.config_files);
    model = std::move(p.model);
    model.working_dir = folder_;
    take_services(c, p.services, model);
    normalise(model);
    look_at_sources(root, model);
    for (auto& found : policy::check(model)) {
      if (said_.contains(found.path))
        continue;
      const auto at = locate(root, found.path);
      if (found.level == policy::severity::error)
        out_.error(at, std::move(found.message), std::move(found.remedy));
      else
        out_.warning(at, std::move(found.message), std::move(found.remedy));
    }
  }

  bool active(const service& s) const {
    auto wanted = in_.profiles;
    if (const auto* named = variable("COMPOSE_PROFILES"); wanted.empty() && named)
      wanted = split(*named, ',');
    return s.profiles.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const auto& w) {
             return w == "*"
                    || std::find(s.profiles.begin(), s.profiles.end(), w) != s.profiles.end();
           });
  }

  void take_services(const context& c, std::map<std::string, service_draft>& drafts, stack& model) {
    std::set<std::string> off;
    for (const auto& [name, d] : drafts)
      if (!active(d.s))
        off.insert(name);
    for (auto& [name, d] : drafts) {
      if (off.contains(name))
        continue;
      if (d.build_at && d.s.image.empty())
        said_.insert("services." + name + ".image");
      for (const auto& [wanted, how] : d.s.depends_on)
        if (off.contains(wanted) && how.required)
          out_.error(
            d.at, quoted(name) + " depends on " + quoted(wanted) + ", whose profile is not active",
            "activate it with --profile, or set 'required: false'");
      std::erase_if(d.s.depends_on, [&](const auto& edge) { return off.contains(edge.first); });
      resolve_environment(c, d, in_.read, in_.exists);
      model.services.emplace(name, std::move(d.s));
    }
  }

  static void normalise(stack& model) {
    bool used = false;
    for (auto& [name, s] : model.services) {
      if (s.networks.empty() && s.network_mode.empty())
        s.networks["default"];
      used = used || s.networks.contains("default");
    }
    if (used && !model.networks.contains("default"))
      model.networks["default"].name = model.name + "_default";
  }

  void look_at_sources(const node& root, const stack& model) {
    const auto look = [&](const char* section, const std::string& key, const file_source& s) {
      const auto path = std::string(section) + "." + key;
      const auto at = locate(root, path);
      const auto* all = root.find(section);
      const auto* one = all ? all->find(key) : nullptr;
      if (one && one->find("external"))
        said_.insert(path);
      if (!s.file.empty() && !in_.exists(s.file))
        out_.warning(at, "the file " + quoted(s.file) + " is not there",
                     "make it before the install");
      if (!s.environment.empty() && !variable(s.environment))
        out_.warning(at, "the variable " + quoted(s.environment) + " is not set",
                     "set it before the install");
    };
    for (const auto& [key, s] : model.secrets)
      look("secrets", key, s);
    for (const auto& [key, s] : model.configs)
      look("configs", key, s);
  }

  const inputs& in_;
  report out_;
  string_map environment_;
  std::string folder_;
  std::set<std::string> said_; ///< paths of which the reader has spoken more to the point
};

} // namespace

loaded load(const inputs& in) { return loading(in).run(); }

std::string normal_project_name(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c + 32);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter || (!out.empty() && (c == '_' || c == '-')))
      out += c;
  }
  return out;
}

} // namespace davit::manifest
