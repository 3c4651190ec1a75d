#include "cli/config.hpp"

#include "cli/serve.hpp"
#include "tests/support/catch.hpp"

using namespace ouro;
using namespace ouro::cli;

namespace {

const std::string smallest =
    "self = \"n1\"\n"
    "[cluster]\n"
    "id = \"1f\"\n"
    "[[node]]\n"
    "id = 1\nname = \"n1\"\nhost = \"127.0.0.1\"\n";

std::string message(const std::string& text) {
  const Result<Config> config = parse_config(text, "ouro.toml");
  REQUIRE(!config.has_value());
  return config.error().message;
}

std::string with(std::string text, const std::string& what, const std::string& by) {
  text.replace(text.find(what), what.size(), by);
  return text;
}

}  // namespace

TEST_CASE("the smallest configuration has the defaults") {
  const Result<Config> config = parse_config(smallest, "ouro.toml");
  REQUIRE(config.has_value());
  CHECK(config->cluster.cluster == 0x1f);
  CHECK(config->cluster.arcs == 256);
  CHECK(config->cluster.nodes.front().http_port == 7070);
  CHECK(config->cluster.nodes.front().peer_port == 7170);
  CHECK(config->data_dir == "./ouro-data");
}

TEST_CASE("a configuration is read as it was written") {
  Config config;
  config.self = "b \"2\"";
  config.data_dir = "/a\\b\n";
  config.bind = "10.0.0.1";
  config.insecure = true;
  config.loops = 3;
  config.log_level = "debug";
  config.memory_mib = 5;
  config.memtable_mib = 6;
  config.scrub_mib_per_second = 7;
  config.cluster.cluster = ~std::uint64_t{0};
  config.cluster.hash_seed = 0x123456789abcdef0;
  config.cluster.arcs = 64;
  config.cluster.defaults.w = 1;
  config.cluster.nodes = {{NodeId(1), "a", "host", 1, 2, "zone", 3},
                          {NodeId(9), config.self, "::1", 4, 5, "", 1}};
  const Result<Config> read = parse_config(render_config(config), "ouro.toml");
  CHECK(read);
  REQUIRE(read.has_value());
  CHECK(render_config(*read) == render_config(config));
  CHECK(read->cluster.nodes[1].name == config.self);
  CHECK(read->data_dir == config.data_dir);
}

TEST_CASE("an unknown key is refused with its line and a suggestion") {
  CHECK(message("datadir = \"x\"\n" + smallest) ==
        "ouro.toml line 1: there is no key \"datadir\": did you mean \"data_dir\"?");
  CHECK(message(with(smallest, "host =", "hosts =")) ==
        "ouro.toml line 7: there is no key \"hosts\": did you mean \"host\"?");
}

TEST_CASE("a value of the wrong kind or size is refused by name") {
  CHECK(message(with(smallest, "\"1f\"", "31")).find("id must be 1 to 16 hexadecimal") !=
        std::string::npos);
  CHECK(message(with(smallest, "id = 1", "id = 0")).find("id must be a number from 1") !=
        std::string::npos);
  CHECK(message("loops = 0\n" + smallest).find("loops must be a number") != std::string::npos);
  CHECK(message("log_level = \"loud\"\n" + smallest).find("log_level must be") !=
        std::string::npos);
}

TEST_CASE("what is missing is named") {
  CHECK(message("self = \"n1\"\n").find("[cluster] is missing") != std::string::npos);
  CHECK(message(with(smallest, "self = \"n1\"", "")).find("\"self\" is missing") !=
        std::string::npos);
  CHECK(message(with(smallest, "self = \"n1\"", "self = \"n2\"")).find("no [[node]] has") !=
        std::string::npos);
}

TEST_CASE("text that is no TOML is refused with its line") {
  CHECK(message("self = \"n1\"\n= 3\n").find("ouro.toml line 2: ") == 0);
}

TEST_CASE("without a file a node is a cluster of its own") {
  ServeCommand command;
  command.http_port = 8080;
  const Result<Config> config = settle_config(command, std::nullopt);
  REQUIRE(config.has_value());
  CHECK(config->cluster.cluster == 0);  // of an earlier run, or drawn
  REQUIRE(config->cluster.nodes.size() == 1);
  CHECK(config->cluster.nodes.front().http_port == 8080);
  CHECK(*config->bind == "127.0.0.1");
}

