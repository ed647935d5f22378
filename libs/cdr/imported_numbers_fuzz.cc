// Number plans and ported numbers, which operators export: any bytes give a table or a problem with
// its line. The same bytes are read as both files.
#include <sstream>

#include "base/assert.h"
#include "cdr/imported_numbers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::istringstream plan(text);
  std::istringstream ported(text);
  for (const auto& numbers : {textback::cdr::ReadImportedNumbers({&plan, "plan.csv"}, {}),
                              textback::cdr::ReadImportedNumbers({}, {&ported, "ported.csv"})}) {
    if (!numbers) {
      TB_ASSERT(numbers.error().message.find(".csv:") != std::string::npos);
      continue;
    }
    for (const char* number : {"+447700900123", "+12125550100", "+999999999999999", "+10000"})
      (*numbers)->Find(*textback::Msisdn::FromE164(number));
  }
  return 0;
}
