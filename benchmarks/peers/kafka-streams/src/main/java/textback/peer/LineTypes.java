package textback.peer;

import textback.v1.CallRecordOuterClass.LineType;

/**
 * What kind of line a number is, for the ranges that `textback load` uses. textback walks a trie of
 * the world's plans here; a program that serves the world would do the like.
 */
final class LineTypes {
  static LineType of(String e164) {
    // In North America numbers of both kinds look the same.
    return e164.startsWith("+1")
        ? LineType.LINE_TYPE_FIXED_OR_MOBILE
        : LineType.LINE_TYPE_UNSPECIFIED;
  }

  private LineTypes() {}
}
