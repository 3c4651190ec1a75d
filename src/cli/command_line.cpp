#include "cli/command_line.hpp"

#include "cli/exit_code.hpp"
#include "cli/suggest.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace ouro::cli {
namespace {

constexpr const char* default_node = "http://127.0.0.1:7070";
const std::string shown_in_every_help = "Print this help and exit";

/// One command: its parser, its values, and what they make once it was chosen.
struct Parser {
  CLI::App app{"Ouro, a peer-to-peer key-value store.", "ouro"};
  ServeCommand serve;
  DemoCommand demo;
  DemoControlCommand control;
  KeyCommand key;
  RingCommand ring;
  ClusterCommand cluster;
  RecoverCommand recover;
  EngineCommand engine;
  VersionCommand version;
  Command chosen = Usage{};

  Parser();
  void add_serve();
  void add_demo();
  void add_control(CLI::App& demo_app, const std::string& word, const std::string& help,
                   DemoControlCommand::What what);
  void add_key(const std::string& word, const std::string& help, KeyCommand::What what);
  void add_ring();
  void add_cluster();
  void add_stages(CLI::App& parent);
  void add_recover(CLI::App& parent);
  CLI::App& add_operation(CLI::App& parent, const std::string& word, const std::string& help,
                          ClusterCommand::What what);
  void add_engine();
  void add_repair(CLI::App& command);
  CLI::App& add_offline(CLI::App& parent, const std::string& word, const std::string& help,
                        EngineCommand::What what);
  void add_version();
};

void add_node_option(CLI::App& command, std::string& nodes) {
  nodes = default_node;
  command.add_option("--node", nodes, "Nodes to ask, separated by commas (also OURO_NODE)")
      ->envname("OURO_NODE")
      ->type_name("URL|HOST:PORT")
      ->capture_default_str();
}

CLI::App& add_command(CLI::App& parent, const std::string& word, const std::string& help,
                      const std::string& examples) {
  CLI::App& command = *parent.add_subcommand(word, help);
  command.set_help_flag("-h,--help", shown_in_every_help);
  command.footer("Examples:\n" + examples);
  return command;
}

Parser::Parser() {
  app.set_help_flag("-h,--help", shown_in_every_help);
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  ouro demo --nodes 3                        three nodes on this machine\n"
      "  ouro put cities lisbon '{\"country\":\"PT\"}'  store a value\n"
      "  ouro get cities lisbon                     read it back\n"
      "  ouro ring locate cities lisbon             where it lies\n"
      "  ouro cluster status                        the nodes and how they are\n"
      "\nExit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 conflict, 5 unavailable, "
      "6 outcome not known");
  add_serve();
  add_demo();
  add_key("get", "Read a value and write its bytes to standard output", KeyCommand::What::get);
  add_key("put", "Store a value", KeyCommand::What::put);
  add_key("del", "Delete a key", KeyCommand::What::del);
  add_ring();
  add_cluster();
  add_engine();
  add_version();
}

void Parser::add_serve() {
  CLI::App& command =
      add_command(app, "serve", "Run a node until it is told to stop",
                  "  ouro serve                                 one node, data in ./ouro-data\n"
                  "  ouro serve --config ouro.toml              a node of a cluster\n"
                  "  ouro serve --join 10.0.0.1:7170            asks that node's cluster to let it "
                  "in\n"
                  "  ouro serve --data-dir /var/lib/ouro --http-port 8080");
  command.add_option("--config", serve.config, "Configuration of a node of a cluster (TOML)")
      ->type_name("FILE");
  command.add_option("--data-dir", serve.data_dir, "Where the data is [./ouro-data]")
      ->type_name("DIR");
  command.add_option("--bind", serve.bind, "Address to listen on [127.0.0.1]")
      ->type_name("ADDRESS");
  auto* const http = command.add_option("--http-port", serve.http_port, "Port of clients [7070]");
  auto* const peer = command.add_option("--peer-port", serve.peer_port, "Port of nodes [7170]");
  auto* const zone = command.add_option("--zone", serve.zone, "What may fail together with it");
  auto* const name = command.add_option("--name", serve.name, "What people call it [n1]");
  auto* const weight = command.add_option("--weight", serve.weight, "Its share of the data [1]")
                           ->check(CLI::Range(1, 65535));
  auto* const advertise =
      command.add_option("--advertise", serve.advertise, "Where others reach it [--bind]")
          ->type_name("HOST");
  auto* const join = command
                         .add_option("--join", serve.join,
                                     "A member to ask to be let in; may be given several times")
                         ->type_name("HOST:PEERPORT");
  for (auto* const option : {http, peer, zone, name, weight, advertise, join})
    option->excludes("--config");
  for (auto* const option : {http, peer}) option->check(CLI::Range(1, 65535));
  command.add_option("--loops", serve.loops, "Event loops [one per core]")
      ->check(CLI::Range(1, 256));
  command.add_option("--log-level", serve.log_level, "How much is logged [info]")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  command.add_flag("--insecure", serve.insecure,
                   "Accept an address that other machines can reach, although nothing is "
                   "authenticated or encrypted yet");
  command.callback([this] { chosen = serve; });
}

