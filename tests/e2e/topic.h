// What tests write to the log and read from it: tenants and records in, everything committed out.
//
// Threads: one. Errors: those that the broker's absence explains are tried again; others fail the
// test.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "log/log.h"

namespace textback::tests {

struct Entry {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string value;
};

// Hands out what is committed of all partitions of a topic, from their start, without keeping it.
class Follower {
 public:
  using Take = std::function<void(const log::Record& record)>;
  Follower(log::Log& log, std::string topic);

  // What has come meanwhile.
  void Poll(const Take& take);
  // The rest, up to an end that is asked for now; false when that takes too long.
  bool ReadToEnd(std::chrono::milliseconds limit, const Take& take);

 private:
  const std::string topic_;
  std::int32_t partitions_ = 0;
  std::unique_ptr<log::Reader> reader_;
  log::Batch batch_;
};

// Follows a topic, and keeps it.
class Topic {
 public:
  Topic(log::Log& log, std::string name) : follower_(log, std::move(name)) {}

  // Takes what has come meanwhile.
  const std::vector<Entry>& Poll();
  const std::vector<Entry>& entries() const { return entries_; }

  // As Follower's.
  bool ReadToEnd(std::chrono::milliseconds limit);

  template <class Message>
  std::vector<Message> Parsed() const {
    std::vector<Message> messages(entries_.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!messages[i].ParseFromString(entries_[i].value)) broken_ = true;
    }
    return messages;
  }
  // Whether Parsed met something that is no such message.
  bool broken() const { return broken_; }

 private:
  void Keep(const log::Record& record);

  Follower follower_;
  std::vector<Entry> entries_;
  mutable bool broken_ = false;
};

// Durable when it returns.
class Feed {
 public:
  explicit Feed(log::Log& log);
  void Write(std::string_view topic, std::string_view key, std::string_view value,
             std::int64_t at_ms);
  void Flush();

 private:
  std::unique_ptr<log::Writer> writer_;
};

}  // namespace textback::tests
