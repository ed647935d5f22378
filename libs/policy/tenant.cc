#include "policy/tenant.h"

#include <algorithm>
#include <array>
#include <set>

#include "cdr/cause.h"
#include "cdr/number_plan.h"
#include "policy/document.h"
#include "policy/names.h"
#include "policy/nuisance.h"
#include "policy/verdict.h"
#include "text/segment.h"

namespace textback::policy {
namespace {

constexpr std::int64_t kMaxAgeDefaultMs = 15 * kMinuteMs;
constexpr std::int64_t kTextTtlDefaultMs = 30 * kMinuteMs;
constexpr std::uint32_t kLimitTextsMax = 50;
constexpr std::int64_t kTtlMaxMs = kDayMs;
constexpr std::int64_t kMinRingMaxMs = 5 * kMinuteMs;
constexpr std::size_t kTenantIdMax = 64;
constexpr std::size_t kNameMax = 100;
constexpr int kLinesMax = 100'000;
constexpr int kCallersMax = 10'000;
constexpr int kTextPrefixesMax = 100;
constexpr std::string_view kTemplateNameDefault = "first_text";
constexpr std::string_view kStopReplyDefault =
    "You won't get more texts from {business}. Reply START to undo.";
constexpr std::string_view kStartReplyDefault =
    "You will get texts from {business} again. Reply STOP to end them.";
constexpr std::string_view kHelpReplyDefault =
    "{business} texts you when it missed your call: one text a call. Msg & data rates may apply. "
    "Reply STOP to end. Contact: {contact}";

bool IsDigits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Collects problems under a field's name.
class Check {
 public:
  explicit Check(std::vector<Problem>& problems) : problems_(problems) {}
  void Fail(std::string field, std::string message) {
    problems_.push_back({std::move(field), std::move(message)});
  }
  void Range(std::string_view field, std::int64_t value, std::int64_t most) {
    if (value < 0 || value > most) {
      Fail(std::string(field),
           "is " + std::to_string(value) + ": expected 0 (the default) to " + std::to_string(most));
    }
  }

 private:
  std::vector<Problem>& problems_;
};

void CheckIdentity(const v1::Tenant& tenant, Check& check) {
  const std::string& id = tenant.tenant();
  const bool good =
      !id.empty() && id.size() <= kTenantIdMax && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
      });
  if (!good) {
    check.Fail("tenant", "is '" + id.substr(0, kTenantIdMax) +
                             "': expected 1 to 64 lower-case letters, digits, '-' and '_'");
  }
  if (tenant.name().empty() || tenant.name().size() > kNameMax) {
    check.Fail("name", "expected the business name, 1 to 100 bytes: texts say whom they are from");
  }
}

void CheckLines(const v1::Tenant& tenant, Check& check) {
  if (tenant.active() && tenant.lines().empty()) {
    check.Fail("lines", "is empty: an active tenant needs at least one line to be called on");
  }
  if (tenant.lines_size() > kLinesMax) {
    check.Fail("lines", "has " + std::to_string(tenant.lines_size()) +
                            " entries: expected at most " + std::to_string(kLinesMax));
    return;
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < tenant.lines_size(); ++i) {
    const auto& line = tenant.lines(i);
    const std::string field = "lines[" + std::to_string(i) + "].msisdn";
    if (!Msisdn::FromE164(line.msisdn())) {
      check.Fail(field, "is '" + line.msisdn().substr(0, 32) +
                            "': expected E.164 with a plus, such as +12125550100");
    } else if (!seen.insert(line.msisdn()).second) {
      check.Fail(field, "is listed twice");
    }
    if (line.name().size() > kNameMax) {
      check.Fail("lines[" + std::to_string(i) + "].name", "is longer than 100 bytes");
    }
  }
}

