#include "cli/config.hpp"

#include "cli/suggest.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <system_error>
#include <utility>

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 18> top_keys{
    "join",      "name",      "zone",       "weight",       "advertise",
    "http_port", "peer_port", "data_dir",   "bind",         "insecure",
    "loops",     "log_level", "memory_mib", "memtable_mib", "scrub_mib_per_second",
    "self",      "node",      "cluster"};
/// A node that a [[node]] table describes has these from there; one that none describes, here.
constexpr std::span<const std::string_view> alone_keys = std::span(top_keys).first<7>();
constexpr std::span<const std::string_view> founder_keys = std::span(top_keys).last<3>();
constexpr std::span<const std::string_view> cluster_file_keys = std::span(top_keys).last<2>();
constexpr std::array<std::string_view, 6> cluster_keys{"id", "seed", "arcs", "n", "r", "w"};
constexpr std::array<std::string_view, 7> node_keys{"id",        "name", "host",  "http_port",
                                                    "peer_port", "zone", "weight"};
constexpr std::array<std::string_view, 6> log_levels{"trace", "debug", "info",
                                                     "warn",  "error", "off"};

/// Reads a table key by key and remembers the first thing that was wrong.
class TableReader {
 public:
  TableReader(const toml::table& table, const std::string& file) : table_(table), file_(file) {}

  void expect(std::span<const std::string_view> known) {
    for (const auto& [key, value] : table_) {
      if (std::ranges::find(known, key.str()) != known.end()) continue;
      fail(value.source(),
           fmt::format("there is no key \"{}\"{}", key.str(), suggestion(key.str(), known)));
    }
  }

  void read(std::string_view key, std::string& into) {
    if (const toml::node* node = table_.get(key)) {
      if (const auto text = node->value_exact<std::string>())
        into = *text;
      else
        fail(node->source(), fmt::format("{} must be a string in quotes", key));
    }
  }

  void read(std::string_view key, bool& into) {
    if (const toml::node* node = table_.get(key)) {
      if (const auto value = node->value_exact<bool>())
        into = *value;
      else
        fail(node->source(), fmt::format("{} must be true or false", key));
    }
  }

  template <class Integer>
  void read_number(std::string_view key, Integer& into, std::int64_t least, std::int64_t most) {
    if (const toml::node* node = table_.get(key)) {
      const auto value = node->value_exact<std::int64_t>();
      if (value && *value >= least && *value <= most)
        into = static_cast<Integer>(*value);
      else
        fail(node->source(), fmt::format("{} must be a number from {} to {}", key, least, most));
    }
  }

  void read_hex(std::string_view key, std::uint64_t& into) {
    if (const toml::node* node = table_.get(key)) {
      const auto text = node->value_exact<std::string>();
      const auto value = text ? parse_hex(*text) : std::nullopt;
      if (value)
        into = *value;
      else
        fail(node->source(),
             fmt::format("{} must be 1 to 16 hexadecimal digits in quotes, such as \"1f\"", key));
    }
  }

  void require(std::string_view key) {
    if (table_.get(key) == nullptr)
      fail(table_.source(), fmt::format("the key \"{}\" is missing", key));
  }

