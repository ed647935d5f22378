// What would have been decided: records through the real DecideProcessor on a virtual clock, in
// memory, without side effects.
//
// now = the time at which the source wrote the record, never going back; deadlines fire when
// virtual time has passed them, records of one time first, in the order of (deadline, key). So the
// same records and policy give the same decisions, byte for byte, whenever and wherever it runs.
//
// A file doesn't say when its records were written; the settle profile does (EmissionTimes):
//   call_end   all records of a call when the last of them ends
//   leg_end    all records of a leg (same join key and leg id) when the last of them ends. Asterisk
//              writes a channel's rows when the channel is over: the phone of a ring group that
//              gave up first isn't heard of before the one that answered has hung up
//   events     each at its own time; so are partial records, which are written while a leg goes on
// and the emission delay comes on top. Without join key (and leg id) a record stands alone.
//
// Records must have `served` and `settle` filled in, as intake writes them to `calls`.
// Streaming use: Add in the order of emission, then Finish. Run sorts for those who have a file.
//
// Threads: none. Memory: one document for each customer heard of within the horizon.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "decide/decide_processor.h"

namespace textback::decide {

struct ReplayOptions {
  std::int64_t emission_delay_ms =
      1'000;  // how long after a call's end its source writes the record
  policy::Limits limits;
};

// Takes what comes out, in order. Default: nothing is done with it.
class ReplaySink {
 public:
  virtual ~ReplaySink() = default;
  virtual void OnDecision(const v1::Decision& decision) = 0;
  virtual void OnAmendment(const v1::Amendment& /*amendment*/) {}
  virtual void OnJob(const v1::Job& /*job*/) {}
  virtual void OnCallback(const v1::Callback& /*callback*/) {}
  // A record that could not be used.
  virtual void OnDeadLetter(const v1::CallRecord& /*record*/, const Error& /*error*/) {}
  virtual void OnRecordClass(const v1::CallRecord& /*record*/, policy::RecordClass /*what*/) {}
};

// The key of `calls` for a record with `served`: the customer, or "line:join key" (or record id)
// where there is no number.
std::string CallsKey(const v1::CallRecord& record);

class Replay {
 public:
  // `sink` outlives it.
  Replay(std::shared_ptr<const policy::Snapshot> snapshot, const ReplayOptions& options,
         ReplaySink& sink);
  ~Replay();

  // Emitted at its own end.
  Status Add(const v1::CallRecord& record);
  // `emitted_ms`: when its source wrote it, delay included.
  Status Add(const v1::CallRecord& record, std::int64_t emitted_ms);
  Status Add(const v1::InboundMessage& message);
  // Lets every deadline pass, so that each call has its decision.
  Status Finish();

 private:
  class State;
  std::unique_ptr<State> state_;
};

// When each was written by its source, without the emission delay; of the same length as `records`.
std::vector<std::int64_t> EmissionTimes(const std::vector<v1::CallRecord>& records);

// All at once, sorted by emission time; records of the same time keep their order.
Status RunReplay(std::vector<v1::CallRecord> records,
                 std::shared_ptr<const policy::Snapshot> snapshot, const ReplayOptions& options,
                 ReplaySink& sink);

}  // namespace textback::decide
