#include "ops/generator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "cdr/cause.h"
#include "cdr/decoder.h"
#include "cdr/number_plan.h"
#include "ops/record_file.h"

namespace textback::ops {
namespace {

Generator Make(const GeneratorOptions& options) {
  auto made = Generator::Make(options);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(made).value();
}

std::string BytesOf(const GeneratorOptions& options, RecordFormat format) {
  auto generator = Make(options);
  std::string out;
  while (const auto* record = generator.Next()) AppendToFile(format, *record, out);
  return out;
}

GeneratorOptions Everything() {
  GeneratorOptions o;
  o.calls = 5'000;
  o.skew = 1.1;
  o.foreign = 0.2;
  o.forked = 0.1;
  o.duplicates = 0.05;
  o.out_of_order = 0.1;
  return o;
}

TEST(Generator, SameSeedSameBytesAndAnotherSeedOthers) {
  auto o = Everything();
  for (const auto format :
       {RecordFormat::kProtobuf, RecordFormat::kJson, RecordFormat::kAsteriskCsv}) {
    const auto bytes = BytesOf(o, format);
    EXPECT_EQ(bytes, BytesOf(o, format)) << NameOf(format);
    auto other = o;
    other.seed = 2;
    EXPECT_NE(bytes, BytesOf(other, format)) << NameOf(format);
  }
}

TEST(Generator, EveryFormatIsReadByIntakesDecoder) {
  for (const auto format :
       {RecordFormat::kProtobuf, RecordFormat::kJson, RecordFormat::kAsteriskCsv}) {
    cdr::SourceConfig config;
    config.name = "load";
    config.format.adapter = std::string(NameOf(format));
    config.settle.set_emits(v1::SettleProfile::EMITS_CALL_END);
    auto decoder = cdr::Decoder::Make(config);
    ASSERT_TRUE(decoder) << decoder.error().message;
    auto generator = Make(Everything());
    cdr::Decoded decoded;
    std::uint64_t records = 0;
    while (const auto* record = generator.Next()) {
      std::string value;
      AppendRecord(format, *record, value);
      decoder->Decode(value, {.now_ms = generator.emitted_ms()}, decoded);
      ASSERT_EQ(decoded.items.size(), 1U) << value << decoded.rejected.at(0).error.message;
      const auto& read = *decoded.items[0].record;
      ++records;
      EXPECT_EQ(read.called().e164(), record->called().number());
      EXPECT_EQ(read.has_answered_at_ms(), record->has_answered_at_ms());
      EXPECT_EQ(read.calling().presentation() == v1::Party::PRESENTATION_RESTRICTED,
                record->calling().presentation() == v1::Party::PRESENTATION_RESTRICTED);
      // Asterisk knows whole seconds.
      EXPECT_LT(std::abs(read.ended_at_ms() - record->ended_at_ms()), 1'000);
    }
    EXPECT_EQ(records, generator.tallies().records);
  }
}

TEST(Generator, TalliesAndSharesAreAsAskedFor) {
  auto o = Everything();
  o.calls = 50'000;
  auto generator = Make(o);
  std::map<std::string, int> seen;
  std::int64_t last_ms = 0;
  std::uint64_t legs = 0;
  std::uint64_t repeats = 0;
  while (const auto* record = generator.Next()) {
    ++seen[record->record_id()];
    legs += record->call_over() ? 0 : 1;
    repeats += generator.repeat() ? 1 : 0;
    EXPECT_GE(generator.emitted_ms(), last_ms);
    EXPECT_GE(generator.emitted_ms(), record->ended_at_ms());
    last_ms = generator.emitted_ms();
  }
  const auto& t = generator.tallies();
  EXPECT_EQ(t.calls, o.calls);
  EXPECT_EQ(t.repeats, repeats);
  EXPECT_EQ(t.records, seen.size() + t.repeats);
  const auto near = [&](std::uint64_t got, double share, std::uint64_t of) {
    return std::abs(static_cast<double>(got) / static_cast<double>(of) - share) < 0.01;
  };
  EXPECT_TRUE(near(t.foreign, o.foreign, o.calls));
  EXPECT_TRUE(near(t.missed, o.missed * (1 - o.foreign) * (1 - o.outbound), o.calls)) << t.missed;
  EXPECT_TRUE(near(t.repeats, o.duplicates, t.records - t.repeats));
  EXPECT_TRUE(near(t.displaced, o.out_of_order, t.records - t.repeats));
  EXPECT_GT(legs, 4'000U);
}

TEST(Generator, PlainOptionsGiveOneRecordACallInOrder) {
  GeneratorOptions o;
  o.calls = 1'000;
  auto generator = Make(o);
  for (std::uint64_t call = 0; call < o.calls; ++call) {
    const auto* record = generator.Next();
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(generator.call(), call);
    EXPECT_EQ(record->ended_at_ms(), o.start_ms + static_cast<std::int64_t>(call) * 10);
    EXPECT_EQ(generator.emitted_ms(), record->ended_at_ms());
  }
  EXPECT_EQ(generator.Next(), nullptr);
  EXPECT_EQ(generator.Next(), nullptr);
}

TEST(Generator, WhatIsMeantIsWhatTheCauseTableReads) {
  GeneratorOptions o;
  o.calls = 20'000;
  auto generator = Make(o);
  std::map<v1::Verdict, std::uint64_t> verdicts;
  while (const auto* record = generator.Next())
    ++verdicts[cdr::Classify(*record, cdr::kMinRingMsDefault).verdict];
  std::uint64_t missed = 0;
  for (const auto verdict :
       {v1::VERDICT_NO_ANSWER, v1::VERDICT_ABANDONED, v1::VERDICT_BUSY, v1::VERDICT_UNREACHABLE,
        v1::VERDICT_VOICEMAIL, v1::VERDICT_DECLINED}) {
    EXPECT_GT(verdicts[verdict], 100U) << verdict;
    missed += verdicts[verdict];
  }
  EXPECT_EQ(missed, generator.tallies().missed);
  // Outbound calls need `served` to be seen as such.
  EXPECT_EQ(missed + verdicts[v1::VERDICT_ANSWERED], o.calls);
}

TEST(Generator, TenantsHoldEveryLineOnce) {
  GeneratorOptions o;
  o.tenants = 7;
  o.lines = 100;
  const auto generator = Make(o);
  std::set<std::string> lines;
  std::set<std::string> ids;
  for (std::uint32_t i = 0; i < o.tenants; ++i) {
    const auto tenant = generator.TenantAt(i);
    ids.insert(tenant.tenant());
    for (const auto& line : tenant.lines()) EXPECT_TRUE(lines.insert(line.msisdn()).second);
  }
  EXPECT_EQ(ids.size(), 7U);
  EXPECT_EQ(lines.size(), 100U);
}

TEST(Generator, RefusesWhatItCannotDo) {
  const auto refused = [](auto change) {
    GeneratorOptions o;
    change(o);
    const auto status = Validate(o);
    return status ? std::string() : status.error().message;
  };
  EXPECT_EQ(refused([](auto&) {}), "");
  EXPECT_EQ(refused([](auto& o) { o.missed = 1.01; }), "missed must be a share from 0 to 1");
  EXPECT_EQ(refused([](auto& o) { o.missed = NAN; }), "missed must be a share from 0 to 1");
  EXPECT_EQ(refused([](auto& o) { o.missed = 1; }), "");
  EXPECT_NE(refused([](auto& o) { o.rate = 0; }), "");
  EXPECT_NE(refused([](auto& o) { o.lines = 9; }), "");
  EXPECT_EQ(refused([](auto& o) { o.lines = 10; }), "");
  EXPECT_NE(refused([](auto& o) { o.lines = 200'000; }), "");
  EXPECT_NE(refused([](auto& o) { o.customers = kExpansionPerRole + 1; }), "");
}

TEST(Fiction, NumbersAreDistinctValidAndTextable) {
  const auto& plan = cdr::NumberPlan::BuiltIn();
  for (const std::uint64_t customers : {FictionCount() - 500, std::uint64_t{1'000'000}}) {
    const FictionPool pool(customers, 500);
    std::set<FictionNumber> seen;
    for (const auto role : {FictionRole::kCustomer, FictionRole::kLine, FictionRole::kStranger}) {
      const std::uint64_t count = role == FictionRole::kCustomer ? customers : 500;
      for (std::uint64_t i = 0; i < count; i += role == FictionRole::kCustomer ? 7 : 1) {
        const auto number = pool.Number(role, i);
        ASSERT_TRUE(seen.insert(number).second) << View(number);
        const auto msisdn = Msisdn::FromE164(View(number));
        ASSERT_TRUE(msisdn) << View(number);
        ASSERT_TRUE(plan.Possible(View(number).substr(1))) << View(number);
        ASSERT_TRUE(cdr::Textable(plan.KindOf(*msisdn))) << View(number);
        const bool reserved = View(number).substr(5, 4) == "5550" && number[9] == '1';
        ASSERT_TRUE(reserved || number[3] == '9') << View(number);
      }
    }
  }
}

TEST(Fiction, SmallPoolsAreOfTheRangeReservedForFiction) {
  EXPECT_GT(FictionCount(), 50'000U);
  const FictionPool small(FictionCount() - 100, 100);
  EXPECT_EQ(View(small.Number(FictionRole::kCustomer, 0)), "+12015550100");
  EXPECT_EQ(View(small.Number(FictionRole::kCustomer, FictionCount() - 101)).substr(5, 5), "55501");
  EXPECT_EQ(View(small.Number(FictionRole::kLine, 99)).substr(5, 5), "55501");
  const FictionPool large(FictionCount() - 100, 101);
  EXPECT_EQ(View(large.Number(FictionRole::kCustomer, 0)), "+12902000000");
}

TEST(Zipf, FollowsItsLaw) {
  for (const double exponent : {0.0, 0.5, 1.0, 1.2}) {
    constexpr std::uint64_t kRanks = 50;
    constexpr int kDraws = 200'000;
    const Zipf zipf(kRanks, exponent);
    Random random(7);
    std::vector<int> counts(kRanks);
    for (int i = 0; i < kDraws; ++i) ++counts.at(zipf.Draw(random));
    double total = 0;
    for (std::uint64_t k = 1; k <= kRanks; ++k) total += std::pow(k, -exponent);
    for (const std::uint64_t k : {1, 2, 10, 50}) {
      const double expected = kDraws * std::pow(k, -exponent) / total;
      EXPECT_NEAR(counts[k - 1], expected, 5 * std::sqrt(expected)) << exponent << " " << k;
    }
  }
}

TEST(Zipf, OneRank) {
  const Zipf zipf(1, 1.5);
  Random random(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(zipf.Draw(random), 0U);
}

TEST(RecordFile, GivesBackWhatWasWritten) {
  for (const auto format :
       {RecordFormat::kProtobuf, RecordFormat::kJson, RecordFormat::kAsteriskCsv}) {
    GeneratorOptions o;
    o.calls = 50;
    auto generator = Make(o);
    std::string file;
    std::vector<std::string> values;
    while (const auto* record = generator.Next()) {
      AppendToFile(format, *record, file);
      AppendRecord(format, *record, values.emplace_back());
    }
    RecordFileReader reader(format, file);
    for (const auto& value : values) {
      const auto next = reader.Next();
      ASSERT_TRUE(next);
      EXPECT_EQ(next.value(), value);
    }
    EXPECT_EQ(reader.number(), values.size());
    EXPECT_FALSE(reader.Next().value());
    if (format != RecordFormat::kProtobuf) continue;
    for (std::size_t cut = 1; cut < 5; ++cut) {
      RecordFileReader short_reader(format, std::string_view(file).substr(0, file.size() - cut));
      for (std::size_t i = 0; i + 1 < values.size(); ++i) ASSERT_TRUE(short_reader.Next());
      EXPECT_EQ(short_reader.Next().error().code, "file_damaged");
    }
  }
}

}  // namespace
}  // namespace textback::ops
