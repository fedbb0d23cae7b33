// What callers follow: operations and the event feed.
#include "runtime/api/progress_json.hpp"

#include "runtime/api/json.hpp"

#include <algorithm>

namespace davit::api {
namespace {

json to_json(const event& one) {
  json out;
  out["seq"] = one.seq;
  out["at"] = time_or_null(one.at);
  out["stack"] = text_or_null(one.stack);
  out["service"] = text_or_null(one.service);
  out["kind"] = one.kind;
  out["text"] = one.text;
  return out;
}

void fill(reader in, event& out) {
  std::optional<wall_time> at;
  in.read("seq", out.seq);
  in.read("at", at);
  out.at = at.value_or(wall_time{});
  in.read("stack", out.stack);
  in.read("service", out.service);
  in.read("kind", out.kind);
  in.read("text", out.text);
}

} // namespace

std::string encode(const operation_status& status, std::uint64_t after) {
  json out;
  out["id"] = status.id;
  out["kind"] = status.kind;
  out["stack"] = status.stack;
  out["phase"] = status.phase;
  out["done"] = status.done;
  out["ok"] = status.ok;
  out["partial"] = status.partial;
  out["error"] = text_or_null(status.error);
  out["progress"] = json::array();
  for (std::size_t i = std::min<std::uint64_t>(after, status.progress.size());
       i < status.progress.size(); ++i)
    out["progress"].push_back(status.progress[i]);
  out["next"] = status.progress.size();
  return dump(out);
}

result<operation_page> decode_operation(std::string_view text) {
  return decode_with<operation_page>(text, "operation", [](reader in, operation_page& out) {
    in.read("id", out.status.id);
    in.read("kind", out.status.kind);
    in.read("stack", out.status.stack);
    in.read("phase", out.status.phase);
    in.read("done", out.status.done);
    in.read("ok", out.status.ok);
    in.read("partial", out.status.partial);
    in.read("error", out.status.error);
    in.read("progress", out.status.progress);
    in.read("next", out.next);
  });
}

std::string encode_accepted(const std::string& operation) {
  json out;
  out["operation"] = operation;
  return dump(out);
}

result<std::string> decode_accepted(std::string_view text) {
  auto id = decode_with<std::string>(
    text, "the answer", [](reader in, std::string& out) { in.read("operation", out); });
  if (id && id->empty())
    return fail(errc::invalid, "the answer names no operation",
                "Check that davit and davitd are of the same release.");
  return id;
}

std::string encode(const std::vector<event>& events) {
  json out;
  out["events"] = json::array();
  for (const event& one : events)
    out["events"].push_back(to_json(one));
  return dump(out);
}

result<std::vector<event>> decode_events(std::string_view text) {
  return decode_with<std::vector<event>>(text, "events", [](reader in, std::vector<event>& out) {
    in.each("events", [&](reader one) { fill(one, out.emplace_back()); });
  });
}

std::string encode_sse(const event& one) { return "data: " + dump(to_json(one)) + "\n\n"; }

result<event> decode_event(std::string_view text) {
  return decode_with<event>(text, "event", [](reader in, event& out) { fill(in, out); });
}

} // namespace davit::api
