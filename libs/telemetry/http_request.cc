#include "telemetry/http_request.h"

#include <algorithm>

namespace textback::telemetry {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Lower(x) == Lower(y); });
}

bool IsVisible(char c) { return c > ' ' && c < 0x7f; }

std::string_view TakeUntil(std::string_view& text, std::string_view separator) {
  const auto at = text.find(separator);
  const auto taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + separator.size());
  return taken;
}

// Fields other than Accept are passed over, but must have a field's form.
bool ReadField(std::string_view line, HttpRequest& request) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto name = line.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), IsVisible)) return false;
  if (EqualsIgnoringCase(name, "accept")) {
    request.wants_json = line.find("application/json") != std::string_view::npos;
  }
  return true;
}

std::string_view ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

HttpParse ParseHttpHead(std::string_view received, HttpRequest& request) {
  const auto end = received.find("\r\n\r\n");
  if (end == std::string_view::npos) return HttpParse::kMore;
  auto rest = received.substr(0, end);
  auto line = TakeUntil(rest, "\r\n");
  const auto method = TakeUntil(line, " ");
  const auto target = TakeUntil(line, " ");
  const bool target_is_path =
      target.starts_with('/') && std::all_of(target.begin(), target.end(), IsVisible);
  if (method.empty() || !target_is_path || (line != "HTTP/1.1" && line != "HTTP/1.0")) {
    return HttpParse::kBad;
  }
  while (!rest.empty()) {
    if (!ReadField(TakeUntil(rest, "\r\n"), request)) return HttpParse::kBad;
  }
  request.head = method == "HEAD";
  if (method != "GET" && !request.head) return HttpParse::kNotAllowed;
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  request.query = question == std::string_view::npos ? "" : target.substr(question + 1);
  return HttpParse::kComplete;
}

std::string RenderHttp(const HttpResponse& response, bool head) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out += ReasonOf(response.status);
  out += "\r\nContent-Type: " + response.content_type;
  out += "\r\nContent-Length: " + std::to_string(response.body.size());
  if (response.status == 405) out += "\r\nAllow: GET, HEAD";
  out += "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
  if (!head) out += response.body;
  return out;
}

}  // namespace textback::telemetry
