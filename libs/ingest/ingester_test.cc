// Files that grow, rotate and vanish, over the simulated log: every record once, in the file's
// order.
#include "ingest/ingester.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/random.h"
#include "log/errors.h"
#include "log_sim/sim_log.h"
#include "textback/v1/dead_letter.pb.h"

namespace textback::ingest {
namespace {

using namespace std::chrono_literals;
using log::sim::FaultPlan;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kStart = 1'790'000'000'000;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "textback_ingest_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  void Append(const std::string& name, std::string_view text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary | std::ios::app) << text;
  }
  void Rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(*this / from, *this / to);
  }
  // As logrotate's copytruncate.
  void CopyTruncate(const std::string& from, const std::string& to) const {
    std::filesystem::copy_file(*this / from, *this / to);
    std::filesystem::resize_file(*this / from, 0);
  }
  void Remove(const std::string& name) const { std::filesystem::remove(*this / name); }

 private:
  std::string path_;
};

class Heard final : public IngestEvents {
 public:
  void OnRotated(std::string_view path, std::string_view) override { Say("rotated ", path); }
  void OnFinished(std::string_view path, std::uint64_t) override { Say("finished ", path); }
  void OnTruncated(std::string_view path, std::uint64_t) override { Say("truncated ", path); }
  void OnCopy(std::string_view path, std::string_view) override { Say("copy ", path); }
  void OnCopyTakesOver(std::string_view path, std::uint64_t) override { Say("takes over ", path); }
  void OnFileError(const Error& why) override { said.push_back(why.code); }
  void OnDeadLetter(std::string_view, const Error& why) override { said.push_back(why.code); }
  void OnCommitted(std::uint64_t, std::uint64_t, std::uint64_t left) override { behind = left; }

  std::vector<std::string> said;
  std::uint64_t behind = 0;

 private:
  void Say(const char* what, std::string_view path) {
    said.push_back(what + std::string(path.substr(path.rfind('/') + 1)));
  }
};

class IngesterTest : public ::testing::Test {
 public:
  explicit IngesterTest(std::uint64_t seed = 1, FaultPlan plan = {})
      : cluster_(seed, clock_, std::move(plan)) {
    const auto created = cluster_.CreateTopics({{.name = "cdrs", .partitions = 4},
                                                {.name = "dead"},
                                                {.name = "positions", .compact = true}});
    EXPECT_TRUE(created);
    config_.name = "pbx1";
    config_.topic = "cdrs";
    config_.deadletter_topic = "dead";
    config_.positions_topic = "positions";
    config_.patterns = {folder_ / "cdr.csv"};
    config_.follow = true;
  }

  void Start() {
    ingester_.reset();
    if (log_ == nullptr) log_ = cluster_.NewClient("ingest-" + std::to_string(++processes_));
    ingester_ = Ingester::Make(*log_, clock_, config_, heard_).value();
  }
  // kill -9, and its successor.
  void KillAndStart() {
    if (log_ != nullptr) cluster_.KillClient("ingest-" + std::to_string(processes_));
    ingester_.reset();
    log_.reset();
    Start();
  }
  // Until there is nothing to do now.
  void Run() {
    if (ingester_ == nullptr) Start();
    for (int steps = 0; steps < 1'000; ++steps) {
      const auto report = ingester_->Step();
      ASSERT_TRUE(report) << report.error().message;
      if (!report->more) return;
    }
    FAIL() << "never done";
  }
  void RunAfter(std::chrono::milliseconds time) {
    clock_.Advance(time);
    Run();
  }

  std::vector<std::string> Produced() {
    std::vector<std::string> values;
    for (const auto& record : cluster_.ReadCommitted("cdrs")) values.push_back(*record.value);
    return values;
  }
  std::vector<v1::DeadLetter> Letters() {
    std::vector<v1::DeadLetter> letters;
    for (const auto& record : cluster_.ReadCommitted("dead"))
      EXPECT_TRUE(letters.emplace_back().ParseFromString(*record.value));
    return letters;
  }

  Folder folder_;
  ManualClock clock_{kStart};
  log::sim::SimCluster cluster_;
  IngestConfig config_;
  Heard heard_;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<Ingester> ingester_;
  int processes_ = 0;
};

TEST_F(IngesterTest, ALineIsHeldUntilItIsWhole) {
  folder_.Append("cdr.csv", "one\r\ntwo\n\nthr");
  Run();
  EXPECT_THAT(Produced(), ElementsAre("one", "two"));
  folder_.Append("cdr.csv", "ee\n");
  RunAfter(1s);
  EXPECT_THAT(Produced(), ElementsAre("one", "two", "three"));
  EXPECT_EQ(heard_.behind, 0U);
}

