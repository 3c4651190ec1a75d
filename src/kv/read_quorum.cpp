#include "kv/read_quorum.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace ouro::kv {

namespace {

/// What is left when two states meet: what both have, and what one has and the other has not seen.
std::vector<Sibling> join(const Object& left, const DotSet& left_context, const Object& right,
                          const DotSet& right_context) {
  std::vector<Sibling> live;
  auto l = left.live.begin();
  auto r = right.live.begin();
  while (l != left.live.end() || r != right.live.end()) {
    if (r == right.live.end() || (l != left.live.end() && l->dot < r->dot)) {
      if (!right_context.contains(l->dot)) live.push_back(*l);
      ++l;
    } else if (l == left.live.end() || r->dot < l->dot) {
      if (!left_context.contains(r->dot)) live.push_back(*r);
      ++r;
    } else {
      live.push_back(*l);
      ++l;
      ++r;
    }
  }
  return live;
}

}  // namespace

ReadQuorum::ReadQuorum(std::vector<ReadReplica> replicas, std::size_t r) : required_(r) {
  check(r >= 1 && r <= replicas.size());
  for (const ReadReplica& replica : replicas) {
    check(find(replica.node) == nullptr);
    replies_.emplace_back();
    replies_.back().replica = replica;
  }
}

void ReadQuorum::add_data(NodeId node, Object object, const DotSet& context) {
  Reply* const reply = find(node);
  if (reply == nullptr || reply->progress == Progress::known) return;
  reply->progress = Progress::known;
  reply->counts = reply->replica.primary || !object.live.empty();
  reply->digest = digest(object);
  reply->object = std::move(object);
  take_in(*reply->object, context);
  resolve_digests();
}

void ReadQuorum::add_digest(NodeId node, std::uint64_t digest, const DotSet& context) {
  Reply* const reply = find(node);
  if (reply == nullptr || reply->progress == Progress::known || reply->progress == Progress::digest)
    return;
  reply->progress = Progress::digest;
  reply->counts = reply->replica.primary || digest != nothing_;
  reply->digest = digest;
  reply->context = context;
  resolve_digests();
}

void ReadQuorum::add_failure(NodeId node) {
  Reply* const reply = find(node);
  if (reply != nullptr && reply->progress != Progress::known) reply->progress = Progress::failed;
}

ReadState ReadQuorum::state() const {
  const std::size_t known = count(Progress::known);
  if (known >= required_) return ReadState::done;
  const std::size_t answered = known + count(Progress::digest);
  if (answered >= required_) return ReadState::need_data;
  return answered + count(Progress::asked) >= required_ ? ReadState::waiting : ReadState::lost;
}

std::vector<NodeId> ReadQuorum::needed() const {
  std::vector<const Reply*> open;
  for (const Reply& reply : replies_)
    if (reply.progress == Progress::digest) open.push_back(&reply);
  std::stable_partition(open.begin(), open.end(),
                        [](const Reply* reply) { return reply->replica.local; });
  std::vector<NodeId> nodes;
  for (auto reply = open.begin(); reply != open.end(); ++reply) {
    const auto same = [&](const Reply* earlier) { return earlier->digest == (*reply)->digest; };
    if (std::none_of(open.begin(), reply, same)) nodes.push_back((*reply)->replica.node);
  }
  return nodes;
}

std::size_t ReadQuorum::answered() const { return count(Progress::known); }

std::size_t ReadQuorum::primaries_answered() const {
  return static_cast<std::size_t>(
      std::count_if(replies_.begin(), replies_.end(), [](const Reply& reply) {
        return reply.progress == Progress::known && reply.replica.primary;
      }));
}

std::vector<std::pair<NodeId, Frame>> ReadQuorum::repairs() const {
  std::vector<std::pair<NodeId, Frame>> frames;
  if (state() != ReadState::done) return frames;
  for (const Reply& reply : replies_) {
    const bool answered = reply.progress == Progress::known || reply.progress == Progress::digest;
    if (answered && reply.replica.primary && reply.digest != merged_digest_)
      frames.emplace_back(reply.replica.node, Frame{merged_.live, context_, {}});
  }
  return frames;
}

ReadQuorum::Reply* ReadQuorum::find(NodeId node) {
  const auto at = std::find_if(replies_.begin(), replies_.end(),
                               [node](const Reply& reply) { return reply.replica.node == node; });
  return at == replies_.end() ? nullptr : &*at;
}

void ReadQuorum::take_in(const Object& object, const DotSet& context) {
  if (any_known_)
    merged_.live = join(merged_, context_, object, context);
  else
    merged_.live = object.live;
  any_known_ = true;
  // A context covers what is live in it as well, or the next answer would not be compared with it.
  for (const Sibling& sibling : object.live) context_.add(sibling.dot);
  context_.add(context);
  merged_digest_ = digest(merged_);
}

void ReadQuorum::resolve_digests() {
  // Every digest that is resolved may change what is merged, and so resolve another.
  for (bool changed = true; changed;) {
    changed = false;
    for (Reply& reply : replies_) {
      if (reply.progress != Progress::digest) continue;
      if (any_known_ && reply.digest == merged_digest_)
        context_.add(reply.context);
      else if (const Object* const object = known_object(reply.digest))
        take_in(*object, reply.context);
      else
        continue;
      reply.progress = Progress::known;
      reply.context = DotSet();
      changed = true;
    }
  }
}

const Object* ReadQuorum::known_object(std::uint64_t digest) const {
  static const Object nothing;
  if (digest == nothing_) return &nothing;
  for (const Reply& reply : replies_)
    if (reply.object && reply.digest == digest) return &*reply.object;
  return nullptr;
}

std::size_t ReadQuorum::count(Progress progress) const {
  return static_cast<std::size_t>(std::count_if(
      replies_.begin(), replies_.end(),
      [progress](const Reply& reply) { return reply.progress == progress && reply.counts; }));
}

}  // namespace ouro::kv
