// Any bytes are a block or aren't; a walk ends, and stays inside.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "log_embedded/block.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::log_embedded;
  const auto block = ParseBlock(1'000, std::string(reinterpret_cast<const char*>(data), size));
  if (!block) return 0;
  BlockCursor cursor(*block);
  std::uint32_t records = 0;
  while (const auto record = cursor.Next()) {
    TB_ASSERT(record->offset >= block->base && record->offset < block->next);
    ++records;
  }
  TB_ASSERT(cursor.broken() || records == block->count);
  return 0;
}
