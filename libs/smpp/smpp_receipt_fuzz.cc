// Receipts, user data headers and message ids on untrusted bytes. The first byte chooses the
// esm_class and the coding, the second how many of the rest are TLVs.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "smpp/message_id.h"
#include "smpp/receipt.h"
#include "smpp/udh.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::smpp;
  if (size < 2) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t tlv_bytes = std::min<std::size_t>(data[1], rest.size());
  MessageSm message;
  message.esm_class = static_cast<std::uint8_t>(data[0] & 0x7c);
  message.data_coding = (data[0] & 1) != 0 ? kCodingUcs2 : kCodingDefault;
  message.tlvs = rest.substr(0, tlv_bytes);
  message.short_message = rest.substr(tlv_bytes);
  (void)IsReceipt(message);
  if (const auto receipt = ParseReceipt(message, 60)) {
    TB_ASSERT(receipt->message_id.size() <= kReceiptIdMax &&
              receipt->error.size() <= kReceiptErrorMax);
    for (const auto form : {MessageIdForm::kExact, MessageIdForm::kCaseless, MessageIdForm::kHex,
                            MessageIdForm::kDecimal}) {
      const std::string key = MessageIdKey(receipt->message_id, form);
      TB_ASSERT(key.size() <= kReceiptIdMax);
    }
  }
  const UserData user_data = ParseUserData(message);
  TB_ASSERT(user_data.text.size() <= message.Payload().size());
  TB_ASSERT(!user_data.concat || user_data.concat->part <= user_data.concat->total);
  return 0;
}
