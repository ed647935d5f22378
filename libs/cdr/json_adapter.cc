#include "cdr/json_adapter.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <unordered_map>

#include "base/bytes.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t kFieldsMax = 64;  // of one message: a bit each

std::string UpperOf(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

// An enum's values by name, in capitals, with and without the prefix that all its names share.
using EnumNames = std::unordered_map<std::string, int>;

EnumNames NamesOf(const EnumDescriptor& type) {
  const std::string zero = type.FindValueByNumber(0)->name();
  const std::string prefix = zero.substr(0, zero.size() - std::string_view("UNSPECIFIED").size());
  EnumNames names;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    names.emplace(value.name(), value.number());
    names.emplace(value.name().substr(prefix.size()), value.number());
  }
  return names;
}

// A message type as JSON has it. Made once; look-ups are by the name in the document.
struct Shape {
  struct Member {
    const FieldDescriptor* field;
    const Shape* inner = nullptr;  // messages
    EnumNames names;               // enums
    std::size_t bit = 0;
  };
  std::map<std::string, Member, std::less<>> members;
};

class Shapes {
 public:
  const Shape& Of(const Descriptor& type) {
    const auto [it, added] = shapes_.try_emplace(&type);
    if (!added) return *it->second;
    it->second = std::make_unique<Shape>();
    Shape& shape = *it->second;
    TB_ASSERT(static_cast<std::size_t>(type.field_count()) <= kFieldsMax);
    for (int i = 0; i < type.field_count(); ++i) {
      const auto* field = type.field(i);
      Shape::Member member{field, nullptr, {}, static_cast<std::size_t>(i)};
      if (field->type() == FieldDescriptor::TYPE_MESSAGE)
        member.inner = &Of(*field->message_type());
      if (field->type() == FieldDescriptor::TYPE_ENUM) member.names = NamesOf(*field->enum_type());
      shape.members.emplace(field->name(), std::move(member));
    }
    return shape;
  }

 private:
  std::map<const Descriptor*, std::unique_ptr<Shape>> shapes_;
};

const Shape& CallRecordShape() {
  static Shapes shapes;
  static const Shape& shape = shapes.Of(*v1::CallRecord::descriptor());
  return shape;
}

