// The same records through different logs, and through kills: the same decisions, no text twice,
// counts that add up.
#include <gmock/gmock.h>

#include <functional>

#include "base/clock.h"
#include "base/random.h"
#include "e2e/outcome.h"
#include "e2e/sim_site.h"
#include "e2e/site.h"
#include "e2e/workload.h"
#include "kafka/broker_process.h"
#include "pipeline/all_in_one.h"
#include "telemetry/health.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Gt;
using ::testing::Le;

constexpr std::size_t kCalls = 50'000;
constexpr std::int32_t kPartitions = 4;
constexpr auto kRunTime = 180s;
constexpr int kKills = 5;  // of each service
constexpr std::uint64_t kSeed = 9;
// Fast enough for ten thousand texts, slow enough that a kill always finds some on the wire.
constexpr char kSmscYaml[] =
    "response_delay: {min: 5ms, max: 30ms}\n"
    "receipts: {delay: {min: 100ms, max: 500ms}}\n";

// What receipts teach of numbers hangs on when they come, which no two runs agree on.
constexpr char kLearnNothing[] = "undeliverable_memory: 0s";

const Workload& Calls() {
  static const Workload workload = MakeWorkload(kCalls, kPartitions);
  return workload;
}

void ExpectSame(const std::map<std::string, std::string>& expected,
                const std::map<std::string, std::string>& found) {
  EXPECT_EQ(expected.size(), found.size());
  int shown = 0;
  for (const auto& [id, decision] : expected) {
    const auto it = found.find(id);
    if (it != found.end() && it->second == decision) continue;
    ADD_FAILURE() << "expected " << decision << "found    "
                  << (it == found.end() ? "no decision" : it->second);
    if (++shown == 5) break;
  }
}

// What the whole pipeline in this process decides, on the embedded log.
std::map<std::string, std::string> RunEmbedded() {
  const TemporaryFolder folder;
  SmscProcess smsc(folder.path(), kSmscYaml);
  const auto config = pipeline::LoadRunConfig(folder.Write(
      "run.yaml",
      "data_folder: " + folder.path() + "/data\n" + "embedded_log: {partitions: " +
          std::to_string(kPartitions) + ", sync_each_commit: false}\n" +
          "intake: {watermark: 200ms, inputs: [{topic: textback.cdrs, source: pbx}]}\n" +
          "decide: {" + kLearnNothing + "}\n" + "smsc: {port: " + smsc.port() + "}\n"));
  EXPECT_TRUE(config) << config.error().message;
  SystemClock clock;
  telemetry::Registry registry;
  telemetry::Health health(clock);
  telemetry::MemorySink sink;
  telemetry::Log notices(clock, sink, {.part = "run"});
  auto all = pipeline::AllInOne::Open(
      *config, {clock, registry, health, notices,
                [](const Error& error) { ADD_FAILURE() << error.message; }, kSeed});
  EXPECT_TRUE(all) << all.error().message;
  const pipeline::Topics topics;
  auto& log = (*all)->log();
  PutTenants(log, topics, Calls());
  PutRecords(log, topics, Calls());
  Outcome outcome(log, topics);
  const auto started = (*all)->Start();
  EXPECT_TRUE(started) << started.error().message;
  EXPECT_TRUE(Until(kRunTime, [&] { return outcome.Complete(Calls()); }))
      << ::testing::PrintToString(sink.lines());
  (*all)->Stop();
  ExpectTextsOnce(outcome, smsc.TakenTexts());
  ExpectCountsAddUp(ReadCounts(log, topics), Calls());
  smsc.Stop();
  return outcome.Decisions();
}

const std::map<std::string, std::string>& Expected() {
  static const auto decisions = RunEmbedded();
  return decisions;
}

SiteOptions KafkaOptions() {
  SiteOptions options;
  options.plan = {.partitions = kPartitions, .decision_partitions = 2};
  options.window = 50;
  options.intent_limit = 100;
  options.smsc_yaml = kSmscYaml;
  options.decide_extra = std::string("  ") + kLearnNothing + "\n";
  return options;
}

