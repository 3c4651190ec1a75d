// The one place that knows which major version of Catch2 is installed (Debian 12 has 2, later ones
// 3).
#pragma once

#include "base/result.hpp"

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

/// CHECK(result) prints why it failed, whatever the value's type.
template <class T>
struct Catch::StringMaker<ouro::Result<T>> {
  static std::string convert(const ouro::Result<T>& result) {
    return result ? "success" : ouro::to_string(result.error());
  }
};
