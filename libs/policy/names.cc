#include "policy/names.h"

#include <google/protobuf/descriptor.h>

#include <map>
#include <string>

#include "cdr/cause.h"

namespace textback::policy {
namespace {

// Made once for each enum from its descriptor: VERDICT_NO_ANSWER is "no_answer".
std::map<int, std::string> WordsOf(const google::protobuf::EnumDescriptor& descriptor,
                                   std::size_t prefix) {
  std::map<int, std::string> words;
  for (int i = 0; i < descriptor.value_count(); ++i) {
    std::string word = descriptor.value(i)->name().substr(prefix);
    for (char& c : word) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    words.emplace(descriptor.value(i)->number(), std::move(word));
  }
  return words;
}

std::string_view Word(const std::map<int, std::string>& words, int value) {
  const auto it = words.find(value);
  return it == words.end() ? std::string_view("unspecified") : std::string_view(it->second);
}

const std::map<int, std::string>& ReasonWords() {
  static const auto& words =
      *new std::map(WordsOf(*v1::Reason_descriptor(), sizeof("REASON_") - 1));
  return words;
}

}  // namespace

std::string_view VerdictName(v1::Verdict verdict) { return cdr::WordOf(verdict); }

std::string_view ReasonName(v1::Reason reason) { return Word(ReasonWords(), reason); }

std::string_view ActionName(v1::Action action) {
  static const auto& words =
      *new std::map(WordsOf(*v1::Action_descriptor(), sizeof("ACTION_") - 1));
  return Word(words, action);
}

std::string_view AnsweredByName(v1::AnsweredBy answered_by) {
  static const auto& words =
      *new std::map(WordsOf(*v1::AnsweredBy_descriptor(), sizeof("ANSWERED_BY_") - 1));
  return Word(words, answered_by);
}

std::optional<v1::Reason> ReasonFromName(std::string_view name) {
  for (const auto& [value, word] : ReasonWords()) {
    if (word == name) return static_cast<v1::Reason>(value);
  }
  return std::nullopt;
}

}  // namespace textback::policy
