// How everything that a node has of an arc is removed.
#include "kv/on_lane.hpp"
#include "kv/tables.hpp"
#include "kv/transfer_receiver.hpp"

#include <algorithm>
#include <utility>

namespace ouro::kv {

Task<Status> TransferReceiver::drop(ArcId arc) {
  const Exclusive exclusive(*this, arc);
  if (const Status alone = exclusive.status(); !alone) co_return alone;
  const Status begun = co_await parts_.home.begin_drop(arc);
  if (!begun) co_return begun;
  const Status cleared = co_await clear_arc(arc);
  if (!cleared) co_return cleared;
  co_return co_await parts_.home.finish_drop(arc);
}

Task<Status> TransferReceiver::clear_arc(ArcId arc) {
  // Only data lies beside that of other N.
  const std::vector<ArcId> here = parts_.home.arcs();
  const bool only_n = std::ranges::count(here, arc.arc, &ArcId::arc) == 1;
  engine::Range objects = arc_range(arc.arc, parts_.metadata.view()->ring().arc_count());
  const Status data = co_await clear(arc, data_table, std::move(objects), only_n);
  if (!data) co_return data;
  const std::string rests = rest_prefix(arc);
  engine::Range marks{rests, prefix_end(rests)};
  const Status marked = co_await clear(arc, clocks_table, std::move(marks), true);
  if (!marked) co_return marked;
  const std::string changes = change_prefix(arc);
  engine::Range log{changes, prefix_end(changes)};
  co_return co_await clear(arc, changes_table, std::move(log), true);
}

// A little goes row by row. For more a range is dropped, if it is all this arc's: that costs a
// flush, the writing anew of the files at its ends, and compaction stands still meanwhile, but
// leaves no markers of removed keys.
Task<Status> TransferReceiver::clear(ArcId arc, engine::TableId table, engine::Range range,
                                     bool exclusive) {
  std::string start = range.start;
  while (true) {
    Result<FoundKeys> found = co_await find_rows(arc, table, range, start);
    if (!found) co_return found.error();
    const bool last = found->end == range.end;
    if (!last && exclusive) {
      auto work = [&db = parts_.db, table, range]() -> Result<bool> {
        const Status dropped = db.drop_range(table, range);
        if (!dropped) return dropped.error();
        return true;
      };
      auto dropping = on_lane<bool>(parts_.lane, std::move(work));
      const Result<bool> dropped = co_await std::move(dropping);
      if (!dropped) co_return dropped.error();
      co_return Status();
    }
    std::size_t bytes = 0;
    for (const std::string& key : found->keys) bytes += key.size();
    const Status removed = co_await parts_.home.remove_rows(arc, table, std::move(found->keys));
    if (!removed || last) co_return removed;
    start = std::move(found->end);
    co_await parts_.governor.admit(bytes);
  }
}

Task<Result<FoundKeys>> TransferReceiver::find_rows(ArcId arc, engine::TableId table,
                                                    engine::Range range, std::string start) {
  auto work = [at = latest(arc), table, range = std::move(range), start = std::move(start),
               limits = parts_.limits] {
    if (table == data_table) return keys_between(at, start, range.end, limits);
    return rows_between(*at.db, table, {start, range.end}, limits);
  };
  auto finding = on_lane<FoundKeys>(parts_.lane, std::move(work));
  co_return co_await std::move(finding);
}

}  // namespace ouro::kv