// SMPP 3.4, 5.2.5 (source_addr_ton) and GSM 03.40, 9.1.2.5: 11 characters of 7 bits at most.
void CheckSender(const v1::Address& sender, Check& check) {
  const std::string& value = sender.value();
  switch (sender.kind()) {
    case v1::Address::KIND_E164:
      if (!Msisdn::FromE164(value)) check.Fail("sender.value", "expected E.164 with a plus");
      return;
    case v1::Address::KIND_SHORT_CODE:
      if (!IsDigits(value) || value.size() < 3 || value.size() > 8) {
        check.Fail("sender.value", "expected a short code of 3 to 8 digits");
      }
      return;
    case v1::Address::KIND_ALPHANUMERIC: {
      const bool letters = std::any_of(value.begin(), value.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      });
      const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view(" &-._'+!").find(c) != std::string_view::npos;
      });
      if (value.empty() || value.size() > 11 || !plain || !letters) {
        check.Fail("sender.value",
                   "expected 1 to 11 letters, digits, spaces and & - . _ ' + !, with a letter");
      }
      return;
    }
    default:
      check.Fail("sender.kind", "expected KIND_E164, KIND_ALPHANUMERIC or KIND_SHORT_CODE");
  }
}

// A link, a mail address or a telephone number: some other way to say stop.
bool NamesAnotherWay(std::string_view text) {
  if (text.find("http://") != text.npos || text.find("https://") != text.npos ||
      text.find("www.") != text.npos || text.find('@') != text.npos) {
    return true;
  }
  int digits = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      if (++digits >= 6) return true;
    } else if (std::string_view(" -()+./").find(c) == std::string_view::npos) {
      digits = 0;
    }
  }
  return false;
}

constexpr std::array<std::string_view, 3> kMergeFields = {"business", "line_name", "contact"};

Result<text::TextTemplate> ParseTemplate(std::string_view source) {
  return text::TextTemplate::Parse(source, kMergeFields);
}

Result<std::string> RenderWith(const text::TextTemplate& which, std::string_view business,
                               std::string_view line_name, std::string_view contact) {
  const std::array<std::string_view, kMergeFields.size()> values = {business, line_name, contact};
  return which.Render(values);
}

// What fits with the longest of the tenant's line names fits always.
std::string_view LongestLineName(const v1::Tenant& tenant) {
  std::string_view longest;
  for (const auto& line : tenant.lines()) {
    if (line.name().size() > longest.size()) longest = line.name();
  }
  return longest;
}

void CheckTemplate(std::string_view field, std::string_view source, const v1::Tenant& tenant,
                   Check& check) {
  auto parsed = ParseTemplate(source);
  if (!parsed) {
    check.Fail(std::string(field), parsed.error().message);
    return;
  }
  for (const auto line_name : {LongestLineName(tenant), std::string_view()}) {
    auto rendered = RenderWith(*parsed, tenant.name(), line_name, tenant.contact());
    if (!rendered) {
      check.Fail(std::string(field), rendered.error().message);
      return;
    }
    auto segments = text::Segment(*rendered);
    if (!segments) {
      check.Fail(std::string(field), segments.error().message);
      return;
    }
  }
}

std::string_view Or(const std::string& value, std::string_view otherwise) {
  return value.empty() ? otherwise : std::string_view(value);
}

// A HELP reply that names no contact would be no help; the default leaves the words out.
std::string HelpReply(const v1::Tenant& tenant) {
  std::string reply(Or(tenant.help_reply(), kHelpReplyDefault));
  if (tenant.help_reply().empty() && tenant.contact().empty()) {
    reply.resize(reply.find(" Contact: "));
  }
  return reply;
}

void CheckTexts(const v1::Tenant& tenant, Check& check) {
  if (tenant.template_text().empty()) {
    check.Fail("template_text",
               "is empty: expected the text to send, such as \"Hi, this is "
               "{business}. Sorry we missed you.\"");
  } else {
    CheckTemplate("template_text", tenant.template_text(), tenant, check);
  }
  CheckTemplate("stop_reply", Or(tenant.stop_reply(), kStopReplyDefault), tenant, check);
  CheckTemplate("start_reply", Or(tenant.start_reply(), kStartReplyDefault), tenant, check);
  CheckTemplate("help_reply", HelpReply(tenant), tenant, check);
  if (tenant.template_name().size() > kNameMax)
    check.Fail("template_name", "is longer than 100 bytes");
  // Nobody can reply STOP to letters: there must be another way out, in the text itself.
  if (tenant.sender().kind() == v1::Address::KIND_ALPHANUMERIC) {
    std::string shown = tenant.template_text();
    const auto at = shown.find("{contact}");
    if (at != shown.npos) shown.replace(at, 9, tenant.contact());
    if (!NamesAnotherWay(shown)) {
      check.Fail(
          "template_text",
          "an alphanumeric sender takes no replies, so STOP can't arrive: the text must name "
          "another way to opt out (a link, a mail address or a number), or use a numeric sender");
    }
  }
}

