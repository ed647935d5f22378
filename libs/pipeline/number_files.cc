#include "pipeline/number_files.h"

#include <sys/stat.h>

#include <fstream>
#include <utility>

namespace textback::pipeline {
namespace {

// Opens `path` into `stream`; "" is no file.
Result<cdr::NumberFile> Open(const std::string& path, std::ifstream& stream) {
  if (path.empty()) return cdr::NumberFile{};
  stream.open(path, std::ios::binary);
  if (!stream || stream.peek() == std::ifstream::traits_type::eof()) {
    return FatalError("config_unreadable",
                      path + ": the file of numbers can't be read, or is empty");
  }
  return cdr::NumberFile{&stream, path};
}

}  // namespace

Result<std::shared_ptr<const cdr::ImportedNumbers>> ReadNumberFiles(
    const NumberFilesConfig& config) {
  std::ifstream plan_stream;
  std::ifstream ported_stream;
  TB_ASSIGN_OR_RETURN(const auto plan, Open(config.plan, plan_stream));
  TB_ASSIGN_OR_RETURN(const auto ported, Open(config.ported, ported_stream));
  return cdr::ReadImportedNumbers(plan, ported);
}

NumberFiles::NumberFiles(NumberFilesConfig config, const Clock& clock,
                         telemetry::Registry& registry, telemetry::Log& notices)
    : config_(std::move(config)),
      clock_(clock),
      notices_(notices),
      ranges_(registry.GetGauge("textback_intake_number_ranges",
                                "Ranges of the imported number plan in force.")),
      ported_(registry.GetGauge("textback_intake_ported_numbers",
                                "Numbers of the imported list of ported numbers in force.")),
      bytes_(registry.GetGauge("textback_intake_numbers_bytes",
                               "Memory of the imported number plan and ported numbers.")),
      refused_(registry.GetCounter("textback_intake_numbers_refused_total",
                                   "Changed files of numbers that can't be used.")) {}

Result<std::unique_ptr<NumberFiles>> NumberFiles::Load(NumberFilesConfig config, const Clock& clock,
                                                       telemetry::Registry& registry,
                                                       telemetry::Log& notices) {
  std::unique_ptr<NumberFiles> files(new NumberFiles(std::move(config), clock, registry, notices));
  files->read_ = files->seen_ = files->Look();
  TB_ASSIGN_OR_RETURN(auto numbers, ReadNumberFiles(files->config_));
  files->Take(std::move(numbers));
  return files;
}

std::shared_ptr<const cdr::ImportedNumbers> NumberFiles::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void NumberFiles::Step() {
  if (clock_.Mono() < look_at_) return;
  look_at_ = clock_.Mono() + std::chrono::milliseconds(config_.check_ms);
  const Stamps now = Look();
  const bool settled = now == seen_;
  seen_ = now;
  if (!settled || now == read_) return;
  read_ = now;
  auto numbers = ReadNumberFiles(config_);
  if (!numbers) {
    refused_.Add();
    notices_.Error("the changed numbers can't be used, those read before stay in force",
                   numbers.error());
    return;
  }
  if (Look() != now) return;  // written while it was read: the next looks find it changed
  Take(*std::move(numbers));
}

void NumberFiles::Take(std::shared_ptr<const cdr::ImportedNumbers> numbers) {
  ranges_.Set(static_cast<double>(numbers->ranges()));
  ported_.Set(static_cast<double>(numbers->ported()));
  bytes_.Set(static_cast<double>(numbers->bytes()));
  notices_.Info("numbers read", {{"ranges", numbers->ranges()}, {"ported", numbers->ported()}});
  const std::lock_guard lock(mutex_);
  current_ = std::move(numbers);
}

NumberFiles::Stamp NumberFiles::StampOf(const std::string& path) {
  struct stat found{};
  if (path.empty() || ::stat(path.c_str(), &found) != 0) return {};
  return {static_cast<std::int64_t>(found.st_mtim.tv_sec) * 1'000'000'000 + found.st_mtim.tv_nsec,
          static_cast<std::uint64_t>(found.st_ino), static_cast<std::int64_t>(found.st_size)};
}

NumberFiles::Stamps NumberFiles::Look() const {
  return {StampOf(config_.plan), StampOf(config_.ported)};
}

}  // namespace textback::pipeline
