#include "dispatch/number_errors.h"

#include <algorithm>

namespace textback::dispatch {
namespace {

// "001" and "1" are one code.
std::string_view WithoutZeros(std::string_view code) {
  while (code.size() > 1 && code.front() == '0' && code[1] != 'x') code.remove_prefix(1);
  return code;
}

}  // namespace

NumberErrors::NumberErrors(const std::vector<std::string>& errors) {
  for (const auto& error : errors) errors_.emplace_back(WithoutZeros(error));
}

bool NumberErrors::Has(std::string_view error) const {
  return !error.empty() && std::ranges::find(errors_, WithoutZeros(error)) != errors_.end();
}

bool NumberErrors::Has(const v1::Receipt& receipt) const {
  return (receipt.state() == v1::DELIVERY_STATE_UNDELIVERABLE ||
          receipt.state() == v1::DELIVERY_STATE_REJECTED) &&
         Has(receipt.error());
}

}  // namespace textback::dispatch
