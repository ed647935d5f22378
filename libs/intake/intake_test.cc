// Intake over the simulated log: what goes where. Under faults: intake_fault_test.cc.
#include "intake/intake.h"

#include <gmock/gmock.h>

#include "base/hash.h"
#include "intake/intake_test_world.h"

namespace textback::intake {
namespace {

using namespace test;

TEST(Intake, HandsOnATenantsCall) {
  World world;
  auto record = Record("r1", "07700900123", kLeeds);
  world.Put(1, record);
  world.Run(20);
  const auto calls = world.Calls();
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].key, kCaller);
  EXPECT_EQ(calls[0].partition, PartitionOf(kCaller, 3));
  const auto& got = calls[0].entry.record();
  EXPECT_EQ(got.source(), "src-cdrs");
  EXPECT_EQ(got.served().side(), v1::Served::SIDE_TERMINATING);
  EXPECT_EQ(got.served().tenant(), "leeds");
  EXPECT_EQ(got.served().line(), kLeeds);
  EXPECT_EQ(got.served().customer(), kCaller);
  EXPECT_FALSE(got.served().withheld());
  EXPECT_EQ(got.served().lines_version(), 42);
  EXPECT_EQ(got.coordinates().topic(), "cdrs");
  EXPECT_EQ(got.coordinates().partition(), 1);
  EXPECT_EQ(got.coordinates().offset(), 0);
  EXPECT_EQ(got.settle().settle_ms(), 3'000);
  EXPECT_EQ(world.Committed(), (Tallies{1, 1, 1, 0, 1}));
  EXPECT_EQ(world.heard.counted, (Tallies{1, 1, 1, 0, 1}));
}

TEST(Intake, DropsAndCountsWhatIsNobodys) {
  World world;
  world.Put(0, Record("r1", kCaller, "+447700900999"));
  world.Run(20);
  EXPECT_TRUE(world.Calls().empty());
  EXPECT_TRUE(world.DeadLetters().empty());
  EXPECT_EQ(world.Committed(), (Tallies{1, 1, 2, 0, 0}));
}

TEST(Intake, DropsNothingBeforeTheTenantsAreKnown) {
  World world;
  auto table = std::exchange(world.lines.table, nullptr);
  world.Put(0, Record("r1", kCaller, kLeeds));
  world.Run(20);
  EXPECT_TRUE(world.Calls(true).empty());
  EXPECT_GT(world.intake->idle_for(), 0ms);
  EXPECT_EQ(world.Committed(), Tallies());
  world.lines.table = table;
  world.Run(20);
  EXPECT_EQ(world.Calls().size(), 1U);
}

TEST(Intake, WritesBothSidesOfACallBetweenTenants) {
  World world;
  world.Put(0, Record("r1", kYork, kLeeds));
  world.Run(20);
  auto calls = world.Calls();
  ASSERT_EQ(calls.size(), 2U);
  if (calls[0].key != kYork) std::swap(calls[0], calls[1]);
  EXPECT_EQ(calls[0].key, kYork);
  EXPECT_EQ(calls[0].entry.record().served().tenant(), "leeds");
  EXPECT_EQ(calls[0].entry.record().served().side(), v1::Served::SIDE_TERMINATING);
  EXPECT_EQ(calls[1].key, kLeeds);
  EXPECT_EQ(calls[1].entry.record().served().tenant(), "york");
  EXPECT_EQ(calls[1].entry.record().served().side(), v1::Served::SIDE_ORIGINATING);
  EXPECT_EQ(world.Committed(), (Tallies{1, 1, 0, 0, 2}));
}

TEST(Intake, KeysWithoutACustomer) {
  World world;
  auto withheld = Record("r1", kCaller, kLeeds);
  withheld.mutable_calling()->set_presentation(v1::Party::PRESENTATION_RESTRICTED);
  world.Put(0, withheld);
  auto alone = withheld;
  alone.clear_join_key();
  world.Put(0, alone);
  auto unavailable = Record("r3", kCaller, kLeeds);
  unavailable.mutable_calling()->set_presentation(v1::Party::PRESENTATION_UNAVAILABLE);
  world.Put(0, unavailable);
  world.Put(0, Record("r4", "GARAGE", kLeeds));
  world.Run(20);
  std::map<std::string, v1::Served> served;
  for (const auto& call : world.Calls()) served[call.key] = call.entry.record().served();
  const std::string line = kLeeds;
  ASSERT_EQ(served.size(), 4U);
  EXPECT_TRUE(served.at(line + ":join-r1").withheld());
  EXPECT_TRUE(served.at(line + ":r1").withheld());
  EXPECT_FALSE(served.at(line + ":join-r3").withheld());
  EXPECT_FALSE(served.at(line + ":join-r4").withheld());
  for (const auto& [key, at] : served) EXPECT_EQ(at.customer(), "") << key;
}

TEST(Intake, AForwardedCallIsTheFirstCalledPartys) {
  World world;
  auto record = Record("r1", kCaller, "+447700900999");
  record.mutable_original_called()->set_number(kLeeds);
  record.mutable_redirecting()->set_number(kYork);
  world.Put(0, record);
  record.clear_original_called();
  record.set_record_id("r2");
  world.Put(0, record);
  world.Run(20);
  const auto calls = world.Calls();
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].entry.record().served().line(), kLeeds);
  EXPECT_EQ(calls[1].entry.record().served().line(), kYork);
}

