// Images, networks and volumes.
#include "runtime/effects/podman_job.hpp"
#include "runtime/effects/podman_pull.hpp"

namespace davit::effects::podman {

namespace {

constexpr const char* not_podman = "is this socket podman's?";

} // namespace

void resource_job::operator()(const ports::ping&) {
  auto a = http_.call("GET", std::string(api) + "/_ping", {}, left());
  if (!a.ok())
    fail_with(verb::look, a, "ping");
}

void resource_job::operator()(const ports::inspect_image& r) {
  auto a = call("GET", image_path(r.reference, "/json"));
  if (!a.ok())
    return fail_with(verb::look, a, "image " + r.reference);
  if (auto facts = read_image(a.body))
    reply.image_id = facts->id;
  else
    fail_with({errc::refused, facts.error().message, not_podman});
}

void resource_job::operator()(const ports::pull_image& r) {
  bool local = r.reference.rfind("localhost/", 0) == 0;
  if (!r.always || local) {
    (*this)(ports::inspect_image{r.reference});
    if (!reply.failure || reply.failure->code != errc::not_found)
      return;
    if (local) {
      reply.fatal = true;
      reply.failure->remedy = "build it here: an image of localhost/ is never pulled";
      return;
    }
    reply.failure.reset();
  }
  auto pulled = pull(http_, r, left_for_work());
  if (!pulled) {
    reply.fatal = pulled.error().fatal;
    return fail_with(std::move(pulled.error().what));
  }
  (*this)(ports::inspect_image{r.reference});
}

struct resource_job::kind {
  verb of;
  const char* word;
  const char* path; ///< below the API's
  const char* key;  ///< the member of its inspect that holds the name
};

const resource_job::kind resource_job::networks{verb::network, "network ", "/networks", "name"};
const resource_job::kind resource_job::volumes{verb::volume, "volume ", "/volumes", "Name"};

/// podman takes the beginning of a name or an id for the whole, so the name is compared.
std::optional<bool> resource_job::there(const kind& k, const std::string& name) {
  auto a = call("GET", std::string(api) + k.path + "/" + encoded(name) + "/json");
  if (a.is(404))
    return false;
  if (a.ok())
    return read_text(a.body, k.key) == name;
  fail_with(k.of, a, k.word + name);
  return std::nullopt;
}

void resource_job::make(const kind& k, const std::string& name, bool external,
                        const result<std::string>& body) {
  auto found = there(k, name);
  if (!found || *found)
    return;
  if (external)
    return fail_with({errc::not_found, k.word + name + " is external and does not exist",
                      "create it, or drop `external: true`"});
  if (!body) {
    reply.fatal = true;
    return fail_with(body.error());
  }
  auto a = call("POST", std::string(api) + k.path + "/create", *body);
  reply.created = a.ok();
  if (a.ok())
    return;
  fail_with(k.of, a, k.word + name);
  if (reply.failure->code != errc::conflict)
    return;
  auto conflict = std::move(reply.failure); // with one of the same name, made meanwhile?
  reply.failure.reset();
  found = there(k, name);
  if (found && !*found)
    reply.failure = std::move(conflict);
}

void resource_job::unmake(const kind& k, const std::string& name) {
  auto found = there(k, name);
  if (!found || !*found)
    return;
  auto a = call("DELETE", std::string(api) + k.path + "/" + encoded(name)); // never by force
  if (!a.ok() && !a.is(404))
    fail_with(k.of, a, k.word + name);
}

void resource_job::operator()(const ports::create_network& r) {
  make(networks, r.what.name, r.what.external, network_body(r.what, r.labels));
}

void resource_job::operator()(const ports::remove_network& r) { unmake(networks, r.name); }

void resource_job::operator()(const ports::create_volume& r) {
  make(volumes, r.what.name, r.what.external, volume_body(r.what, r.labels));
}

void resource_job::operator()(const ports::remove_volume& r) { unmake(volumes, r.name); }

} // namespace davit::effects::podman
