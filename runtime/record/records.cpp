#include "runtime/record/records.hpp"

#include "runtime/record/versioned.hpp"

namespace davit::record {

using policy::clock_anchor;
using policy::clock_sample;

template <> struct words<operation_phase> {
  static constexpr std::pair<operation_phase, const char*> list[] = {
    {operation_phase::staged, "staged"},       {operation_phase::trial, "trial"},
    {operation_phase::committed, "committed"}, {operation_phase::reverting, "reverting"},
    {operation_phase::reverted, "reverted"},   {operation_phase::failed, "failed"},
  };
};

template <> struct shape<created_objects> {
  template <class F> static void fields(F& f) {
    f("containers", &created_objects::containers);
    f("networks", &created_objects::networks);
    f("volumes", &created_objects::volumes);
  }
};
template <> struct shape<operation_record> {
  template <class F> static void fields(F& f) {
    f.required("id", &operation_record::id);
    f.required("kind", &operation_record::kind);
    f.required("stack", &operation_record::stack);
    f.required("phase", &operation_record::phase);
    f("from", &operation_record::from);
    f("to", &operation_record::to);
    f("started", &operation_record::started);
    f("started_ledger", &operation_record::started_ledger);
    f("author", &operation_record::author);
    f("error", &operation_record::error);
    f("created", &operation_record::created);
    f("options", &operation_record::options);
  }
};
template <> struct shape<audit_row> {
  template <class F> static void fields(F& f) {
    f.required("at", &audit_row::at);
    f.required("wall", &audit_row::wall);
    f("author", &audit_row::author);
    f.required("what", &audit_row::what);
    f("stack", &audit_row::stack);
    f("service", &audit_row::service);
    f("text", &audit_row::text);
  }
};
template <> struct shape<clock_sample> {
  template <class F> static void fields(F& f) {
    f.required("boot_id", &clock_sample::boot_id);
    f.required("boot_ns", &clock_sample::boot);
    f.required("wall", &clock_sample::wall);
    f.required("synchronised", &clock_sample::synchronised);
  }
};
template <> struct shape<clock_anchor> {
  template <class F> static void fields(F& f) {
    f.required("at", &clock_anchor::at);
    f.required("ledger_ms", &clock_anchor::ledger);
  }
};

namespace {

/// All three have the same version so far: 1.
constexpr std::uint32_t newest = 1;

/// A value with its version, so that the version is no member of the model's own structs.
template <class T> struct versioned {
  std::uint32_t format = newest;
  T value;
};

} // namespace

template <class T> struct shape<versioned<T>> {
  template <class F> static void fields(F& f) {
    f.required("format", &versioned<T>::format);
    f.required("value", &versioned<T>::value);
  }
};

namespace {

template <class T> std::string encode_versioned(const T& value) {
  return compact(write_value(versioned<T>{newest, value}));
}

template <class T> result<T> decode_versioned(std::string_view text, const std::string& key) {
  static const std::string remedy = "The store is damaged in this place; see the runbook.";
  auto out = read_versioned<versioned<T>>(text, key, newest, remedy);
  if (!out)
    return tl::unexpected(out.error());
  return std::move(out->value);
}

} // namespace

std::string encode(const clock_anchor& value) { return encode_versioned(value); }
std::string encode(const operation_record& value) { return encode_versioned(value); }
std::string encode(const audit_row& value) { return encode_versioned(value); }

result<clock_anchor> decode_anchor(std::string_view text, const std::string& key) {
  return decode_versioned<clock_anchor>(text, key);
}
result<operation_record> decode_operation(std::string_view text, const std::string& key) {
  return decode_versioned<operation_record>(text, key);
}
result<audit_row> decode_audit(std::string_view text, const std::string& key) {
  return decode_versioned<audit_row>(text, key);
}

} // namespace davit::record
