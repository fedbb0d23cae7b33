#include "runtime/manifest/merge.hpp"

#include "runtime/manifest/formats.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

namespace davit::manifest {

namespace {

// "services.*.ports" for the ports of any service: one step of a path may be anything.
struct path {
  const path* up = nullptr;
  std::string_view name;

  bool matches(std::string_view pattern) const {
    const path* here = this;
    for (;;) {
      const auto dot = pattern.rfind('.');
      const auto step = dot == std::string_view::npos ? pattern : pattern.substr(dot + 1);
      if (!here || (step != "*" && step != here->name))
        return false;
      here = here->up;
      if (dot == std::string_view::npos)
        return here == nullptr;
      pattern = pattern.substr(0, dot);
    }
  }
  bool any(std::initializer_list<std::string_view> patterns) const {
    return std::any_of(patterns.begin(), patterns.end(), [&](auto p) { return matches(p); });
  }
};

node scalar(std::string text, const mark& at) {
  node n;
  n.what = node::kind::scalar;
  n.quoted = true;
  n.text = std::move(text);
  n.at = at;
  return n;
}

void set(node& map, std::string key, const mark& at, node value) {
  if (auto* there = map.find(key))
    *there = std::move(value);
  else
    map.entries.push_back({std::move(key), at, std::move(value)});
}

// ["A=1", "B"] as {A: 1, B: null}.
node as_pairs(node n) {
  if (!n.is_sequence())
    return n;
  node map;
  map.what = node::kind::mapping;
  map.at = n.at;
  for (auto& item : n.items) {
    const auto text = canonical(item);
    const auto equals = text.find('=');
    node value;
    value.at = item.at;
    if (equals != std::string::npos)
      value = scalar(text.substr(equals + 1), item.at);
    set(map, text.substr(0, equals), item.at, std::move(value));
  }
  return map;
}

// [a, b] as {a: ..., b: ...} with the same value for each.
node as_keys(node n, const std::function<node(const mark&)>& value) {
  if (!n.is_sequence())
    return n;
  node map;
  map.what = node::kind::mapping;
  map.at = n.at;
  for (auto& item : n.items)
    set(map, item.text, item.at, value(item.at));
  return map;
}

node started(const mark& at) {
  node map;
  map.what = node::kind::mapping;
  map.at = at;
  set(map, "condition", at, scalar("service_started", at));
  return map;
}

node nothing(const mark& at) {
  node n;
  n.at = at;
  return n;
}

node as_list(node n) {
  if (!n.is_scalar())
    return n;
  node list;
  list.what = node::kind::sequence;
  list.at = n.at;
  list.items.push_back(std::move(n));
  return list;
}

// {a: 1, b: [2, 3]} as ["a=1", "b=2", "b=3"].
node as_lines(node n) {
  if (!n.is_mapping())
    return n;
  node list;
  list.what = node::kind::sequence;
  list.at = n.at;
  for (const auto& e : n.entries) {
    const auto values = as_list(e.value);
    for (const auto& value : values.items)
      list.items.push_back(scalar(e.key + "=" + canonical(value), value.at));
  }
  return list;
}

// Both forms of one thing brought into the form in which they can be merged.
node normal_form(node n, const path& p) {
  if (p.any({"services.*.environment", "services.*.labels", "services.*.annotations",
             "services.*.sysctls", "services.*.deploy.labels", "networks.*.labels",
             "volumes.*.labels"}))
    return as_pairs(std::move(n));
  if (p.matches("services.*.depends_on"))
    return as_keys(std::move(n), started);
  if (p.matches("services.*.networks"))
    return as_keys(std::move(n), nothing);
  if (p.matches("services.*.extra_hosts"))
    return as_lines(std::move(n));
  if (p.any({"services.*.dns", "services.*.dns_search", "services.*.tmpfs", "services.*.env_file"}))
    return as_list(std::move(n));
  return n;
}

// What makes two entries of a list the same one; empty: nothing does.
std::string identity(const node& item, const path& p) {
  const auto child = [&](std::string_view key) {
    const auto* n = item.find(key);
    return n && n->is_scalar() ? n->text : std::string{};
  };
  if (p.matches("services.*.volumes")) {
    if (item.is_mapping())
      return child("target");
    const auto parsed = parse_volume(item.text);
    return parsed ? parsed->target : std::string{};
  }
  if (p.any({"services.*.secrets", "services.*.configs"})) {
    if (!item.is_mapping())
      return item.text;
    const auto target = child("target");
    return target.empty() ? child("source") : target;
  }
  if (p.matches("networks.*.ipam.config"))
    return child("subnet");
  if (p.matches("services.*.devices")) {
    if (item.is_mapping())
      return child("target").empty() ? child("source") : child("target");
    const auto colon = item.text.find(':');
    return colon == std::string::npos
             ? item.text
             : item.text.substr(colon + 1, item.text.find(':', colon + 1) - colon - 1);
  }
  if (p.matches("services.*.extra_hosts")) {
    auto line = item.text;
    if (const auto sign = line.find_first_of("=:"); sign != std::string::npos)
      line[sign] = '=';
    return line;
  }
  if (p.any({"services.*.expose", "services.*.cap_add", "services.*.cap_drop",
             "services.*.profiles", "services.*.dns", "services.*.dns_search", "services.*.dns_opt",
             "services.*.tmpfs"}))
    return item.is_scalar() ? item.text : std::string{};
  return {};
}

node merge_at(node base, node over, const path& p, report& out);

node append(node base, node over, const path& p, report& out) {
  for (auto& item : over.items) {
    const auto id = identity(item, p);
    const auto same = std::find_if(base.items.begin(), base.items.end(), [&](const node& there) {
      return !id.empty() && identity(there, p) == id;
    });
    if (same == base.items.end())
      base.items.push_back(std::move(item));
    else if (p.matches("networks.*.ipam.config"))
      *same = merge_at(std::move(*same), std::move(item), path{&p, "config"}, out);
    else
      *same = std::move(item);
  }
  return base;
}

// `!reset` also speaks where there is nothing below it to remove.
void drop_resets(node& n) {
  std::erase_if(n.entries, [](const entry& e) { return e.value.how == node::merging::reset; });
  std::erase_if(n.items, [](const node& i) { return i.how == node::merging::reset; });
  for (auto& e : n.entries)
    drop_resets(e.value);
  for (auto& item : n.items)
    drop_resets(item);
}

node merge_mappings(node base, node over, const path& p, report& out) {
  // Options of one log driver mean nothing to another.
  if (p.matches("services.*.logging")) {
    const auto* before = base.find("driver");
    const auto* after = over.find("driver");
    if (before && after && before->text != after->text)
      base.erase("options");
  }
  for (auto& e : over.entries) {
    if (e.value.how == node::merging::reset) {
      base.erase(e.key);
      continue;
    }
    auto* there = base.find(e.key);
    if (!there) {
      base.entries.push_back(std::move(e));
      continue;
    }
    const path child{p.up || !p.name.empty() ? &p : nullptr, e.key};
    *there = merge_at(std::move(*there), std::move(e.value), child, out);
  }
  return base;
}

node merge_at(node base, node over, const path& p, report& out) {
  if (over.how == node::merging::override_)
    return over;
  if (over.is_null())
    return base;
  if (base.is_null())
    return over;
  if (p.any({"services.*.command", "services.*.entrypoint", "services.*.healthcheck.test",
             "services.*.build"}))
    return over;
  base = normal_form(std::move(base), p);
  over = normal_form(std::move(over), p);
  if (base.is_mapping() && over.is_mapping())
    return merge_mappings(std::move(base), std::move(over), p, out);
  if (base.is_sequence() && over.is_sequence())
    return append(std::move(base), std::move(over), p, out);
  if (base.what != over.what && !p.matches("services.*.ulimits.*"))
    out.error(over.at,
              "'" + std::string(p.name) + "' is " + describe(over) + " here and " + describe(base)
                + " in the file before",
              "write both in the same form");
  return over;
}

} // namespace

node merge(node base, node over, report& out) {
  auto merged = merge_at(std::move(base), std::move(over), path{}, out);
  drop_resets(merged);
  return merged;
}

} // namespace davit::manifest
