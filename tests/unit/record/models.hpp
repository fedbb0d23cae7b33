// Models for round trips: one with every field set, and random ones.
#pragma once

#include "runtime/record/model_shapes.hpp"

#include <cstdint>
#include <random>

namespace davit::record::testing {

/// Fills any value from a seed. Every shaped type is filled by its own list of fields.
class filler {
public:
  explicit filler(std::uint64_t seed) : rng_{seed} {}

  /// `full`: nothing is left at its default, no list is empty.
  bool full = false;

  template <class T> void fill(T& x) {
    if constexpr (std::is_same_v<T, bool>) {
      x = full ? !x : below(2) == 1;
    } else if constexpr (std::is_enum_v<T>) {
      const auto count = std::size(words<T>::list);
      x = words<T>::list[full ? count - 1 : below(count)].first;
    } else if constexpr (std::is_same_v<T, std::string>) {
      x = text();
    } else if constexpr (std::is_same_v<T, milliseconds>) {
      x = milliseconds{below(2) ? below(100'000) + 1 : (below(1000) + 1) * 1000};
    } else if constexpr (std::is_same_v<T, wall_time>) {
      x = wall_time{milliseconds{below(4'000'000'000'000) + 1}};
    } else if constexpr (std::is_same_v<T, ledger_time> || std::is_same_v<T, boot_time>) {
      x = T{typename T::duration{below(4'000'000'000'000) + 1}};
    } else if constexpr (detail::is_optional<T>) {
      if (full || below(2))
        fill(x.emplace());
    } else if constexpr (detail::is_list<T>) {
      x.resize(below(3) + (full ? 1 : 0));
      for (auto& item : x)
        fill(item);
    } else if constexpr (detail::is_map<T>) {
      for (auto n = below(3) + (full ? 1 : 0); n > 0; --n)
        fill(x[text()]);
    } else if constexpr (detail::shaped<T>) {
      target<T> to{*this, x};
      shape<T>::fields(to);
    } else if constexpr (std::is_floating_point_v<T>) {
      x = static_cast<T>(below(1'000'000'007) + 1) / 999;
    } else {
      const T edges[] = {std::numeric_limits<T>::max(), T{1}, static_cast<T>(below(60'000) + 7)};
      x = edges[below(3)];
    }
  }

private:
  template <class T> struct target {
    filler& self;
    T& x;
    template <class M> void operator()(const char*, M T::*member) { self.fill(x.*member); }
    template <class M> void required(const char*, M T::*member) { self.fill(x.*member); }
  };

  std::uint64_t below(std::uint64_t n) { return rng_() % n; }

  // Quotes, control characters, a NUL, letters beyond ASCII, and bytes that are no UTF-8.
  std::string text() {
    static const std::string pieces[] = {
      "db", "\"", "\\", "\n", std::string(1, '\0'), "\xc3\xa4", "\xf0\x9f\x90\xb3", " ", "/", "x"};
    std::string out;
    for (auto n = below(6) + 1; n > 0; --n)
      out += pieces[below(std::size(pieces))];
    return out;
  }

  std::mt19937_64 rng_;
};

/// A model whose services carry their own keys as names, as decode_stack demands.
inline stack random_stack(std::uint64_t seed, bool full = false) {
  filler f{seed};
  f.full = full;
  stack out;
  f.fill(out);
  for (auto& [key, spec] : out.services)
    spec.name = key;
  return out;
}

/// How many members an aggregate has: as many initialisers as it takes at most.
struct anything {
  template <class T> operator T&() const;
};
template <class T, std::size_t... I> constexpr bool takes(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), anything{})...}; };
}
template <class T, std::size_t N = 64> constexpr std::size_t members() {
  if constexpr (takes<T>(std::make_index_sequence<N>{}))
    return N;
  else
    return members<T, N - 1>();
}

template <class T> struct counter {
  std::size_t fields = 0;
  template <class M> void operator()(const char*, M T::*) { ++fields; }
  template <class M> void required(const char*, M T::*) { ++fields; }
};
template <class T> std::size_t fields_in_shape() {
  counter<T> c;
  shape<T>::fields(c);
  return c.fields;
}

} // namespace davit::record::testing