std::string_view TypeName(const element& value) {
  switch (value.type()) {
    case element_type::ARRAY:
      return "an array";
    case element_type::OBJECT:
      return "an object";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "a boolean";
    case element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

// Fills one record; the path of what is being read is kept for the error's text.
class Filler {
 public:
  explicit Filler(bool ignore_unknown) : ignore_unknown_(ignore_unknown) {}

  Status Fill(const element& value, const Shape& shape, Message& message) {
    simdjson::dom::object object;
    if (value.get(object) != simdjson::SUCCESS) return Bad("an object", value);
    std::uint64_t seen = 0;
    for (const auto [name, member] : object) {
      const auto it = shape.members.find(name);
      const std::size_t depth = path_.size();
      path_ += depth == 0 ? "" : ".";
      path_ += name.substr(0, kNameShownMax);
      if (it == shape.members.end()) {
        if (!ignore_unknown_) {
          return DeadLetterError(
              reasons::kJsonUnknownField,
              "CallRecord has no field \"" + Shown() + "\": see call_record.proto for the names");
        }
      } else {
        const std::uint64_t bit = std::uint64_t{1} << it->second.bit;
        if ((seen & bit) != 0) {
          return DeadLetterError(reasons::kJsonDuplicateField,
                                 "field \"" + Shown() + "\" stands twice");
        }
        seen |= bit;
        TB_RETURN_IF_ERROR(FillField(member, it->second, message));
      }
      path_.resize(depth);
    }
    return Ok();
  }

 private:
  static constexpr std::size_t kNameShownMax = 64;

  // Only valid UTF-8 in messages: a name may have been cut in the middle of a character.
  std::string Shown() const { return IsUtf8(path_) ? path_ : "(a long name)"; }

  Error Bad(std::string_view expected, const element& value) const {
    return DeadLetterError(reasons::kJsonBadValue,
                           (path_.empty() ? "the value" : "field \"" + Shown() + "\"") +
                               " must be " + std::string(expected) + ", not " +
                               std::string(TypeName(value)));
  }

  Status FillField(const element& value, const Shape::Member& member, Message& message) {
    if (value.is_null()) return Ok();
    if (!member.field->is_repeated()) return FillOne(value, member, message);
    simdjson::dom::array array;
    if (value.get(array) != simdjson::SUCCESS) return Bad("an array", value);
    for (const element item : array) {
      auto* added =
          message.GetReflection()->AddMessage(&message, member.field);  // causes are the only list
      TB_RETURN_IF_ERROR(Fill(item, *member.inner, *added));
    }
    return Ok();
  }

  Status FillOne(const element& value, const Shape::Member& member, Message& message) {
    const auto* field = member.field;
    const auto* reflection = message.GetReflection();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(value, *member.inner, *reflection->MutableMessage(&message, field));
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string_view text;
        if (value.get(text) != simdjson::SUCCESS) return Bad("a string", value);
        reflection->SetString(&message, field, std::string(text));
        return Ok();
      }
      case FieldDescriptor::CPPTYPE_BOOL: {
        bool flag = false;
        if (value.get(flag) != simdjson::SUCCESS) return Bad("true or false", value);
        reflection->SetBool(&message, field, flag);
        return Ok();
      }
      case FieldDescriptor::CPPTYPE_ENUM:
        return FillEnum(value, member, message);
      default:
        return FillInteger(value, *field, message);
    }
  }

  Status FillEnum(const element& value, const Shape::Member& member, Message& message) const {
    const auto* reflection = message.GetReflection();
    std::string_view name;
    std::int64_t number = 0;
    if (value.get(name) == simdjson::SUCCESS) {
      const auto it = member.names.find(UpperOf(name.substr(0, kNameShownMax)));
      if (it == member.names.end()) return UnknownName(*member.field);
      number = it->second;
    } else if (value.get(number) != simdjson::SUCCESS) {
      return Bad("the name of a " + member.field->enum_type()->name(), value);
    } else if (number < 0 || number > 0xffff ||
               member.field->enum_type()->FindValueByNumber(static_cast<int>(number)) == nullptr) {
      return UnknownName(*member.field);
    }
    reflection->SetEnumValue(&message, member.field, static_cast<int>(number));
    return Ok();
  }

  Error UnknownName(const FieldDescriptor& field) const {
    return DeadLetterError(reasons::kJsonBadValue, "field \"" + Shown() + "\" is no " +
                                                       field.enum_type()->name() +
                                                       ": see call_record.proto for the names");
  }

  Status FillInteger(const element& value, const FieldDescriptor& field, Message& message) const {
    std::int64_t number = 0;
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) return Bad("an integer", value);
    } else if (value.get(number) != simdjson::SUCCESS) {
      return Bad("an integer", value);
    }
    const auto* reflection = message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT64:
        reflection->SetInt64(&message, &field, number);
        return Ok();
      case FieldDescriptor::CPPTYPE_UINT32:
        if (number < 0 || number > std::numeric_limits<std::uint32_t>::max())
          return Bad("a number of 32 bits", value);
        reflection->SetUInt32(&message, &field, static_cast<std::uint32_t>(number));
        return Ok();
      case FieldDescriptor::CPPTYPE_INT32:
        if (number < std::numeric_limits<std::int32_t>::min() ||
            number > std::numeric_limits<std::int32_t>::max()) {
          return Bad("a number of 32 bits", value);
        }
        reflection->SetInt32(&message, &field, static_cast<std::int32_t>(number));
        return Ok();
      default:
        TB_UNREACHABLE();  // CallRecord has no other kinds of fields: json_adapter_test tries each
    }
  }

  bool ignore_unknown_;
  std::string path_;
};

class JsonAdapter final : public Adapter {
 public:
  explicit JsonAdapter(bool ignore_unknown_fields)
      : ignore_unknown_(ignore_unknown_fields), parser_(kValueBytesMax) {}

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    element root;
    const auto error =
        parser_.parse(value.data(), value.size(), /*realloc_if_needed=*/true).get(root);
    if (error == simdjson::UTF8_ERROR) {
      return out.Reject(DeadLetterError(reasons::kInvalidUtf8, "the JSON is not UTF-8"), value);
    }
    if (error != simdjson::SUCCESS) {
      return out.Reject(DeadLetterError(reasons::kJsonMalformed,
                                        std::string("not JSON: ") + simdjson::error_message(error)),
                        value);
    }
    auto& record = out.Add(value);
    Filler filler(ignore_unknown_);
    if (auto status = filler.Fill(root, CallRecordShape(), record); !status) {
      out.DropLast();
      out.Reject(std::move(status).error(), value);
    }
  }

 private:
  bool ignore_unknown_;
  simdjson::dom::parser parser_;
};

}  // namespace

std::unique_ptr<Adapter> NewJsonAdapter(bool ignore_unknown_fields) {
  return std::make_unique<JsonAdapter>(ignore_unknown_fields);
}

}  // namespace textback::cdr
