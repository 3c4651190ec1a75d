#include "raft/recovery.hpp"

#include "raft/format.hpp"
#include "raft/log.hpp"
#include "raft/storage.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace ouro::raft {
namespace {

Result<Stored> load(Storage& storage) {
  auto loaded = storage.load();
  if (!loaded) return loaded.error();
  if (!*loaded)
    return Error{ErrorCode::not_found, "this node has no Raft log: choose another survivor"};
  return std::move(**loaded);
}

Survey survey_of(const HardState& hard, const Log& log) {
  Survey survey;
  survey.group = hard.group;
  survey.term = hard.term;
  survey.commit = std::max(hard.commit, log.snapshot().index);
  survey.first = log.first();
  survey.last = log.last();
  survey.last_term = log.last_term();
  survey.snapshot = log.snapshot().index;
  survey.configuration = log.configuration();
  survey.configuration_index = log.configuration_index();
  return survey;
}

Status check_forced(const ForcedMembers& forced, const HardState& hard, const Log& log) {
  if (const Status sound = check_members({{forced.self}, forced.others}); !sound) return sound;
  if (!log.configuration().is_member(forced.self))
    return Error{ErrorCode::invalid_argument,
                 "node " + std::to_string(to_integer(forced.self)) +
                     " is no member of the group in its own log: choose another survivor"};
  if (forced.group == 0 || forced.group == hard.group)
    return Error{ErrorCode::invalid_argument, "the new group needs an id of its own"};
  return {};
}

}  // namespace

Result<Survey> survey(engine::Db& db, engine::TableId table) {
  Storage storage(db, table);
  auto stored = load(storage);
  if (!stored) return stored.error();
  const HardState hard = stored->hard;
  return survey_of(hard, Log(std::move(stored->snapshot), std::move(stored->entries)));
}

Result<Survey> force_members(engine::Db& db, engine::TableId table, const ForcedMembers& forced) {
  Storage storage(db, table);
  auto stored = load(storage);
  if (!stored) return stored.error();
  HardState hard = stored->hard;
  Log log(std::move(stored->snapshot), std::move(stored->entries));
  if (const Status sound = check_forced(forced, hard, log); !sound) return sound.error();

  const Configuration members{{forced.self}, {}, forced.others};
  hard = {forced.group, hard.term + 1, no_node, log.last() + 1};
  const Entry entry{log.last() + 1, hard.term, EntryKind::configuration,
                    SharedBytes(encode_configuration(members))};
  log.append(entry);
  if (!forced.dry_run) {
    const Ready ready{hard, std::nullopt, {entry}, log.first(), log.last(), true};
    const auto written = db.commit_sync(storage.batch(ready), engine::Durability::disk);
    if (!written) return written.error();
  }
  return survey_of(hard, log);
}

Status forget_log(engine::Db& db, engine::TableId table, GroupId group) {
  const auto known = survey(db, table);
  if (!known && known.error().code != ErrorCode::not_found) return known.error();
  if (group == 0 || (known && known->group == group))
    return Error{ErrorCode::invalid_argument,
                 "this node's log may be given up only for that of a new group"};
  return Storage(db, table).begin_anew(group);
}

}  // namespace ouro::raft
