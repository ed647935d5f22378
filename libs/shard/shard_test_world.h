// A small world for tests of the runtime: a simulated cluster, processes with a shard each, disks
// that survive them, and a processor whose right results are easy to tell.
//
// Records of `calls` (input 0) and `stops` (input 1) are commands, in their value:
//   "id"              counts in the document of the key; emits "key:id" on `out`; effect "key:id"
//   "bad id"          is refused after it has written and emitted: a dead letter
//   "due MS id"       as "id", and sets the document's timer
//   "mark SOURCE MS"  a watermark
//   "forget MS"       ForgetThrough
//   "gone id"         erases the document
//   "big id"          hands in an output above every limit
// A timer emits "timer key@due" and is cleared. A local event emits "local id".
//
// Threads: none. Numbers are counted, nothing is random but by the seed.
#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "log_sim/sim_log.h"
#include "shard/shard.h"
#include "store/memory_store.h"

namespace textback::shard::test {

using namespace std::chrono_literals;

inline constexpr std::int64_t kStartMs = 1'700'000'000'000;

inline std::int64_t Number(std::string_view text) {
  std::int64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

inline std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    words.emplace_back(text.substr(0, space));
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  }
  return words;
}

struct TextEffect final : Effect {
  explicit TextEffect(std::string t) : text(std::move(t)) {}
  std::string text;
};

struct TextEvent final : LocalEvent {
  std::string text;
};

class Counter final : public Processor {
 public:
  Status OnRecord(Context& context, const InputRecord& record) override {
    const std::vector<std::string> words = Words(*record.value);
    if (answer) {
      if (auto status = answer(record); !status) return status;
    }
    if (words[0] == "mark") {
      context.Heard(words[1], Number(words[2]));
      context.Count("marks");
      return Ok();
    }
    if (words[0] == "forget") context.ForgetThrough(Number(words[1]));
    if (words[0] == "gone") {
      context.Erase(record.key);
    } else {
      const std::int64_t due_ms = words[0] == "due" ? Number(words[1]) : kNeverDue;
      TB_RETURN_IF_ERROR(Bump(context, record.key, due_ms));
    }
    const std::string text = std::string(record.key) + ":" + words.back();
    context.Emit(0, record.key, words[0] == "big" ? std::string(2'000'000, 'x') : text);
    context.Count("decided");
    context.AfterCommit(std::make_unique<TextEffect>(text));
    if (words[0] == "bad") return DeadLetterError("bad_record", "the record says so itself");
    return Ok();
  }

  Status OnTimer(Context& context, std::string_view key, std::int64_t due_ms) override {
    const std::string text = "timer " + std::string(key) + "@" + std::to_string(due_ms);
    fired.push_back(text);
    TB_RETURN_IF_ERROR(Bump(context, key, kNeverDue));
    context.Emit(0, key, text);
    context.AfterCommit(std::make_unique<TextEffect>(text));
    return Ok();
  }
  std::size_t TimerCapacity(std::int32_t) override { return timer_capacity; }

  Status OnLocal(Context& context, const LocalEvent& event) override {
    const std::string text = "local " + static_cast<const TextEvent&>(event).text;
    context.Emit(0, "local", text);
    context.Count("locals");
    context.AfterCommit(std::make_unique<TextEffect>(text));
    return Ok();
  }

  void Execute(std::int32_t, std::vector<std::unique_ptr<Effect>> effects) override {
    for (const auto& effect : effects)
      executed.push_back(static_cast<const TextEffect&>(*effect).text);
  }
  void Discard(std::int32_t, std::vector<std::unique_ptr<Effect>> effects) override {
    for (const auto& effect : effects)
      discarded.push_back(static_cast<const TextEffect&>(*effect).text);
  }
  void OnPartitionStarted(std::int32_t partition) override {
    EXPECT_TRUE(running.insert(partition).second);
  }
  void OnPartitionStopped(std::int32_t partition) override {
    EXPECT_EQ(running.erase(partition), 1u);
  }

  std::function<Status(const InputRecord&)>
      answer;  // what else OnRecord says, before it does anything
  std::size_t timer_capacity = SIZE_MAX;
  std::vector<std::string> executed;
  std::vector<std::string> discarded;
  std::vector<std::string> fired;
  std::set<std::int32_t> running;

 private:
  // The document is how many calls have touched it.
  static Status Bump(Context& context, std::string_view key, std::int64_t due_ms) {
    TB_ASSIGN_OR_RETURN(const auto document, context.Read(key));
    const std::int64_t n = document ? Number(*document) : 0;
    context.Write(key, std::to_string(n + 1), due_ms);
    return Ok();
  }
};

