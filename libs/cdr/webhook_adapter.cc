#include "cdr/webhook_adapter.h"

#include <utility>

namespace textback::cdr {

WebhookAdapter::WebhookAdapter(WebhookTime time, std::string_view time_form,
                               std::span<const std::string_view> names,
                               std::span<const std::string_view> containers)
    : time_(std::move(time)), time_form_(time_form), body_(names, containers) {}

void WebhookAdapter::Decode(std::string_view value, const ValueContext& context, Decoded& out) {
  auto status = body_.Read(value);
  if (!status) return out.Reject(std::move(status).error(), value);
  auto filled = Fill(context, out.Add(value));
  if (filled && *filled) return;
  out.DropLast();
  if (!filled) out.Reject(std::move(filled).error(), value);
}

Result<std::optional<std::int64_t>> WebhookAdapter::Time(std::size_t field) const {
  if (body_[field].empty()) return std::optional<std::int64_t>();
  const auto ms = time_.Read(body_[field]);
  if (!ms) return body_.Bad(field, time_form_);
  return ms;
}

}  // namespace textback::cdr
