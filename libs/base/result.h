// The one error type that crosses a library boundary.
//
// Expected failures (bad input, a lost connection, a full queue) are values: every fallible
// function returns Result<T>. Programmer errors are TB_ASSERT (assert.h) and end the process.
// Exceptions of third-party code stop in the adapter that called it and become an Error there.
// Member names are those of std::expected, so that C++23 can replace this file.
//
// Thread safety: values; no shared state.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace textback {

// What the caller is to do, fixed where the error is made: a shard's loop switches on this, never
// on a code and never on a message.
enum class Disposition : unsigned char {
  kRetry,       // transient: the same call may work later
  kDeadLetter,  // this record can never work: park it and go on
  kRebuild,     // local state is suspect: wipe it, rebuild from the log
  kYield,       // fenced: another instance owns the partition now
  kFatal,       // no safe way on: stop the process (or refuse to start)
};

std::string_view ToString(Disposition disposition);

struct Error {
  Disposition disposition = Disposition::kFatal;
  std::string
      code;  // stable lower_snake word: metric label, dead letter's reason; from a bounded set
  std::string message;  // for a person: what, where, and what to do about it; never parsed
};

inline Error RetryError(std::string code, std::string message) {
  return {Disposition::kRetry, std::move(code), std::move(message)};
}
inline Error DeadLetterError(std::string code, std::string message) {
  return {Disposition::kDeadLetter, std::move(code), std::move(message)};
}
inline Error RebuildError(std::string code, std::string message) {
  return {Disposition::kRebuild, std::move(code), std::move(message)};
}
inline Error YieldError(std::string code, std::string message) {
  return {Disposition::kYield, std::move(code), std::move(message)};
}
inline Error FatalError(std::string code, std::string message) {
  return {Disposition::kFatal, std::move(code), std::move(message)};
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : v_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return v_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & {
    TB_ASSERT(has_value());
    return *std::get_if<0>(&v_);
  }
  const T& value() const& {
    TB_ASSERT(has_value());
    return *std::get_if<0>(&v_);
  }
  T&& value() && {
    TB_ASSERT(has_value());
    return std::move(*std::get_if<0>(&v_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const& {
    TB_ASSERT(!has_value());
    return *std::get_if<1>(&v_);
  }
  Error&& error() && {
    TB_ASSERT(!has_value());
    return std::move(*std::get_if<1>(&v_));
  }

 private:
  std::variant<T, Error> v_;
};

using Status = Result<std::monostate>;
inline Status Ok() { return std::monostate{}; }

}  // namespace textback

#define TB_CONCAT_INNER(a, b) a##b
#define TB_CONCAT(a, b) TB_CONCAT_INNER(a, b)
#define TB_RETURN_IF_ERROR(expr)               \
  do {                                         \
    if (auto tb_status = (expr); !tb_status) { \
      return std::move(tb_status).error();     \
    }                                          \
  } while (false)
// `decl` is a declaration: it can't stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define TB_ASSIGN_OR_RETURN(decl, expr) \
  TB_ASSIGN_OR_RETURN_INNER(TB_CONCAT(tb_r_, __LINE__), decl, expr)
#define TB_ASSIGN_OR_RETURN_INNER(tmp, decl, expr) \
  auto tmp = (expr);                               \
  if (!tmp) return std::move(tmp).error();         \
  decl = std::move(tmp).value()
// NOLINTEND(bugprone-macro-parentheses)
