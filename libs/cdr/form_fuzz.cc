#include <cstdint>

#include "base/assert.h"
#include "cdr/form.h"
#include "cdr/reasons.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static std::string storage;
  FormReader reader(text, storage);
  std::size_t pairs = 0;
  std::size_t bytes = 0;
  while (true) {
    const auto more = reader.Next();
    if (!more) {
      TB_ASSERT(more.error().code == reasons::kFormMalformed);
      break;
    }
    if (!*more) break;
    bytes += reader.name().size() + reader.value().size();
    TB_ASSERT(++pairs <= kFormPairsMax);
  }
  TB_ASSERT(bytes <= size);  // decoding never lengthens
  return 0;
}
