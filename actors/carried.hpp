// How anything large travels in a message: shared, immutable, never copied.
#pragma once

#include <memory>
#include <utility>

namespace davit::actors {

template <class T> class carried {
public:
  carried() : value_{std::make_shared<const T>()} {}
  carried(T value) : value_{std::make_shared<const T>(std::move(value))} {} // NOLINT: implicit

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  const std::shared_ptr<const T>& share() const { return value_; }

private:
  std::shared_ptr<const T> value_;
};

} // namespace davit::actors
