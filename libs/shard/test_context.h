// A Context in memory, for unit tests of processors: no log, no store, no thread.
//
// It behaves as the runtime does (shard.h) for one partition: writes go to an overlay that Commit
// makes real and Abort drops; a record that OnRecord refuses with kDeadLetter is parked without
// anything that call wrote; timers fire in the order of (due, key), and one that was neither moved
// nor erased fails an assertion. What the processor did is in public members, oldest first.
//
//   TestContext context;
//   context.SetNow(1'000);
//   ASSERT_TRUE(context.Deliver(processor, 0, "+12125550100", bytes));
//   context.Commit(processor);
//   EXPECT_EQ(context.emitted.size(), 1u);
//
// Threads: none. Lifetime: views that Read returned live until the next call on their key.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shard/processor.h"

namespace textback::shard {

class TestContext final : public Context {
 public:
  struct Document {
    std::string bytes;
    std::int64_t next_due_ms = kNeverDue;
    bool operator==(const Document&) const = default;
  };
  struct Emitted {
    std::size_t output = 0;
    std::string key;
    std::string value;
    bool operator==(const Emitted&) const = default;
  };
  struct Parked {
    std::size_t input = 0;
    std::int64_t offset = 0;
    std::string key;
    std::string value;
    Error error;
  };

  explicit TestContext(std::int32_t partition = 0) : partition_(partition) {}

  // What a test sets. Time only ever moves forward, as in the runtime.
  void SetNow(std::int64_t now_ms);
  // A document that is committed already.
  void Put(std::string_view key, std::string document, std::int64_t next_due_ms = kNeverDue);

  // What the runtime does. A record gets the next offset of its input, and now as its time.
  // Returns the processor's error unless it was kDeadLetter, which parks the record; on any other
  // error nothing of the call remains.
  Status Deliver(Processor& processor, std::size_t input, std::string_view key,
                 std::optional<std::string_view> value);
  Status Deliver(Processor& processor, const InputRecord& record);
  Status DeliverLocal(Processor& processor, const LocalEvent& event);
  // Fires what is due up to min(now, `up_to_ms`), within the processor's TimerCapacity; a timer
  // that OnTimer sets again is fired by the next call at the earliest. Returns how many fired.
  Result<std::size_t> RunTimers(Processor& processor, std::int64_t up_to_ms = kNeverDue);

  // Keeps the changes and hands the effects to Execute.
  void Commit(Processor& processor);
  // Drops the changes and all that was done since the last Commit, and hands the effects to
  // Discard.
  void Abort(Processor& processor);

  // The documents with the open changes, in key order.
  std::map<std::string, Document, std::less<>> Documents() const;
  std::optional<Document> Find(std::string_view key) const;

  // Since construction, without what was aborted or rolled back.
  std::vector<Emitted> emitted;
  std::vector<Parked> parked;
  std::map<std::string, std::int64_t, std::less<>> counts;
  std::map<std::string, std::int64_t, std::less<>> heard;  // source -> low watermark
  // Since the last Commit or Abort.
  std::vector<std::unique_ptr<Effect>> effects;

  // Context
  std::int32_t partition() const override { return partition_; }
  std::int64_t now_ms() const override { return now_ms_; }
  std::int64_t forgotten_through_ms() const override { return open_.forgotten_through_ms; }
  void ForgetThrough(std::int64_t event_time_ms) override;
  Result<std::optional<std::string_view>> Read(std::string_view key) override;
  void Write(std::string_view key, std::string document, std::int64_t next_due_ms) override;
  void Erase(std::string_view key) override;
  void Emit(std::size_t output, std::string_view key, std::string value) override;
  void DeadLetter(const InputRecord& record, const Error& error) override;
  void AfterCommit(std::unique_ptr<Effect> effect) override;
  void Heard(std::string_view source, std::int64_t low_watermark_ms) override;
  void Count(std::string_view name, std::int64_t n = 1) override;

 private:
  // All that an abort or a refused record takes back, but for the effects.
  struct State {
    std::map<std::string, Document, std::less<>> documents;
    std::int64_t forgotten_through_ms = kNothingForgotten;
    std::size_t emitted = 0;
    std::size_t parked = 0;
    std::map<std::string, std::int64_t, std::less<>> counts;
    std::map<std::string, std::int64_t, std::less<>> heard;
  };
  State Save() const;
  void Restore(const State& state);

  std::int32_t partition_;
  std::int64_t now_ms_ = 0;
  State open_;
  State committed_;
  std::map<std::size_t, std::int64_t> next_offset_;
};

}  // namespace textback::shard
