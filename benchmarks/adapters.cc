// textback-bench-adapters: what it costs to make call records of a source's bytes, as intake does
// it: adapter, checks, numbers, ids. benchmarks/adapters drives it for all sources.
//
// The file is taken apart into values beforehand, as a topic has them; then all are decoded again
// and again, until `--seconds` of this thread's CPU time have passed. Prints one JSON object a
// round, for medians.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "cdr/decoder.h"
#include "cdr/source_kind.h"
#include "ops/record_file.h"

namespace {

namespace cdr = textback::cdr;

constexpr std::size_t kBetweenLooks = 4'000;        // at the clock
constexpr std::int64_t kNowMs = 1'800'000'000'000;  // later than any sample

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "textback-bench-adapters: %s can't be read\n", path.c_str());
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Options {
  std::string source;
  std::string mapping;
  std::string country;
  std::string profile;
  std::vector<std::string> pilots;
  std::string file;
  double seconds = 1;
  int rounds = 5;
};

std::vector<std::string> ValuesOf(const Options& options, const cdr::FormatConfig& format) {
  const std::string bytes = ReadAll(options.file);
  std::vector<std::string> values;
  if (options.source == "protobuf") {
    textback::ops::RecordFileReader reader(textback::ops::RecordFormat::kProtobuf, bytes);
    for (auto value = reader.Next(); value && *value; value = reader.Next())
      values.emplace_back(**value);
    return values;
  }
  const auto* kind = cdr::FindSourceKind(options.source);
  if (kind == nullptr) {
    std::fprintf(stderr, "textback-bench-adapters: no source is called %s\n",
                 options.source.c_str());
    std::exit(2);
  }
  cdr::FileSplitter splitter(cdr::FramingOf(*kind, format), bytes);
  for (auto value = splitter.Next(); value && *value; value = splitter.Next())
    values.emplace_back(**value);
  return values;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"What it costs to make call records of a source's bytes."};
  app.add_option("--source", options.source, "as of `textback inspect`, or protobuf")->required();
  app.add_option("--mapping", options.mapping);
  app.add_option("--country", options.country);
  app.add_option("--profile", options.profile);
  app.add_option("--voicemail-pilot", options.pilots);
  app.add_option("--seconds", options.seconds, "of CPU time, a round")
      ->check(CLI::Range(0.001, 60.0));
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 100));
  app.add_option("FILE", options.file)->required();
  CLI11_PARSE(app, argc, argv);

  cdr::SourceConfig config;
  config.name = options.source;
  config.format.adapter = options.source;
  config.format.profile = options.profile;
  config.format.voicemail_pilots = options.pilots;
  config.numbering.country = options.country;
  config.settle.set_emits(textback::v1::SettleProfile::EMITS_CALL_END);
  if (!options.mapping.empty()) {
    config.format.mapping = ReadAll(options.mapping);
    config.format.mapping_file = options.mapping;
  }
  const auto values = ValuesOf(options, config.format);
  if (values.empty()) {
    std::fprintf(stderr, "textback-bench-adapters: %s is empty\n", options.file.c_str());
    return 1;
  }
  auto decoder = cdr::Decoder::Make(config);
  if (!decoder) {
    std::fprintf(stderr, "textback-bench-adapters: %s\n", decoder.error().message.c_str());
    return 2;
  }
  cdr::Decoded decoded;
  for (int round = 0; round < options.rounds; ++round) {
    std::uint64_t messages = 0;
    std::uint64_t records = 0;
    std::uint64_t rejected = 0;
    std::uint64_t bytes = 0;
    const double begin = CpuSeconds();
    double end = begin;
    while (end - begin < options.seconds) {
      for (std::size_t i = 0; i < kBetweenLooks; ++i) {
        const auto& value = values[i % values.size()];
        decoder->Decode(value, {.now_ms = kNowMs, .produced_ms = kNowMs}, decoded);
        ++messages;
        records += decoded.items.size();
        rejected += decoded.rejected.size();
        bytes += value.size();
      }
      end = CpuSeconds();
      if (records == 0) {
        std::fprintf(stderr, "textback-bench-adapters: %s has no record of %s\n",
                     options.file.c_str(), options.source.c_str());
        return 1;
      }
    }
    std::printf(
        "{\"source\":\"%s\",\"messages\":%llu,\"records\":%llu,\"rejected\":%llu,\"bytes\":%llu,"
        "\"cpu_s\":%.6f}\n",
        options.source.c_str(), static_cast<unsigned long long>(messages),
        static_cast<unsigned long long>(records), static_cast<unsigned long long>(rejected),
        static_cast<unsigned long long>(bytes), end - begin);
  }
  return 0;
}
