// `ouro engine dump`.
#include "base/base64.hpp"
#include "cli/engine_commands.hpp"
#include "cli/exit_code.hpp"
#include "engine/inspect.hpp"
#include "engine/printable.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>

namespace ouro::cli {
namespace {

constexpr std::size_t flush_bytes = 1 << 16;

// One line an entry, gathered into larger writes.
class Output {
 public:
  Output(const EngineCommand& command, bool names_tables)
      : command_(command), names_tables_(names_tables) {}

  bool add(const std::string& table, const engine::Iterator& entry) {
    if (command_.json) {
      nlohmann::json line{{"table", table},
                          {"key", engine::printable(entry.key())},
                          {"key_hex", engine::hexadecimal(entry.key())},
                          {"value_bytes", entry.value().size()}};
      if (!command_.keys_only)
        line["value_base64"] = encode_base64(entry.value(), Base64::standard);
      text_ += line.dump();
    } else {
      if (names_tables_) text_ += table + "\t";
      text_ += engine::printable(entry.key());
      if (!command_.keys_only) text_ += "\t" + engine::printable(entry.value());
    }
    text_ += "\n";
    return text_.size() < flush_bytes || flush();
  }

  bool flush() {
    const bool printed = print_all(text_);
    text_.clear();
    return printed;
  }

 private:
  const EngineCommand& command_;
  const bool names_tables_;
  std::string text_;
};

}  // namespace

int run_dump(FileSystem& files, const EngineCommand& command) {
  const Result<std::string> from = engine::from_printable(command.from);
  if (!from) return tell_engine_error(files, command, from.error());
  const auto inspector = engine::Inspector::open(files, command.directory);
  if (!inspector) return tell_engine_error(files, command, inspector.error());
  const auto& tables = (*inspector)->state().tables;
  std::size_t first = 0;
  std::size_t end = tables.size();
  if (!command.table.empty()) {
    const auto only = (*inspector)->table(command.table);
    if (!only) return tell_engine_error(files, command, only.error());
    first = *only;
    end = first + 1;
  }
  Output output(command, end - first > 1);
  std::uint64_t left = command.limit.value_or(UINT64_MAX);
  for (std::size_t table = first; table < end && left > 0; ++table) {
    const auto entry = (*inspector)->scan(static_cast<engine::TableId>(table), {*from, ""});
    for (; entry->valid() && left > 0; entry->next(), --left)
      if (!output.add(tables[table].name, *entry)) return failed;
    if (const Status read = entry->status(); !read) {
      static_cast<void>(output.flush());
      return tell_engine_error(files, command, read.error());
    }
  }
  return output.flush() ? done : failed;
}

}  // namespace ouro::cli