TEST_F(IngesterTest, ASuccessorGoesOnWhereTheLogEnds) {
  folder_.Append("cdr.csv", "one\ntwo\n");
  Run();
  KillAndStart();
  folder_.Append("cdr.csv", "three\n");
  Run();
  EXPECT_THAT(Produced(), ElementsAre("one", "two", "three"));
}

TEST_F(IngesterTest, AnotherNameHasItsOwnPositions) {
  folder_.Append("cdr.csv", "one\n");
  Run();
  config_.name = "pbx10";
  KillAndStart();
  Run();
  EXPECT_THAT(Produced(), ElementsAre("one", "one"));
}

TEST_F(IngesterTest, ASecondOfTheNameFencesTheFirst) {
  folder_.Append("cdr.csv", "one\n");
  Run();
  const auto other_log = cluster_.NewClient("other");
  auto other = Ingester::Make(*other_log, clock_, config_, heard_).value();
  ASSERT_TRUE(other->Step());
  folder_.Append("cdr.csv", "two\n");
  const auto fenced = ingester_->Step();
  ASSERT_FALSE(fenced);
  EXPECT_EQ(fenced.error().disposition, Disposition::kYield);
  EXPECT_THAT(fenced.error().message, HasSubstr("pbx1"));
  clock_.Advance(1s);
  ASSERT_TRUE(other->Step());
  EXPECT_THAT(Produced(), ElementsAre("one", "two"));
}

TEST_F(IngesterTest, ARenamedFileEndsBeforeItsSuccessorBegins) {
  config_.records_max = 2;
  folder_.Append("cdr.csv", "1\n");
  Run();
  folder_.Append("cdr.csv", "2\n3\n4\n5\n6\n");
  folder_.Rename("cdr.csv", "cdr.csv.1");
  folder_.Append("cdr.csv", "7\n8\n");
  RunAfter(1s);
  folder_.Append("cdr.csv.1", "late\n");
  RunAfter(1s);
  EXPECT_THAT(Produced(), ElementsAre("1", "2", "3", "4", "5", "6", "7", "8", "late"));
  RunAfter(5s);
  EXPECT_THAT(heard_.said, ElementsAre("rotated cdr.csv", "finished cdr.csv.1"));
}

TEST_F(IngesterTest, AFileRenamedWhileNobodyLookedIsFoundByItsInode) {
  folder_.Append("cdr.csv", "1\n");
  Run();
  folder_.Append("cdr.csv", "2\n3\n");
  folder_.Rename("cdr.csv", "old-cdr");
  folder_.Append("cdr.csv", "4\n");
  KillAndStart();
  Run();
  EXPECT_THAT(Produced(), ElementsAre("1", "2", "3", "4"));
}

TEST_F(IngesterTest, ARemovedFileIsReadToItsEnd) {
  folder_.Append("cdr.csv", "1\n");
  Run();
  folder_.Append("cdr.csv", "2\n3\n");
  folder_.Remove("cdr.csv");
  RunAfter(1s);
  EXPECT_THAT(Produced(), ElementsAre("1", "2", "3"));
  RunAfter(6s);
  EXPECT_THAT(heard_.said, ElementsAre("rotated cdr.csv", "finished cdr.csv"));
}

TEST_F(IngesterTest, AGlobThatCoversTheRenamedFileDoesNotReadItTwice) {
  config_.patterns = {folder_ / "cdr.csv*"};
  folder_.Append("cdr.csv", "1\n2\n");
  Run();
  folder_.Rename("cdr.csv", "cdr.csv.1");
  folder_.Append("cdr.csv", "3\n");
  RunAfter(1s);
  KillAndStart();
  Run();
  EXPECT_THAT(Produced(), ::testing::UnorderedElementsAre("1", "2", "3"));
}

TEST_F(IngesterTest, CopyTruncateLosesNothingThatTheCopyHas) {
  for (const bool covered : {true, false}) {
    SCOPED_TRACE(covered);
    const std::string name = covered ? "a.csv" : "b.csv";
    config_.patterns = {folder_ / (covered ? name + "*" : name)};
    config_.name = name;
    KillAndStart();
    folder_.Append(name, name + "1\n");
    Run();
    folder_.Append(name, name + "2\n");
    folder_.CopyTruncate(name, name + ".1");
    folder_.Append(name, name + "3\n");
    RunAfter(1s);
    RunAfter(1s);
    RunAfter(6s);
    KillAndStart();
    Run();
    std::vector<std::string> mine;
    for (const auto& value : Produced()) {
      if (value.starts_with(name)) mine.push_back(value);
    }
    EXPECT_THAT(mine, ::testing::UnorderedElementsAre(name + "1", name + "2", name + "3"));
  }
}