void Parser::add_demo() {
  CLI::App& command =
      add_command(app, "demo", "Run a whole cluster on this machine",
                  "  ouro demo --nodes 3                        start three nodes\n"
                  "  ouro demo kill n2                          kill -9 one of them\n"
                  "  ouro demo start n2                         start it again");
  command.add_option("--nodes", demo.nodes, "How many nodes [3]")->check(CLI::Range(1, 32));
  command.add_option("--dir", demo.dir, "Where all its data is")->capture_default_str();
  command.add_option("--http-port", demo.http_port, "Port of the first node's clients [7070]")
      ->check(CLI::Range(1, 65535));
  command.add_option("--peer-port", demo.peer_port, "Port of the first node for others [7170]")
      ->check(CLI::Range(1, 65535));
  command.add_flag("--json", demo.json, "One JSON object per line");
  command.require_subcommand(0, 1);
  using What = DemoControlCommand::What;
  add_control(command, "kill", "Kill a node at once (kill -9)", What::kill);
  add_control(command, "start", "Start a node that ended", What::start);
  add_control(command, "status", "Show the nodes", What::status);
  command.callback([this, &command] {
    if (command.get_subcommands().empty()) chosen = demo;
  });
}

void Parser::add_control(CLI::App& demo_app, const std::string& word, const std::string& help,
                         DemoControlCommand::What what) {
  const bool has_node = what != DemoControlCommand::What::status;
  CLI::App& command =
      add_command(demo_app, word, help, "  ouro demo " + word + (has_node ? " n2" : ""));
  if (has_node) command.add_option("NODE", control.node, "Its name")->required();
  auto* const dir = command.add_option("--dir", control.dir, "The directory of the running demo");
  dir->capture_default_str();
  if (!has_node) command.add_flag("--json", control.json, "One JSON object per line");
  command.callback([this, what, dir] {
    control.what = what;
    if (dir->empty()) control.dir = demo.dir;  // `ouro demo --dir D kill n2` means the same
    chosen = control;
  });
}

void Parser::add_key(const std::string& word, const std::string& help, KeyCommand::What what) {
  const bool puts = what == KeyCommand::What::put;
  const bool gets = what == KeyCommand::What::get;
  CLI::App& command = add_command(
      app, word, help,
      puts ? "  ouro put cities lisbon '{\"country\":\"PT\"}' --content-type application/json\n"
             "  ouro put pictures cat @cat.png --content-type image/png\n"
             "  date | ouro put notes now -"
           : "  ouro " + word + " cities lisbon\n  ouro " + word +
                 " cities lisbon --node 127.0.0.1:7071,127.0.0.1:7072");
  command.add_option("BUCKET", key.bucket, "Letters, digits, '.', '_' and '-'")->required();
  command.add_option("KEY", key.key, "1 to 4096 bytes; slashes are fine")->required();
  if (puts) {
    command.add_option("VALUE", key.value, "Text, @FILE, or - for standard input")->required();
    command.add_option("--content-type", key.content_type, "Kept with the value");
  }
  add_node_option(command, key.nodes);
  if (gets)
    command.add_option("-r", key.r, "Replicas that must agree");
  else
    command.add_option("-w", key.w, "Replicas that must have it");
  if (!gets)
    command.add_option("--context", key.context, "Replace exactly what an earlier answer showed");
  command.add_option("--timeout", key.timeout_ms, "Milliseconds to wait")
      ->check(CLI::Range(1, 60000))
      ->capture_default_str();
  if (gets) command.add_flag("--siblings", key.siblings, "Write concurrent values as JSON");
  command.add_flag("-v,--verbose", key.verbose, "Say more on standard error, such as the context");
  command.add_flag("--curl", key.curl, "Print the curl command that does the same, and do nothing");
  command.callback([this, what] {
    key.what = what;
    chosen = key;
  });
}

