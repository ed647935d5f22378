#include "intake/intake.h"

#include <algorithm>

#include "base/planted.h"
#include "intake/reach.h"
#include "intake/served.h"
#include "log/errors.h"
#include "textback/v1/calls_entry.pb.h"
#include "textback/v1/dead_letter.pb.h"
#include "textback/v1/watermark.pb.h"

namespace textback::intake {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kDeadLetterValueMax = 64 * 1024;
constexpr std::size_t kDeadLetterHeaderMax = 256;
constexpr std::size_t kInputsMax = 256;
constexpr milliseconds kQueueWait{20};

void AppendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// CallsEntry{record} without a copy of the record into another message: field 1, length-delimited.
void SerializeEntry(const v1::CallRecord& record, std::string& out) {
  constexpr char kRecordField = 1 << 3 | 2;
  out.clear();
  out.push_back(kRecordField);
  AppendVarint(out, record.ByteSizeLong());
  record.AppendToString(&out);
}

std::string CoordinatesKey(const log::Record& message) {
  return std::string(message.topic) + "/" + std::to_string(message.partition) + "/" +
         std::to_string(message.offset);
}

std::int64_t Count(milliseconds wait) { return std::max<std::int64_t>(1, wait / kQueueWait); }

}  // namespace

Intake::Intake(log::Log& log, Clock& clock, const LineSource& lines, IntakeConfig config,
               IntakeEvents& events, const ReachSource* reach)
    : log_(log),
      clock_(clock),
      line_source_(lines),
      reach_source_(reach),
      config_(std::move(config)),
      events_(events) {}

Intake::~Intake() = default;

Result<std::unique_ptr<Intake>> Intake::Make(log::Log& log, Clock& clock, const LineSource& lines,
                                             IntakeConfig config, IntakeEvents& events,
                                             const ReachSource* reach) {
  if (config.inputs.empty() || config.inputs.size() > kInputsMax) {
    return FatalError("config_invalid",
                      "intake needs 1 to " + std::to_string(kInputsMax) + " inputs");
  }
  if (config.in_flight_max == 0 || config.poll.records_max == 0) {
    return FatalError("config_invalid", "in_flight_max and poll.records_max must be above 0");
  }
  std::unique_ptr<Intake> intake(new Intake(log, clock, lines, std::move(config), events, reach));
  TB_ASSIGN_OR_RETURN(intake->sources_, SourcesByTopic(intake->config_.inputs));
  return intake;
}

// --- the step ---

Status Intake::Step(milliseconds wait) {
  if (clock_.Mono() < retry_at_) return Ok();
  if (!TakeTables()) return Ok();
  if (auto status = Run(wait); !status) return Handle(std::move(status).error());
  if (!rewind_) backoff_ = milliseconds(0);
  return Ok();
}

// Nothing is dropped before the tenants are known, and nothing handed on before the other tables.
bool Intake::TakeTables() {
  lines_ = line_source_.Lines();
  if (lines_ == nullptr) return false;
  if (reach_source_ == nullptr) return true;
  auto tables = reach_source_->Tables();
  if (!tables) return false;
  reach_ = *std::move(tables);
  return true;
}

milliseconds Intake::idle_for() const {
  if (line_source_.Lines() == nullptr || (reach_source_ != nullptr && !reach_source_->Tables()))
    return config_.backoff_min;
  const auto left = std::chrono::ceil<milliseconds>(retry_at_ - clock_.Mono());
  return std::max(left, milliseconds(0));
}

