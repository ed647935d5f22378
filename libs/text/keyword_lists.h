// The built-in words, as people write them; keywords.cc normalises them. Internal to text.
//
// Adding one: is there a sentence that a customer writes to a business in which it stands alone and
// means something else? Then it doesn't belong here. (So no "yes" for START, no Italian "fine", no
// Vietnamese "dừng": without its accents it is a name.)
#pragma once

#include <string_view>

namespace textback::text {

// Mean only this; take all filling words, count as a sentence of their own (rule 3).
inline constexpr std::string_view kStopStrong[] = {
    "stop", "stopp", "stop all", "stop it", "unsubscribe", "unsub", "opt out", "opt me out",
    "revoke", "🛑",
    // de, nl, sv, no, da
    "abmelden", "abbestellen", "afmelden", "uitschrijven", "avregistrera", "avmeld", "afmeld",
    // fr, es, pt, it
    "arrêt", "arrêter", "arrêtez", "désabonner", "désinscrire", "stopper", "darse de baja",
    "descadastrar", "disiscriviti",
    // pl, cs, tr, ru, uk, el
    "wypisz", "odhlásit", "listeden çık", "стоп", "отписаться", "отписка", "відписатися",
    "διαγραφή",
    // ar, he, hi
    "إيقاف", "الغاء الاشتراك", "إلغاء الاشتراك", "הסר", "הסרה", "रोकें", "बंद करो",
    // zh, ja, ko
    "停止", "退订", "退訂", "配信停止", "ストップ", "수신거부", "중지"};

// Used of other things too: only nearly alone.
inline constexpr std::string_view kStopWeak[] = {
    "end", "quit", "cancel", "quit it", "cancel all", "end all", "halt texts",
    // de, nl, sv, no, fi
    "aufhören", "aufhoeren", "ende", "stoppen", "opzeggen", "einde", "avsluta", "sluta", "avslutt",
    "lopeta",
    // fr, es, pt, it
    "annuler", "alto", "parar", "cancelar", "baja", "basta", "detener", "salir", "sair", "annulla",
    "cancella",
    // pl, cs, tr, ru, uk
    "anuluj", "rezygnuję", "koniec", "zrušit", "konec", "iptal", "durdur", "ret", "отмена",
    "скасувати",
    // ar, he, hi, id, zh, ja, ko
    "توقف", "قف", "إلغاء", "الغاء", "עצור", "रुको", "बंद", "berhenti", "取消", "解除", "해지",
    "정지"};

// Whole wishes, with filling words after them. Too long to mean something else by chance.
inline constexpr std::string_view kStopPhrases[] = {
    "unsubscribe", "unsub", "opt out", "opt me out", "stop texting", "stop text", "stop texts",
    "stop messaging", "stop messages", "stop sending", "stop contacting", "stop calling",
    "stop spamming", "stop bothering", "stop harassing", "stop these texts", "stop these messages",
    "stop the texts", "stop the messages", "stop all texts", "stop all messages", "stop this spam",
    "do not text", "don't text", "don't text me call me", "never text", "do not message",
    "don't message", "do not contact", "don't contact", "never contact", "do not send texts",
    "do not send me texts", "do not send messages", "do not send me messages",
    "don't send me texts", "don't send texts", "don't send me messages", "don't send messages",
    "quit texting", "quit messaging", "cancel texts", "cancel messages", "end texts",
    "end messages", "no more texts", "no more text", "no more messages", "no more sms", "no texts",
    "no sms", "remove me", "remove my number", "delete my number", "lose my number", "take me off",
    "leave me alone", "i revoke", "i opt out", "i unsubscribe", "revoke consent",
    "revoke my consent", "i withdraw my consent", "i don't want texts", "i don't want these texts",
    "i don't want any texts", "i don't want any more texts", "i don't want these messages",
    "i don't want any more messages", "i do not want texts", "i do not want these texts",
    "i do not want these messages",
    // de, fr, es, sv, no, nl, it, pt
    "keine sms", "keine sms mehr", "keine nachrichten mehr", "keine weiteren nachrichten",
    "plus de sms", "plus de messages", "ne m'envoyez plus", "no quiero más mensajes",
    "no más mensajes", "no me escriban más", "inga fler sms", "ingen flere sms", "geen sms",
    "geen berichten meer", "non scrivetemi più", "não quero mais mensagens"};

// May stand before a stop word of any kind.
inline constexpr std::string_view kPolite[] = {
    "please",          "pls",        "plz",         "kindly",     "bitte", "por favor",
    "s'il vous plaît", "svp",        "stp",         "per favore", "tack",  "snälla",
    "proszę",          "пожалуйста", "alstublieft", "aub",        "请",    "reply"};

// May stand before strong words and phrases.
inline constexpr std::string_view kLead[] = {"hi", "hey",  "hello", "ok",   "okay",
                                             "no", "just", "text",  "send", "i said"};

// May stand before phrases only: "can you stop it?" is what one asks a plumber.
inline constexpr std::string_view kAsk[] = {
    "can you",     "could you",       "would you",       "will you",
    "i want to",   "i want you to",   "i would like to", "i would like you to",
    "i'd like to", "i'd like you to", "i need you to",   "i wish to",
    "how do i",    "how can i",       "how to",          "you must"};

// May follow strong words and phrases. Prepositions only in company: "stop at", "stop with",
// "stop by" begin another sentence.
inline constexpr std::string_view kFill[] = {"now",
                                             "it",
                                             "this",
                                             "that",
                                             "these",
                                             "those",
                                             "the",
                                             "all",
                                             "any",
                                             "me",
                                             "my",
                                             "your",
                                             "ever",
                                             "again",
                                             "anymore",
                                             "more",
                                             "immediately",
                                             "asap",
                                             "at once",
                                             "right now",
                                             "right away",
                                             "forever",
                                             "for ever",
                                             "already",
                                             "instead",
                                             "thanks",
                                             "thank you",
                                             "thx",
                                             "ty",
                                             "texting",
                                             "text",
                                             "texts",
                                             "messaging",
                                             "message",
                                             "messages",
                                             "msg",
                                             "msgs",
                                             "sms",
                                             "sending",
                                             "contacting",
                                             "calling",
                                             "spamming",
                                             "spam",
                                             "bothering",
                                             "harassing",
                                             "promotions",
                                             "promos",
                                             "promo",
                                             "ads",
                                             "marketing",
                                             "notifications",
                                             "alerts",
                                             "updates",
                                             "reminders",
                                             "subscription",
                                             "consent",
                                             "permission",
                                             "doing",
                                             "to me",
                                             "to my phone",
                                             "to my number",
                                             "to this number",
                                             "from you",
                                             "off your list",
                                             "of your list",
                                             "from your list",
                                             "from this list",
                                             "from the list",
                                             "off the list",
                                             "off this list",
                                             "your list",
                                             "this list",
                                             "the list",
                                             "from your system",
                                             "sofort",
                                             "jetzt",
                                             "danke",
                                             "mehr",
                                             "ahora",
                                             "gracias",
                                             "merci",
                                             "maintenant",
                                             "nu"};

// May follow weak words.
inline constexpr std::string_view kFillWeak[] = {
    "now",       "all",        "texts",        "texting",        "messages",  "messaging",
    "sms",       "msgs",       "subscription", "immediately",    "asap",      "thanks",
    "thank you", "texting me", "these texts",  "these messages", "all texts", "all messages"};

inline constexpr std::string_view kHelpWords[] = {
    "help",    "info",   "hilfe", "aide", "ayuda", "ajuda",  "aiuto",  "hulp",
    "hjälp",   "hjelp",  "hjælp", "apua", "pomoc", "yardım", "помощь", "допомога",
    "βοήθεια", "مساعدة", "עזרה",  "मदद",  "帮助",  "幫助",   "ヘルプ", "도움말"};

inline constexpr std::string_view kStartWords[] = {
    "start",     "unstop",      "opt in",      "opt me in",   "resume",
    "subscribe", "resubscribe", "start again", "start texts", "start texting me",
    "anmelden",  "starten",     "démarrer",    "reprendre",   "iniciar",
    "alta",      "inizia",      "aanmelden",   "starta",      "wznów",
    "başlat",    "старт",       "начать",      "почати",      "ابدأ",
    "התחל",      "开始",        "開始",        "시작"};

}  // namespace textback::text