void Parser::add_ring() {
  CLI::App& command = add_command(app, "ring", "Show who keeps what",
                                  "  ouro ring show\n  ouro ring locate cities lisbon");
  command.require_subcommand(1);
  CLI::App& show = add_command(command, "show", "Show the nodes and the arcs they own",
                               "  ouro ring show\n  ouro ring show --json");
  CLI::App& locate = add_command(command, "locate", "Show which nodes keep a key",
                                 "  ouro ring locate cities lisbon");
  locate.add_option("BUCKET", ring.bucket)->required();
  locate.add_option("KEY", ring.key)->required();
  for (CLI::App* const each : {&show, &locate}) {
    add_node_option(*each, ring.nodes);
    each->add_flag("--json", ring.json, "The node's answer as it is");
    each->add_flag("--curl", ring.curl, "Print the curl command that does the same");
  }
  show.callback([this] { chosen = ring; });
  locate.callback([this] {
    ring.locate = true;
    chosen = ring;
  });
}

void Parser::add_cluster() {
  CLI::App& command = add_command(
      app, "cluster", "Show the cluster and change it: stage, plan, commit, follow",
      "  ouro cluster status                        who is there, and what is going on\n"
      "  ouro cluster leave n2                      stage that n2 shall leave\n"
      "  ouro cluster plan                          what all that is staged would move\n"
      "  ouro cluster commit --plan HASH            begin it\n"
      "  ouro cluster status -f                     follow it to its end");
  command.require_subcommand(1);
  using What = ClusterCommand::What;
  CLI::App& status = add_operation(command, "status", "Show members and changes", What::status);
  status.add_flag("-f,--follow", cluster.follow, "Follow the running change to its end");
  add_operation(command, "join", "Show which nodes wait to join, and how others would", What::join);
  add_stages(command);
  add_operation(command, "plan", "Show what all that is staged would move", What::plan);
  CLI::App& commit = add_operation(command, "commit", "Begin what a plan showed", What::commit);
  commit.add_option("--plan", cluster.plan, "The plan's hash")->required()->type_name("HASH");
  commit.add_flag("--yes", cluster.yes, "Do not ask");
  commit.add_flag("-f,--follow", cluster.follow, "Follow the change to its end");
  CLI::App& abort = add_operation(command, "abort", "Turn the running change round", What::abort);
  abort.add_option("--change", cluster.change, "Only if it is this one");
  add_recover(command);
}

void Parser::add_recover(CLI::App& parent) {
  CLI::App& command = add_command(
      parent, "recover", "Go on after a majority of the voters was lost for good",
      "  ouro cluster recover ouro-data                     what this node knows, and what to do\n"
      "  ouro cluster recover ouro-data --lead              on the survivor that knows most\n"
      "  ouro cluster recover ouro-data --follow 1f2e@4.57  on the others, as that one prints it");
  command.add_option("DIR", recover.directory, "The data directory of a node that is stopped")
      ->required();
  auto* const lead = command.add_flag("--lead", recover.lead, "This node goes on, alone at first");
  command
      .add_option("--follow", recover.follow, "This node gives up its metadata log for that one's")
      ->type_name("GROUP")
      ->excludes(lead);
  command.add_flag("--accept-log-loss", recover.accept_log_loss,
                   "Follow also a node that knows less than this one");
  command.add_flag("--yes", recover.yes, "Do not ask");
  command.add_flag("--json", recover.json, "As JSON");
  command.callback([this] { chosen = recover; });
}

void Parser::add_stages(CLI::App& parent) {
  using What = ClusterCommand::What;
  const auto with_node = [&](const char* word, const char* help, What what) -> CLI::App& {
    CLI::App& command = add_operation(parent, word, help, what);
    command.add_option("NODE", cluster.node, "Its name")->required();
    return command;
  };
  with_node("leave", "Stage that a node gives up its data and leaves", What::leave);
  CLI::App& replace =
      with_node("replace", "Stage that a waiting node takes over from another", What::replace);
  replace.add_option("--with", cluster.with, "The node that waits to join")
      ->required()
      ->type_name("NODE");
  CLI::App& weight = with_node("weight", "Stage another share of the data", What::weight);
  weight.add_option("WEIGHT", cluster.weight)->required()->check(CLI::Range(1, 65535));
  CLI::App& zone = with_node("zone", "Stage another zone", What::zone);
  zone.add_option("ZONE", cluster.zone, "What may fail together; \"\" for none")->required();
  with_node("unstage", "Take back what is staged for a node", What::unstage);
  CLI::App& lost = add_operation(
      parent, "lost", "Give up nodes that are dead and will never come back", What::lost);
  lost.add_option("NODE", cluster.names, "Their names")->required();
  lost.add_flag("--accept-data-loss", cluster.accept_data_loss,
                "Also when acknowledged writes may be on these nodes alone");
}

