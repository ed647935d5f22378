// A password or key that configuration points to: `{file: PATH}` or `{env: NAME}`, never the value
// itself. Whatever prints it prints ***; only Reveal() gives the value, so that every use of it is
// found by searching for that word.
//
// Thread safety: a value.
#pragma once

#include <ostream>
#include <string>
#include <utility>

namespace textback::config {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }
  friend std::string ToString(const Secret&) { return "***"; }

 private:
  std::string value_;
};

}  // namespace textback::config
