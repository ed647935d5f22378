// Invariants 5 and 7: what the stores hold, and how much of it.
#include <functional>

#include "base/assert.h"
#include "shard/processor.h"
#include "simulation/ledger.h"
#include "simulation/process.h"
#include "store/store.h"
#include "textback/state/v1/customer.pb.h"
#include "textback/state/v1/track.pb.h"

namespace textback::simulation {
namespace {

using Documents = std::map<std::string, std::string>;  // key -> changelog value

// The changelog from `begin` to before `end`, applied to `documents`.
void Replay(const std::vector<log::sim::SimRecord>& changelog, std::int32_t partition,
            std::int64_t begin, std::int64_t end, Documents& documents) {
  for (const auto& record : changelog) {
    if (record.partition != partition || record.offset < begin || record.offset >= end) continue;
    if (record.value) {
      documents[record.key] = *record.value;
    } else {
      documents.erase(record.key);
    }
  }
}

std::string Difference(const Documents& have, const Documents& want) {
  for (const auto& [key, value] : want) {
    const auto found = have.find(key);
    if (found == have.end()) return "lacks " + key;
    if (found->second != value) return "has another " + key;
  }
  for (const auto& [key, value] : have) {
    if (want.count(key) == 0) return "still has " + key;
  }
  return {};
}

std::string Printable(std::string text) {
  for (char& c : text) {
    if (c < ' ') c = '.';
  }
  return text;
}

}  // namespace

void CheckStores(const Ledger& ledger, Findings& findings) {
  std::map<std::pair<std::string, std::int32_t>, Documents> committed;
  for (const char* role : {"decide", "dispatch", "track"}) {
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      Replay(ledger.history.topics.at(ChangelogOf(role)), p, 0, INT64_MAX, committed[{role, p}]);
    }
  }
  std::map<std::string, int> live;
  for (const Disk& disk : ledger.history.disks) {
    const Documents& want = committed.at({disk.role, disk.partition});
    Documents have;
    for (const auto& [key, document] : disk.documents) {
      have[key] = store::EncodeDocument(document);
    }
    const std::string where = disk.process + "'s store of partition " +
                              std::to_string(disk.partition) + " of " + disk.role;
    if (disk.live) {
      ++live[disk.role];
      if (const auto difference = Difference(have, want); !difference.empty()) {
        findings.Add("StorePlusReplayEqualsCommittedState",
                     where + ", live, " + Printable(difference));
      }
    }
    TB_ASSERT(disk.marker.has_value());
    // Dispatch's changelog isn't compacted, so that what was committed then is still known: later
    // transactions mend what one of them broke.
    const auto& changelog = ledger.history.topics.at(ChangelogOf(disk.role));
    const bool then = disk.role == "dispatch";
    const std::int64_t end = then ? disk.changelog_end : INT64_MAX;
    Documents want_then;
    if (then) Replay(changelog, disk.partition, 0, end, want_then);
    Replay(changelog, disk.partition, disk.marker->changelog_offset, end, have);
    if (const auto difference = Difference(have, then ? want_then : want); !difference.empty()) {
      findings.Add("StorePlusReplayEqualsCommittedState",
                   where + ", replayed from " + std::to_string(disk.marker->changelog_offset) +
                       ", " + Printable(difference));
    }
  }
  for (const char* role : {"decide", "dispatch", "track"}) {
    if (live[role] != kPartitions) {
      findings.Add("EverythingHeals", std::string(role) + " ran " + std::to_string(live[role]) +
                                          " of " + std::to_string(kPartitions) +
                                          " partitions at the end");
    }
  }
}

void CheckBounds(const Ledger& ledger, Findings& findings) {
  for (const auto& over : ledger.history.over_limits) findings.Add("MemoryIsBounded", over);
  const auto limits = DecideLimits();
  const auto expect = [&](const std::string& key, const char* what, int have, std::size_t most) {
    if (have >= 0 && static_cast<std::size_t>(have) <= most) return;
    findings.Add("MemoryIsBounded", key + " has " + std::to_string(have) + " " + what +
                                        ", at most " + std::to_string(most) + " are allowed");
  };
  const auto each =
      [&](const char* role,
          const std::function<void(const std::string& key, const std::string& bytes)>& check) {
        for (const auto& record : ledger.history.topics.at(ChangelogOf(role))) {
          if (shard::IsReservedKey(record.key) || !record.value) continue;
          const auto document = store::DecodeDocument(*record.value);
          TB_ASSERT(document.has_value());
          check(record.key, document->bytes);
        }
      };
  each("decide", [&](const std::string& key, const std::string& bytes) {
    state::v1::CustomerDocument document;
    TB_ASSERT(document.ParseFromString(bytes));
    expect(key, "calls", document.calls_size(), limits.calls_max);
    expect(key, "texts", document.texts_size(), limits.texts_max);
    expect(key, "pairs", document.pairs_size(), limits.pairs_max);
    expect(key, "opt-outs", document.opt_outs_size(), limits.opt_outs_max);
    expect(key, "messages", document.inbound_size(), limits.inbound_max);
    expect(key, "other ids", document.others_size(), limits.others_max);
    expect(key, "replies", document.replies_size(), limits.replies_max);
    for (const auto& call : document.calls()) {
      expect(key, "record ids of a call", call.records_size(), limits.ids_per_call_max);
    }
  });
  const auto dispatch = DispatchTimes();
  each("dispatch", [&](const std::string& key, const std::string& bytes) {
    state::v1::Outbox outbox;
    TB_ASSERT(outbox.ParseFromString(bytes));
    expect(key, "jobs", outbox.jobs_size(),
           static_cast<std::size_t>(dispatch.jobs_per_customer_max));
  });
  const auto track = TrackTimes();
  each("track", [&](const std::string& key, const std::string& bytes) {
    state::v1::Tracked tracked;
    TB_ASSERT(tracked.ParseFromString(bytes));
    expect(key, "submissions", tracked.submissions_size(),
           static_cast<std::size_t>(track.entries_per_key_max));
    expect(key, "receipts", tracked.receipts_size(),
           static_cast<std::size_t>(track.entries_per_key_max));
  });
}

}  // namespace textback::simulation
