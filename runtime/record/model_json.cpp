#include "runtime/record/model_json.hpp"

#include "runtime/record/model_shapes.hpp"

namespace davit::record {

nlohmann::json to_json(const stack& model) { return write_value(model); }

nlohmann::json to_json(const service& model) { return write_value(model); }

std::string encode(const stack& model) { return pretty(to_json(model)); }

result<service> service_from(const nlohmann::json& document) {
  return read_document<service>(document, errc::invalid, "service");
}

result<stack> stack_from(const nlohmann::json& document) {
  auto model = read_document<stack>(document, errc::invalid, "stack");
  if (!model)
    return model;
  for (const auto& [key, spec] : model->services)
    if (spec.name != key) {
      const place services{nullptr, "services"};
      const place one{&services, key};
      return fail(errc::invalid,
                  "stack: " + to_string(place{&one, "name"}) + ": is not the service's key");
    }
  return model;
}

result<stack> decode_stack(std::string_view text) {
  auto document = parse(text);
  if (!document)
    return fail(errc::invalid, "stack: " + document.error().message);
  return stack_from(*document);
}

} // namespace davit::record
