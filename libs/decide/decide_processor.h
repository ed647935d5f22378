// The role decide as a shard's Processor: from `calls`, `inbound` and `status` to `jobs`,
// `decisions`, `amendments` and `callbacks`, by policy::Decide on the customer's document.
//
// All decisions are policy::Decide's; this class parses, looks up, writes back and counts. It
// reuses its messages, so that in the steady state a record costs no allocation but the document's
// bytes.
//
// Tallies (Context::Count, exact across kills):
//   decision merged duplicate late deadletter   the class of each record and side; the sum is what
//                                               came in, less what waits for its call's deadline
//   redelivered                                 intake's repeats: in no class
//   watermark                                   in-band marks
//   inbound_stop _start _help _other _repeated, status, deadletter_other   the other inputs
//   jobs_text jobs_reply jobs_block jobs_unblock jobs_cancel amendment false_text callback   what
//   came out
// By reason, verdict and source: DecideEvents, for metrics; they may count a batch again that was
// aborted.
//
// Threads: one shard's thread. Errors: bad input is parked here (never an error of OnRecord); what
// OnRecord returns is kRebuild or kFatal (the document), or kRetry (no policy yet).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "decide/nodes.h"
#include "policy/decide.h"
#include "shard/processor.h"
#include "textback/v1/calls_entry.pb.h"

namespace textback::decide {

// ShardConfig::inputs and outputs in this order.
enum Input : std::size_t { kCalls = 0, kInbound = 1, kStatus = 2 };
enum Output : std::size_t { kJobs = 0, kDecisions = 1, kAmendments = 2, kCallbacks = 3 };

// What metrics are made of. Called on the shard's thread, while the batch is processed; arguments
// live for the call only. Label sets are the owner's to bound: `source` is a configured name.
class DecideEvents {
 public:
  virtual ~DecideEvents() = default;
  virtual void OnRecordClass(std::string_view /*source*/, policy::RecordClass /*record_class*/) {}
  virtual void OnDecision(const v1::Decision& /*decision*/) {}
  virtual void OnAmendment(const v1::Amendment& /*amendment*/) {}
  virtual void OnJob(const v1::Job& /*job*/) {}
  virtual void OnCallback(const v1::Callback& /*callback*/) {}
  virtual void OnInbound(policy::InboundClass /*inbound_class*/) {}
};

class DecideProcessor final : public shard::Processor {
 public:
  // `source` and `events` (may be nullptr) outlive the processor. Requires
  // policy::ValidateLimits(limits).empty().
  DecideProcessor(policy::SnapshotSource& source, const policy::Limits& limits,
                  DecideEvents* events = nullptr);
  ~DecideProcessor() override;

  void OnBatchStart() override;
  Status OnRecord(shard::Context& context, const shard::InputRecord& record) override;
  Status OnTimer(shard::Context& context, std::string_view key, std::int64_t due_ms) override;

 private:
  Status OnCalls(shard::Context& context, const shard::InputRecord& record);
  Status OnInbound(shard::Context& context, const shard::InputRecord& record);
  Status OnStatus(shard::Context& context, const shard::InputRecord& record);
  Status OnWatermark(shard::Context& context, const v1::Watermark& watermark);
  Status ReadNodes(shard::Context& context);  // into nodes_
  // Reads the document, decides, writes it back, emits.
  Status Run(shard::Context& context, std::string_view key, const policy::Event& event);
  Status Write(shard::Context& context, std::string_view key, std::int64_t now_ms);
  void Emit(shard::Context& context, std::string_view key);
  void Park(shard::Context& context, const shard::InputRecord& record, const Error& error);

  policy::SnapshotSource& source_;
  const policy::Limits limits_;
  DecideEvents* const events_;
  DecideEvents no_events_;
  std::shared_ptr<const policy::Snapshot> snapshot_;

  // Reused for every record.
  v1::CallRecord record_;
  v1::CallsEntry entry_;
  v1::InboundMessage inbound_;
  v1::Status status_;
  policy::Document document_;
  NodesDocument nodes_;
  policy::Effects effects_;
  std::string scratch_;
};

}  // namespace textback::decide