TEST(Intake, ParksWhatCantBeRead) {
  World world;
  world.Put("cdrs", 0, "\xff\xff");
  world.Put("cdrs", 0, std::nullopt);
  world.Put("lines", 0, "one,two\nthree\n");
  world.Run(20);
  const auto letters = world.DeadLetters();
  ASSERT_EQ(letters.size(), 4U);
  EXPECT_EQ(world.heard.reasons,
            (std::set<std::string>{"csv_columns", "protobuf_malformed", "value_missing"}));
  for (const auto& letter : letters) {
    EXPECT_EQ(letter.role(), "intake");
    EXPECT_EQ(letter.key(), "any");
    EXPECT_FALSE(letter.message().empty());
    EXPECT_EQ(letter.coordinates().topic(), letter.source().substr(4));
  }
  // A message, two of which have one record and one has two; both sides of each are dead.
  EXPECT_EQ(world.Committed(), (Tallies{3, 4, 0, 8, 0}));
}

TEST(Intake, ReadsEachTopicWithItsAdapter) {
  World world;
  world.Put("lines", 0,
            "\"\",\"07700900123\",\"02079460000\",\"c\",\"\",\"a\",\"b\",\"Dial\",\"\",\"2026-09-"
            "21 14:00:00\",\"\","
            "\"2026-09-21 14:00:20\",20,0,\"NO ANSWER\",\"DOCUMENTATION\",\"1790000000.1\",\"\"\n");
  world.Run(20);
  const auto calls = world.Calls();
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].key, kCaller);
  EXPECT_EQ(calls[0].entry.record().source(), "src-lines");
}

// Else the last would be taken for the first once more. What is rejected has its place, too:
// whether it is may change until the message is read again (a time in the future).
TEST(Intake, RecordsOfOneMessageHaveTheirPlaces) {
  World world;
  const std::string begin =
      "\"\",\"07700900123\",\"02079460000\",\"c\",\"\",\"a\",\"b\",\"Dial\",\"\",\"2026-09-21 "
      "14:00:00\",\"\",";
  const std::string end =
      "\"2026-09-21 14:00:20\",20,0,\"NO ANSWER\",\"DOCUMENTATION\",\"1790000000.";
  world.Put("lines", 0, begin + end + "1\",\"\"\nno record\n" + begin + end + "2\",\"\"\n");
  world.Run(20);
  const auto calls = world.Calls();
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].entry.record().coordinates().offset(),
            calls[1].entry.record().coordinates().offset());
  EXPECT_EQ(calls[0].entry.record().coordinates().place(), 0);
  EXPECT_EQ(calls[1].entry.record().coordinates().place(), 2);
}

