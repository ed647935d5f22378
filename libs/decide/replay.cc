#include "decide/replay.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace textback::decide {
namespace {

class FixedSnapshot final : public policy::SnapshotSource {
 public:
  explicit FixedSnapshot(std::shared_ptr<const policy::Snapshot> snapshot)
      : snapshot_(std::move(snapshot)) {}
  std::shared_ptr<const policy::Snapshot> Current() override { return snapshot_; }

 private:
  std::shared_ptr<const policy::Snapshot> snapshot_;
};

std::int64_t OwnEndMs(const v1::CallRecord& record) {
  return record.has_ended_at_ms()      ? record.ended_at_ms()
         : record.has_answered_at_ms() ? record.answered_at_ms()
         : record.has_ringing_at_ms()  ? record.ringing_at_ms()
                                       : record.started_at_ms();
}

// What is written together: a call, or a leg of one. Points into the record.
using Together = std::tuple<std::string_view, std::string_view, std::string_view>;

// nullopt: the record is written alone.
std::optional<Together> WrittenWith(const v1::CallRecord& record) {
  if (record.join_key().empty() || record.partial_open()) return std::nullopt;
  switch (record.settle().emits()) {
    case v1::SettleProfile::EMITS_CALL_END:
      return Together{record.source(), record.join_key(), {}};
    case v1::SettleProfile::EMITS_LEG_END:
      if (record.leg_id().empty()) return std::nullopt;
      return Together{record.source(), record.join_key(), record.leg_id()};
    default:
      return std::nullopt;
  }
}

// One partition in memory. There are no transactions: nothing here is ever aborted.
class MemoryContext final : public shard::Context {
 public:
  explicit MemoryContext(ReplaySink& sink) : sink_(sink) {}

  std::int32_t partition() const override { return 0; }
  std::int64_t now_ms() const override { return now_ms_; }
  std::int64_t forgotten_through_ms() const override { return forgotten_through_ms_; }
  void ForgetThrough(std::int64_t event_time_ms) override {
    forgotten_through_ms_ = std::max(forgotten_through_ms_, event_time_ms);
  }

  Result<std::optional<std::string_view>> Read(std::string_view key) override {
    const auto it = documents_.find(key);
    if (it == documents_.end()) return std::optional<std::string_view>();
    return std::optional<std::string_view>(it->second.bytes);
  }
  void Write(std::string_view key, std::string document, std::int64_t next_due_ms) override {
    auto it = documents_.find(key);
    if (it == documents_.end()) it = documents_.emplace(std::string(key), Stored{}).first;
    timers_.erase({it->second.next_due_ms, it->first});
    it->second = {std::move(document), next_due_ms};
    if (next_due_ms != shard::kNeverDue) timers_.emplace(next_due_ms, it->first);
  }
  void Erase(std::string_view key) override {
    const auto it = documents_.find(key);
    if (it == documents_.end()) return;
    timers_.erase({it->second.next_due_ms, it->first});
    documents_.erase(it);
  }

  // Decisions and the rest go to the sink as messages (DecideEvents), not as bytes.
  void Emit(std::size_t, std::string_view, std::string) override {}
  void DeadLetter(const shard::InputRecord&, const Error& error) override {
    if (record_ != nullptr) sink_.OnDeadLetter(*record_, error);
  }
  void AfterCommit(std::unique_ptr<shard::Effect>) override {}
  void Heard(std::string_view, std::int64_t) override {}
  void Count(std::string_view, std::int64_t) override {}

  void MoveTo(std::int64_t now_ms) { now_ms_ = std::max(now_ms_, now_ms); }
  void set_record(const v1::CallRecord* record) { record_ = record; }
  const v1::CallRecord* record() const { return record_; }
  // The first timer due up to `until_ms`.
  std::optional<std::pair<std::int64_t, std::string>> Due(std::int64_t until_ms) const {
    if (timers_.empty() || timers_.begin()->first > until_ms) return std::nullopt;
    return *timers_.begin();
  }

 private:
  struct Stored {
    std::string bytes;
    std::int64_t next_due_ms = shard::kNeverDue;
  };
  ReplaySink& sink_;
  std::int64_t now_ms_ = 0;
  std::int64_t forgotten_through_ms_ = shard::kNothingForgotten;
  std::map<std::string, Stored, std::less<>> documents_;
  std::set<std::pair<std::int64_t, std::string>> timers_;
  const v1::CallRecord* record_ = nullptr;
};

class ToSink final : public DecideEvents {
 public:
  ToSink(ReplaySink& sink, const MemoryContext& context) : sink_(sink), context_(context) {}
  void OnRecordClass(std::string_view, policy::RecordClass what) override {
    if (context_.record() != nullptr) sink_.OnRecordClass(*context_.record(), what);
  }
  void OnDecision(const v1::Decision& decision) override { sink_.OnDecision(decision); }
  void OnAmendment(const v1::Amendment& amendment) override { sink_.OnAmendment(amendment); }
  void OnJob(const v1::Job& job) override { sink_.OnJob(job); }
  void OnCallback(const v1::Callback& callback) override { sink_.OnCallback(callback); }

