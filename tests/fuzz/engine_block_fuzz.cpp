// The parts of a table file behind their checksums: a block, an index, a filter. Whatever the bytes
// are, they are refused, or what was made of them can be searched from end to end.
#include "base/check.hpp"
#include "engine/block_format.hpp"
#include "engine/filter.hpp"
#include "engine/table_index.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace ouro;
using namespace ouro::engine;

// Blocks that a builder wrote are in order; of others only safety is asked.
bool in_order(const Block& block) {
  for (std::size_t i = 1; i < block.count(); ++i)
    if (!before(block.entry(i - 1), block.entry(i))) return false;
  return true;
}

void read_block(std::string_view bytes) {
  const auto block = unpack_block(bytes);
  if (!block) return;
  const bool ordered = in_order(*block);
  BlockBuilder builder;
  for (std::size_t i = 0; i < block->count(); ++i) {
    const Entry entry = block->entry(i);
    const std::size_t found = block->lower_bound(block->prefix(i), entry.key, entry.sequence);
    ouro::check(found <= block->count());
    if (ordered) ouro::check(found == i);
    if (ordered) builder.add(entry);
  }
  if (!ordered || builder.empty()) return;
  const auto same = unpack_block(builder.finish());
  ouro::check(same && same->count() == block->count());
  for (std::size_t i = 0; i < block->count(); ++i)
    ouro::check(same->entry(i).key == block->entry(i).key &&
                same->entry(i).value == block->entry(i).value);
}

void read_index(std::string_view bytes) {
  constexpr std::uint64_t begin = 40, end = 100'000;
  const auto index = Index::decode(bytes, begin, end);
  if (!index) return;
  std::uint64_t at = begin;
  for (std::size_t i = 0; i < index->count(); ++i) {
    ouro::check(index->offset(i) == at);
    at += index->stored_size(i);
    static_cast<void>(index->continues(i, bytes.substr(0, 16)));
  }
  ouro::check(at == end);
  for (const std::uint64_t prefix : {std::uint64_t{0}, std::uint64_t{1} << 63, ~std::uint64_t{0}})
    ouro::check(index->find(prefix, bytes.substr(0, 16), 7) < index->count());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_block(bytes);
  read_index(bytes);
  if (const auto filter = Filter::decode(bytes))
    for (std::uint64_t hash = 1; hash != 0; hash <<= 1)
      static_cast<void>(filter->may_contain(hash * 0x9e3779b97f4a7c15));
  return 0;
}
