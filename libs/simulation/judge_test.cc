// Judges the judge: with a bug planted in the pipeline it must name the invariant that the bug
// breaks; and shows that seeds exercise what they claim to.
#include "simulation/judge.h"

#include <gtest/gtest.h>

#include <set>

#include "decide/decide_processor.h"
#include "simulation/ledger.h"
#include "simulation/pipeline.h"
#include "textback/state/v1/customer.pb.h"
#include "textback/state/v1/track.pb.h"

namespace textback::simulation {
namespace {

using dispatch::PartResult;
using shard::Context;

// --- wrappers that change nothing: each bug overrides what it needs ---

class ContextWrapper : public Context {
 public:
  explicit ContextWrapper(Context& inner) : inner_(inner) {}
  std::int32_t partition() const override { return inner_.partition(); }
  std::int64_t now_ms() const override { return inner_.now_ms(); }
  std::int64_t forgotten_through_ms() const override { return inner_.forgotten_through_ms(); }
  void ForgetThrough(std::int64_t at_ms) override { inner_.ForgetThrough(at_ms); }
  Result<std::optional<std::string_view>> Read(std::string_view key) override {
    return inner_.Read(key);
  }
  void Write(std::string_view key, std::string document, std::int64_t due_ms) override {
    inner_.Write(key, std::move(document), due_ms);
  }
  void Erase(std::string_view key) override { inner_.Erase(key); }
  void Emit(std::size_t output, std::string_view key, std::string value) override {
    inner_.Emit(output, key, std::move(value));
  }
  void DeadLetter(const shard::InputRecord& record, const Error& error) override {
    inner_.DeadLetter(record, error);
  }
  void AfterCommit(std::unique_ptr<shard::Effect> effect) override {
    inner_.AfterCommit(std::move(effect));
  }
  void Heard(std::string_view source, std::int64_t low_watermark_ms) override {
    inner_.Heard(source, low_watermark_ms);
  }
  void Count(std::string_view name, std::int64_t n) override { inner_.Count(name, n); }

 protected:
  Context& inner_;
};

// Runs the inner processor in contexts that `wrap` makes.
class ProcessorWrapper : public shard::Processor {
 public:
  using Wrap = std::function<std::unique_ptr<Context>(Context&)>;
  ProcessorWrapper(Processor& inner, Wrap wrap) : inner_(inner), wrap_(std::move(wrap)) {}
  void OnBatchStart() override { inner_.OnBatchStart(); }
  Status OnRecord(Context& context, const shard::InputRecord& record) override {
    return inner_.OnRecord(*wrap_(context), record);
  }
  Status OnTimer(Context& context, std::string_view key, std::int64_t due_ms) override {
    return inner_.OnTimer(*wrap_(context), key, due_ms);
  }
  std::size_t TimerCapacity(std::int32_t partition) override {
    return inner_.TimerCapacity(partition);
  }
  Status OnLocal(Context& context, const shard::LocalEvent& event) override {
    return inner_.OnLocal(*wrap_(context), event);
  }
  void Execute(std::int32_t partition,
               std::vector<std::unique_ptr<shard::Effect>> effects) override {
    inner_.Execute(partition, std::move(effects));
  }
  void Discard(std::int32_t partition,
               std::vector<std::unique_ptr<shard::Effect>> effects) override {
    inner_.Discard(partition, std::move(effects));
  }
  void OnPartitionStarted(std::int32_t partition) override { inner_.OnPartitionStarted(partition); }
  void OnPartitionStopped(std::int32_t partition) override { inner_.OnPartitionStopped(partition); }

 protected:
  Processor& inner_;
  const Wrap wrap_;
};

template <class Wrapper>
Sabotage InContext(const std::string& role) {
  Sabotage sabotage;
  sabotage.processor = [role](const std::string& of, shard::Processor& inner) {
    return of != role ? nullptr : std::make_unique<ProcessorWrapper>(inner, [](Context& c) {
      return std::make_unique<Wrapper>(c);
    });
  };
  return sabotage;
}

class PortWrapper : public dispatch::MessagePort {
 public:
  explicit PortWrapper(MessagePort& inner) : inner_(inner) {}
  bool TrySend(std::size_t shard, dispatch::Message&& message) override {
    return inner_.TrySend(shard, std::move(message));
  }
  void Drain(std::size_t shard, std::size_t max,
             std::vector<dispatch::MessageOutcome>& out) override {
    inner_.Drain(shard, max, out);
  }
  bool Ready() const override { return inner_.Ready(); }
  const std::string& account() const override { return inner_.account(); }

