// What `ouro engine ...` understands, and what it says of mistakes.
#include "cli/command_line.hpp"
#include "tests/support/catch.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace ouro::cli;

namespace {

using What = EngineCommand::What;
using Arguments = std::vector<std::string>;

EngineCommand parsed(Arguments arguments) {
  arguments.insert(arguments.begin(), "engine");
  const Command command = parse_command_line(std::move(arguments));
  const auto* const usage = std::get_if<Usage>(&command);
  const std::string text = usage != nullptr ? usage->text : "";
  CAPTURE(text);
  REQUIRE(std::holds_alternative<EngineCommand>(command));
  return std::get<EngineCommand>(command);
}

Usage told(Arguments arguments) {
  arguments.insert(arguments.begin(), "engine");
  const Command command = parse_command_line(std::move(arguments));
  REQUIRE(std::holds_alternative<Usage>(command));
  return std::get<Usage>(command);
}

bool is_mistake(Arguments arguments, const std::string& about) {
  const Usage usage = told(std::move(arguments));
  CAPTURE(usage.text);
  CHECK(usage.exit_code == 2);
  CHECK(usage.text.find("hint: ") != std::string::npos);
  return usage.text.find(about) != std::string::npos;
}

constexpr std::pair<const char*, What> words[] = {{"dump", What::dump},
                                                  {"verify", What::verify},
                                                  {"stats", What::stats},
                                                  {"repair", What::repair}};

}  // namespace

TEST_CASE("each engine command takes a directory and changes nothing it was not told to") {
  for (const auto& [word, what] : words) {
    CAPTURE(word);
    const EngineCommand command = parsed({word, "n1/data"});
    CHECK(command.what == what);
    CHECK(command.directory == "n1/data");
    CHECK(command.table.empty());
    CHECK(command.from.empty());
    CHECK_FALSE(command.limit);
    CHECK(command.tables.empty());
    CHECK_FALSE(command.keys_only);
    CHECK_FALSE(command.dry_run);
    CHECK_FALSE(command.salvage);
    CHECK_FALSE(command.yes);
    CHECK_FALSE(command.json);
  }
}

TEST_CASE("each engine command tells in JSON if asked, wherever the flag stands") {
  for (const auto& [word, what] : words) {
    CAPTURE(word);
    CHECK(parsed({word, "d", "--json"}).json);
    CHECK(parsed({word, "--json", "d"}).directory == "d");
  }
}

TEST_CASE("dump is narrowed to a table, a first key and a number of entries") {
  const EngineCommand command = parsed(
      {"dump", "d", "--table", "clocks", "--from", "0x00ff", "--limit", "10", "--keys-only"});
  CHECK(command.table == "clocks");
  CHECK(command.from == "0x00ff");
  CHECK(command.limit == 10u);
  CHECK(command.keys_only);
  CHECK(parsed({"dump", "d", "--limit", "0"}).limit == 0u);
  CHECK(parsed({"dump", "d", "--limit=18446744073709551615"}).limit == UINT64_MAX);
}

TEST_CASE("a first key is kept as typed, escapes and spaces too") {
  CHECK(parsed({"dump", "d", "--from", "a\\x00 b\\\\"}).from == "a\\x00 b\\\\");
}

TEST_CASE("repair takes what it may do and the names of tables") {
  const EngineCommand command = parsed({"repair", "d", "--dry-run", "--salvage", "--yes"});
  CHECK(command.dry_run);
  CHECK(command.salvage);
  CHECK(command.yes);
  const Arguments names{"data:token", "clocks", "changes"};
  CHECK(parsed({"repair", "d", "--tables", "data:token,clocks,changes"}).tables == names);
  CHECK(parsed({"repair", "--tables", "one", "--yes", "d"}).tables == Arguments{"one"});
}

TEST_CASE("an engine command without a directory, or with two, is a mistake") {
  for (const auto& [word, what] : words) {
    CAPTURE(word);
    CHECK(is_mistake({word}, "DIR is required"));
    CHECK(is_mistake({word, "one", "two"}, "does not know two"));
  }
}

TEST_CASE("the engine needs a word, and a wrong one is named") {
  CHECK(is_mistake({}, "engine -h"));
  CHECK(is_mistake({"verfy", "d"}, "did you mean \"verify\"?"));
  CHECK(is_mistake({"compact", "d"}, "does not know compact"));
}

TEST_CASE("what one engine command takes another does not") {
  CHECK(is_mistake({"stats", "d", "--limit", "1"}, "does not know --limit"));
  CHECK(is_mistake({"verify", "d", "--dry-run"}, "does not know --dry-run"));
  CHECK(is_mistake({"dump", "d", "--salvage"}, "does not know --salvage"));
  CHECK(is_mistake({"repair", "d", "--keys-only"}, "does not know --keys-only"));
  CHECK(is_mistake({"repair", "d", "--dryrun"}, "did you mean \"--dry-run\"?"));
}

TEST_CASE("a limit is a number of entries") {
  for (const char* limit : {"ten", "1.5", "", "1x"}) {
    CAPTURE(limit);
    CHECK(is_mistake({"dump", "d", std::string("--limit=") + limit}, "--limit"));
  }
}

TEST_CASE("options that need a text do not go without") {
  CHECK(is_mistake({"dump", "d", "--table"}, "--table"));
  CHECK(is_mistake({"dump", "d", "--from"}, "--from"));
  CHECK(is_mistake({"repair", "d", "--tables"}, "--tables"));
}

TEST_CASE("help of each engine command is no mistake") {
  for (const auto& [word, what] : words) {
    CAPTURE(word);
    const Usage usage = told({word, "-h"});
    CHECK(usage.exit_code == 0);
    CHECK(usage.text.find(std::string("ouro engine ") + word) != std::string::npos);
  }
}