class EventQueue final : public LocalSource {
 public:
  void Drain(std::size_t max, std::vector<std::unique_ptr<LocalEvent>>& out) override {
    for (; max > 0 && !events.empty(); --max) {
      out.push_back(std::move(events.front()));
      events.erase(events.begin());
    }
  }
  void Push(std::int32_t partition, std::string text) {
    auto event = std::make_unique<TextEvent>();
    event->partition = partition;
    event->text = std::move(text);
    events.push_back(std::move(event));
  }
  std::vector<std::unique_ptr<LocalEvent>> events;
};

class Recorder final : public ShardEvents {
 public:
  void OnDoing(Doing doing) override {
    if (on_doing) on_doing(doing);
  }
  void OnCommitted(const BatchFigures& f) override {
    ++committed;
    last = f;
  }
  void OnTotal(std::int32_t partition, std::string_view name, std::int64_t total) override {
    totals[{partition, std::string(name)}] = total;
  }
  void OnAborted(const BatchFigures&, std::string_view) override { ++aborted; }
  void OnUnknown(const BatchFigures&) override { ++unknown; }
  void OnFenced() override { ++fenced; }
  void OnTimersHeld(std::int32_t, std::int64_t, std::int64_t, std::string_view by) override {
    held_by = by;
  }
  void OnRestoreProgress(std::int32_t, std::int64_t, std::int64_t) override { ++restore_steps; }
  void OnPartitionHalted(std::int32_t partition, std::string_view why) override {
    halted[partition] = std::string(why);
  }
  void OnStoreWiped(std::int32_t partition, std::string_view why) override {
    wiped[partition] = std::string(why);
  }
  void OnLocalEventsDropped(std::int32_t, std::size_t n) override { dropped += n; }
  void OnLag(std::size_t, std::int32_t, std::int64_t) override { ++lags; }
  void OnNotice(Severity, std::string_view code, const std::string& text) override {
    ++notices[std::string(code)];
    log += text + "\n";
  }
  std::function<void(Doing)> on_doing;
  int committed = 0, aborted = 0, unknown = 0, fenced = 0, restore_steps = 0, lags = 0;
  std::size_t dropped = 0;
  BatchFigures last;
  std::string held_by;
  std::map<std::pair<std::int32_t, std::string>, std::int64_t> totals;
  std::map<std::int32_t, std::string> halted;
  std::map<std::int32_t, std::string> wiped;
  std::map<std::string, int> notices;
  std::string log;
};

// One process of the cluster and the machine that it runs on.
struct Node {
  Node(std::string n, const Clock& clock, const store::MemoryStoreOptions& options)
      : name(std::move(n)), disk(clock, options) {}
  std::string name;
  std::string instance;
  store::MemoryStoreSet disk;
  std::unique_ptr<log::Log> log;
  Counter counter;  // what it did adds up over its lives, but `running`
  EventQueue local;
  Recorder events;
  std::unique_ptr<Shard> shard;
  Status last = Ok();
};

class World {
 public:
  explicit World(std::int32_t partitions = 2, std::uint64_t seed = 1, log::sim::FaultPlan plan = {})
      : clock(kStartMs),
        cluster(seed, clock, std::move(plan)),
        partitions_(partitions),
        seed_(seed) {
    log::TopicSpec spec;
    spec.partitions = partitions;
    for (const char* name : {"calls", "stops"}) Create(spec, name);
    spec.compact = true;
    Create(spec, "state");
    spec.compact = false;
    spec.partitions = 3;
    Create(spec, "out");
    spec.partitions = 1;
    Create(spec, "dead");
    config.role = "test";
    config.inputs = {{"calls"}, {"stops"}};
    config.outputs = {{"out"}};
    config.changelog_topic = "state";
    config.deadletter_topic = "dead";
    config.gather_interval = 0ms;
    config.marker_interval = 200ms;
    config.progress_interval = 50ms;
    stores.flush_entries = 20;
  }

  // `instance`: what it calls itself to the group, if that isn't its own name.
  Node& Make(const std::string& name, const std::string& instance = {}) {
    auto& node = nodes_[name];
    if (!node) {
      stores.seed = seed_;
      node = std::make_unique<Node>(name, clock, stores);
      node->instance = instance.empty() ? name : instance;
    }
    Boot(*node);
    return *node;
  }
  void Boot(Node& node) {
    ShardConfig c = config;
    c.instance = node.instance;
    node.shard.reset();
    if (cluster.Alive(node.name)) cluster.KillClient(node.name);  // it had stopped in good order
    node.counter.running.clear();
    node.local.events.clear();
    node.last = Ok();
    node.log = cluster.NewClient(node.name);
    node.shard = std::make_unique<Shard>(
        c, ShardParts{*node.log, node.disk, node.counter, node.events, clock, &node.local, seed_});
  }
  // kill -9.
  void Kill(Node& node) {
    if (cluster.Alive(node.name)) cluster.KillClient(node.name);
    node.shard.reset();
    node.log.reset();
    node.disk.Crash();
  }

