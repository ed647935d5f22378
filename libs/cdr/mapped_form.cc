#include <array>
#include <charconv>

#include "base/bytes.h"
#include "cdr/form.h"
#include "cdr/mapped.h"
#include "cdr/mapping.h"
#include "cdr/reasons.h"
#include "cdr/webhook_call.h"

namespace textback::cdr {
namespace {

using mapping::Cell;

// What a mapping calls the time at which the form arrived, in milliseconds since 1970.
constexpr std::string_view kArrival = "$arrival";

class MappedForm final : public Adapter {
 public:
  explicit MappedForm(std::shared_ptr<const mapping::Plan> plan)
      : plan_(std::move(plan)), cells_(plan_->slots) {}

  void Decode(std::string_view value, const ValueContext& context, Decoded& out) override {
    auto status = Read(value);
    if (status) {
      SetArrival(context);
      status = Emit(value, out);
    }
    if (!status) out.Reject(std::move(status).error(), value);
  }

 private:
  Status Read(std::string_view value) {
    cells_.assign(plan_->slots, Cell{});
    while (value.ends_with('\n') || value.ends_with('\r')) value.remove_suffix(1);
    FormReader form(value, storage_);
    while (true) {
      TB_ASSIGN_OR_RETURN(const bool more, form.Next());
      if (!more) return Ok();
      const auto slot = SlotOf(form.name());
      // Of a name that comes again the first counts: lists of users, of numbers.
      if (slot == plan_->slots || !cells_[slot].text.empty()) continue;
      if (!IsUtf8(form.value())) {
        return DeadLetterError(reasons::kInvalidUtf8,
                               "the field " + plan_->csv.columns[slot] + " is not UTF-8");
      }
      cells_[slot] = {form.value(), false};
    }
  }

  // plan_->slots: none that the mapping reads.
  std::size_t SlotOf(std::string_view name) const {
    const auto& names = plan_->csv.columns;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name && name != kArrival) return i;
    }
    return plan_->slots;
  }

  void SetArrival(const ValueContext& context) {
    const auto& names = plan_->csv.columns;
    const auto arrival = ArrivalMs(context);
    for (std::size_t i = 0; arrival && i < names.size(); ++i) {
      if (names[i] != kArrival) continue;
      const auto end =
          std::to_chars(arrival_.data(), arrival_.data() + arrival_.size(), *arrival).ptr;
      cells_[i] = {{arrival_.data(), static_cast<std::size_t>(end - arrival_.data())}, false};
    }
  }

  Status Emit(std::string_view value, Decoded& out) {
    TB_ASSIGN_OR_RETURN(const auto* kind, mapping::Select(*plan_, cells_));
    if (kind->skip) return Ok();
    auto& record = out.Add(value);
    auto status = mapping::Fill(*plan_, *kind, cells_, record);
    if (!status) out.DropLast();
    return status;
  }

  std::shared_ptr<const mapping::Plan> plan_;
  std::vector<Cell> cells_;
  std::string storage_;
  std::array<char, 24> arrival_{};
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewMappedForm(const FormatConfig& config) {
  if (config.mapping.empty())
    return FatalError("config_invalid", "form needs a mapping file: see docs/sources/mapping.md");
  TB_ASSIGN_OR_RETURN(auto plan,
                      mapping::Compile(config.mapping, config.mapping_file, config.zone));
  if (!plan->form)
    return FatalError("config_invalid", config.mapping_file + " is for csv or json, not for form");
  return std::unique_ptr<Adapter>(std::make_unique<MappedForm>(std::move(plan)));
}

}  // namespace textback::cdr
