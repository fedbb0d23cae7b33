// What the command line sends.
#include "runtime/api/request_json.hpp"

#include "runtime/record/json.hpp"
#include "runtime/record/model_json.hpp"

namespace davit::record {

/// All of an install request but its model, which has a reader of its own.
template <> struct shape<api::install_request> {
  template <class F> static void fields(F& f) {
    using r = api::install_request;
    f("source", &r::source);
    f("secrets", &r::secrets);
    f("wait", &r::wait);
    f("author", &r::author);
  }
};

} // namespace davit::record

namespace davit::api {

std::string encode(const install_request& request) {
  record::json out = record::write_value(request);
  out["model"] = record::to_json(request.model);
  return record::compact(out);
}

result<install_request> decode_install(std::string_view text) {
  auto root = record::parse(text, body_bytes_max);
  if (!root)
    return fail(errc::invalid, "request: " + root.error().message, "Send one JSON object.");
  if (!root->is_object() || !root->contains("model"))
    return fail(errc::invalid, "request: model is missing",
                R"(Send {"model": ...}, as `davit install` does.)");
  auto model = record::stack_from((*root)["model"]);
  if (!model)
    return tl::unexpected<error>(std::move(model.error()));
  root->erase("model");
  auto request = record::read_document<install_request>(*root, errc::invalid, "request");
  if (request)
    request->model = std::move(*model);
  return request;
}

} // namespace davit::api
