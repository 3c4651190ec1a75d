#include "engine/file_meta.hpp"

#include "base/coding.hpp"
#include "engine/batch.hpp"

namespace ouro::engine {

std::string encode(const FileMeta& meta) {
  std::string out;
  put_varint(out, meta.number);
  put_varint(out, meta.table);
  put_varint(out, meta.level);
  put_varint(out, meta.size);
  put_sized(out, meta.smallest);
  put_sized(out, meta.largest);
  put_varint(out, meta.entries);
  put_varint(out, meta.min_sequence);
  put_varint(out, meta.max_sequence);
  put_fixed<std::uint64_t>(out, meta.checksum);
  return out;
}

Result<FileMeta> decode_file_meta(std::string_view bytes) {
  Reader reader(bytes);
  FileMeta meta;
  meta.number = reader.varint();
  meta.table = static_cast<TableId>(reader.varint_up_to(UINT8_MAX));
  meta.level = static_cast<unsigned>(reader.varint_up_to(level_count - 1));
  meta.size = reader.varint();
  meta.smallest = reader.sized();
  meta.largest = reader.sized();
  meta.entries = reader.varint();
  meta.min_sequence = reader.varint();
  meta.max_sequence = reader.varint();
  meta.checksum = reader.fixed<std::uint64_t>();
  const bool keys_fit = !meta.smallest.empty() && meta.largest.size() <= key_size_max &&
                        meta.smallest.size() <= key_size_max && meta.smallest <= meta.largest;
  if (!reader.finished() || !keys_fit || meta.entries == 0 || meta.min_sequence > meta.max_sequence)
    return Error{ErrorCode::corruption, "the record of table file " + std::to_string(meta.number) +
                                            " is damaged; restore the database from a replica"};
  return meta;
}

}  // namespace ouro::engine
