// Numbers as switches write them -> E.164, and who is withheld.
//
// Understood: "+44 20 7946 0000", "0044…", "020 7946 0000" (with the country of the source),
// "(212) 555-0100", "1-212-555-0100", "sip:+4420…@host;user=phone", "tel:+44…", carrier codes and
// routing prefixes that a rule of the source takes away ("D123…"). Everything else has no E.164
// form: extensions, short codes, letters. That is not an error: such a party is nobody's line and
// cannot be texted.
//
// Withheld is what the presentation indicator says (Q.763 3.10), or a switch's word for it in place
// of a number; the digits may be there all the same and are never used.
//
// Rules that matter, where notations are ambiguous:
// - Digits without "+" or a dialling prefix are national. Where a country has a trunk prefix, they
//   need it (or number_type NATIONAL): otherwise "200" would become a number in Germany. North
//   America's ten digits need none.
// - Failing that, digits that begin with the source's own country code are international.
// - `bare_international` says that this source writes all numbers as country code + number.
//
// Threads: immutable after Make; any. No allocation on the hot path but the Party's own string.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/msisdn.h"
#include "base/result.h"
#include "cdr/number_plan.h"
#include "textback/v1/call_record.pb.h"

namespace textback::cdr {

struct NumberRule {
  std::string prefix;       // of the number as written, "D123"; the first rule that fits is applied
  std::string replacement;  // put in its place; usually empty, or "+"
};

struct NumberingConfig {
  std::string country;  // ISO 3166-1 of the source, "GB"; empty: only international forms are read
  std::vector<NumberRule> rules;
  bool bare_international = false;
};

inline constexpr std::size_t kNumberBytesMax = 64;
inline constexpr std::size_t kNumberRulesMax = 64;

class Normaliser {
 public:
  // kFatal ("config_invalid"): no such country, an empty or over-long rule, too many rules.
  static Result<Normaliser> Make(NumberingConfig config,
                                 const NumberPlan& plan = NumberPlan::BuiltIn());

  std::optional<Msisdn> ToE164(
      std::string_view number,
      v1::Party::NumberType type = v1::Party::NUMBER_TYPE_UNSPECIFIED) const;

  // Sets e164 (empty: none) and, from words, presentation.
  void Apply(v1::Party& party) const;
  // All parties of the record.
  void Apply(v1::CallRecord& record) const;

 private:
  Normaliser(NumberingConfig config, const NumberPlan& plan, const Country* country)
      : config_(std::move(config)), plan_(&plan), country_(country) {}

  std::optional<Msisdn> International(std::string_view digits) const;
  std::optional<Msisdn> National(std::string_view digits) const;
  std::optional<Msisdn> NationalWithTrunk(std::string_view digits) const;
  std::optional<Msisdn> Unmarked(std::string_view digits) const;

  NumberingConfig config_;
  const NumberPlan* plan_;
  const Country* country_;  // nullptr: none configured
};

// RESTRICTED for "anonymous", "private", "withheld", …; UNAVAILABLE for "unknown", "unavailable",
// …; UNSPECIFIED for any other text. Without regard to case.
v1::Party::Presentation PresentationOfWord(std::string_view text);

}  // namespace textback::cdr