// Runs the workload; `disturb` is called again and again until all is done.
void RunOnKafka(const std::function<void(Site&, Outcome&)>& disturb,
                ::testing::Matcher<std::size_t> unknown_texts) {
  Site site(BrokerProcess::Shared().bootstrap(), KafkaOptions());
  site.CreateTopics();
  PutTenants(site.log(), site.topics(), Calls());
  PutRecords(site.log(), site.topics(), Calls());
  Outcome outcome(site.log(), site.topics());
  site.StartAll();
  ASSERT_TRUE(Until(kRunTime,
                    [&] {
                      disturb(site, outcome);
                      return outcome.Complete(Calls());
                    }))
      << outcome.decided() << " of " << Calls().calls << " decided, " << outcome.texts().size()
      << " texts" << site.Logs();
  // A text that was taken though nobody knows is proven by its receipt.
  std::size_t unknown = 0;
  EXPECT_TRUE(Until(kRunTime, [&] {
    outcome.Poll();
    std::set<std::pair<std::string, std::string>> taken;
    for (const auto& text : site.smsc().TakenTexts()) taken.insert({"+" + text.to, text.Words()});
    unknown = 0;
    bool all_proven = true;
    for (const auto& [id, text] : outcome.texts()) {
      if (text.ends.contains(v1::Status::KIND_UNKNOWN)) ++unknown;
      all_proven = all_proven && !(text.unknown() && taken.contains({text.to, text.words}));
    }
    return all_proven;
  })) << site.Logs();
  EXPECT_THAT(unknown, unknown_texts);
  site.StopAll();
  outcome.Poll();
  ExpectTextsOnce(outcome, site.smsc().TakenTexts());
  ExpectCountsAddUp(ReadCounts(site.log(), site.topics()), Calls());
  ExpectSame(Expected(), outcome.Decisions());
  ::testing::Test::RecordProperty("unknown", static_cast<int>(unknown));
  ::testing::Test::RecordProperty("texts", static_cast<int>(outcome.texts().size()));
}

TEST(Logs, SimulatedAndEmbeddedDecideTheSame) {
  ExpectSame(Expected(), RunSimulated(Calls(), kPartitions, kSeed));
}

TEST(Logs, EmbeddedAndKafkaDecideTheSame) {
  RunOnKafka([](Site&, Outcome& outcome) { outcome.Poll(); }, 0U);
}

// Kills one service each time the work has come so far.
class Killer {
 public:
  Killer(Random random, std::size_t end) : random_(random), step_(end / (kKills + 1)) { Next(); }

  bool Due(std::size_t progress) {
    if (kills_ == kKills || progress < at_) return false;
    ++kills_;
    Next();
    return true;
  }
  int kills() const { return kills_; }

 private:
  void Next() { at_ = static_cast<std::size_t>(kills_) * step_ + 1 + random_.Below(step_); }

  Random random_;
  const std::size_t step_;
  int kills_ = 0;
  std::size_t at_ = 0;
};

TEST(Logs, KilledTenTimesTheyDecideTheSameAndTextOnce) {
  Random random(kSeed);
  Killer of_worker(random.Fork(), Calls().calls);
  Killer of_dispatcher(random.Fork(), 5'000);  // texts; there are more
  RunOnKafka(
      [&](Site& site, Outcome& outcome) {
        outcome.Poll();
        if (of_worker.Due(outcome.decided())) {
          site.worker().Kill();
          site.StartWorker();
        }
        if (of_dispatcher.Due(site.smsc().TakenTexts().size())) {
          site.dispatcher().Kill();
          site.StartDispatcher();
        }
      },
      // None would mean that no kill found a text on the wire.
      AllOf(Gt(0U), Le(kKills * KafkaOptions().intent_limit)));
  EXPECT_EQ(of_worker.kills(), kKills);
  EXPECT_EQ(of_dispatcher.kills(), kKills);
}

}  // namespace
}  // namespace textback::tests
