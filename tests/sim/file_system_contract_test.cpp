// The invented disk does what the real one does, as long as nothing fails.
#include "tests/support/file_system_contract.hpp"
#include "sim/file_system.hpp"

namespace ouro::sim {
namespace {

TEST_CASE("the simulated disk keeps the contract of FileSystem") {
  FileSystem files;
  REQUIRE(files.create_directory("root"));
  check_file_system_contract(files, "root");
}

}  // namespace
}  // namespace ouro::sim