void CheckVerdicts(const v1::Tenant& tenant, Check& check) {
  for (int i = 0; i < tenant.text_verdicts_size(); ++i) {
    if (MayBeTexted(tenant.text_verdicts(i))) continue;
    check.Fail("text_verdicts[" + std::to_string(i) + "]",
               "is '" + std::string(VerdictName(tenant.text_verdicts(i))) +
                   "': expected a kind of missed call (no_answer, busy, unreachable, declined, "
                   "abandoned, voicemail, queue_abandon, short_ring, network_failure)");
  }
}

void CheckLimit(const std::string& field, const v1::TextLimit& limit, bool present, Check& check) {
  if (!present) return;
  if (limit.texts() < 1 || limit.texts() > kLimitTextsMax) {
    check.Fail(field + ".texts", "is " + std::to_string(limit.texts()) + ": expected 1 to " +
                                     std::to_string(kLimitTextsMax));
  }
  if (limit.window_ms() < kSecondMs || limit.window_ms() > kLimitWindowMaxMs) {
    check.Fail(field + ".window_ms", "is " + std::to_string(limit.window_ms()) +
                                         ": expected 1000 (a second) to " +
                                         std::to_string(kLimitWindowMaxMs) + " (31 days)");
  }
}

void CheckPatterns(std::string_view field, const auto& patterns, Check& check) {
  if (patterns.size() > kCallersMax) {
    check.Fail(std::string(field), "has " + std::to_string(patterns.size()) +
                                       " entries: expected at most " + std::to_string(kCallersMax));
    return;
  }
  for (int i = 0; i < patterns.size(); ++i) {
    if (cdr::ParseNumberPattern(patterns.Get(i))) continue;
    check.Fail(std::string(field) + "[" + std::to_string(i) + "]",
               "is '" + patterns.Get(i).substr(0, 32) +
                   "': expected a number such as +12125550100, or what numbers begin with and a "
                   "star, such as +1212555*");
  }
}

void CheckCallers(const v1::Tenant& tenant, Check& check) {
  CheckPatterns("blocked_callers", tenant.blocked_callers(), check);
  CheckPatterns("known_callers", tenant.known_callers(), check);
  const std::set<std::string_view> blocked(tenant.blocked_callers().begin(),
                                           tenant.blocked_callers().end());
  for (int i = 0; i < tenant.known_callers_size(); ++i) {
    if (blocked.contains(tenant.known_callers(i))) {
      check.Fail("known_callers[" + std::to_string(i) + "]",
                 "is '" + tenant.known_callers(i).substr(0, 32) +
                     "', which stands in blocked_callers too: take it from one of them");
    }
  }
  if (tenant.text_prefixes_size() > kTextPrefixesMax) {
    check.Fail("text_prefixes", "has more than " + std::to_string(kTextPrefixesMax) + " entries");
  }
  for (int i = 0; i < tenant.text_prefixes_size(); ++i) {
    const auto& prefix = tenant.text_prefixes(i);
    if (prefix.starts_with('+') && cdr::RangeOfPrefix(prefix)) continue;
    check.Fail("text_prefixes[" + std::to_string(i) + "]",
               "is '" + prefix.substr(0, 32) +
                   "': expected what numbers begin with, such as +44 or +1212");
  }
  if (tenant.nuisance() > kNuisanceMax) {
    check.Fail("nuisance", "is " + std::to_string(tenant.nuisance()) + ": expected 0 (off) to " +
                               std::to_string(kNuisanceMax));
  }
}

