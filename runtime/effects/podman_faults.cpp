// The table of podman's words, most telling first.
#include "runtime/effects/podman_faults.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace davit::effects::podman {

namespace {

enum outcome : unsigned { plain = 0, is_fatal = 1, is_not_started = 2, is_ghost = 4 };

struct meaning {
  const char* words; ///< lower case, anywhere in cause or message
  errc code;
  unsigned flags;
  const char* remedy;
};

constexpr meaning any_verb[] = {
  {"no space left on device", errc::no_space, plain, "free space where podman keeps its storage"},
  {"disk quota exceeded", errc::no_space, plain, "free space where podman keeps its storage"},
};

constexpr meaning creating[] = {
  {"name is already in use", errc::conflict, plain, "remove or rename the other container"},
  {"image not known", errc::not_found, plain, "pull the image, or correct its name"},
  {"network not found", errc::not_found, plain, ""},
  {"no such secret", errc::invalid, is_fatal, ""},
  {"no such pod", errc::invalid, is_fatal, ""},
  {"no such file or directory", errc::refused, plain,
   "a path that a mount or a device names is missing on the host"},
  {"short-name", errc::invalid, is_fatal, "write the image with its registry"},
  {"invalid reference format", errc::invalid, is_fatal, "correct the image's name"},
  {"init binary not found", errc::invalid, is_fatal, "install catatonit, or drop `init: true`"},
  {"no command", errc::invalid, is_fatal, "give the service a command"},
  {"invalid argument", errc::invalid, is_fatal, ""},
  {"invalid configuration", errc::invalid, is_fatal, ""},
  {"invalid container name", errc::invalid, is_fatal, ""},
  {"unknown capability", errc::invalid, is_fatal, ""},
  {"invalid port", errc::invalid, is_fatal, ""},
  {"invalid log", errc::invalid, is_fatal, ""},
  {"decode()", errc::invalid, is_fatal, ""},
  {"unmarshal", errc::invalid, is_fatal, ""},
};

constexpr meaning starting[] = {
  // Ghosts of a torn start: podman's record and the runtime disagree.
  {"container with given id already exists", errc::refused, is_ghost, ""},
  {"must be in created or stopped state", errc::refused, is_not_started, ""},
  {"container state improper", errc::refused, is_not_started, ""},
  {"address already in use", errc::conflict, plain,
   "another process on this host listens on that port"},
  {"cannot assign requested address", errc::refused, plain, "this host does not have that address"},
  {"cannot expose privileged port", errc::denied, is_fatal,
   "publish a port above 1023, or lower net.ipv4.ip_unprivileged_port_start"},
  {"is already allocated", errc::conflict, plain, "another container has that address"},
  {"not in any subnet", errc::invalid, is_fatal, "choose an address inside the network's subnet"},
  {"command that was not found", errc::invalid, is_fatal,
   "correct the service's command or entrypoint"},
  {"executable file not found", errc::invalid, is_fatal,
   "correct the service's command or entrypoint"},
  {"oci permission denied", errc::invalid, is_fatal, "the command is not executable"},
  {"exec format error", errc::invalid, is_fatal, "the image is of another architecture"},
  {"unable to find user", errc::invalid, is_fatal, "correct the service's user"},
  {"unable to find group", errc::invalid, is_fatal, "correct the service's user"},
  {"no matching entries in passwd", errc::invalid, is_fatal, "correct the service's user"},
  {"wrong rlimit value", errc::invalid, is_fatal, "correct the service's ulimits"},
  {"error setting rlimit", errc::invalid, is_fatal, "this host cannot raise that limit"},
  {"unable to set memory limit", errc::invalid, is_fatal, "raise the memory limit"},
  {"memory limit is too low", errc::invalid, is_fatal, "raise the memory limit"},
  {"minimum memory limit", errc::invalid, is_fatal, "raise the memory limit"},
  {"unknown sysctl", errc::invalid, is_fatal, "correct the service's sysctls"},
  {"is not in a separate kernel namespace", errc::invalid, is_fatal,
   "correct the service's sysctls"},
  {"network not found", errc::not_found, plain, ""},
};

constexpr meaning removing[] = {
  {"has dependent containers", errc::conflict, plain, "remove the containers that use it first"},
  {"container already exists", errc::conflict, plain, "remove the containers that use it first"},
  {"being used", errc::conflict, plain, "remove the containers that use it first"},
  {"state improper", errc::conflict, plain, ""},
};

constexpr meaning making[] = {
  {"already exists", errc::conflict, plain, ""},
  {"already used", errc::conflict, plain, ""},
  {"is being used", errc::conflict, plain, "remove the containers that use it first"},
  {"overlaps", errc::conflict, plain, "choose another subnet"},
  {"unsupported", errc::invalid, is_fatal, ""},
  {"invalid", errc::invalid, is_fatal, ""},
};

constexpr meaning signalling[] = {
  {"state improper", errc::conflict, plain, ""},
  {"invalid signal", errc::invalid, plain, ""},
};

constexpr meaning checking[] = {
  {"no defined healthcheck", errc::invalid, plain, ""},
  {"is not running", errc::refused, plain, ""},
};

/// What a registry or the way to it says. All else may pass by itself.
constexpr meaning pulling[] = {
  {"no space left on device", errc::no_space, plain, "free space where podman keeps its storage"},
  {"manifest unknown", errc::not_found, is_fatal, "correct the image's name or tag"},
  {"name unknown", errc::not_found, is_fatal, "correct the image's name"},
  {"repository not found", errc::not_found, is_fatal, "correct the image's name"},
  {"no image found in", errc::not_found, is_fatal, "there is none for this architecture"},
  {"unauthorized", errc::denied, is_fatal, "log in to the registry: podman login"},
  {"authentication required", errc::denied, is_fatal, "log in to the registry: podman login"},
  {"access to the resource is denied", errc::denied, is_fatal, "log in to the registry"},
  {"denied", errc::denied, is_fatal, "log in to the registry: podman login"},
  {"forbidden", errc::denied, is_fatal, "log in to the registry: podman login"},
  {"status code 403", errc::denied, is_fatal, "log in to the registry: podman login"},
  {"http status: 403", errc::denied, is_fatal, "log in to the registry: podman login"},
  {"unavailable: ", errc::denied, is_fatal, "the registry forbids it"},
  {"x509", errc::refused, is_fatal, "trust the registry's certificate in registries.conf"},
  {"server gave http response to https", errc::refused, is_fatal,
   "mark the registry as insecure in registries.conf"},
  {"invalid reference format", errc::invalid, is_fatal, "correct the image's name"},
  {"must be lowercase", errc::invalid, is_fatal, "correct the image's name"},
  {"short-name", errc::invalid, is_fatal, "write the image with its registry"},
};

std::string lower(std::string_view text) {
  std::string all(text);
  std::transform(all.begin(), all.end(), all.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return all;
}

template <std::size_t Count>
const meaning* find(const meaning (&table)[Count], const std::string& words) {
  for (const auto& entry : table)
    if (words.find(entry.words) != std::string::npos)
      return &entry;
  return nullptr;
}

const meaning* find(verb of, const std::string& words) {
  if (const auto* found = find(any_verb, words))
    return found;
  switch (of) {
    case verb::create: return find(creating, words);
    case verb::start: return find(starting, words);
    case verb::remove: return find(removing, words);
    case verb::network:
    case verb::volume: return find(making, words);
    case verb::signal: return find(signalling, words);
    case verb::check: return find(checking, words);
    case verb::pull: return find(pulling, words);
    default: return nullptr;
  }
}

errc by_status(int status) {
  switch (status) {
    case 400: return errc::invalid;
    case 401:
    case 403: return errc::denied;
    case 404: return errc::not_found;
    case 409: return errc::conflict;
    case 429:
    case 503: return errc::busy;
    default: return errc::refused;
  }
}

std::string member(const nlohmann::json& object, const char* key) {
  auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_string()
           ? found->get<std::string>()
           : std::string{};
}

/// podman's words can be very long (a whole layer's output): the beginning tells most.
std::string cut(std::string text) {
  constexpr std::size_t most = 600;
  if (text.size() > most)
    text = text.substr(0, most) + " ...";
  return text;
}

fault make(const meaning* found, errc otherwise, std::string message) {
  fault f{{otherwise, std::move(message), {}}};
  if (found) {
    f.what.code = found->code;
    f.what.remedy = found->remedy;
    f.fatal = (found->flags & is_fatal) != 0;
    f.not_started = (found->flags & is_not_started) != 0;
    f.ghost = (found->flags & is_ghost) != 0;
  }
  return f;
}

} // namespace

fault read_fault(verb of, int status, const std::string& body, const std::string& subject) {
  auto root = nlohmann::json::parse(body, nullptr, false);
  auto cause = member(root, "cause");
  auto message = member(root, "message");
  // podman says what is wrong; a 4xx without a word comes from somebody else.
  if (cause.empty() && message.empty() && status >= 400 && status < 500)
    return {{errc::unreachable,
             subject + ": what answers at podman's socket is not podman (HTTP status "
               + std::to_string(status) + ")",
             "let --podman name the socket of podman's own API service"}};
  if (message.empty())
    message = cause.empty() ? "HTTP status " + std::to_string(status) : cause;
  const auto* found = find(of, lower(cause + "\n" + message));
  auto f = make(found, by_status(status), subject + ": podman says: " + cut(message));
  if (!found && status == 400)
    f.fatal = of == verb::create || of == verb::start || of == verb::pull;
  return f;
}

fault read_pull_fault(const std::string& words, const std::string& reference) {
  return make(find(pulling, lower(words)), errc::refused,
              "image " + reference + ": podman says: " + cut(words));
}

} // namespace davit::effects::podman
