#include "intake/block_feed.h"

#include "base/ascii.h"
#include "base/bytes.h"

namespace textback::intake {
namespace {

constexpr std::size_t kListNameMax = 64;
constexpr std::size_t kNoteMax = 256;

Error Invalid(std::string why) { return DeadLetterError("block_entry_invalid", std::move(why)); }

}  // namespace

Result<cdr::NumberPattern> CheckBlockEntry(std::string_view key, const v1::BlockEntry& entry) {
  if (key != entry.number()) return Invalid("the record's key is not its number");
  const auto what = cdr::ParseNumberPattern(entry.number());
  if (!what) {
    return Invalid(MaskAddress(entry.number().substr(0, 32)) +
                   " is no number: write +15550100123, or +15550100* for all that begin so");
  }
  if (!IsPlainName(entry.list(), kListNameMax))
    return Invalid("a list's name has 1 to 64 of the characters a-z 0-9 - _");
  if (entry.note().size() > kNoteMax)
    return Invalid("a note has at most " + std::to_string(kNoteMax) + " bytes");
  return *what;
}

BlockFeed::BlockFeed(log::Log& log, Clock& clock, TableFeedConfig config, IntakeEvents& events)
    : TableFeed(log, clock, std::move(config), "block lists"), events_(events) {}

std::shared_ptr<const BlockTable> BlockFeed::Blocked() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

void BlockFeed::Clear() {
  entries_.clear();
  lists_.clear();
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
  auto table = std::make_shared<const BlockTable>(std::move(numbers), lists_, position());
  events_.OnBlocked(table->size(), position());
  const std::lock_guard lock(mutex_);
  table_ = std::move(table);
}

}  // namespace textback::intake