  // One step of every process that lives.
  void Tick(std::chrono::milliseconds by = 20ms) {
    clock.Advance(by);
    for (auto& [name, node] : nodes_) {
      if (!node->shard || !node->last || paused_.contains(name)) continue;
      node->last = node->shard->Step(0ms);
    }
  }
  bool Until(const std::function<bool()>& condition, int ticks = 3'000) {
    for (int i = 0; i < ticks; ++i) {
      if (condition()) return true;
      Tick();
      if (after_tick) after_tick();
    }
    return condition();
  }
  void Run(int ticks) {
    for (int i = 0; i < ticks; ++i) {
      Tick();
      if (after_tick) after_tick();
    }
  }
  void Pause(Node& node) {
    cluster.PauseClient(node.name);
    paused_.insert(node.name);
  }
  void Resume(Node& node) {
    cluster.ResumeClient(node.name);
    paused_.erase(node.name);
  }
  std::size_t Running(const Node& node) const {
    std::size_t n = 0;
    if (!node.shard) return 0;
    for (const auto& p : node.shard->partitions()) n += p.phase == Phase::kRunning ? 1 : 0;
    return n;
  }
  bool AllRunning() const {
    std::size_t n = 0;
    for (const auto& [name, node] : nodes_) n += Running(*node);
    return n == static_cast<std::size_t>(partitions_);
  }

  // Writes commands; the key chooses the partition.
  void Write(const std::string& topic, const std::string& key, const std::string& value,
             std::optional<std::int64_t> timestamp_ms = std::nullopt) {
    Write(topic, PartitionOf(key, partitions_), key, value, timestamp_ms);
  }
  void Write(const std::string& topic, std::int32_t partition, const std::string& key,
             const std::string& value, std::optional<std::int64_t> timestamp_ms = std::nullopt) {
    if (!source_) {
      source_log_ = cluster.NewClient("source");
      source_ = std::move(source_log_->NewWriter("source")).value();
    }
    ASSERT_TRUE(source_->Send(topic, partition, key, value, timestamp_ms.value_or(clock.NowMs())));
    ASSERT_TRUE(source_->Flush(1s));
  }

  std::vector<std::string> Committed(const std::string& topic) {
    std::vector<std::string> values;
    for (const auto& record : cluster.ReadCommitted(topic))
      values.push_back(record.value.value_or("<none>"));
    return values;
  }
  std::map<std::string, int> CountsOf(const std::string& topic) {
    std::map<std::string, int> counts;
    for (const auto& value : Committed(topic)) ++counts[value];
    return counts;
  }
  // The documents that the changelog holds, state included.
  std::map<std::string, store::Document> Replayed(std::int32_t partition) {
    std::map<std::string, store::Document> documents;
    for (const auto& record : cluster.ReadCommitted("state")) {
      if (record.partition != partition) continue;
      if (record.value) {
        documents[record.key] = store::DecodeDocument(*record.value).value();
      } else {
        documents.erase(record.key);
      }
    }
    return documents;
  }
  // Sums over partitions, from the metadata of the committed offsets (stream point 15).
  std::map<std::string, std::int64_t> Tallies() {
    std::map<std::string, std::int64_t> sums;
    for (const auto& [partition, offset] : cluster.CommittedOffsets(config.group())) {
      if (partition.topic != "calls") continue;
      const auto tallies = ParseTallies(offset.metadata);
      EXPECT_TRUE(tallies) << offset.metadata;
      for (const auto& [name, n] : tallies.value_or(std::map<std::string, std::int64_t>()))
        sums[name] += n;
    }
    return sums;
  }
  std::int32_t PartitionFor(const std::string& key) const { return PartitionOf(key, partitions_); }
  std::string KeyIn(std::int32_t partition, int nth = 0) const {
    for (int i = 0;; ++i) {
      const std::string key = "key" + std::to_string(i);
      if (PartitionOf(key, partitions_) == partition && nth-- == 0) return key;
    }
  }
  std::map<std::string, std::unique_ptr<Node>>& nodes() { return nodes_; }

  ManualClock clock;
  log::sim::SimCluster cluster;
  ShardConfig config;
  store::MemoryStoreOptions stores;
  std::function<void()> after_tick;

 private:
  void Create(log::TopicSpec spec, const char* name) {
    spec.name = name;
    EXPECT_TRUE(cluster.CreateTopics({spec}));
  }
  const std::int32_t partitions_;
  const std::uint64_t seed_;
  std::map<std::string, std::unique_ptr<Node>> nodes_;
  std::set<std::string> paused_;
  std::unique_ptr<log::Log> source_log_;
  std::unique_ptr<log::Writer> source_;
};

}  // namespace textback::shard::test
