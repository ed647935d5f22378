#include "text/segment.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "text/gsm0338.h"
#include "text/ucs2.h"

namespace textback::text {
namespace {

constexpr std::size_t kGsmAlone = 160;
constexpr std::size_t kGsmPart = 153;
constexpr std::size_t kUcs2Alone = 70;
constexpr std::size_t kUcs2Part = 67;

Error TooLong(std::size_t units, std::string_view alphabet, const SegmentOptions& options) {
  return DeadLetterError("text_too_long",
                         "the text has " + std::to_string(units) + " " + std::string(alphabet) +
                             " units and needs more than the " + std::to_string(options.parts_max) +
                             " parts allowed; shorten it or raise the limit");
}

std::vector<std::string> SplitGsm(std::string_view octets) {
  std::vector<std::string> parts;
  while (!octets.empty()) {
    std::size_t end = std::min(octets.size(), kGsmPart);
    // An encoded text has no double escapes, so the last octet alone tells.
    if (end < octets.size() && octets[end - 1] == kGsmEscape) --end;
    parts.emplace_back(octets.substr(0, end));
    octets.remove_prefix(end);
  }
  return parts;
}

// Places between units where a reader sees one character end, the last being the text's end.
// Without ICU's rules (its data file is missing), every code point counts as one.
std::vector<std::size_t> ClusterEnds(const icu::UnicodeString& text) {
  std::vector<std::size_t> ends;
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> clusters(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  if (U_FAILURE(status)) {
    for (std::int32_t i = 0; i < text.length();) {
      i = text.moveIndex32(i, 1);
      ends.push_back(static_cast<std::size_t>(i));
    }
    return ends;
  }
  clusters->setText(text);
  for (auto i = clusters->next(); i != icu::BreakIterator::DONE; i = clusters->next()) {
    ends.push_back(static_cast<std::size_t>(i));
  }
  return ends;
}

std::vector<std::string> SplitUcs2(std::string_view utf8, std::string_view octets) {
  const auto text = icu::UnicodeString::fromUTF8(
      icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
  const auto ends = ClusterEnds(text);
  const std::size_t units = octets.size() / 2;
  std::vector<std::string> parts;
  auto next_end = ends.begin();
  for (std::size_t begin = 0; begin < units;) {
    std::size_t end = begin;
    while (next_end != ends.end() && *next_end - begin <= kUcs2Part) end = *next_end++;
    if (end == begin) {
      // One cluster longer than a part: cut it, though not inside a pair.
      end = std::min(units, begin + kUcs2Part);
      if (end < units && U16_IS_TRAIL(text.charAt(static_cast<std::int32_t>(end)))) --end;
    }
    parts.emplace_back(octets.substr(begin * 2, (end - begin) * 2));
    begin = end;
  }
  return parts;
}

Result<Segments> SegmentGsm(std::string octets, const SegmentOptions& options) {
  Segments out{kDataCodingGsm, {}, octets.size()};
  if (octets.size() <= kGsmAlone) {
    out.parts.push_back(std::move(octets));
    return out;
  }
  if (octets.size() > kGsmPart * options.parts_max) return TooLong(out.units, "GSM", options);
  out.parts = SplitGsm(octets);
  if (out.parts.size() > options.parts_max) return TooLong(out.units, "GSM", options);
  return out;
}

Result<Segments> SegmentUcs2(std::string_view utf8, const SegmentOptions& options) {
  auto octets = *EncodeUcs2(utf8);
  Segments out{kDataCodingUcs2, {}, octets.size() / 2};
  if (out.units <= kUcs2Alone) {
    out.parts.push_back(std::move(octets));
    return out;
  }
  if (out.units > kUcs2Part * options.parts_max) return TooLong(out.units, "UCS-2", options);
  out.parts = SplitUcs2(utf8, octets);
  if (out.parts.size() > options.parts_max) return TooLong(out.units, "UCS-2", options);
  return out;
}

}  // namespace

Result<Segments> Segment(std::string_view utf8, const SegmentOptions& options) {
  TB_ASSERT(options.parts_max >= 1 && options.parts_max <= 255);
  if (utf8.empty()) return DeadLetterError("text_empty", "the text is empty; nothing to send");
  if (!IsUtf8(utf8)) return DeadLetterError("text_not_utf8", "the text isn't UTF-8");
  if (auto octets = EncodeGsm(utf8)) return SegmentGsm(std::move(*octets), options);
  if (options.near_substitution) {
    auto octets = EncodeGsm(NearGsm(utf8));
    // Nothing is left of a text of invisible characters: those go out as they are.
    if (octets && !octets->empty()) return SegmentGsm(std::move(*octets), options);
  }
  return SegmentUcs2(utf8, options);
}

}  // namespace textback::text
