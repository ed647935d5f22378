package textback.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import textback.state.v1.Customer.Call;
import textback.state.v1.Customer.CustomerDocument;
import textback.state.v1.Customer.Pair;
import textback.state.v1.Customer.Text;

/** What is remembered of a customer, and when it is dropped (libs/policy/document.cc). */
final class Documents {
  static final long HORIZON_MS = 26L * 60 * 60 * 1000;

  /** A call is dropped only by raising forgotten_through_ms: what comes of it later is late. */
  static void forget(CustomerDocument.Builder document, long now) {
    if (anyOver(document.getCallsList(), Call::getForgetMs, now)) {
      List<Call> kept = new ArrayList<>();
      long through = document.getForgottenThroughMs();
      for (Call call : document.getCallsList()) {
        if (call.getForgetMs() > now) {
          kept.add(call);
        } else {
          through = Math.max(through, call.getEventMs());
        }
      }
      document.clearCalls().addAllCalls(kept).setForgottenThroughMs(through);
    }
    if (anyOver(document.getTextsList(), Text::getKeepMs, now)) {
      List<Text> kept = document.getTextsList().stream().filter(t -> t.getKeepMs() > now).toList();
      document.clearTexts().addAllTexts(kept);
    }
    if (anyOver(document.getPairsList(), Pair::getKeepMs, now)) {
      List<Pair> kept = document.getPairsList().stream().filter(p -> p.getKeepMs() > now).toList();
      document.clearPairs().addAllPairs(kept);
    }
    if (document.getFloodUntilMs() <= now) {
      document.clearFloodUntilMs();
    }
  }

  private static <T> boolean anyOver(List<T> list, ToLongFunction<T> end, long now) {
    for (T entry : list) {
      if (end.applyAsLong(entry) <= now) {
        return true;
      }
    }
    return false;
  }

  /** Nothing in it but what it has forgotten, and that long ago. */
  static boolean mayErase(CustomerDocument.Builder document, long now) {
    return document.getCallsCount() == 0
        && document.getTextsCount() == 0
        && document.getPairsCount() == 0
        && document.getOptOutsCount() == 0
        && document.getFloodUntilMs() <= now
        && document.getForgottenThroughMs() + HORIZON_MS <= now;
  }

  private Documents() {}
}
