// STOP, START and HELP in what customers write.
//
// The text is normalised first: compatibility forms and case folded (NFKC_Casefold: "ＳＴＯＰ",
// "Stop"), accents and invisible characters dropped, apostrophes dropped, everything that isn't a
// letter or a digit a gap between words. Words are compared without the gaps, so "opt-out", "OPT
// OUT", "optout" and "S.T.O.P." are all found. Then, the first that holds:
//
//   1. The whole text is a stop word or phrase ("stop", "unsubscribe", "take me off your list").
//   2. After words of politeness ("please", "hi"), the text begins with a stop word or phrase, and
//      nothing but filling words follows ("now", "it", "all", "texting me"), in at most ten words.
//      Words that people also use of appointments (end, quit, cancel, …) take fewer of both; after
//      "can you", "how do I" and the like only a phrase counts ("stop texting me", "unsubscribe").
//   3. One sentence or line of the text is a word that means nothing else (stop, unsubscribe, opt
//   out, revoke):
//      "STOP! Who is this?", "Stop\nSent from my phone". Only before the first quotation mark,
//      because phones quote our own texts: "Liked “… STOP.”".
//   4. The whole text is a help word.
//   5. The whole text is a start word, or that and words of politeness.
//
// So STOP wins over HELP over START. What must not be a STOP: "I'll stop by at 5", "can you end the
// job at 4?", "please cancel my appointment". A text that carries neither is kNone and is for
// people.
//
// Why lean this way: a missed STOP breaks the law, a false one silences a customer who can undo it
// with START and is told so in the confirmation.
//
// Thread safety: all calls from any thread; the word lists are built once, at the first call.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/result.h"

namespace textback::text {

enum class Keyword : unsigned char { kNone, kStop, kHelp, kStart };
std::string_view ToString(Keyword keyword);  // "none", "stop", "help", "start"

// A tenant's further words. They count as a whole text, and with "please" before or after.
class ExtraKeywords {
 public:
  static constexpr std::size_t kWordsMax = 100;  // per kind
  static constexpr std::size_t kBytesMax = 64;   // per word

  ExtraKeywords() = default;
  // kFatal "keywords_invalid": too many, too long, not UTF-8, or nothing but punctuation.
  static Result<ExtraKeywords> Make(std::span<const std::string> stop,
                                    std::span<const std::string> start,
                                    std::span<const std::string> help);

 private:
  friend class KeywordMatch;
  std::unordered_set<std::string> stop_;
  std::unordered_set<std::string> start_;
  std::unordered_set<std::string> help_;
};

// Looks at the first kKeywordBytesMax bytes; input that isn't UTF-8 is read as far as it is.
inline constexpr std::size_t kKeywordBytesMax = 2048;
Keyword MatchKeyword(std::string_view utf8, const ExtraKeywords* extra = nullptr);

// The normalised words with one space between; for tests and for `explain`.
std::string NormaliseForKeywords(std::string_view utf8);

}  // namespace textback::text
