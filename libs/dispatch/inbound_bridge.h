// What an SMSC sends us, into the log: receipts to `receipts`, people's texts to `inbound`.
//
// A deliver_sm is answered only when its record is durable in the log: until then the SMSC keeps
// it, and sends it again if this process dies. So nothing is lost, and repeats are recognised: a
// receipt by track, a text by its inbound_id, which is made of its content and a span of ten
// minutes.
//
// Long texts are put together first (smpp/reassembly.h). All parts but the one that completes a
// text are answered at once: many SMSCs send the next only after that, so holding them would
// truncate every long text. A kill within the reassembly's wait can therefore truncate one; it
// never loses its last part, nor a text of one part.
//
// Step() does one round without blocking longer than `wait`; one thread calls it.
// Errors: kRetry: the log can't be written now; what was taken stays unanswered and is tried again.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cdr/normalise.h"
#include "log/log.h"
#include "smpp/profile.h"
#include "smpp/reassembly.h"
#include "smpp/submit_port.h"

namespace textback::dispatch {

struct InboundConfig {
  std::string account = "smsc";
  std::string country;  // ISO 3166-1, of addresses in national form; empty: those aren't read
  smpp::SmscProfile profile;
  std::string receipts_topic = "textback.receipts";
  std::string inbound_topic = "textback.inbound";
  std::size_t batch_max = 1'000;
  std::size_t unanswered_max = 10'000;  // taken from the SMSC and not yet durable
  std::size_t text_bytes_max = 4'096;
};

struct InboundStats {
  std::uint64_t receipts = 0;
  std::uint64_t texts = 0;
  std::uint64_t unreadable = 0;  // neither: answered, so that it isn't repeated for ever
  std::uint64_t unanswered = 0;  // now
};

class InboundBridge {
 public:
  // All outlive it. Requires Normaliser::Make to know the country.
  InboundBridge(const InboundConfig& config, smpp::SubmitPort& port, log::Log& log,
                const Clock& clock);
  ~InboundBridge();

  Status Step(std::chrono::milliseconds wait);
  const InboundStats& stats() const { return stats_; }

 private:
  struct Unanswered {
    std::uint64_t sequence = 0;  // of the writer
    std::vector<std::uint64_t> handles;
  };

  std::string AddressText(const smpp::AddressView& address) const;
  Status Write(std::string_view topic, std::string_view key, std::string value,
               std::vector<std::uint64_t> handles);
  Status OnReceipt(const smpp::Delivered& delivered);
  Status OnText(smpp::Delivered&& delivered);
  Status PutMessage(const smpp::MoMessage& message, std::int64_t received_ms,
                    std::vector<std::uint64_t> handles);
  void AnswerDurable(std::uint64_t through);
  // Refuses all that isn't durable, so that the SMSC sends it again, and starts a new writer.
  void GiveUp();

  const InboundConfig config_;
  smpp::SubmitPort& port_;
  log::Log& log_;
  const Clock& clock_;
  const cdr::Normaliser normaliser_;
  std::unique_ptr<log::Writer> writer_;
  smpp::Reassembler reassembler_;
  std::vector<smpp::MoMessage> joined_;
  std::deque<Unanswered> unanswered_;  // in order of sequence
  std::vector<smpp::Delivered> taken_;
  InboundStats stats_;
};

}  // namespace textback::dispatch
