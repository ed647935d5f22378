#include "e2e/workload.h"

#include <set>
#include <string_view>

#include "base/clock.h"
#include "base/hash.h"
#include "ops/generator.h"

namespace textback::tests {
namespace {

constexpr std::uint64_t kSeed = 20'260'101;
constexpr std::int64_t kHourMs = 60LL * 60 * 1'000;
constexpr std::int64_t kSpanMs = 300'000;   // of all calls
constexpr std::int64_t kBehindMs = 60'000;  // the last one ended so long ago

ops::GeneratorOptions Options(std::size_t calls, std::int64_t now_ms) {
  ops::GeneratorOptions options;
  options.seed = kSeed;
  options.calls = calls;
  options.start_ms = now_ms - kSpanMs - kBehindMs;
  options.rate = static_cast<double>(calls) * 1'000 / kSpanMs;
  options.tenants = 5;
  options.lines = 20;
  options.customers = 8'000;
  options.foreign = 0.05;
  options.duplicates = 0.03;
  options.out_of_order = 0.02;
  options.customer_texts = 2;
  return options;
}

// The record of a call that rang in vain, alone for its customer's number.
v1::CallRecord LastCall(const std::string& customer, const std::string& line, std::int64_t now_ms) {
  v1::CallRecord record;
  record.set_record_id("last-" + customer);
  record.set_call_id(record.record_id());
  record.mutable_calling()->set_number(customer);
  record.mutable_called()->set_number(line);
  record.set_started_at_ms(now_ms - 30'000);
  record.set_ended_at_ms(now_ms);
  record.set_ring_ms(29'000);
  auto* cause = record.add_causes();
  cause->set_namespace_(v1::Cause::NAMESPACE_Q850);
  cause->set_value("19");
  return record;
}

void AppendLastCalls(Workload& workload, std::int32_t partitions) {
  std::set<std::uint32_t> missing;
  for (std::int32_t i = 0; i < partitions; ++i) missing.insert(static_cast<std::uint32_t>(i));
  for (int i = 100; !missing.empty(); ++i) {
    const std::string customer = "+442079460" + std::to_string(i);  // reserved for drama
    const auto partition = static_cast<std::uint32_t>(PartitionOf(customer, partitions));
    if (missing.erase(partition) == 0) continue;
    const auto record =
        LastCall(customer, workload.tenants[0].lines(0).msisdn(), workload.made_ms - kBehindMs);
    workload.records.push_back({customer, record.SerializeAsString()});
    ++workload.calls;
  }
}

}  // namespace

Workload MakeWorkload(std::size_t calls, std::int32_t partitions) {
  Workload workload;
  workload.made_ms = SystemClock().NowMs();
  auto generator = ops::Generator::Make(Options(calls, workload.made_ms)).value();
  std::set<std::string, std::less<>> lines;
  for (std::uint32_t i = 0; i < generator.options().tenants; ++i) {
    auto tenant = generator.TenantAt(i);
    tenant.set_max_age_ms(4 * kHourMs);
    tenant.set_text_ttl_ms(6 * kHourMs);
    for (const auto& line : tenant.lines()) lines.insert(line.msisdn());
    workload.tenants.push_back(std::move(tenant));
  }
  while (const v1::CallRecord* record = generator.Next()) {
    const bool outbound = lines.contains(record->calling().number());
    const bool foreign = !outbound && !lines.contains(record->called().number());
    const bool withheld = record->calling().presentation() == v1::Party::PRESENTATION_RESTRICTED;
    // Keyed by the call, it could be in another partition than the last call that stands for it.
    if (withheld && generator.repeat()) continue;
    workload.records.push_back({outbound ? record->called().number() : record->calling().number(),
                                record->SerializeAsString()});
    if (generator.repeat()) {
      ++workload.repeats;
    } else if (!foreign) {
      ++workload.calls;
    }
    if (foreign) ++workload.foreign;
  }
  AppendLastCalls(workload, partitions);
  return workload;
}

void PutTenants(log::Log& log, const pipeline::Topics& topics, const Workload& workload) {
  Feed feed(log);
  for (const auto& tenant : workload.tenants)
    feed.Write(topics.tenants, tenant.tenant(), tenant.SerializeAsString(), workload.made_ms);
  feed.Flush();
}

void PutRecords(log::Log& log, const pipeline::Topics& topics, const Workload& workload) {
  Feed feed(log);
  for (const auto& record : workload.records)
    feed.Write(topics.cdrs, record.key, record.value, workload.made_ms);
  feed.Flush();
}

}  // namespace textback::tests
