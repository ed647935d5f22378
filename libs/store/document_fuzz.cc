// Any bytes are a document or an error; what is read is written back the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "store/store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto document = textback::store::DecodeDocument(value);
  if (document) TB_ASSERT(textback::store::EncodeDocument(*document) == value);
  return 0;
}
