#include "shard/timer_gate.h"

#include <algorithm>

#include "base/planted.h"

namespace textback::shard {
namespace {

std::int64_t ReadThrough(const InputProgress& progress, std::int64_t now_ms) {
  // A producer whose clock runs ahead must not open the gate further than now.
  return std::max(progress.read_through_ms, std::min(progress.last_timestamp_ms, now_ms));
}

// Has the consumer come to the end that was seen?
Status NoteEndReached(log::Consumer& consumer, const log::TopicPartition& input,
                      InputProgress& progress) {
  if (!progress.end) return Ok();
  TB_ASSIGN_OR_RETURN(const std::int64_t position, consumer.Position(input));
  if (position < *progress.end) return Ok();
  progress.read_through_ms = std::max(progress.read_through_ms, progress.end_seen_ms);
  progress.end.reset();
  return Ok();
}

}  // namespace

TimerBound BoundOf(const ShardConfig& config, const Partition& partition, const State& state) {
  TimerBound bound{state.now_ms, ""};
  for (const auto& [source, mark] : state.sources) {
    const std::int64_t heard_ms = std::max(mark.heard_at_ms, partition.started_ms);
    if (heard_ms + config.source_timeout.count() < state.now_ms) continue;
    if (Planted(Bug::kTimersBeforeWatermarks)) continue;
    if (mark.low_watermark_ms < bound.up_to_ms) bound = {mark.low_watermark_ms, "watermark"};
  }
  for (std::size_t i = 0; i < config.inputs.size(); ++i) {
    if (!config.inputs[i].holds_timers || Planted(Bug::kTimersBeforeInputs)) continue;
    const std::int64_t through_ms = ReadThrough(partition.progress[i], state.now_ms);
    if (through_ms < bound.up_to_ms) bound = {through_ms, config.inputs[i].topic};
  }
  return bound;
}

Result<TimerBound> RefreshBound(const ShardConfig& config, const Clock& clock,
                                log::Consumer& consumer, Partition& partition, const State& state,
                                std::int64_t due_ms) {
  for (std::size_t i = 0; i < config.inputs.size(); ++i) {
    InputProgress& progress = partition.progress[i];
    const auto& input = partition.inputs[i];
    if (!config.inputs[i].holds_timers || ReadThrough(progress, state.now_ms) >= due_ms) continue;
    TB_RETURN_IF_ERROR(NoteEndReached(consumer, input, progress));
    if (progress.end || progress.read_through_ms >= due_ms) continue;
    const MonoTime now = clock.Mono();
    if (progress.asked_at && now - *progress.asked_at < config.progress_interval) continue;
    progress.asked_at = now;
    TB_ASSIGN_OR_RETURN(const auto range, consumer.Offsets(input, /*read_committed=*/true));
    progress.end = range.end;
    progress.end_seen_ms = state.now_ms;
    TB_RETURN_IF_ERROR(NoteEndReached(consumer, input, progress));
  }
  return BoundOf(config, partition, state);
}

}  // namespace textback::shard
