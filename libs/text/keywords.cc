#include "text/keywords.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/bytes.h"
#include "text/keyword_lists.h"
#include "text/utf8.h"

namespace textback::text {
namespace {

constexpr std::size_t kWordsMax = 10;    // of a text that rule 2 looks at
constexpr std::size_t kPhraseWords = 6;  // of the longest phrase of the lists

using Words = std::vector<std::string>;
using WordSet = std::unordered_set<std::string>;

bool IsApostrophe(UChar32 c) {
  return c == '\'' || c == '`' || c == 0xb4 || c == 0x2018 || c == 0x2019 || c == 0x2bc;
}

constexpr UChar32 kStopSign = 0x1f6d1;  // 🛑, a word of its own

// ICU's own, immutable. Taken once, in an initialiser that ThreadSanitizer sees: it doesn't see how
// ICU, which isn't instrumented, hands them from the thread that made them to others.
struct Normalizers {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* fold = icu::Normalizer2::getNFKCCasefoldInstance(status);
  const icu::Normalizer2* decompose = icu::Normalizer2::getNFDInstance(status);
};

// NFKC_Casefold, then accents off. What ICU can't do comes back as it is.
icu::UnicodeString Fold(const icu::UnicodeString& text) {
  static const Normalizers kNormalizers;
  UErrorCode status = kNormalizers.status;
  if (U_FAILURE(status)) return text;
  const auto folded = kNormalizers.fold->normalize(text, status);
  auto plain = kNormalizers.decompose->normalize(folded, status);
  return U_FAILURE(status) ? text : plain;
}

Words Normalise(std::string_view utf8) {
  const auto text = Fold(icu::UnicodeString::fromUTF8(
      icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size()))));
  Words words;
  bool gap = true;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    UChar32 c = text.char32At(i);
    if (c == 0x131) c = 'i';  // the dotless i of Turkish capitals
    if (u_charType(c) == U_NON_SPACING_MARK || IsApostrophe(c)) continue;
    gap = gap || c == kStopSign || (!words.empty() && words.back().ends_with("🛑"));
    if (u_isalnum(c) == 0 && c != kStopSign) {
      gap = true;
      continue;
    }
    if (std::exchange(gap, false)) words.emplace_back();
    AppendUtf8(words.back(), static_cast<char32_t>(c));
  }
  return words;
}

std::string Join(std::span<const std::string> words) {
  std::string out;
  for (const auto& word : words) out += word;
  return out;
}

template <std::size_t N>
WordSet SetOf(const std::string_view (&list)[N]) {
  WordSet set;
  for (const auto word : list) {
    const Words words = Normalise(word);
    TB_ASSERT(!words.empty() && words.size() <= kPhraseWords);
    set.insert(Join(words));
  }
  return set;
}

struct Lexicon {
  WordSet strong = SetOf(kStopStrong);
  WordSet weak = SetOf(kStopWeak);
  WordSet phrases = SetOf(kStopPhrases);
  WordSet polite = SetOf(kPolite);
  WordSet lead = SetOf(kLead);
  WordSet ask = SetOf(kAsk);
  WordSet fill = SetOf(kFill);
  WordSet fill_weak = SetOf(kFillWeak);
  WordSet help = SetOf(kHelpWords);
  WordSet start = SetOf(kStartWords);
};

const Lexicon& Lists() {
  static const Lexicon lexicon;
  return lexicon;
}

// How many words at the front of `words` make up an entry of one of the sets; the longest such; 0
// if none.
std::size_t MatchFront(std::span<const std::string> words,
                       std::initializer_list<const WordSet*> sets) {
  for (std::size_t n = std::min(words.size(), kPhraseWords); n > 0; --n) {
    const std::string joined = Join(words.first(n));
    if (std::any_of(sets.begin(), sets.end(),
                    [&](const WordSet* s) { return s->contains(joined); }))
      return n;
  }
  return 0;
}

// True if nothing is left once entries of the sets are taken off the front.
bool IsMadeOf(std::span<const std::string> words, std::initializer_list<const WordSet*> sets) {
  while (!words.empty()) {
    const std::size_t n = MatchFront(words, sets);
    if (n == 0) return false;
    words = words.subspan(n);
  }
  return true;
}

// Politeness, one entry of `heads`, filling words, and nothing else.
bool IsRequest(std::span<const std::string> words, std::initializer_list<const WordSet*> leads,
               std::initializer_list<const WordSet*> heads,
               std::initializer_list<const WordSet*> fills) {
  if (words.size() > kWordsMax) return false;
  for (;;) {
    if (const std::size_t head = MatchFront(words, heads); head > 0) {
      return IsMadeOf(words.subspan(head), fills);
    }
    const std::size_t lead = MatchFront(words, leads);
    if (lead == 0) return false;
    words = words.subspan(lead);
  }
}

// Rule 3. The sentence ends of the scripts whose words are in the lists.
bool HasStopSentence(std::string_view utf8) {
  const auto is_end = [](char32_t c) {
    return c == '.' || c == '!' || c == '?' || c == '\n' || c == '\r' || c == ';' || c == 0x3002 ||
           c == 0xff01 || c == 0xff0e || c == 0xff1f || c == 0x61f || c == 0x964;
  };
  std::string_view rest = utf8;
  const char* begin = rest.data();
  const auto is_stop = [&](const char* end) {
    const Words words = Normalise({begin, static_cast<std::size_t>(end - begin)});
    return !words.empty() && words.size() <= kPhraseWords && Lists().strong.contains(Join(words));
  };
  while (!rest.empty()) {
    const char* here = rest.data();
    if (!is_end(NextCodePoint(rest))) continue;
    if (is_stop(here)) return true;
    begin = rest.data();
  }
  return is_stop(utf8.data() + utf8.size());
}