 protected:
  MessagePort& inner_;
};

template <class Wrapper>
Sabotage AtPort() {
  Sabotage sabotage;
  sabotage.port = [](dispatch::MessagePort& inner) { return std::make_unique<Wrapper>(inner); };
  return sabotage;
}

// What the judge names, over a few seeds. One is enough for most bugs; some need their moment.
std::set<std::string> Named(const Sabotage& sabotage, std::string_view until, int seeds = 20) {
  std::set<std::string> named;
  for (int seed = 1; seed <= seeds && named.count(std::string(until)) == 0; ++seed) {
    const auto history = RunPlan(MakePlan(static_cast<std::uint64_t>(seed)), sabotage);
    for (const auto& violation : Judge(history)) named.insert(violation.invariant);
  }
  return named;
}

// --- the bugs ---

// Takes an unknown outcome for "not sent": what everybody else does.
class ResendsUnknowns final : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  void Drain(std::size_t shard, std::size_t max,
             std::vector<dispatch::MessageOutcome>& out) override {
    PortWrapper::Drain(shard, max, out);
    for (auto& outcome : out) {
      for (auto& part : outcome.outcomes) {
        if (part.result == PartResult::kUnknown) part.result = PartResult::kTryLater;
      }
    }
  }
};

// Writes whatever it was given, however late.
class ForgetsExpiry final : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  bool TrySend(std::size_t shard, dispatch::Message&& message) override {
    message.expires_ms += 60'000;
    message.lease_deadline += std::chrono::minutes(1);
    return PortWrapper::TrySend(shard, std::move(message));
  }
};

// Hands out an older state of the customer now and then, as a store without its last writes would.
class ForgetsCalls final : public ContextWrapper {
 public:
  using ContextWrapper::ContextWrapper;
  Result<std::optional<std::string_view>> Read(std::string_view key) override {
    TB_ASSIGN_OR_RETURN(const auto bytes, ContextWrapper::Read(key));
    if (!bytes || now_ms() % 4 != 0) return bytes;
    state::v1::CustomerDocument document;
    EXPECT_TRUE(document.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())));
    document.clear_calls();
    older_ = document.SerializeAsString();
    return std::optional<std::string_view>(older_);
  }

 private:
  std::string older_;
};

class ForgetsTexts final : public ContextWrapper {
 public:
  using ContextWrapper::ContextWrapper;
  void Write(std::string_view key, std::string bytes, std::int64_t due_ms) override {
    state::v1::CustomerDocument document;
    EXPECT_TRUE(document.ParseFromString(bytes));
    document.clear_texts();
    ContextWrapper::Write(key, document.SerializeAsString(), due_ms);
  }
};

class ForgetsBlocks final : public ContextWrapper {
 public:
  using ContextWrapper::ContextWrapper;
  void Write(std::string_view key, std::string bytes, std::int64_t due_ms) override {
    state::v1::Outbox outbox;
    EXPECT_TRUE(outbox.ParseFromString(bytes));
    outbox.clear_blocks();
    ContextWrapper::Write(key, outbox.SerializeAsString(), due_ms);
  }
};

class LosesTombstones final : public store::StoreSet {
 public:
  explicit LosesTombstones(StoreSet& inner) : inner_(inner) {}
  Result<std::unique_ptr<store::Store>> Open(std::int32_t partition) override {
    TB_ASSIGN_OR_RETURN(auto store, inner_.Open(partition));
    return std::unique_ptr<store::Store>(std::make_unique<Lossy>(std::move(store)));
  }
  Status Wipe(std::int32_t partition) override { return inner_.Wipe(partition); }

 private:
  class Lossy final : public store::Store {
   public:
    explicit Lossy(std::unique_ptr<Store> inner) : inner_(std::move(inner)) {}
    Result<const store::Document*> Get(std::string_view key) override { return inner_->Get(key); }
    Status Apply(std::vector<store::Change> changes, std::int64_t next_offset) override {
      for (auto& change : changes) {
        // Kept, and never looked at again: nobody would notice for days.
        if (!change.document) change.document = store::Document{"left behind", store::kNeverDue};
      }
      return inner_->Apply(std::move(changes), next_offset);
    }
    Status Due(std::int64_t now_ms, std::size_t max, std::vector<store::DueTimer>& out) override {
      return inner_->Due(now_ms, max, out);
    }
    Result<std::int64_t> NextDue() override { return inner_->NextDue(); }
    Status Flush() override { return inner_->Flush(); }
    std::optional<store::Marker> FlushedMarker() const override { return inner_->FlushedMarker(); }
    Status ForEach(Visitor& visitor) override { return inner_->ForEach(visitor); }
    Stats stats() const override { return inner_->stats(); }

