// What comes from the network before anything is believed: no bytes may crash it, and none are
// good.
#include <algorithm>

#include "base/assert.h"
#include "cdr/webhook_signature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(all.find('\n'), all.size());
  const auto header = all.substr(0, line);
  const auto body = all.substr(std::min(line + 1, all.size()));
  constexpr std::string_view kSecret = "a secret that the fuzzer doesn't know";
  constexpr std::string_view kKey = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
  constexpr std::int64_t kNow = 1'790'000'000'000;
  for (const std::string_view type : {"application/x-www-form-urlencoded", "application/json"}) {
    const SignedRequest request{.url = header, .content_type = type, .body = body};
    TB_ASSERT(VerifyTwilio(request, header, kSecret) != SignatureCheck::kVerified);
    TB_ASSERT(VerifySignalwire(request, header, kSecret) != SignatureCheck::kVerified);
    TB_ASSERT(VerifyPlivo(request, header, "1", kSecret) != SignatureCheck::kVerified);
  }
  TB_ASSERT(VerifyVonage(body, header, kSecret, kNow) != SignatureCheck::kVerified);
  TB_ASSERT(VerifyTelnyx(body, header, "1790000000", kKey, kNow) != SignatureCheck::kVerified);
  TB_ASSERT(VerifyBandwidth(header, "textback", kSecret) != SignatureCheck::kVerified);
  return 0;
}
