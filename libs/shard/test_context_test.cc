// The tests' Context keeps the runtime's promises to a processor.
#include "shard/test_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace textback::shard {
namespace {

using testing::ElementsAre;

struct Note final : Effect {
  explicit Note(std::string t) : text(std::move(t)) {}
  std::string text;
};

// Writes the value under the key, due at 10; refuses "bad" after having written; sets a fired timer
// to 20.
class Echo final : public Processor {
 public:
  Status OnRecord(Context& context, const InputRecord& record) override {
    context.Write(record.key, std::string(*record.value), 10);
    context.Emit(0, record.key, std::string(*record.value));
    context.Count("seen");
    context.AfterCommit(std::make_unique<Note>(std::string(*record.value)));
    if (*record.value == "bad") return DeadLetterError("bad", "the value is bad");
    if (*record.value == "later") return RetryError("later", "not yet");
    return Ok();
  }
  Status OnTimer(Context& context, std::string_view key, std::int64_t due_ms) override {
    fired.push_back(std::string(key) + "@" + std::to_string(due_ms));
    if (due_ms >= 20) {
      context.Erase(key);
    } else {
      context.Write(key, "fired", 20);
    }
    return Ok();
  }
  std::size_t TimerCapacity(std::int32_t) override { return fired.size() < capacity ? 1 : 0; }
  void Execute(std::int32_t, std::vector<std::unique_ptr<Effect>> effects) override {
    executed += effects.size();
  }
  void Discard(std::int32_t, std::vector<std::unique_ptr<Effect>> effects) override {
    discarded += effects.size();
  }

  std::size_t capacity = SIZE_MAX;
  std::vector<std::string> fired;
  std::size_t executed = 0;
  std::size_t discarded = 0;
};

TEST(TestContext, CommitKeepsAndAbortDrops) {
  Echo echo;
  TestContext context;
  ASSERT_TRUE(context.Deliver(echo, 0, "a", "1"));
  context.ForgetThrough(5);
  context.Commit(echo);
  ASSERT_TRUE(context.Deliver(echo, 0, "a", "2"));
  context.ForgetThrough(6);
  EXPECT_EQ(context.Find("a")->bytes, "2");
  context.Abort(echo);
  EXPECT_EQ(context.Find("a")->bytes, "1");
  EXPECT_EQ(context.forgotten_through_ms(), 5);
  EXPECT_THAT(context.emitted, ElementsAre(TestContext::Emitted{0, "a", "1"}));
  EXPECT_EQ(context.counts.at("seen"), 1);
  EXPECT_EQ(echo.executed, 1u);
  EXPECT_EQ(echo.discarded, 1u);
}

TEST(TestContext, RefusedRecordIsParkedWithoutItsWrites) {
  Echo echo;
  TestContext context;
  ASSERT_TRUE(context.Deliver(echo, 0, "a", "1"));
  ASSERT_TRUE(context.Deliver(echo, 0, "a", "bad"));
  EXPECT_EQ(context.Find("a")->bytes, "1");
  ASSERT_EQ(context.parked.size(), 1u);
  EXPECT_EQ(context.parked[0].offset, 1);
  EXPECT_EQ(context.parked[0].error.code, "bad");
  EXPECT_EQ(context.effects.size(), 1u);
  EXPECT_EQ(context.counts.at("seen"), 1);
  EXPECT_FALSE(context.Deliver(echo, 0, "a", "later"));
  EXPECT_EQ(context.Find("a")->bytes, "1");
}

TEST(TestContext, TimersFireInOrderUpToTheBoundAndCapacity) {
  Echo echo;
  TestContext context;
  context.Put("c", "", 7);
  context.Put("b", "", 9);
  context.Put("a", "", 9);
  context.Put("z", "", 11);
  context.SetNow(30);
  EXPECT_EQ(*context.RunTimers(echo, 10), 3u);
  EXPECT_THAT(echo.fired, ElementsAre("c@7", "a@9", "b@9"));
  echo.capacity = 4;
  EXPECT_EQ(*context.RunTimers(echo), 1u);  // z; the others are due at 20 and stay so
  EXPECT_THAT(echo.fired, ElementsAre("c@7", "a@9", "b@9", "z@11"));
}

}  // namespace
}  // namespace textback::shard