TEST_F(IngesterTest, AFileThatGrewPastThePositionAfterATruncationIsReadAnew) {
  folder_.Append("cdr.csv", "first\n");
  Run();
  std::filesystem::resize_file(folder_ / "cdr.csv", 0);
  folder_.Append("cdr.csv", "second\nthird\n");
  RunAfter(1s);
  EXPECT_THAT(Produced(), ElementsAre("first", "second", "third"));
  EXPECT_THAT(heard_.said, ElementsAre("truncated cdr.csv"));
}

TEST_F(IngesterTest, AnInodeThatAnotherFileGotWhileNobodyLookedIsReadAnew) {
  folder_.Append("cdr.csv", "first\n");
  Run();
  KillAndStart();
  // In place, which is what a reused inode looks like.
  std::filesystem::resize_file(folder_ / "cdr.csv", 0);
  folder_.Append("cdr.csv", "other\n");
  Run();
  EXPECT_THAT(Produced(), ElementsAre("first", "other"));
}

TEST_F(IngesterTest, ACopyOfAFileThatIsReadIsNotRead) {
  config_.patterns = {folder_ / "*"};
  folder_.Append("cdr.csv", "1\n2\n");
  Run();
  std::filesystem::copy_file(folder_ / "cdr.csv", folder_ / "backup.csv");
  RunAfter(1s);
  RunAfter(1s);
  EXPECT_THAT(Produced(), ElementsAre("1", "2"));
  EXPECT_THAT(heard_.said, ElementsAre("copy backup.csv"));
}

TEST_F(IngesterTest, AMovedFileGoesOnUnderItsNewInode) {
  config_.patterns = {folder_ / "*"};
  folder_.Append("cdr.csv", "1\n2\n");
  Run();
  std::filesystem::copy_file(folder_ / "cdr.csv", folder_ / "moved.csv");
  folder_.Remove("cdr.csv");
  folder_.Append("moved.csv", "3\n");
  KillAndStart();
  Run();
  EXPECT_THAT(Produced(), ElementsAre("1", "2", "3"));
}

TEST_F(IngesterTest, TheHeaderLineStandsBeforeTheLinesOfEachRecord) {
  config_.framing = cdr::Framing::kHeadedLines;
  folder_.Append("cdr.csv", "id,to\n1,a\n2,");
  Run();
  folder_.Append("cdr.csv", "b\n");
  KillAndStart();
  Run();
  EXPECT_THAT(Produced(), ElementsAre("id,to\n1,a\n", "id,to\n2,b\n"));
}

