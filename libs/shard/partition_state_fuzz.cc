// Any bytes are a partition's state or an error, and an offset's metadata or not ours; what is read
// says the same when it is written and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "shard/state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace shard = textback::shard;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> inputs = {"textback.calls", "textback.inbound"};
  shard::Names names;
  if (const auto state = shard::ParseState(bytes, inputs, names)) {
    std::string written;
    shard::AppendState(*state, inputs, names, written);
    const auto again = shard::ParseState(written, inputs, names);
    TB_ASSERT(again.has_value());
    std::string twice;
    shard::AppendState(*again, inputs, names, twice);
    TB_ASSERT(twice == written);
    const auto tallies = shard::ParseTallies(shard::EncodeTallies(*state, names));
    TB_ASSERT(tallies.has_value());
    for (const auto& [name, count] : *tallies) {
      TB_ASSERT(count != 0 && state->tallies[*names.Find(name)] == count);
    }
  }
  if (const auto tallies = shard::ParseTallies(bytes)) TB_ASSERT(bytes.size() <= 4'096);
  return 0;
}