// One topic, two formats: protobuf, and JSON that names its source.
TEST(Intake, AHeaderNamesTheSourceThatReadsARecord) {
  World world;
  auto& protobuf = world.config.inputs[0];
  protobuf.source_header = "origin";
  protobuf.reads_unnamed = true;
  auto json = protobuf;
  json.source.name = "src-json";
  json.source.format.adapter = "json";
  json.reads_unnamed = false;
  world.config.inputs.push_back(json);
  const std::string text =
      R"({"record_id": "j1", "calling": {"number": "07700 900123"}, "called": {"number": "+442079460000"},)"
      R"( "ended_at_ms": 1789999990000})";
  world.PutWith({"origin", "src-json"}, text);
  world.PutWith({"origin", "src-cdrs"}, Record("p1", kCaller, kLeeds).SerializeAsString());
  world.PutWith({"other", "src-json"}, Record("p2", kCaller, kLeeds).SerializeAsString());
  world.Put(0, Record("p3", kCaller, kLeeds));
  world.PutWith({"origin", "src-cdrs"}, text);  // named wrongly: read as what it says it is
  world.Run(20);
  std::map<std::string, std::string> sources;
  for (const auto& call : world.Calls())
    sources[call.entry.record().record_id()] = call.entry.record().source();
  EXPECT_EQ(sources,
            (std::map<std::string, std::string>{
                {"j1", "src-json"}, {"p1", "src-cdrs"}, {"p2", "src-cdrs"}, {"p3", "src-cdrs"}}));
  const auto letters = world.DeadLetters();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].reason(), "protobuf_malformed");
  EXPECT_EQ(letters[0].source(), "src-cdrs");
  EXPECT_EQ(letters[0].source_header(), "origin");
  EXPECT_EQ(letters[0].source_header_value(), "src-cdrs");
}

