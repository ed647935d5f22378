// Mapping files, which operators write: any bytes give a plan or problems.
#include "base/assert.h"
#include "cdr/mapping.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plan = textback::cdr::mapping::Compile(text, "m.yaml", "UTC");
  TB_ASSERT(plan || !plan.error().message.empty());
  return 0;
}
