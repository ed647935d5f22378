#include "log_conformance/conformance.h"

#include <algorithm>

namespace textback::log::conformance {

using namespace std::chrono_literals;

Status LogFixture::CreateTopics(const std::vector<TopicSpec>& topics) {
  TB_ASSIGN_OR_RETURN(const auto admin, Process(0).NewAdmin());
  return admin->Create(topics);
}

bool LogFixture::Until(const std::function<bool()>& condition, std::chrono::milliseconds budget) {
  const MonoTime deadline = Now() + budget;
  for (;;) {
    if (condition()) return true;
    if (Now() >= deadline) return false;
    Step();
  }
}

void LogFixture::Pass(std::chrono::milliseconds time, const std::function<void()>& meanwhile) {
  const MonoTime end = Now() + time;
  while (Now() < end) {
    if (meanwhile) meanwhile();
    Step();
  }
}

Member::Member(LogFixture& fixture, int process, std::string name, ConsumerConfig config,
               std::vector<std::string>* journal)
    : fixture_(fixture),
      process_(process),
      name_(std::move(name)),
      config_(std::move(config)),
      journal_(journal) {}

Status Member::Open() {
  TB_ASSIGN_OR_RETURN(consumer_, fixture_.Process(process_).NewConsumer(config_, *this));
  return Ok();
}

Status Member::Poll() {
  const auto polled = consumer_->Poll(batch_, PollLimits{}, fixture_.wait());
  for (const auto& r : batch_.records) {
    Seen one{std::string(r.topic), r.partition,  r.offset,    r.timestamp_ms,
             std::string(r.key),   std::nullopt, std::nullopt};
    if (r.value) one.value.emplace(*r.value);
    if (const auto header = consumer_->HeaderOf(r, kHeader)) one.header.emplace(*header);
    seen.push_back(std::move(one));
  }
  TB_RETURN_IF_ERROR(polled);
  return resume ? ResumeWaiting() : Ok();
}

Status Member::ResumeWaiting() {
  if (waiting_.empty()) return Ok();
  TB_ASSIGN_OR_RETURN(const auto committed,
                      consumer_->Committed({waiting_.begin(), waiting_.end()}));
  for (const auto& [partition, offset] : committed) {
    std::int64_t position = 0;
    if (offset) {
      position = offset->next_offset;
    } else {
      TB_ASSIGN_OR_RETURN(const auto range, consumer_->Offsets(partition, true));
      position = range.begin;
    }
    TB_RETURN_IF_ERROR(consumer_->Resume(partition, position));
    waiting_.erase(partition);
  }
  return Ok();
}

std::set<std::int32_t> Member::Indices(const std::string& topic) const {
  std::set<std::int32_t> indices;
  for (const auto& p : assigned_) {
    if (p.topic == topic) indices.insert(p.partition);
  }
  return indices;
}

std::vector<std::string> Member::Values() const {
  std::vector<std::string> values;
  values.reserve(seen.size());
  for (const auto& r : seen) values.push_back(r.value.value_or("<tombstone>"));
  return values;
}

void Member::OnAssigned(const std::vector<TopicPartition>& partitions,
                        const GroupMetadata& captured) {
  ++assignments;
  metadata = captured;
  for (const auto& p : partitions) {
    if (journal_)
      journal_->push_back(name_ + " assigned " + p.topic + "-" + std::to_string(p.partition));
    assigned_.insert(p);
    waiting_.insert(p);
  }
}

void Member::OnRevoked(const std::vector<TopicPartition>& partitions) {
  ++revocations;
  if (on_revoked) on_revoked();
  Forget(" revoked ", partitions);
}

void Member::OnLost(const std::vector<TopicPartition>& partitions) {
  ++losses;
  Forget(" lost ", partitions);
}

void Member::Forget(std::string_view what, const std::vector<TopicPartition>& partitions) {
  for (const auto& p : partitions) {
    if (journal_) {
      journal_->push_back(name_ + std::string(what) + p.topic + "-" + std::to_string(p.partition));
    }
    assigned_.erase(p);
    waiting_.erase(p);
  }
}

std::string LogConformance::Topic(std::string_view stem, std::int32_t partitions, bool compact) {
  TopicSpec spec;
  spec.name = fixture().Unique(stem);
  spec.partitions = partitions;
  spec.compact = compact;
  const auto created = fixture().CreateTopics({spec});
  EXPECT_TRUE(created) << (created ? "" : created.error().message);
  return spec.name;
}

void LogConformance::Produce(const std::string& topic, std::int32_t partition,
                             const std::vector<std::string>& values) {
  auto writer = log().NewWriter("conformance");
  ASSERT_TRUE(writer) << writer.error().message;
  int i = 0;
  for (const auto& value : values) {
    const auto sent = (*writer)->Send(topic, partition, "k" + std::to_string(i), value, 1'000 + i);
    ASSERT_TRUE(sent) << sent.error().message;
    ++i;
  }
  const auto flushed = (*writer)->Flush(30s);
  ASSERT_TRUE(flushed) << flushed.error().message;
}

std::unique_ptr<TransactionalProducer> LogConformance::NewProducer(
    const std::string& id, int process, std::chrono::milliseconds timeout) {
  auto made = log(process).NewTransactionalProducer({id, timeout});
  if (!made) {
    ADD_FAILURE() << made.error().message;
    return nullptr;
  }
  Status last = Ok();
  const bool ready = fixture().Until([&] {
    last = (*made)->Init(10s);
    return last || last.error().disposition != Disposition::kRetry;
  });
  EXPECT_TRUE(ready && last) << (last ? "time-out" : last.error().message);
  return std::move(made).value();
}

void LogConformance::OpenTransaction(TransactionalProducer& producer, const std::string& topic,
                                     std::int32_t partition,
                                     const std::vector<std::string>& values) {
  const auto begun = producer.Begin();
  ASSERT_TRUE(begun) << begun.error().message;
  int i = 0;
  for (const auto& value : values) {
    const auto sent = producer.Send(topic, partition, "k" + std::to_string(i), value, 2'000 + i);
    ASSERT_TRUE(sent) << sent.error().message;
    ++i;
  }
}

CommitOutcome LogConformance::Commit(TransactionalProducer& producer) {
  return producer.Commit(20s);
}

std::vector<Seen> LogConformance::ReadAll(const TopicPartition& partition, bool read_committed,
                                          std::int64_t from) {
  std::vector<Seen> all;
  auto reader = log().NewReader({read_committed});
  if (!reader) {
    ADD_FAILURE() << reader.error().message;
    return all;
  }
  if (can().commits_show_late && read_committed) {
    // Markers on their way take milliseconds; what is still open after a second is meant to be.
    (void)fixture().Until([&] { return Ends(partition, true).end == Ends(partition, false).end; },
                          1s);
  }
  const auto range = (*reader)->Offsets(partition, read_committed);
  const auto assigned = (*reader)->Assign({{partition, from}});
  EXPECT_TRUE(range && assigned);
  if (!range || !assigned) return all;
  Batch batch;
  const bool done = fixture().Until([&] {
    const auto polled = (*reader)->Poll(batch, PollLimits{}, fixture().wait());
    EXPECT_TRUE(polled) << polled.error().message;
    for (const auto& r : batch.records) {
      Seen one{std::string(r.topic), r.partition,        r.offset,
               r.timestamp_ms,       std::string(r.key), std::nullopt};
      if (r.value) one.value.emplace(*r.value);
      all.push_back(std::move(one));
    }
    const auto position = (*reader)->Position(partition);
    return !polled || (position && *position >= range->end);
  });
  EXPECT_TRUE(done) << "the position never reached the end " << range->end;
  return all;
}

std::vector<std::string> LogConformance::ReadValues(const TopicPartition& partition,
                                                    bool read_committed) {
  std::vector<std::string> values;
  for (const auto& r : ReadAll(partition, read_committed))
    values.push_back(r.value.value_or("<tombstone>"));
  return values;
}

Consumer::Range LogConformance::Ends(const TopicPartition& partition, bool read_committed) {
  auto reader = log().NewReader({read_committed});
  EXPECT_TRUE(reader);
  if (!reader) return {};
  const auto range = (*reader)->Offsets(partition, read_committed);
  EXPECT_TRUE(range) << range.error().message;
  return range ? *range : Consumer::Range{};
}

ConsumerConfig LogConformance::GroupOf(const std::string& group, const std::string& instance,
                                       std::vector<std::string> topics) {
  ConsumerConfig config;
  config.group = group;
  config.instance = instance;
  config.topics = std::move(topics);
  config.session_timeout = fixture().session();
  config.max_poll_interval = fixture().session();
  return config;
}

std::optional<CommittedOffset> LogConformance::CommittedOf(Consumer& consumer,
                                                           const TopicPartition& partition) {
  std::optional<CommittedOffset> result;
  const bool answered = fixture().Until([&] {
    const auto committed = consumer.Committed({partition});
    if (!committed) {
      EXPECT_EQ(committed.error().disposition, Disposition::kRetry) << committed.error().message;
      return committed.error().disposition != Disposition::kRetry;
    }
    EXPECT_EQ(committed->size(), 1u);
    result = committed->at(partition);
    return true;
  });
  EXPECT_TRUE(answered);
  return result;
}

bool LogConformance::Settle(const std::vector<Member*>& members, const std::string& topic,
                            const std::vector<std::size_t>& sizes) {
  return fixture().Until([&] {
    bool settled = true;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const auto polled = members[i]->Poll();
      if (!polled) settled = false;
      settled = settled && members[i]->Indices(topic).size() == sizes[i];
    }
    return settled;
  });
}

}  // namespace textback::log::conformance
