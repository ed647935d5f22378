#include "simulation/shrink.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "textback/v1/call_record.pb.h"

namespace textback::simulation {
namespace {

// "" for junk.
v1::CallRecord Parse(const ScriptedRecord& record) {
  v1::CallRecord call;
  if (!call.ParseFromString(record.value) || call.record_id().empty()) call.Clear();
  return call;
}

// Of "r12-2" and "r12-back": "r12".
std::string CallOf(const ScriptedRecord& record) {
  const std::string id = Parse(record).record_id();
  return id.substr(0, id.find('-'));
}

std::set<std::string> LinesOf(const Plan& plan) {
  std::set<std::string> lines;
  for (const auto& tenant : plan.tenants) {
    for (const auto& line : tenant.lines()) lines.insert(line.msisdn());
  }
  return lines;
}

// Whoever isn't the tenant; where both are, the caller.
std::string PersonOf(const ScriptedRecord& record, const std::set<std::string>& lines) {
  const auto call = Parse(record);
  const std::string& calling = call.calling().number();
  const std::string& called = call.called().number();
  return lines.count(calling) != 0 && lines.count(called) == 0 ? called : calling;
}

class Shrinker {
 public:
  Shrinker(Plan plan, const Fails& fails, std::size_t runs_max)
      : plan_(std::move(plan)), fails_(fails), runs_max_(runs_max) {}

  Shrunk Run() {
    std::size_t before = 0;
    do {
      before = Size();
      Persons();
      Calls();
      Reduce(&Plan::records);
      Reduce(&Plan::texts);
      Reduce(&Plan::blows);
      Faults();
    } while (Size() < before);
    Shorten();
    std::set<std::string> left;
    for (const auto& record : plan_.records) left.insert(Parse(record).record_id());
    std::erase_if(plan_.truth, [&](const auto& entry) { return left.count(entry.first) == 0; });
    return {std::move(plan_), runs_};
  }

 private:
  std::size_t Size() const {
    return plan_.records.size() + plan_.texts.size() + plan_.blows.size() +
           (plan_.faults ? plan_.faults->size() : 0);
  }

  bool Try(Plan&& smaller) {
    if (runs_ >= runs_max_) return false;
    ++runs_;
    if (!fails_(smaller)) return false;
    plan_ = std::move(smaller);
    return true;
  }

  // Leaves out of `items` what isn't needed. `with` makes a plan that has only these.
  template <class Item, class With>
  void Minimise(std::vector<Item> items, With with) {
    if (items.empty() || Try(with(std::vector<Item>()))) return;
    for (std::size_t piece = (items.size() + 1) / 2; piece > 0; piece /= 2) {
      for (std::size_t at = 0; at < items.size();) {
        std::vector<Item> fewer(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(at));
        const std::size_t end = std::min(items.size(), at + piece);
        fewer.insert(fewer.end(), items.begin() + static_cast<std::ptrdiff_t>(end), items.end());
        if (Try(with(fewer))) {
          items = std::move(fewer);
        } else {
          at = end;
        }
      }
    }
  }

  template <class Item>
  void Reduce(std::vector<Item> Plan::* list) {
    Minimise(plan_.*list, [&](std::vector<Item> fewer) {
      Plan plan = plan_;
      plan.*list = std::move(fewer);
      return plan;
    });
  }

  void Faults() {
    if (!plan_.faults) return;
    Minimise(*plan_.faults, [&](std::vector<log::sim::Strike> fewer) {
      Plan plan = plan_;
      plan.faults = std::move(fewer);
      return plan;
    });
  }

  void Persons() {
    const auto lines = LinesOf(plan_);
    std::set<std::string> all;
    for (const auto& record : plan_.records) all.insert(PersonOf(record, lines));
    for (const auto& text : plan_.texts) all.insert(text.message.customer());
    Minimise(std::vector<std::string>(all.begin(), all.end()),
             [&](const std::vector<std::string>& fewer) {
               const std::set<std::string> kept(fewer.begin(), fewer.end());
               Plan plan = plan_;
               std::erase_if(plan.records,
                             [&](const auto& r) { return kept.count(PersonOf(r, lines)) == 0; });
               std::erase_if(plan.texts,
                             [&](const auto& t) { return kept.count(t.message.customer()) == 0; });
               return plan;
             });
  }

