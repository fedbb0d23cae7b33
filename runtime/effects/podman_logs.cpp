// The stream's thread, and how it is ended.
#include "runtime/effects/podman_logs.hpp"

#include "runtime/effects/podman_faults.hpp"

#include <httplib.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace davit::effects::podman {

namespace {

constexpr std::size_t frame_head = 8;
constexpr milliseconds first_answer_within{10'000};
/// A log that nobody writes to is silent for as long as it likes.
constexpr milliseconds endless_silence = std::chrono::hours(24 * 365);
constexpr milliseconds ordinary_silence{10'000};
/// What may wait for a slow reader; then podman has to wait too.
constexpr std::size_t most_waiting = 256U << 10U;

class followed final : public ports::byte_stream {
public:
  followed(const http& via, std::string path, frame_reader frames, bool endless)
    : client_{via.client(endless ? endless_silence : ordinary_silence)}, frames_{frames} {
    thread_ = std::thread([this, path = std::move(path)] { run(path); });
  }

  ~followed() override {
    std::unique_lock lock(mutex_);
    leaving_ = true;
    changed_.notify_all();
    // A stop() that comes before the request has begun is lost: it is repeated.
    while (!changed_.wait_for(lock, milliseconds{5}, [this] { return ended_; }))
      client_->stop();
    lock.unlock();
    thread_.join();
  }

  std::optional<std::string> next(milliseconds patience) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return ended_ || !waiting_.empty(); });
    if (waiting_.empty() && ended_)
      return std::nullopt;
    std::string text;
    text.swap(waiting_);
    changed_.notify_all();
    return text;
  }

  /// Waits until podman has answered. Absent: it did, and the stream flows.
  std::optional<answer> refusal() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, first_answer_within, [this] { return ended_ || flowing_; }))
      return answer{answer::fate::lost, 0, {}};
    if (flowing_ || end_.ok())
      return std::nullopt;
    return end_;
  }

private:
  void run(const std::string& path) {
    httplib::Request request;
    request.method = "GET";
    request.path = path;
    int status = 0;
    std::string refusal;
    request.response_handler = [&](const httplib::Response& response) {
      status = response.status;
      std::lock_guard lock(mutex_);
      flowing_ = status == 200;
      changed_.notify_all();
      return !leaving_;
    };
    request.content_receiver
      = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
          if (status == 200)
            return take(data, size);
          refusal.append(data, std::min(size, most_waiting - refusal.size()));
          return true;
        };
    auto reply = client_->send(request);
    std::lock_guard lock(mutex_);
    if (status != 0 || reply)
      end_ = {answer::fate::answered, status, std::move(refusal)};
    else
      end_.what = reply.error() == httplib::Error::Connection ? answer::fate::unreachable
                                                              : answer::fate::lost;
    ended_ = true;
    changed_.notify_all();
  }

  bool take(const char* data, std::size_t size) {
    auto text = frames_.feed(data, size);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return leaving_ || waiting_.size() < most_waiting; });
    waiting_ += text;
    changed_.notify_all();
    return !leaving_;
  }

  std::unique_ptr<httplib::Client> client_;
  frame_reader frames_; // the thread's own

  std::mutex mutex_;
  std::condition_variable changed_;
  // under mutex_
  std::string waiting_;
  bool flowing_ = false;
  bool ended_ = false;
  bool leaving_ = false;
  answer end_;

  std::thread thread_;
};

} // namespace

std::string frame_reader::feed(const char* data, std::size_t size) {
  if (raw_)
    return {data, size};
  std::string text;
  while (size > 0) {
    if (left_ == 0) {
      auto count = std::min(size, frame_head - head_.size());
      head_.append(data, count);
      data += count;
      size -= count;
      if (head_.size() < frame_head)
        break;
      for (std::size_t i = 4; i < frame_head; ++i)
        left_ = left_ << 8U | static_cast<unsigned char>(head_[i]);
      head_.clear();
      continue;
    }
    auto count = std::min(size, left_);
    text.append(data, count);
    data += count;
    size -= count;
    left_ -= count;
  }
  return text;
}

result<std::shared_ptr<ports::byte_stream>> open_stream(const http& via, const std::string& path,
                                                        frame_reader frames, bool endless,
                                                        const std::string& subject) {
  auto stream = std::make_shared<followed>(via, path, frames, endless);
  auto refusal = stream->refusal();
  if (!refusal)
    return stream;
  switch (refusal->what) {
    case answer::fate::unreachable:
      return fail(errc::unreachable, "nobody answers at podman's socket " + via.socket(),
                  "start podman's service: systemctl start podman.socket");
    case answer::fate::lost:
      return fail(errc::timeout, subject + ": no answer from podman in time", {});
    case answer::fate::answered: break;
  }
  return tl::unexpected<error>(
    read_fault(verb::look, refusal->status, refusal->body, subject).what);
}

} // namespace davit::effects::podman
