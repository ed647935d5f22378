#include "ops/json.h"

#include <google/protobuf/descriptor.h>

#include <array>
#include <charconv>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"

namespace textback::ops {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr char kReplacement[] = "\xef\xbf\xbd";

void AppendEscaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kHex[static_cast<unsigned char>(c) & 15]);
  }
}

template <class Integer>
void AppendInteger(std::string& out, Integer value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// "UnknownPolicy" -> "UNKNOWN_POLICY_".
std::string PrefixOf(const EnumDescriptor& type) {
  std::string out;
  for (const char c : type.name()) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !out.empty()) out.push_back('_');
    out.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return out + "_";
}

void AppendEnum(std::string& out, const EnumDescriptor& type, int number) {
  const auto* value = type.FindValueByNumber(number);
  if (value == nullptr) {  // written by a later build
    AppendInteger(out, number);
    return;
  }
  out.push_back('"');
  out += EnumWord(*value);
  out.push_back('"');
}

// `index` -1: the field isn't a list.
void AppendValue(std::string& out, const Message& message, const FieldDescriptor& field,
                 int index) {
  const Reflection& r = *message.GetReflection();
  const bool list = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return AppendInteger(
          out, list ? r.GetRepeatedInt32(message, &field, index) : r.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return AppendInteger(
          out, list ? r.GetRepeatedInt64(message, &field, index) : r.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return AppendInteger(
          out, list ? r.GetRepeatedUInt32(message, &field, index) : r.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return AppendInteger(
          out, list ? r.GetRepeatedUInt64(message, &field, index) : r.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL: {
      const bool value =
          list ? r.GetRepeatedBool(message, &field, index) : r.GetBool(message, &field);
      out += value ? "true" : "false";
      return;
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      return AppendEnum(
          out, *field.enum_type(),
          list ? r.GetRepeatedEnumValue(message, &field, index) : r.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& value =
          list ? r.GetRepeatedStringReference(message, &field, index, &scratch)
               : r.GetStringReference(message, &field, &scratch);
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        AppendJsonString(out, ToBase64(value));
      } else {
        AppendJsonString(out, value);
      }
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return AppendJson(
          out, list ? r.GetRepeatedMessage(message, &field, index) : r.GetMessage(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      break;  // the contract has none: what is measured is counted in whole units
  }
  TB_UNREACHABLE();
}

}  // namespace

std::string EnumWord(const google::protobuf::EnumValueDescriptor& value) {
  std::string_view name = value.name();
  const std::string prefix = PrefixOf(*value.type());
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  return Lower(name);
}

void AppendJsonString(std::string& out, std::string_view text) {
  const bool utf8 = IsUtf8(text);
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || byte < 0x20 || byte == 0x7f) {
      AppendEscaped(out, c);
    } else if (byte > 0x7f && !utf8) {
      out += kReplacement;
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void AppendJson(std::string& out, const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);  // by number: the order of the contract
  out.push_back('{');
  bool first = true;
  for (const FieldDescriptor* field : fields) {
    if (!first) out.push_back(',');
    first = false;
    out.push_back('"');
    out += field->name();
    out += "\":";
    if (!field->is_repeated()) {
      AppendValue(out, message, *field, -1);
      continue;
    }
    out.push_back('[');
    const int size = message.GetReflection()->FieldSize(message, field);
    for (int i = 0; i < size; ++i) {
      if (i > 0) out.push_back(',');
      AppendValue(out, message, *field, i);
    }
    out.push_back(']');
  }
  out.push_back('}');
}

std::string ToJson(const Message& message) {
  std::string out;
  AppendJson(out, message);
  return out;
}

std::string ToBase64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";  // RFC 4648, 4
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t j) {
      return j < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[j])) : 0U;
    };
    const unsigned triple = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out.push_back(kAlphabet[triple >> 18]);
    out.push_back(kAlphabet[triple >> 12 & 63]);
    out.push_back(i + 1 < bytes.size() ? kAlphabet[triple >> 6 & 63] : '=');
    out.push_back(i + 2 < bytes.size() ? kAlphabet[triple & 63] : '=');
  }
  return out;
}

}  // namespace textback::ops