// Phones report a reaction by quoting our own text, with the STOP in it: Liked “… Reply STOP.”
std::string_view BeforeQuotation(std::string_view utf8) {
  std::size_t end = utf8.size();
  for (const std::string_view mark : {"\"", "“", "”", "„", "‟", "«", "»", "「", "『"}) {
    end = std::min(end, utf8.find(mark));
  }
  return utf8.substr(0, end);
}

// The longest well-formed beginning within the limit.
std::string_view Readable(std::string_view bytes) {
  bytes = bytes.substr(0, kKeywordBytesMax);
  std::size_t low = 0;
  for (std::size_t size = 1; low < bytes.size(); size = 1) {
    while (size <= 4 && low + size <= bytes.size() && !IsUtf8(bytes.substr(low, size))) ++size;
    if (size > 4 || low + size > bytes.size()) break;
    low += size;
  }
  return bytes.substr(0, low);
}

}  // namespace

// Where the extra words are reachable.
class KeywordMatch {
 public:
  KeywordMatch(std::string_view utf8, const ExtraKeywords* extra)
      : utf8_(utf8), words_(Normalise(utf8)), joined_(Join(words_)), extra_(extra) {}

  Keyword Find() const {
    if (words_.empty()) return Keyword::kNone;
    if (IsStop()) return Keyword::kStop;
    if (Lists().help.contains(joined_) || IsExtra(&ExtraKeywords::help_)) return Keyword::kHelp;
    const auto& l = Lists();
    if (IsRequest(words_, {&l.polite}, {&l.start}, {&l.polite}) ||
        IsExtra(&ExtraKeywords::start_)) {
      return Keyword::kStart;
    }
    return Keyword::kNone;
  }

  static Status Add(std::span<const std::string> from, WordSet& to) {
    const auto fail = [](const std::string& what) { return FatalError("keywords_invalid", what); };
    if (from.size() > ExtraKeywords::kWordsMax) {
      return fail("more than " + std::to_string(ExtraKeywords::kWordsMax) + " words of a kind");
    }
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::string which = "word " + std::to_string(i + 1);
      if (!IsUtf8(from[i])) return fail(which + " isn't UTF-8");
      if (from[i].size() > ExtraKeywords::kBytesMax) {
        return fail(which + " is longer than " + std::to_string(ExtraKeywords::kBytesMax) +
                    " bytes");
      }
      const std::string joined = Join(Normalise(from[i]));
      if (joined.empty()) return fail(which + " has no letter or digit");
      to.insert(joined);
    }
    return Ok();
  }

  static Result<ExtraKeywords> Make(std::span<const std::string> stop,
                                    std::span<const std::string> start,
                                    std::span<const std::string> help) {
    ExtraKeywords extra;
    TB_RETURN_IF_ERROR(Add(stop, extra.stop_));
    TB_RETURN_IF_ERROR(Add(start, extra.start_));
    TB_RETURN_IF_ERROR(Add(help, extra.help_));
    return extra;
  }

 private:
  bool IsStop() const {
    const auto& l = Lists();
    if (l.strong.contains(joined_) || l.weak.contains(joined_) || l.phrases.contains(joined_))
      return true;
    if (IsExtra(&ExtraKeywords::stop_)) return true;
    if (IsRequest(words_, {&l.polite, &l.lead}, {&l.strong, &l.phrases},
                  {&l.polite, &l.fill, &l.strong}))
      return true;
    if (IsRequest(words_, {&l.polite, &l.lead, &l.ask}, {&l.phrases},
                  {&l.polite, &l.fill, &l.strong}))
      return true;
    if (IsRequest(words_, {&l.polite}, {&l.weak}, {&l.polite, &l.fill_weak})) return true;
    return HasStopSentence(BeforeQuotation(utf8_));
  }

  bool IsExtra(WordSet ExtraKeywords::* set) const {
    if (extra_ == nullptr || (extra_->*set).empty()) return false;
    if ((extra_->*set).contains(joined_)) return true;
    const auto& l = Lists();
    return IsRequest(words_, {&l.polite}, {&(extra_->*set)}, {&l.polite});
  }

  std::string_view utf8_;
  Words words_;
  std::string joined_;
  const ExtraKeywords* extra_;
};

Result<ExtraKeywords> ExtraKeywords::Make(std::span<const std::string> stop,
                                          std::span<const std::string> start,
                                          std::span<const std::string> help) {
  return KeywordMatch::Make(stop, start, help);
}

Keyword MatchKeyword(std::string_view utf8, const ExtraKeywords* extra) {
  return KeywordMatch(Readable(utf8), extra).Find();
}

std::string NormaliseForKeywords(std::string_view utf8) {
  std::string out;
  for (const auto& word : Normalise(Readable(utf8))) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string_view ToString(Keyword keyword) {
  switch (keyword) {
    case Keyword::kNone:
      return "none";
    case Keyword::kStop:
      return "stop";
    case Keyword::kHelp:
      return "help";
    case Keyword::kStart:
      return "start";
  }
  TB_UNREACHABLE();
}

}  // namespace textback::text
