// One connection's requests, between cpp-httplib and the front end.
#include "runtime/effects/http_exchange.hpp"

#include "runtime/api/error_json.hpp"

#include <spdlog/spdlog.h>

#include <charconv>
#include <exception>

namespace davit::effects {
namespace {

constexpr const char* json_type = "application/json";
/// How long a stream may sleep before it looks whether its client or its server has left.
constexpr milliseconds stream_patience = 200ms;
/// A chunked body has at most this many bytes on the wire for each byte of content allowed.
constexpr std::size_t chunk_overhead = 2;

const error busy{errc::busy, "the daemon serves as many requests as it can",
                 "Try again in a moment."};

void put_error(httplib::Response& to, int status, const error& what) {
  to.status = status;
  if (status == 503)
    to.set_header("Retry-After", "1");
  to.set_content(api::encode(what), json_type);
}

/// For what cpp-httplib refuses by itself, before any handler.
error protocol_error(int status) {
  if (status == 414)
    return {errc::invalid, "the address of the request is too long", "Shorten it."};
  if (status == 404)
    return {errc::not_found, "no such address", "The addresses are listed in davitd(8)."};
  return {errc::invalid, "this is not an HTTP request that the API understands",
          "Use the davit command, or HTTP/1.1 with JSON."};
}

bool announces_body(const httplib::Request& request) {
  return request.has_header("Content-Length") || request.has_header("Transfer-Encoding");
}

std::size_t announced_length(const httplib::Request& request) {
  const std::string text = request.get_header_value("Content-Length");
  std::size_t length = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), length);
  return fault == std::errc::result_out_of_range ? SIZE_MAX : length;
}

/// Counts one stream for as long as it lives.
struct stream_place {
  explicit stream_place(std::atomic<std::size_t>& count) : count_{count} { ++count_; }
  ~stream_place() { --count_; }
  stream_place(const stream_place&) = delete;
  stream_place& operator=(const stream_place&) = delete;
  std::atomic<std::size_t>& count_;
};

} // namespace

std::string busy_answer() {
  const std::string body = api::encode(busy);
  return "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
         "Content-Type: application/json\r\nContent-Length: "
         + std::to_string(body.size()) + "\r\n\r\n" + body;
}

http_exchange::http_exchange(http_shared& shared, http_stream& stream)
  : shared_{shared}, stream_{stream} {
  // A streamed answer goes on only while httplib believes that it listens.
  svr_sock_ = stream.socket();
  set_payload_max_length(shared.limits.body_bytes);
  // Everything is answered before httplib looks for a route; only a POST goes on, to the
  // one handler that is given its body.
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& to) {
    const bool post = request.method == "POST";
    if (post && announced_length(request) <= shared_.limits.body_bytes)
      return HandlerResponse::Unhandled;
    close_ = close_ || announces_body(request);
    if (post)
      too_large(to);
    else
      answer(request, {}, to);
    return HandlerResponse::Handled;
  });
  Post(".*", [this](const httplib::Request& request, httplib::Response& to,
                    const httplib::ContentReader& read) { read_and_answer(request, to, read); });
  set_error_handler(HandlerWithResponse{[this](const httplib::Request&, httplib::Response& to) {
    if (!to.body.empty())
      return HandlerResponse::Unhandled;
    // Refused by httplib itself: where the next request would begin is unknown.
    close_ = true;
    to.set_header("Connection", "close");
    put_error(to, to.status, protocol_error(to.status));
    return HandlerResponse::Handled;
  }});
  set_exception_handler(
    [this](const httplib::Request& request, httplib::Response& to, std::exception_ptr what) {
      count_fault(request.method + " " + request.path, what);
      close_ = true;
      put_error(to, 500,
                {errc::io, "the daemon failed inside while it answered this request",
                 "Look into the daemon's log, and report it."});
    });
}

void http_exchange::count_fault(const std::string& where, const std::exception_ptr& what) {
  ++shared_.faults;
  try {
    std::rethrow_exception(what);
  } catch (const std::exception& e) {
    spdlog::error("api: {} failed inside: {}", where, e.what());
  } catch (...) { spdlog::error("api: {} failed inside: no exception that we know", where); }
}

