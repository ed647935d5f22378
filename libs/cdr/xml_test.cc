#include "cdr/xml.h"

#include <gtest/gtest.h>

#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

// The events as text: "<a b=c>", "</a>", text as it stands; or "!" + the error's code.
std::string Events(std::string_view document) {
  XmlReader reader(document);
  std::string out;
  while (true) {
    const auto event = reader.Next();
    if (!event) return out + "!" + event.error().code;
    switch (event.value()) {
      case XmlEvent::kStart:
        out.append("<").append(reader.name());
        for (const auto& attribute : reader.attributes()) {
          out.append(" ").append(attribute.name).append("=");
          AppendXmlText(attribute.raw, out);
        }
        out.append(">");
        break;
      case XmlEvent::kEnd:
        out.append("</").append(reader.name()).append(">");
        break;
      case XmlEvent::kText:
        if (reader.is_cdata()) {
          out.append(reader.text());
        } else {
          AppendXmlText(reader.text(), out);
        }
        break;
      case XmlEvent::kDone:
        return out;
    }
  }
}

TEST(XmlReader, ReadsWhatSwitchesWrite) {
  const struct {
    std::string_view document;
    std::string_view events;
  } cases[] = {
      {"<a/>", "<a></a>"},
      {"<a></a>", "<a></a>"},
      {"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<a>x</a>\n", "<a>x</a>"},
      {"<?xml version='1.0' encoding='UTF-8'?><!-- c --><a ><b\n/></a ><!-- c --><?p i?>",
       "<a><b></b></a>"},
      {"<a b=\"1\" c='&quot;2&quot;'>x</a>", "<a b=1 c=\"2\">x</a>"},
      {"<a>&lt;&amp;&gt;&apos;&quot;</a>", "<a><&>'\"</a>"},
      {"<a>&#65;&#x42;&#xe9;&#8364;&#x1F600;</a>", "<a>AB\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80</a>"},
      {"<a>1<![CDATA[<&]]]>2<!--x-->3</a>", "<a>1<&]23</a>"},
      {"<a><![CDATA[]]></a>", "<a></a>"},
      {"<n:a n:b='c'/>", "<n:a n:b=c></n:a>"},
      {"<a>caf\xe9 \x01</a>", "<a>caf\xe9 \x01</a>"},  // not UTF-8: the caller's business
  };
  for (const auto& c : cases) EXPECT_EQ(Events(c.document), c.events) << c.document;
}

TEST(XmlReader, RefusesTheRest) {
  const std::string_view cases[] = {
      "",
      " ",
      "x",
      "<",
      "<a",
      "<a>",
      "<a></b>",
      "</a>",
      "<a/><b/>",
      "<a/>x",
      "x<a/>",
      "<a b>",
      "<a b=c/>",
      "<a b='c/>",
      "<a b='<'/>",
      "<a b='1' b='2'/>",
      "<a b='1'c='2'/>",
      "<a / >",
      "<1/>",
      "<a>&nbsp;</a>",
      "<a>&</a>",
      "<a>&#0;</a>",
      "<a>&#xd800;</a>",
      "<a>&#x110000;</a>",
      "<a>&#;</a>",
      "<a>&#-1;</a>",
      "<a>&#00000000065;</a>",
      "<a b='&x;'/>",
      "<a>]]></a>",
      "<a><!-- -- --></a>",
      "<a><!-- </a>",
      "<a><![CDATA[ </a>",
      "<![CDATA[x]]><a/>",
      "<!DOCTYPE a><a/>",
      "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
      "<a><?xml version='1.0'?></a>",
      "<a/><?xml version='1.0'?>",
      "<?xml version='1.0' encoding=UTF-8?><a/>",
      "<? ?><a/>",
      "<?p <a/>",
      std::string_view("<a>\0</a>", 8),
      std::string_view("<a b='\0'/>", 10),
  };
  for (const auto document : cases) {
    const auto events = Events(document);
    EXPECT_TRUE(events.ends_with("!xml_malformed")) << document << " -> " << events;
  }
}

TEST(XmlReader, SaysWhere) {
  XmlReader reader("<a>\n<b>\n</a>");
  Result<XmlEvent> event = XmlEvent::kStart;
  for (int i = 0; i < 8 && event; ++i) event = reader.Next();
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().message, "line 3, byte 8: </a> where </b> is due");
  EXPECT_FALSE(reader.Next());  // and stays there
}

TEST(XmlReader, AfterAnErrorNothingFollows) {
  for (const std::string_view document : {"<?<a><b/></a>", "<a b='1' <c/></a>", "<!x><a/>"}) {
    XmlReader reader(document);
    const auto first = reader.Next();
    ASSERT_FALSE(first) << document;
    const auto second = reader.Next();
    ASSERT_FALSE(second) << document;
    EXPECT_EQ(first.error().message, second.error().message);
  }
}

TEST(XmlReader, HasLimits) {
  const auto nested = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += "<a>";
    for (std::size_t i = 0; i < depth; ++i) text += "</a>";
    return Events(text);
  };
  EXPECT_EQ(nested(kXmlDepthMax).find('!'), std::string::npos);
  EXPECT_TRUE(nested(kXmlDepthMax + 1).ends_with("!field_too_long"));

  const auto named = [](std::size_t size) { return Events("<" + std::string(size, 'n') + "/>"); };
  EXPECT_EQ(named(kXmlNameBytesMax).find('!'), std::string::npos);
  EXPECT_EQ(named(kXmlNameBytesMax + 1), "!field_too_long");

  const auto attributes = [](std::size_t count) {
    std::string text = "<a";
    for (std::size_t i = 0; i < count; ++i) text += " b" + std::to_string(i) + "='1'";
    return Events(text + "/>");
  };
  EXPECT_EQ(attributes(kXmlAttributesMax).find('!'), std::string::npos);
  EXPECT_EQ(attributes(kXmlAttributesMax + 1), "!field_too_long");
}

TEST(XmlReader, EveryCutIsAnErrorAndNoCrash) {
  const std::string_view document =
      "<?xml version=\"1.0\"?><a b='c'><!--d--><![CDATA[e]]>&#65;<f/></a>";
  for (std::size_t size = 0; size < document.size(); ++size) {
    EXPECT_NE(Events(document.substr(0, size)).find('!'), std::string::npos) << size;
  }
}

TEST(XmlReader, SkipsAnElement) {
  XmlReader reader("<a><b><c>x</c><c/></b><d k='v'/></a>");
  ASSERT_TRUE(reader.Next());  // <a>
  ASSERT_TRUE(reader.Next());  // <b>
  EXPECT_EQ(reader.depth(), 2U);
  ASSERT_TRUE(reader.SkipElement());
  EXPECT_EQ(reader.depth(), 1U);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.name(), "d");
  EXPECT_EQ(reader.Attribute("k"), "v");
  EXPECT_EQ(reader.Attribute("l", "none"), "none");
  ASSERT_TRUE(reader.SkipElement());  // an empty one as well
  EXPECT_EQ(reader.depth(), 1U);
}

TEST(XmlReader, TellsTheEncoding) {
  XmlReader reader("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>");
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.encoding(), "ISO-8859-1");
}

TEST(AppendXmlText, LeavesWhatIsNoReference) {
  std::string out = "-";
  AppendXmlText("a & b &amp; &nope; &", out);
  EXPECT_EQ(out, "-a & b & &nope; &");
}

}  // namespace
}  // namespace textback::cdr
