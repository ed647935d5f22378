// Delivery receipts (DLR) in the two forms that SMSCs send: TLVs
// (3.4, 5.3.2.12, 5.3.2.31, 5.3.2.35) and the text of appendix B, which the standard leaves to
// vendors:
//   id:IIIIIIIIII sub:SSS dlvrd:DDD submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DDDDDDD err:E
//   text:…
// Where both speak, TLVs win. The text is read in any order and case, with spaces after the colon,
// with "submit_date", "submitdate" or "submit-date", and with whatever follows "text:" left alone:
// that is the message's own text, which may say "stat:" itself.
//
// Untrusted input: anything gives a Receipt or nullopt. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "smpp/pdu.h"

namespace textback::smpp {

// 3.4, 5.2.28; the values are those of textback.v1.DeliveryState.
enum class DeliveryState : std::uint8_t {
  kUnspecified = 0,
  kEnroute = 1,
  kDelivered = 2,
  kExpired = 3,
  kDeleted = 4,
  kUndeliverable = 5,
  kAccepted = 6,
  kUnknown = 7,
  kRejected = 8,
};
std::string_view ToString(DeliveryState state);  // "delivered"
// Whether no further receipt is to be expected.
inline bool IsFinal(DeliveryState state) {
  return state != DeliveryState::kUnspecified && state != DeliveryState::kEnroute &&
         state != DeliveryState::kAccepted;
}

inline constexpr std::size_t kReceiptErrorMax = 16;
inline constexpr std::size_t kReceiptIdMax = 128;

struct Receipt {
  std::string message_id;  // as received; message_id.h makes the key
  DeliveryState state = DeliveryState::kUnspecified;
  std::string error;  // network_error_code's code in decimal, else the text's err:
  std::optional<std::int64_t> submit_ms;
  std::optional<std::int64_t> done_ms;
  std::optional<std::uint16_t> user_message_reference;
};

// Whether the PDU says that it is a receipt: by esm_class, or by a receipted_message_id. A text
// that merely looks like one is a person's message: anybody can send "id:1 stat:DELIVRD".
bool IsReceipt(const MessageSm& message);

// Reads a deliver_sm for which IsReceipt holds. nullopt when it has neither an id nor a
// user_message_reference: it can't be joined to anything. `utc_offset_minutes` is that of the dates
// in the text, which carry none.
std::optional<Receipt> ParseReceipt(const MessageSm& message, int utc_offset_minutes = 0);

// "DELIVRD" and what vendors make of it ("Delivered", "delivrd", "2").
DeliveryState ParseStat(std::string_view word);
// YYMMDDhhmm, YYMMDDhhmmss, YYYYMMDDhhmm or YYYYMMDDhhmmss, to milliseconds UTC.
std::optional<std::int64_t> ParseReceiptDate(std::string_view digits, int utc_offset_minutes);

// The text form, as our simulator sends it.
struct ReceiptText {
  std::string_view message_id;
  DeliveryState state = DeliveryState::kDelivered;
  std::string_view error = "000";
  std::int64_t submit_ms = 0;
  std::int64_t done_ms = 0;
  std::string_view text;  // at most 20 characters of it are written
};
std::string FormatReceiptText(const ReceiptText& receipt);

}  // namespace textback::smpp