bool http_exchange::serve_one() {
  close_ = false;
  stream_.allow(shared_.limits.head_patience, shared_.limits.head_bytes);
  const auto setup = [this](httplib::Request& request) {
    stream_.allow(shared_.limits.body_patience,
                  chunk_overhead * shared_.limits.body_bytes + shared_.limits.head_bytes);
    request.ranges.clear();                   // nothing here has parts
    request.headers.erase("Accept-Encoding"); // a compressed log would lag behind
    request.headers.erase("Content-Type");    // it is JSON, or it is refused as no JSON
  };
  bool closed = false;
  // The signature changed between 0.11 (Debian 12) and 0.18 (Debian 13).
  const auto process = [&](auto& self) {
    if constexpr (requires { self.process_request(stream_, false, closed, setup); })
      return self.process_request(stream_, false, closed, setup);
    else
      return self.process_request(stream_, std::string{}, 0, std::string{}, 0, false, closed,
                                  setup);
  };
  return process(*this) && !closed && !close_;
}

void http_exchange::too_large(httplib::Response& to) {
  close_ = true;
  to.set_header("Connection", "close");
  put_error(to, 413,
            {errc::invalid,
             "the request is larger than " + std::to_string(shared_.limits.body_bytes) + " bytes",
             "Send less: large files belong into an image or a volume."});
}

void http_exchange::read_and_answer(const httplib::Request& request, httplib::Response& to,
                                    const httplib::ContentReader& read) {
  std::string body;
  bool over = false;
  // Without an announced body httplib would wait for one until the deadline.
  if (announces_body(request)) {
    const bool whole = read([&](const char* data, std::size_t size) {
      over = over || body.size() + size > shared_.limits.body_bytes;
      if (!over)
        body.append(data, size);
      return !over;
    });
    if (over || to.status == 413)
      return too_large(to);
    if (!whole) {
      close_ = true;
      return put_error(
        to, 400,
        {errc::invalid, "the request's body ended early or is malformed", "Send it whole."});
    }
  }
  answer(request, std::move(body), to);
}

void http_exchange::answer(const httplib::Request& request, std::string body,
                           httplib::Response& to) {
  ports::api_request call{request.method, request.path, {}, std::move(body), stream_.from()};
  for (const auto& [key, value] : request.params)
    call.query.emplace(key, value);
  ports::api_response told = shared_.front->handle(call);
  ++shared_.served;
  to.status = told.status;
  for (const auto& [name, value] : told.headers)
    to.set_header(name, value);
  if (close_)
    to.set_header("Connection", "close");
  if (told.stream)
    return answer_stream(told.content_type, std::move(told.stream), to);
  if (told.status == 503 && !told.headers.contains("Retry-After"))
    to.set_header("Retry-After", "1");
  to.set_content(std::move(told.body), told.content_type);
}

void http_exchange::answer_stream(const std::string& type,
                                  std::shared_ptr<ports::byte_stream> source,
                                  httplib::Response& to) {
  auto place = std::make_shared<stream_place>(shared_.streams);
  if (shared_.streams > shared_.limits.streams) {
    ++shared_.refused;
    return put_error(to, 503,
                     {errc::busy, "as many logs and events are followed as the daemon serves",
                      "End another `davit logs -f` or `davit events -f`."});
  }
  to.set_chunked_content_provider(
    type, [this, place, source = std::move(source)](std::size_t, httplib::DataSink& sink) {
      // Cut off rather than ended: the client can tell that more might have come.
      if (shared_.stopping || stream_.client_left())
        return false;
      try {
        const auto piece = source->next(stream_patience);
        if (!piece)
          sink.done();
        else if (!piece->empty())
          return sink.write(piece->data(), piece->size());
        return true;
      } catch (...) {
        count_fault("a stream", std::current_exception());
        return false;
      }
    });
}

} // namespace davit::effects
