#include "shard/dead_letter.h"

#include "base/bytes.h"
#include "textback/v1/dead_letter.pb.h"

namespace textback::shard {

std::string EncodeDeadLetter(std::string_view role, std::string_view topic,
                             const InputRecord& record, const Error& error, std::int64_t at_ms) {
  textback::v1::DeadLetter letter;
  auto* coordinates = letter.mutable_coordinates();
  coordinates->set_topic(std::string(topic));
  coordinates->set_partition(record.partition);
  coordinates->set_offset(record.offset);
  letter.set_role(std::string(role));
  letter.set_reason(error.code);
  // A message may quote the input; a proto string must be UTF-8.
  letter.set_message(IsUtf8(error.message) ? error.message
                                           : "(not UTF-8) 0x" + ToHex(error.message));
  letter.set_key(std::string(record.key.substr(0, kDeadLetterKeyMax)));
  if (record.value) {
    letter.set_value(std::string(record.value->substr(0, kDeadLetterValueMax)));
    letter.set_value_size(record.value->size());
  }
  letter.set_at_ms(at_ms);
  return letter.SerializeAsString();
}

}  // namespace textback::shard
