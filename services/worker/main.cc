// textback-worker: call records in, decisions and jobs out.
#include "pipeline/worker.h"
#include "service.h"

namespace textback {
namespace {

class WorkerApp final : public services::App {
 public:
  explicit WorkerApp(std::unique_ptr<pipeline::Worker> worker) : worker_(std::move(worker)) {}
  void Start() override { worker_->Start(); }
  void Stop() override { worker_->Stop(); }

 private:
  std::unique_ptr<pipeline::Worker> worker_;
};

}  // namespace
}  // namespace textback

int main(int argc, char** argv) {
  using namespace textback;
  pipeline::WorkerConfig config;
  services::Service service;
  service.name = "textback-worker";
  service.description =
      "Reads call records from Kafka, finds the calls that nobody took, and decides whether, when "
      "and what\n"
      "to text (roles intake and decide).";
  service.schema = [](config::Map& map) {
    pipeline::WorkerConfig unused;
    pipeline::ReadWorkerConfig(map, unused);
  };
  service.load = [&](const std::string& path) -> Result<pipeline::CommonConfig> {
    TB_ASSIGN_OR_RETURN(config, pipeline::LoadWorkerConfig(path));
    return config.common;
  };
  service.check = [&]() -> Status {
    TB_ASSIGN_OR_RETURN(const auto numbers, pipeline::ReadNumberFiles(config.numbers));
    static_cast<void>(numbers);
    return Ok();
  };
  service.topics = [&] { return pipeline::Worker::TopicsOf(config); };
  service.make =
      [&](const pipeline::Surroundings& around) -> Result<std::unique_ptr<services::App>> {
    TB_ASSIGN_OR_RETURN(auto worker, pipeline::Worker::Create(config, around));
    return std::unique_ptr<services::App>(std::make_unique<WorkerApp>(std::move(worker)));
  };
  return services::Main(argc, argv, service);
}
