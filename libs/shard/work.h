// What one partition does within one transaction: the Context that its processor sees.
//
// An overlay of documents over the store, and all that the transaction will send: outputs, dead
// letters, the partition's next State. Nothing here is real until the transaction has committed;
// dropping a Work is aborting it. Each call on the processor can be taken back alone (a record that
// is parked leaves nothing else behind).
//
// Cost: keys and unchanged documents are copied into an arena, changed ones are moved from the
// processor to here and on into the store. A key is looked up in the store once a batch.
//
// Threads: the shard's. Lifetime: views from Read live until the next call on their key, or Clear.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "shard/arena.h"
#include "shard/config.h"
#include "shard/processor.h"
#include "shard/state.h"
#include "store/store.h"

namespace textback::shard {

class Work final : public Context {
 public:
  struct Output {
    std::size_t output = 0;
    std::string_view key;
    std::string value;
  };
  // A dead letter, serialised.
  struct Parked {
    std::string_view key;
    std::string value;
  };
  // A document, and what became of it.
  struct Entry {
    enum class Base : std::uint8_t { kUnread, kAbsent, kPresent };
    enum class Change : std::uint8_t { kNone, kWritten, kErased };
    std::string_view key;
    Base base = Base::kUnread;
    Change change = Change::kNone;
    std::string_view base_bytes;
    std::int64_t base_due_ms = kNeverDue;
    std::string bytes;  // if written
    std::int64_t due_ms = kNeverDue;

    // Erasing what was never there changes nothing.
    bool changed() const {
      return change == Change::kWritten || (change == Change::kErased && base != Base::kAbsent);
    }
  };

  // `config` and `names` outlive the work.
  Work(const ShardConfig& config, Names& names, std::int32_t partition)
      : config_(config), names_(names), partition_(partition) {}

  // Starts a batch on the committed state.
  void Begin(store::Store& store, const State& committed, std::int64_t now_ms);
  // Drops all but the effects' memory; effects are taken before (TakeEffects).
  void Clear();

  // Around each call on the processor. EndCall: the call's own status, unless it handed in
  // something too large, which is kDeadLetter. On an error nothing of the call remains.
  void BeginCall();
  Status EndCall(Status status);

  // The document's timer with this batch's changes; kNeverDue where it is gone. `committed_due_ms`
  // is what the store says.
  std::int64_t DueOf(std::string_view key, std::int64_t committed_due_ms) const;
  void CountRecord();
  void SetPosition(std::size_t input, std::int64_t next_offset) {
    next_.positions[input] = next_offset;
  }

  // Is there anything that a transaction must carry?
  bool touched() const { return touched_; }
  void Touch() { touched_ = true; }

  const State& next() const { return next_; }
  State& next() { return next_; }
  const std::vector<Output>& outputs() const { return outputs_; }
  const std::vector<Parked>& parked() const { return parked_; }
  std::size_t changes() const;
  // In order of first use, so that the same input gives the same bytes.
  template <class F>
  void ForEachChanged(F&& f) {
    for (std::size_t i = 0; i < used_; ++i) {
      Entry& entry = At(i);
      if (entry.changed()) f(entry);
    }
  }
  std::vector<std::unique_ptr<Effect>> TakeEffects() { return std::exchange(effects_, {}); }

  // Context
  std::int32_t partition() const override { return partition_; }
  std::int64_t now_ms() const override { return next_.now_ms; }
  std::int64_t forgotten_through_ms() const override { return next_.forgotten_through_ms; }
  void ForgetThrough(std::int64_t event_time_ms) override;
  Result<std::optional<std::string_view>> Read(std::string_view key) override;
  void Write(std::string_view key, std::string document, std::int64_t next_due_ms) override;
  void Erase(std::string_view key) override;
  void Emit(std::size_t output, std::string_view key, std::string value) override;
  void DeadLetter(const InputRecord& record, const Error& error) override;
  void AfterCommit(std::unique_ptr<Effect> effect) override;
  void Heard(std::string_view source, std::int64_t low_watermark_ms) override;
  void Count(std::string_view name, std::int64_t n) override;

 private:
  static constexpr std::size_t kChunk = 256;

  Entry& At(std::size_t i) { return chunks_[i / kChunk][i % kChunk]; }
  Entry& EntryOf(std::string_view key);
  // Remembers how the entry was, once per change.
  void Save(Entry& entry);
  void Undo();
  void RefuseTooLarge(std::string_view what, std::size_t size);
  void EvictSource();

  const ShardConfig& config_;
  Names& names_;
  const std::int32_t partition_;
  store::Store* store_ = nullptr;
  bool touched_ = false;

  Arena arena_;
  absl::flat_hash_map<std::string_view, Entry*, BytesHash, BytesEqual> index_;
  std::vector<std::unique_ptr<Entry[]>> chunks_;  // entries never move: views point into them
  std::size_t used_ = 0;

  State next_;
  std::vector<Output> outputs_;
  std::vector<Parked> parked_;
  std::vector<std::unique_ptr<Effect>> effects_;

  // How things were when the call began.
  struct SavedEntry {
    Entry* entry = nullptr;
    Entry::Change change = Entry::Change::kNone;
    std::string bytes;
    std::int64_t due_ms = kNeverDue;
  };
  struct SavedSource {
    std::string source;
    std::optional<SourceMark> mark;
  };
  std::vector<SavedEntry> saved_entries_;
  std::vector<SavedSource> saved_sources_;
  std::vector<std::pair<std::size_t, std::int64_t>> counted_;
  std::int64_t saved_forgotten_ms_ = 0;
  std::size_t saved_outputs_ = 0;
  std::size_t saved_parked_ = 0;
  std::size_t saved_effects_ = 0;
  std::optional<Error> refused_;
};

}  // namespace textback::shard
