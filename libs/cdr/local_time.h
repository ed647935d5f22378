// Local times as switches write them -> UTC, also in the hour that comes twice.
//
// When clocks go back, 01:30 happens twice; when they go forward, 02:30 doesn't happen. The first
// gives two candidates, which the caller tells apart by what else it knows; a time that didn't
// happen is read with the offset that held before (as mktime does), since some switches stamp so.
//
// Reads the system's tzdata (Howard Hinnant's date library). Threads: immutable; any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace textback::cdr {

// Milliseconds since 1970 UTC. `late` differs from `early` only where the local time came twice.
struct Instants {
  std::int64_t early = 0;
  std::int64_t late = 0;
};

class LocalTime {
 public:
  // kFatal ("config_invalid"): no such zone on this machine.
  static Result<LocalTime> Make(std::string_view zone);
  ~LocalTime();
  LocalTime(LocalTime&&) noexcept;
  LocalTime& operator=(LocalTime&&) noexcept;

  // "2026-03-29 01:30:00", with an optional fraction of up to 6 digits; nullopt for anything else,
  // also for a day or hour that no calendar has.
  std::optional<Instants> Read(std::string_view text) const;

  // Of a clock on the wall: milliseconds since 1970-01-01 00:00 as that clock counts them.
  Instants FromLocal(std::int64_t local_ms) const;

 private:
  struct Zone;
  explicit LocalTime(std::unique_ptr<Zone> zone);
  std::unique_ptr<Zone> zone_;
};

}  // namespace textback::cdr
