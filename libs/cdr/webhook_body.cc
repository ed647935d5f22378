#include "cdr/webhook_body.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "base/ascii.h"
#include "base/bytes.h"
#include "cdr/form.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t kJsonDepthMax = 32;
constexpr int kContainersMax = 4;               // one in another
constexpr std::size_t kUsualBytes = 16 * 1024;  // grows for more
constexpr std::size_t kNumberBytesMax = 32;

// What stands around a name or value in a log: white space, quotes, commas.
std::string_view Bare(std::string_view text) {
  text = Trimmed(text);
  if (text.ends_with(',')) text.remove_suffix(1);
  const bool quoted =
      text.size() >= 2 && text.front() == text.back() && (text.front() == '\'' || text[0] == '"');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// "Name => value", "Name=value", "Name: value".
bool SplitLine(std::string_view line, std::string_view& name, std::string_view& value) {
  std::size_t at = line.find("=>");
  std::size_t length = 2;
  if (at == std::string_view::npos) {
    at = line.find_first_of("=:");
    length = 1;
  }
  if (at == std::string_view::npos) return false;
  name = Bare(line.substr(0, at));
  value = Bare(line.substr(at + length));
  return true;
}

}  // namespace

struct WebhookBody::Json {
  Status Walk(const element& value, int depth, WebhookBody& body);
  static Status Set(std::size_t field, const element& value, WebhookBody& body);

  simdjson::dom::parser parser;
  std::string padded;
};

WebhookBody::WebhookBody(std::span<const std::string_view> names,
                         std::span<const std::string_view> containers)
    : names_(names),
      containers_(containers),
      values_(names.size()),
      json_(std::make_unique<Json>()) {
  TB_ASSERT(names.size() <= kFieldsMax);
  for (std::size_t i = 0; i < names.size(); ++i) {
    TB_ASSERT(names[i].size() <= kNameBytesMax);
    fields_by_length_[names[i].size()] |= std::uint64_t{1} << i;
  }
}
WebhookBody::~WebhookBody() = default;
WebhookBody::WebhookBody(WebhookBody&&) noexcept = default;
WebhookBody& WebhookBody::operator=(WebhookBody&&) noexcept = default;

void WebhookBody::Clear() {
  std::ranges::fill(values_, std::string_view());
  seen_ = 0;
  scratch_used_ = 0;
}

std::string& WebhookBody::Scratch() {
  if (scratch_used_ == scratch_.size()) scratch_.emplace_back();
  return scratch_[scratch_used_++];
}

Status WebhookBody::Read(std::string_view value) {
  Clear();
  value = Trimmed(value);
  if (value.starts_with('{')) return ReadJson(value);
  if (value.find('\n') == std::string_view::npos && value.find('=') != std::string_view::npos &&
      value.find("=>") == std::string_view::npos) {
    return ReadForm(value);
  }
  return ReadLines(value);
}

