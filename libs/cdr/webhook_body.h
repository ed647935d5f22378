// The body of one webhook as named fields, whatever its notation.
//
// Read, told apart by how they begin:
//   {"status":"busy","uuid":…}           JSON; members of nested objects only where they are named
//   CallStatus=busy&CallSid=…            a form (form.h), or the URL of a GET with it after "?"
//   CallStatus: busy                     lines, as programs log what they were sent: "Name: value",
//   'CallStatus' => 'busy',              "Name=value" or PHP's; of a query printed over several
//                                        lines the white space is dropped
// Only the fields that its user names are kept. A name that comes twice with two values is refused:
// a request that one program reads with the first value and another with the second is an attack.
// Bytes that aren't UTF-8 become "?": a caller's name isn't worth losing the call.
//
// Errors: kDeadLetter with the code of the notation. Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace textback::cdr {

class WebhookBody {
 public:
  static constexpr std::size_t kFieldsMax = 64;
  static constexpr std::size_t kNameBytesMax = 31;

  // `names`: of the fields, by index. `containers`: JSON objects whose members count as the body's
  // own. Both are static.
  explicit WebhookBody(std::span<const std::string_view> names,
                       std::span<const std::string_view> containers = {});
  ~WebhookBody();
  WebhookBody(WebhookBody&&) noexcept;
  WebhookBody& operator=(WebhookBody&&) noexcept;

  Status Read(std::string_view value);

  // Empty: not there. Stands until the next Read, as long as its value does.
  std::string_view operator[](std::size_t field) const { return values_[field]; }
  std::string_view NameOf(std::size_t field) const { return names_[field]; }
  // Whether the last body had any of the fields.
  bool empty() const { return seen_ == 0; }

  // kDeadLetter, with the word of the notation last read: "CallDuration is no …: \"x\"".
  Error Bad(std::size_t field, std::string_view what) const;

 private:
  struct Json;

  void Clear();
  Status ReadJson(std::string_view text);
  Status ReadForm(std::string_view text);
  Status ReadLines(std::string_view text);
  std::optional<std::size_t> FieldOf(std::string_view name) const;
  Status SetNamed(std::string_view name, std::string_view value);
  Status Set(std::size_t field, std::string_view value);
  std::string& Scratch();

  std::span<const std::string_view> names_;
  std::span<const std::string_view> containers_;
  std::array<std::uint64_t, kNameBytesMax + 1> fields_by_length_{};  // of the name: a bit for each
  std::vector<std::string_view> values_;
  std::uint64_t seen_ = 0;  // a bit for each field
  const char* bad_value_ = nullptr;
  std::unique_ptr<Json> json_;
  std::string form_;
  std::string compact_;
  std::deque<std::string> scratch_;  // kept from body to body; its elements don't move
  std::size_t scratch_used_ = 0;
};

}  // namespace textback::cdr
