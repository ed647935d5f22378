// Whether a webhook was sent by the telephony provider that it claims to be from.
//
// One function a provider, each over the bytes of one HTTP request as they were received and the
// secret that the operator configured. A program that takes webhooks calls one of them before it
// believes anything in the body. They answer kVerified or why not; the reason is for the operator's
// log and metrics and never for the sender.
//
//   Twilio      X-Twilio-Signature: base64(HMAC-SHA1(token, URL + sorted fields)); of a JSON body
//               the URL has its SHA-256 in the parameter bodySHA256
//               (twilio.com/docs/usage/security, "Validating Signatures from Twilio")
//   SignalWire  X-SignalWire-Signature: as Twilio's for forms; for JSON
//               hex(HMAC-SHA1(key, URL + body))
//               (signalwire.com/docs/platform/webhooks, "Verify webhook signature")
//   Plivo       X-Plivo-Signature-V3 over method, URL, sorted fields and
//   X-Plivo-Signature-V3-Nonce:
//               base64(HMAC-SHA256); several signatures after commas while a token is being changed
//               (docs.plivo.com/docs/voice/concepts/signature-validation)
//   Vonage      Authorization: Bearer JWT (RFC 7519), HS256, with iat and payload_hash
//               (developer.vonage.com/getting-started/concepts/webhooks, "Decoding signed
//               webhooks")
//   Telnyx      telnyx-signature-ed25519: base64(Ed25519(timestamp "|" body)) and telnyx-timestamp
//               (developers.telnyx.com, callbacks: headers)
//   Bandwidth   HTTP basic credentials (RFC 7617), which the operator gives to the application
//               (dev.bandwidth.com/docs/voice/webhooks, "Authentication")
//
// Signatures without a time (Twilio, SignalWire, Plivo) and credentials can be replayed by who saw
// one request; textback takes a repeated record for a duplicate. Those with a time are refused when
// it is further from `now_ms` than `tolerance_ms`.
//
// Secrets and signatures are compared in constant time. An empty secret verifies nothing.
// Threads: any; pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace textback::cdr {

enum class SignatureCheck : std::uint8_t {
  kVerified,
  kMissing,    // the request has no signature
  kMalformed,  // what should be one isn't
  kMismatch,   // made with another secret, or over another request
  kStale,      // made too long ago, or in the future
};
std::string_view ToString(SignatureCheck check);

inline constexpr std::int64_t kSignatureToleranceMs = 5 * 60 * 1000;

// `url`: as the provider was told it, with scheme, host and query; a proxy must not have changed
// it. A port that is the scheme's own may or may not be in it.
struct SignedRequest {
  std::string_view method = "POST";
  std::string_view url;
  std::string_view content_type;  // "application/x-www-form-urlencoded": its fields are signed
  std::string_view body;
};

SignatureCheck VerifyTwilio(const SignedRequest& request, std::string_view signature,
                            std::string_view auth_token);

SignatureCheck VerifySignalwire(const SignedRequest& request, std::string_view signature,
                                std::string_view signing_key);

SignatureCheck VerifyPlivo(const SignedRequest& request, std::string_view signature,
                           std::string_view nonce, std::string_view auth_token);

// `authorization`: the header's value.
SignatureCheck VerifyVonage(std::string_view body, std::string_view authorization,
                            std::string_view signature_secret, std::int64_t now_ms,
                            std::int64_t tolerance_ms = kSignatureToleranceMs);

// `public_key`: base64, as the portal shows it.
SignatureCheck VerifyTelnyx(std::string_view body, std::string_view signature,
                            std::string_view timestamp, std::string_view public_key,
                            std::int64_t now_ms, std::int64_t tolerance_ms = kSignatureToleranceMs);

// `authorization`: the header's value.
SignatureCheck VerifyBandwidth(std::string_view authorization, std::string_view user,
                               std::string_view password);

}  // namespace textback::cdr
