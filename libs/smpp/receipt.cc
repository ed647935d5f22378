#include "smpp/receipt.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/assert.h"

namespace textback::smpp {
namespace {

enum Key : std::size_t { kId, kSub, kDlvrd, kSubmitDate, kDoneDate, kStat, kErr, kText, kKeys };
constexpr std::array<std::string_view, kKeys> kKeyNames = {
    "id", "sub", "dlvrd", "submitdate", "donedate", "stat", "err", "text"};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0' || c == ',';
}
bool IsKeyFiller(char c) { return c == ' ' || c == '_' || c == '-'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (IsSpace(text.front()) || text.front() == '"')) text.remove_prefix(1);
  while (!text.empty() && (IsSpace(text.back()) || text.back() == '"')) text.remove_suffix(1);
  return text;
}

// How many characters of `text` spell `name`, a colon included; 0 if they don't. "submit date :"
// and "submit_date:" spell "submitdate".
std::size_t SpellsKey(std::string_view text, std::string_view name) {
  std::size_t at = 0;
  for (const char wanted : name) {
    if (at > 0 && at < text.size() && IsKeyFiller(text[at]) && Lower(text[at]) != wanted) ++at;
    if (at >= text.size() || Lower(text[at]) != wanted) return 0;
    ++at;
  }
  while (at < text.size() && text[at] == ' ') ++at;
  return at < text.size() && text[at] == ':' ? at + 1 : 0;
}

struct Fields {
  std::array<std::optional<std::string_view>, kKeys> value;
};

// One pass: at each word's begin, is it a key? A value runs to the next key.
Fields Split(std::string_view text) {
  Fields fields;
  std::optional<std::size_t> open;
  std::size_t value_begin = 0;
  const auto close = [&](std::size_t end) {
    if (open && !fields.value[*open])
      fields.value[*open] = Trim(text.substr(value_begin, end - value_begin));
  };
  bool word_begin = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!std::exchange(word_begin, IsSpace(text[i]))) continue;
    for (std::size_t key = 0; key < kKeys; ++key) {
      const std::size_t length = SpellsKey(text.substr(i), kKeyNames[key]);
      if (length == 0) continue;
      // After "text:" only what can't be done without, and is still missing, may follow: the
      // message's own text can't overrule.
      if (open == kText && ((key != kId && key != kStat) || fields.value[key])) continue;
      close(i);
      open = key;
      value_begin = i + length;
      i = value_begin - 1;
      word_begin = true;  // "id:" may be followed by its value at once, or by a space
      break;
    }
  }
  close(text.size());
  return fields;
}

int Two(std::string_view digits, std::size_t at) {
  return (digits[at] - '0') * 10 + digits[at + 1] - '0';
}

std::optional<std::int64_t> DateMs(int year, std::string_view rest, int utc_offset_minutes) {
  namespace chr = std::chrono;
  const chr::year_month_day date(chr::year(year), chr::month(static_cast<unsigned>(Two(rest, 0))),
                                 chr::day(static_cast<unsigned>(Two(rest, 2))));
  const int hour = Two(rest, 4), minute = Two(rest, 6),
            second = rest.size() >= 10 ? Two(rest, 8) : 0;
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::int64_t days = chr::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + hour * 3'600 + minute * 60 + second;
  return (seconds - utc_offset_minutes * std::int64_t{60}) * 1'000;
}

// UCS-2 receipts exist: plain ASCII with a zero before each character.
std::string Narrow(std::string_view ucs2) {
  std::string out;
  for (std::size_t i = 1; i < ucs2.size(); i += 2) out.push_back(ucs2[i - 1] == 0 ? ucs2[i] : '?');
  return out;
}

std::string_view WithoutUdh(const MessageSm& message) {
  const std::string_view payload = message.Payload();
  if (!message.udhi() || payload.empty()) return payload;
  const std::size_t header = static_cast<unsigned char>(payload[0]) + std::size_t{1};
  return payload.substr(std::min(header, payload.size()));
}

