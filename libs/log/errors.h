// The words that Error::code may be on the log port. Metric labels are made of them.
#pragma once

namespace textback::log::errors {

inline constexpr char kUnreachable[] = "log_unreachable";  // kRetry: no broker answers
inline constexpr char kTimedOut[] = "log_timed_out";       // kRetry
inline constexpr char kQueueFull[] = "log_queue_full";     // kRetry
inline constexpr char kTopicMissing[] = "topic_missing";   // kFatal
inline constexpr char kPartitionMismatch[] =
    "partition_mismatch";  // kFatal: co-partitioned inputs differ
inline constexpr char kOffsetOutOfRange[] = "offset_out_of_range";  // kRebuild
inline constexpr char kFenced[] = "fenced";                         // kYield
inline constexpr char kRecordTooLarge[] = "record_too_large";       // kDeadLetter
inline constexpr char kInvalidState[] = "log_invalid_state";        // kFatal: a call out of order
inline constexpr char kAuthentication[] = "log_authentication";     // kFatal
inline constexpr char kClient[] = "log_client";                     // kFatal: recreate the client
inline constexpr char kInUse[] = "log_in_use";                      // kFatal: embedded log's folder
inline constexpr char kDiskFull[] = "log_disk_full";                // kFatal: embedded log's disk
inline constexpr char kCorrupt[] = "log_corrupt";                   // kFatal: embedded log's disk

}  // namespace textback::log::errors
