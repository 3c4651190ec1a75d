// Is every byte of a table file what was written?
#pragma once

#include "engine/block.hpp"
#include "engine/db.hpp"
#include "engine/entry.hpp"
#include "engine/table_reader.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ouro::engine {

/// Reads a whole file once: its hash, every block's checksum, the order of all entries, and that
/// index, filter, footer and manifest agree with them. Used up by run().
class TableVerifier {
 public:
  explicit TableVerifier(const TableReader& table) : table_(table) {}

  /// Damage goes into the report; an Error means that the check could not be done.
  Status run(VerifyReport& report);

 private:
  Status check_sections() const;
  Status check_file_hash();
  Status check_block(std::size_t number, VerifyReport& report);
  void check_entry(const Entry& entry, std::size_t number, VerifyReport& report);
  void check_totals(VerifyReport& report) const;
  void report_damage(std::uint64_t offset, std::string_view what, VerifyReport& report) const;

  const TableReader& table_;
  std::string first_key_, last_key_;
  Sequence last_sequence_ = 0;
  Sequence min_sequence_ = ~Sequence{0}, max_sequence_ = 0;
  std::uint64_t entries_ = 0, removes_ = 0;
  bool block_lost_ = false;
  bool hash_differs_ = false;
};

}  // namespace ouro::engine
