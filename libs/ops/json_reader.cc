#include "ops/json_reader.h"

#include <google/protobuf/descriptor.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "ops/json.h"

namespace textback::ops {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::json;

constexpr int kDepthMax = 32;

Error Bad(const std::string& path, std::string_view expected) {
  return FatalError("json_invalid",
                    (path.empty() ? "the value" : path) + ": expected " + std::string(expected));
}

const EnumValueDescriptor* FindWord(const EnumDescriptor& type, const std::string& word) {
  for (int i = 0; i < type.value_count(); ++i) {
    if (EnumWord(*type.value(i)) == word) return type.value(i);
  }
  return nullptr;
}

template <class Integer>
bool Fits(const json& value) {
  if (value.is_number_unsigned())
    return value.get<std::uint64_t>() <=
           static_cast<std::uint64_t>(std::numeric_limits<Integer>::max());
  if (!value.is_number_integer()) return false;
  if constexpr (std::numeric_limits<Integer>::is_signed)
    return value.get<std::int64_t>() >= std::numeric_limits<Integer>::min();
  return false;  // negative
}

Status ReadObject(const json& object, const std::string& path, int depth, Message& message);

// Sets the field, or adds to it where it is a list.
class Setter {
 public:
  Setter(Message& message, const FieldDescriptor& field)
      : message_(message), field_(field), reflection_(*message.GetReflection()) {}

  Status Set(const json& value, const std::string& path, int depth) {
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Number<std::int32_t>(value, path, [&](std::int32_t v) {
          list() ? reflection_.AddInt32(&message_, &field_, v)
                 : reflection_.SetInt32(&message_, &field_, v);
        });
      case FieldDescriptor::CPPTYPE_INT64:
        return Number<std::int64_t>(value, path, [&](std::int64_t v) {
          list() ? reflection_.AddInt64(&message_, &field_, v)
                 : reflection_.SetInt64(&message_, &field_, v);
        });
      case FieldDescriptor::CPPTYPE_UINT32:
        return Number<std::uint32_t>(value, path, [&](std::uint32_t v) {
          list() ? reflection_.AddUInt32(&message_, &field_, v)
                 : reflection_.SetUInt32(&message_, &field_, v);
        });
      case FieldDescriptor::CPPTYPE_UINT64:
        return Number<std::uint64_t>(value, path, [&](std::uint64_t v) {
          list() ? reflection_.AddUInt64(&message_, &field_, v)
                 : reflection_.SetUInt64(&message_, &field_, v);
        });
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!value.is_boolean() || list()) return Bad(path, "true or false");
        reflection_.SetBool(&message_, &field_, value.get<bool>());
        return Ok();
      case FieldDescriptor::CPPTYPE_ENUM:
        return Enum(value, path);
      case FieldDescriptor::CPPTYPE_STRING:
        if (!value.is_string() || field_.type() == FieldDescriptor::TYPE_BYTES)
          return Bad(path, "text");
        list() ? reflection_.AddString(&message_, &field_, value.get<std::string>())
               : reflection_.SetString(&message_, &field_, value.get<std::string>());
        return Ok();
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return ReadObject(value, path, depth + 1,
                          list() ? *reflection_.AddMessage(&message_, &field_)
                                 : *reflection_.MutableMessage(&message_, &field_));
      default:
        return Bad(path, "a field of another type: this one can't be read from JSON");
    }
  }

 private:
  bool list() const { return field_.is_repeated(); }

  template <class Integer, class To>
  Status Number(const json& value, const std::string& path, To to) {
    if (!Fits<Integer>(value)) return Bad(path, "a whole number in range");
    to(value.get<Integer>());
    return Ok();
  }

  Status Enum(const json& value, const std::string& path) {
    const auto* found =
        value.is_string() ? FindWord(*field_.enum_type(), value.get<std::string>()) : nullptr;
    if (found == nullptr) return Bad(path, "a word of " + field_.enum_type()->name());
    list() ? reflection_.AddEnum(&message_, &field_, found)
           : reflection_.SetEnum(&message_, &field_, found);
    return Ok();
  }

  Message& message_;
  const FieldDescriptor& field_;
  const google::protobuf::Reflection& reflection_;
};

Status ReadObject(const json& object, const std::string& path, int depth, Message& message) {
  if (!object.is_object() || depth > kDepthMax) return Bad(path, "an object");
  for (const auto& [key, value] : object.items()) {
    const std::string at = path.empty() ? key : path + "." + key;
    const auto* field = message.GetDescriptor()->FindFieldByName(key);
    if (field == nullptr)
      return Bad(at, "a field of " + message.GetDescriptor()->name() + ", which has none so named");
    Setter setter(message, *field);
    if (!field->is_repeated()) {
      TB_RETURN_IF_ERROR(setter.Set(value, at, depth));
      continue;
    }
    if (!value.is_array()) return Bad(at, "a list");
    for (const auto& item : value) TB_RETURN_IF_ERROR(setter.Set(item, at, depth));
  }
  return Ok();
}

}  // namespace

Status FromJson(std::string_view text, Message& message) {
  const json parsed = json::parse(text.begin(), text.end(), nullptr, false);
  if (parsed.is_discarded()) return Bad("", "one JSON object");
  message.Clear();
  return ReadObject(parsed, "", 0, message);
}

}  // namespace textback::ops
