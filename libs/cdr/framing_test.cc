#include "cdr/framing.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace textback::cdr {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Values(Framing framing, std::string_view bytes) {
  FileSplitter splitter(framing, bytes);
  std::vector<std::string> values;
  while (true) {
    const auto value = splitter.Next();
    if (!value) {
      values.push_back(value.error().code);
      return values;
    }
    if (!*value) return values;
    values.emplace_back(**value);
    EXPECT_EQ(bytes.substr(splitter.offset(), values.back().size()), values.back());
  }
}

TEST(FileSplitter, TakesLinesOfEitherEnding) {
  EXPECT_THAT(Values(Framing::kLines, "a\r\nb\n\nc"), ElementsAre("a", "b", "c"));
  FileSplitter splitter(Framing::kLines, "\nb");
  EXPECT_EQ(splitter.Next().value(), "b");
  EXPECT_EQ(splitter.number(), 2) << "as an editor counts them";
  EXPECT_THAT(Values(Framing::kLines, ""), IsEmpty());
  EXPECT_THAT(Values(Framing::kWhole, "a\nb\n"), ElementsAre("a\nb\n"));
}

TEST(FileSplitter, TakesLinesThatMayHaveAHeader) {
  EXPECT_THAT(Values(Framing::kLinesMaybeHeaded, "a,2026\nb,2027\n"),
              ElementsAre("a,2026", "b,2027"));
  EXPECT_THAT(Values(Framing::kLinesMaybeHeaded, "{\"a\":1}\n{}\n"),
              ElementsAre("{\"a\":1}", "{}"));
  const auto headed = [](std::string_view bytes) {
    FileSplitter splitter(Framing::kLinesMaybeHeaded, bytes);
    const auto value = splitter.Next();
    EXPECT_FALSE(splitter.Next()->has_value());
    return std::string(**value);
  };
  EXPECT_EQ(headed("\n id | data1\n 2026 | x\n 2027 | y\n"), " id | data1\n 2026 | x\n 2027 | y\n");
  EXPECT_EQ(headed("id | data1\n2026 | x\n "), "id | data1\n2026 | x\n");
  FileSplitter nothing(Framing::kLinesMaybeHeaded, "id | time\n");
  EXPECT_FALSE(nothing.Next()->has_value());
}

TEST(FileSplitter, TakesJsonDocumentsOnOneLineOrMany) {
  EXPECT_THAT(Values(Framing::kJson, R"({"a":"}{"} {"b":["\"]",2]}
{
 "c":nan
}
)"),
              ElementsAre(R"({"a":"}{"})", R"({"b":["\"]",2]})", "{\n \"c\":nan\n}"));
}

TEST(FileSplitter, TakesTheObjectsOfAJsonArray) {
  EXPECT_THAT(Values(Framing::kJson, R"([{"a":1}, {"b":[1]}
])"),
              ElementsAre(R"({"a":1})", R"({"b":[1]})"));
}

TEST(FileSplitter, ALineThatIsNoJsonCostsOnlyItself) {
  EXPECT_THAT(Values(Framing::kJson, "hello\n{\"a\":1}\n{\"cut\":"),
              ElementsAre("hello", R"({"a":1})", "{\"cut\":"));
}

TEST(FileSplitter, TakesLinesAmongJsonDocuments) {
  EXPECT_THAT(Values(Framing::kJsonOrLines, "INVITE|\"c{|486\n{\n\"a\":1}\n\nACC: {x\r\n{\"b\":2}"),
              ElementsAre("INVITE|\"c{|486", "{\n\"a\":1}", "ACC: {x", "{\"b\":2}"));
  EXPECT_THAT(Values(Framing::kJsonOrLines, "[{\"a\":1},\n{\"b\":2}]\n"),
              ElementsAre("{\"a\":1}", "{\"b\":2}"));
  EXPECT_THAT(Values(Framing::kJsonOrLines, "\n\n"), IsEmpty());
}

TEST(FileSplitter, TakesXmlDocuments) {
  EXPECT_THAT(Values(Framing::kXml,
                     "<?xml version=\"1.0\"?>\n<cdr><a x='1'/><!-- </cdr> --></cdr>\n"
                     "<cdr><b><![CDATA[</cdr>]]></b></cdr>"),
              ElementsAre("<?xml version=\"1.0\"?>\n<cdr><a x='1'/><!-- </cdr> --></cdr>",
                          "<cdr><b><![CDATA[</cdr>]]></b></cdr>"));
  EXPECT_THAT(Values(Framing::kXml, "<cdr><cut>"), ElementsAre("<cdr><cut>"));
  EXPECT_THAT(Values(Framing::kXml, "no xml"), ElementsAre("no xml"));
}