void CheckNumbers(const v1::Tenant& tenant, std::int64_t horizon_ms, Check& check) {
  check.Range("min_ring_ms", tenant.min_ring_ms(), kMinRingMaxMs);
  // Older than the horizon nothing is remembered: it could not be told from a repeat.
  check.Range("max_age_ms", tenant.max_age_ms(), horizon_ms);
  check.Range("text_ttl_ms", tenant.text_ttl_ms(), kTtlMaxMs);
  const std::int64_t ttl = tenant.text_ttl_ms() == 0 ? kTextTtlDefaultMs : tenant.text_ttl_ms();
  if (tenant.delay_ms() < 0 || tenant.delay_ms() >= ttl) {
    check.Fail("delay_ms", "is " + std::to_string(tenant.delay_ms()) +
                               ": expected 0 to less than text_ttl_ms (" + std::to_string(ttl) +
                               "), or no text would ever go");
  }
  check.Range("priority", tenant.priority(), 2);
  CheckLimit("limit_pair", tenant.limit_pair(), tenant.has_limit_pair(), check);
  CheckLimit("limit_customer", tenant.limit_customer(), tenant.has_limit_customer(), check);
  if (!v1::Scope::Kind_IsValid(tenant.opt_out_scope())) {
    check.Fail("opt_out_scope", "is not a scope that this version knows");
  }
  if (!v1::Job::UnknownPolicy_IsValid(tenant.unknown_policy())) {
    check.Fail("unknown_policy", "is not a policy that this version knows");
  }
}

Result<text::ExtraKeywords> ParseKeywords(const v1::Keywords& keywords) {
  const auto list = [](const auto& words) {
    return std::vector<std::string>(words.begin(), words.end());
  };
  return text::ExtraKeywords::Make(list(keywords.stop()), list(keywords.start()),
                                   list(keywords.help()));
}

void CheckKeywords(const v1::Keywords& keywords, Check& check) {
  auto parsed = ParseKeywords(keywords);
  if (!parsed) check.Fail("keywords", parsed.error().message);
}

}  // namespace

std::vector<Problem> ValidateTenant(const v1::Tenant& tenant, std::int64_t horizon_ms) {
  std::vector<Problem> problems;
  Check check(problems);
  CheckIdentity(tenant, check);
  CheckLines(tenant, check);
  CheckSender(tenant.sender(), check);
  CheckTexts(tenant, check);
  CheckVerdicts(tenant, check);
  CheckNumbers(tenant, horizon_ms, check);
  CheckKeywords(tenant.keywords(), check);
  CheckCallers(tenant, check);
  return problems;
}

std::shared_ptr<const Tenant> Tenant::Compile(const v1::Tenant& tenant, std::int64_t version,
                                              const std::vector<Problem>& problems) {
  auto compiled = std::make_shared<Tenant>();
  compiled->id_ = tenant.tenant();
  compiled->version_ = version;
  compiled->active_ = tenant.active() && problems.empty();
  compiled->business_ = tenant.name();
  compiled->contact_ = tenant.contact();
  compiled->sender_ = tenant.sender();
  compiled->template_name_ = Or(tenant.template_name(), kTemplateNameDefault);
  compiled->CompileLimits(tenant);
  compiled->CompileCallers(tenant);
  const auto take = [](std::string_view source) -> std::optional<text::TextTemplate> {
    auto result = ParseTemplate(source);
    if (!result) return std::nullopt;
    return std::move(result).value();
  };
  compiled->first_text_ = take(tenant.template_text());
  compiled->stop_reply_ = take(Or(tenant.stop_reply(), kStopReplyDefault));
  compiled->start_reply_ = take(Or(tenant.start_reply(), kStartReplyDefault));
  compiled->help_reply_ = take(HelpReply(tenant));
  if (auto keywords = ParseKeywords(tenant.keywords())) {
    compiled->keywords_ = std::move(keywords).value();
  }
  for (const auto& line : tenant.lines()) {
    const auto msisdn = Msisdn::FromE164(line.msisdn());
    if (msisdn) compiled->lines_.push_back({msisdn->bits(), line.name()});
  }
  std::sort(compiled->lines_.begin(), compiled->lines_.end(),
            [](const OwnLine& a, const OwnLine& b) { return a.bits < b.bits; });
  return compiled;
}

