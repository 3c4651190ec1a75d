// What the system knows about a process and a machine: memory, CPU time, bytes, load.
#pragma once

#include <cstdint>
#include <string>

namespace ouro::bench {

/// The most memory that this process ever held (VmHWM), in bytes.
std::uint64_t peak_memory();
/// CPU time of all threads of this process so far.
double cpu_seconds();
/// Bytes of all write calls of this process so far (wchar of /proc/self/io).
std::uint64_t bytes_written();
/// Runnable processes, averaged over the last minute.
double machine_load();
/// Bytes that the files under `directory` take on the disk.
std::uint64_t disk_bytes(const std::string& directory);
/// Waits without using the CPU.
void pause_milliseconds(int milliseconds);

}  // namespace ouro::bench
