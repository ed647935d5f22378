#include "shard/work.h"

#include <algorithm>

#include "base/assert.h"
#include "shard/dead_letter.h"

namespace textback::shard {

void Work::Begin(store::Store& store, const State& committed, std::int64_t now_ms) {
  TB_ASSERT(used_ == 0 && effects_.empty());
  store_ = &store;
  next_ = committed;
  next_.now_ms = std::max(next_.now_ms, now_ms);
  touched_ = false;
}

void Work::Clear() {
  TB_ASSERT(effects_.empty());
  for (std::size_t i = 0; i < used_; ++i) At(i) = Entry{};
  used_ = 0;
  // What one huge batch needed isn't kept for ever.
  constexpr std::size_t kChunksKept = 512;
  if (chunks_.size() > kChunksKept) chunks_.resize(kChunksKept);
  index_.clear();
  outputs_.clear();
  parked_.clear();
  saved_entries_.clear();
  saved_sources_.clear();
  counted_.clear();
  refused_.reset();
  arena_.Clear();
  touched_ = false;
  store_ = nullptr;
}

void Work::BeginCall() {
  saved_entries_.clear();
  saved_sources_.clear();
  counted_.clear();
  saved_forgotten_ms_ = next_.forgotten_through_ms;
  saved_outputs_ = outputs_.size();
  saved_parked_ = parked_.size();
  saved_effects_ = effects_.size();
  refused_.reset();
}

Status Work::EndCall(Status status) {
  if (status && refused_) status = *std::exchange(refused_, std::nullopt);
  if (!status) Undo();
  touched_ = touched_ || status.has_value();
  return status;
}

void Work::Undo() {
  for (auto it = saved_entries_.rbegin(); it != saved_entries_.rend(); ++it) {
    it->entry->change = it->change;
    it->entry->bytes = std::move(it->bytes);
    it->entry->due_ms = it->due_ms;
  }
  for (auto it = saved_sources_.rbegin(); it != saved_sources_.rend(); ++it) {
    if (it->mark) {
      next_.sources[it->source] = *it->mark;
    } else {
      next_.sources.erase(it->source);
    }
  }
  for (const auto& [number, n] : counted_) next_.tallies[number] -= n;
  saved_entries_.clear();
  saved_sources_.clear();
  counted_.clear();
  next_.forgotten_through_ms = saved_forgotten_ms_;
  outputs_.resize(saved_outputs_);
  parked_.resize(saved_parked_);
  effects_.resize(saved_effects_);
}

Work::Entry& Work::EntryOf(std::string_view key) {
  if (const auto it = index_.find(key); it != index_.end()) return *it->second;
  if (used_ == chunks_.size() * kChunk) chunks_.push_back(std::make_unique<Entry[]>(kChunk));
  Entry& entry = At(used_++);
  entry.key = arena_.Copy(key);
  index_.emplace(entry.key, &entry);
  return entry;
}

void Work::Save(Entry& entry) {
  saved_entries_.push_back({&entry, entry.change, std::move(entry.bytes), entry.due_ms});
}

void Work::RefuseTooLarge(std::string_view what, std::size_t size) {
  if (refused_) return;
  refused_ = DeadLetterError(errors::kValueTooLarge,
                             std::string(what) + " would have " + std::to_string(size) +
                                 " bytes, the limit is " + std::to_string(config_.value_bytes_max) +
                                 " (value_bytes_max)");
}

Result<std::optional<std::string_view>> Work::Read(std::string_view key) {
  Entry& entry = EntryOf(key);
  if (entry.change == Entry::Change::kWritten) return std::optional<std::string_view>(entry.bytes);
  if (entry.change == Entry::Change::kErased) return std::optional<std::string_view>();
  if (entry.base == Entry::Base::kUnread) {
    TB_ASSIGN_OR_RETURN(const store::Document* document, store_->Get(key));
    entry.base = document ? Entry::Base::kPresent : Entry::Base::kAbsent;
    if (document) {
      entry.base_bytes = arena_.Copy(document->bytes);
      entry.base_due_ms = document->next_due_ms;
    }
  }
  if (entry.base == Entry::Base::kAbsent) return std::optional<std::string_view>();
  return std::optional<std::string_view>(entry.base_bytes);
}

void Work::Write(std::string_view key, std::string document, std::int64_t next_due_ms) {
  TB_ASSERT(!key.empty() && !IsReservedKey(key));
  if (document.size() + key.size() > config_.value_bytes_max) {
    RefuseTooLarge("a document", document.size() + key.size());
    return;
  }
  Entry& entry = EntryOf(key);
  Save(entry);
  entry.change = Entry::Change::kWritten;
  entry.bytes = std::move(document);
  entry.due_ms = next_due_ms;
}

void Work::Erase(std::string_view key) {
  TB_ASSERT(!key.empty() && !IsReservedKey(key));
  Entry& entry = EntryOf(key);
  Save(entry);
  entry.change = Entry::Change::kErased;
  entry.bytes.clear();
  entry.due_ms = kNeverDue;
}

std::int64_t Work::DueOf(std::string_view key, std::int64_t committed_due_ms) const {
  const auto it = index_.find(key);
  if (it == index_.end() || it->second->change == Entry::Change::kNone) return committed_due_ms;
  return it->second->due_ms;
}

void Work::CountRecord() {
  Count("runtime.records", 1);
  counted_.clear();  // stays counted, also where the record itself is refused
  touched_ = true;
}

void Work::ForgetThrough(std::int64_t event_time_ms) {
  next_.forgotten_through_ms = std::max(next_.forgotten_through_ms, event_time_ms);
}

void Work::Emit(std::size_t output, std::string_view key, std::string value) {
  TB_ASSERT(output < config_.outputs.size());
  if (value.size() + key.size() > config_.value_bytes_max) {
    RefuseTooLarge("a record for " + config_.outputs[output].topic, value.size() + key.size());
    return;
  }
  outputs_.push_back({output, arena_.Copy(key), std::move(value)});
}

void Work::DeadLetter(const InputRecord& record, const Error& error) {
  TB_ASSERT(record.input < config_.inputs.size());
  parked_.push_back({arena_.Copy(record.key.substr(0, kDeadLetterKeyMax)),
                     EncodeDeadLetter(config_.role, config_.inputs[record.input].topic, record,
                                      error, next_.now_ms)});
  Count("runtime.dead_letters", 1);
}

void Work::AfterCommit(std::unique_ptr<Effect> effect) { effects_.push_back(std::move(effect)); }

void Work::Heard(std::string_view source, std::int64_t low_watermark_ms) {
  auto it = next_.sources.find(source);
  if (it == next_.sources.end()) {
    if (next_.sources.size() >= config_.sources_max) EvictSource();
    saved_sources_.push_back({std::string(source), std::nullopt});
    it = next_.sources.emplace(std::string(source), SourceMark{low_watermark_ms, next_.now_ms})
             .first;
    return;
  }
  saved_sources_.push_back({it->first, it->second});
  // A statement about the past stays true: another reader of the same source may be behind it.
  it->second.low_watermark_ms = std::max(it->second.low_watermark_ms, low_watermark_ms);
  it->second.heard_at_ms = next_.now_ms;
}

void Work::EvictSource() {
  const auto oldest = std::min_element(
      next_.sources.begin(), next_.sources.end(),
      [](const auto& a, const auto& b) { return a.second.heard_at_ms < b.second.heard_at_ms; });
  saved_sources_.push_back({oldest->first, oldest->second});
  next_.sources.erase(oldest);
}

void Work::Count(std::string_view name, std::int64_t n) {
  const auto number = names_.Find(name);
  TB_ASSERT(number);  // all names together must fit into an offset's metadata: see state.h
  if (next_.tallies.size() <= *number) next_.tallies.resize(*number + 1);
  next_.tallies[*number] += n;
  counted_.emplace_back(*number, n);
}

std::size_t Work::changes() const {
  std::size_t n = 0;
  for (std::size_t i = 0; i < used_; ++i) n += chunks_[i / kChunk][i % kChunk].changed() ? 1 : 0;
  return n;
}

}  // namespace textback::shard
