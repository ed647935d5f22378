#include "base/result.h"

namespace textback {

std::string_view ToString(Disposition disposition) {
  switch (disposition) {
    case Disposition::kRetry:
      return "retry";
    case Disposition::kDeadLetter:
      return "dead_letter";
    case Disposition::kRebuild:
      return "rebuild";
    case Disposition::kYield:
      return "yield";
    case Disposition::kFatal:
      return "fatal";
  }
  TB_UNREACHABLE();
}

}  // namespace textback
