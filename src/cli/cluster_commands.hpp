// `ouro cluster`: what the cluster is, and changes of it.
#pragma once

#include "cli/command_line.hpp"
#include "client/endpoint.hpp"

#include <string>

namespace ouro::cli {

/// Does it and returns the exit code.
int run_cluster_command(const ClusterCommand& command);

/// The path that a command asks; its body if it is a POST, else empty.
struct ClusterRequest {
  std::string target;
  std::string body;

  bool posts() const { return !body.empty(); }
};
ClusterRequest request_of(const ClusterCommand& command);

std::string curl_line(const ClusterRequest& request, const client::Endpoint& node);

}  // namespace ouro::cli
