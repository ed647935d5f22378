// Joins the parts of long messages that customers send.
//
// Pure: parts and time in, messages out. Parts come in any order, twice, on different binds, or
// never: a set is given out when whole, or at its deadline with what it has, marked truncated. All
// is bounded: sets, parts and octets; over a bound the oldest set is given out early, so that a
// flood of first parts costs memory but never loses a text.
//
// A part's `handle` comes back with the message, so that its owner may hold the responses until the
// message is safe (submit_port.h). Thread safety: none; one owner.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "smpp/udh.h"

namespace textback::smpp {

struct ReassemblyLimits {
  std::size_t sets_max = 10'000;
  std::size_t parts_max = 32;  // of one message; more than that is given out part by part
  std::size_t bytes_max = 16 * 1024 * 1024;  // of all waiting parts
  std::int64_t wait_ms = 60'000;             // from the first part that came
};

struct MoPart {
  std::string source;  // the key: sender, recipient, reference, total
  std::string destination;
  Concat concat;
  std::uint8_t data_coding = 0;
  std::string payload;  // octets without the header
  std::uint64_t handle = 0;
};

struct MoMessage {
  std::string source;
  std::string destination;
  std::uint8_t data_coding = 0;  // of its first part
  std::string payload;           // the parts' octets, joined in order
  bool truncated = false;        // parts were missing
  std::int64_t first_part_ms = 0;
  std::vector<std::uint64_t> handles;  // of every part, repeats included
};

class Reassembler {
 public:
  explicit Reassembler(const ReassemblyLimits& limits) : limits_(limits) {}

  // Appends what this part completes, or pushes out, to `out`.
  void Add(MoPart part, std::int64_t now_ms, std::vector<MoMessage>& out);
  // Appends the sets whose deadline has come. Requires `now_ms` not to go back by more than it
  // matters: deadlines are met in the order of arrival.
  void Expire(std::int64_t now_ms, std::vector<MoMessage>& out);
  // Gives out all that waits, truncated: at shutdown, or when the partition is given away.
  void Flush(std::vector<MoMessage>& out);

  std::size_t sets() const { return sets_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  using Key = std::tuple<std::string, std::string, std::uint16_t, std::uint8_t>;
  struct Set {
    Key key;
    std::int64_t first_part_ms = 0;
    std::uint8_t data_coding = 0;
    std::map<std::uint8_t, std::string> parts;
    std::vector<std::uint64_t> handles;
  };
  using Sets = std::list<Set>;  // oldest first
  void GiveOut(Sets::iterator set, std::vector<MoMessage>& out);

  const ReassemblyLimits limits_;
  Sets sets_;
  std::map<Key, Sets::iterator> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace textback::smpp