CLI::App& Parser::add_operation(CLI::App& parent, const std::string& word, const std::string& help,
                                ClusterCommand::What what) {
  CLI::App& command = add_command(parent, word, help, "  ouro cluster " + word + " -h");
  add_node_option(command, cluster.nodes);
  command.add_flag("--json", cluster.json, "The node's answer as it is");
  command.add_flag("--curl", cluster.curl,
                   "Print the curl command that does the same, and do nothing");
  command.callback([this, what] {
    cluster.what = what;
    chosen = cluster;
  });
  return command;
}

void Parser::add_engine() {
  CLI::App& command = add_command(
      app, "engine", "Look at, check and repair the files of a node that is stopped",
      "  ouro engine stats ouro-data/data               what there is\n"
      "  ouro engine verify ouro-data/data              is every byte what was written?\n"
      "  ouro engine repair ouro-data/data --dry-run    what a repair would keep");
  command.require_subcommand(1);
  using What = EngineCommand::What;
  CLI::App& dump = add_offline(command, "dump", "Print the entries", What::dump);
  dump.add_option("--table", engine.table, "Only this table")->type_name("NAME");
  dump.add_option("--from", engine.from, "Begin at this key, as dump prints it or 0x and digits")
      ->type_name("KEY");
  dump.add_option("--limit", engine.limit, "Print at most so many entries");
  dump.add_flag("--keys-only", engine.keys_only, "Without values");
  add_offline(command, "verify", "Read everything and tell what is damaged", What::verify);
  add_offline(command, "stats", "Show tables, levels and log", What::stats);
  add_repair(add_offline(command, "repair", "Make a damaged database open again", What::repair));
}

void Parser::add_repair(CLI::App& command) {
  command.add_flag("--dry-run", engine.dry_run, "Only show the plan");
  command.add_flag("--salvage", engine.salvage, "Take changes from logs behind damage too");
  command.add_flag("--yes", engine.yes, "Do not ask");
  command
      .add_option("--tables", engine.tables,
                  "All tables in the order of their creation, where no file tells")
      ->type_name("NAME[:token]")
      ->delimiter(',');
}

CLI::App& Parser::add_offline(CLI::App& parent, const std::string& word, const std::string& help,
                              EngineCommand::What what) {
  CLI::App& command = add_command(parent, word, help, "  ouro engine " + word + " ouro-data/data");
  command.add_option("DIR", engine.directory, "Of one database: `data` or `meta` of a node")
      ->required();
  command.add_flag("--json", engine.json,
                   what == EngineCommand::What::dump ? "One JSON object per line" : "As JSON");
  command.callback([this, what] {
    engine.what = what;
    chosen = engine;
  });
  return command;
}

void Parser::add_version() {
  CLI::App& command = add_command(app, "version", "Print the version", "  ouro version --json");
  command.add_flag("--json", version.json, "As a JSON object");
  command.callback([this] { chosen = version; });
}

/// The deepest command that the arguments name: whose help and words fit the mistake.
const CLI::App& chosen_app(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return *at;
}

/// What could have been written in place of `word`.
std::string did_you_mean(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  const std::vector<std::string_view> known(names.begin(), names.end());
  return suggestion(word.substr(0, word.find('=')), known);
}

Usage explain(const CLI::App& app, const std::vector<std::string>& arguments,
              const CLI::ParseError& error) {
  const CLI::App& command = chosen_app(app);
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
    return Usage{done, command.help()};
  std::string full = command.get_name();
  for (const CLI::App* up = command.get_parent(); up != nullptr; up = up->get_parent())
    full = up->get_name() + " " + full;
  std::string text = std::string("error: ") + error.what();
  const std::vector<std::string> extra = command.remaining(true);
  if (!extra.empty())
    text =
        "error: " + full + " does not know " + extra.front() + did_you_mean(command, extra.front());
  else if (arguments.empty())
    return Usage{wrong_usage, app.help()};
  return Usage{wrong_usage, text + "\nhint: " + full + " -h shows what there is\n"};
}

}  // namespace

Command parse_command_line(std::vector<std::string> arguments) {
  const auto parser = std::make_unique<Parser>();
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    parser->app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return explain(parser->app, arguments, error);
  }
  return parser->chosen;
}

}  // namespace ouro::cli
