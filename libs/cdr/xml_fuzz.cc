// Any bytes: the reader ends, its slices are the document's, and depth follows the tags.
#include <cstdint>

#include "base/assert.h"
#include "cdr/xml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  const std::string_view document(reinterpret_cast<const char*>(data), size);
  XmlReader reader(document);
  std::size_t depth = 0;
  std::size_t events = 0;
  std::string text;
  while (true) {
    const auto event = reader.Next();
    TB_ASSERT(++events <= 2 * size + 2);
    if (!event) {
      TB_ASSERT(!reader.Next());
      return 0;
    }
    if (event.value() == XmlEvent::kDone) break;
    if (event.value() == XmlEvent::kStart) ++depth;
    if (event.value() == XmlEvent::kEnd) --depth;
    TB_ASSERT(reader.depth() == depth && depth <= kXmlDepthMax);
    if (event.value() != XmlEvent::kText) continue;
    TB_ASSERT(reader.text().data() >= document.data() &&
              reader.text().data() + reader.text().size() <= document.data() + size);
    text.clear();
    AppendXmlText(reader.text(), text);
    TB_ASSERT(text.size() <= reader.text().size());
  }
  TB_ASSERT(depth == 0);
  return 0;
}
