// For tests of decide: a small world of one garage and one customer, and records as intake would
// write them. Numbers are from ranges reserved for fiction.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "policy/decide.h"

namespace textback::policy::testing {

inline constexpr std::string_view kLine = "+12125550100";
inline constexpr std::string_view kSecondLine = "+12125550101";
inline constexpr std::string_view kSender = "+12125550109";
inline constexpr std::string_view kCustomer = "+12125550142";
// 2026-03-02 10:00:00 UTC.
inline constexpr std::int64_t kTen = 1'772'445'600'000;

inline v1::Tenant Garage() {
  v1::Tenant tenant;
  tenant.set_tenant("garage");
  tenant.set_name("Smith's Garage");
  tenant.set_active(true);
  auto* line = tenant.add_lines();
  line->set_msisdn(std::string(kLine));
  line->set_name("Workshop");
  tenant.add_lines()->set_msisdn(std::string(kSecondLine));
  tenant.mutable_sender()->set_kind(v1::Address::KIND_E164);
  tenant.mutable_sender()->set_value(std::string(kSender));
  tenant.set_template_text("Hi, this is {business}. Sorry we missed you. Reply STOP to end.");
  tenant.set_contact("+12125550100");
  return tenant;
}

// A call of the customer to the garage that ended at `ended_ms` after 10 s of ringing.
inline v1::CallRecord Record(std::string_view id, std::int64_t ended_ms,
                             std::string_view verdict = "no_answer") {
  v1::CallRecord record;
  record.set_source("pbx");
  record.set_record_id(std::string(id));
  record.set_started_at_ms(ended_ms - 12'000);
  record.set_ringing_at_ms(ended_ms - 10'000);
  record.set_ended_at_ms(ended_ms);
  auto* cause = record.add_causes();
  cause->set_namespace_(v1::Cause::NAMESPACE_TEXTBACK);
  cause->set_value(std::string(verdict));
  auto* served = record.mutable_served();
  served->set_side(v1::Served::SIDE_TERMINATING);
  served->set_tenant("garage");
  served->set_line(std::string(kLine));
  served->set_customer(std::string(kCustomer));
  served->set_lines_version(7);
  record.mutable_settle()->set_emits(v1::SettleProfile::EMITS_CALL_END);
  auto* at = record.mutable_coordinates();
  at->set_topic("textback.cdrs");
  at->set_offset(static_cast<std::int64_t>(std::hash<std::string_view>{}(id) >> 1));
  return record;
}

// One leg of the call `join_key`, from a source that writes a record per leg.
inline v1::CallRecord Leg(std::string_view id, std::string_view join_key, std::int64_t ended_ms,
                          std::string_view verdict = "no_answer", std::int64_t settle_ms = 3'000) {
  v1::CallRecord record = Record(id, ended_ms, verdict);
  record.set_join_key(std::string(join_key));
  record.mutable_settle()->set_emits(v1::SettleProfile::EMITS_LEG_END);
  record.mutable_settle()->set_settle_ms(settle_ms);
  return record;
}

inline v1::InboundMessage Message(std::string_view id, std::string_view text, std::int64_t at_ms) {
  v1::InboundMessage message;
  message.set_inbound_id(std::string(id));
  message.set_customer(std::string(kCustomer));
  message.set_recipient(std::string(kSender));
  message.set_text(std::string(text));
  message.set_received_at_ms(at_ms);
  message.set_account("smsc-a");
  return message;
}

// The customer's document and the time; each event goes through Decide.
class World {
 public:
  World() { Set(Garage()); }

  // Adds or changes a tenant.
  void Set(const v1::Tenant& tenant) {
    builder.Apply(tenant.tenant(), tenant, ++version);
    snapshot = builder.Build();
  }
  // As the document comes back from the store.
  const Effects& Run(const Event& event) {
    Document copy;
    copy.ParseFromString(document.SerializeAsString());
    effects.Clear();
    Decide(copy, event, {key, now, partition_forgotten}, *snapshot, limits, effects);
    if (effects.changed) document = copy;
    return effects;
  }
  const Effects& Call(const v1::CallRecord& record) { return Run(Event(&record)); }
  const Effects& Inbound(const v1::InboundMessage& message) { return Run(Event(&message)); }
  const Effects& StatusOf(const v1::Status& status) { return Run(Event(&status)); }
  const Effects& Timer(std::int64_t due_ms) { return Run(Event(TimerEvent{due_ms})); }

  SnapshotBuilder builder;
  std::int64_t version = 100;
  std::shared_ptr<const Snapshot> snapshot;
  Limits limits;
  std::string key{kCustomer};
  std::int64_t now = kTen;
  std::int64_t partition_forgotten = std::numeric_limits<std::int64_t>::min();
  Document document;
  Effects effects;
};

}  // namespace textback::policy::testing
