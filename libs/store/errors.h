// The words that Error::code may be on the store port. Metric labels are made of them.
#pragma once

namespace textback::store::errors {

inline constexpr char kAnotherPartition[] = "store_of_another_partition";  // kFatal
inline constexpr char kInUse[] =
    "store_in_use";  // kFatal: open already, here or in another process
inline constexpr char kFolder[] =
    "store_folder_unusable";                            // kFatal: can't be created, read or written
inline constexpr char kDiskFull[] = "store_disk_full";  // kFatal: nothing is lost, free some space
inline constexpr char kFormat[] = "store_format";    // kFatal: written by a build that is too new
inline constexpr char kIo[] = "store_io";            // kRebuild
inline constexpr char kCorrupt[] = "store_corrupt";  // kRebuild
inline constexpr char kDocument[] =
    "document_invalid";                              // kFatal: a changelog value nobody can read
inline constexpr char kCrashed[] = "store_crashed";  // kFatal: memory store after Crash()

}  // namespace textback::store::errors
