#include "cdr/normalise.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"

namespace textback::cdr {
namespace {

// Shorter national numbers are extensions and service codes.
constexpr std::size_t kNationalDigitsMin = 5;
// Without any mark that a number is a public one, it must look like one.
constexpr std::size_t kUnmarkedDigitsMin = 7;

// The user part of a sip:, sips: or tel: URI (RFC 3261, 19.1; RFC 3966); other text as it is.
std::string_view UserPart(std::string_view text) {
  bool uri = false;
  for (const std::string_view scheme : {"sip:", "sips:", "tel:"}) {
    if (!StartsWithWord(text, scheme)) continue;
    text.remove_prefix(scheme.size());
    uri = true;
    break;
  }
  if (uri || text.find('@') != std::string_view::npos)
    text = text.substr(0, text.find_first_of("@;"));
  return text;
}

struct Cleaned {
  std::array<char, kNumberBytesMax> digits;
  std::size_t size = 0;
  bool plus = false;
  std::string_view view() const { return {digits.data(), size}; }
};

// Digits without the usual separators; nullopt where anything else stands among them.
std::optional<Cleaned> Clean(std::string_view text) {
  Cleaned out;
  if (text.size() > out.digits.size()) return std::nullopt;
  if (!text.empty() && text[0] == '+') {
    out.plus = true;
    text.remove_prefix(1);
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (IsDigit(c)) {
      out.digits[out.size++] = c;
    } else if (c == '(' && out.plus && text.substr(i, 3) == "(0)") {
      i += 2;  // "+44 (0)20": the trunk prefix, which isn't dialled from abroad
    } else if (std::string_view(" -.()/").find(c) == std::string_view::npos) {
      return std::nullopt;
    }
  }
  return out;
}

std::string Shown(std::string_view text) { return "\"" + std::string(text.substr(0, 32)) + "\""; }

}  // namespace

Result<Normaliser> Normaliser::Make(NumberingConfig config, const NumberPlan& plan) {
  const Country* country = nullptr;
  if (!config.country.empty()) {
    country = plan.FindCountry(config.country);
    if (country == nullptr) {
      return FatalError(
          "config_invalid",
          "country " + Shown(config.country) +
              " is not known: give the two capital letters of ISO 3166-1, such as GB");
    }
  }
  if (config.rules.size() > kNumberRulesMax) {
    return FatalError("config_invalid", std::to_string(config.rules.size()) +
                                            " number rules, at most " +
                                            std::to_string(kNumberRulesMax) + " are allowed");
  }
  for (const auto& rule : config.rules) {
    if (rule.prefix.empty() || rule.prefix.size() > kNumberBytesMax ||
        rule.replacement.size() > Msisdn::kDigitsMax) {
      return FatalError("config_invalid",
                        "number rule " + Shown(rule.prefix) + " -> " + Shown(rule.replacement) +
                            ": the prefix must have 1 to 64 bytes, its replacement at most 15");
    }
  }
  return Normaliser(std::move(config), plan, country);
}

std::optional<Msisdn> Normaliser::International(std::string_view digits) const {
  if (!plan_->Possible(digits)) return std::nullopt;
  std::array<char, Msisdn::kDigitsMax + 1> text;
  text[0] = '+';
  std::ranges::copy(digits, text.begin() + 1);
  return Msisdn::FromE164({text.data(), digits.size() + 1});
}

std::optional<Msisdn> Normaliser::National(std::string_view digits) const {
  const std::string_view code = country_->calling_code;
  if (digits.size() < kNationalDigitsMin || digits.size() + code.size() > Msisdn::kDigitsMax)
    return std::nullopt;
  std::array<char, Msisdn::kDigitsMax> text;
  std::ranges::copy(digits, std::ranges::copy(code, text.begin()).out);
  return International({text.data(), code.size() + digits.size()});
}

std::optional<Msisdn> Normaliser::NationalWithTrunk(std::string_view digits) const {
  if (country_->trunk.empty() || !digits.starts_with(country_->trunk)) return std::nullopt;
  return National(digits.substr(country_->trunk.size()));
}

std::optional<Msisdn> Normaliser::Unmarked(std::string_view digits) const {
  if (!country_->international.empty() && digits.starts_with(country_->international)) {
    return International(digits.substr(country_->international.size()));
  }
  if (const auto number = NationalWithTrunk(digits)) return number;
  if (digits.size() < kUnmarkedDigitsMin) return std::nullopt;
  // NANP numbers are dialled with or without the 1 (ATIS-0300051).
  if (country_->trunk.empty() || country_->calling_code == "1") {
    if (const auto number = National(digits)) return number;
  }
  if (digits.starts_with(country_->calling_code)) return International(digits);
  return std::nullopt;
}

std::optional<Msisdn> Normaliser::ToE164(std::string_view number,
                                         v1::Party::NumberType type) const {
  std::array<char, kNumberBytesMax + Msisdn::kDigitsMax> replaced;
  if (number.size() > kNumberBytesMax) return std::nullopt;
  for (const auto& rule : config_.rules) {
    if (!number.starts_with(rule.prefix)) continue;
    auto* end = std::ranges::copy(rule.replacement, replaced.data()).out;
    end = std::ranges::copy(number.substr(rule.prefix.size()), end).out;
    number = {replaced.data(), static_cast<std::size_t>(end - replaced.data())};
    break;
  }
  if (type == v1::Party::NUMBER_TYPE_NETWORK_SPECIFIC) return std::nullopt;
  const auto cleaned = Clean(UserPart(number));
  if (!cleaned || cleaned->size == 0) return std::nullopt;
  const auto digits = cleaned->view();
  if (cleaned->plus || type == v1::Party::NUMBER_TYPE_INTERNATIONAL || config_.bare_international) {
    return International(digits);
  }
  if (country_ == nullptr) return std::nullopt;
  if (type == v1::Party::NUMBER_TYPE_SUBSCRIBER) return std::nullopt;
  if (type == v1::Party::NUMBER_TYPE_NATIONAL) {
    const auto with_trunk = NationalWithTrunk(digits);
    return with_trunk ? with_trunk : National(digits);
  }
  return Unmarked(digits);
}

void Normaliser::Apply(v1::Party& party) const {
  party.clear_e164();
  if (party.number().empty()) return;
  if (const auto number = ToE164(party.number(), party.number_type())) {
    // "+" and the digits, without a string in between.
    std::array<char, Msisdn::kDigitsMax + 1> text;
    text[0] = '+';
    const std::uint64_t digits = number->bits() & ((std::uint64_t{1} << 60) - 1);
    const auto end = std::to_chars(text.data() + 1, text.data() + text.size(), digits).ptr;
    party.set_e164(text.data(), static_cast<std::size_t>(end - text.data()));
    return;
  }
  const auto word = PresentationOfWord(party.number());
  if (word != v1::Party::PRESENTATION_UNSPECIFIED) party.set_presentation(word);
}

void Normaliser::Apply(v1::CallRecord& record) const {
  if (record.has_calling()) Apply(*record.mutable_calling());
  if (record.has_called()) Apply(*record.mutable_called());
  if (record.has_connected()) Apply(*record.mutable_connected());
  if (record.has_original_called()) Apply(*record.mutable_original_called());
  if (record.has_redirecting()) Apply(*record.mutable_redirecting());
}

v1::Party::Presentation PresentationOfWord(std::string_view text) {
  text = UserPart(text);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  for (const std::string_view word :
       {"anonymous", "restricted", "private", "withheld", "blocked", "number withheld",
        "private number", "caller id blocked", "no caller id", "hidden"}) {
    if (SameWord(text, word)) return v1::Party::PRESENTATION_RESTRICTED;
  }
  for (const std::string_view word :
       {"unknown", "unavailable", "unknown number", "out of area", "not available"}) {
    if (SameWord(text, word)) return v1::Party::PRESENTATION_UNAVAILABLE;
  }
  return v1::Party::PRESENTATION_UNSPECIFIED;
}

}  // namespace textback::cdr
