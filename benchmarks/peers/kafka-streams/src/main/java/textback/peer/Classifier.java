package textback.peer;

import textback.v1.CallRecordOuterClass.AnsweredBy;
import textback.v1.CallRecordOuterClass.CallRecord;
import textback.v1.CallRecordOuterClass.Cause;
import textback.v1.CallRecordOuterClass.Served;
import textback.v1.DecisionOuterClass.Verdict;

/**
 * What a record says happened: libs/cdr/cause.cc with the causes that switches write most, those of
 * `textback load` among them. A cause that is not listed leaves the call unresolved.
 */
final class Classifier {
  record Reading(Verdict verdict, AnsweredBy answeredBy, String rule) {}

  private static final Reading PERSON =
      new Reading(Verdict.VERDICT_ANSWERED, AnsweredBy.ANSWERED_BY_PERSON, "answered.person");
  private static final Reading IVR =
      new Reading(Verdict.VERDICT_ANSWERED, AnsweredBy.ANSWERED_BY_IVR, "answered.ivr");
  private static final Reading UNKNOWN =
      new Reading(Verdict.VERDICT_ANSWERED, AnsweredBy.ANSWERED_BY_UNKNOWN, "answered");
  private static final Reading VOICEMAIL =
      new Reading(Verdict.VERDICT_VOICEMAIL, AnsweredBy.ANSWERED_BY_VOICEMAIL, "answered.voicemail");
  private static final Reading QUEUE =
      new Reading(Verdict.VERDICT_QUEUE_ABANDON, AnsweredBy.ANSWERED_BY_QUEUE, "answered.queue");
  private static final Reading NO_CAUSE = miss(Verdict.VERDICT_UNRESOLVED, "no_cause");
  private static final Reading UNKNOWN_CAUSE = miss(Verdict.VERDICT_UNRESOLVED, "unknown_cause");

  private static Reading miss(Verdict verdict, String rule) {
    return new Reading(verdict, AnsweredBy.ANSWERED_BY_UNSPECIFIED, rule);
  }

  static Reading read(CallRecord call, long minRingMs) {
    boolean answered =
        call.getAnsweredAtMs() > 0
            || call.getTalkMs() > 0
            || call.getAnsweredBy() != AnsweredBy.ANSWERED_BY_UNSPECIFIED;
    if (call.getServed().getSide() == Served.Side.SIDE_ORIGINATING) {
      AnsweredBy by = answered ? whoAnswered(call) : AnsweredBy.ANSWERED_BY_UNSPECIFIED;
      return new Reading(Verdict.VERDICT_OUTBOUND, by, "originating");
    }
    if (answered) {
      return switch (whoAnswered(call)) {
        case ANSWERED_BY_PERSON -> PERSON;
        case ANSWERED_BY_VOICEMAIL -> VOICEMAIL;
        case ANSWERED_BY_QUEUE -> QUEUE;
        case ANSWERED_BY_IVR -> IVR;
        default -> UNKNOWN;
      };
    }
    for (Cause cause : call.getCausesList()) {
      Reading reading = ofCause(call, cause, minRingMs);
      if (reading != null) {
        return reading;
      }
    }
    return call.getCausesCount() == 0 ? NO_CAUSE : UNKNOWN_CAUSE;
  }

  static long ringMs(CallRecord call) {
    if (call.hasRingMs()) {
      return Math.max(call.getRingMs(), 0);
    }
    long end = call.getAnsweredAtMs() > 0 ? call.getAnsweredAtMs() : call.getEndedAtMs();
    long begin = call.hasRingingAtMs() ? call.getRingingAtMs() : call.getStartedAtMs();
    return end <= 0 || begin <= 0 ? 0 : Math.max(end - begin, 0);
  }

  private static AnsweredBy whoAnswered(CallRecord call) {
    return call.getAnsweredBy() == AnsweredBy.ANSWERED_BY_UNSPECIFIED
        ? AnsweredBy.ANSWERED_BY_UNKNOWN
        : call.getAnsweredBy();
  }

  private static Reading ofCause(CallRecord call, Cause cause, long minRingMs) {
    boolean rangLong = ringMs(call) >= minRingMs;
    Verdict gaveUp = rangLong ? Verdict.VERDICT_ABANDONED : Verdict.VERDICT_SHORT_RING;
    boolean rang = call.hasRingingAtMs() || call.getRingMs() > 0;
    Verdict noResponse = rang ? Verdict.VERDICT_NO_ANSWER : Verdict.VERDICT_UNREACHABLE;
    boolean user =
        cause.getLocation() == Cause.Location.LOCATION_UNSPECIFIED
            || cause.getLocation() == Cause.Location.LOCATION_USER;
    Verdict refused = user ? Verdict.VERDICT_DECLINED : Verdict.VERDICT_NETWORK_FAILURE;
    return switch (cause.getNamespace()) {
      case NAMESPACE_Q850 -> switch (cause.getValue()) {
        case "1" -> miss(Verdict.VERDICT_WRONG_NUMBER, "q850.1");
        case "16" -> miss(gaveUp, "q850.16_unanswered");
        case "17" -> miss(Verdict.VERDICT_BUSY, "q850.17");
        case "18" -> miss(noResponse, "q850.18");
        case "19" -> miss(Verdict.VERDICT_NO_ANSWER, "q850.19");
        case "20" -> miss(Verdict.VERDICT_UNREACHABLE, "q850.20");
        case "21" -> miss(refused, "q850.21");
        case "27" -> miss(Verdict.VERDICT_UNREACHABLE, "q850.27");
        case "34" -> miss(Verdict.VERDICT_NETWORK_FAILURE, "q850.34");
        default -> null;
      };
      case NAMESPACE_SIP -> switch (cause.getValue()) {
        case "404" -> miss(Verdict.VERDICT_WRONG_NUMBER, "sip.404");
        case "408" -> miss(noResponse, "sip.408");
        case "480" -> miss(noResponse, "sip.480");
        case "486" -> miss(Verdict.VERDICT_BUSY, "sip.486");
        case "487" -> miss(gaveUp, "sip.487");
        case "503" -> miss(Verdict.VERDICT_NETWORK_FAILURE, "sip.503");
        case "603" -> miss(refused, "sip.603");
        default -> null;
      };
      default -> null;
    };
  }

  private Classifier() {}
}
