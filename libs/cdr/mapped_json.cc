#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "cdr/mapped.h"
#include "cdr/mapping.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

using mapping::Cell;
using mapping::PathNode;
using simdjson::dom::element;
using simdjson::dom::element_type;

class MappedJson final : public Adapter {
 public:
  explicit MappedJson(std::shared_ptr<const mapping::Plan> plan)
      : plan_(std::move(plan)), parser_(kValueBytesMax), cells_(plan_->slots) {
    // Each number is at most 32 characters, and no slot is filled twice.
    numbers_.reserve(plan_->slots * kNumberBytesMax);
  }

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    element root;
    const auto error =
        parser_.parse(value.data(), value.size(), /*realloc_if_needed=*/true).get(root);
    if (error == simdjson::UTF8_ERROR)
      return out.Reject(DeadLetterError(reasons::kInvalidUtf8, "the JSON is not UTF-8"), value);
    if (error != simdjson::SUCCESS) {
      return out.Reject(DeadLetterError(reasons::kJsonMalformed,
                                        std::string("not JSON: ") + simdjson::error_message(error)),
                        value);
    }
    Clear();
    element records = root;
    if (!plan_->each.empty()) {
      if (!plan_->shared.front().children.empty()) {
        if (auto status = Walk(plan_->shared, 0, root); !status)
          return out.Reject(std::move(status).error(), value);
      }
      for (const auto& key : plan_->each) {
        if (records[key].get(records) != simdjson::SUCCESS) {
          return out.Reject(
              DeadLetterError(reasons::kFieldMissing,
                              "the document has no \"" + key + "\", where its records should be"),
              value);
        }
      }
    }
    simdjson::dom::array many;
    if (records.get(many) != simdjson::SUCCESS) {
      if (auto status = DecodeOne(records, value, 0, out); !status)
        out.Reject(std::move(status).error(), value);
      return;
    }
    DecodeMany(many, value, out);
  }

 private:
  static constexpr std::size_t kNumberBytesMax = 32;

  void Clear() {
    std::ranges::fill(cells_, Cell{});
    numbers_.clear();
  }

  void DecodeMany(const simdjson::dom::array& many, std::string_view value, Decoded& out) {
    const auto shared = cells_;
    const auto shared_numbers = numbers_.size();
    std::size_t number = 0;
    for (const element item : many) {
      if (++number > kRecordsPerValueMax) {
        return out.Reject(DeadLetterError(reasons::kTooManyRecords,
                                          "more than " + std::to_string(kRecordsPerValueMax) +
                                              " records in one value"),
                          value);
      }
      cells_ = shared;
      numbers_.resize(shared_numbers);
      if (auto status = DecodeOne(item, value, number, out); !status) {
        auto error = std::move(status).error();
        error.message.insert(0, "record " + std::to_string(number) + ": ");
        out.Reject(std::move(error), value);
      }
    }
  }

  // `number`: of several in one value, from 1.
  Status DecodeOne(const element& item, std::string_view value, std::size_t number, Decoded& out) {
    if (item.type() != element_type::OBJECT)
      return DeadLetterError(reasons::kJsonBadValue, "the record must be an object");
    TB_RETURN_IF_ERROR(Walk(plan_->paths, 0, item));
    TB_ASSIGN_OR_RETURN(const auto* kind, mapping::Select(*plan_, cells_));
    if (kind->skip) return Ok();
    auto& record = out.Add(value);
    auto status = mapping::Fill(*plan_, *kind, cells_, record);
    // The value's bytes are those of all its records: they can't name one.
    if (status && number != 0 && record.record_id().empty()) {
      status = DeadLetterError(reasons::kFieldMissing,
                               "several records in one value need record_id in the mapping");
    }
    if (!status) out.DropLast();
    return status;
  }

  // Along the paths of the mapping; its depth is bounded by theirs (kPathDepthMax).
  Status Walk(const std::vector<PathNode>& nodes, std::uint32_t at, const element& value) {
    const PathNode& node = nodes[at];
    if (node.slot) TB_RETURN_IF_ERROR(Store(*node.slot, value, node.children.empty()));
    if (node.children.empty()) return Ok();
    if (value.type() == element_type::OBJECT) {
      for (const auto [key, member] : simdjson::dom::object(value)) {
        for (const auto& child : node.children) {
          if (child.index || child.key != key) continue;
          TB_RETURN_IF_ERROR(Walk(nodes, child.node, member));
          break;
        }
      }
    } else if (value.type() == element_type::ARRAY) {
      const simdjson::dom::array array(value);
      const auto size = static_cast<std::int64_t>(array.size());
      for (const auto& child : node.children) {
        if (!child.index) continue;
        const std::int64_t index = *child.index < 0 ? size + *child.index : *child.index;
        element member;
        if (index < 0 || array.at(static_cast<std::size_t>(index)).get(member) != simdjson::SUCCESS)
          continue;
        TB_RETURN_IF_ERROR(Walk(nodes, child.node, member));
      }
    }
    return Ok();
  }

  Status Store(mapping::Slot slot, const element& value, bool leaf) {
    Cell& cell = cells_[slot];
    cell = {};
    switch (value.type()) {
      case element_type::STRING:
        cell.text = std::string_view(value);
        return Ok();
      case element_type::BOOL:
        cell.text = bool(value) ? "true" : "false";
        return Ok();
      case element_type::NULL_VALUE:
        return Ok();
      case element_type::INT64:
        return StoreNumber(cell, std::int64_t(value));
      case element_type::UINT64:
        return StoreNumber(cell, std::uint64_t(value));
      case element_type::DOUBLE:
        return StoreNumber(cell, double(value));
      default:
        if (!leaf) return Ok();  // only what is in it is read
        return DeadLetterError(
            reasons::kJsonBadValue,
            "a path of the mapping leads to an object or array: " + PathOf(slot));
    }
  }

  template <class T>
  Status StoreNumber(Cell& cell, T number) {
    if (numbers_.size() + kNumberBytesMax > numbers_.capacity()) return Ok();  // a repeated key
    const std::size_t begin = numbers_.size();
    numbers_.resize(begin + kNumberBytesMax);
    const auto [end, error] =
        std::to_chars(numbers_.data() + begin, numbers_.data() + begin + kNumberBytesMax, number);
    numbers_.resize(static_cast<std::size_t>(end - numbers_.data()));
    cell = {std::string_view(numbers_).substr(begin), true};
    return Ok();
  }

  std::string PathOf(mapping::Slot slot) const {
    for (const auto* nodes : {&plan_->paths, &plan_->shared}) {
      for (std::size_t i = 0; i < nodes->size(); ++i) {
        if ((*nodes)[i].slot == slot) return Name(*nodes, static_cast<std::uint32_t>(i));
      }
    }
    return {};
  }

  static std::string Name(const std::vector<PathNode>& nodes, std::uint32_t wanted) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (const auto& child : nodes[i].children) {
        if (child.node != wanted) continue;
        auto above = Name(nodes, static_cast<std::uint32_t>(i));
        if (child.index) return above + "[" + std::to_string(*child.index) + "]";
        return above.empty() ? child.key : above + "." + child.key;
      }
    }
    return {};
  }

  std::shared_ptr<const mapping::Plan> plan_;
  simdjson::dom::parser parser_;
  std::vector<Cell> cells_;
  std::string numbers_;  // what cells of numbers point into
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewMappedJson(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto plan,
                      mapping::Compile(config.mapping, config.mapping_file, config.zone));
  if (!plan->json)
    return FatalError("config_invalid", config.mapping_file + " is for csv or form, not for json");
  return std::unique_ptr<Adapter>(std::make_unique<MappedJson>(std::move(plan)));
}

}  // namespace textback::cdr
