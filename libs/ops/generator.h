// Call records made up from a seed: the load for demos, tests and benchmarks.
//
// Every call is a pure function of (options, its number), so the same options give the same
// records, byte for byte, and any call can be made again. Next gives the records in the order in
// which a source would emit them: some late, some twice, as asked for.
//
//   TB_ASSIGN_OR_RETURN(auto generator, Generator::Make(options));
//   while (const v1::CallRecord* record = generator.Next()) …
//
// All numbers are ones that nobody has (fiction.h). About a microsecond a record.
//
// Threads: one at a time; several generators may run side by side.
#pragma once

#include <cstdint>
#include <queue>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "ops/fiction.h"
#include "ops/zipf.h"
#include "textback/v1/call_record.pb.h"
#include "textback/v1/decision.pb.h"
#include "textback/v1/tenant.pb.h"

namespace textback::ops {

struct GeneratorOptions {
  std::uint64_t seed = 1;
  std::uint64_t calls = 0;                    // then it ends; 0: never
  std::int64_t start_ms = 1'767'225'600'000;  // when the first call ends: 2026-01-01 UTC
  double rate = 100;                          // calls that end in a second
  std::string source = "load";                // CallRecord.source

  std::uint32_t tenants = 10;
  std::uint64_t lines = 100;  // of all tenants together, at least one each
  std::uint64_t customers = 10'000;
  double skew = 0;  // Zipf exponent over customers; 0: all alike

  // Shares of the calls, 0 to 1.
  double missed = 0.3;     // of those to tenants
  double outbound = 0.03;  // made by a line
  double withheld = 0.02;  // the caller shows no number
  double foreign = 0;      // between numbers that are no tenant's
  double forked = 0;       // a leg that did not take the call comes before the call's own record

  double duplicates = 0;              // of the records: emitted again later
  double out_of_order = 0;            // of the records: emitted behind later ones
  std::uint32_t displaced_max = 100;  // by how many records, for both

  // Of the tenants' policies.
  std::uint32_t pair_texts = 1;      // a day, per tenant and customer
  std::uint32_t customer_texts = 5;  // a day, per customer
};

// kFatal ("config_invalid"): names the option.
Status Validate(const GeneratorOptions& options);

class Generator {
 public:
  static Result<Generator> Make(const GeneratorOptions& options);

  // Lives until the next call; nullptr: all calls are through.
  const v1::CallRecord* Next();

  // Of the record that Next gave last.
  std::int64_t emitted_ms() const { return emitted_ms_; }  // when its source writes it
  std::uint64_t call() const { return last_.call; }        // from 0
  bool repeat() const { return last_.repeat; }

  struct Tallies {
    std::uint64_t records = 0;  // all that Next gave
    std::uint64_t calls = 0;    // begun
    std::uint64_t repeats = 0;
    std::uint64_t displaced = 0;
    std::uint64_t missed = 0;   // calls to a tenant that a policy may text, by intention
    std::uint64_t foreign = 0;  // calls
  };
  const Tallies& tallies() const { return tallies_; }
  const GeneratorOptions& options() const { return options_; }

  // index < options.tenants.
  v1::Tenant TenantAt(std::uint32_t index) const;

 private:
  struct Item {
    std::uint64_t due = 0;   // position in the order of emission
    std::uint64_t made = 0;  // breaks ties
    std::uint64_t call = 0;
    bool leg = false;
    bool repeat = false;
    bool operator>(const Item& other) const {
      return due != other.due ? due > other.due : made > other.made;
    }
  };
  struct Facts;

  explicit Generator(const GeneratorOptions& options);
  Facts FactsOf(std::uint64_t call) const;
  std::int64_t EndOf(std::uint64_t call) const;
  void MakeCall();
  void Schedule(Item item);
  void Fill(const Item& item);
  void FillParties(const Facts& facts);
  void FillOutcome(const Facts& facts);
  void FillLeg(const Facts& facts);
  FictionNumber LineNumber(std::uint64_t line) const;

  GeneratorOptions options_;
  FictionPool pool_;
  Zipf zipf_;
  std::uint64_t salt_;
  Random order_;  // of repeats and delays
  std::string id_prefix_;
  std::uint64_t next_call_ = 0;
  std::uint64_t made_ = 0;
  std::uint64_t position_ = 0;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> waiting_;
  Item last_;
  std::int64_t emitted_ms_ = 0;
  v1::CallRecord record_;
  Tallies tallies_;
};

}  // namespace textback::ops
