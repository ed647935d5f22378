// Checks a pool's configuration (client.h).
#include <set>
#include <string>

#include "smpp/client.h"
#include "smpp/pdu.h"

namespace textback::smpp {

Status Validate(const PoolConfig& config) {
  const auto bad = [](const std::string& what) { return FatalError("bad_smpp_config", what); };
  if (config.host.empty()) return bad("smpp host is empty");
  if (config.port == 0) return bad("smpp port is 0; use 1 to 65535");
  if (config.binds.empty() || config.binds.size() > kBindsMax)
    return bad("smpp needs 1 to 128 binds");
  if (config.open_max == 0 || config.delivered_max == 0)
    return bad("smpp queue sizes must be at least 1");
  if (config.reconnect_min.count() <= 0 || config.reconnect_max < config.reconnect_min) {
    return bad("smpp reconnect_max must be at least reconnect_min, and that above 0");
  }
  std::set<std::string> names;
  for (const SessionConfig& bind : config.binds) {
    if (bind.name.empty() || !names.insert(bind.name).second) {
      return bad("smpp bind name \"" + bind.name + "\" is empty or used twice");
    }
    const std::string where = "smpp bind " + bind.name + ": ";
    if (bind.window < 1 || bind.window > kWindowMax)
      return bad(where + "window must be 1 to 65536");
    if (bind.deliver_window == 0) return bad(where + "deliver_window must be at least 1");
    std::string ignored;
    Bind pdu;
    pdu.system_id = bind.system_id;
    pdu.password = bind.password;
    pdu.system_type = bind.system_type;
    pdu.address.digits = bind.address_range;
    if (const auto status = EncodeBind(ignored, CommandId::kBindTransceiver, 1, pdu);
        status != ESME_ROK) {
      return bad(
          where +
          "system_id, password, system_type (64 characters) or address_range (40) is too long: " +
          StatusText(status));
    }
    for (const auto time :
         {bind.bind_timeout, bind.enquire_link_interval, bind.enquire_link_timeout,
          bind.response_timeout, bind.unbind_timeout, bind.throttle_pause_min}) {
      if (time.count() <= 0) return bad(where + "every time-out must be above 0");
    }
  }
  return Ok();
}

}  // namespace textback::smpp
