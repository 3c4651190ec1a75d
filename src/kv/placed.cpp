#include "kv/placed.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ouro::kv {
namespace {

constexpr unsigned replicas_max = 7;

bool is_bucket_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

Failure invalid(std::string detail) {
  Failure failure;
  failure.detail = std::move(detail);
  return failure;
}

}  // namespace

std::optional<Failure> check_name(const KeyName& name) {
  if (name.bucket.empty() || name.bucket.size() > bucket_size_max)
    return invalid("a bucket's name has 1 to " + std::to_string(bucket_size_max) + " bytes");
  if (!std::ranges::all_of(name.bucket, is_bucket_character))
    return invalid("a bucket's name has letters, digits, '.', '_' and '-' only");
  if (name.key.empty() || name.key.size() > key_size_max)
    return invalid("a key has 1 to " + std::to_string(key_size_max) + " bytes");
  return std::nullopt;
}

Placed place(std::shared_ptr<const cluster::View> view, const KeyName& name) {
  const cluster::BucketProperties& bucket = view->bucket(name.bucket);
  const ring::Token token = ring::token_of(view->hash_seed(), name.bucket,
                                           ring::placement_part(name.key, bucket.placement));
  Placed placed;
  placed.arc = {view->arc_of(token), static_cast<std::uint8_t>(bucket.n)};
  placed.data_key = data_key({token, name.bucket, bucket.generation, name.key});
  placed.replicas = view->replicas(placed.arc.arc, bucket.n);
  placed.key_hash = hash64(placed.data_key);
  placed.r = bucket.r;
  placed.w = bucket.w;
  placed.view = std::move(view);
  return placed;
}

Result<ArcId> arc_for_replica(const cluster::View& view, Epoch epoch, std::string_view data_key,
                              unsigned n, NodeId self) {
  const Result<DataKey> key = parse_data_key(data_key);
  if (!key) return key.error();
  if (n < 1 || n > replicas_max)
    return Error{ErrorCode::corruption, "a peer asked for a key with n = " + std::to_string(n)};
  const ArcId arc{view.arc_of(key->token), static_cast<std::uint8_t>(n)};
  if (epoch < view.changed_at(arc.arc))
    return Error{ErrorCode::stale_epoch,
                 "the request is of epoch " + std::to_string(epoch) + ", and arc " +
                     std::to_string(arc.arc) + " changed at " +
                     std::to_string(view.changed_at(arc.arc)) + ": ask again at the newest epoch"};
  if (!view.replicas(arc.arc, n).contains(self))
    return Error{ErrorCode::stale_epoch,
                 "this node is no replica of arc " + std::to_string(arc.arc) + " at epoch " +
                     std::to_string(view.epoch()) + ": ask again at the newest epoch"};
  return arc;
}

}  // namespace ouro::kv