TEST_F(IngesterTest, AnOversizedRecordCostsItselfAndIsParked) {
  config_.record_bytes_max = 1'000;
  config_.read_bytes = 1'500;
  folder_.Append("cdr.csv", "1\n" + std::string(5'000, 'x'));
  Run();
  folder_.Append("cdr.csv", "x\n2\n" + std::string(1'200, 'y') + "\n3\n");
  KillAndStart();
  Run();
  EXPECT_THAT(Produced(), ElementsAre("1", "2", "3"));
  const auto letters = Letters();
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_EQ(letters[0].reason(), "ingest_record_too_large");
  EXPECT_EQ(letters[0].coordinates().topic(), "cdrs");
  EXPECT_EQ(letters[0].coordinates().offset(), 2);
  EXPECT_THAT(letters[0].message(), HasSubstr("cdr.csv, byte 2:"));
  EXPECT_EQ(letters[1].value()[0], 'y');
}

TEST_F(IngesterTest, TheCutEndOfARotatedFileIsParked) {
  folder_.Append("cdr.csv", "1\ncut");
  Run();
  folder_.Rename("cdr.csv", "cdr.csv.1");
  RunAfter(1s);
  EXPECT_THAT(Letters(), IsEmpty()) << "its writer may still write";
  RunAfter(5s);
  ASSERT_EQ(Letters().size(), 1U);
  EXPECT_EQ(Letters()[0].reason(), "ingest_record_cut");
  EXPECT_EQ(Letters()[0].value(), "cut");
  RunAfter(5s);
  KillAndStart();
  RunAfter(10s);
  EXPECT_EQ(Letters().size(), 1U);
}

TEST_F(IngesterTest, WithoutFollowingACutLineIsLeftAndTold) {
  config_.follow = false;
  folder_.Append("cdr.csv", "1\ncut");
  Run();
  EXPECT_THAT(Produced(), ElementsAre("1"));
  EXPECT_THAT(ingester_->Unfinished(),
              ElementsAre(std::pair<std::string, std::uint64_t>(folder_ / "cdr.csv", 2)));
  folder_.Append("cdr.csv", " no more\n");
  KillAndStart();
  Run();
  EXPECT_THAT(Produced(), ElementsAre("1", "cut no more"));
  EXPECT_THAT(ingester_->Unfinished(), IsEmpty());
}

TEST_F(IngesterTest, ABerFileIsTakenWhenItStoppedChanging) {
  config_.framing = cdr::Framing::kBer;
  const std::string record("\xb4\x03\x80\x01\x00", 5);
  folder_.Append("cdr.csv", record + record.substr(0, 2));
  Run();
  folder_.Append("cdr.csv", record.substr(2));
  RunAfter(4s);
  RunAfter(4s);
  EXPECT_THAT(Produced(), IsEmpty());
  RunAfter(1s);
  EXPECT_THAT(Produced(), ElementsAre(record, record));
  KillAndStart();
  RunAfter(10s);
  EXPECT_EQ(Produced().size(), 2U);
}

TEST_F(IngesterTest, TheRestOfADamagedBerFileIsParked) {
  config_.framing = cdr::Framing::kBer;
  config_.follow = false;
  config_.records_max = 1;  // the damage is met in a transaction of its own
  const std::string record("\xb4\x03\x80\x01\x00", 5);
  folder_.Append("cdr.csv", record + record + "\xb4\x7f");
  Run();
  EXPECT_THAT(Produced(), ElementsAre(record, record));
  ASSERT_EQ(Letters().size(), 1U);
  EXPECT_EQ(Letters()[0].reason(), "ber_malformed");
  EXPECT_EQ(Letters()[0].value(), "\xb4\x7f");
}

// Root may read everything, so the tests that are about permissions run as nobody.
class AsNobody {
 public:
  AsNobody() { EXPECT_EQ(root_ ? seteuid(65'534) : 0, 0); }
  ~AsNobody() { EXPECT_EQ(root_ ? seteuid(0) : 0, 0); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  const bool root_ = geteuid() == 0;
};

TEST_F(IngesterTest, AFileThatCannotBeReadHoldsNothingElseUp) {
  config_.patterns = {folder_ / "*"};
  folder_.Append("a.csv", "1\n");
  folder_.Append("b.csv", "2\n");
  ASSERT_EQ(chmod((folder_ / "").c_str(), 0755), 0);
  ASSERT_EQ(chmod((folder_ / "a.csv").c_str(), 0), 0);
  {
    const AsNobody nobody;
    Run();
  }
  EXPECT_THAT(Produced(), ElementsAre("2"));
  EXPECT_THAT(heard_.said, ::testing::Contains("file_unreadable"));
  ASSERT_EQ(chmod((folder_ / "a.csv").c_str(), 0644), 0);
  RunAfter(1s);
  EXPECT_THAT(Produced(), ::testing::UnorderedElementsAre("1", "2"));
}

TEST_F(IngesterTest, AFolderThatCannotBeListedDoesNotMeanThatItsFilesAreGone) {
  folder_.Append("cdr.csv", "1\ncut");
  Run();
  ASSERT_EQ(chmod((folder_ / "").c_str(), 0), 0);
  {
    const AsNobody nobody;
    RunAfter(1s);
    RunAfter(10s);
  }
  ASSERT_EQ(chmod((folder_ / "").c_str(), 0755), 0);
  EXPECT_THAT(heard_.said, ::testing::Contains("folder_unreadable"));
  EXPECT_THAT(Letters(), IsEmpty());
  folder_.Append("cdr.csv", " no more\n");
  RunAfter(1s);
  EXPECT_THAT(Produced(), ElementsAre("1", "cut no more"));
}

TEST_F(IngesterTest, FilesOverTheLimitAreToldAndReadOnceOthersAreForgotten) {
  config_.files_max = 1;
  config_.patterns = {folder_ / "*"};
  folder_.Append("a.csv", "1\n");
  Run();
  folder_.Append("b.csv", "2\n");
  RunAfter(1s);
  EXPECT_THAT(Produced(), ElementsAre("1"));
  EXPECT_THAT(heard_.said, ::testing::Contains("too_many_files"));
  folder_.Remove("a.csv");
  RunAfter(1s);
  RunAfter(10s);
  RunAfter(1s);
  EXPECT_THAT(Produced(), ::testing::UnorderedElementsAre("1", "2"));
}

TEST_F(IngesterTest, MoreFilesThanMayBeOpenAreAllRead) {
  config_.open_max = 2;
  config_.patterns = {folder_ / "*"};
  for (int i = 0; i < 20; ++i) folder_.Append("f" + std::to_string(i), std::to_string(i) + "\n");
  Run();
  EXPECT_EQ(Produced().size(), 20U);
  for (int i = 0; i < 20; ++i) folder_.Append("f" + std::to_string(i), "more\n");
  RunAfter(1s);
  EXPECT_EQ(Produced().size(), 40U);
}

TEST_F(IngesterTest, WhatIsLongGoneIsForgotten) {
  folder_.Append("cdr.csv", "1\n");
  Run();
  folder_.Remove("cdr.csv");
  RunAfter(1s);
  RunAfter(10s);
  RunAfter(std::chrono::hours(7 * 24));
  ASSERT_FALSE(cluster_.ReadCommitted("positions").empty());
  EXPECT_FALSE(cluster_.ReadCommitted("positions").back().value.has_value());
}

TEST_F(IngesterTest, AMissingTopicIsToldAtTheStart) {
  config_.positions_topic = "nowhere";
  Start();
  const auto report = ingester_->Step();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, log::errors::kTopicMissing);
}

// Every step of the log fails in every way, files grow, are renamed and copied away meanwhile, and
// the process dies: each line is there once, and each file's lines in order.
class IngesterFaultsTest : public ::testing::TestWithParam<std::uint64_t> {};

struct Disturbed : IngesterTest {
  explicit Disturbed(std::uint64_t seed)
      : IngesterTest(seed, FaultPlan::Everywhere(0.01)), random_(seed) {
    config_.records_max = 5;
    config_.transaction_timeout = 4s;
    config_.patterns = {folder_ / "cdr.csv*"};  // two rotations may come between two looks
  }
  void TestBody() override {}

  void Write() {
    std::string text;
    for (auto lines = random_.Below(8); lines > 0; --lines) {
      text += std::to_string(rotations_) + ":" + std::to_string(written_++) + "\n";
    }
    // A write may come in two.
    const auto cut = random_.Below(text.size() + 1);
    folder_.Append("cdr.csv", rest_ + text.substr(0, cut));
    rest_ = text.substr(cut);
  }
  void Rotate() {
    folder_.Append("cdr.csv", rest_);
    rest_.clear();
    folder_.Rename("cdr.csv", "cdr.csv." + std::to_string(++rotations_));
    folder_.Append("cdr.csv", "");
  }
  void StepOnce() {
    const auto name = "ingest-" + std::to_string(processes_);
    if (ingester_ == nullptr || !cluster_.Alive(name) || random_.Chance(0.02)) KillAndStart();
    const auto report = ingester_->Step();
    // A simulated crash or fence ends the process; anything else is tried again.
    if (!report && report.error().disposition != Disposition::kRetry) KillAndStart();
  }
  void Disturb() {
    clock_.Advance(std::chrono::milliseconds(random_.Below(700)));
    if (random_.Chance(0.5)) Write();
    if (random_.Chance(0.03)) Rotate();
    StepOnce();
  }

  Random random_;
  std::uint64_t written_ = 0;
  int rotations_ = 0;
  std::string rest_;
};

TEST_P(IngesterFaultsTest, EachLineOnceAndInOrder) {
  Disturbed world(GetParam());
  for (int i = 0; i < 1'500; ++i) world.Disturb();
  world.Rotate();
  world.cluster_.StopFaults();
  for (int i = 0; i < 200; ++i) {
    world.clock_.Advance(1s);
    world.StepOnce();
  }
  std::map<int, std::vector<int>> by_file;
  std::set<int> lines;
  for (const auto& value : world.Produced()) {
    int file = 0;
    int line = 0;
    ASSERT_EQ(std::sscanf(value.c_str(), "%d:%d", &file, &line), 2) << value;
    by_file[file].push_back(line);
    EXPECT_TRUE(lines.insert(line).second) << value << " twice, seed " << GetParam();
  }
  EXPECT_EQ(lines.size(), world.written_) << "seed " << GetParam();
  for (const auto& [file, in_order] : by_file) {
    EXPECT_TRUE(std::ranges::is_sorted(in_order)) << "file " << file << ", seed " << GetParam();
  }
  EXPECT_THAT(world.Letters(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, IngesterFaultsTest, ::testing::Range<std::uint64_t>(1, 21));

}  // namespace
}  // namespace textback::ingest