   private:
    std::unique_ptr<Store> inner_;
  };
  StoreSet& inner_;
};

// Says of every 16th call that nobody missed it.
class DecidesWrongly final : public ContextWrapper {
 public:
  using ContextWrapper::ContextWrapper;
  void Emit(std::size_t output, std::string_view key, std::string value) override {
    v1::Decision decision;
    if (output == decide::kDecisions && decision.ParseFromString(value) &&
        decision.call_id().back() == '7' && decision.reason() == v1::REASON_LIMIT_PAIR) {
      decision.set_reason(v1::REASON_STALE);
      value = decision.SerializeAsString();
    }
    ContextWrapper::Emit(output, key, std::move(value));
  }
};

class Hoards final : public ContextWrapper {
 public:
  using ContextWrapper::ContextWrapper;
  void Write(std::string_view key, std::string bytes, std::int64_t due_ms) override {
    state::v1::Tracked tracked;
    EXPECT_TRUE(tracked.ParseFromString(bytes));
    for (int i = 0; i < 17; ++i) {
      tracked.add_submissions()->set_forget_at_ms(now_ms() + 60'000);
    }
    ContextWrapper::Write(key, tracked.SerializeAsString(), due_ms);
  }
};

class Miscounts final : public ContextWrapper {
 public:
  using ContextWrapper::ContextWrapper;
  void Count(std::string_view name, std::int64_t n) override {
    if (name != "job_expired") ContextWrapper::Count(name, n);
  }
};

// Passes over a record now and then.
class Skips final : public ProcessorWrapper {
 public:
  explicit Skips(Processor& inner)
      : ProcessorWrapper(inner, [](Context& c) { return std::make_unique<ContextWrapper>(c); }) {}
  Status OnRecord(Context& context, const shard::InputRecord& record) override {
    if (record.input == decide::kCalls && !record.key.empty() && record.offset % 16 == 3) {
      return Ok();
    }
    return ProcessorWrapper::OnRecord(context, record);
  }
};

// Stumbles over one customer for ever.
class Stumbles final : public ProcessorWrapper {
 public:
  explicit Stumbles(Processor& inner)
      : ProcessorWrapper(inner, [](Context& c) { return std::make_unique<ContextWrapper>(c); }) {}
  Status OnRecord(Context& context, const shard::InputRecord& record) override {
    if (record.key == "+16465550100") return RetryError("stumbled", "not this one");
    return ProcessorWrapper::OnRecord(context, record);
  }
};

template <class Wrapper>
Sabotage Decide() {
  Sabotage sabotage;
  sabotage.processor = [](const std::string& role, shard::Processor& inner) {
    return role == "decide" ? std::make_unique<Wrapper>(inner) : nullptr;
  };
  return sabotage;
}

TEST(Judge, FindsNothingInAPipelineWithoutBugs) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Plan plan = MakePlan(seed);
    const History history = RunPlan(plan);
    for (const auto& violation : Judge(history)) {
      ADD_FAILURE() << "seed " << seed << ": " << violation.invariant << ": " << violation.what;
    }
    EXPECT_EQ(TooEasy(history), "");
  }
}

