// textback-dispatcher: jobs in, texts out over SMPP, receipts and replies back.
#include "pipeline/dispatcher.h"
#include "service.h"

namespace textback {
namespace {

class DispatcherApp final : public services::App {
 public:
  explicit DispatcherApp(std::unique_ptr<pipeline::Dispatcher> dispatcher)
      : dispatcher_(std::move(dispatcher)) {}
  void Start() override { dispatcher_->Start(); }
  void Stop() override { dispatcher_->Stop(); }

 private:
  std::unique_ptr<pipeline::Dispatcher> dispatcher_;
};

}  // namespace
}  // namespace textback

int main(int argc, char** argv) {
  using namespace textback;
  pipeline::DispatcherConfig config;
  services::Service service;
  service.name = "textback-dispatcher";
  service.description =
      "Sends the texts that the worker decided on over SMPP, each at most once, and joins receipts "
      "to them\n"
      "(roles dispatch and track).";
  service.schema = [](config::Map& map) {
    pipeline::DispatcherConfig unused;
    pipeline::ReadDispatcherConfig(map, unused);
  };
  service.load = [&](const std::string& path) -> Result<pipeline::CommonConfig> {
    TB_ASSIGN_OR_RETURN(config, pipeline::LoadDispatcherConfig(path));
    return config.common;
  };
  service.topics = [&] { return pipeline::Dispatcher::TopicsOf(config); };
  service.make =
      [&](const pipeline::Surroundings& around) -> Result<std::unique_ptr<services::App>> {
    TB_ASSIGN_OR_RETURN(auto dispatcher, pipeline::Dispatcher::Create(config, around));
    return std::unique_ptr<services::App>(std::make_unique<DispatcherApp>(std::move(dispatcher)));
  };
  return services::Main(argc, argv, service);
}