void ReadText(std::string_view text, int utc_offset_minutes, Receipt& receipt) {
  const Fields fields = Split(text);
  const auto value = [&](Key key) { return fields.value[key].value_or(std::string_view{}); };
  // An id is one word: what follows up to the next key is some vendor's own field.
  receipt.message_id = value(kId).substr(0, std::min(value(kId).find(' '), kReceiptIdMax));
  receipt.state = ParseStat(value(kStat));
  receipt.error = value(kErr).substr(0, std::min(value(kErr).find(' '), kReceiptErrorMax));
  receipt.submit_ms = ParseReceiptDate(value(kSubmitDate), utc_offset_minutes);
  receipt.done_ms = ParseReceiptDate(value(kDoneDate), utc_offset_minutes);
}

void ReadTlvs(const MessageSm& message, Receipt& receipt) {
  TlvReader reader(message.tlvs);
  for (Tlv tlv; reader.Next(tlv);) {
    switch (static_cast<Tag>(tlv.tag)) {
      case Tag::kReceiptedMessageId:
        if (const auto id = Trim(tlv.value.substr(0, tlv.value.find('\0'))); !id.empty()) {
          receipt.message_id = id.substr(0, kReceiptIdMax);
        }
        break;
      case Tag::kMessageState:
        if (tlv.value.size() == 1 && tlv.value[0] >= 1 && tlv.value[0] <= 8) {
          receipt.state = static_cast<DeliveryState>(tlv.value[0]);
        }
        break;
      case Tag::kNetworkErrorCode:
        if (tlv.value.size() == 3) {
          const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(tlv.value[i]); };
          receipt.error = std::to_string(byte(1) << 8 | byte(2));
        }
        break;
      case Tag::kUserMessageReference:
        if (tlv.value.size() == 2) {
          receipt.user_message_reference =
              static_cast<std::uint16_t>(static_cast<unsigned char>(tlv.value[0]) << 8 |
                                         static_cast<unsigned char>(tlv.value[1]));
        }
        break;
      default:
        break;
    }
  }
}

std::string_view StatWord(DeliveryState state) {
  switch (state) {
    case DeliveryState::kUnspecified:
      return "UNKNOWN";
    case DeliveryState::kEnroute:
      return "ENROUTE";
    case DeliveryState::kDelivered:
      return "DELIVRD";
    case DeliveryState::kExpired:
      return "EXPIRED";
    case DeliveryState::kDeleted:
      return "DELETED";
    case DeliveryState::kUndeliverable:
      return "UNDELIV";
    case DeliveryState::kAccepted:
      return "ACCEPTD";
    case DeliveryState::kUnknown:
      return "UNKNOWN";
    case DeliveryState::kRejected:
      return "REJECTD";
  }
  TB_UNREACHABLE();
}

void AppendDate(std::string& out, std::int64_t utc_ms) {
  namespace chr = std::chrono;
  const chr::sys_time<chr::milliseconds> at{chr::milliseconds(utc_ms)};
  const auto day = chr::floor<chr::days>(at);
  const chr::year_month_day date(day);
  const auto minutes = chr::floor<chr::minutes>(at - day).count();
  const std::int64_t parts[] = {static_cast<int>(date.year()) % 100,
                                static_cast<unsigned>(date.month()),
                                static_cast<unsigned>(date.day()), minutes / 60, minutes % 60};
  for (const std::int64_t part : parts) {
    out.push_back(static_cast<char>('0' + part / 10));
    out.push_back(static_cast<char>('0' + part % 10));
  }
}

}  // namespace