// Of a tenant with problems whatever can be read: it is inactive anyway.
void Tenant::CompileCallers(const v1::Tenant& tenant) {
  cdr::NumberTableBuilder callers;
  const auto add = [&](const auto& patterns, cdr::NumberTable::Value value) {
    for (const auto& text : patterns) {
      if (const auto pattern = cdr::ParseNumberPattern(text)) callers.Add(*pattern, value);
    }
  };
  add(tenant.blocked_callers(), kBlockedCaller);
  add(tenant.known_callers(), kKnownCaller);
  static_cast<void>(callers.Build(callers_));
  cdr::NumberTableBuilder prefixes;
  for (const auto& text : tenant.text_prefixes()) {
    if (const auto range = cdr::RangeOfPrefix(text)) prefixes.Add(*range, 1, 0);
  }
  static_cast<void>(prefixes.Build(text_prefixes_));
  nuisance_ = tenant.has_nuisance() ? tenant.nuisance() : kNuisanceDefault;
}

void Tenant::CompileLimits(const v1::Tenant& tenant) {
  for (int i = 0; i < v1::Verdict_ARRAYSIZE; ++i) {
    if (tenant.text_verdicts().empty() && IsMissedByDefault(static_cast<v1::Verdict>(i))) {
      text_verdicts_ |= std::uint64_t{1} << i;
    }
  }
  for (const int verdict : tenant.text_verdicts()) {
    if (MayBeTexted(static_cast<v1::Verdict>(verdict)))
      text_verdicts_ |= std::uint64_t{1} << verdict;
  }
  const auto or_default = [](std::int64_t value, std::int64_t otherwise) {
    return value == 0 ? otherwise : value;
  };
  ivr_counts_as_missed_ = tenant.ivr_counts_as_missed();
  min_ring_ms_ = or_default(tenant.min_ring_ms(), cdr::kMinRingMsDefault);
  max_age_ms_ = or_default(tenant.max_age_ms(), kMaxAgeDefaultMs);
  text_ttl_ms_ = or_default(tenant.text_ttl_ms(), kTextTtlDefaultMs);
  delay_ms_ = tenant.delay_ms();
  limit_pair_.set_texts(1);
  limit_pair_.set_window_ms(kDayMs);
  if (tenant.has_limit_pair()) limit_pair_ = tenant.limit_pair();
  limit_customer_.set_texts(5);
  limit_customer_.set_window_ms(kDayMs);
  if (tenant.has_limit_customer()) limit_customer_ = tenant.limit_customer();
  priority_ = tenant.priority() == 0 ? 1 : tenant.priority();
  unknown_policy_ = tenant.unknown_policy();
  const auto scope = tenant.opt_out_scope();
  opt_out_scope_.set_kind(scope == v1::Scope::KIND_SENDER || scope == v1::Scope::KIND_ALL
                              ? scope
                              : v1::Scope::KIND_TENANT);
  if (opt_out_scope_.kind() == v1::Scope::KIND_TENANT) opt_out_scope_.set_tenant(tenant.tenant());
  if (opt_out_scope_.kind() == v1::Scope::KIND_SENDER) {
    opt_out_scope_.set_sender(tenant.sender().value());
  }
}

const Tenant::OwnLine* Tenant::FindLine(std::uint64_t bits) const {
  const auto it =
      std::lower_bound(lines_.begin(), lines_.end(), bits,
                       [](const OwnLine& line, std::uint64_t value) { return line.bits < value; });
  return it == lines_.end() || it->bits != bits ? nullptr : &*it;
}

Result<std::string> Tenant::Render(const std::optional<text::TextTemplate>& which,
                                   std::string_view line_name) const {
  if (!which) return DeadLetterError("template_error", "the tenant's template does not compile");
  return RenderWith(*which, business_, line_name, contact_);
}

Result<std::string> Tenant::RenderFirstText(std::uint64_t line_bits) const {
  const OwnLine* line = FindLine(line_bits);
  return Render(first_text_, line != nullptr ? std::string_view(line->name) : std::string_view());
}

Result<std::string> Tenant::RenderReply(v1::TextJob::Purpose purpose) const {
  switch (purpose) {
    case v1::TextJob::PURPOSE_OPT_OUT_CONFIRMATION:
      return Render(stop_reply_, "");
    case v1::TextJob::PURPOSE_OPT_IN_CONFIRMATION:
      return Render(start_reply_, "");
    default:
      return Render(help_reply_, "");
  }
}

}  // namespace textback::policy
