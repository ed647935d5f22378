// What every service's main does: options, configuration, log, HTTP pages, signals, exit codes.
//
// Exit codes: 0 stopped as told, 2 usage or configuration, 3 the environment (broker, disk,
// network) or an error that only a restart or a person can mend.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "config/reader.h"
#include "pipeline/config.h"
#include "pipeline/parts.h"

namespace textback::services {

inline constexpr int kOk = 0;
inline constexpr int kFinding = 1;
inline constexpr int kUsage = 2;
inline constexpr int kEnvironment = 3;

// Something that runs until it is stopped.
class App {
 public:
  virtual ~App() = default;
  virtual void Start() = 0;
  virtual void Stop() = 0;
};

struct Service {
  std::string name;         // "textback-worker"
  std::string description;  // one paragraph of --help
  config::Map::Schema schema;
  // Reads and checks the file.
  std::function<Result<pipeline::CommonConfig>(const std::string& path)> load;
  // What --check looks at besides the file: other files that it names. May be empty; after load.
  std::function<Status()> check;
  // Topics it needs; after load.
  std::function<std::vector<std::string>()> topics;
  std::function<Result<std::unique_ptr<App>>(const pipeline::Surroundings&)> make;
};

int Main(int argc, char** argv, const Service& service);

// Blocks SIGTERM and SIGINT in this thread and all that it starts, ignores SIGPIPE; Wait returns
// when one comes or `Raise` is called.
class Signals {
 public:
  Signals();
  void Wait();
  bool WaitFor(std::chrono::milliseconds wait);  // true: it came
  static void Raise();
};

}  // namespace textback::services