TEST(Judge, NamesADecisionMadeTwice) {
  EXPECT_TRUE(Named(InContext<ForgetsCalls>("decide"), "ExactlyOneDecisionPerCallAndSide")
                  .count("ExactlyOneDecisionPerCallAndSide"));
}
TEST(Judge, NamesATextSentTwice) {
  EXPECT_TRUE(Named(AtPort<ResendsUnknowns>(), "NothingTakenTwice").count("NothingTakenTwice"));
}
TEST(Judge, NamesALostBlock) {
  EXPECT_TRUE(Named(InContext<ForgetsBlocks>("dispatch"), "NoIntentAfterBlock")
                  .count("NoIntentAfterBlock"));
}
TEST(Judge, NamesATextAfterItsExpiry) {
  EXPECT_TRUE(Named(AtPort<ForgetsExpiry>(), "NeverSubmittedAfterExpiry", 100)
                  .count("NeverSubmittedAfterExpiry"));
}
TEST(Judge, NamesATextAfterItsLease) {
  EXPECT_TRUE(Named(AtPort<ForgetsExpiry>(), "NothingWrittenAfterItsLease")
                  .count("NothingWrittenAfterItsLease"));
}
TEST(Judge, NamesALimitThatWasPassed) {
  EXPECT_TRUE(
      Named(InContext<ForgetsTexts>("decide"), "LimitsNeverExceeded").count("LimitsNeverExceeded"));
}
TEST(Judge, NamesAStoreThatLosesTombstones) {
  Sabotage sabotage;
  sabotage.stores = [](const std::string&, store::StoreSet& inner) {
    return std::make_unique<LosesTombstones>(inner);
  };
  EXPECT_TRUE(Named(sabotage, "StorePlusReplayEqualsCommittedState")
                  .count("StorePlusReplayEqualsCommittedState"));
}
TEST(Judge, NamesADecisionThatTheModelDoesNotMake) {
  EXPECT_TRUE(Named(InContext<DecidesWrongly>("decide"), "SameInputsSameDecisions")
                  .count("SameInputsSameDecisions"));
}
TEST(Judge, NamesARunThatDiffersFromItsTwin) {
  const Plan plan = MakePlan(1);
  const History history = RunPlan(plan);
  EXPECT_TRUE(Compare(history, RunPlan(plan)).empty());
  const auto named = Compare(history, RunPlan(plan, InContext<ForgetsTexts>("decide")));
  ASSERT_FALSE(named.empty());
  EXPECT_EQ(named.front().invariant, "SameInputsSameDecisions");
}
TEST(Judge, NamesADocumentThatGrows) {
  EXPECT_TRUE(Named(InContext<Hoards>("track"), "MemoryIsBounded").count("MemoryIsBounded"));
}
TEST(Judge, NamesARecordThatEndsNowhere) {
  EXPECT_TRUE(
      Named(Decide<Skips>(), "EveryRecordEndsInOneClass").count("EveryRecordEndsInOneClass"));
}
TEST(Judge, NamesAJobThatEndsNowhere) {
  EXPECT_TRUE(Named(InContext<Miscounts>("dispatch"), "EveryJobEndsInOneClass")
                  .count("EveryJobEndsInOneClass"));
}
TEST(Judge, NamesARecordThatIsNeverGotOver) {
  EXPECT_TRUE(Named(Decide<Stumbles>(), "EverythingHeals").count("EverythingHeals"));
}

// Everything that the checks speak of happens in a few seeds.
TEST(Simulation, ExercisesWhatItClaims) {
  std::set<int> reasons;
  std::set<int> kinds;
  std::map<std::string, std::int64_t> tallies;
  std::size_t pauses = 0;
  std::size_t faults = 0;
  bool in_parts = false;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    const History history = RunPlan(MakePlan(seed));
    const Ledger ledger(history);
    for (const auto& decision : ledger.decisions) reasons.insert(decision.reason());
    for (const auto& status : ledger.statuses) kinds.insert(status.kind());
    for (const auto& [role, counts] : ledger.tallies) {
      for (const auto& [name, count] : counts) tallies[name] += count;
    }
    for (const auto& write : history.writes) in_parts = in_parts || write.parts > 1;
    pauses += history.pauses;
    faults += history.struck();
  }
  for (const auto reason :
       {v1::REASON_UNSPECIFIED, v1::REASON_NOT_MISSED, v1::REASON_STALE, v1::REASON_OVERTAKEN,
        v1::REASON_WITHHELD, v1::REASON_NOT_TEXTABLE, v1::REASON_OPTED_OUT, v1::REASON_LIMIT_PAIR,
        v1::REASON_LIMIT_CUSTOMER, v1::REASON_EXPIRED, v1::REASON_TENANT_INACTIVE,
        v1::REASON_UNDELIVERABLE, v1::REASON_NUISANCE}) {
    EXPECT_TRUE(reasons.count(reason)) << v1::Reason_Name(reason);
  }
  for (const auto kind :
       {v1::Status::KIND_SENT, v1::Status::KIND_RECEIPT, v1::Status::KIND_UNKNOWN,
        v1::Status::KIND_EXPIRED, v1::Status::KIND_REJECTED, v1::Status::KIND_BLOCKED,
        v1::Status::KIND_UNMATCHED_RECEIPT, v1::Status::KIND_PROVEN, v1::Status::KIND_CANCELLED}) {
    EXPECT_TRUE(kinds.count(kind)) << v1::Status::Kind_Name(kind);
  }
  for (const char* name : {"decision", "merged", "duplicate", "late", "deadletter", "redelivered",
                           "amendment", "false_text", "job_block", "job_unblock", "job_cancel",
                           "job_resent", "receipt_early", "receipt_unmatched"}) {
    EXPECT_GT(tallies[name], 0) << name;
  }
  EXPECT_GT(pauses, 0u);
  EXPECT_GT(faults, 0u);
  EXPECT_TRUE(in_parts);
}

}  // namespace
}  // namespace textback::simulation
