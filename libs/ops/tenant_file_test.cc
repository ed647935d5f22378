#include "ops/tenant_file.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ops/generator.h"
#include "ops/json.h"
#include "ops/json_reader.h"
#include "ops/json_schema.h"
#include "textback/v1/amendment.pb.h"
#include "textback/v1/block_entry.pb.h"
#include "textback/v1/callback.pb.h"
#include "textback/v1/dead_letter.pb.h"
#include "textback/v1/decision.pb.h"
#include "textback/v1/job.pb.h"
#include "textback/v1/status.pb.h"

namespace textback::ops {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;

constexpr char kGarage[] = R"(tenants:
  - tenant: hill-street-garage
    name: Hill Street Garage
    lines:
      - {msisdn: "+12125550100", name: Workshop}
      - msisdn: "+12125550101"
    sender: {kind: e164, value: "+12125550100"}
    template_text: "Hi, this is {business}. Sorry we missed your call. STOP to opt out."
    max_age: 20m
    limit_pair: {texts: 2, window: 12h}
    text_verdicts: [no_answer, busy]
    keywords: {stop: [BASTA]}
    opt_out_scope: all
    unknown_policy: resend_once
    blocked_callers: ["+12125550199", "+1212555018*"]
    known_callers: ["+12125550142"]
    text_prefixes: ["+1"]
    nuisance: 0
)";

std::string Problems(const std::string& yaml) {
  const auto read = ReadTenants(yaml, "t.yaml");
  return read ? "" : read.error().message;
}

std::string Replace(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(TenantFile, ReadsAllOfATenant) {
  const auto read = ReadTenants(kGarage, "t.yaml");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 1U);
  const auto& t = read->front();
  EXPECT_TRUE(t.active());
  EXPECT_EQ(t.lines(0).name(), "Workshop");
  EXPECT_EQ(t.max_age_ms(), 20 * 60 * 1000);
  EXPECT_EQ(t.min_ring_ms(), 0);  // policy's default
  EXPECT_EQ(t.limit_pair().texts(), 2U);
  EXPECT_EQ(t.limit_pair().window_ms(), 12 * 3600 * 1000);
  EXPECT_FALSE(t.has_limit_customer());
  EXPECT_EQ(t.text_verdicts_size(), 2);
  EXPECT_EQ(t.keywords().stop(0), "BASTA");
  EXPECT_EQ(t.opt_out_scope(), v1::Scope::KIND_ALL);
  EXPECT_EQ(t.unknown_policy(), v1::Job::UNKNOWN_POLICY_RESEND_ONCE);
  EXPECT_EQ(t.priority(), 1U);
  EXPECT_EQ(t.blocked_callers(1), "+1212555018*");
  EXPECT_EQ(t.known_callers(0), "+12125550142");
  EXPECT_EQ(t.text_prefixes(0), "+1");
  EXPECT_TRUE(t.has_nuisance());
  EXPECT_EQ(t.nuisance(), 0U);
}

TEST(TenantFile, OneTenantNeedsNoList) {
  const auto read = ReadTenants(
      "tenant: a\nname: A\nlines: [{msisdn: \"+12125550100\"}]\n"
      "sender: {value: \"+12125550100\"}\ntemplate_text: Hi from {business}. STOP ends.\n",
      "t.yaml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->front().tenant(), "a");
}

TEST(TenantFile, ProblemsHaveTheirLine) {
  EXPECT_THAT(Problems(Replace(kGarage, "max_age", "max_agee")), HasSubstr("t.yaml:9:5"));
  EXPECT_THAT(Problems(Replace(kGarage, "max_age: 20m", "max_age: 20")), HasSubstr("t.yaml:9"));
  EXPECT_THAT(Problems(Replace(kGarage, "max_age: 20m", "max_age: 90d")), HasSubstr("t.yaml:9"));
  EXPECT_THAT(Problems(Replace(kGarage, "{business}", "{bussiness}")), HasSubstr("t.yaml:8"));
  EXPECT_THAT(Problems(Replace(kGarage, "\"+12125550101\"", "\"555 0101\"")),
              AllOf(HasSubstr("t.yaml:6:17"), HasSubstr("E.164")));
  EXPECT_THAT(Problems(Replace(kGarage, "+12125550101", "+12125550100")),
              AllOf(HasSubstr("t.yaml:5"), HasSubstr("twice")));
  EXPECT_THAT(Problems(Replace(kGarage, "busy]", "bussy]")), HasSubstr("\"bussy\" is no verdict"));
  EXPECT_THAT(Problems(Replace(kGarage, "hill-street-garage", "Hill Street")),
              HasSubstr("t.yaml:2"));
  EXPECT_THAT(Problems(Replace(kGarage, "    name: Hill Street Garage\n", "")),
              HasSubstr("business name"));
  EXPECT_THAT(Problems(Replace(kGarage, "+1212555018*", "1212555018*")),
              AllOf(HasSubstr("t.yaml:15"), HasSubstr("blocked_callers[1]")));
  EXPECT_THAT(Problems(Replace(kGarage, "[\"+12125550142\"]", "[\"+12125550199\"]")),
              AllOf(HasSubstr("t.yaml:16"), HasSubstr("stands in blocked_callers too")));
  EXPECT_THAT(Problems(Replace(kGarage, "[\"+1\"]", "[\"+1*\"]")), HasSubstr("t.yaml:17"));
  EXPECT_THAT(Problems(Replace(kGarage, "nuisance: 0", "nuisance: 101")), HasSubstr("t.yaml:18"));
  EXPECT_THAT(Problems("tenants: []\n"), HasSubstr("t.yaml:1"));
  EXPECT_NE(Problems(""), "");
}

TEST(TenantFile, AFalseNumberIsToldOnce) {
  const auto problems = Problems(Replace(kGarage, "\"+12125550101\"", "\"0\""));
  EXPECT_EQ(std::count(problems.begin(), problems.end(), '\n'), 0) << problems;
}

TEST(TenantFile, TwoTenantsCannotShareAnIdOrALine) {
  const std::string second = std::string(kGarage).substr(sizeof("tenants:\n") - 1);
  EXPECT_THAT(Problems(kGarage + second), HasSubstr("stands twice"));
  EXPECT_THAT(Problems(kGarage + Replace(second, "hill-street-garage", "other")),
              HasSubstr("is a line of \"hill-street-garage\" too"));
}

TEST(TenantFile, WhatIsWrittenIsReadBack) {
  auto read = ReadTenants(kGarage, "t.yaml");
  ASSERT_TRUE(read);
  auto generator = Generator::Make({.tenants = 5, .lines = 23});
  ASSERT_TRUE(generator);
  for (std::uint32_t i = 0; i < 5; ++i) read->push_back(generator->TenantAt(i));
  (*read)[2].set_name("Bäckerei \"Zum Löwen\"\\");
  std::string yaml = "tenants:\n";
  for (const auto& tenant : *read) yaml += TenantToYaml(tenant);
  const auto again = ReadTenants(yaml, "again.yaml");
  ASSERT_TRUE(again) << again.error().message;
  ASSERT_EQ(again->size(), read->size());
  for (std::size_t i = 0; i < read->size(); ++i) {
    auto expected = (*read)[i];
    if (expected.opt_out_scope() == v1::Scope::KIND_UNSPECIFIED)
      expected.set_opt_out_scope(v1::Scope::KIND_TENANT);
    EXPECT_TRUE(MessageDifferencer::Equals((*again)[i], expected))
        << (*again)[i].ShortDebugString() << "\n"
        << expected.ShortDebugString();
  }
}

TEST(TenantFile, EveryFieldOfTheTenantHasAKey) {
  std::vector<v1::Tenant> unused;
  const auto rows = config::Describe([&](config::Map& m) { ReadTenantList(m, unused); });
  const auto* descriptor = v1::Tenant::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    std::string name = descriptor->field(i)->name();
    if (name.ends_with("_ms")) name.resize(name.size() - 3);
    EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
      return row.path.starts_with("tenants[]." + name);
    })) << name;
  }
}