Status Intake::Run(milliseconds wait) {
  TB_RETURN_IF_ERROR(Open());
  TB_RETURN_IF_ERROR(ServeWriter(milliseconds(0)));
  if (sent_ - durable_ > config_.in_flight_max) {
    TB_RETURN_IF_ERROR(ServeWriter(wait));
    return CommitIfDue(false);
  }
  if (auto status = consumer_->Poll(batch_, config_.poll, wait); !status) {
    if (status.error().disposition != Disposition::kRebuild) return status;
    return Restart(std::move(status).error());
  }
  // A revocation inside Poll may have found that a send had failed.
  if (rewind_) return RetryError("rewind", "a send failed while partitions were given up");
  TB_RETURN_IF_ERROR(StartAssigned());
  TB_RETURN_IF_ERROR(HandOn());
  TB_RETURN_IF_ERROR(WatermarkIfDue());
  if (Planted(Bug::kCommittedBeforeDurable)) TB_RETURN_IF_ERROR(CommitIfDue(false));
  TB_RETURN_IF_ERROR(ServeWriter(milliseconds(0)));
  return CommitIfDue(false);
}

Status Intake::Open() {
  if (consumer_ == nullptr) {
    TB_ASSIGN_OR_RETURN(calls_partitions_, log_.Partitions(config_.calls_topic));
    TB_ASSIGN_OR_RETURN(const auto parked, log_.Partitions(config_.deadletter_topic));
    static_cast<void>(
        parked);  // asked so that a missing topic is found now, not at the first dead letter
  }
  if (writer_ == nullptr) {
    TB_ASSIGN_OR_RETURN(writer_, log_.NewWriter(config_.instance));
    sent_ = durable_ = 0;
  }
  if (consumer_ == nullptr) {
    log::ConsumerConfig consumer;
    consumer.group = config_.group;
    consumer.instance = config_.instance;
    for (const auto& [topic, sources] : sources_) consumer.topics.push_back(topic);
    consumer.co_partitioned = false;
    consumer.session_timeout = config_.session_timeout;
    TB_ASSIGN_OR_RETURN(consumer_, log_.NewConsumer(consumer, *this));
  }
  if (!rewind_) return Ok();
  for (auto& [source, partition] : partitions_) {
    if (IsStarting(source)) continue;  // StartAssigned gives it its position
    TB_RETURN_IF_ERROR(consumer_->Resume(source, partition.committed));
    partition.next_offset = partition.committed;
    partition.progress = partition.committed_progress;
  }
  rewind_ = false;
  return Ok();
}

Status Intake::Handle(Error error) {
  if (error.disposition == Disposition::kYield) error = Fenced(std::move(error));
  if (error.disposition != Disposition::kRetry) return error;
  backoff_ = std::clamp(backoff_ * 2, config_.backoff_min, config_.backoff_max);
  retry_at_ = clock_.Mono() + backoff_;
  events_.OnRetry(error, backoff_);
  return Ok();
}

// The log has dropped what was to be read next: every partition starts anew from its commit, or
// from the log's start where that is later, and says how much is gone.
Status Intake::Restart(Error why) {
  if (auto status = Drain(); !status) return status;
  for (const auto& [source, partition] : partitions_) {
    if (!IsStarting(source)) to_start_.push_back(source);
  }
  for (const auto& source : to_start_) TB_RETURN_IF_ERROR(consumer_->Pause(source));
  partitions_.clear();
  checkpoints_.clear();
  return RetryError(std::move(why.code), std::move(why.message));
}

// Another process of this name, or a broker that crashed and took us for our own predecessor: join
// the group again, as a new member. What was handed on since the last commit comes twice.
Error Intake::Fenced(Error why) {
  if (consumer_ != nullptr) consumer_->Close();
  consumer_.reset();
  writer_.reset();
  partitions_.clear();
  to_start_.clear();
  checkpoints_.clear();
  batch_.Clear();
  sent_ = durable_ = 0;
  rewind_ = false;
  if (fences_.MayJoinAgain(clock_.Mono()))
    return Error{Disposition::kRetry, std::move(why.code), std::move(why.message)};
  why.message = "member " + config_.instance +
                " was fenced too often: another process runs under the same name, stop one of "
                "them; " +
                why.message;
  return why;
}

// Part of a batch may have been handed on without its offsets: only going back loses nothing.
Status Intake::Rewind(Error why) {
  events_.OnRewind(why);
  writer_.reset();
  checkpoints_.clear();
  sent_ = durable_ = 0;
  nodes_.TellAllAgain();
  rewind_ = true;
  return why;
}