TEST(Intake, ASourceThatNobodyKnowsIsADeadLetterAndCounted) {
  World world;
  world.config.inputs[0].source_header = "origin";
  const auto value = Record("p1", kCaller, kLeeds).SerializeAsString();
  world.PutWith({"origin", "hull"}, value);
  world.PutWith({"origin", std::string(1'000, 'h')}, value);
  world.Put("cdrs", 0, std::nullopt);  // no header, and nothing else either
  world.PutWith({"origin", "src-cdrs"}, value);
  world.Run(20);
  EXPECT_EQ(world.Calls().size(), 1U) << "what comes behind them is read";
  const auto letters = world.DeadLetters();
  ASSERT_EQ(letters.size(), 3U);
  std::multiset<std::size_t> kept;
  for (const auto& letter : letters) {
    EXPECT_EQ(letter.reason(), "unknown_source");
    EXPECT_EQ(letter.source(), "");
    EXPECT_EQ(letter.role(), "intake");
    EXPECT_EQ(letter.source_header().empty(), letter.source_header_value().empty());
    EXPECT_EQ(letter.value(), letter.source_header().empty() ? "" : value);
    kept.insert(letter.source_header_value().size());
  }
  EXPECT_EQ(kept, (std::multiset<std::size_t>{0, 4, 256}));
  EXPECT_EQ(world.Committed(), (Tallies{4, 4, 1, 6, 1}));
  EXPECT_EQ(world.heard.counted, world.Committed());
}

TEST(Intake, WatermarksComeFirstAndThenEachSecond) {
  World world;
  world.Put(0, Record("r1", kCaller, kLeeds));
  world.Run(40);
  const auto all = world.Calls(true);
  std::map<std::int32_t, int> marks;
  std::map<std::int32_t, std::int64_t> last;
  for (const auto& call : all) {
    if (call.entry.has_record()) {
      EXPECT_GT(marks[call.partition], 0) << "a record before any watermark";
      continue;
    }
    const auto& mark = call.entry.watermark();
    EXPECT_EQ(mark.instance(), "intake-0");
    EXPECT_EQ(mark.sources_size(), 3);
    if (marks[call.partition]++ == 0) {
      for (const auto& source : mark.sources()) EXPECT_EQ(source.low_watermark_ms(), 0);
    }
    last[call.partition] = mark.sources(0).low_watermark_ms();
    EXPECT_LE(last[call.partition], mark.written_at_ms());
  }
  ASSERT_EQ(marks.size(), 3U) << "every partition is told";
  for (const auto& [partition, count] : marks) {
    EXPECT_GE(count, 4);
    EXPECT_LE(count, 6);
    EXPECT_GE(last[partition], kStart + 3'000) << "caught up: now";
  }
}

// Of sources that write files: how far each node has come, told once to every partition, whoever's
// line was called.
TEST(Intake, WatermarksTellHowFarNodesHaveCome) {
  World world;
  world.config.inputs[0].source.settle.set_past_end_ms(60'000);
  auto one = Record("r1", kCaller, kLeeds);
  one.set_node("msc-1");
  auto two = Record("r2", kCaller, "+442079460999");
  two.set_node("msc-2");
  two.set_ended_at_ms(kStart - 5'000);
  world.Put(0, one);
  world.Put(1, two);
  world.Run(40);
  std::map<std::int32_t, std::map<std::string, std::vector<std::int64_t>>> told;
  for (const auto& call : world.Calls(true)) {
    for (const auto& node : call.entry.watermark().nodes()) {
      EXPECT_EQ(node.source(), "src-cdrs");
      told[call.partition][node.node()].push_back(node.ended_through_ms());
    }
  }
  ASSERT_EQ(told.size(), 3U);
  for (const auto& [partition, nodes] : told) {
    EXPECT_EQ(nodes.at("msc-1"), std::vector<std::int64_t>{kStart - 10'000});
    EXPECT_EQ(nodes.at("msc-2"), std::vector<std::int64_t>{kStart - 5'000});
  }
}

// Behind: the watermark stands at the last record handed on, not at now.
TEST(Intake, ABacklogHoldsTheWatermark) {
  World world;
  for (int i = 0; i < 40; ++i) world.Put(0, Record("r" + std::to_string(i), kCaller, kLeeds));
  world.clock.Advance(3600s);
  world.config.watermark_interval = 0ms;
  world.Run(4);
  const auto all = world.Calls(true);
  bool held = false;
  for (const auto& call : all) {
    if (!call.entry.has_watermark()) continue;
    for (const auto& source : call.entry.watermark().sources()) {
      if (source.topic() == "cdrs" && source.partition() == 0 && source.low_watermark_ms() > 0) {
        held = held || source.low_watermark_ms() == kStart;
      }
    }
  }
  EXPECT_TRUE(held);
  world.Run(20);
  EXPECT_EQ(world.Calls().size(), 40U);
}

TEST(Intake, CatchesUpAlsoBehindATransactionsMarker) {
  World world;
  auto producer =
      std::move(world.operator_client_->NewTransactionalProducer({.transactional_id = "op"}))
          .value();
  ASSERT_TRUE(producer->Init(1s));
  ASSERT_TRUE(producer->Begin());
  ASSERT_TRUE(
      producer->Send("cdrs", 0, "", Record("r1", kCaller, kLeeds).SerializeAsString(), kStart));
  ASSERT_EQ(producer->Commit(1s), log::CommitOutcome::kCommitted);
  world.Run(30);
  EXPECT_EQ(world.Calls().size(), 1U);
  for (const auto& [source, progress] : world.intake->progress()) {
    EXPECT_GT(progress.low_watermark_ms, kStart + 1'000) << source.topic << source.partition;
  }
}

TEST(Intake, CountsGoOnAfterARestart) {
  World world;
  world.Put(0, Record("r1", kCaller, kLeeds));
  world.Run(20);
  world.intake->Close();
  world.intake.reset();
  world.Put(0, Record("r2", kCaller, "+447700900999"));
  world.Run(100);
  EXPECT_EQ(world.Committed(), (Tallies{2, 2, 3, 0, 1}));
  EXPECT_EQ(world.Calls().size(), 1U);
  EXPECT_EQ(world.heard.tallies_lost, 0);
}

TEST(Intake, SaysWhatRetentionTookAndWhenCountsAreLost) {
  World world;
  for (int i = 0; i < 5; ++i) world.Put(0, Record("r" + std::to_string(i), kCaller, kLeeds));
  world.cluster.ForceOffset("intake", {"cdrs", 0}, {1, "by hand"});
  world.cluster.Trim({"cdrs", 0}, 3);
  world.Run(20);
  EXPECT_EQ(world.heard.expired, 2);
  EXPECT_EQ(world.heard.tallies_lost, 1);
  EXPECT_EQ(world.Calls().size(), 2U);
}

TEST(Intake, FailsClosedWhereTheTopicWasMadeAnew) {
  World world;
  world.cluster.ForceOffset("intake", {"cdrs", 0}, {100, ""});
  world.Run(10);
  EXPECT_GT(world.died, 0);
  EXPECT_EQ(world.last_error.code, "offset_ahead");
  EXPECT_EQ(world.last_error.disposition, Disposition::kFatal);
}

// A broker that crashed may take a static member for its own predecessor.
TEST(Intake, AMemberThatIsFencedJoinsAgainAndLosesNothing) {
  World world(FaultPlan().At({log::sim::Fault::kFence, log::sim::Step::kPoll}, 5, "worker"));
  for (int i = 0; i < 20; ++i) {
    world.Put(0, Record("id-" + std::to_string(i), kCaller, kLeeds));
    world.Run(1);
  }
  world.Run(300);
  EXPECT_EQ(world.died, 0);
  std::set<std::string> ids;
  for (const auto& call : world.Calls()) ids.insert(call.entry.record().record_id());
  EXPECT_EQ(ids.size(), 20U);
}

TEST(Intake, SaysWhichTopicIsMissing) {
  for (auto IntakeConfig::* topic : {&IntakeConfig::calls_topic, &IntakeConfig::deadletter_topic}) {
    World world;
    world.config.*topic = "nowhere";
    world.Run(1);
    EXPECT_EQ(world.last_error.code, log::errors::kTopicMissing);
    EXPECT_THAT(world.last_error.message, testing::HasSubstr("nowhere"));
  }
}

TEST(Intake, RefusesABadConfiguration) {
  World world;
  const auto refused = [&world](IntakeConfig config) {
    auto client = world.cluster.NewClient("x");
    const auto made =
        Intake::Make(*client, world.clock, world.lines, std::move(config), world.heard);
    world.cluster.KillClient("x");
    return !made && made.error().code == "config_invalid";
  };
  EXPECT_FALSE(refused(Config()));
  auto config = Config();
  config.inputs.clear();
  EXPECT_TRUE(refused(config));
  config = Config();
  config.inputs[1].topic = "cdrs";
  EXPECT_TRUE(refused(config));
  config = Config();
  config.inputs[1].source.name = "src-cdrs";
  EXPECT_TRUE(refused(config));
  config = Config();
  config.in_flight_max = 0;
  EXPECT_TRUE(refused(config));
}

TEST(Intake, AFullQueueOfTheWriterIsWaitedFor) {
  log::sim::SimOptions options;
  options.writer_queue_max = 2;
  World world({}, options);
  for (int i = 0; i < 30; ++i) world.Put(0, Record("r" + std::to_string(i), kCaller, kLeeds));
  world.Run(30);
  EXPECT_EQ(world.Calls().size(), 30U);
  EXPECT_EQ(world.heard.rewinds, 0);
}

// --- faults ---

TEST(IntakeTest, WhatTheTablesSayOfTheCallerTravelsWithTheCall) {
  World world;
  FixedReach reach;
  world.reach = &reach;
  world.Put(0, Record("r1", kCaller, kLeeds));
  world.Run(10);
  EXPECT_TRUE(world.Calls().empty()) << "nothing is handed on before the tables are known";
  EXPECT_GT(world.intake->idle_for().count(), 0);
  reach.tables = Tables(17);
  world.Run(20);
  world.Put(0, Record("r2", kYork, kLeeds));
  auto withheld = Record("r3", kCaller, kLeeds);
  withheld.mutable_calling()->set_presentation(v1::Party::PRESENTATION_RESTRICTED);
  world.Put(0, withheld);
  world.Run(20);
  std::map<std::string, v1::Reach> reaches;
  std::map<std::string, bool> has;
  for (const auto& call : world.Calls()) {
    const auto& record = call.entry.record();
    const std::string id = record.record_id() + "/" + record.served().tenant();
    reaches[id] = record.reach();
    has[id] = record.has_reach();
  }
  ASSERT_EQ(reaches.size(), 4u);
  const auto& known = reaches.at("r1/leeds");
  EXPECT_EQ(known.line_type(), v1::LINE_TYPE_MOBILE);
  EXPECT_EQ(known.carrier(), "North");
  EXPECT_NE(known.numbers_version(), 0u);
  EXPECT_EQ(known.tenant(), "");
  EXPECT_EQ(known.block_list(), "regulator");
  EXPECT_TRUE(known.block_always());
  EXPECT_EQ(known.blocklist_version(), 17);
  const auto& line = reaches.at("r2/leeds");
  EXPECT_EQ(line.tenant(), "york");
  EXPECT_EQ(line.line_type(), v1::LINE_TYPE_UNSPECIFIED);
  EXPECT_EQ(line.block_list(), "");
  EXPECT_FALSE(has.at("r2/york")) << "nobody is texted for a call that the business made";
  EXPECT_FALSE(has.at("r3/leeds")) << "nobody is known by a number that was withheld";
}

TEST(IntakeTest, WhatAProducerSaysOfReachIsNotTaken) {
  World world;
  auto record = Record("r1", kCaller, kLeeds);
  record.mutable_reach()->set_block_list("forged");
  world.Put(0, record);
  world.Run(20);
  ASSERT_EQ(world.Calls().size(), 1u);
  EXPECT_FALSE(world.Calls()[0].entry.record().has_reach());
}

}  // namespace
}  // namespace textback::intake
