#include "ops/json_schema.h"

#include <nlohmann/json.hpp>

#include "ops/json.h"

namespace textback::ops {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::ordered_json;

class Schema {
 public:
  ordered_json Object(const Descriptor& message) {
    ordered_json properties = ordered_json::object();
    for (int i = 0; i < message.field_count(); ++i) {
      const auto& field = *message.field(i);
      ordered_json value = Value(field);
      if (field.is_repeated()) value = {{"type", "array"}, {"items", std::move(value)}};
      properties[field.name()] = std::move(value);
    }
    return {
        {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  }
  ordered_json TakeDefinitions() { return std::move(definitions_); }

 private:
  ordered_json Value(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return {{"type", "boolean"}};
      case FieldDescriptor::CPPTYPE_STRING:
        if (field.type() == FieldDescriptor::TYPE_BYTES)
          return {{"type", "string"}, {"contentEncoding", "base64"}};
        return {{"type", "string"}};
      case FieldDescriptor::CPPTYPE_ENUM: {
        ordered_json words = ordered_json::array();
        for (int i = 0; i < field.enum_type()->value_count(); ++i)
          words.push_back(EnumWord(*field.enum_type()->value(i)));
        return {{"enum", std::move(words)}};
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Reference(*field.message_type());
      default:
        return {{"type", "integer"}};
    }
  }

  ordered_json Reference(const Descriptor& message) {
    if (!definitions_.contains(message.name())) {
      definitions_[message.name()] = ordered_json::object();  // ends a recursion
      definitions_[message.name()] = Object(message);
    }
    return {{"$ref", "#/$defs/" + message.name()}};
  }

  ordered_json definitions_ = ordered_json::object();
};

}  // namespace

std::string JsonSchema(const Descriptor& message, std::string_view title) {
  Schema schema;
  ordered_json out = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", title}};
  out.update(schema.Object(message));
  if (auto definitions = schema.TakeDefinitions(); !definitions.empty())
    out["$defs"] = std::move(definitions);
  return out.dump(2) + "\n";
}

}  // namespace textback::ops