// --- partitions come and go ---

void Intake::OnAssigned(const std::vector<log::TopicPartition>& partitions,
                        const log::GroupMetadata& /*metadata*/) {
  to_start_.insert(to_start_.end(), partitions.begin(), partitions.end());
}

void Intake::OnRevoked(const std::vector<log::TopicPartition>& partitions) {
  // A failure here costs no record: the next owner reads from the last commit.
  if (auto status = Drain(); !status) events_.OnRetry(status.error(), milliseconds(0));
  Drop(partitions);
}

bool Intake::IsStarting(const log::TopicPartition& source) const {
  return std::ranges::find(to_start_, source) != to_start_.end();
}

void Intake::OnLost(const std::vector<log::TopicPartition>& partitions) { Drop(partitions); }

void Intake::Drop(const std::vector<log::TopicPartition>& partitions) {
  for (const auto& source : partitions) {
    std::erase(to_start_, source);
    for (auto& checkpoint : checkpoints_) checkpoint.offsets.erase(source);
    if (partitions_.erase(source) > 0) events_.OnPartitionStopped(source);
  }
}

Status Intake::Drain() {
  for (std::int64_t i = Count(config_.drain_timeout);
       i > 0 && writer_ != nullptr && durable_ < sent_; --i) {
    TB_RETURN_IF_ERROR(ServeWriter(kQueueWait));
  }
  return CommitIfDue(true);
}

void Intake::Close() {
  if (consumer_ == nullptr) return;
  if (auto status = Drain(); !status) events_.OnRetry(status.error(), milliseconds(0));
  consumer_->Close();
  consumer_.reset();
  writer_.reset();
}

Status Intake::StartAssigned() {
  if (to_start_.empty()) return Ok();
  const auto starting = to_start_;
  TB_ASSIGN_OR_RETURN(const auto committed, consumer_->Committed(starting));
  for (const auto& source : starting) {
    const auto it = committed.find(source);
    TB_RETURN_IF_ERROR(StartOne(source, it == committed.end() ? std::nullopt : it->second));
  }
  // Before any record of theirs: decide must know of these sources before it sees their calls.
  TB_RETURN_IF_ERROR(SendWatermark(starting));
  for (const auto& source : starting) {
    const std::int64_t offset = partitions_.at(source).next_offset;
    TB_RETURN_IF_ERROR(consumer_->Resume(source, offset));
    std::erase(to_start_, source);
    events_.OnPartitionStarted(source, offset);
  }
  return Ok();
}

Status Intake::StartOne(const log::TopicPartition& source,
                        const std::optional<log::CommittedOffset>& committed) {
  TB_ASSIGN_OR_RETURN(const auto range, consumer_->Offsets(source, false));
  const std::string where = source.topic + "/" + std::to_string(source.partition);
  Partition partition;
  partition.sources = &sources_.at(source.topic);
  partition.next_offset = range.begin;
  if (committed) {
    if (committed->next_offset > range.end) {
      return FatalError("offset_ahead", "group " + config_.group + " has read " + where +
                                            " up to " + std::to_string(committed->next_offset) +
                                            ", but it ends at " + std::to_string(range.end) +
                                            ": the topic was made anew. Reset the group's "
                                            "offset if that was meant");
    }
    if (committed->next_offset < range.begin)
      events_.OnRecordsExpired(source, committed->next_offset, range.begin);
    partition.next_offset = std::max(committed->next_offset, range.begin);
    if (const auto progress = DecodeProgress(committed->metadata)) {
      partition.progress = *progress;
    } else {
      events_.OnTalliesLost(source);
    }
  }
  partition.committed = partition.next_offset;
  partition.committed_progress = partition.progress;
  partitions_[source] = partition;
  return Ok();
}

// --- records ---

