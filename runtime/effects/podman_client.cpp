// A request to its job, and the port's promise never to throw.
#include "runtime/effects/podman_client.hpp"

#include "runtime/effects/podman_logs.hpp"

#include <type_traits>

namespace davit::effects {

ports::engine_reply podman_engine::perform(const ports::engine_request& request,
                                           milliseconds deadline) {
  auto answered = [&](auto job, const auto& r) {
    job(r);
    return std::move(job.reply);
  };
  try {
    return std::visit(
      [&](const auto& r) {
        if constexpr (std::is_invocable_v<podman::resource_job&, decltype(r)>)
          return answered(podman::resource_job(http_, deadline), r);
        else
          return answered(podman::container_job(http_, deadline, checks_), r);
      },
      request);
  } catch (const std::exception& e) { // out of memory, of threads, of descriptors
    ports::engine_reply reply;
    reply.failure = error{errc::timeout, std::string("a call to podman broke off: ") + e.what(),
                          "look again: podman may have done it, or may do it yet"};
    return reply;
  }
}

result<std::shared_ptr<ports::byte_stream>> podman_engine::logs(const std::string& id,
                                                                const ports::log_options& options) {
  auto looked = perform(ports::inspect_container{id}, seconds(5));
  if (looked.failure)
    return tl::unexpected<error>(*looked.failure);
  if (looked.seen->status == engine_status::absent)
    return fail(errc::not_found, "container " + id + " is not there", {});
  auto path = std::string(podman::api) + "/containers/" + podman::encoded(looked.seen->id)
              + "/logs?stdout=true&stderr=true";
  if (options.follow)
    path += "&follow=true";
  if (options.tail)
    path += "&tail=" + std::to_string(*options.tail);
  if (options.timestamps)
    path += "&timestamps=true";
  return podman::open_stream(http_, path, podman::frame_reader{}, options.follow,
                             "container " + id);
}

} // namespace davit::effects
