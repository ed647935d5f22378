#include "ops/inspect.h"

#include <algorithm>
#include <map>
#include <utility>

#include "decide/replay.h"
#include "policy/ids.h"
#include "policy/tenant.h"

namespace textback::ops {
namespace {

// No record is from the future here: the clock is the records' own.
constexpr std::int64_t kEndOfTimeMs = 253'402'300'799'000;  // 9999-12-31
constexpr std::string_view kTenant = "inspect";
// Stands for a line that has no E.164 form, such as an extension: decide needs one.
constexpr std::string_view kSomeLine = "+15550100999";

// Who called whom, as the records of a call tell together.
struct Parties {
  bool outbound = false;
  v1::Party calling;
  v1::Party called;  // of a forwarded call the number called first
};

const v1::Party& FirstCalled(const v1::CallRecord& record) {
  for (const auto* party : {&record.original_called(), &record.redirecting()}) {
    if (!party->number().empty()) return *party;
  }
  return record.called();
}

std::int64_t StartMs(const v1::CallRecord& record) {
  for (const std::int64_t ms : {record.started_at_ms(), record.ringing_at_ms(),
                                record.answered_at_ms(), record.ended_at_ms()}) {
    if (ms > 0) return ms;
  }
  return 0;
}

bool SaysWhoCalls(const v1::CallRecord& record) {
  return !record.calling().number().empty() ||
         record.calling().presentation() != v1::Party::PRESENTATION_UNSPECIFIED;
}

// Records of one call, the one that speaks for the caller first: the caller's own leg, else the
// earliest.
Parties PartiesOf(std::vector<const v1::CallRecord*> records) {
  std::ranges::stable_sort(records, {}, [](const v1::CallRecord* r) {
    return std::tuple(!SaysWhoCalls(*r), !r->call_over(), StartMs(*r));
  });
  Parties parties;
  for (const auto* record : records) {
    if (parties.calling.number().empty()) parties.calling = record->calling();
    if (parties.called.number().empty()) parties.called = FirstCalled(*record);
    if (record->direction() != v1::DIRECTION_UNSPECIFIED) break;
  }
  for (const auto* record : records) {
    // A call that came in may have legs that go out: the business's own phones.
    if (record->direction() == v1::DIRECTION_INBOUND) return parties;
    if (record->direction() == v1::DIRECTION_OUTBOUND) parties.outbound = true;
  }
  return parties;
}

std::string Shown(const v1::Party& party) {
  return party.e164().empty() ? party.number() : party.e164();
}

v1::Tenant Policy() {
  v1::Tenant tenant;
  tenant.set_tenant(std::string(kTenant));
  tenant.set_name("Inspection");
  tenant.set_active(true);
  tenant.add_lines()->set_msisdn(std::string(kSomeLine));
  tenant.mutable_sender()->set_kind(v1::Address::KIND_E164);
  tenant.mutable_sender()->set_value(std::string(kSomeLine));
  tenant.set_template_text("Hi, this is {business}. Sorry we missed your call.");
  // Sources that write files settle late; how late a text may be is the tenant's own business.
  tenant.set_max_age_ms(12 * policy::kHourMs);
  return tenant;
}

// The verdict is that of all records, also of those that come after the decision; what was done
// about the call stays as it was decided.
class Collector final : public decide::ReplaySink {
 public:
  void OnDecision(const v1::Decision& decision) override { decisions.push_back(decision); }
  void OnAmendment(const v1::Amendment& amendment) override {
    for (auto& decision : decisions) {
      if (decision.call_id() != amendment.call_id()) continue;
      decision.set_verdict(amendment.verdict());
      decision.set_answered_by(amendment.answered_by());
      *decision.add_evidence() = amendment.evidence();
    }
  }
  std::vector<v1::Decision> decisions;
};

std::int64_t LastTimeOf(const v1::CallRecord& record) {
  return std::max({record.started_at_ms(), record.ringing_at_ms(), record.answered_at_ms(),
                   record.ended_at_ms()});
}

// The file is all there is: where no record of a call says that it is over, the last one ends it.
void EndWithTheFile(const std::vector<v1::CallRecord*>& records) {
  if (std::ranges::any_of(records, [](const auto* record) { return record->call_over(); })) return;
  std::int64_t end_ms = 0;
  for (const auto* record : records) end_ms = std::max(end_ms, LastTimeOf(*record));
  for (auto* record : records) {
    auto& settle = *record->mutable_settle();
    settle.set_accept_leg_risk(true);
    settle.set_settle_ms(settle.settle_ms() + end_ms - LastTimeOf(*record));
  }
}

// The rule of the record whose reading the verdict is; records of one call agree on little else.
std::string RuleOf(const v1::Decision& decision) {
  for (const auto& evidence : decision.evidence()) {
    if (evidence.verdict() == decision.verdict()) return evidence.rule();
  }
  return decision.evidence().empty() ? std::string() : decision.evidence(0).rule();
}

}  // namespace

Result<Inspector> Inspector::Make(InspectOptions options) {
  TB_ASSIGN_OR_RETURN(auto decoder, cdr::Decoder::Make(options.source));
  return Inspector(std::move(options), std::move(decoder));
}

void Inspector::AddFile(std::string_view name, std::string_view bytes, std::int64_t written_ms) {
  cdr::FileSplitter splitter(options_.framing, bytes);
  while (true) {
    auto value = splitter.Next();
    if (!value) {
      inspection_.rejected.push_back(
          {std::string(name), splitter.number(), std::move(value).error()});
      return;
    }
    if (!*value) return;
    decoder_.Decode(*value, {.now_ms = kEndOfTimeMs, .file_written_ms = written_ms}, *decoded_);
    for (const auto& item : decoded_->items) {
      auto& coordinates = *item.record->mutable_coordinates();
      coordinates.set_topic(std::string(name));
      coordinates.set_offset(static_cast<std::int64_t>(inspection_.records.size()));
      inspection_.records.push_back({std::string(name), splitter.number(), *item.record, {}});
    }
    for (const auto& rejected : decoded_->rejected) {
      inspection_.rejected.push_back({std::string(name), splitter.number(), rejected.error});
    }
  }
}

Result<Inspection> Inspector::Finish() {
  std::map<std::string, std::vector<std::size_t>> calls;  // by join key, or record id
  for (std::size_t i = 0; i < inspection_.records.size(); ++i) {
    const auto& record = inspection_.records[i].record;
    calls[record.join_key().empty() ? "record:" + record.record_id() : "join:" + record.join_key()]
        .push_back(i);
  }
  std::map<std::size_t, Parties> parties;  // by record
  for (const auto& [key, members] : calls) {
    std::vector<v1::CallRecord*> records;
    for (const std::size_t i : members) records.push_back(&inspection_.records[i].record);
    EndWithTheFile(records);
    const Parties of_call = PartiesOf({records.begin(), records.end()});
    for (const std::size_t i : members) parties[i] = of_call;
  }
  const auto is_line = [this](const v1::Party& party) {
    return !party.e164().empty() &&
           std::ranges::find(options_.lines, party.e164()) != options_.lines.end();
  };
  std::vector<v1::CallRecord> served;
  served.reserve(inspection_.records.size());
  for (std::size_t i = 0; i < inspection_.records.size(); ++i) {
    auto& inspected = inspection_.records[i];
    const Parties& who = parties[i];
    const bool outbound =
        !is_line(who.called) && (is_line(who.calling) || (options_.lines.empty() && who.outbound));
    const auto& line = outbound ? who.calling : who.called;
    const auto& customer = outbound ? who.called : who.calling;
    auto& end = *inspected.record.mutable_served();
    end.set_tenant(std::string(kTenant));
    end.set_side(outbound ? v1::Served::SIDE_ORIGINATING : v1::Served::SIDE_TERMINATING);
    end.set_line(line.e164().empty() ? std::string(kSomeLine) : line.e164());
    end.set_withheld(customer.presentation() == v1::Party::PRESENTATION_RESTRICTED);
    if (!end.withheld() && customer.presentation() != v1::Party::PRESENTATION_UNAVAILABLE)
      end.set_customer(customer.e164());
    inspected.read = cdr::Classify(inspected.record, cdr::kMinRingMsDefault);
    served.push_back(inspected.record);
  }
  policy::SnapshotBuilder builder;
  builder.Apply(kTenant, Policy(), 1);
  Collector collector;
  // A wait counts from what records say; when they were written a file doesn't tell.
  const decide::ReplayOptions at_once{.emission_delay_ms = 0};
  TB_RETURN_IF_ERROR(decide::RunReplay(served, builder.Build(), at_once, collector));

  std::map<std::string, std::vector<std::size_t>> by_call_id;
  for (std::size_t i = 0; i < served.size(); ++i)
    by_call_id[policy::CallKeyOf(served[i]).ToCallId()].push_back(i);
  for (auto& decision : collector.decisions) {
    InspectedCall call;
    call.records = by_call_id[decision.call_id()];
    for (const auto& evidence : decision.evidence()) {
      call.records.push_back(static_cast<std::size_t>(evidence.coordinates().offset()));
    }
    std::ranges::sort(call.records);
    const auto repeated = std::ranges::unique(call.records);
    call.records.erase(repeated.begin(), repeated.end());
    const Parties& who = parties[call.records.front()];
    const bool outbound = decision.side() == v1::Served::SIDE_ORIGINATING;
    call.line = Shown(outbound ? who.calling : who.called);
    const auto& customer = outbound ? who.called : who.calling;
    if (customer.presentation() != v1::Party::PRESENTATION_RESTRICTED)
      call.customer = Shown(customer);
    call.rule = RuleOf(decision);
    call.decision = std::move(decision);
    inspection_.calls.push_back(std::move(call));
  }
  std::ranges::sort(inspection_.calls, {},
                    [](const InspectedCall& c) { return c.records.front(); });
  return std::move(inspection_);
}

}  // namespace textback::ops