 private:
  ReplaySink& sink_;
  const MemoryContext& context_;
};

}  // namespace

std::string CallsKey(const v1::CallRecord& record) {
  const auto& served = record.served();
  if (!served.customer().empty() && !served.withheld()) return served.customer();
  return served.line() + ":" + (record.join_key().empty() ? record.record_id() : record.join_key());
}

class Replay::State {
 public:
  State(std::shared_ptr<const policy::Snapshot> snapshot, const ReplayOptions& options,
        ReplaySink& sink)
      : options_(options),
        source_(std::move(snapshot)),
        context_(sink),
        events_(sink, context_),
        processor_(source_, options.limits, &events_) {
    processor_.OnBatchStart();
  }

  std::int64_t emission_delay_ms() const { return options_.emission_delay_ms; }

  Status AddRecord(const v1::CallRecord& record, std::int64_t emitted_ms) {
    // What is written together comes in one batch, as to a shard: deadlines are looked at after it.
    if (emitted_ms > context_.now_ms()) TB_RETURN_IF_ERROR(AdvanceTo(emitted_ms));
    v1::CallsEntry entry;
    *entry.mutable_record() = record;
    context_.set_record(&record);
    auto status = Deliver(kCalls, CallsKey(record), entry.SerializeAsString());
    context_.set_record(nullptr);
    return status;
  }

  Status AddMessage(const v1::InboundMessage& message) {
    TB_RETURN_IF_ERROR(AdvanceTo(message.received_at_ms()));
    return Deliver(kInbound, message.customer(), message.SerializeAsString());
  }

  Status AdvanceTo(std::int64_t now_ms) {
    while (const auto timer = context_.Due(now_ms)) {
      context_.MoveTo(timer->first);
      TB_RETURN_IF_ERROR(processor_.OnTimer(context_, timer->second, timer->first));
    }
    context_.MoveTo(now_ms);
    return Ok();
  }

 private:
  Status Deliver(std::size_t input, std::string_view key, std::string_view value) {
    shard::InputRecord record;
    record.input = input;
    record.offset = next_offset_++;
    record.timestamp_ms = context_.now_ms();
    record.key = key;
    record.value = value;
    return processor_.OnRecord(context_, record);
  }

  const ReplayOptions options_;
  FixedSnapshot source_;
  MemoryContext context_;
  ToSink events_;
  DecideProcessor processor_;
  std::int64_t next_offset_ = 0;
};

Replay::Replay(std::shared_ptr<const policy::Snapshot> snapshot, const ReplayOptions& options,
               ReplaySink& sink)
    : state_(std::make_unique<State>(std::move(snapshot), options, sink)) {}

Replay::~Replay() = default;

Status Replay::Add(const v1::CallRecord& record) {
  return Add(record, policy::Plus(OwnEndMs(record), state_->emission_delay_ms()));
}
Status Replay::Add(const v1::CallRecord& record, std::int64_t emitted_ms) {
  return state_->AddRecord(record, emitted_ms);
}
Status Replay::Add(const v1::InboundMessage& message) { return state_->AddMessage(message); }
// Below kNeverDue: a document that is never due has nothing to decide.
Status Replay::Finish() { return state_->AdvanceTo(shard::kNeverDue - 1); }

std::vector<std::int64_t> EmissionTimes(const std::vector<v1::CallRecord>& records) {
  std::map<Together, std::int64_t> last;
  for (const auto& record : records) {
    const auto together = WrittenWith(record);
    if (!together) continue;
    auto& end_ms = last.try_emplace(*together, OwnEndMs(record)).first->second;
    end_ms = std::max(end_ms, OwnEndMs(record));
  }
  std::vector<std::int64_t> times;
  times.reserve(records.size());
  for (const auto& record : records) {
    const auto together = WrittenWith(record);
    times.push_back(together ? last.at(*together) : OwnEndMs(record));
  }
  return times;
}

Status RunReplay(std::vector<v1::CallRecord> records,
                 std::shared_ptr<const policy::Snapshot> snapshot, const ReplayOptions& options,
                 ReplaySink& sink) {
  const auto times = EmissionTimes(records);
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return times[a] < times[b]; });
  Replay replay(std::move(snapshot), options, sink);
  for (const std::size_t i : order) {
    TB_RETURN_IF_ERROR(replay.Add(records[i], policy::Plus(times[i], options.emission_delay_ms)));
  }
  return replay.Finish();
}

}  // namespace textback::decide
