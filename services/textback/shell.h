// What the commands share: the way to a log, reading topics to their end, tables, progress, errors.
//
// Threads: one.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "log/log.h"
#include "pipeline/topics.h"

namespace textback::cli {

// Says it on stderr and returns the exit code: 2 for what the caller can mend in a file or on the
// command line, else 3.
int Complain(const Error& error);

// Where the topics are: a Kafka cluster, or the folder of an embedded log that no process has open.
class LogOptions {
 public:
  // Adds --brokers, --kafka, --embedded and --prefix.
  void AddTo(CLI::App& app);
  bool given() const { return !brokers_.empty() || !folder_.empty(); }

  pipeline::Topics topics() const { return pipeline::Topics(prefix_); }
  // kFatal ("usage"): neither or both are given. `clock` outlives the log.
  Result<std::unique_ptr<log::Log>> Open(const Clock& clock) const;

 private:
  std::string brokers_;
  std::vector<std::string> settings_;
  std::string folder_;
  std::string prefix_ = "textback.";
};

// A bar on stderr, where that is a terminal; else nothing. `total` 0: not known.
class Progress {
 public:
  Progress(const Clock& clock, std::string what, std::uint64_t total);
  ~Progress();  // clears the line
  void Show(std::uint64_t done);

 private:
  const Clock& clock_;
  const std::string what_;
  const std::uint64_t total_;
  const bool terminal_;
  MonoTime next_{};
};

// Calls `take` for every committed record that the topics hold now, in order within a partition,
// until it returns false.
Status ReadAll(log::Log& log, const Clock& clock, const std::vector<std::string>& topics,
               const std::function<bool(const log::Record&)>& take);

// Rows in columns, as wide as they need to be; the last one isn't padded.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::size_t size() const { return rows_.size() - 1; }
  void Print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

void PrintLine(std::string_view line);

}  // namespace textback::cli
