// What intake's tables say of a customer's number, put into the record that goes to decide
// (CallRecord.reach): a decision depends on what was known when the call was handed on, whenever it
// is decided or decided again.
//
// Threads: the tables are immutable; pure functions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cdr/imported_numbers.h"
#include "cdr/number_table.h"
#include "textback/v1/call_record.pb.h"

namespace textback::intake {

// The block lists of the operator and those it imported (topic `blocklist`), as one table.
class BlockTable {
 public:
  struct List {
    std::string name;     // "operator"
    bool always = false;  // also for known contacts
  };
  BlockTable() = default;
  // `table`'s values are positions in `lists`, from 1.
  BlockTable(cdr::NumberTable table, std::vector<List> lists, std::int64_t version)
      : table_(std::move(table)), lists_(std::move(lists)), version_(version) {}

  // nullptr: on none.
  const List* Find(Msisdn number) const {
    const auto value = table_.Find(number);
    return value == 0 ? nullptr : &lists_[value - 1U];
  }
  // Offset in the topic up to which (exclusive) it has read.
  std::int64_t version() const { return version_; }
  std::size_t size() const { return table_.numbers() + table_.ranges(); }

 private:
  cdr::NumberTable table_;
  std::vector<List> lists_;
  std::int64_t version_ = 0;
};

// Either may be nullptr: the process has no such table.
struct ReachTables {
  std::shared_ptr<const cdr::ImportedNumbers> numbers;
  std::shared_ptr<const BlockTable> blocked;
};

// Where intake takes them from, between batches.
class ReachSource {
 public:
  virtual ~ReachSource() = default;
  // nullopt: not known yet, so nothing may be handed on.
  virtual std::optional<ReachTables> Tables() const = 0;
};

// Fills in `reach` of a record that has `served`. `customer_tenant`: whose line the customer's
// number is; empty: nobody's. A customer without a number has none.
void SetReach(v1::CallRecord& record, std::string_view customer_tenant, const ReachTables& tables);

}  // namespace textback::intake
