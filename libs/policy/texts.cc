// Texts on their way: who was texted last, and withdrawing what has become pointless.
#include <algorithm>

#include "policy/machine.h"

namespace textback::policy {

state::v1::Pair& PairOf(Machine& m, std::string_view tenant) {
  auto& pairs = *m.document.mutable_pairs();
  for (auto& pair : pairs) {
    if (pair.tenant() == tenant) return pair;
  }
  if (static_cast<std::size_t>(pairs.size()) >= m.limits.pairs_max) {
    // The one that would be dropped first anyway. Losing it can't text anybody twice: limits count
    // Texts, not pairs.
    pairs.erase(std::min_element(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
      return a.keep_ms() < b.keep_ms();
    }));
  }
  auto& pair = *pairs.Add();
  pair.set_tenant(std::string(tenant));
  return pair;
}

std::string CancelText(Machine& m, state::v1::Call& call, std::string_view reason) {
  auto& text = *call.mutable_text();
  // After its expiry the dispatcher drops it anyway.
  if (text.closed() || text.expires_ms() <= m.now()) return "";
  text.set_closed(true);
  const std::string call_id = KeyOf(call).ToCallId();
  std::string text_job = JobId(text.tenant(), call_id, "first_text");
  auto& job = *m.effects.jobs.Add();
  job.set_job_id(JobId(text.tenant(), call_id, "cancel"));
  job.set_tenant(text.tenant());
  job.set_customer(std::string(m.moment.key));
  *job.mutable_sender() = text.sender();
  job.mutable_cancel()->set_job_id(text_job);
  job.mutable_cancel()->set_reason(std::string(reason));
  job.set_priority(3);
  job.set_expires_ms(text.expires_ms());
  job.set_basis("cancel");
  job.set_call_id(call_id);
  job.set_created_ms(m.now());
  m.effects.changed = true;
  return text_job;
}

void NoteRung(Machine& m, std::string_view tenant, std::int64_t event_ms) {
  auto& pair = PairOf(m, tenant);
  pair.set_rung_ms(std::max(pair.rung_ms(), event_ms));
  pair.set_keep_ms(std::max(pair.keep_ms(), Plus(m.now(), m.limits.pair_memory_ms)));
}

void NoteReply(Machine& m, std::string_view tenant) {
  auto& pair = PairOf(m, tenant);
  pair.set_reply_ms(m.now());
  pair.set_keep_ms(std::max(pair.keep_ms(), Plus(m.now(), m.limits.pair_memory_ms)));
}

void NoteTalk(Machine& m, std::string_view tenant, std::int64_t event_ms) {
  auto& pair = PairOf(m, tenant);
  pair.set_talk_ms(std::max(pair.talk_ms(), event_ms));
  pair.set_keep_ms(std::max(pair.keep_ms(), m.horizon_end(event_ms)));
  for (auto& call : *m.document.mutable_calls()) {
    if (call.has_text() && call.text().tenant() == tenant && call.event_ms() < event_ms) {
      CancelText(m, call, "overtaken");
    }
  }
}

}  // namespace textback::policy
