#include "runtime/record/revision.hpp"

#include "runtime/record/model_shapes.hpp"
#include "runtime/record/versioned.hpp"

#include <charconv>

namespace davit::record {

template <> struct words<stack_goal> {
  static constexpr std::pair<stack_goal, const char*> list[] = {
    {stack_goal::up, "up"},
    {stack_goal::down, "down"},
  };
};

template <> struct words<policy::goal> {
  static constexpr std::pair<policy::goal, const char*> list[] = {
    {policy::goal::up, "up"},
    {policy::goal::down, "down"},
    {policy::goal::absent, "absent"},
    {policy::goal::completed, "completed"},
  };
};

template <> struct shape<service_order> {
  template <class F> static void fields(F& f) {
    f.required("goal", &service_order::goal);
    f("order", &service_order::order);
    f("restart_order", &service_order::restart_order);
  }
};

template <> struct shape<revision> {
  template <class F> static void fields(F& f) {
    f.required("format", &revision::format);
    f.required("stack", &revision::stack);
    f.required("revision", &revision::id);
    f.required("created", &revision::created);
    f("author", &revision::author);
    f.required("goal", &revision::goal);
    f.required("model", &revision::model);
    f("source", &revision::source);
    f("trial", &revision::trial);
    f("orders", &revision::orders);
    f("secret_digests", &revision::secret_digests);
  }
};

std::string revision_id(std::uint64_t number) {
  auto text = std::to_string(number);
  return text.size() < 6 ? std::string(6 - text.size(), '0') + text : text;
}

std::optional<std::uint64_t> revision_number(std::string_view id) {
  std::uint64_t number = 0;
  const auto [stop, failure] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (failure != std::errc{} || stop != id.data() + id.size() || revision_id(number) != id)
    return std::nullopt;
  return number;
}

std::string encode(const revision& value) { return pretty(write_value(value)); }

result<revision> decode_revision(std::string_view text, const std::string& name) {
  static const std::string remedy
    = "Restore the file from a backup, or install the stack again; the file was left as it is.";
  auto out = read_versioned<revision>(text, name, revision::newest_format, remedy);
  if (!out)
    return out;
  if (out->model.name != out->stack)
    return fail(errc::corrupt, name + ": model.name: is not the stack's name", remedy);
  for (const auto& [key, spec] : out->model.services)
    if (spec.name != key) {
      const place model{nullptr, "model"};
      const place services{&model, "services"};
      return fail(errc::corrupt,
                  name + ": " + to_string(place{&services, key}) + ".name: is not its key", remedy);
    }
  return out;
}

} // namespace davit::record