TEST(JsonReader, ReadsBackWhatJsonWrites) {
  v1::Decision decision;
  decision.set_call_id("c");
  decision.set_verdict(v1::VERDICT_NO_ANSWER);
  decision.set_now_ms(-5);
  decision.set_side(v1::Served::SIDE_ORIGINATING);
  decision.add_gates()->set_value(0);
  decision.add_evidence()->mutable_coordinates()->set_topic("x\"\n");
  v1::Decision again;
  ASSERT_TRUE(FromJson(ToJson(decision), again));
  EXPECT_TRUE(MessageDifferencer::Equals(again, decision));
}

TEST(JsonReader, RefusesWithThePlace) {
  const auto problem = [](std::string_view json) {
    v1::Decision decision;
    const auto status = FromJson(json, decision);
    return status ? std::string() : status.error().message;
  };
  EXPECT_EQ(problem("{}"), "");
  EXPECT_THAT(problem(""), HasSubstr("one JSON object"));
  EXPECT_THAT(problem("[]"), HasSubstr("an object"));
  EXPECT_THAT(problem(R"({"verdict":"nothing"})"),
              HasSubstr("verdict: expected a word of Verdict"));
  EXPECT_THAT(problem(R"({"verdicts":1})"), HasSubstr("verdicts: expected a field of Decision"));
  EXPECT_THAT(problem(R"({"evidence":[{"coordinates":{"partition":3000000000}}]})"),
              HasSubstr("evidence.coordinates.partition: expected a whole number"));
  EXPECT_THAT(problem(R"({"evidence_dropped":-1})"), HasSubstr("whole number"));
  EXPECT_THAT(problem(R"({"gates":{}})"), HasSubstr("a list"));
}

// The published schemas are those of the messages. UPDATE_SCHEMA=1 rewrites them.
TEST(JsonSchema, PublishedSchemasAreUpToDate) {
  const std::pair<const google::protobuf::Descriptor*, const char*> outputs[] = {
      {v1::Decision::descriptor(), "decision"},      {v1::Amendment::descriptor(), "amendment"},
      {v1::Status::descriptor(), "status"},          {v1::Job::descriptor(), "job"},
      {v1::Tenant::descriptor(), "tenant"},          {v1::DeadLetter::descriptor(), "dead_letter"},
      {v1::CallRecord::descriptor(), "call_record"}, {v1::BlockEntry::descriptor(), "block_entry"},
      {v1::Callback::descriptor(), "callback"},
  };
  for (const auto& [message, name] : outputs) {
    const std::string path =
        std::string(TEXTBACK_SOURCE_DIR "/docs/schema/") + name + ".schema.json";
    const auto schema = JsonSchema(*message, std::string("textback ") + name);
    if (std::getenv("UPDATE_SCHEMA") != nullptr) std::ofstream(path) << schema;
    std::ifstream file(path);
    std::stringstream published;
    published << file.rdbuf();
    EXPECT_EQ(published.str(), schema) << path << ": UPDATE_SCHEMA=1 rewrites it";
  }
}

}  // namespace
}  // namespace textback::ops