Status WebhookBody::ReadJson(std::string_view text) {
  bad_value_ = reasons::kJsonBadValue;
  auto& parser = json_->parser;
  auto& padded = json_->padded;
  padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  padded.assign(text);
  if (parser.max_depth() != kJsonDepthMax) {
    const auto error = parser.allocate(kUsualBytes, kJsonDepthMax);
    if (error != simdjson::SUCCESS)
      return DeadLetterError(reasons::kJsonMalformed, simdjson::error_message(error));
  }
  element root;
  auto error = parser.parse(padded.data(), padded.size(), false).get(root);
  if (error == simdjson::UTF8_ERROR) {
    for (char& c : padded) {
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
    error = parser.parse(padded.data(), padded.size(), false).get(root);
  }
  if (error != simdjson::SUCCESS) {
    return DeadLetterError(reasons::kJsonMalformed,
                           std::string("not JSON: ") + simdjson::error_message(error));
  }
  return json_->Walk(root, 0, *this);
}

Status WebhookBody::Json::Walk(const element& value, int depth, WebhookBody& body) {
  object members;
  if (value.get(members) != simdjson::SUCCESS) return Ok();
  for (const auto member : members) {
    if (member.value.is_object()) {
      const bool enter = depth < kContainersMax &&
                         std::ranges::find(body.containers_, member.key) != body.containers_.end();
      if (enter) TB_RETURN_IF_ERROR(Walk(member.value, depth + 1, body));
    } else if (const auto field = body.FieldOf(member.key)) {
      TB_RETURN_IF_ERROR(Set(*field, member.value, body));
    }
  }
  return Ok();
}

// Null and lists say nothing.
Status WebhookBody::Json::Set(std::size_t field, const element& value, WebhookBody& body) {
  if (std::string_view text; value.get(text) == simdjson::SUCCESS) return body.Set(field, text);
  if (bool yes = false; value.get(yes) == simdjson::SUCCESS)
    return body.Set(field, yes ? "true" : "false");
  std::array<char, kNumberBytesMax> digits;
  char* end = nullptr;
  if (std::int64_t number = 0; value.get(number) == simdjson::SUCCESS) {
    end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  } else if (double real = 0; value.get(real) == simdjson::SUCCESS) {
    end = std::to_chars(digits.data(), digits.data() + digits.size(), real).ptr;
  } else {
    return Ok();
  }
  return body.Set(field, body.Scratch().assign(digits.data(), end));
}

Status WebhookBody::ReadForm(std::string_view text) {
  bad_value_ = reasons::kFormBadValue;
  const auto question = text.find('?');
  if (question < text.find('=')) text.remove_prefix(question + 1);
  FormReader form(text, form_);
  while (true) {
    TB_ASSIGN_OR_RETURN(const bool more, form.Next());
    if (!more) return Ok();
    TB_RETURN_IF_ERROR(SetNamed(form.name(), form.value()));
  }
}

Status WebhookBody::ReadLines(std::string_view text) {
  if (text.substr(0, text.find('\n')).ends_with('?')) {  // a query, printed for people
    compact_.clear();
    std::ranges::copy_if(text, std::back_inserter(compact_), [](char c) {
      return std::string_view(" \t\r\n").find(c) == std::string_view::npos;
    });
    return ReadForm(compact_);
  }
  bad_value_ = reasons::kTextBadValue;
  if (text.size() > kFormBytesMax) {
    return DeadLetterError(reasons::kTextMalformed,
                           "no JSON and no form, and too long for the lines of a log: " +
                               std::to_string(text.size()) + " bytes");
  }
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::string_view name;
    std::string_view value;
    if (SplitLine(line, name, value)) TB_RETURN_IF_ERROR(SetNamed(name, value));
  }
  if (!empty()) return Ok();
  return DeadLetterError(reasons::kTextMalformed,
                         "this is none of JSON, a form and lines of \"Name: value\"");
}

// A body has more fields than are read: the length tells most of them apart.
std::optional<std::size_t> WebhookBody::FieldOf(std::string_view name) const {
  if (name.size() > kNameBytesMax) return std::nullopt;
  for (auto rest = fields_by_length_[name.size()]; rest != 0; rest &= rest - 1) {
    const auto field = static_cast<std::size_t>(std::countr_zero(rest));
    if (names_[field] == name) return field;
  }
  return std::nullopt;
}

Status WebhookBody::SetNamed(std::string_view name, std::string_view value) {
  const auto field = FieldOf(name);
  return field ? Set(*field, value) : Ok();
}

Status WebhookBody::Set(std::size_t field, std::string_view value) {
  if (!IsUtf8(value)) {
    auto& mended = Scratch().assign(value);
    std::ranges::replace_if(mended, [](char c) { return (c & 0x80) != 0; }, '?');
    value = mended;
  }
  const std::uint64_t bit = std::uint64_t{1} << field;
  if ((seen_ & bit) != 0 && values_[field] != value) {
    return DeadLetterError(bad_value_,
                           std::string(names_[field]) + " stands there twice, with two values");
  }
  seen_ |= bit;
  values_[field] = value;
  return Ok();
}

Error WebhookBody::Bad(std::size_t field, std::string_view what) const {
  return DeadLetterError(bad_value_, std::string(names_[field]) + " " + std::string(what) +
                                         ", not \"" + std::string(values_[field].substr(0, 40)) +
                                         "\"");
}

}  // namespace textback::cdr