  void fail(const toml::source_region& where, std::string what) {
    if (!error_)
      error_ = Error{ErrorCode::invalid_argument,
                     fmt::format("{} line {}: {}", file_, where.begin.line, what)};
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  const toml::table& table_;
  const std::string& file_;
  std::optional<Error> error_;
};

std::optional<Error> read_cluster(const toml::table& root, const std::string& file,
                                  cluster::Settings& settings) {
  const toml::table* table = root["cluster"].as_table();
  if (table == nullptr)
    return Error{ErrorCode::invalid_argument, file + ": the table [cluster] is missing"};
  TableReader reader(*table, file);
  reader.expect(cluster_keys);
  reader.require("id");
  reader.read_hex("id", settings.cluster);
  reader.read_hex("seed", settings.hash_seed);
  reader.read_number("arcs", settings.arcs, 1, ring::arc_count_max);
  reader.read_number("n", settings.defaults.n, 1, 7);
  reader.read_number("r", settings.defaults.r, 0, 7);
  reader.read_number("w", settings.defaults.w, 0, 7);
  return reader.error();
}

std::optional<Error> read_node(const toml::table& table, const std::string& file,
                               cluster::Node& node) {
  std::uint32_t id = 0;
  TableReader reader(table, file);
  reader.expect(node_keys);
  for (const std::string_view key : {"id", "name", "host"}) reader.require(key);
  reader.read_number("id", id, 1, std::numeric_limits<std::uint32_t>::max());
  reader.read("name", node.name);
  reader.read("host", node.host);
  reader.read_number("http_port", node.http_port, 1, 65535);
  reader.read_number("peer_port", node.peer_port, 1, 65535);
  reader.read("zone", node.zone);
  reader.read_number("weight", node.weight, 1, 1000000);
  node.id = NodeId(id);
  return reader.error();
}

std::optional<Error> read_nodes(const toml::table& root, const std::string& file,
                                std::vector<cluster::Node>& nodes) {
  const toml::array* tables = root["node"].as_array();
  if (tables == nullptr || tables->empty())
    return Error{ErrorCode::invalid_argument,
                 file + ": the members are missing: write a [[node]] table for each"};
  for (const toml::node& entry : *tables) {
    const toml::table* table = entry.as_table();
    if (table == nullptr)
      return Error{ErrorCode::invalid_argument, file + ": write [[node]] tables for the members"};
    cluster::Node node;
    node.http_port = 7070;
    node.peer_port = 7170;
    if (auto error = read_node(*table, file, node)) return error;
    nodes.push_back(std::move(node));
  }
  return std::nullopt;
}

bool names_nodes(const toml::table& root) {
  return std::ranges::any_of(founder_keys,
                             [&root](std::string_view key) { return root.contains(key); });
}

void read_join(TableReader& reader, const toml::table& root, std::vector<PeerPlace>& into) {
  const toml::node* const node = root.get("join");
  if (node == nullptr) return;
  const toml::array* const places = node->as_array();
  if (places == nullptr || places->empty())
    return reader.fail(node->source(), "join must be a list such as [\"10.0.0.1:7170\"]");
  for (const toml::node& entry : *places) {
    const Result<PeerPlace> place = parse_peer_place(entry.value_or(std::string()));
    if (!place) return reader.fail(entry.source(), "join: " + place.error().message);
    into.push_back(*place);
  }
}

void read_alone(TableReader& reader, const toml::table& root, Config& config) {
  cluster::Node& node = config.alone;
  node.http_port = 7070;
  node.peer_port = 7170;
  read_join(reader, root, config.join);
  reader.read("name", node.name);
  reader.read("advertise", node.host);
  reader.read_number("http_port", node.http_port, 1, 65535);
  reader.read_number("peer_port", node.peer_port, 1, 65535);
  reader.read("zone", node.zone);
  reader.read_number("weight", node.weight, 1, 65535);
}

void read_founder(TableReader& reader, const toml::table& root, Config& config) {
  for (const std::string_view key : alone_keys)
    if (const toml::node* node = root.get(key))
      reader.fail(
          node->source(),
          fmt::format("{} is for a file without [[node]] tables: a node that joins needs no "
                      "list of members, and one of a list has this in its table",
                      key));
  reader.require("self");
  reader.read("self", config.self);
}

std::optional<Error> read_top(const toml::table& root, const std::string& file, Config& config) {
  std::string bind;
  std::size_t loops = 0;
  TableReader reader(root, file);
  reader.expect(top_keys);
  if (names_nodes(root))
    read_founder(reader, root, config);
  else
    read_alone(reader, root, config);
  reader.read("data_dir", config.data_dir);
  reader.read("bind", bind);
  reader.read("insecure", config.insecure);
  reader.read_number("loops", loops, 1, 256);
  reader.read("log_level", config.log_level);
  if (std::ranges::find(log_levels, config.log_level) == log_levels.end())
    reader.fail(root.get("log_level")->source(),
                "log_level must be trace, debug, info, warn, error or off");
  reader.read_number("memory_mib", config.memory_mib, 1, 1 << 20);
  reader.read_number("memtable_mib", config.memtable_mib, 1, 1 << 12);
  reader.read_number("scrub_mib_per_second", config.scrub_mib_per_second, 0, 1 << 12);
  if (!bind.empty()) config.bind = bind;
  if (loops > 0) config.loops = loops;
  return reader.error();
}

/// TOML's basic strings; control characters are written by their number.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + "\"";
}

Error not_toml(const toml::parse_error& error, const std::string& file) {
  return Error{ErrorCode::invalid_argument,
               fmt::format("{} line {}: {}", file, error.source().begin.line, error.description())};
}

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& file) try {
  const toml::table root = toml::parse(text, file);
  Config config;
  if (auto error = read_top(root, file, config)) return *std::move(error);
  if (!names_nodes(root)) return config;
  if (auto error = read_cluster(root, file, config.cluster)) return *std::move(error);
  if (auto error = read_nodes(root, file, config.cluster.nodes)) return *std::move(error);
  const auto& nodes = config.cluster.nodes;
  if (std::ranges::find(nodes, config.self, &cluster::Node::name) == nodes.end())
    return Error{ErrorCode::invalid_argument,
                 file + ": self is \"" + config.self + "\", but no [[node]] has that name"};
  return config;
} catch (const toml::parse_error& error) {
  return not_toml(error, file);
}