Status Intake::HandOn() {
  if (batch_.records.empty()) return Ok();
  const std::int64_t now = clock_.NowMs();
  Tallies before;
  for (const auto& [source, partition] : partitions_) before += partition.progress.tallies;
  std::int64_t oldest = now;
  log::TopicPartition source;
  Partition* partition = nullptr;
  Checkpoint checkpoint;
  for (const auto& message : batch_.records) {
    if (partition == nullptr || source.partition != message.partition ||
        source.topic != message.topic) {
      source = {std::string(message.topic), message.partition};
      const auto it = partitions_.find(source);
      partition = it == partitions_.end() ? nullptr : &it->second;
    }
    // Not ours any more, or read already.
    if (partition == nullptr || message.offset < partition->next_offset) continue;
    if (auto status = HandOnMessage(message, now, *partition); !status)
      return Rewind(std::move(status).error());
    partition->next_offset = message.offset + 1;
    partition->progress.low_watermark_ms =
        std::max(partition->progress.low_watermark_ms, std::min(message.timestamp_ms, now));
    oldest = std::min(oldest, message.timestamp_ms);
    checkpoint.offsets.try_emplace(source);
  }
  Tallies delta;
  for (const auto& [where, state] : partitions_) delta += state.progress.tallies;
  for (auto& [where, at] : checkpoint.offsets) {
    const auto& state = partitions_.at(where);
    at = {state.next_offset, state.progress};
  }
  checkpoint.sequence = sent_;
  if (!checkpoint.offsets.empty()) checkpoints_.push_back(std::move(checkpoint));
  events_.OnBatch(delta - before, now - oldest);
  return Ok();
}

Status Intake::HandOnMessage(const log::Record& message, std::int64_t now_ms,
                             Partition& partition) {
  auto& tallies = partition.progress.tallies;
  const auto& sources = *partition.sources;
  Naming naming{{}, sources.header(), std::nullopt};
  if (!naming.header.empty()) naming.value = consumer_->HeaderOf(message, sources.header());
  auto* const chosen = sources.Choose(naming.value);
  if (chosen == nullptr) return ParkUnknown(message, naming, sources, tallies);
  auto& decoder = *chosen;
  naming.source = decoder.config().name;
  const std::uint64_t ids_made = decoder.ids_made();
  decoder.Decode(message.value, {now_ms, message.timestamp_ms}, decoded_);
  ++tallies.messages;
  for (const auto& item : decoded_.items) {
    ++tallies.records;
    auto& coordinates = *item.record->mutable_coordinates();
    coordinates.set_topic(message.topic.data(), message.topic.size());
    coordinates.set_partition(message.partition);
    coordinates.set_offset(message.offset);
    coordinates.set_place(item.place);
    if (item.record->settle().past_end_ms() > 0) nodes_.Note(*item.record);
    TB_RETURN_IF_ERROR(HandOnRecord(*item.record, tallies));
  }
  for (const auto& rejected : decoded_.rejected) {
    ++tallies.records;
    TB_RETURN_IF_ERROR(ParkRejected(message, naming, rejected, tallies));
  }
  if (decoder.ids_made() != ids_made) events_.OnIdsMade(decoder.ids_made() - ids_made);
  return Ok();
}

Status Intake::HandOnRecord(v1::CallRecord& record, Tallies& tallies) {
  const auto [terminating, called, originating] = FindEnds(record, *lines_);
  if (terminating.empty()) {
    ++tallies.not_tenant;
  } else {
    SetServed(record, v1::Served::SIDE_TERMINATING, terminating, called->e164(), lines_->version());
    SetReach(record, originating, reach_);
    TB_RETURN_IF_ERROR(HandOnSide(record, tallies));
  }
  if (originating.empty()) {
    ++tallies.not_tenant;
  } else {
    SetServed(record, v1::Served::SIDE_ORIGINATING, originating, record.calling().e164(),
              lines_->version());
    record.clear_reach();  // nobody is texted for a call that the business made
    TB_RETURN_IF_ERROR(HandOnSide(record, tallies));
  }
  return Ok();
}

