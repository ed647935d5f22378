#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>
#include <tuple>

#include "config/reader.h"
#include "config/units.h"

namespace textback::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

SecretSource FakeSecrets() {
  return {[](const std::string& path) -> Result<std::string> {
            if (path == "empty") return std::string();
            if (path == "key") return std::string("from-file");
            return FatalError("config_unreadable", "cannot read " + path);
          },
          [](const std::string& name) -> std::optional<std::string> {
            if (name == "TOKEN") return "from-env";
            return std::nullopt;
          }};
}

std::string ErrorsOf(std::string_view yaml, const Map::Schema& schema, Limits limits = {}) {
  Reader reader(yaml, "w.yaml", FakeSecrets(), limits);
  schema(reader.root());
  const auto status = reader.Finish();
  return status ? "" : status.error().message;
}

TEST(UnitsTest, Durations) {
  const struct {
    std::string_view text;
    std::optional<std::int64_t> ms;
  } cases[] = {
      {"0ms", 0},
      {"500ms", 500},
      {"5s", 5000},
      {"15m", 900'000},
      {"26h", 93'600'000},
      {"2d", 172'800'000},
      {"1h30m", 5'400'000},
      {"9223372036854775807ms", std::numeric_limits<std::int64_t>::max()},
      {"", {}},
      {"5", {}},
      {"s", {}},
      {"5 s", {}},
      {"-5s", {}},
      {"+5s", {}},
      {"5S", {}},
      {"1.5s", {}},
      {"5s5s", {}},
      {"30m1h", {}},
      {"5weeks", {}},
      {"9223372036854775808ms", {}},
      {"9223372036854775807s", {}},
      {"106751991167d9223372036854775807ms", {}},
      {"5s ", {}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ParseDurationMs(c.text), c.ms) << c.text;
    if (c.ms) {
      EXPECT_EQ(ParseDurationMs(FormatDurationMs(*c.ms)), c.ms) << c.text;
    }
  }
  EXPECT_EQ(FormatDurationMs(93'600'000), "1d2h");
  EXPECT_EQ(FormatDurationMs(0), "0ms");
}

TEST(UnitsTest, Sizes) {
  EXPECT_EQ(ParseSizeBytes("64MiB"), 64 << 20);
  EXPECT_EQ(ParseSizeBytes("0B"), 0);
  EXPECT_EQ(ParseSizeBytes("8388607TiB"), std::int64_t{8388607} << 40);
  for (const char* bad : {"", "64", "64MB", "64mib", "1MiB2KiB", "8388608TiB", "-1B", " 1B"}) {
    EXPECT_EQ(ParseSizeBytes(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(FormatSizeBytes(64 << 10), "64KiB");
  EXPECT_EQ(FormatSizeBytes(1000), "1000B");
  EXPECT_EQ(FormatSizeBytes(0), "0B");
}

TEST(ReaderTest, ReadsEveryType) {
  enum class Role { kIntake, kDecide };
  Reader reader(
      "name: \"w: 1\"\nint: -7\nnumber: 0.25\nflag: true\nwait: 1h30m\nsize: 64MiB\nrole: decide\n"
      "secret: {env: TOKEN}\nwords: [a, \"b c\"]\nprops: {linger.ms: 5, acks: all}\n"
      "kafka: {brokers: localhost}\ninputs:\n  - topic: one\n  - topic: two\n",
      "w.yaml", FakeSecrets());
  Map& m = reader.root();
  EXPECT_EQ(m.String("name", "").Read(), "w: 1");
  EXPECT_EQ(m.Int("int", "").Range(-7, -7).Read(), -7);
  EXPECT_EQ(m.Number("number", "").Read(), 0.25);
  EXPECT_TRUE(m.Bool("flag", "").Read());
  EXPECT_EQ(m.DurationMs("wait", "").Read(), 5'400'000);
  EXPECT_EQ(m.SizeBytes("size", "").Read(), 64 << 20);
  EXPECT_EQ(m.Enum<Role>("role", "", {{"intake", Role::kIntake}, {"decide", Role::kDecide}}).Read(),
            Role::kDecide);
  EXPECT_EQ(m.Secret("secret", "").Reveal(), "from-env");
  EXPECT_THAT(m.Strings("words", ""), ElementsAre("a", "b c"));
  EXPECT_THAT(m.Properties("props", ""),
              ElementsAre(std::pair<std::string, std::string>("linger.ms", "5"),
                          std::pair<std::string, std::string>("acks", "all")));
  m.Section("kafka", "", [](Map& k) { EXPECT_EQ(k.String("brokers", "").Read(), "localhost"); });
  std::vector<std::string> topics;
  m.List("inputs", "", {}, [&](Map& i) { topics.push_back(i.String("topic", "").Read()); });
  EXPECT_THAT(topics, ElementsAre("one", "two"));
  const auto status = reader.Finish();
  EXPECT_TRUE(status) << status.error().message;
}

TEST(ReaderTest, DefaultsHoldInAnEmptyFile) {
  for (const char* empty : {"", "\n", "# nothing\n", "---\n", "{}"}) {
    Reader reader(empty, "w.yaml", FakeSecrets());
    Map& m = reader.root();
    EXPECT_EQ(m.Int("int", "").Default(3).Read(), 3);
    EXPECT_THAT(m.Strings("words", "", {}, {"x"}), ElementsAre("x"));
    EXPECT_TRUE(m.Secret("secret", "").empty());
    m.Section("s", "", [](Map& s) { EXPECT_TRUE(s.Bool("b", "").Default(true).Read()); });
    EXPECT_FALSE(m.OptionalSection("o", "", [](Map&) { FAIL(); }));
    EXPECT_TRUE(reader.Finish()) << empty;
  }
}

TEST(ReaderTest, CollectsAllProblemsInTheFilesOrder) {
  EXPECT_EQ(ErrorsOf("kafka:\n  sesion_timeout: 5s\n  linger: soon\nport: 70000\nxyzzy: 1\n",
                     [](Map& m) {
                       EXPECT_EQ(m.Int("port", "").Default(9464).Range(0, 65535).Read(), 9464);
                       m.Section("kafka", "", [](Map& k) {
                         k.DurationMs("session_timeout", "").Default(1).Read();
                         k.DurationMs("linger", "").Range(5, 5000).Read();
                         k.String("brokers", "").Required().Read();
                       });
                     }),
            "w.yaml:2:3: kafka.brokers: missing; expected text\n"
            "w.yaml:2:3: kafka: unknown key \"sesion_timeout\"; did you mean \"session_timeout\"?\n"
            "w.yaml:3:11: kafka.linger: expected a duration such as 500ms, 5s, 15m or 1h30m from "
            "5ms to 5s, found \"soon\"\n"
            "w.yaml:4:7: port: expected a whole number from 0 to 65535, found \"70000\"\n"
            "w.yaml:5:1: unknown key \"xyzzy\"; expected one of kafka, port");
}

TEST(ReaderTest, RefusesWithAReason) {
  const Map::Schema schema = [](Map& m) {
    m.Int("n", "").Range(1, 9).Read();
    m.Number("x", "").Read();
    m.Bool("b", "").Read();
    m.String("s", "").Check([](const std::string& v) { return v == "bad" ? "is bad" : ""; }).Read();
    m.Enum<int>("e", "", {{"one", 1}, {"two", 2}}).Default(1).Read();
    std::ignore = m.Strings("words", "", {.max = 2});
    std::ignore = m.Properties("props", "", {.max = 1});
    m.List("list", "", {.min = 0, .max = 2}, [](Map& i) { i.Int("i", "").Read(); });
    m.Section("sec", "", [](Map&) {});
    std::ignore = m.Secret("secret", "");
  };
  const struct {
    const char* yaml;
    const char* message;
  } cases[] = {
      {"n: 0", "w.yaml:1:4: n: expected a whole number from 1 to 9, found \"0\""},
      {"n: 10", "from 1 to 9, found \"10\""},
      {"n: 1.0", "found \"1.0\""},
      {"n: 99999999999999999999", "expected a whole number"},
      {"n:", "w.yaml:1:1: n: has no value; give it one or remove the key"},
      {"n: ~", "has no value"},
      {"n: [1]", "expected a whole number from 1 to 9, found a list"},
      {"x: nan", "expected a number, found \"nan\""},
      {"x: 1e999", "expected a number"},
      {"b: yes", "expected true or false, found \"yes\""},
      {"s: bad", "w.yaml:1:4: s: is bad"},
      {"e: three", "expected one of one, two, found \"three\""},
      {"words: a", "expected a list of words such as [a, b], found a single value"},
      {"words: [a, b, c]", "expected 0 … 2 entries, found 3"},
      {"words: [a, [b]]", "w.yaml:1:12: words: expected a word, found a list"},
      {"props: [a]", "expected a map such as {name: value}, found a list"},
      {"props: {a: 1, b: 2}", "expected 0 … 1 entries, found 2"},
      {"props: {a: {}}", "props.\"a\": expected a word, found a map"},
      {"list: {}", "expected a list of sections (\"- \" before each), found a map"},
      {"list: [{}, {}, {}]", "expected 0 … 2 entries, found 3"},
      {"list: [{j: 1}]", "w.yaml:1:9: list[0]: unknown key \"j\"; did you mean \"i\"?"},
      {"list: [5]", "w.yaml:1:8: list[0]: expected a map, found a single value"},
      {"sec: 5", "sec: expected a map, found a single value"},
      {"sec: {a: 1}", "sec: unknown key \"a\"; expected one of"},
      {"n: 1\nn: 2", "w.yaml:2:1: \"n\" is given twice; first in line 1"},
      {"sec: {a: 1, a: 2}", "\"a\" is given twice"},
      {"- a", "expected \"key: value\" lines at the top, found a list"},
      {"just words", "at the top, found a single value"},
      {"a: [1", "w.yaml:1:"},
      {"a: \tb\n\tc: d", "not YAML"},
      {"n: *nowhere", "not YAML"},
      {"n: 1\n---\nn: 2", "a second document (---) isn't read"},
      {"<<: {n: 1}", "merge keys (<<) aren't supported"},
      {"[a, b]: 1", "expected a key"},
      {"n: 1\ns: \xff\n", "w.yaml:2:1: this line isn't UTF-8 text"},
  };
  for (const auto& c : cases) EXPECT_THAT(ErrorsOf(c.yaml, schema), HasSubstr(c.message)) << c.yaml;
}

TEST(ReaderTest, AliasesAreCopies) {
  EXPECT_EQ(ErrorsOf("a: &x {n: 1}\nb: *x\n",
                     [](Map& m) {
                       for (const char* key : {"a", "b"}) {
                         m.Section(key, "", [](Map& s) { EXPECT_EQ(s.Int("n", "").Read(), 1); });
                       }
                     }),
            "");
}

TEST(ReaderTest, LimitsHold) {
  const Map::Schema words = [](Map& m) {
    std::ignore = m.Strings("a", "");
    std::ignore = m.Strings("b", "");
  };
  EXPECT_EQ(ErrorsOf("a: [x]\n", words, {.bytes = 7}), "");
  EXPECT_EQ(ErrorsOf("a: [x]\n ", words, {.bytes = 7}),
            "w.yaml: the file has 8 bytes; at most 7 are read");
  // The root map, "a", its list and three words: the limit is exact.
  EXPECT_EQ(ErrorsOf("a: [x, y, z]", words, {.nodes = 6}), "");
  EXPECT_THAT(ErrorsOf("a: [x, y, z]", words, {.nodes = 5}),
              HasSubstr("more than 5 keys and values"));
  EXPECT_EQ(ErrorsOf("a: [x]", words, {.depth = 2}), "");
  EXPECT_THAT(ErrorsOf("a: [[x]]", words, {.depth = 2}), HasSubstr("nested deeper than 2 levels"));
  EXPECT_THAT(ErrorsOf("a: &w [x]\nb: [*w]", words, {.depth = 2}), HasSubstr("nested deeper"));
  std::string laughs = "a: &n0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*n" + std::to_string(i - 1);
    laughs += "k" + std::to_string(i) + ": &n" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) laughs += (j == 0 ? "" : ", ") + before;
    laughs += "]\n";
  }
  EXPECT_THAT(ErrorsOf(laughs, words), HasSubstr("aliases expanded"));
  EXPECT_THAT(ErrorsOf(std::string(100'000, '['), words), HasSubstr("nested deeper"));
  EXPECT_THAT(ErrorsOf("c: 1\nd: 2\ne: 3\n", words, {.problems = 2}),
              HasSubstr("and 1 more problems"));
}

TEST(SecretTest, NeverPrints) {
  Reader reader("a: {file: key}", "w.yaml", FakeSecrets());
  const Secret secret = reader.root().Secret("a", "");
  EXPECT_EQ(secret.Reveal(), "from-file");
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "***");
  EXPECT_EQ(ToString(secret), "***");
}

TEST(SecretTest, RefusesLiteralsWithoutRepeatingThem) {
  const Map::Schema schema = [](Map& m) { std::ignore = m.Secret("pw", "", true); };
  for (const char* yaml :
       {"pw: hunter2", "pw: [hunter2]", "pw: {value: hunter2}", "pw: {file: key, env: hunter2}"}) {
    const auto errors = ErrorsOf(yaml, schema);
    EXPECT_THAT(errors, HasSubstr("expected {file: PATH} or {env: NAME}")) << yaml;
    EXPECT_THAT(errors, Not(HasSubstr("hunter2"))) << yaml;
  }
  EXPECT_THAT(ErrorsOf("", schema), HasSubstr("pw: missing; expected {file: PATH}"));
  EXPECT_THAT(ErrorsOf("pw: {env: NOPE}", schema), HasSubstr("the environment has no \"NOPE\""));
  EXPECT_THAT(ErrorsOf("pw: {file: nope}", schema), HasSubstr("cannot read nope"));
  EXPECT_THAT(ErrorsOf("pw: {file: empty}", schema), HasSubstr("is empty"));
}

TEST(DescribeTest, OneRowPerField) {
  const auto rows = Describe([](Map& m) {
    m.Section("kafka", "The broker.", [](Map& k) {
      k.DurationMs("timeout", "Gone | after.").Default(45'000).Range(6'000, 300'000).Read();
      k.String("brokers", "Where.").Required().Read();
    });
    m.List("inputs", "Topics.", {.min = 1, .max = 8},
           [](Map& i) { i.Bool("on", "Use it.").Default(true).Read(); });
    m.OptionalSection("tls", "TLS.", [](Map& t) { std::ignore = t.Secret("key", "Key."); });
  });
  EXPECT_EQ(ReferenceAsText(rows),
            "kafka: section\n    The broker.\n"
            "kafka.timeout: duration, 6s … 5m, default 45s\n    Gone | after.\n"
            "kafka.brokers: text, required\n    Where.\n"
            "inputs: list of sections, 1 … 8 entries, required\n    Topics.\n"
            "inputs[].on: true or false, default true\n    Use it.\n"
            "tls: optional section\n    TLS.\n"
            "tls.key: {file: PATH} or {env: NAME}\n    Key.\n");
  EXPECT_THAT(ReferenceAsMarkdown(rows),
              HasSubstr("| `kafka.timeout` | duration | 6s … 5m | `45s` | Gone \\| after. |\n"));
}

TEST(ReadFileTest, SaysWhatIsWrong) {
  EXPECT_THAT(ReadFile("no/such/file.yaml").error().message, HasSubstr("there is no such file"));
  EXPECT_THAT(ReadFile("/").error().message, HasSubstr("it is a folder"));
  EXPECT_THAT(ReadFile("/dev/zero", 1024).error().message, HasSubstr("larger than 1KiB"));
  EXPECT_EQ(*ReadFile("/dev/null"), "");
}

}  // namespace
}  // namespace textback::config
