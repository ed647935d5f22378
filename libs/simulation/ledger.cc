#include "simulation/ledger.h"

#include <algorithm>

#include "base/assert.h"
#include "shard/processor.h"
#include "shard/state.h"
#include "simulation/process.h"
#include "store/store.h"
#include "textback/v1/calls_entry.pb.h"

namespace textback::simulation {
namespace {

template <class Message>
void ParseAll(const std::vector<log::sim::SimRecord>& records, std::vector<Message>& out) {
  for (const auto& record : records) {
    Message message;
    TB_ASSERT(record.value && message.ParseFromString(*record.value));
    out.push_back(std::move(message));
  }
}

}  // namespace

Ledger::Ledger(const History& h) : history(h) {
  ReadCalls();
  ParseAll(h.topics.at(topics::kDecisions), decisions);
  ParseAll(h.topics.at(topics::kAmendments), amendments);
  ParseAll(h.topics.at(topics::kCallbacks), callbacks);
  ParseAll(h.topics.at(topics::kJobs), jobs);
  ParseAll(h.topics.at(topics::kStatus), statuses);
  for (const auto& job : jobs) {
    if (job.has_text()) texts.emplace(job.job_id(), &job);
  }
  ReadOutboxes();
  ReadTallies();
}

void Ledger::ReadCalls() {
  for (const auto& record : history.topics.at(topics::kCalls)) {
    v1::CallsEntry entry;
    TB_ASSERT(record.value && entry.ParseFromString(*record.value));
    if (entry.has_watermark()) {
      ++watermarks;
      continue;
    }
    const auto& at = entry.record().coordinates();
    sides.insert(at.topic() + "/" + std::to_string(at.partition()) + "/" +
                 std::to_string(at.offset()) + "/" + std::to_string(at.place()) + "/" +
                 std::to_string(entry.record().served().side()));
    calls.push_back(std::move(*entry.mutable_record()));
  }
}

// Each entry is a customer's outbox as a transaction left it; what is new in it, that one did.
void Ledger::ReadOutboxes() {
  std::map<std::string, std::vector<std::size_t>> standing;  // by customer: indices of blocks
  std::map<std::string, std::set<IntentId>> open;            // by customer
  for (const auto& record : history.topics.at(ChangelogOf("dispatch"))) {
    if (shard::IsReservedKey(record.key)) continue;
    state::v1::Outbox outbox;
    if (record.value) {
      const auto document = store::DecodeDocument(*record.value);
      TB_ASSERT(document.has_value() && outbox.ParseFromString(document->bytes));
    }
    std::set<IntentId> now_open;
    for (const auto& entry : outbox.jobs()) {
      if (entry.phase() != state::v1::OutboxJob::PHASE_INTENT) continue;
      now_open.emplace(entry.incarnation(), entry.intent());
      intents.try_emplace({entry.incarnation(), entry.intent()},
                          Intent{entry.job().job_id(), record.partition, record.offset,
                                 record.timestamp_ms, INT64_MAX});
    }
    for (const auto& id : open[record.key]) {
      if (now_open.count(id) == 0) intents.at(id).closed_ms = record.timestamp_ms;
    }
    open[record.key] = std::move(now_open);
    ReadBlocks(record, outbox, standing[record.key]);
  }
}

void Ledger::ReadBlocks(const log::sim::SimRecord& record, const state::v1::Outbox& outbox,
                        std::vector<std::size_t>& standing) {
  const auto same = [](const v1::Scope& a, const v1::Scope& b) {
    return a.kind() == b.kind() && a.tenant() == b.tenant() && a.sender() == b.sender();
  };
  std::erase_if(standing, [&](std::size_t i) {
    for (const auto& scope : outbox.blocks()) {
      if (same(scope, blocks[i].scope)) return false;
    }
    blocks[i].until_offset = record.offset;
    return true;
  });
  for (const auto& scope : outbox.blocks()) {
    if (std::any_of(standing.begin(), standing.end(),
                    [&](std::size_t i) { return same(scope, blocks[i].scope); })) {
      continue;
    }
    standing.push_back(blocks.size());
    blocks.push_back({record.key, scope, record.offset, INT64_MAX, record.timestamp_ms});
  }
}

void Ledger::ReadTallies() {
  const std::pair<const char*, const char*> anchors[] = {
      {"decide", topics::kCalls}, {"dispatch", topics::kJobs}, {"track", topics::kSubmissions}};
  for (const auto& [role, anchor] : anchors) {
    for (const auto& [partition, offset] : history.groups.at(GroupOf(role))) {
      if (partition.topic != anchor) continue;
      const auto counted = shard::ParseTallies(offset.metadata);
      if (!counted) continue;
      for (const auto& [name, count] : *counted) tallies[role][name] += count;
    }
  }
}

std::int64_t Ledger::Position(const std::string& role, const std::vector<std::string>& inputs,
                              std::size_t input, std::int32_t partition) const {
  const log::sim::SimRecord* last = nullptr;
  for (const auto& record : history.topics.at(ChangelogOf(role))) {
    if (record.partition == partition && record.key == shard::kStateKey) last = &record;
  }
  if (last == nullptr) return shard::kNoPosition;
  const auto document = store::DecodeDocument(*last->value);
  TB_ASSERT(document.has_value());
  shard::Names names;
  const auto state = shard::ParseState(document->bytes, inputs, names);
  TB_ASSERT(state.has_value());
  return state->positions[input];
}

void Findings::Add(const std::string& invariant, const std::string& what) {
  if (++count_[invariant] <= 3) found_.push_back({invariant, what});
}

}  // namespace textback::simulation
