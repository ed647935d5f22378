#include "e2e/site.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "log_kafka/kafka_log.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;

constexpr auto kStopTime = 30s;
constexpr std::size_t kLogShown = 6'000;

std::string NextPrefix() {
  static int count = 0;
  return "e2e" + std::to_string(++count) + ".";
}

void ExpectStops(const char* name, const std::unique_ptr<Process>& process) {
  if (!process) return;
  const auto code = process->Wait(kStopTime);
  EXPECT_TRUE(code.has_value()) << name << " did not stop";
  EXPECT_EQ(code.value_or(-1), 0) << name;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  path_ = (std::filesystem::temp_directory_path() / "textback_e2e_XXXXXX").string();
  if (::mkdtemp(path_.data()) == nullptr) std::abort();
}

TemporaryFolder::~TemporaryFolder() {
  // TEXTBACK_E2E_KEEP: logs and state stay, for a person to look at.
  if (std::getenv("TEXTBACK_E2E_KEEP") != nullptr) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::Write(const std::string& name, std::string_view text) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

Site::Site(std::string broker, SiteOptions options)
    : broker_(std::move(broker)), options_(std::move(options)), topics_(NextPrefix()) {
  log_kafka::ConnectionConfig connection;
  connection.bootstrap_servers = broker_;
  connection.client_id = "e2e";
  connection.message_bytes_max = 11 * 1024 * 1024;
  log_ = log_kafka::NewKafkaLog(std::move(connection)).value();
}

std::string Site::StateOf(std::string_view service) const {
  return folder_.path() + "/" + std::string(service) + "/state";
}

void Site::CreateTopics() { CreateTopics(pipeline::Specs(topics_, options_.plan)); }

void Site::CreateTopics(const std::vector<log::TopicSpec>& specs) {
  const auto admin = log_->NewAdmin().value();
  const auto created = admin->Create(specs);
  ASSERT_TRUE(created) << created.error().message;
}

void Site::Put(const v1::Tenant& tenant) {
  tests::Feed feed(*log_);
  feed.Write(topics_.tenants, tenant.tenant(), tenant.SerializeAsString(), SystemClock().NowMs());
  feed.Flush();
}

void Site::Feed(const v1::CallRecord& record) {
  FeedRaw(record.calling().number(), record.SerializeAsString());
}

void Site::FeedRaw(std::string_view key, std::string_view value) {
  if (!feed_) feed_ = std::make_unique<tests::Feed>(*log_);
  feed_->Write(topics_.cdrs, key, value, SystemClock().NowMs());
}

void Site::FlushFeed() {
  if (feed_) feed_->Flush();
}

std::string Site::Common(std::string_view service, int number) const {
  const std::string instance = std::string(service) + "-" + std::to_string(number);
  const std::string name = number == 1 ? std::string(service) : instance;
  return "instance: " + instance + "\n" +                        //
         "topic_prefix: \"" + topics_.prefix + "\"\n" +          //
         "data_folder: " + folder_.path() + "/" + name + "\n" +  //
         "http: {address: 127.0.0.1, port: 0}\n" +               //
         "kafka: {brokers: \"" + broker_ + "\"" + options_.kafka_extra + "}\n";
}

std::string Site::WorkerYaml(int number) const {
  return Common("worker", number) +
         "intake:\n"
         "  watermark: 200ms\n"
         "  inputs:\n"
         "    - topic: " +
         topics_.cdrs + "\n      source: pbx\n" + options_.input_extra + "decide:\n" +
         options_.decide_extra +
         "  memory: 64MiB\n"
         "  session_timeout: " +
         options_.session_timeout + "\n";
}

std::string Site::DispatcherYaml(int number) const {
  const std::string role =
      "  memory: 64MiB\n"
      "  session_timeout: " +
      options_.session_timeout + "\n";
  return Common("dispatcher", number) + "smsc:\n  port: " + (smsc_ ? smsc_->port() : "1") +
         "\n  window: " + std::to_string(options_.window) +
         "\n  response_timeout: " + options_.response_timeout + "\ndispatch:\n" + role +
         "  intent_limit: " + std::to_string(options_.intent_limit) +
         "\n  lease: " + options_.lease + "\n  clock_drift: " + options_.clock_drift +
         "\n  receipt_window: " + options_.receipt_window + "\ntrack:\n" + role +
         "  unmatched_after: " + options_.unmatched_after + "\n";
}

std::string Site::WriteConfig(const std::string& name, std::string_view yaml) const {
  return folder_.Write(name, yaml);
}

void Site::StartSmsc() {
  const std::string port = smsc_ ? smsc_->port() : "0";
  smsc_.reset();
  smsc_ = std::make_unique<SmscProcess>(folder_.path(), options_.smsc_yaml, port);
}

void Site::StartWorker() {
  worker_.reset();  // the one before it must be gone
  const std::string config = WriteConfig("worker.yaml", WorkerYaml());
  worker_ = std::make_unique<Process>(std::vector<std::string>{TEXTBACK_WORKER, "--config", config},
                                      folder_.path() + "/worker.log");
}

void Site::StartDispatcher() {
  dispatcher_.reset();
  const std::string config = WriteConfig("dispatcher.yaml", DispatcherYaml());
  dispatcher_ =
      std::make_unique<Process>(std::vector<std::string>{TEXTBACK_DISPATCHER, "--config", config},
                                folder_.path() + "/dispatcher.log");
}

void Site::StartAll() {
  StartSmsc();
  StartDispatcher();
  StartWorker();
}

void Site::StopAll() {
  for (auto* process : {&worker_, &dispatcher_}) {
    if (!*process) continue;
    // Before main has begun a signal ends it as it would any program.
    Until(kStopTime, [&] { return (*process)->Said(" started version=") || (*process)->Wait({}); });
    (*process)->Signal(SIGTERM);
  }
  ExpectStops("worker", worker_);
  ExpectStops("dispatcher", dispatcher_);
  if (smsc_) smsc_->Stop();
}

std::string Site::Logs() const {
  std::string all;
  for (const char* name : {"worker", "dispatcher", "smsc"}) {
    std::string text = Slurp(folder_.path() + "/" + name + ".log");
    if (text.size() > kLogShown) text.erase(0, text.size() - kLogShown);
    all += std::string("\n---- ") + name + "\n" + text;
  }
  return all;
}

}  // namespace textback::tests