Status Intake::HandOnSide(v1::CallRecord& record, Tallies& tallies) {
  SerializeEntry(record, buffer_);
  std::string key = record.served().customer();
  if (key.empty())
    key = record.served().line() + ":" +
          (record.join_key().empty() ? record.record_id() : record.join_key());
  auto status = Send(config_.calls_topic, std::nullopt, key, buffer_);
  if (!status && status.error().disposition == Disposition::kDeadLetter) {
    v1::DeadLetter letter;
    *letter.mutable_coordinates() = record.coordinates();
    letter.set_role("intake");
    letter.set_source(record.source());
    letter.set_reason(status.error().code);
    letter.set_message(status.error().message);
    letter.set_at_ms(clock_.NowMs());
    letter.set_side(record.served().side() == v1::Served::SIDE_TERMINATING ? "terminating"
                                                                           : "originating");
    letter.set_value(record.SerializeAsString().substr(0, kDeadLetterValueMax));
    letter.set_value_size(record.ByteSizeLong());
    events_.OnDeadLetter(record.source(), status.error());
    ++tallies.deadletter;
    const auto& at = record.coordinates();
    return Send(
        config_.deadletter_topic, std::nullopt,
        at.topic() + "/" + std::to_string(at.partition()) + "/" + std::to_string(at.offset()),
        letter.SerializeAsString());
  }
  TB_RETURN_IF_ERROR(std::move(status));
  ++tallies.handed_on;
  return Ok();
}

Status Intake::ParkUnknown(const log::Record& message, const Naming& naming, const Sources& sources,
                           Tallies& tallies) {
  ++tallies.messages;
  ++tallies.records;
  const cdr::Decoded::Rejected unknown{sources.Unknown(naming.value),
                                       message.value.value_or(std::string_view())};
  return ParkRejected(message, naming, unknown, tallies);
}

Status Intake::ParkRejected(const log::Record& message, const Naming& naming,
                            const cdr::Decoded::Rejected& rejected, Tallies& tallies) {
  v1::DeadLetter letter;
  auto& coordinates = *letter.mutable_coordinates();
  coordinates.set_topic(std::string(message.topic));
  coordinates.set_partition(message.partition);
  coordinates.set_offset(message.offset);
  letter.set_role("intake");
  letter.set_source(std::string(naming.source));
  if (naming.value) {
    letter.set_source_header(std::string(naming.header));
    letter.set_source_header_value(std::string(naming.value->substr(0, kDeadLetterHeaderMax)));
  }
  letter.set_reason(rejected.error.code);
  letter.set_message(rejected.error.message);
  letter.set_key(std::string(message.key.substr(0, kDeadLetterValueMax)));
  letter.set_value(std::string(rejected.bytes.substr(0, kDeadLetterValueMax)));
  letter.set_value_size(rejected.bytes.size());
  letter.set_at_ms(clock_.NowMs());
  events_.OnDeadLetter(naming.source, rejected.error);
  tallies.deadletter += 2;  // neither side can be told
  return Send(config_.deadletter_topic, std::nullopt, CoordinatesKey(message),
              letter.SerializeAsString());
}

// --- watermarks ---

Status Intake::WatermarkIfDue() {
  if (clock_.Mono() < watermark_at_ || partitions_.empty()) return Ok();
  TB_RETURN_IF_ERROR(RefreshLowWatermarks());
  std::vector<log::TopicPartition> sources;
  for (const auto& [source, partition] : partitions_) {
    if (!IsStarting(source)) sources.push_back(source);
  }
  if (sources.empty()) return Ok();
  watermark_at_ = clock_.Mono() + config_.watermark_interval;
  return SendWatermark(sources);
}

