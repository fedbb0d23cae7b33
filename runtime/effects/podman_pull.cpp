// The compat endpoint of podman: libpod's own is silent during a blob, which for a large layer
// on a slow line is longer than any sensible stall; this one tells of progress every second.
#include "runtime/effects/podman_pull.hpp"

#include "runtime/effects/podman_codec.hpp"

namespace davit::effects::podman {

namespace {

constexpr std::size_t longest_line = 64U << 10U;

fault passing(errc code, std::string message, std::string remedy) {
  return {{code, std::move(message), std::move(remedy)}};
}

} // namespace

void pull_reader::feed(const char* data, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == '\n')
      line();
    else if (line_.size() < longest_line)
      line_ += data[i];
  }
}

void pull_reader::end() { line(); }

void pull_reader::line() {
  if (auto words = read_text(line_, "error"); !words.empty())
    trouble_ = std::move(words);
  line_.clear();
}

tl::expected<void, fault> pull(const http& via, const ports::pull_image& what,
                               milliseconds deadline) {
  auto path = "/v1.41/images/create?fromImage=" + encoded(qualified(what.reference));
  if (!what.platform.empty())
    path += "&platform=" + encoded(what.platform);
  auto end = std::chrono::steady_clock::now() + deadline;
  pull_reader reader;
  auto a = via.stream("POST", path, what.stall, deadline, [&](const char* data, std::size_t size) {
    reader.feed(data, size);
    return true;
  });
  reader.end();
  if (!reader.trouble().empty())
    return tl::unexpected(read_pull_fault(reader.trouble(), what.reference));
  auto subject = "image " + what.reference;
  switch (a.what) {
    case answer::fate::unreachable:
      return tl::unexpected(passing(errc::unreachable,
                                    "nobody answers at podman's socket " + via.socket(),
                                    "start podman's service: systemctl start podman.socket"));
    case answer::fate::lost:
      if (std::chrono::steady_clock::now() >= end)
        return tl::unexpected(passing(errc::timeout, subject + ": the pull did not end in time",
                                      "allow it more: x-davit.pull.timeout"));
      return tl::unexpected(passing(errc::timeout, subject + ": the pull made no progress",
                                    "is the registry reachable?"));
    case answer::fate::answered: break;
  }
  if (!a.ok())
    return tl::unexpected(read_fault(verb::pull, a.status, a.body, subject));
  return {};
}

} // namespace davit::effects::podman
