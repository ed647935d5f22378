// The user data header that concatenated messages begin with (GSM 03.40, 9.2.3.24), and the SAR
// TLVs that say the same outside of the payload (SMPP 3.4, 5.3.2.22 to 5.3.2.24).
//
//   UDHL(1) { IEI(1) IEDL(1) data(IEDL) }…   IEI 0x00: reference(1) total(1) part(1)
//                                            IEI 0x08: reference(2) total(1) part(1)
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "smpp/pdu.h"
#include "smpp/submit_port.h"

namespace textback::smpp {

struct Concat {
  std::uint16_t reference = 0;
  std::uint8_t total = 1;  // ≥ 1
  std::uint8_t part = 1;   // 1 … total
};

struct UserData {
  std::optional<Concat> concat;  // nullopt: a message of one part
  std::string_view text;         // the payload without its header; borrows
};

// A broken header, or a part number outside its total, reads as a message without one: what follows
// UDHL octets is still the text, and nothing is lost.
UserData ParseUserData(const MessageSm& message);

inline constexpr std::size_t kConcatUdhBytes = 6;
inline constexpr std::size_t kPartsMax = 255;

// One request per segment of an already segmented message; with several, each begins with the UDH
// of 8-bit reference. `base` gives the rest; part i has token base.token + i. Error "bad_segments"
// for none, more than 255, or one that doesn't fit a short_message.
Result<std::vector<SubmitRequest>> BuildParts(const SubmitRequest& base,
                                              const std::vector<std::string>& segments,
                                              std::uint8_t reference);

}  // namespace textback::smpp
