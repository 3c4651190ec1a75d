// How the fields of metadata are written and read: one description serves both, so that the two
// cannot disagree.
//
// A description is a function template over the `io` (FieldWriter or FieldReader) and the value.
// Numbers are varints unless fixed64; what a reader finds out of range makes it bad for good.
#pragma once

#include "base/coding.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

namespace ouro::cluster {

template <class Number>
constexpr std::uint64_t number_max() {
  if constexpr (std::is_enum_v<Number>)
    return std::numeric_limits<std::underlying_type_t<Number>>::max();
  else
    return std::numeric_limits<Number>::max();
}

class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out) {}

  template <class Number>
  void number(const Number& value, std::uint64_t = 0) {
    put_varint(out_, static_cast<std::uint64_t>(value));
  }
  void fixed64(std::uint64_t value) { put_fixed(out_, value); }
  void text(std::string_view value, std::size_t) { put_sized(out_, value); }

  /// each(element) for every element of a vector or deque.
  template <class Sequence, class Each>
  void sequence(const Sequence& values, std::size_t, Each each) {
    put_varint(out_, values.size());
    for (const auto& value : values) each(value);
  }
  /// key(k) and value(v) for every entry, ascending.
  template <class Map, class KeyField, class ValueField>
  void map(const Map& entries, std::size_t, KeyField key, ValueField value) {
    put_varint(out_, entries.size());
    for (const auto& [k, v] : entries) {
      key(k);
      value(v);
    }
  }
  template <class Optional, class Each>
  void optional(const Optional& value, Each each) {
    put_varint(out_, value.has_value() ? 1 : 0);
    if (value) each(*value);
  }

 private:
  std::string& out_;
};

class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : reader_(bytes) {}

  template <class Number>
  void number(Number& value, std::uint64_t max = number_max<Number>()) {
    value = static_cast<Number>(reader_.varint_up_to(max));
  }
  void fixed64(std::uint64_t& value) { value = reader_.fixed<std::uint64_t>(); }
  void text(std::string& value, std::size_t limit) {
    const std::string_view bytes = reader_.sized();
    if (bytes.size() > limit)
      bad_ = true;
    else
      value = bytes;
  }

  template <class Sequence, class Each>
  void sequence(Sequence& values, std::size_t limit, Each each) {
    // Every element takes a byte at least, so what is promised cannot outgrow what is there.
    const std::uint64_t count = reader_.varint_up_to(std::min(limit, reader_.rest().size()));
    for (std::uint64_t i = 0; i < count && ok(); ++i) each(values.emplace_back());
  }
  template <class Map, class KeyField, class ValueField>
  void map(Map& entries, std::size_t limit, KeyField key, ValueField value) {
    const std::uint64_t count = reader_.varint_up_to(std::min(limit, reader_.rest().size()));
    for (std::uint64_t i = 0; i < count && ok(); ++i) {
      typename Map::key_type k{};
      key(k);
      if (!entries.empty() && !(std::prev(entries.end())->first < k)) bad_ = true;
      value(entries[k]);
    }
  }
  template <class Optional, class Each>
  void optional(Optional& value, Each each) {
    if (reader_.varint_up_to(1) == 1 && ok()) each(value.emplace());
  }

  bool ok() const { return !bad_ && reader_.ok(); }
  bool finished() const { return !bad_ && reader_.finished(); }

 private:
  Reader reader_;
  bool bad_ = false;
};

}  // namespace ouro::cluster
