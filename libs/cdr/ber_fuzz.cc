#include "base/assert.h"
#include "cdr/ber.h"

// Every element lies within what it was read from, and the elements of a level fill it up to where
// reading stopped.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  std::string_view level(reinterpret_cast<const char*>(data), size);
  for (int depth = 0; depth < 64 && !level.empty(); ++depth) {
    BerReader reader(level);
    BerElement element;
    std::string_view inside;
    std::size_t read = 0;
    while (reader.Next(element)) {
      TB_ASSERT(element.bytes.data() == level.data() + read);
      read += element.bytes.size();
      TB_ASSERT(element.content.size() < element.bytes.size());
      TB_ASSERT(element.content.data() > element.bytes.data());
      TB_ASSERT(element.content.data() + element.content.size() <= level.data() + read);
      if (element.constructed) {
        inside = element.content;
        continue;
      }
      (void)BerInteger(element.content);
      (void)ReadTimeStamp(element.content);
      BcdNumber number;
      if (ReadBcdNumber(element.content, number)) TB_ASSERT(number.digits.size <= TbcdDigits::kMax);
    }
    TB_ASSERT(reader.at() == level.data() + read);
    TB_ASSERT(reader.problem().empty() == (read == level.size()));
    level = inside;
  }
  return 0;
}
