#include "pipeline/number_files.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace textback::pipeline {
namespace {

namespace fs = std::filesystem;

class NumberFilesTest : public testing::Test {
 protected:
  // Tests run side by side, each in a folder of its own.
  NumberFilesTest()
      : folder_(fs::path(testing::TempDir()) /
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    config_.plan = (folder_ / "plan.csv").string();
    config_.check_ms = 10'000;
  }
  ~NumberFilesTest() override { fs::remove_all(folder_); }

  // As the documentation says: under another name, then moved over the old one.
  void Replace(const std::string& text) const {
    std::ofstream(config_.plan + ".new") << text;
    fs::rename(config_.plan + ".new", config_.plan);
  }
  void Look(NumberFiles& files, int times) {
    for (int i = 0; i < times; ++i) {
      files.Step();
      clock_.Advance(std::chrono::seconds(10));
    }
  }
  static v1::LineType TypeIn(const NumberFiles& files) {
    return files.Current()->Find(*Msisdn::FromE164("+447700900123")).type;
  }

  const fs::path folder_;
  NumberFilesConfig config_;
  ManualClock clock_{1'790'000'000'000};
  telemetry::Registry registry_;
  telemetry::MemorySink sink_;
  telemetry::Log log_{clock_, sink_, {.part = "worker"}};
};

TEST_F(NumberFilesTest, AChangedFileIsReadOnceItNoLongerChanges) {
  Replace("prefix,type\n+44770,mobile\n");
  const auto files = NumberFiles::Load(config_, clock_, registry_, log_).value();
  EXPECT_EQ(TypeIn(*files), v1::LINE_TYPE_MOBILE);
  Look(*files, 2);
  Replace("prefix,type\n+44770,fixed\n");
  files->Step();
  EXPECT_EQ(TypeIn(*files), v1::LINE_TYPE_MOBILE) << "it may still be being written";
  files->Step();
  EXPECT_EQ(TypeIn(*files), v1::LINE_TYPE_MOBILE) << "it isn't time to look again";
  clock_.Advance(std::chrono::seconds(10));
  files->Step();
  EXPECT_EQ(TypeIn(*files), v1::LINE_TYPE_FIXED);
}

TEST_F(NumberFilesTest, AFileThatCantBeUsedLeavesTheOldOneInForce) {
  Replace("prefix,type\n+44770,mobile\n");
  const auto files = NumberFiles::Load(config_, clock_, registry_, log_).value();
  Replace("prefix,type\n+44770,cellular\n");
  Look(*files, 3);
  EXPECT_EQ(TypeIn(*files), v1::LINE_TYPE_MOBILE);
  const auto text = registry_.Expose();
  EXPECT_NE(text.find("textback_intake_numbers_refused_total 1"), std::string::npos) << text;
  fs::remove(config_.plan);
  Look(*files, 3);
  EXPECT_EQ(TypeIn(*files), v1::LINE_TYPE_MOBILE);
  Replace("prefix,type\n+44770,voip\n");
  Look(*files, 3);
  EXPECT_EQ(TypeIn(*files), v1::LINE_TYPE_VOIP);
}

TEST_F(NumberFilesTest, AtTheStartAFileMustBeGood) {
  EXPECT_EQ(NumberFiles::Load(config_, clock_, registry_, log_).error().code, "config_unreadable");
  Replace("");
  EXPECT_EQ(NumberFiles::Load(config_, clock_, registry_, log_).error().code, "config_unreadable");
  Replace("prefix,type\n+44770,cellular\n");
  const auto error = NumberFiles::Load(config_, clock_, registry_, log_).error();
  EXPECT_EQ(error.code, "numbers_invalid");
  EXPECT_TRUE(error.message.starts_with(config_.plan + ":2: ")) << error.message;
  fs::remove(config_.plan);
  fs::create_directory(config_.plan);
  EXPECT_EQ(NumberFiles::Load(config_, clock_, registry_, log_).error().code, "config_unreadable");
}

}  // namespace
}  // namespace textback::pipeline
