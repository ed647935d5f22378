// textback ingest on a real broker: a file that grows and rotates, while the ingester is killed;
// each of its lines is on the topic once, in order.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/random.h"
#include "e2e/process.h"
#include "e2e/site.h"
#include "e2e/topic.h"
#include "kafka/broker_process.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr auto kDeadline = 60s;
constexpr int kLines = 60'000;
constexpr int kLinesOfAFile = 7'000;
constexpr int kKills = 8;
constexpr std::uint64_t kSeed = 11;
constexpr int kFinding = 1;
constexpr int kEnvironment = 3;

class IngestSite {
 public:
  IngestSite() : site_(BrokerProcess::Shared().bootstrap()) { site_.CreateTopics(); }

  std::string Path(const std::string& name) const { return site_.folder() + "/" + name; }
  void Append(const std::string& name, std::string_view text) const {
    std::ofstream(Path(name), std::ios::binary | std::ios::app) << text;
  }
  std::unique_ptr<Process> Ingest(const std::string& pattern, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        TEXTBACK_CLI, "ingest", "--brokers", site_.broker(), "--prefix",   site_.topics().prefix,
        "--name",     "pbx1",   "--source",  "asterisk-cdr", Path(pattern)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<Process>(arguments, Path("ingest.log"));
  }
  Site& site() { return site_; }

 private:
  Site site_;
};

// "file:line", so that a reader can tell what came from where.
std::string Line(int file, int line) {
  return std::to_string(file) + ":" + std::to_string(line) + " " + std::string(80, 'x') + "\n";
}

// Writes lines in pieces that end anywhere, and rotates by renaming.
class Switch {
 public:
  Switch(const IngestSite& site, Random random) : site_(site), random_(random) {}

  bool Done() const { return written_ == kLines; }
  void WriteSome() {
    std::string text = std::move(cut_);
    cut_.clear();
    for (auto lines = 1 + random_.Below(200); lines > 0 && !Done(); --lines) {
      text += Line(file_, written_++);
      if (written_ % kLinesOfAFile == 0) {
        site_.Append("Master.csv", text);
        text.clear();
        Rotate();
      }
    }
    const auto end = Done() ? text.size() : random_.Below(text.size() + 1);
    site_.Append("Master.csv", text.substr(0, end));
    cut_ = text.substr(end);
  }

 private:
  void Rotate() {
    std::filesystem::rename(site_.Path("Master.csv"),
                            site_.Path("Master.csv." + std::to_string(++file_)));
  }

  const IngestSite& site_;
  Random random_;
  int written_ = 0;
  int file_ = 0;
  std::string cut_;
};

TEST(Ingest, KilledAgainAndAgainItSendsEachLineOnceAndInOrder) {
  IngestSite site;
  Random random(kSeed);
  Switch pbx(site, random.Fork());
  Topic cdrs(site.site().log(), site.site().topics().cdrs);
  auto ingest = site.Ingest("Master.csv*", {"--follow", "--poll", "10"});
  int kills = 0;
  std::size_t kill_at = 1;
  while (!pbx.Done()) {
    pbx.WriteSome();
    if (kills < kKills && cdrs.Poll().size() >= kill_at) {
      // Somewhere in its next steps, which take about so long.
      Until(std::chrono::milliseconds(random.Below(40)), [] { return false; });
      ingest->Kill();
      ingest = site.Ingest("Master.csv*", {"--follow", "--poll", "10"});
      ++kills;
      kill_at = cdrs.entries().size() + random.Below(kLines / kKills);
    }
    Until(5ms, [] { return false; });
  }
  // Kills that the writing was too quick for.
  for (; kills < kKills; ++kills) {
    Until(std::chrono::milliseconds(random.Below(1'000)), [] { return false; });
    ingest->Kill();
    ingest = site.Ingest("Master.csv*", {"--follow", "--poll", "10"});
  }
  ASSERT_TRUE(Until(kDeadline, [&] { return cdrs.Poll().size() >= kLines; }))
      << cdrs.entries().size() << " of " << kLines << "\n"
      << ingest->Log();
  ingest->Signal(SIGTERM);
  EXPECT_EQ(ingest->Wait(kDeadline), 0) << ingest->Log();
  ASSERT_TRUE(cdrs.ReadToEnd(kDeadline));

  std::set<int> lines;
  std::map<int, int> last;
  for (const auto& entry : cdrs.entries()) {
    int file = 0;
    int line = 0;
    ASSERT_EQ(std::sscanf(entry.value.c_str(), "%d:%d ", &file, &line), 2) << entry.value;
    EXPECT_EQ(entry.value + "\n", Line(file, line));
    EXPECT_TRUE(lines.insert(line).second) << line << " twice";
    const auto [before, first] = last.try_emplace(file, line);
    EXPECT_TRUE(first || before->second < line) << "out of order in file " << file;
    before->second = line;
  }
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(kLines));
  Topic letters(site.site().log(), site.site().topics().deadletter);
  ASSERT_TRUE(letters.ReadToEnd(kDeadline));
  EXPECT_TRUE(letters.entries().empty());
}

TEST(Ingest, ASecondOfTheNameEndsTheFirst) {
  IngestSite site;
  site.Append("Master.csv", Line(0, 1));
  Topic cdrs(site.site().log(), site.site().topics().cdrs);
  auto first = site.Ingest("Master.csv", {"--follow", "--poll", "10"});
  ASSERT_TRUE(Until(kDeadline, [&] { return cdrs.Poll().size() == 1; })) << first->Log();
  auto second = site.Ingest("Master.csv", {"--follow", "--poll", "10"});
  ASSERT_TRUE(Until(kDeadline, [&] {
    const auto log = second->Log();
    return log.find("positions read back") != log.rfind("positions read back");
  })) << second->Log();
  site.Append("Master.csv", Line(0, 2));
  EXPECT_EQ(first->Wait(kDeadline), kEnvironment);
  EXPECT_THAT(first->Log(), HasSubstr("another process ingests under the name pbx1"));
  ASSERT_TRUE(Until(kDeadline, [&] { return cdrs.Poll().size() == 2; })) << second->Log();
  second->Signal(SIGTERM);
  EXPECT_EQ(second->Wait(kDeadline), 0);
  EXPECT_EQ(cdrs.entries().size(), 2U);
}

TEST(Ingest, WithoutFollowingItEndsWithItsFilesAndTellsOfACutLine) {
  IngestSite site;
  site.Append("Master.csv", Line(0, 1) + Line(0, 2) + "cut");
  Topic cdrs(site.site().log(), site.site().topics().cdrs);
  auto ingest = site.Ingest("Master.csv");
  EXPECT_EQ(ingest->Wait(kDeadline), kFinding);
  EXPECT_THAT(ingest->Log(), HasSubstr("the last record, at byte"));
  site.Append("Master.csv", " no more\n");
  ingest = site.Ingest("Master.csv");
  EXPECT_EQ(ingest->Wait(kDeadline), 0) << ingest->Log();
  ASSERT_TRUE(cdrs.ReadToEnd(kDeadline));
  ASSERT_EQ(cdrs.entries().size(), 3U);
  EXPECT_EQ(cdrs.entries().back().value, "cut no more");
}

}  // namespace
}  // namespace textback::tests