TEST(FileSplitter, TakesBlocksOfLines) {
  EXPECT_THAT(Values(Framing::kBlocks,
                     "Content-Length: 9\nContent-Type: text/event-plain\n\nEvent-Name: A\nb: 1\n\n"
                     "Content-Length: 9\n\n{}\n\nEvent-Name: B\n"),
              testing::ElementsAre(
                  "Content-Length: 9\nContent-Type: text/event-plain\n\nEvent-Name: A\nb: 1",
                  "Content-Length: 9\n\n{}", "Event-Name: B\n"));
  EXPECT_THAT(Values(Framing::kBlocks, "\na: 1\nb: 2\n\n\nc: 3\n"),
              ElementsAre("a: 1\nb: 2", "c: 3\n"));
}

TEST(FileSplitter, ACutJsonLineCostsOnlyItself) {
  EXPECT_THAT(Values(Framing::kJson, "{\"cut\":\"\n{\"a\":1}\n{\"b\":2}\n"),
              ElementsAre("{\"cut\":\"", R"({"a":1})", R"({"b":2})"));
  EXPECT_THAT(Values(Framing::kJson, "{\"list\":[\n{\"a\":1}\n]}\n"),
              ElementsAre("{\"list\":[\n{\"a\":1}\n]}"))
      << "what is whole is one document, however it is laid out";
}

// What a reader of a growing file takes: closed values of what is there at each look.
std::vector<std::string> ValuesInTwoLooks(Framing framing, std::string_view file,
                                          std::size_t first_look) {
  std::vector<std::string> values;
  std::size_t position = 0;
  for (const auto size : {first_look, file.size()}) {
    const auto seen = file.substr(0, size);
    auto splitter = position == 0 ? FileSplitter(framing, seen)
                                  : FileSplitter::Resumed(framing, seen, seen.substr(position));
    std::size_t end = 0;
    while (true) {
      const auto value = splitter.Next();
      if (!value || !*value || splitter.open()) break;
      values.emplace_back(**value);
      end = splitter.end();
    }
    position += end;
  }
  return values;
}

TEST(FileSplitter, AGrowingFileGivesTheSameValuesWhereverItIsCut) {
  const std::vector<std::pair<Framing, std::string_view>> files = {
      {Framing::kLines, "a\r\nb\n\nc\n"},
      {Framing::kLinesMaybeHeaded, "a,2026\nb,2027\n"},
      {Framing::kJson, "{\"a\":\"}{\"} {\"b\":[\"\\\"]\",2]}\n{\n \"c\":nan\n}\nhello\n{\"d\":1}"},
      {Framing::kJson, "[{\"a\":1}, {\"b\":[1]}\n,{}]"},
      {Framing::kJsonOrLines, "INVITE|\"c{|486\n{\n\"a\":1}\n\nACC: {x\r\n{\"b\":2}"},
      {Framing::kXml,
       "<?xml version=\"1.0\"?>\n<cdr><a x='1'/><!-- </cdr> --></cdr>\n"
       "<cdr><b><![CDATA[</cdr>]]></b></cdr>"},
      {Framing::kXmlRecords, "<?xml version='1.0'?><r><h/>\n<c><d>1</d></c>\n<c/></r>"},
      {Framing::kBlocks,
       "Content-Length: 9\nContent-Type: text/event-plain\n\nEvent-Name: A\nb: 1\n\n"
       "Content-Length: 9\n\n{}\n\nEvent-Name: B\n\n"},
  };
  for (const auto& [framing, file] : files) {
    const auto whole = Values(framing, file);
    for (std::size_t cut = 0; cut <= file.size(); ++cut) {
      EXPECT_EQ(ValuesInTwoLooks(framing, file, cut), whole)
          << file << "\ncut after " << file.substr(0, cut);
    }
  }
}

TEST(FileSplitter, AGrowingFileHasItsHeaderLineBeforeEachValue) {
  const std::string_view file = "id,to\n1,+447700900001\n2,+447700900002\n";
  const std::string header = "id,to\n";
  for (std::size_t cut = 0; cut <= file.size(); ++cut) {
    std::string lines;
    for (const auto& value : ValuesInTwoLooks(Framing::kHeadedLines, file, cut)) {
      ASSERT_TRUE(value.starts_with(header)) << value;
      lines += value.substr(header.size());
    }
    EXPECT_EQ(header + lines, file) << cut;
  }
}

}  // namespace
}  // namespace textback::cdr