TEST_CASE("an address that others can reach is refused unless it is accepted by name") {
  ServeCommand command;
  command.bind = "0.0.0.0";
  const Result<Config> refused = settle_config(command, std::nullopt);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().message.find("--insecure") != std::string::npos);
  command.insecure = true;
  command.advertise = "10.1.2.3";
  CHECK(settle_config(command, std::nullopt).has_value());
}

TEST_CASE("an address that nobody can dial is not told to others") {
  ServeCommand command;
  command.insecure = true;
  for (const char* bind : {"0.0.0.0", "::"}) {
    CAPTURE(bind);
    command.bind = bind;
    command.advertise.reset();
    const Result<Config> refused = settle_config(command, std::nullopt);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().message.find("--advertise") != std::string::npos);
    command.advertise = "db1";
    const Result<Config> config = settle_config(command, std::nullopt);
    REQUIRE(config.has_value());
    CHECK(config->node().host == "db1");
    CHECK(*config->bind == bind);
  }
}

TEST_CASE("a node that names members to join founds nothing") {
  ServeCommand command;
  command.join = {"10.0.0.1:7171", "db2", "[::1]:9"};
  command.zone = "a";
  command.weight = 3;
  const Result<Config> config = settle_config(command, std::nullopt);
  REQUIRE(config.has_value());
  CHECK(!config->founds());
  CHECK(config->join == std::vector<PeerPlace>{{"10.0.0.1", 7171}, {"db2", 7170}, {"::1", 9}});
  CHECK(config->node().name.empty());  // the cluster gives one
  CHECK(config->node().zone == "a");
  CHECK(config->node().weight == 3);
  CHECK(config->node().host == "127.0.0.1");
}

TEST_CASE("a file without [[node]] tables describes a node that joins") {
  const std::string text = "join = [\"10.0.0.1:7170\"]\nname = \"n9\"\nhttp_port = 8080\n";
  const Result<Config> config = parse_config(text, "ouro.toml");
  REQUIRE(config.has_value());
  CHECK(!config->founds());
  CHECK(config->node().name == "n9");
  CHECK(config->node().http_port == 8080);
  CHECK(config->join == std::vector<PeerPlace>{{"10.0.0.1", 7170}});
  const Result<Config> read = parse_config(render_config(*config), "ouro.toml");
  REQUIRE(read.has_value());
  CHECK(render_config(*read) == render_config(*config));
}

TEST_CASE("a file without [[node]] tables and without join is a cluster of its own") {
  const Result<Config> config = settle_config(ServeCommand(), "http_port = 8080\n");
  REQUIRE(config.has_value());
  CHECK(config->founds());
  CHECK(config->cluster.cluster == 0);
  CHECK(config->node().http_port == 8080);
}

TEST_CASE("a founder takes its description from its table alone") {
  CHECK(message("join = [\"db1\"]\n" + smallest).find("join is for a file without [[node]]") !=
        std::string::npos);
  CHECK(message("zone = \"a\"\n" + smallest).find("zone is for a file without [[node]]") !=
        std::string::npos);
}

TEST_CASE("what is no place of a member is refused") {
  for (const char* text : {"", ":7170", "a:", "a:0", "a:65536", "a:b", "::1", "[::1", "a/b:1"}) {
    CAPTURE(text);
    CHECK(!parse_peer_place(text).has_value());
  }
  CHECK(message("join = \"db1\"\n").find("join must be a list") != std::string::npos);
  CHECK(message("join = [\"a:b\"]\n").find("HOST:PORT") != std::string::npos);
}

TEST_CASE("a configured host that others can reach is refused too") {
  const std::string text = with(smallest, "127.0.0.1", "10.1.2.3");
  CHECK(!settle_config(ServeCommand(), text).has_value());
  ServeCommand command;
  command.bind = "127.0.0.1";
  CHECK(settle_config(command, text).has_value());
}

TEST_CASE("loopback is recognised, and nothing that only looks like it") {
  for (const char* host : {"127.0.0.1", "127.8.9.1", "::1", "localhost"}) {
    CAPTURE(host);
    CHECK(is_loopback(host));
  }
  for (const char* host : {"0.0.0.0", "::", "127.evil.example", "10.0.0.1", "", "128.0.0.1"}) {
    CAPTURE(host);
    CHECK(!is_loopback(host));
  }
}
