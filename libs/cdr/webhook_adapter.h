// What the adapters of all telephony providers do: one webhook a value, its body read as named
// fields, of which Fill makes a record, nothing, or a refusal.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cdr/adapter.h"
#include "cdr/webhook_body.h"
#include "cdr/webhook_call.h"

namespace textback::cdr {

class WebhookAdapter : public Adapter {
 public:
  // Adds to `out` a record, nothing, or a rejection.
  void Decode(std::string_view value, const ValueContext& context, Decoded& out) override;

 protected:
  // `time_form`: what a time must be, for errors. It, `names` and `containers` (webhook_body.h) are
  // static.
  WebhookAdapter(WebhookTime time, std::string_view time_form,
                 std::span<const std::string_view> names,
                 std::span<const std::string_view> containers = {});

  const WebhookBody& body() const { return body_; }
  // nullopt: not there.
  Result<std::optional<std::int64_t>> Time(std::size_t field) const;

 private:
  // false: no record.
  virtual Result<bool> Fill(const ValueContext& context, v1::CallRecord& record) = 0;

  WebhookTime time_;
  std::string_view time_form_;
  WebhookBody body_;
};

}  // namespace textback::cdr