Result<cluster::Settings> parse_cluster(std::string_view text, const std::string& file) try {
  const toml::table root = toml::parse(text, file);
  cluster::Settings settings;
  TableReader reader(root, file);
  reader.expect(cluster_file_keys);
  if (reader.error()) return *reader.error();
  if (auto error = read_cluster(root, file, settings)) return *std::move(error);
  if (auto error = read_nodes(root, file, settings.nodes)) return *std::move(error);
  return settings;
} catch (const toml::parse_error& error) {
  return not_toml(error, file);
}

std::string render_alone(const Config& config) {
  const cluster::Node& node = config.alone;
  std::string places;
  for (const PeerPlace& place : config.join) {
    const bool is_ipv6 = place.host.find(':') != place.host.npos;
    places +=
        (places.empty() ? "" : ", ") +
        quoted(fmt::format(fmt::runtime(is_ipv6 ? "[{}]:{}" : "{}:{}"), place.host, place.port));
  }
  std::string text = places.empty() ? "" : "join = [" + places + "]\n";
  text += fmt::format("name = {}\nzone = {}\nweight = {}\nadvertise = {}\n", quoted(node.name),
                      quoted(node.zone), node.weight, quoted(node.host));
  return text + fmt::format("http_port = {}\npeer_port = {}\n", node.http_port, node.peer_port);
}

const cluster::Node& Config::node() const {
  const auto named = std::ranges::find(cluster.nodes, self, &cluster::Node::name);
  return named != cluster.nodes.end() ? *named : alone;
}

std::string render_config(const Config& config) {
  std::string text =
      config.founds() ? fmt::format("self = {}\n", quoted(config.self)) : render_alone(config);
  text += fmt::format("data_dir = {}\n", quoted(config.data_dir));
  if (config.bind) text += fmt::format("bind = {}\n", quoted(*config.bind));
  if (config.insecure) text += "insecure = true\n";
  if (config.loops) text += fmt::format("loops = {}\n", *config.loops);
  text += fmt::format("log_level = {}\nmemory_mib = {}\nmemtable_mib = {}\n",
                      quoted(config.log_level), config.memory_mib, config.memtable_mib);
  text += fmt::format("scrub_mib_per_second = {}\n\n", config.scrub_mib_per_second);
  return config.founds() ? text + render_cluster(config.cluster) : text;
}

std::string render_cluster(const cluster::Settings& cluster) {
  std::string text = fmt::format("[cluster]\nid = \"{:016x}\"\nseed = \"{:016x}\"\narcs = {}\n",
                                 cluster.cluster, cluster.hash_seed, cluster.arcs);
  text += fmt::format("n = {}\nr = {}\nw = {}\n", cluster.defaults.n, cluster.defaults.r,
                      cluster.defaults.w);
  for (const cluster::Node& node : cluster.nodes) {
    text += fmt::format("\n[[node]]\nid = {}\nname = {}\nhost = {}\n", to_integer(node.id),
                        quoted(node.name), quoted(node.host));
    text += fmt::format("http_port = {}\npeer_port = {}\nzone = {}\nweight = {}\n", node.http_port,
                        node.peer_port, quoted(node.zone), node.weight);
  }
  return text;
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  if (text.empty() || text.size() > 16) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    constexpr std::string_view digits = "0123456789abcdef";
    const std::size_t digit = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
    if (digit == digits.npos) return std::nullopt;
    value = value << 4 | digit;
  }
  return value;
}

Result<PeerPlace> parse_peer_place(const std::string& text) {
  const Error wrong{ErrorCode::invalid_argument,
                    "\"" + text + "\" is not HOST:PORT, such as 10.0.0.1:7170"};
  PeerPlace place;
  std::string_view rest = text;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == rest.npos) return wrong;
    place.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  } else {
    const std::size_t end = rest.find(':');
    if (end != rest.npos && rest.find(':', end + 1) != rest.npos) return wrong;
    place.host = rest.substr(0, end);
    rest.remove_prefix(place.host.size());
  }
  if (place.host.empty() || place.host.find('/') != place.host.npos) return wrong;
  if (rest.empty()) return place;
  rest.remove_prefix(1);
  const char* const end = rest.data() + rest.size();
  const auto [stop, error] = std::from_chars(rest.data(), end, place.port);
  if (error != std::errc() || stop != end || place.port == 0) return wrong;
  return place;
}

bool is_wildcard(std::string_view host) { return host == "0.0.0.0" || host == "::"; }

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  if (!host.starts_with("127.")) return false;
  return std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

}  // namespace ouro::cli
