// An SMSC for tests, demos and load: takes submit_sm, answers, sends receipts and texts, and does
// on request all that real ones do wrong. SMPP 3.4, server side, without sockets.
//
// Bytes and time go in, bytes come out: server.h drives it from sockets, the simulation from
// memory. Faults are drawn from a seeded Random; with the same calls it does the same.
//
// What it took is told to an observer, once per submit_sm that it accepted, before anything can go
// wrong with the response: so a lost response and a text twice can be told apart.
//
// Threads: one. Limits: connections, outstanding deliver_sm per connection, waiting deliveries in
// all.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "smpp/pdu.h"
#include "smpp/receipt.h"

namespace textback::smsc {

// Fractions are of 1. Durations are milliseconds; a pair is [least, most], drawn evenly.
struct SmscOptions {
  std::string system_id;  // "": any
  std::string password;
  std::pair<std::int64_t, std::int64_t> response_delay_ms{0, 0};
  double throttle = 0;         // answered ESME_RTHROTTLED, not taken
  double temporary = 0;        // ESME_RSYSERR, not taken
  double reject = 0;           // ESME_RINVDSTADR, not taken
  double lose_response = 0;    // taken, never answered
  double drop_connection = 0;  // taken, then the connection is closed before the answer
  double refuse_bind = 0;      // ESME_RBINDFAIL
  std::uint32_t rate_max = 0;  // submits a second, beyond it ESME_RTHROTTLED; 0: none
  std::uint32_t window_max =
      0;  // unanswered submits a connection, beyond it ESME_RTHROTTLED; 0: none

  double receipts = 1;  // of the submits that ask for one
  std::pair<std::int64_t, std::int64_t> receipt_delay_ms{100, 1000};
  double receipt_before_response = 0;  // the receipt comes first
  double receipt_twice = 0;
  double delivered = 0.95;  // of the receipts; the rest is split between the next two
  double undeliverable = 0.04;
  double expired = 0.01;
  bool receipt_text = true;  // appendix B
  bool receipt_tlvs = true;
  bool response_id_hex = false;  // ids in submit_sm_resp in hexadecimal
  bool receipt_id_hex = false;   // and in receipts

  std::int64_t redeliver_ms = 5'000;  // a deliver_sm without an answer, or refused for now
  std::size_t connections_max = 1'000;
  std::size_t deliver_window = 200;
  std::size_t deliveries_max =
      2'000'000;                   // receipts and texts that wait; beyond it receipts are dropped
  std::int64_t idle_ms = 120'000;  // a connection that says nothing is closed
};

struct TakenSubmit {
  std::uint64_t number = 0;  // message id as a number, unique
  std::string_view message_id;
  std::string_view system_id;
  std::uint32_t connection = 0;
  const smpp::MessageSm* message = nullptr;
  std::int64_t at_ms = 0;
};

class SmscObserver {
 public:
  virtual ~SmscObserver() = default;
  virtual void OnTaken(const TakenSubmit& submit) = 0;
};

struct SmscStats {
  std::uint64_t binds = 0, binds_refused = 0, closed = 0;
  std::uint64_t taken = 0, throttled = 0, temporary = 0, rejected = 0, malformed = 0;
  std::uint64_t responses_lost = 0, dropped = 0;
  std::uint64_t receipts = 0, receipts_acknowledged = 0, receipts_overflow = 0;
  std::uint64_t texts = 0, texts_acknowledged = 0, redelivered = 0;
};

class SmscCore {
 public:
  using ConnectionId = std::uint32_t;

  // `clock` and `observer` (may be null) outlive it.
  SmscCore(const SmscOptions& options, const Clock& clock, std::uint64_t seed,
           SmscObserver* observer);

  // nullopt: connections_max reached.
  std::optional<ConnectionId> Open();
  void Receive(ConnectionId id, std::string_view bytes);
  // The transport has closed it. What it didn't acknowledge is delivered anew.
  void Closed(ConnectionId id);
  // Answers, receipts and repeats that are due.
  void Tick();
  // When Tick has something to do; MonoTime::max() if nothing waits.
  MonoTime NextDue() const;

  // Bytes to be written since the last call; empty if none.
  std::string TakeOutput(ConnectionId id);
  // Whether the transport has to close it, after the output was written or at once (`drop`).
  enum class Closing : std::uint8_t { kNo, kAfterOutput, kDrop };
  Closing ShouldClose(ConnectionId id) const;
  std::vector<ConnectionId> Connections() const;

  // A text from a customer. False when deliveries_max wait.
  bool InjectText(std::string_view from, std::string_view to, std::string_view utf8);
  void DropAll();  // closes every connection, as a failing SMSC does

  SmscOptions& options() { return options_; }
  const SmscStats& stats() const { return stats_; }
  std::size_t waiting_deliveries() const { return ready_.size() + timed_deliveries_.size(); }

 private:
  struct Delivery {
    std::string system_id;  // whose receipt; "": anybody's who is bound to receive
    std::string pdu;        // a whole deliver_sm; the sequence number is patched in
    bool receipt = false;
  };
  struct Answer {
    MonoTime due;
    std::string bytes;
  };
  struct Connection {
    std::string input;
    std::string output;
    std::string system_id;
    bool receives = false;
    bool transmits = false;
    Closing closing = Closing::kNo;
    std::deque<Answer> answers;  // in order of their due time
    std::uint32_t next_sequence = 1;
    struct Sent {
      Delivery delivery;
      MonoTime due;
    };
    std::map<std::uint32_t, Sent> delivering;
    MonoTime last_heard{};
  };
  struct Timed {
    MonoTime due;
    std::uint64_t order = 0;
    Delivery delivery;
    bool operator<(const Timed& other) const {  // std::priority_queue: the least first
      return due != other.due ? due > other.due : order > other.order;
    }
  };

  void OnFrame(ConnectionId id, Connection& connection, const smpp::Frame& frame);
  void OnBind(Connection& connection, const smpp::Frame& frame);
  void OnSubmit(ConnectionId id, Connection& connection, const smpp::Frame& frame);
  void OnDeliverResp(Connection& connection, const smpp::Frame& frame);
  void Respond(Connection& connection, std::string bytes);
  void Schedule(Delivery delivery, MonoTime due);
  Delivery MakeReceipt(const smpp::MessageSm& message, std::string_view system_id,
                       std::uint64_t number);
  void FlushDeliveries();
  void Deliver(Connection& connection, Delivery delivery);
  std::int64_t Draw(std::pair<std::int64_t, std::int64_t> range);
  bool OverRate();

  SmscOptions options_;
  const Clock& clock_;
  Random random_;
  SmscObserver* observer_;
  SmscStats stats_;
  std::map<ConnectionId, Connection> connections_;
  ConnectionId next_connection_ = 1;
  std::uint64_t next_number_;
  std::uint64_t next_order_ = 0;
  std::deque<Delivery> ready_;
  std::priority_queue<Timed> timed_deliveries_;
  MonoTime rate_second_{};
  std::uint32_t rate_count_ = 0;
};

}  // namespace textback::smsc
