#include "ops/json.h"

#include <gtest/gtest.h>

#include "textback/v1/dead_letter.pb.h"
#include "textback/v1/decision.pb.h"
#include "textback/v1/job.pb.h"
#include "textback/v1/tenant.pb.h"

namespace textback::ops {
namespace {

TEST(Json, HasTheContractsWords) {
  v1::Decision decision;
  decision.set_call_id("c1");
  decision.set_verdict(v1::VERDICT_NO_ANSWER);
  decision.set_side(v1::Served::SIDE_TERMINATING);
  decision.set_action(v1::ACTION_TEXT);
  decision.set_now_ms(1'767'225'600'000);
  auto& gate = *decision.add_gates();
  gate.set_name("stale");
  gate.set_outcome(v1::Gate::OUTCOME_PASS);
  gate.set_value(0);  // set, though zero: `optional`
  EXPECT_EQ(ToJson(decision),
            R"({"call_id":"c1","side":"terminating","verdict":"no_answer","action":"text",)"
            R"("gates":[{"name":"stale","outcome":"pass","value":0}],"now_ms":1767225600000})");
}

TEST(Json, EnumsOfTwoWordsAndLists) {
  v1::Tenant tenant;
  tenant.set_unknown_policy(v1::Job::UNKNOWN_POLICY_RESEND_ONCE);
  tenant.add_text_verdicts(v1::VERDICT_BUSY);
  tenant.add_text_verdicts(static_cast<v1::Verdict>(99));
  tenant.set_active(true);
  EXPECT_EQ(ToJson(tenant),
            R"({"active":true,"text_verdicts":["busy",99],"unknown_policy":"resend_once"})");
}

TEST(Json, StringsAreEscapedAndAlwaysUtf8) {
  std::string out;
  AppendJsonString(out, "a\"\\\n\x01\x7f\xc3\xa4");
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\\u007f\xc3\xa4\"");
  out.clear();
  AppendJsonString(out, "a\xff");
  EXPECT_EQ(out, "\"a\xef\xbf\xbd\"");
}

TEST(Json, BytesAreBase64) {
  EXPECT_EQ(ToBase64(""), "");
  EXPECT_EQ(ToBase64("f"), "Zg==");
  EXPECT_EQ(ToBase64("fo"), "Zm8=");
  EXPECT_EQ(ToBase64("foo"), "Zm9v");
  v1::DeadLetter letter;
  letter.set_value("\xff\xfe");
  EXPECT_EQ(ToJson(letter), R"({"value":"//4="})");
}

}  // namespace
}  // namespace textback::ops
