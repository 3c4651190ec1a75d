// Which values the metadata takes: the bounds of names, addresses, seats and properties.
#pragma once

#include "cluster/commands.hpp"
#include "cluster/state.hpp"

#include <cstdint>
#include <string_view>

namespace ouro::cluster {

/// Each: nothing, or Error invalid_argument that names what does not fit and what would.
Status check_node_name(std::string_view name);
Status check_bucket_name(std::string_view name);
Status check_seat(const Seat& seat);
Status check_address(std::string_view host, std::uint16_t http_port, std::uint16_t peer_port);
Status check_properties(const BucketProperties& properties);
Status check_origin(const Origin& origin);
Status check_registration(const Registration& registration);
/// Whether a build can be in a cluster of the level; Error unsupported if it cannot.
Status check_features(const Features& features, std::uint32_t level);

}  // namespace ouro::cluster
