#include "ops/tenant_file.h"

#include <map>
#include <set>
#include <utility>

#include "base/msisdn.h"
#include "cdr/cause.h"
#include "config/units.h"
#include "ops/json.h"
#include "policy/nuisance.h"
#include "policy/tenant.h"

namespace textback::ops {
namespace {

constexpr config::Limits kLimits{
    .bytes = std::size_t{256} << 20, .nodes = 20'000'000, .depth = 16, .problems = 100};
constexpr std::size_t kTenantsMax = 1'000'000;
constexpr std::size_t kLinesMax = 100'000;
constexpr std::size_t kKeywordsMax = 100;
constexpr std::size_t kCallersMax = 10'000;
constexpr std::size_t kTextPrefixesMax = 100;

std::string NumberProblem(const std::string& text) {
  if (Msisdn::FromE164(text)) return {};
  return "expected a number in E.164 with a plus, in quotes, such as \"+12125550100\"";
}

void ReadLine(config::Map& m, v1::Tenant& tenant) {
  auto& line = *tenant.add_lines();
  line.set_msisdn(m.String("msisdn", "The number, E.164.").Required().Check(NumberProblem).Read());
  line.set_name(m.String("name", "What {line_name} becomes: Workshop.").Default("").Read());
}

void ReadSender(config::Map& m, v1::Address& sender) {
  sender.set_kind(m.Enum<v1::Address::Kind>("kind", "What the value is.",
                                            {{"e164", v1::Address::KIND_E164},
                                             {"alphanumeric", v1::Address::KIND_ALPHANUMERIC},
                                             {"short_code", v1::Address::KIND_SHORT_CODE}})
                      .Default(v1::Address::KIND_E164)
                      .Read());
  sender.set_value(m.String("value", "Who the text is from.").Required().Read());
}

void ReadLimit(config::Map& map, std::string_view key, std::string_view doc,
               v1::TextLimit& (*limit)(v1::Tenant&), v1::Tenant& tenant) {
  map.OptionalSection(key, doc, [&](config::Map& m) {
    auto& to = limit(tenant);
    to.set_texts(static_cast<std::uint32_t>(
        m.Int("texts", "So many texts.").Required().Range(1, 1'000).Read()));
    to.set_window_ms(m.DurationMs("window", "In so long.").Default(policy::kDayMs).Read());
  });
}

void ReadVerdicts(config::Map& m, v1::Tenant& tenant) {
  for (const auto& word : m.Strings(
           "text_verdicts",
           "What counts as missed. Default: no_answer, busy, unreachable, declined, abandoned, "
           "voicemail, queue_abandon.",
           {.max = 20})) {
    const auto verdict = cdr::VerdictOfWord(word);
    if (verdict) {
      tenant.add_text_verdicts(*verdict);
    } else {
      m.Refuse("text_verdicts", "\"" + word.substr(0, 40) +
                                    "\" is no verdict: expected words such as no_answer, busy");
    }
  }
}

void ReadKeywords(config::Map& m, v1::Keywords& keywords) {
  const auto read = [&](std::string_view key, std::string_view doc, auto* to) {
    for (auto& word : m.Strings(key, doc, {.max = kKeywordsMax})) to->Add(std::move(word));
  };
  read("stop", "Further words for STOP.", keywords.mutable_stop());
  read("start", "Further words for START.", keywords.mutable_start());
  read("help", "Further words for HELP.", keywords.mutable_help());
}

// Where the default is policy's, nothing is written, and policy fills it in.
std::int64_t ReadDuration(config::Map& m, std::string_view key, std::string_view doc) {
  return m.DurationMs(key, doc).Default(0).Read();
}

void ReadTexts(config::Map& m, v1::Tenant& tenant) {
  const auto text = [&](std::string_view key, std::string_view doc) {
    return m.String(key, doc).Default("").Read();
  };
  tenant.set_template_text(
      text("template_text", "The text, with {business}, {line_name}, {contact}. Needed."));
  tenant.set_template_name(text("template_name", "Its name in decisions. Default: first_text."));
  tenant.set_stop_reply(text("stop_reply", "The answer to STOP. Default: a sentence."));
  tenant.set_start_reply(text("start_reply", "The answer to START. Default: a sentence."));
  tenant.set_help_reply(text("help_reply", "The answer to HELP. Default: two sentences."));
  tenant.set_contact(text("contact", "How to reach the business otherwise: {contact}."));
}

void ReadCallers(config::Map& m, v1::Tenant& tenant) {
  const auto read = [&](std::string_view key, std::string_view doc, std::size_t most, auto* to) {
    for (auto& text : m.Strings(key, doc, {.max = most})) to->Add(std::move(text));
  };
  read("blocked_callers", "Never texted: numbers, or \"+1212*\" for all that begin so.",
       kCallersMax, tenant.mutable_blocked_callers());
  read("known_callers", "No nuisance whatever their calls look like, and on no list but yours.",
       kCallersMax, tenant.mutable_known_callers());
  read("text_prefixes", "Only numbers that begin so are texted: \"+1\". Default: all.",
       kTextPrefixesMax, tenant.mutable_text_prefixes());
  const auto nuisance =
      m.Int("nuisance", "How sure it must be that a caller is a robot; 0: never mind.")
          .Default(policy::kNuisanceDefault)
          .Range(0, policy::kNuisanceMax)
          .Read();
  if (m.Has("nuisance")) tenant.set_nuisance(static_cast<std::uint32_t>(nuisance));
}

void ReadRules(config::Map& m, v1::Tenant& tenant) {
  ReadVerdicts(m, tenant);
  tenant.set_ivr_counts_as_missed(
      m.Bool("ivr_counts_as_missed", "A call that only a menu took is missed.")
          .Default(false)
          .Read());
  tenant.set_min_ring_ms(ReadDuration(m, "min_ring", "Given up sooner isn't missed. Default: 3s."));
  tenant.set_max_age_ms(
      ReadDuration(m, "max_age", "A miss older than this gets no text. Default: 15m."));
  tenant.set_text_ttl_ms(
      ReadDuration(m, "text_ttl", "Not sent so long after the call: expired. Default: 30m."));
  tenant.set_delay_ms(ReadDuration(m, "delay", "Wait so long before the text goes."));
  ReadLimit(
      m, "limit_pair", "Texts to one customer. Default: 1 in 1d.",
      [](v1::Tenant& t) -> v1::TextLimit& { return *t.mutable_limit_pair(); }, tenant);
  ReadLimit(
      m, "limit_customer", "Texts to one customer of all tenants. Default: 5 in 1d.",
      [](v1::Tenant& t) -> v1::TextLimit& { return *t.mutable_limit_customer(); }, tenant);
  ReadCallers(m, tenant);
  tenant.set_opt_out_scope(m.Enum<v1::Scope::Kind>("opt_out_scope", "What a STOP ends.",
                                                   {{"tenant", v1::Scope::KIND_TENANT},
                                                    {"sender", v1::Scope::KIND_SENDER},
                                                    {"all", v1::Scope::KIND_ALL}})
                               .Default(v1::Scope::KIND_TENANT)
                               .Read());
  tenant.set_unknown_policy(m.Enum<v1::Job::UnknownPolicy>(
                                 "unknown_policy",
                                 "A text whose outcome is not known: drop it, or resend it once.",
                                 {{"drop", v1::Job::UNKNOWN_POLICY_DROP},
                                  {"resend_once", v1::Job::UNKNOWN_POLICY_RESEND_ONCE}})
                                .Default(v1::Job::UNKNOWN_POLICY_DROP)
                                .Read());
  tenant.set_priority(static_cast<std::uint32_t>(
      m.Int("priority", "0 last, 2 first.").Default(1).Range(0, 2).Read()));
}

// "lines[2].msisdn" -> "lines", "max_age_ms" -> "max_age": the key that it stands under.
std::string KeyOf(std::string_view field) {
  field = field.substr(0, field.find_first_of(".["));
  if (field.ends_with("_ms")) field.remove_suffix(3);
  return std::string(field);
}

void ReadTenant(config::Map& m, v1::Tenant& tenant) {
  tenant.set_tenant(m.String("tenant", "Id: a-z, 0-9, - and _. Needed.").Default("").Read());
  tenant.set_name(
      m.String("name", "The business, as its customers know it. Needed.").Default("").Read());
  tenant.set_active(m.Bool("active", "Texts go out.").Default(true).Read());
  m.List("lines", "The numbers that its customers call.", {.max = kLinesMax},
         [&](config::Map& line) { ReadLine(line, tenant); });
  m.Section("sender", "Who the texts are from.",
            [&](config::Map& sender) { ReadSender(sender, *tenant.mutable_sender()); });
  ReadTexts(m, tenant);
  ReadRules(m, tenant);
  m.OptionalSection("keywords", "In the languages of its customers.",
                    [&](config::Map& k) { ReadKeywords(k, *tenant.mutable_keywords()); });
  for (const auto& problem : policy::ValidateTenant(tenant)) {
    const std::string key = KeyOf(problem.field);
    // Told already, at their own place.
    if (problem.field.ends_with(".msisdn") && problem.message.starts_with("is ''")) continue;
    if (problem.field == "sender.value" && tenant.sender().value().empty()) continue;
    m.Refuse(key, key == problem.field ? problem.message : problem.field + " " + problem.message);
  }
}

// What only shows when all are seen together.
class Together {
 public:
  void Check(config::Map& m, const v1::Tenant& tenant) {
    if (!tenant.tenant().empty() && !ids_.insert(tenant.tenant()).second)
      m.Refuse("tenant", "\"" + tenant.tenant() + "\" stands twice in this file");
    for (const auto& line : tenant.lines()) {
      if (line.msisdn().empty()) continue;
      const auto [owner, first] = owners_.emplace(line.msisdn(), tenant.tenant());
      if (!first && owner->second != tenant.tenant()) {
        m.Refuse("lines", line.msisdn() + " is a line of \"" + owner->second +
                              "\" too: a number can have one tenant");
      }
    }
  }

 private:
  std::set<std::string> ids_;
  std::map<std::string, std::string> owners_;
};

void AppendText(std::string& out, std::string_view key, const std::string& value) {
  if (value.empty()) return;
  out.append("    ").append(key).append(": ");
  AppendJsonString(out, value);  // a double-quoted scalar of YAML has the same escapes
  out.push_back('\n');
}

void AppendDuration(std::string& out, std::string_view key, std::int64_t ms) {
  if (ms == 0) return;
  out.append("    ").append(key).append(": ").append(config::FormatDurationMs(ms)) += "\n";
}

void AppendLimit(std::string& out, std::string_view key, const v1::TextLimit& limit) {
  out.append("    ").append(key).append(": {texts: ").append(std::to_string(limit.texts()));
  out.append(", window: ").append(config::FormatDurationMs(limit.window_ms())).append("}\n");
}

void AppendWords(std::string& out, std::string_view indent, std::string_view key,
                 const auto& words) {
  if (words.empty()) return;
  out.append(indent).append(key).append(": [");
  for (int i = 0; i < words.size(); ++i) {
    if (i > 0) out += ", ";
    AppendJsonString(out, words.Get(i));
  }
  out += "]\n";
}

template <class E>
std::string Word(E value) {
  return EnumWord(*google::protobuf::GetEnumDescriptor<E>()->FindValueByNumber(value));
}

void AppendLines(std::string& out, const v1::Tenant& tenant) {
  out += "    lines:\n";
  for (const auto& line : tenant.lines()) {
    out += "      - {msisdn: ";
    AppendJsonString(out, line.msisdn());
    if (!line.name().empty()) {
      out += ", name: ";
      AppendJsonString(out, line.name());
    }
    out += "}\n";
  }
}

}  // namespace

void ReadTenantList(config::Map& map, std::vector<v1::Tenant>& tenants) {
  Together together;
  map.List("tenants", "Business customers, and how to text for them.",
           {.min = 1, .max = kTenantsMax}, [&](config::Map& m) {
             ReadTenant(m, tenants.emplace_back());
             together.Check(m, tenants.back());
           });
}

Result<std::vector<v1::Tenant>> ReadTenants(std::string_view yaml, const std::string& file_name) {
  config::Reader reader(yaml, file_name, config::SecretSource(), kLimits);
  std::vector<v1::Tenant> tenants;
  if (reader.root().Has("tenant")) {
    ReadTenant(reader.root(), tenants.emplace_back());
  } else {
    ReadTenantList(reader.root(), tenants);
  }
  TB_RETURN_IF_ERROR(reader.Finish());
  return tenants;
}

Result<std::vector<v1::Tenant>> ReadTenantsFile(const std::string& path) {
  TB_ASSIGN_OR_RETURN(const auto text, config::ReadFile(path, kLimits.bytes));
  return ReadTenants(text, path);
}

std::string TenantToYaml(const v1::Tenant& tenant) {
  std::string out = "  - tenant: " + tenant.tenant() + "\n";
  AppendText(out, "name", tenant.name());
  if (!tenant.active()) out += "    active: false\n";
  AppendLines(out, tenant);
  out += "    sender: {kind: " + Word(tenant.sender().kind()) + ", value: ";
  AppendJsonString(out, tenant.sender().value());
  out += "}\n";
  AppendText(out, "template_text", tenant.template_text());
  AppendText(out, "template_name", tenant.template_name());
  if (tenant.text_verdicts_size() > 0) {
    out += "    text_verdicts: [";
    for (int i = 0; i < tenant.text_verdicts_size(); ++i)
      out += (i > 0 ? ", " : "") + Word(tenant.text_verdicts(i));
    out += "]\n";
  }
  if (tenant.ivr_counts_as_missed()) out += "    ivr_counts_as_missed: true\n";
  AppendDuration(out, "min_ring", tenant.min_ring_ms());
  AppendDuration(out, "max_age", tenant.max_age_ms());
  AppendDuration(out, "text_ttl", tenant.text_ttl_ms());
  AppendDuration(out, "delay", tenant.delay_ms());
  if (tenant.has_limit_pair()) AppendLimit(out, "limit_pair", tenant.limit_pair());
  if (tenant.has_limit_customer()) AppendLimit(out, "limit_customer", tenant.limit_customer());
  if (tenant.opt_out_scope() != v1::Scope::KIND_UNSPECIFIED)
    out += "    opt_out_scope: " + Word(tenant.opt_out_scope()) + "\n";
  if (tenant.has_keywords()) {
    out += "    keywords:\n";
    AppendWords(out, "      ", "stop", tenant.keywords().stop());
    AppendWords(out, "      ", "start", tenant.keywords().start());
    AppendWords(out, "      ", "help", tenant.keywords().help());
  }
  AppendWords(out, "    ", "blocked_callers", tenant.blocked_callers());
  AppendWords(out, "    ", "known_callers", tenant.known_callers());
  AppendWords(out, "    ", "text_prefixes", tenant.text_prefixes());
  if (tenant.has_nuisance()) out += "    nuisance: " + std::to_string(tenant.nuisance()) + "\n";
  AppendText(out, "stop_reply", tenant.stop_reply());
  AppendText(out, "start_reply", tenant.start_reply());
  AppendText(out, "help_reply", tenant.help_reply());
  AppendText(out, "contact", tenant.contact());
  if (tenant.unknown_policy() == v1::Job::UNKNOWN_POLICY_RESEND_ONCE)
    out += "    unknown_policy: resend_once\n";
  out += "    priority: " + std::to_string(tenant.priority()) + "\n";
  return out;
}

}  // namespace textback::ops
