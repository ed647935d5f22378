#include "simulation/pipeline.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "store/memory_store.h"

namespace textback::simulation {
namespace {

using std::chrono::milliseconds;

constexpr char kOutside[] = "outside";  // the switches and the network: never at fault
// Longer than any timer that a text can hang on: open_wait, time to live, an unknown's window.
constexpr std::int64_t kSettleMs = 170'000;
constexpr std::int64_t kDrainMs = 15'000;

// Everything everywhere, seldom; and a few points often, so that steps which a run reaches a few
// times only (a start, an abort, a goodbye) are struck, too.
log::sim::FaultPlan FaultsOf(const Plan& plan) {
  constexpr int kFocus = 4;
  constexpr double kFocusChance = 0.25;
  if (plan.faults) {
    log::sim::FaultPlan these;
    for (const auto& strike : *plan.faults) these.At(strike.point, strike.nth, strike.client);
    return these;
  }
  auto faults = log::sim::FaultPlan::Everywhere(plan.fault_chance, 4, {kOutside});
  Random random(plan.seed * 131 + 17);
  const auto& points = log::sim::AllFaultPoints();
  for (int i = 0; i < kFocus; ++i) {
    faults.Chance(points[random.Below(points.size())], kFocusChance, 2);
  }
  return faults;
}

// A machine: its name and disk survive its processes.
struct Machine {
  std::string name;
  std::string role;
  std::unique_ptr<store::MemoryStoreSet> disk;
  std::unique_ptr<Process> process;
  std::uint64_t starts = 0;
  std::int64_t down_until_ms = 0;    // no process: when it starts again
  std::int64_t paused_until_ms = 0;  // 0: not paused
  std::int64_t disk_bad_until_ms = 0;
  std::map<std::string, std::int64_t> halted_since;
};

class Pipeline {
 public:
  Pipeline(const Plan& plan, const Sabotage& sabotage, const Trace& trace)
      : plan_(plan),
        trace_(trace),
        random_(plan.seed * 31 + 7),
        clock_(kStartMs),
        cluster_(plan.seed, clock_, FaultsOf(plan), {.cleaner_interval = milliseconds(15'000)}),
        smsc_(plan.seed + 99, clock_, {.echo_reference = plan.echo_reference}),
        world_{clock_, cluster_, smsc_, nullptr, sabotage, plan.records_max} {
    if (trace_) cluster_.OnTrace(trace_);
    cluster_.OnCrash([this](const std::string& name) { OnCrash(name); });
    CreateTopics();
    outside_ = cluster_.NewClient(kOutside);
    auto writer = outside_->NewWriter(kOutside);
    TB_ASSERT(writer.has_value());
    writer_ = std::move(writer).value();
    PublishTenants();
    for (const auto& name : MachineNames(plan)) AddMachine(name, name.substr(0, name.find('-')));
  }

  History Run() {
    while (Elapsed() < plan_.chaos_ms) Tick(random_.Between(5, 60), true);
    generations_end_ = Generations();
    EndChaos();
    const std::int64_t settled_ms = Elapsed() + kSettleMs;
    while (Elapsed() < settled_ms) Tick(random_.Between(50, 200), false);
    // No more watermarks: from here on the inputs have an end.
    for (auto& machine : machines_) {
      if (machine.role == "intake") StopMachine(machine);
    }
    const std::int64_t drained_ms = Elapsed() + kDrainMs;
    while (Elapsed() < drained_ms) Tick(100, false);
    NoteLive();
    for (auto& machine : machines_) StopMachine(machine);
    Collect();
    return std::move(history_);
  }

 private:
  std::int64_t Elapsed() const { return clock_.NowMs() - kStartMs; }

  void Say(const std::string& who, std::string_view what) {
    if (trace_) trace_(std::to_string(Elapsed()) + " " + who + " " + std::string(what));
  }

  void CreateTopics() {
    std::vector<log::TopicSpec> specs;
    for (const auto& source : Sources()) specs.push_back({source.topic, source.partitions});
    for (const char* topic : {topics::kCalls, topics::kInbound, topics::kStatus, topics::kJobs,
                              topics::kSubmissions, topics::kReceipts}) {
      specs.push_back({topic, kPartitions});
    }
    specs.push_back({topics::kDecisions, 2});
    specs.push_back({topics::kAmendments, 2});
    specs.push_back({topics::kCallbacks, 2});
    specs.push_back({topics::kDeadletter, 1});
    specs.push_back({topics::kTenants, 1, true});
    // The judge reads all that dispatch ever intended, so that changelog keeps its history.
    for (const char* role : {"decide", "dispatch", "track"}) {
      specs.push_back({ChangelogOf(role), kPartitions, role != std::string_view("dispatch")});
    }
    TB_ASSERT(cluster_.CreateTopics(specs).has_value());
    for (const auto& spec : specs) all_topics_.push_back(spec);
  }

  void PublishTenants() {
    policy::SnapshotBuilder builder(DecideLimits().horizon_ms);
    std::int64_t offset = 0;
    for (const auto& tenant : plan_.tenants) {
      Produce(topics::kTenants, tenant.tenant(), tenant.SerializeAsString());
      const auto problems = builder.Apply(tenant.tenant(), tenant, offset++);
      TB_ASSERT(problems.empty());
    }
    TB_ASSERT(writer_->Flush(milliseconds(0)).has_value());
    world_.snapshot = builder.Build();
  }

  void Produce(std::string_view topic, std::string_view key, const std::string& value) {
    TB_ASSERT(writer_->Send(topic, std::nullopt, key, value, clock_.NowMs()).has_value());
  }

  void AddMachine(const std::string& name, const std::string& role) {
    store::MemoryStoreOptions options;
    options.seed = plan_.seed * 1'000 + machines_.size();
    options.flush_entries = 40;
    Machine machine;
    machine.name = name;
    machine.role = role;
    machine.disk = std::make_unique<store::MemoryStoreSet>(clock_, options);
    machines_.push_back(std::move(machine));
  }

  void Tick(std::int64_t by_ms, bool chaos) {
    clock_.Advance(milliseconds(by_ms));
    Feed();
    if (chaos) Strike();
    std::vector<Machine*> order;
    order.reserve(machines_.size());
    for (auto& machine : machines_) order.push_back(&machine);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_.Below(i)]);
    for (Machine* machine : order) TickMachine(*machine);
    if (generations_begin_ == 0 && Elapsed() > 20'000) generations_begin_ = Generations();
  }

  void Feed() {
    for (; records_fed_ < plan_.records.size(); ++records_fed_) {
      const auto& record = plan_.records[records_fed_];
      if (record.at_ms > Elapsed()) break;
      Produce(Sources()[record.source].topic, record.key, record.value);
    }
    for (; texts_fed_ < plan_.texts.size(); ++texts_fed_) {
      const auto& text = plan_.texts[texts_fed_];
      if (text.at_ms > Elapsed()) break;
      Produce(topics::kInbound, text.message.customer(), text.message.SerializeAsString());
    }
    for (const auto& receipt : smsc_.TakeReceipts()) {
      Produce(topics::kReceipts, receipt.account() + "|" + receipt.message_id_key(),
              receipt.SerializeAsString());
    }
    TB_ASSERT(writer_->Flush(milliseconds(0)).has_value());
  }

  void Strike() {
    for (; blows_struck_ < plan_.blows.size(); ++blows_struck_) {
      const Blow& blow = plan_.blows[blows_struck_];
      if (blow.at_ms > Elapsed()) return;
      Strike(blow, machines_[blow.process % machines_.size()]);
    }
  }

  void Strike(const Blow& blow, Machine& machine) {
    const std::int64_t until_ms = Elapsed() + blow.for_ms;
    if (blow.kind == Blow::Kind::kDiskError) {
      machine.disk->SetIoErrors(0.02);
      machine.disk_bad_until_ms = until_ms;
      return;
    }
    if (blow.kind == Blow::Kind::kNetworkDown) {
      Say("network", "down");
      return smsc_.GoDown(blow.for_ms);
    }
    if (blow.kind == Blow::Kind::kInboundSlow) {
      Say(topics::kInbound, "stalls");
      return cluster_.Stall(topics::kInbound, milliseconds(blow.for_ms));
    }
    if (blow.kind == Blow::Kind::kOffsetsGone) {
      for (auto& each : machines_) {
        if (each.role == "decide") TakeDown(each, until_ms);
      }
      Say("offsets of decide", "gone");
      return cluster_.ForgetOffsets(GroupOf("decide"));
    }
    if (blow.kind == Blow::Kind::kKill) return TakeDown(machine, until_ms);
    if (!machine.process || machine.paused_until_ms > 0) return;
    switch (blow.kind) {
      case Blow::Kind::kPause:
        Say(machine.name, "paused");
        ++history_.pauses;
        cluster_.PauseClient(machine.name);
        machine.paused_until_ms = until_ms;
        return;
      case Blow::Kind::kRestart:
        StopMachine(machine);
        machine.down_until_ms = until_ms;
        return;
      case Blow::Kind::kCutOff:
        cluster_.Unreachable(machine.name, milliseconds(blow.for_ms));
        return;
      case Blow::Kind::kKill:
      case Blow::Kind::kDiskError:
      case Blow::Kind::kNetworkDown:
      case Blow::Kind::kInboundSlow:
      case Blow::Kind::kOffsetsGone:
        TB_UNREACHABLE();
    }
  }

  void TakeDown(Machine& machine, std::int64_t until_ms) {
    if (machine.process) return Kill(machine, until_ms);
    machine.down_until_ms = std::max(machine.down_until_ms, until_ms);
  }

  // Called in the middle of whatever the process was doing.
  void OnCrash(const std::string& name) {
    for (auto& machine : machines_) {
      if (machine.name != name || !machine.process) continue;
      machine.process->Die();
      machine.disk->Crash();
    }
  }

  void Kill(Machine& machine, std::int64_t back_ms) {
    if (cluster_.Alive(machine.name)) cluster_.KillClient(machine.name);
    Bury(machine, back_ms);
  }

  // The process is dead, by whatever hand.
  void Bury(Machine& machine, std::int64_t back_ms) {
    Say(machine.name, "killed");
    ++history_.crashes;
    machine.process.reset();
    machine.down_until_ms = back_ms;
    machine.paused_until_ms = 0;
    machine.halted_since.clear();
    NoteDisk(machine, {});
  }

  void StopMachine(Machine& machine) {
    if (!machine.process) return;
    Say(machine.name, "stops");
    machine.process->Stop();
    if (!cluster_.Alive(machine.name)) return Bury(machine, Elapsed() + 500);
    cluster_.KillClient(machine.name);  // the process exits; it has said goodbye
    machine.process.reset();
    machine.down_until_ms = INT64_MAX;
    NoteDisk(machine, {});
  }

  void TickMachine(Machine& machine) {
    if (machine.disk_bad_until_ms > 0 && machine.disk_bad_until_ms <= Elapsed()) {
      machine.disk->SetIoErrors(0);
      machine.disk_bad_until_ms = 0;
    }
    if (!machine.process) {
      if (machine.down_until_ms <= Elapsed()) Start(machine);
      return;
    }
    if (machine.paused_until_ms > 0) {
      if (machine.paused_until_ms > Elapsed()) return;
      Say(machine.name, "continues");
      cluster_.ResumeClient(machine.name);
      machine.paused_until_ms = 0;
    }
    // Its network thread and its shard take turns in any order.
    if (random_.Chance(0.5)) machine.process->Tick();
    const Status status = machine.process->Step();
    if (!cluster_.Alive(machine.name)) return Bury(machine, Elapsed() + random_.Between(50, 4'000));
    if (!status) {
      // The process exits with an error, and is started again by whatever looks after it.
      Say(machine.name, "gave up: " + status.error().code + ": " + status.error().message);
      return Kill(machine, Elapsed() + random_.Between(50, 2'000));
    }
    machine.process->Tick();
    Watch(machine);
  }

  void Start(Machine& machine) {
    Say(machine.name, "starts");
    const std::uint64_t start = plan_.seed * 1'000 + ++machine.starts;
    if (machine.role == "intake") machine.process = NewIntake(world_, machine.name);
    if (machine.role == "decide")
      machine.process = NewDecide(world_, machine.name, *machine.disk, start);
    if (machine.role == "dispatch")
      machine.process = NewDispatch(world_, machine.name, *machine.disk, start);
    if (machine.role == "track")
      machine.process = NewTrack(world_, machine.name, *machine.disk, start);
    TB_ASSERT(machine.process != nullptr);
  }

  // Limits, and partitions that stand still: an operator would see them and start the process anew.
  void Watch(Machine& machine) {
    if (history_.over_limits.size() < 10) machine.process->CheckLimits(history_.over_limits);
    for (const auto& why : machine.process->Halted()) {
      const auto [since, is_new] = machine.halted_since.try_emplace(why, Elapsed());
      if (is_new) {
        Say(machine.name, "halted: " + why);
        // Reading failed again and again: the disk is bad, as it was told to be.
        if (why != shard::errors::kRebuildLoop && why != "store_io") {
          history_.halts.push_back(machine.name + " halted a partition: " + why);
        }
      }
      if (Elapsed() - since->second > 3'000) return Kill(machine, Elapsed() + 500);
    }
  }

  void EndChaos() {
    Say("chaos", "ends");
    cluster_.StopFaults();
    smsc_.Behave();
    history_.rebalances = generations_end_ > generations_begin_
                              ? static_cast<std::size_t>(generations_end_ - generations_begin_)
                              : 0;
    for (auto& machine : machines_) {
      machine.disk_bad_until_ms = std::min(machine.disk_bad_until_ms, Elapsed());
      machine.down_until_ms = std::min(machine.down_until_ms, Elapsed());
      machine.paused_until_ms = std::min(machine.paused_until_ms, Elapsed());
      machine.disk->SetIoErrors(0);
    }
  }

  std::int64_t Generations() {
    std::int64_t sum = 0;
    for (const char* role : {"decide", "dispatch"}) sum += cluster_.Group(GroupOf(role)).generation;
    return sum;
  }

  void NoteLive() {
    for (const auto& machine : machines_) {
      if (machine.process) live_[machine.name] = machine.process->Running();
    }
  }

  // What the machine's disk holds, as a restart would find it.
  void NoteDisk(Machine& machine, const std::vector<std::int32_t>& live) {
    if (machine.role == "intake") return;
    machine.disk->SetIoErrors(0);
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      auto opened = machine.disk->Open(p);
      TB_ASSERT(opened.has_value());
      Disk disk;
      disk.role = machine.role;
      disk.process = machine.name;
      disk.partition = p;
      disk.live = std::find(live.begin(), live.end(), p) != live.end();
      disk.marker = (*opened)->FlushedMarker();
      if (!disk.marker) continue;
      disk.changelog_end = cluster_.Offsets({ChangelogOf(machine.role), p}, false).end;
      for (auto& [key, document] : machine.disk->OnDisk(p)) disk.documents.emplace(key, document);
      history_.disks.push_back(std::move(disk));
    }
    if (machine.disk_bad_until_ms > 0) machine.disk->SetIoErrors(0.02);
  }

  void Collect() {
    for (auto& machine : machines_) NoteDisk(machine, live_[machine.name]);
    for (const auto& spec : all_topics_) {
      history_.topics[spec.name] = cluster_.ReadCommitted(spec.name);
      for (std::int32_t p = 0; p < spec.partitions; ++p) {
        const log::TopicPartition partition{spec.name, p};
        history_.ends[spec.name][partition] = cluster_.Offsets(partition, true).end;
      }
    }
    for (const auto& group :
         {std::string(kIntakeGroup), GroupOf("decide"), GroupOf("dispatch"), GroupOf("track")}) {
      history_.groups[group] = cluster_.CommittedOffsets(group);
    }
    history_.writes = smsc_.writes();
    history_.faults = cluster_.faults().fired;
    history_.strikes = cluster_.faults().strikes;
    history_.plan = plan_;
  }

  const Plan& plan_;
  const Trace trace_;
  Random random_;
  ManualClock clock_;
  log::sim::SimCluster cluster_;
  SimSmsc smsc_;
  World world_;
  std::unique_ptr<log::Log> outside_;
  std::unique_ptr<log::Writer> writer_;
  std::vector<log::TopicSpec> all_topics_;
  std::vector<Machine> machines_;
  std::map<std::string, std::vector<std::int32_t>> live_;
  std::size_t records_fed_ = 0;
  std::size_t texts_fed_ = 0;
  std::size_t blows_struck_ = 0;
  std::int64_t generations_begin_ = 0;
  std::int64_t generations_end_ = 0;
  History history_;
};

}  // namespace

std::size_t History::struck() const {
  std::size_t all = 0;
  for (const auto& [point, count] : faults) all += count;
  return all;
}

History RunPlan(const Plan& plan, const Sabotage& sabotage, const Trace& trace) {
  return Pipeline(plan, sabotage, trace).Run();
}

}  // namespace textback::simulation
