#include "simulation/sim_smsc.h"

#include <algorithm>
#include <utility>

namespace textback::simulation {

using dispatch::PartResult;

std::uint32_t SimSmsc::PartsOf(const std::string& body) {
  return body.size() <= 160 ? 1 : static_cast<std::uint32_t>((body.size() + 152) / 153);
}

std::unique_ptr<SimSmsc::Port> SimSmsc::NewPort(std::uint64_t incarnation) {
  return std::make_unique<Port>(*this, incarnation);
}

SimSmsc::Fate SimSmsc::Draw() {
  if (behaves_) return Fate::kAccept;
  const double at = random_.Unit();
  if (at < 0.78) return Fate::kAccept;
  if (at < 0.86) return Fate::kThrottle;
  if (at < 0.90) return Fate::kReject;
  if (at < 0.94) return Fate::kResponseLost;
  if (at < 0.97) return Fate::kNotTaken;
  return Fate::kCut;
}

void SimSmsc::PlanReceipts(const Write& write, const dispatch::Message& message,
                           const std::string& message_id) {
  if (random_.Chance(0.15)) return;  // never
  v1::Receipt receipt;
  receipt.set_account(kAccount);
  receipt.set_message_id(message_id);
  receipt.set_message_id_key(message_id);
  receipt.set_state(random_.Chance(0.9) ? v1::DELIVERY_STATE_DELIVERED
                                        : v1::DELIVERY_STATE_UNDELIVERABLE);
  receipt.set_recipient(write.recipient);
  receipt.set_sender(message.sender.value());
  if (options_.echo_reference) receipt.set_user_message_reference(message.concat_reference);
  // Some before the response, some after the unknown's window has begun.
  std::int64_t at_ms = write.at_ms + (random_.Chance(0.3) ? 0 : random_.Between(100, 25'000));
  for (int copies = random_.Chance(0.15) ? 2 : 1; copies > 0; --copies) {
    receipt.set_received_ms(at_ms);
    receipts_.emplace(at_ms, receipt);
    at_ms += random_.Between(0, 5'000);
  }
}

std::vector<v1::Receipt> SimSmsc::TakeReceipts() {
  std::vector<v1::Receipt> due;
  while (!receipts_.empty() && receipts_.begin()->first <= clock_.NowMs()) {
    due.push_back(std::move(receipts_.begin()->second));
    receipts_.erase(receipts_.begin());
  }
  return due;
}

bool SimSmsc::Port::TrySend(std::size_t /*shard*/, dispatch::Message&& message) {
  if (dead_) return true;
  if (open_.size() >= smsc_.options_.window) return false;
  auto& random = smsc_.random_;
  Open open;
  open.parts = PartsOf(message.body);
  std::int64_t at_ms = smsc_.clock_.NowMs() + random.Between(0, 200);
  // Some stand in a queue for so long that their lease or expiry is over.
  if (!smsc_.behaves_ && random.Chance(0.06)) at_ms += random.Between(3'000, 7'000);
  for (std::uint32_t number = 1; number <= open.parts; ++number) {
    const auto& done = message.parts_done;
    if (std::find(done.begin(), done.end(), number) != done.end()) continue;
    Part& part = open.to_send.emplace_back();
    part.number = number;
    part.at_ms = at_ms;
    at_ms += random.Between(0, 50);
  }
  const std::uint64_t token = message.token;
  open.message = std::move(message);
  open_.emplace(token, std::move(open));
  return true;
}

void SimSmsc::Port::Tick() {
  if (dead_) return;
  if (smsc_.clock_.Mono() < smsc_.down_until_) LoseResponses();
  for (auto& [token, open] : open_) {
    for (Part& part : open.to_send) {
      if (!part.settled) TickPart(open, part);
    }
  }
  for (auto it = open_.begin(); it != open_.end();) {
    Open& open = it->second;
    if (!std::all_of(open.to_send.begin(), open.to_send.end(),
                     [](const Part& part) { return part.settled; })) {
      ++it;
      continue;
    }
    dispatch::MessageOutcome outcome;
    outcome.token = it->first;
    outcome.parts = open.parts;
    for (Part& part : open.to_send) outcome.outcomes.push_back(std::move(part.outcome));
    done_.push_back(std::move(outcome));
    it = open_.erase(it);
  }
}

void SimSmsc::Port::TickPart(Open& open, Part& part) {
  const std::int64_t now_ms = smsc_.clock_.NowMs();
  if (part.at_ms > now_ms) return;
  if (part.written) {
    part.settled = true;
    part.outcome.responded_ms = now_ms;
    return;
  }
  if (smsc_.clock_.Mono() >= open.message.lease_deadline || !Ready()) {
    Settle(part, PartResult::kNotSent, "");
  } else if (now_ms >= open.message.expires_ms) {
    Settle(part, PartResult::kExpired, "");
  } else {
    WritePart(open, part);
  }
}

void SimSmsc::Port::WritePart(Open& open, Part& part) {
  const std::int64_t now_ms = smsc_.clock_.NowMs();
  const Fate fate = smsc_.Draw();
  auto& random = smsc_.random_;
  const bool taken = fate == Fate::kAccept || fate == Fate::kResponseLost ||
                     (fate == Fate::kCut && random.Chance(0.5));
  smsc_.writes_.push_back({incarnation_, open.message.token, part.number, open.parts, taken, now_ms,
                           open.message.recipient, open.message.body});
  const std::string id = std::to_string(smsc_.next_id_++);
  if (taken) smsc_.PlanReceipts(smsc_.writes_.back(), open.message, id);
  part.written = true;
  auto& outcome = part.outcome;
  outcome.part = part.number;
  outcome.submitted_ms = now_ms;
  part.at_ms = now_ms + random.Between(0, 800);
  switch (fate) {
    case Fate::kAccept:
      outcome.result = PartResult::kAccepted;
      outcome.message_id = outcome.message_id_key = id;
      return;
    case Fate::kThrottle:
      outcome.result = PartResult::kTryLater;
      outcome.error = "ESME_RTHROTTLED";
      return;
    case Fate::kReject:
      outcome.result = PartResult::kRejected;
      outcome.error = "ESME_RINVDSTADR";
      return;
    case Fate::kResponseLost:
    case Fate::kNotTaken:
      outcome.result = PartResult::kUnknown;
      outcome.error = "response_timeout";
      part.at_ms = now_ms + smsc_.options_.response_timeout_ms;
      return;
    case Fate::kCut:
      outcome.result = PartResult::kUnknown;
      outcome.error = "connection_lost";
      part.at_ms = now_ms;
      CutConnection();
      return;
  }
}

void SimSmsc::Port::CutConnection() {
  down_until_ = smsc_.clock_.Mono() + std::chrono::milliseconds(smsc_.random_.Between(200, 3'000));
  LoseResponses();
}

// Whatever waits for a response won't get it.
void SimSmsc::Port::LoseResponses() {
  for (auto& [token, open] : open_) {
    for (Part& part : open.to_send) {
      if (!part.written || part.settled) continue;
      part.outcome.result = PartResult::kUnknown;
      part.outcome.error = "connection_lost";
      part.at_ms = std::min(part.at_ms, smsc_.clock_.NowMs());
    }
  }
}

void SimSmsc::Port::Settle(Part& part, PartResult result, std::string error) {
  part.settled = true;
  part.outcome.part = part.number;
  part.outcome.result = result;
  part.outcome.error = std::move(error);
}

void SimSmsc::Port::Drain(std::size_t /*shard*/, std::size_t max,
                          std::vector<dispatch::MessageOutcome>& out) {
  const std::size_t n = std::min(max, done_.size());
  std::move(done_.begin(), done_.begin() + static_cast<std::ptrdiff_t>(n), std::back_inserter(out));
  done_.erase(done_.begin(), done_.begin() + static_cast<std::ptrdiff_t>(n));
}

}  // namespace textback::simulation