// Caught up: everything produced before now has been polled, and all that was polled is handed on.
Status Intake::RefreshLowWatermarks() {
  for (auto& [source, partition] : partitions_) {
    if (IsStarting(source)) continue;
    const std::int64_t now = clock_.NowMs();
    TB_ASSIGN_OR_RETURN(const auto range, consumer_->Offsets(source, true));
    TB_ASSIGN_OR_RETURN(const auto position, consumer_->Position(source));
    if (position >= range.end || Planted(Bug::kWatermarkAhead))
      partition.progress.low_watermark_ms = std::max(partition.progress.low_watermark_ms, now);
  }
  return Ok();
}

Status Intake::SendWatermark(const std::vector<log::TopicPartition>& sources) {
  v1::CallsEntry entry;
  auto& watermark = *entry.mutable_watermark();
  watermark.set_instance(config_.instance);
  watermark.set_written_at_ms(clock_.NowMs());
  for (const auto& source : sources) {
    auto& progress = *watermark.add_sources();
    progress.set_topic(source.topic);
    progress.set_partition(source.partition);
    progress.set_low_watermark_ms(partitions_.at(source).progress.low_watermark_ms);
  }
  nodes_.Tell(watermark.written_at_ms(), watermark);
  const std::string value = entry.SerializeAsString();
  for (std::int32_t p = 0; p < calls_partitions_; ++p) {
    if (auto status = Send(config_.calls_topic, p, {}, value); !status)
      return Rewind(std::move(status).error());
  }
  return Ok();
}

// --- writing and committing ---

Status Intake::Send(std::string_view topic, std::optional<std::int32_t> partition,
                    std::string_view key, std::string_view value) {
  for (std::int64_t tries = Count(config_.drain_timeout);; --tries) {
    auto sequence = writer_->Send(topic, partition, key, value, clock_.NowMs());
    if (sequence) {
      sent_ = *sequence;
      return Ok();
    }
    const bool full = sequence.error().code == log::errors::kQueueFull;
    if (!full || tries <= 0) return std::move(sequence).error();
    TB_ASSIGN_OR_RETURN(durable_, writer_->Poll(kQueueWait));
  }
}

Status Intake::ServeWriter(milliseconds wait) {
  auto durable = writer_->Poll(wait);
  if (!durable) {
    if (durable.error().disposition != Disposition::kRetry) return std::move(durable).error();
    return Rewind(std::move(durable).error());
  }
  durable_ = *durable;
  return Ok();
}

Status Intake::CommitIfDue(bool now) {
  if (!now && clock_.Mono() < commit_at_) return Ok();
  std::map<log::TopicPartition, std::pair<std::int64_t, Progress>> done;
  std::size_t count = 0;
  for (const auto& checkpoint : checkpoints_) {
    if (checkpoint.sequence > durable_ && !Planted(Bug::kCommittedBeforeDurable)) break;
    for (const auto& [source, at] : checkpoint.offsets) done[source] = at;
    ++count;
  }
  if (count == 0) return Ok();
  std::vector<log::OffsetCommit> commits;
  commits.reserve(done.size());
  for (const auto& [source, at] : done)
    commits.push_back({source, at.first, EncodeProgress(at.second)});
  if (!commits.empty()) {
    if (auto status = consumer_->Commit(commits); !status) {
      // Refused because the group has moved on: the next poll says what is still ours.
      if (status.error().disposition != Disposition::kYield) return status;
      events_.OnRetry(status.error(), milliseconds(0));
      commit_at_ = clock_.Mono() + config_.commit_interval;
      return Ok();
    }
    for (const auto& [source, at] : done) {
      auto& partition = partitions_.at(source);
      partition.committed = at.first;
      partition.committed_progress = at.second;
    }
    events_.OnCommitted(commits.size());
  }
  checkpoints_.erase(checkpoints_.begin(),
                     checkpoints_.begin() + static_cast<std::ptrdiff_t>(count));
  commit_at_ = clock_.Mono() + config_.commit_interval;
  return Ok();
}

std::map<log::TopicPartition, Progress> Intake::progress() const {
  std::map<log::TopicPartition, Progress> out;
  for (const auto& [source, partition] : partitions_) out.emplace(source, partition.progress);
  return out;
}

}  // namespace textback::intake
