#include "pipeline/file_feed.h"

#include <chrono>

#include "base/thread_name.h"

namespace textback::pipeline {
namespace {

constexpr std::chrono::milliseconds kPoll{250};

}  // namespace

FileFeed::FileFeed(const Surroundings& around)
    : around_(around), metrics_(around.registry, around.notices, around.clock) {}

FileFeed::~FileFeed() { Stop(); }

Result<std::unique_ptr<FileFeed>> FileFeed::Make(const ingest::IngestConfig& config,
                                                 const Surroundings& around) {
  std::unique_ptr<FileFeed> feed(new FileFeed(around));
  TB_ASSIGN_OR_RETURN(feed->ingester_,
                      ingest::Ingester::Make(around.log, around.clock, config, feed->metrics_));
  return feed;
}

void FileFeed::Start() {
  thread_ = std::thread([this] { Run(); });
}

void FileFeed::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void FileFeed::Run() {
  SetThreadName("ingest");
  while (!stopping_) {
    const auto report = ingester_->Step();
    if (!report && report.error().disposition != Disposition::kRetry)
      return around_.on_end(report.error());
    if (!report || !report->more) std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace textback::pipeline
