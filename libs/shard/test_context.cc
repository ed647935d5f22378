#include "shard/test_context.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace textback::shard {

void TestContext::SetNow(std::int64_t now_ms) { now_ms_ = std::max(now_ms_, now_ms); }

void TestContext::Put(std::string_view key, std::string document, std::int64_t next_due_ms) {
  open_.documents.insert_or_assign(std::string(key), Document{document, next_due_ms});
  committed_.documents.insert_or_assign(std::string(key),
                                        Document{std::move(document), next_due_ms});
}

TestContext::State TestContext::Save() const {
  State state = open_;
  state.emitted = emitted.size();
  state.parked = parked.size();
  state.counts = counts;
  state.heard = heard;
  return state;
}

void TestContext::Restore(const State& state) {
  open_ = state;
  emitted.resize(state.emitted);
  parked.resize(state.parked);
  counts = state.counts;
  heard = state.heard;
}

Status TestContext::Deliver(Processor& processor, std::size_t input, std::string_view key,
                            std::optional<std::string_view> value) {
  InputRecord record;
  record.input = input;
  record.partition = partition_;
  record.offset = next_offset_[input]++;
  record.timestamp_ms = now_ms_;
  record.key = key;
  record.value = value;
  return Deliver(processor, record);
}

Status TestContext::Deliver(Processor& processor, const InputRecord& record) {
  const State before = Save();
  const std::size_t effects_before = effects.size();
  Status status = processor.OnRecord(*this, record);
  if (status) return Ok();
  Restore(before);
  effects.resize(effects_before);
  if (status.error().disposition != Disposition::kDeadLetter) return status;
  DeadLetter(record, status.error());
  return Ok();
}

Status TestContext::DeliverLocal(Processor& processor, const LocalEvent& event) {
  const State before = Save();
  const std::size_t effects_before = effects.size();
  Status status = processor.OnLocal(*this, event);
  if (!status) {
    Restore(before);
    effects.resize(effects_before);
  }
  return status;
}

Result<std::size_t> TestContext::RunTimers(Processor& processor, std::int64_t up_to_ms) {
  const std::int64_t bound = std::min(now_ms_, up_to_ms);
  std::vector<std::pair<std::int64_t, std::string>> due;
  for (const auto& [key, document] : open_.documents) {
    if (document.next_due_ms <= bound) due.emplace_back(document.next_due_ms, key);
  }
  std::sort(due.begin(), due.end());
  std::size_t fired = 0;
  for (const auto& [due_ms, key] : due) {
    const auto before = Find(key);
    if (!before || before->next_due_ms > bound) continue;  // an earlier timer of this run moved it
    if (processor.TimerCapacity(partition_) == 0) break;
    TB_RETURN_IF_ERROR(processor.OnTimer(*this, key, before->next_due_ms));
    const auto after = Find(key);
    TB_ASSERT(!after || after->next_due_ms != before->next_due_ms);  // see processor.h, OnTimer
    ++fired;
  }
  return fired;
}

void TestContext::Commit(Processor& processor) {
  committed_ = Save();
  processor.Execute(partition_, std::exchange(effects, {}));
}

void TestContext::Abort(Processor& processor) {
  Restore(committed_);
  processor.Discard(partition_, std::exchange(effects, {}));
}

std::map<std::string, TestContext::Document, std::less<>> TestContext::Documents() const {
  return open_.documents;
}

std::optional<TestContext::Document> TestContext::Find(std::string_view key) const {
  const auto it = open_.documents.find(key);
  return it == open_.documents.end() ? std::nullopt : std::optional(it->second);
}

void TestContext::ForgetThrough(std::int64_t event_time_ms) {
  open_.forgotten_through_ms = std::max(open_.forgotten_through_ms, event_time_ms);
}

Result<std::optional<std::string_view>> TestContext::Read(std::string_view key) {
  const auto it = open_.documents.find(key);
  if (it == open_.documents.end()) return std::optional<std::string_view>();
  return std::optional<std::string_view>(it->second.bytes);
}

void TestContext::Write(std::string_view key, std::string document, std::int64_t next_due_ms) {
  TB_ASSERT(!IsReservedKey(key));
  open_.documents.insert_or_assign(std::string(key), Document{std::move(document), next_due_ms});
}

void TestContext::Erase(std::string_view key) {
  if (const auto it = open_.documents.find(key); it != open_.documents.end())
    open_.documents.erase(it);
}

void TestContext::Emit(std::size_t output, std::string_view key, std::string value) {
  emitted.push_back({output, std::string(key), std::move(value)});
}

void TestContext::DeadLetter(const InputRecord& record, const Error& error) {
  parked.push_back({record.input, record.offset, std::string(record.key),
                    std::string(record.value.value_or("")), error});
}

void TestContext::AfterCommit(std::unique_ptr<Effect> effect) {
  effects.push_back(std::move(effect));
}

void TestContext::Heard(std::string_view source, std::int64_t low_watermark_ms) {
  // As in the runtime, it never goes back.
  auto& low = heard.emplace(std::string(source), low_watermark_ms).first->second;
  low = std::max(low, low_watermark_ms);
}

void TestContext::Count(std::string_view name, std::int64_t n) { counts[std::string(name)] += n; }

}  // namespace textback::shard
