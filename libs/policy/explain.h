// A Decision in plain words, for the owner of a garage or the people of a NOC.
//
//   No text: the caller hung up after 1.2 s of ringing.
//
// One sentence first, which is the answer; then, on request, what was asked on the way and what the
// records said. Numbers and times are written out; the customer's number is masked by default.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "textback/v1/amendment.pb.h"
#include "textback/v1/decision.pb.h"
#include "textback/v1/status.pb.h"

namespace textback::policy {

struct ExplainOptions {
  bool show_numbers = false;  // whole, instead of +1212555****
};

// "Text sent for: …" or "No text: …": one sentence.
std::string ExplainInBrief(const v1::Decision& decision);

// Lines of text: the brief sentence, call, gates, evidence, then what came after.
std::string Explain(const v1::Decision& decision, const std::vector<v1::Amendment>& amendments,
                    const std::vector<v1::Status>& statuses, const ExplainOptions& options = {});

// What a verdict says of the call: "nobody answered".
std::string VerdictInWords(v1::Verdict verdict, v1::AnsweredBy answered_by);
// "3 s", "1.2 s", "15 min", "26 h".
std::string DurationInWords(std::int64_t ms);
// "2026-11-22 10:04:36.000 UTC".
std::string TimeInWords(std::int64_t ms);

}  // namespace textback::policy
