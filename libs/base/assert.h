// Assertions that stay on in release: for mistakes of this program, never for input.
//
// A failed one prints the expression and its place on stderr and aborts, so that a supervisor
// restarts the process and the log (not this memory) says what is true.
#pragma once

namespace textback {
[[noreturn]] void AssertFailed(const char* expression, const char* file, int line) noexcept;
}  // namespace textback

#define TB_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::textback::AssertFailed(#expression, __FILE__, __LINE__))
#define TB_UNREACHABLE() ::textback::AssertFailed("unreachable", __FILE__, __LINE__)
