// The simulated log under the suite that Kafka passes.
#include "log_conformance/conformance.h"

#include "log_sim/sim_log.h"

namespace textback::log::sim {
namespace {

using namespace std::chrono_literals;

class SimFixture final : public conformance::LogFixture {
 public:
  SimFixture() : clock_(1'700'000'000'000), cluster_(1, clock_) {}

  Log& Process(int i) override {
    auto& log = logs_[i];
    if (!log) log = cluster_.NewClient("process-" + std::to_string(i));
    return *log;
  }
  // Going away without a word is what destroying does here.
  void Crash(std::unique_ptr<Consumer> consumer) override { consumer.reset(); }
  void Crash(std::unique_ptr<TransactionalProducer> producer) override { producer.reset(); }
  bool Trim(const TopicPartition& partition, std::int64_t offset) override {
    cluster_.Trim(partition, offset);
    return true;
  }
  std::chrono::milliseconds wait() const override { return 0ms; }
  MonoTime Now() const override { return clock_.Mono(); }
  void Step() override { clock_.Advance(50ms); }
  std::string Unique(std::string_view stem) override {
    return std::string(stem) + "-" + std::to_string(++names_);
  }

 private:
  ManualClock clock_;
  SimCluster cluster_;
  std::map<int, std::unique_ptr<Log>> logs_;
  int names_ = 0;
};

}  // namespace
}  // namespace textback::log::sim

TEXTBACK_LOG_CONFORMANCE(Sim, [] { return std::make_unique<textback::log::sim::SimFixture>(); });
