// What the SMSC took, one JSON object a line, for whoever checks for duplicates.
//
//   {"at_ms":…,"message_id":"…","system_id":"…","connection":1,"from":"…","to":"…","data_coding":0,
//    "udh":"…hex…","octets":"…hex…","validity":"…","registered_delivery":1}
//
// Gathered, and written by Flush, which the owner calls several times a second and at the end.
// Threads: the server's. Errors: Open: kFatal "record_file".
#pragma once

#include <string>

#include "base/result.h"
#include "smsc/smsc_core.h"

namespace textback::smsc {

class RecordFile final : public SmscObserver {
 public:
  RecordFile() = default;
  ~RecordFile() override;
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;

  // `at_once`: each line is written before its submit_sm is answered, so that a kill of this
  // process leaves no text that was taken and isn't in the file.
  Status Open(const std::string& path, bool at_once = false);
  void OnTaken(const TakenSubmit& submit) override;
  void Flush();

 private:
  int fd_ = -1;
  bool at_once_ = false;
  std::string buffer_;
};

}  // namespace textback::smsc
