// MessagePort on an SMPP account: cuts a text into parts, submits them, gathers their outcomes.
//
// Every message taken gives exactly one outcome, since SubmitPort promises one for every part. A
// part that the port has no room for is known not sent. A late answer (after its response time-out)
// is left to the receipt that follows it.
//
// Limits: messages open at once are those of IntentBudget; parts of one, `parts_max`.
// Threads: as MessagePort says; one mutex, held without I/O.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "dispatch/message_port.h"
#include "smpp/profile.h"
#include "smpp/submit_port.h"

namespace textback::dispatch {

struct SmppMessageConfig {
  std::string account = "smsc";
  smpp::SmscProfile profile;
  std::size_t parts_max = 8;
  std::uint8_t registered_delivery = smpp::kReceiptAlways;
};

class SmppMessagePort final : public MessagePort {
 public:
  // `port` outlives it.
  SmppMessagePort(const SmppMessageConfig& config, smpp::SubmitPort& port, std::size_t shards);

  bool TrySend(std::size_t shard, Message&& message) override;
  void Drain(std::size_t shard, std::size_t max, std::vector<MessageOutcome>& out) override;
  bool Ready() const override;
  // The process is to end: nothing new is taken on, what is open comes to its outcome. Without it
  // a text intended last would have no time left for one, and be unknown. Any thread.
  void Close() { closed_ = true; }
  const std::string& account() const override { return config_.account; }

 private:
  struct Open {
    std::size_t shard = 0;
    MessageOutcome outcome;
    std::size_t missing = 0;  // parts without an outcome
  };
  // A part that is with the SubmitPort.
  struct Part {
    std::uint64_t message = 0;  // key of open_
    std::uint32_t number = 0;
  };

  void Finish(std::size_t shard, MessageOutcome outcome);
  void Settle(const Part& part, PartOutcome outcome);
  PartOutcome Translate(const smpp::SubmitOutcome& outcome, std::uint32_t number) const;
  Result<std::vector<smpp::SubmitRequest>> BuildRequests(const Message& message) const;

  const SmppMessageConfig config_;
  smpp::SubmitPort& port_;
  std::mutex mutex_;
  std::uint64_t next_ = 1;
  std::unordered_map<std::uint64_t, Open> open_;
  std::unordered_map<std::uint64_t, Part> parts_;
  std::vector<std::deque<MessageOutcome>> done_;  // by shard
  std::vector<smpp::SubmitOutcome> drained_;
  std::atomic<bool> closed_{false};
  mutable std::mutex ready_mutex_;
  mutable bool ready_ = false;
  mutable unsigned ready_uses_ = 0;
};

}  // namespace textback::dispatch
