// What bytes a file has after a loss of power.
#pragma once

#include "sim/disk.hpp"

#include <cstddef>
#include <string>

namespace ouro::sim {

/// Disks write sectors whole; a torn write leaves some of them unwritten.
constexpr std::size_t sector_size = 512;

/// The content of `file` after a crash. Bytes that were synced are always in it.
std::string crash_image(const Inode& file, CrashPolicy policy, Random& random);

}  // namespace ouro::sim
