#include "intake/block_feed.h"

#include <algorithm>

#include "base/bytes.h"
#include "log/errors.h"

namespace textback::intake {
namespace {

constexpr std::size_t kListNameMax = 64;
constexpr std::size_t kNoteMax = 256;

Error Invalid(std::string why) { return DeadLetterError("block_entry_invalid", std::move(why)); }

bool IsListName(std::string_view name) {
  return !name.empty() && name.size() <= kListNameMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

Result<cdr::NumberPattern> CheckBlockEntry(std::string_view key, const v1::BlockEntry& entry) {
  if (key != entry.number()) return Invalid("the record's key is not its number");
  const auto what = cdr::ParseNumberPattern(entry.number());
  if (!what) {
    return Invalid(MaskAddress(entry.number().substr(0, 32)) +
                   " is no number: write +15550100123, or +15550100* for all that begin so");
  }
  if (!IsListName(entry.list()))
    return Invalid("a list's name has 1 to 64 of the characters a-z 0-9 - _");
  if (entry.note().size() > kNoteMax)
    return Invalid("a note has at most " + std::to_string(kNoteMax) + " bytes");
  return *what;
}

BlockFeed::BlockFeed(log::Log& log, Clock& clock, BlockFeedConfig config, IntakeEvents& events)
    : log_(log), clock_(clock), config_(std::move(config)), events_(events) {}

std::shared_ptr<const BlockTable> BlockFeed::Blocked() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

Status BlockFeed::Step(std::chrono::milliseconds wait) {
  if (clock_.Mono() < retry_at_) return Ok();
  if (reader_ == nullptr) {
    if (auto status = Open(); !status) return Handle(std::move(status).error());
  }
  if (auto status = Read(wait); !status) return Handle(std::move(status).error());
  if (caught_up_ && changed_ && clock_.Mono() >= rebuild_at_) Publish();
  return Ok();
}

Status BlockFeed::Open() {
  TB_ASSIGN_OR_RETURN(const auto partitions, log_.Partitions(config_.topic));
  if (partitions != 1) {
    return FatalError(log::errors::kPartitionMismatch,
                      "topic " + config_.topic + " has " + std::to_string(partitions) +
                          " partitions; block lists need the order of one");
  }
  TB_ASSIGN_OR_RETURN(auto reader, log_.NewReader({.read_committed = true}));
  const log::TopicPartition source{config_.topic, 0};
  TB_ASSIGN_OR_RETURN(const auto range, reader->Offsets(source, true));
  TB_RETURN_IF_ERROR(reader->Assign({{source, range.begin}}));
  // From the log's start: what was known before may have been compacted away since.
  entries_.clear();
  lists_.clear();
  position_ = range.begin;
  target_ = range.end;
  caught_up_ = false;
  changed_ = true;
  reader_ = std::move(reader);
  return Ok();
}

Status BlockFeed::Read(std::chrono::milliseconds wait) {
  TB_RETURN_IF_ERROR(reader_->Poll(batch_, log::PollLimits{}, wait));
  for (const auto& record : batch_.records) Apply(record);
  TB_ASSIGN_OR_RETURN(const auto position, reader_->Position({config_.topic, 0}));
  position_ = std::max(position_, position);
  if (!caught_up_ && position_ >= target_) caught_up_ = true;
  return Ok();
}

Result<cdr::NumberTable::Value> BlockFeed::ListOf(const v1::BlockEntry& entry) {
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    if (lists_[i].name == entry.list() && lists_[i].always == entry.always())
      return static_cast<cdr::NumberTable::Value>(i + 1);
  }
  if (lists_.size() >= cdr::NumberTable::kValueMax)
    return Invalid("more than " + std::to_string(cdr::NumberTable::kValueMax) + " lists");
  lists_.push_back({entry.list(), entry.always()});
  return static_cast<cdr::NumberTable::Value>(lists_.size());
}

void BlockFeed::Apply(const log::Record& record) {
  changed_ = true;
  position_ = record.offset + 1;
  const std::string key(record.key);
  entries_.erase(key);
  if (!record.value) return;
  v1::BlockEntry entry;
  const std::string shown = IsUtf8(key) ? MaskAddress(key.substr(0, 32)) : "(unreadable)";
  if (!entry.ParseFromArray(record.value->data(), static_cast<int>(record.value->size()))) {
    return events_.OnBlockRefused(shown, Invalid("the record is no textback.v1.BlockEntry"));
  }
  const auto what = CheckBlockEntry(key, entry);
  if (!what) return events_.OnBlockRefused(shown, what.error());
  if (entries_.size() >= kBlockEntriesMax) {
    return events_.OnBlockRefused(
        shown, Invalid("more than " + std::to_string(kBlockEntriesMax) + " entries"));
  }
  const auto list = ListOf(entry);
  if (!list) return events_.OnBlockRefused(shown, list.error());
  entries_.emplace(key, Entry{*what, *list});
}

void BlockFeed::Publish() {
  cdr::NumberTableBuilder builder;
  for (const auto& [key, entry] : entries_) builder.Add(entry.what, entry.list);
  cdr::NumberTable numbers;
  // Of prefixes one contains the other or they are apart, and each stands once: its key.
  const auto conflict = builder.Build(numbers);
  TB_ASSERT(!conflict);
  auto table = std::make_shared<const BlockTable>(std::move(numbers), lists_, position_);
  events_.OnBlocked(table->size(), position_);
  {
    const std::lock_guard lock(mutex_);
    table_ = std::move(table);
  }
  changed_ = false;
  rebuild_at_ = clock_.Mono() + config_.rebuild_interval;
}

Status BlockFeed::Handle(Error error) {
  if (error.disposition != Disposition::kRetry && error.disposition != Disposition::kRebuild)
    return error;
  reader_.reset();
  retry_at_ = clock_.Mono() + config_.backoff;
  events_.OnRetry(error, config_.backoff);
  return Ok();
}

}  // namespace textback::intake
