#include "text/keywords.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace textback::text {
namespace {

TEST(KeywordTest, Stop) {
  for (const char* text :
       {// as carriers know them
        "STOP", "stop", "Stop", "STOPALL", "Stop all", "UNSUBSCRIBE", "END", "QUIT", "CANCEL",
        "REVOKE", "OPT OUT", "OPTOUT", "opt-out", "Opt_Out", "UNSUB",
        // punctuation, spaces, invisible characters, width, emoji
        "Stop.", " stop ", "\"STOP\"", "“Stop”", "STOP!!!", "stop?", "...stop", "S.T.O.P.",
        "S T O P", "st op", "sto p", "ＳＴＯＰ", "ｓｔｏｐ", "𝐒𝐓𝐎𝐏", "\u200bSTOP\u200b",
        "ST\u00adOP", "stöp", "STOP\r\n", "STOP 👎", "🛑", "🛑🛑 stop", "Ｓｔｏｐ。",
        // filling words
        "STOP PLEASE", "please stop", "Pls stop", "stop now", "Stop it", "stop it now please",
        "stop texting me", "Stop texting me!", "stop sending me messages", "stop all messages",
        "Stop these texts now, thank you", "stop messaging", "stop calling me", "stop spamming me",
        "stop this spam", "hi, please stop", "OK stop", "No stop", "just stop", "reply stop",
        "Text STOP", "cancel please", "please cancel", "end all texts", "quit texting me",
        "cancel subscription", "cancel all", "end now", "STOP reminders", "unsubscribe me please",
        "please unsubscribe me from this list", "opt me out", "revoke my consent",
        "I revoke my consent", "revoke all", "stop stop stop",
        // asking
        "can you please stop texting me?", "Could you stop sending me these texts",
        "I want to unsubscribe", "I'd like to opt out", "I’d like to opt out",
        "how do I unsubscribe?", "How do I stop these texts", "i would like you to stop texting me",
        // other wordings
        "Remove me from your list", "take me off your list", "do not text me",
        "Don't text me again", "don’t text me", "dont text me", "DO NOT CONTACT ME",
        "never text me again", "no more texts please", "lose my number", "delete my number",
        "leave me alone", "I don't want any more texts", "Do not send me messages",
        "don't text me, call me instead",
        // a sentence or line of its own
        "STOP! Who is this?", "Stop. I never called you.", "Wrong number. Stop.",
        "Stop\nSent from my phone", "Who is this?? UNSUBSCRIBE", "STOP! I said \"no\" already",
        "I am not interested.\nSTOP",
        // other languages
        "Stopp", "STOPP!", "abmelden", "Bitte abmelden", "Keine SMS mehr", "Aufhören", "AUFHOEREN",
        "Ende", "arrêt", "ARRET", "Arrêtez", "s'il vous plaît arrêtez", "désabonner", "desabonner",
        "annuler", "baja", "Alto", "no más mensajes", "parar", "Sair", "basta", "annulla",
        "afmelden", "uitschrijven", "avsluta", "avregistrera", "lopeta", "wypisz", "anuluj",
        "koniec", "iptal", "İPTAL", "IPTAL", "стоп", "СТОП", "отписаться", "відписатися", "قف",
        "إلغاء", "الغاء الاشتراك", "הסר", "रोकें", "बंद करो", "停止", "退订", "取消", "ストップ",
        "ｽﾄｯﾌﾟ", "配信停止", "수신거부", "중지"}) {
    EXPECT_EQ(MatchKeyword(text), Keyword::kStop) << text << " -> " << NormaliseForKeywords(text);
  }
}

TEST(KeywordTest, NotAStop) {
  for (const char* text : {"",
                           " ",
                           "...",
                           "👍",
                           "ok",
                           "no",
                           "yes",
                           "hi",
                           "now",
                           "please",
                           "all",
                           "me",
                           "text me",
                           "I'll stop by at 5",
                           "I will stop by",
                           "ill stop by tomorrow",
                           "stop by at 5",
                           "Stop by anytime",
                           "can I stop by now?",
                           "please stop by",
                           "Please stop by today",
                           "can you stop by?",
                           "can you stop at 5",
                           "Stop at the office",
                           "stop with you today",
                           "I can stop in",
                           "could you stop it from leaking",
                           "can you stop it?",
                           "How do I stop this?",
                           "how do I stop the leak",
                           "the water won't stop",
                           "it won't stop",
                           "It doesn't stop leaking",
                           "don't stop",
                           "dont stop please",
                           "do not stop",
                           "nonstop",
                           "stopwatch",
                           "bus stop",
                           "next stop",
                           "full stop now",
                           "can you end the job at 4?",
                           "When does it end",
                           "end of the week works",
                           "weekend",
                           "The end of May",
                           "end it",
                           "i quit",
                           "I quit my job",
                           "did you quit",
                           "cancel my appointment",
                           "please cancel my appointment",
                           "Can you cancel?",
                           "can you cancel my booking please",
                           "I need to cancel",
                           "cancel it",
                           "Cancel the 3pm please",
                           "how do I cancel",
                           "don't cancel",
                           "please don't cancel",
                           "I want to cancel my order",
                           "do not send it",
                           "Don't send anyone today",
                           "remove the old tiles",
                           "take me off at the corner",
                           "opt out of what?",
                           "optional",
                           "revoked license",
                           "fine",
                           "Fine!",
                           "fin",
                           "Dung",
                           "What does STOP mean",
                           "Did you say stop",
                           "stop or start?",
                           "Stop, I'll be there at 5",
                           "stopped",
                           "stops",
                           "unstoppable",
                           "Please call me",
                           "call me back please",
                           "can you call me",
                           "Hello, can you help me?",
                           "no, all good thanks",
                           "Liked “Hi, this is Bright Plumbing. Sorry we missed you. STOP.”",
                           "Loved \"Text us. Stop.\"",
                           "Hat „Hi. STOP.“ mit „Gefällt mir“ markiert",
                           "A aimé « Bonjour. Stop. »",
                           "never mind",
                           "no more than 5 please",
                           "no texts came through",
                           "leave me a message",
                           "my number is wrong",
                           "halt",
                           "para mañana",
                           "se acabó la baja presión",
                           "ende nächster woche",
                           "alto de la calle 5",
                           "停止线在哪里",
                           "stop the car",
                           "stop now or later?",
                           "hey stop over here when you can",
                           "to stop"}) {
    EXPECT_NE(MatchKeyword(text), Keyword::kStop) << text << " -> " << NormaliseForKeywords(text);
  }
}

TEST(KeywordTest, HelpAndStart) {
  for (const char* text : {"HELP", "help!", " Help? ", "ＨＥＬＰ", "info", "Hilfe", "aide", "AYUDA",
                           "hjälp", "HJALP", "yardim", "помощь", "帮助", "ヘルプ"}) {
    EXPECT_EQ(MatchKeyword(text), Keyword::kHelp) << text;
  }
  for (const char* text :
       {"START", "Start.", "unstop", "UN-STOP", "opt in", "please start", "start please",
        "Start again", "subscribe", "resume", "старт", "démarrer", "开始"}) {
    EXPECT_EQ(MatchKeyword(text), Keyword::kStart) << text;
  }
  for (const char* text : {"help me please, the pipe burst", "Help needed", "please help", "yes",
                           "when can you start?", "start the job at 4", "can you start", "started",
                           "info about prices", "I need help to start"}) {
    EXPECT_EQ(MatchKeyword(text), Keyword::kNone) << text;
  }
}

TEST(KeywordTest, TheTenantsOwnWords) {
  const std::vector<std::string> stop = {"genug", "Schluss jetzt"};
  const std::vector<std::string> start = {"weiter", "genug", "help"};
  const std::vector<std::string> help = {"was ist das"};
  const auto extra = ExtraKeywords::Make(stop, start, help);
  ASSERT_TRUE(extra);
  const auto match = [&](const char* text) { return MatchKeyword(text, &*extra); };
  EXPECT_EQ(match("GENUG!"), Keyword::kStop);  // and not START: STOP comes first
  EXPECT_EQ(match("bitte genug"), Keyword::kStop);
  EXPECT_EQ(match("schluss  jetzt."), Keyword::kStop);
  EXPECT_EQ(match("genug für heute"), Keyword::kNone);
  EXPECT_EQ(match("Weiter, bitte"), Keyword::kStart);
  EXPECT_EQ(match("help"), Keyword::kHelp);  // HELP before START
  EXPECT_EQ(match("Was ist das?"), Keyword::kHelp);
  EXPECT_EQ(match("stop"), Keyword::kStop);  // the built-in ones always work
  EXPECT_EQ(MatchKeyword("genug"), Keyword::kNone);
}

TEST(KeywordTest, RefusesWordsThatCanNotMatch) {
  const auto code = [](std::vector<std::string> words) {
    const auto extra = ExtraKeywords::Make({}, words, {});
    return extra ? "" : extra.error().code;
  };
  EXPECT_EQ(code({"ok"}), "");
  EXPECT_EQ(code({"!?"}), "keywords_invalid");
  EXPECT_EQ(code({""}), "keywords_invalid");
  EXPECT_EQ(code({"\xff"}), "keywords_invalid");
  EXPECT_EQ(code({std::string(64, 'a')}), "");
  EXPECT_EQ(code({std::string(65, 'a')}), "keywords_invalid");
  EXPECT_EQ(code(std::vector<std::string>(100, "a")), "");
  EXPECT_EQ(code(std::vector<std::string>(101, "a")), "keywords_invalid");
}

TEST(KeywordTest, BadBytesAreReadAsFarAsTheyGo) {
  EXPECT_EQ(MatchKeyword("stop \xff\xfe"), Keyword::kStop);
  EXPECT_EQ(MatchKeyword("stop \xe2\x80"), Keyword::kStop);
  EXPECT_EQ(MatchKeyword("\xffstop"), Keyword::kNone);
  EXPECT_EQ(MatchKeyword("stop" + std::string(100'000, ' ')), Keyword::kStop);
  EXPECT_EQ(MatchKeyword(std::string(kKeywordBytesMax, ' ') + "stop"), Keyword::kNone);
  EXPECT_EQ(MatchKeyword(std::string(100'000, 'a')), Keyword::kNone);
}

TEST(KeywordTest, ManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 50; ++i) EXPECT_EQ(MatchKeyword("please stop"), Keyword::kStop);
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(NormaliseTest, WordsWithOneSpace) {
  EXPECT_EQ(NormaliseForKeywords("  Ｏｐｔ-OUT,\tplease…don’t ‘É’ "), "opt out please dont e");
}

}  // namespace
}  // namespace textback::text
