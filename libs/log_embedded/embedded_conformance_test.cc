// The suite that every log passes, on the embedded one, with virtual time.
#include "base/clock.h"
#include "log_conformance/conformance.h"
#include "log_embedded/test_folder.h"

namespace textback::log_embedded {
namespace {

class EmbeddedFixture final : public log::conformance::LogFixture {
 public:
  EmbeddedFixture() {
    auto opened = EmbeddedLog::Open(clock_, {.folder = folder_.path(), .sync = Sync::kInterval});
    if (!opened) ADD_FAILURE() << opened.error().message;
    log_ = *std::move(opened);
  }

  log::conformance::Capabilities capabilities() const override {
    return {.zombie_commits_without_offsets = true,
            .sessions_expire = true,
            .transactions_time_out = false,
            .open_transactions_show = false,
            .keeps_headers = false,
            .markers_take_offsets = false};
  }
  log::Log& Process(int /*i*/) override { return *log_; }
  void Crash(std::unique_ptr<log::Consumer> consumer) override { consumer.reset(); }
  void Crash(std::unique_ptr<log::TransactionalProducer> producer) override { producer.reset(); }
  bool Trim(const log::TopicPartition& partition, std::int64_t offset) override {
    return log_->DeleteRecords(partition, offset).has_value();
  }
  std::chrono::milliseconds wait() const override { return std::chrono::milliseconds(0); }
  MonoTime Now() const override { return clock_.Mono(); }
  void Step() override { clock_.Advance(std::chrono::milliseconds(50)); }
  std::string Unique(std::string_view stem) override {
    return std::string(stem) + "." + std::to_string(++names_);
  }

 private:
  ManualClock clock_{1'700'000'000'000};
  const TestFolder folder_;
  std::unique_ptr<EmbeddedLog> log_;
  int names_ = 0;
};

}  // namespace
}  // namespace textback::log_embedded

TEXTBACK_LOG_CONFORMANCE(Embedded, [] {
  return std::make_unique<textback::log_embedded::EmbeddedFixture>();
});
