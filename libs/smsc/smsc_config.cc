#include "smsc/smsc_config.h"

#include <algorithm>

namespace textback::smsc {
namespace {

void ReadRange(config::Map& map, std::string_view key, std::string_view doc,
               std::pair<std::int64_t, std::int64_t>& range) {
  map.Section(key, doc, [&](config::Map& m) {
    range.first = m.DurationMs("min", "At least.").Default(range.first).Range(0, 86'400'000).Read();
    range.second = m.DurationMs("max", "At most.")
                       .Default(std::max(range.first, range.second))
                       .Range(0, 86'400'000)
                       .Read();
    if (range.second < range.first) m.Refuse("max", "must not be less than min");
  });
}

void ReadFraction(config::Map& map, std::string_view key, std::string_view doc, double& value) {
  value = map.Number(key, doc).Default(value).Range(0.0, 1.0).Read();
}

}  // namespace

void ReadSmscConfig(config::Map& map, SmscConfig& c) {
  SmscOptions& o = c.options;
  c.address = map.String("address", "Where to listen.").Default(c.address).Read();
  c.port = static_cast<std::uint16_t>(
      map.Int("port", "TCP port; 0: any, printed.").Default(c.port).Range(0, 65'535).Read());
  c.seed = static_cast<std::uint64_t>(map.Int("seed", "Of all chance.").Default(1).Read());
  c.record_file = map.String("record_file", "One JSON object a line for each submit_sm taken.")
                      .Default("")
                      .Read();
  o.system_id = map.String("system_id", "Who may bind; empty: anybody.").Default("").Read();
  o.password = map.Secret("password", "Checked unless empty.").Reveal();
  ReadRange(map, "response_delay", "Before a submit_sm is answered.", o.response_delay_ms);
  map.Section("faults", "Fractions of 1, drawn for each submit_sm or bind.", [&](config::Map& m) {
    ReadFraction(m, "throttle", "Answered ESME_RTHROTTLED, not taken.", o.throttle);
    ReadFraction(m, "temporary", "Answered ESME_RSYSERR, not taken.", o.temporary);
    ReadFraction(m, "reject", "Answered ESME_RINVDSTADR, not taken.", o.reject);
    ReadFraction(m, "lose_response", "Taken and never answered.", o.lose_response);
    ReadFraction(m, "drop_connection", "Taken, then the connection is reset.", o.drop_connection);
    ReadFraction(m, "refuse_bind", "Binds answered ESME_RBINDFAIL.", o.refuse_bind);
  });
  o.rate_max = static_cast<std::uint32_t>(
      map.Int("rate_max", "Submits a second; beyond it throttled. 0: no limit.")
          .Default(0)
          .Range(0, 10'000'000)
          .Read());
  o.window_max = static_cast<std::uint32_t>(
      map.Int("window_max", "Unanswered submits a connection. 0: no limit.")
          .Default(0)
          .Range(0, 1'000'000)
          .Read());
  map.Section("receipts", "Delivery receipts.", [&](config::Map& m) {
    ReadFraction(m, "fraction", "Of the submits that ask for one.", o.receipts);
    ReadRange(m, "delay", "After the response.", o.receipt_delay_ms);
    ReadFraction(m, "before_response", "Receipts that come first.", o.receipt_before_response);
    ReadFraction(m, "twice", "Receipts that come twice.", o.receipt_twice);
    ReadFraction(m, "delivered", "Of the receipts.", o.delivered);
    ReadFraction(m, "undeliverable", "Weight within the rest.", o.undeliverable);
    ReadFraction(m, "expired", "Weight within the rest.", o.expired);
    o.receipt_text = m.Bool("text", "The text form of appendix B.").Default(o.receipt_text).Read();
    o.receipt_tlvs =
        m.Bool("tlvs", "receipted_message_id and message_state.").Default(o.receipt_tlvs).Read();
    o.receipt_id_hex = m.Bool("id_hex", "Ids in hexadecimal.").Default(o.receipt_id_hex).Read();
  });
  o.response_id_hex =
      map.Bool("response_id_hex", "Ids in submit_sm_resp in hexadecimal.").Default(false).Read();
  o.redeliver_ms = map.DurationMs("redeliver", "A deliver_sm without an answer is sent again.")
                       .Default(o.redeliver_ms)
                       .Range(10, 86'400'000)
                       .Read();
  o.deliver_window =
      static_cast<std::size_t>(map.Int("deliver_window", "Unanswered deliver_sm a connection.")
                                   .Default(200)
                                   .Range(1, 100'000)
                                   .Read());
  o.deliveries_max = static_cast<std::size_t>(
      map.Int("deliveries_max", "Receipts and texts that wait, about 300 bytes each.")
          .Default(2'000'000)
          .Range(1, 100'000'000)
          .Read());
  o.idle_ms = map.DurationMs("idle", "A silent connection is closed.")
                  .Default(o.idle_ms)
                  .Range(1'000, 86'400'000)
                  .Read();
}

}  // namespace textback::smsc
