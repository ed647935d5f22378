// Any of our protobuf messages as one JSON object, in the form of the contract: names as in the
// .proto files, enums as lower-case words without their prefix ("no_answer"), 64-bit integers as
// numbers, bytes in base64, fields without a value left out. Same message, same text.
//
// Thread safety: pure functions.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace textback::ops {

void AppendJson(std::string& out, const google::protobuf::Message& message);
std::string ToJson(const google::protobuf::Message& message);

// In quotes, escaped. In a text that isn't UTF-8 each byte above 0x7f becomes U+FFFD, so that the
// result always is.
void AppendJsonString(std::string& out, std::string_view text);

// The word that `value` has in JSON: "no_answer" of VERDICT_NO_ANSWER.
std::string EnumWord(const google::protobuf::EnumValueDescriptor& value);

std::string ToBase64(std::string_view bytes);

}  // namespace textback::ops
