// The head of an HTTP/1.x request, as far as a page of figures needs it (RFC 9112, 2 to 5).
//
// Only GET and HEAD of an origin-form target are served; a body is never read, the connection
// closes after one answer. Anything else is refused with the status that says why.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace textback::telemetry {

struct HttpRequest {
  std::string path;         // "/metrics", without the query
  std::string query;        // "format=json"
  bool head = false;        // HEAD: the answer without its body
  bool wants_json = false;  // an Accept field names application/json
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

enum class HttpParse : unsigned char {
  kMore,  // no end of the head yet
  kComplete,
  kBad,         // 400
  kNotAllowed,  // 405
};

// Looks at all that was received so far.
HttpParse ParseHttpHead(std::string_view received, HttpRequest& request);

// The bytes to send, with Connection: close.
std::string RenderHttp(const HttpResponse& response, bool head);

}  // namespace textback::telemetry
