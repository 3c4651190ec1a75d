// Is every byte of a table file what was written?
#pragma once

#include "base/hash.hpp"
#include "engine/block.hpp"
#include "engine/db.hpp"
#include "engine/entry.hpp"
#include "engine/table_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ouro::engine {

/// Reads a whole file once, a bounded piece at a time: its hash, every block's checksum, the order
/// of all entries, and that index, filter, footer and manifest agree with them. For one thread at a
/// time.
class TableVerifier {
 public:
  explicit TableVerifier(const TableReader& table) : table_(table) {}

  /// Reads about `bytes` (at least one block) and goes on where the last step ended; true when the
  /// file is done and nothing but destruction is allowed. Damage goes into the report; an Error
  /// means that the check could not be done.
  Result<bool> step(std::size_t bytes, VerifyReport& report);

  std::uint64_t bytes_read() const noexcept { return bytes_read_; }

 private:
  Status check_frame(VerifyReport& report);
  Status check_sections() const;
  Status hash_up_to(std::uint64_t end, VerifyReport& report);
  Status check_block(VerifyReport& report);
  void check_entry(const Entry& entry, VerifyReport& report);
  void check_totals(VerifyReport& report) const;
  void report_damage(std::uint64_t offset, std::string_view what, VerifyReport& report) const;

  const TableReader& table_;
  std::size_t next_block_ = 0;
  StreamHash hash_;
  std::uint64_t hashed_ = 0;  ///< Bytes of the file in hash_: it is read front to back.
  std::uint64_t bytes_read_ = 0;
  std::string first_key_, last_key_;
  Sequence last_sequence_ = 0;
  Sequence min_sequence_ = ~Sequence{0}, max_sequence_ = 0;
  std::uint64_t entries_ = 0, removes_ = 0;
  bool begun_ = false;
  bool block_lost_ = false;
  bool damaged_ = false;  ///< Anything was reported in an earlier step.
};

}  // namespace ouro::engine
