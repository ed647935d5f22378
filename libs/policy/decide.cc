#include "policy/decide.h"

#include <algorithm>

#include "policy/machine.h"

namespace textback::policy {
namespace {

constexpr std::int64_t kNoDeadline = std::numeric_limits<std::int64_t>::min();

struct Dispatch {
  Machine& m;
  void operator()(const v1::CallRecord* record) const {
    OnCallRecord(m, *record);
    SettleDue(m, kNoDeadline);
  }
  void operator()(const v1::InboundMessage* message) const { OnInbound(m, *message); }
  void operator()(const v1::Status* status) const { OnStatus(m, *status); }
  void operator()(const TimerEvent& timer) const {
    SettleDue(m, timer.due_ms);
    m.effects.changed = true;
  }
};

}  // namespace

void Decide(Document& document, const Event& event, const Moment& moment, const Snapshot& snapshot,
            const Limits& limits, Effects& effects) {
  Moment at = moment;
  // A timer is never early, whatever the clock says.
  if (const auto* timer = std::get_if<TimerEvent>(&event)) {
    at.now_ms = std::max(at.now_ms, timer->due_ms);
  }
  Machine m{document, at, snapshot, limits, effects};
  Forget(document, at.now_ms);
  std::visit(Dispatch{m}, event);
  if (effects.changed) document.set_version(kDocumentVersion);
}

}  // namespace textback::policy