std::string_view ToString(DeliveryState state) {
  switch (state) {
    case DeliveryState::kUnspecified:
      return "unspecified";
    case DeliveryState::kEnroute:
      return "enroute";
    case DeliveryState::kDelivered:
      return "delivered";
    case DeliveryState::kExpired:
      return "expired";
    case DeliveryState::kDeleted:
      return "deleted";
    case DeliveryState::kUndeliverable:
      return "undeliverable";
    case DeliveryState::kAccepted:
      return "accepted";
    case DeliveryState::kUnknown:
      return "unknown";
    case DeliveryState::kRejected:
      return "rejected";
  }
  TB_UNREACHABLE();
}

bool IsReceipt(const MessageSm& message) {
  const std::uint8_t type = message.esm_class & kEsmTypeMask;
  return type == kEsmDeliveryReceipt || type == kEsmIntermediate ||
         FindTlv(message.tlvs, Tag::kReceiptedMessageId).has_value();
}

std::optional<Receipt> ParseReceipt(const MessageSm& message, int utc_offset_minutes) {
  Receipt receipt;
  const std::string_view text = WithoutUdh(message);
  if (message.data_coding == kCodingUcs2) {
    ReadText(Narrow(text), utc_offset_minutes, receipt);
  } else {
    ReadText(text, utc_offset_minutes, receipt);
  }
  ReadTlvs(message, receipt);
  if (receipt.message_id.empty() && !receipt.user_message_reference) return std::nullopt;
  return receipt;
}

DeliveryState ParseStat(std::string_view word) {
  // By its first letters: vendors shorten and lengthen the seven of the standard.
  static constexpr struct {
    std::string_view begin;
    DeliveryState state;
  } kWords[] = {
      {"deliv", DeliveryState::kDelivered}, {"expir", DeliveryState::kExpired},
      {"delet", DeliveryState::kDeleted},   {"undel", DeliveryState::kUndeliverable},
      {"accep", DeliveryState::kAccepted},  {"unkno", DeliveryState::kUnknown},
      {"rejec", DeliveryState::kRejected},  {"enrou", DeliveryState::kEnroute},
      {"buffe", DeliveryState::kEnroute},   {"fail", DeliveryState::kUndeliverable},
  };
  word = Trim(word);
  if (word.size() == 1 && word[0] >= '1' && word[0] <= '8')
    return static_cast<DeliveryState>(word[0] - '0');
  for (const auto& entry : kWords) {
    if (word.size() < entry.begin.size()) continue;
    if (std::equal(entry.begin.begin(), entry.begin.end(), word.begin(),
                   [](char a, char b) { return a == Lower(b); })) {
      return entry.state;
    }
  }
  return DeliveryState::kUnspecified;
}

std::optional<std::int64_t> ParseReceiptDate(std::string_view digits, int utc_offset_minutes) {
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  const auto short_year = [&] {
    return DateMs(2000 + Two(digits, 0), digits.substr(2), utc_offset_minutes);
  };
  const auto long_year = [&] {
    return DateMs(Two(digits, 0) * 100 + Two(digits, 2), digits.substr(4), utc_offset_minutes);
  };
  switch (digits.size()) {
    case 10:
      return short_year();
    case 12: {
      // "202611220930": month 26 of 2020 isn't a date, so it can only be the long form.
      const auto date = short_year();
      return date ? date : long_year();
    }
    case 14:
      return long_year();
    default:
      return std::nullopt;
  }
}

std::string FormatReceiptText(const ReceiptText& receipt) {
  std::string out = "id:";
  out.append(receipt.message_id);
  out.append(receipt.state == DeliveryState::kDelivered ? " sub:001 dlvrd:001 submit date:"
                                                        : " sub:001 dlvrd:000 submit date:");
  AppendDate(out, receipt.submit_ms);
  out.append(" done date:");
  AppendDate(out, receipt.done_ms);
  out.append(" stat:").append(StatWord(receipt.state));
  out.append(" err:").append(receipt.error);
  out.append(" text:").append(receipt.text.substr(0, 20));
  return out;
}

}  // namespace textback::smpp
