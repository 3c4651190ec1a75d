// Is a library a release build? One with assertions is slow for reasons of its own, and beating it
// proves nothing.
#pragma once

#include "bench/engine/engine.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace ouro::bench {

/// How many functions of a library (or a program) have assertions: assert() leaves the full
/// signature of its function ("bool rocksdb::Cache::Has(int)"), and all signatures of one name
/// space are counted. Nothing if the file cannot be read.
std::optional<std::size_t> count_assertions(const std::string& path, std::string_view name_space);

/// The build of the library that made `object`, which has virtual functions: the table of these is
/// looked up, because a plain function's address may be that of a stub in this program.
Build library_build(std::string version, const void* object, std::string_view name_space);

}  // namespace ouro::bench
