#include "api/json.hpp"

#include "api/json_parts.hpp"
#include "api/text.hpp"
#include "base/base64.hpp"
#include "ring/token.hpp"

namespace ouro::api {
namespace {

Json names_of(const cluster::View& view, const std::vector<NodeId>& ids) {
  Json names = Json::array();
  for (const NodeId id : ids) names.push_back(view.node(id)->name);
  return names;
}

Json owners_of(const cluster::View& view, const ring::Ring& ring) {
  Json owners = Json::array();
  for (const NodeId owner : ring.owners()) owners.push_back(view.node(owner)->name);
  return owners;
}

Json phases_of(const cluster::View& view) {
  Json phases = Json::array();
  for (ring::Arc arc = 0; arc < view.ring().arc_count(); ++arc)
    phases.push_back(phase_name(view.phase(arc)));
  return phases;
}

Json member(const cluster::Node& node, const Reachable& reachable) {
  return {{"id", to_integer(node.id)},
          {"name", node.name},
          {"http", "http://" + address_text(node.host, node.http_port)},
          {"peer", address_text(node.host, node.peer_port)},
          {"zone", node.zone},
          {"weight", node.weight},
          {"reachable", reachable(node.id)}};
}

Json sibling(const kv::FoundValue& value) {
  Json entry{{"etag", value.etag},
             {"content_type", value.content_type},
             {"last_modified", rfc3339(value.modified)}};
  if (is_utf8(value.value.view()))
    entry["value"] = value.value.view();
  else
    entry["value_base64"] = encode_base64(value.value.view(), Base64::standard);
  return entry;
}

}  // namespace

std::string dump_json(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string address_text(const std::string& host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != host.npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string_view phase_name(cluster::ArcPhase phase) {
  switch (phase) {
    case cluster::ArcPhase::before:
      return "before";
    case cluster::ArcPhase::write_both:
      return "write_both";
    case cluster::ArcPhase::read_new:
      return "read_new";
    case cluster::ArcPhase::after:
      break;
  }
  return "after";
}

std::string problem_json(const Problem& problem, std::string_view request_id) {
  Json document{{"type", "urn:ouro:problem:" + problem.code},
                {"title", title_of(problem.status)},
                {"status", problem.status},
                {"code", problem.code},
                {"detail", problem.detail},
                {"retryable", problem.retryable},
                {"indeterminate", problem.indeterminate}};
  if (problem.acked) document["acked"] = *problem.acked;
  if (problem.needed) document["needed"] = *problem.needed;
  document["request_id"] = request_id;
  return dump_json(document);
}

std::string siblings_json(const kv::Found& found) {
  Json values = Json::array();
  for (const kv::FoundValue& value : found.values) values.push_back(sibling(value));
  return dump_json(Json{{"context", found.context}, {"values", std::move(values)}});
}

std::string ring_json(const cluster::View& view, const cluster::State& state,
                      const Reachable& reachable, WallTime as_of) {
  Json nodes = Json::array();
  for (const cluster::Node& node : view.nodes()) {
    const std::size_t arcs = view.ring().arcs_of(node.id).size();
    Json entry = member(node, reachable);
    const auto status = cluster::status(state, node.id);
    if (status) entry["status"] = cluster::name(*status);
    entry["arcs"] = arcs;
    entry["share"] = static_cast<double>(arcs) / view.ring().arc_count();
    nodes.push_back(std::move(entry));
  }
  Json document{{"cluster", hex16(view.cluster())},
                {"epoch", view.epoch()},
                {"as_of", rfc3339(as_of)},
                {"n", view.defaults().n},
                {"arcs", view.ring().arc_count()},
                {"nodes", std::move(nodes)},
                {"owners", owners_of(view, view.ring())}};
  if (view.target()) {
    document["target"] = owners_of(view, *view.target());
    document["phases"] = phases_of(view);
  }
  return dump_json(document);
}

std::string locate_json(const cluster::View& view, const kv::KeyName& name) {
  const cluster::BucketProperties& bucket = view.bucket(name.bucket);
  const ring::Token token = ring::token_of(view.hash_seed(), name.bucket,
                                           ring::placement_part(name.key, bucket.placement));
  const ring::Arc arc = view.ring().arc_of(token);
  const std::vector<NodeId> list = view.ring().preference_list(arc, bucket.n);
  Json document{{"bucket", name.bucket}};
  if (is_utf8(name.key))
    document["key"] = name.key;
  else
    document["key_base64"] = encode_base64(name.key, Base64::standard);
  document["token"] = hex16(token);
  document["arc"] = arc;
  document["epoch"] = view.epoch();
  document["primary"] = view.node(list.front())->name;
  document["preference_list"] = names_of(view, list);
  if (view.target()) {
    const cluster::Replicas replicas = view.replicas(arc, bucket.n);
    document["phase"] = phase_name(view.phase(arc));
    document["reads"] = names_of(view, {replicas.reads.begin(), replicas.reads.end()});
    document["writes"] = names_of(view, {replicas.writes.begin(), replicas.writes.end()});
  }
  document["fallbacks"] = names_of(view, view.ring().fallbacks(arc, bucket.n));
  return dump_json(document);
}

std::string health_json(std::string_view status, const std::vector<std::string>& reasons) {
  return dump_json(Json{{"status", status}, {"reasons", reasons}});
}

std::string index_json(std::string_view version, std::string_view node) {
  return dump_json(Json{{"name", "ouro"},
                        {"version", version},
                        {"node", node},
                        {"links",
                         {{"values", "/v1/kv/{bucket}/{key}"},
                          {"ring", "/v1/ring"},
                          {"locate", "/v1/ring/locate/{bucket}/{key}"},
                          {"cluster", "/v1/cluster"},
                          {"transfers", "/v1/transfers"},
                          {"live", "/livez"},
                          {"ready", "/readyz"}}}});
}

}  // namespace ouro::api
