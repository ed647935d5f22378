// Arbitrary bytes as a text: decoders, segmentation, templates and keywords, with what must hold.
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "text/gsm0338.h"
#include "text/keywords.h"
#include "text/segment.h"
#include "text/text_template.h"
#include "text/ucs2.h"

namespace {

using namespace textback;
using namespace textback::text;

void CheckSegments(std::string_view bytes) {
  const auto segments = Segment(bytes, {.parts_max = 255, .near_substitution = false});
  if (!segments) return;
  const bool gsm = segments->data_coding == kDataCodingGsm;
  const std::size_t most = segments->parts.size() == 1 ? (gsm ? 160 : 140) : (gsm ? 153 : 134);
  std::string whole;
  std::string parts_decoded;
  for (const auto& part : segments->parts) {
    TB_ASSERT(!part.empty() && part.size() <= most);
    whole += part;
    parts_decoded += gsm ? DecodeGsm(part) : DecodeUcs2(part);
  }
  // Nothing lost between the parts, and each part stands for itself.
  TB_ASSERT((gsm ? DecodeGsm(whole) : DecodeUcs2(whole)) == bytes);
  TB_ASSERT(parts_decoded == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  TB_ASSERT(IsUtf8(DecodeGsm(bytes)) && IsUtf8(DecodeUcs2(bytes)) && IsUtf8(DecodeLatin1(bytes)));
  CheckSegments(bytes);
  CheckSegments(DecodeUcs2(bytes));

  const std::string_view fields[] = {"business", "contact"};
  if (const auto parsed = TextTemplate::Parse(bytes, fields)) {
    const std::string_view values[] = {bytes, "x"};
    const auto text = parsed->Render(values);
    TB_ASSERT(!text || (text->size() <= TextTemplate::kBytesMax && IsUtf8(*text)));
    TB_ASSERT(text || parsed->LongestBytes() > TextTemplate::kBytesMax ||
              text.error().code == "text_empty");
  }
  const std::string clean = CleanValue(bytes);
  TB_ASSERT(IsUtf8(clean) && clean.size() <= TextTemplate::kValueMax && CleanValue(clean) == clean);

  // White space around a text changes nothing.
  const auto keyword = MatchKeyword(bytes);
  if (IsUtf8(bytes) && size < 1000)
    TB_ASSERT(keyword == MatchKeyword(" \n" + std::string(bytes) + " "));
  TB_ASSERT(IsUtf8(NormaliseForKeywords(bytes)));
  return 0;
}