  void Calls() {
    std::set<std::string> all;
    for (const auto& record : plan_.records) all.insert(CallOf(record));
    Minimise(std::vector<std::string>(all.begin(), all.end()),
             [&](const std::vector<std::string>& fewer) {
               const std::set<std::string> kept(fewer.begin(), fewer.end());
               Plan plan = plan_;
               std::erase_if(plan.records,
                             [&](const auto& r) { return kept.count(CallOf(r)) == 0; });
               return plan;
             });
  }

  // Fewer processes, and less time.
  void Shorten() {
    if (plan_.decide_processes > 2) {
      Plan plan = plan_;
      plan.decide_processes = 2;
      Try(std::move(plan));
    }
    std::int64_t last_ms = 0;
    if (!plan_.records.empty()) last_ms = std::max(last_ms, plan_.records.back().at_ms);
    if (!plan_.texts.empty()) last_ms = std::max(last_ms, plan_.texts.back().at_ms);
    for (const auto& blow : plan_.blows) last_ms = std::max(last_ms, blow.at_ms + blow.for_ms);
    for (const std::int64_t more_ms : {5'000, 20'000, 60'000}) {
      if (last_ms + more_ms >= plan_.chaos_ms) return;
      Plan plan = plan_;
      plan.chaos_ms = last_ms + more_ms;
      if (Try(std::move(plan))) return;
    }
  }

  Plan plan_;
  const Fails& fails_;
  const std::size_t runs_max_;
  std::size_t runs_ = 0;
};

std::string NameOf(Blow::Kind kind) {
  switch (kind) {
    case Blow::Kind::kKill:
      return "kill";
    case Blow::Kind::kPause:
      return "pause";
    case Blow::Kind::kRestart:
      return "restart";
    case Blow::Kind::kDiskError:
      return "disk errors";
    case Blow::Kind::kCutOff:
      return "cut off";
    case Blow::Kind::kNetworkDown:
      return "no SMSC";
    case Blow::Kind::kInboundSlow:
      return "nothing of textback.inbound";
    case Blow::Kind::kOffsetsGone:
      return "decide's offsets gone";
  }
  return "?";
}

std::string Line(const Plan& plan, const ScriptedRecord& record) {
  const auto call = Parse(record);
  std::string line = Sources()[record.source].config.name + " writes ";
  if (call.record_id().empty()) return line + "junk";
  line += call.record_id() + ": " + call.calling().number() + " calls " + call.called().number();
  if (const auto truth = plan.truth.find(call.record_id()); truth != plan.truth.end()) {
    line += ", " + v1::Verdict_Name(truth->second.verdict) + ", ended at " +
            std::to_string(truth->second.ended_ms - kStartMs);
  }
  if (!call.join_key().empty()) line += ", a leg of " + call.join_key();
  return call.call_over() ? line + ", over" : line;
}

}  // namespace

Plan Scripted(const History& history) {
  Plan plan = history.plan;
  plan.faults = history.strikes;
  return plan;
}

Shrunk Shrink(Plan plan, const Fails& fails, std::size_t runs_max) {
  return Shrinker(std::move(plan), fails, runs_max).Run();
}

std::string Describe(const Plan& plan) {
  std::multimap<std::int64_t, std::string> lines;
  for (const auto& record : plan.records) lines.emplace(record.at_ms, Line(plan, record));
  for (const auto& text : plan.texts) {
    lines.emplace(text.at_ms, text.message.customer() + " texts " + text.message.recipient() +
                                  ": " + text.message.text());
  }
  const auto names = MachineNames(plan);
  for (const auto& blow : plan.blows) {
    const bool one = blow.kind < Blow::Kind::kNetworkDown;
    lines.emplace(blow.at_ms, NameOf(blow.kind) +
                                  (one ? " " + names[blow.process % names.size()] : "") + " for " +
                                  std::to_string(blow.for_ms) + " ms");
  }
  std::string out;
  for (const auto& [at_ms, line] : lines) out += std::to_string(at_ms) + " " + line + "\n";
  if (!plan.faults) return out + "and faults of the log by chance\n";
  for (const auto& strike : *plan.faults) {
    out += "fault " + ToString(strike.point) + ", time " + std::to_string(strike.nth) + " of " +
           strike.client + "\n";
  }
  return out;
}

}  // namespace textback::simulation
