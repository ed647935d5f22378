// Why an input can't become a call record: all the words that Error::code may be on the way from
// bytes to a checked record. Dead letters carry them, and metric labels are made of them.
#pragma once

#include <array>
#include <string_view>

namespace textback::cdr::reasons {

inline constexpr char kValueMissing[] = "value_missing";     // a tombstone, or no bytes at all
inline constexpr char kValueTooLarge[] = "value_too_large";  // over kValueBytesMax
inline constexpr char kTooManyRecords[] =
    "too_many_records";  // over kRecordsPerValueMax in one value
inline constexpr char kWireHeader[] =
    "wire_header";  // Confluent header missing, cut or of another message
inline constexpr char kInvalidUtf8[] = "invalid_utf8";
inline constexpr char kProtobufMalformed[] = "protobuf_malformed";  // cut, or no CallRecord
inline constexpr char kJsonMalformed[] = "json_malformed";
inline constexpr char kJsonUnknownField[] = "json_unknown_field";
inline constexpr char kJsonDuplicateField[] = "json_duplicate_field";
inline constexpr char kJsonBadValue[] =
    "json_bad_value";  // wrong type, unknown enum name, out of range
inline constexpr char kCsvUnfinished[] = "csv_unfinished";  // the line is cut inside a field
inline constexpr char kCsvColumns[] = "csv_columns";        // not the configured number of columns
inline constexpr char kCsvBadValue[] = "csv_bad_value";     // a time or number that is none
inline constexpr char kFieldTooLong[] = "field_too_long";
inline constexpr char kTooManyCauses[] = "too_many_causes";
inline constexpr char kTimeMissing[] = "time_missing";  // no time at all: it can't be placed
inline constexpr char kTimeAbsurd[] =
    "time_absurd";  // before 2000, after now + 1 h, backwards, negative

inline constexpr char kXmlMalformed[] = "xml_malformed";
inline constexpr char kXmlBadValue[] = "xml_bad_value";
inline constexpr char kFormMalformed[] = "form_malformed";  // application/x-www-form-urlencoded
inline constexpr char kFormBadValue[] = "form_bad_value";
inline constexpr char kTextMalformed[] = "text_malformed";  // log lines, "Name: value" events
inline constexpr char kTextBadValue[] = "text_bad_value";
inline constexpr char kBerMalformed[] = "ber_malformed";  // lengths, nesting, cut
inline constexpr char kBerBadValue[] = "ber_bad_value";
inline constexpr char kFieldMissing[] = "field_missing";  // without it the record can't be read
inline constexpr char kRecordType[] =
    "record_type";  // of a type that the source isn't known to write, or that contradicts itself

// A number that begins with a letter of the networks, which no rule of the source takes away: whose
// line it is can't be told, and "nobody's" would hide that a rule is missing.
inline constexpr char kRoutingPrefix[] = "routing_prefix";

// No source of the topic has the name in the record's header, or the record has none.
inline constexpr char kUnknownSource[] = "unknown_source";

inline constexpr std::array<std::string_view, 29> kAll = {
    kValueMissing,      kValueTooLarge, kTooManyRecords,   kWireHeader,         kInvalidUtf8,
    kProtobufMalformed, kJsonMalformed, kJsonUnknownField, kJsonDuplicateField, kJsonBadValue,
    kCsvUnfinished,     kCsvColumns,    kCsvBadValue,      kFieldTooLong,       kTooManyCauses,
    kTimeMissing,       kTimeAbsurd,    kXmlMalformed,     kXmlBadValue,        kFormMalformed,
    kFormBadValue,      kTextMalformed, kTextBadValue,     kBerMalformed,       kBerBadValue,
    kFieldMissing,      kRecordType,    kRoutingPrefix,    kUnknownSource};

}  // namespace textback::cdr::reasons
