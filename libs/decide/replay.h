// What would have been decided: records through the real DecideProcessor on a virtual clock, in
// memory, without side effects.
//
// now = the record's event time + the source's emission delay, never going back; deadlines fire
// when virtual time has reached them, in the order of (deadline, key). So the same records and
// policy give the same decisions, byte for byte, whenever and wherever it runs.
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

  Status Add(const v1::CallRecord& record);
  Status Add(const v1::InboundMessage& message);
  // Lets every deadline pass, so that each call has its decision.
  Status Finish();

 private:
  class State;
  std::unique_ptr<State> state_;
};

// All at once, sorted by emission time; records of the same time keep their order.
Status RunReplay(std::vector<v1::CallRecord> records,
                 std::shared_ptr<const policy::Snapshot> snapshot, const ReplayOptions& options,
                 ReplaySink& sink);

}  // namespace textback::decide
