#include "cdr/webhook_signature.h"

#include <gtest/gtest.h>

#include <string>

namespace textback::cdr {

void PrintTo(SignatureCheck check, std::ostream* out) { *out << ToString(check); }

namespace {

using enum SignatureCheck;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kBody = R"({"status":"busy"})";
constexpr std::int64_t kIssuedMs = 1'789'992'000'000;

// twilio/twilio-python, tests/unit/test_request_validator.py @ 30368b08: its token, URLs, fields
// and expected signatures.
constexpr std::string_view kTwilioToken = "12345";
constexpr std::string_view kTwilioFields =
    "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212"
    "&Caller=%2B14158675309";

SignatureCheck Twilio(std::string_view url, std::string_view body, std::string_view signature,
                      std::string_view type = kForm) {
  return VerifyTwilio({.url = url, .content_type = type, .body = body}, signature, kTwilioToken);
}

TEST(WebhookSignature, VerifiesTwiliosPublishedVectors) {
  const std::string url = "https://mycompany.com/myapp.php?foo=1&bar=2";
  EXPECT_EQ(Twilio(url, kTwilioFields, "RSOYDt4T1cUTdK1PDd93/VVr8B8="), kVerified);
  EXPECT_EQ(Twilio(url, "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234",
                   "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
            kVerified)
      << "a name that repeats";
  // With the scheme's own port in the URL that was signed, or not.
  EXPECT_EQ(Twilio(url, kTwilioFields, "kvajT1Ptam85bY51eRf/AJRuM3w="), kVerified);
  EXPECT_EQ(Twilio("http://mycompany.com/myapp.php?foo=1&bar=2", kTwilioFields,
                   "0ZXoZLH/DfblKGATFgpif+LLRf4="),
            kVerified);
  EXPECT_EQ(Twilio("http://mycompany.com:1234/myapp.php?foo=1&bar=2", kTwilioFields,
                   "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
            kVerified);
  EXPECT_EQ(Twilio("https://mycompany.com:1234/myapp.php?foo=1&bar=2", kTwilioFields,
                   "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            kVerified);
  EXPECT_EQ(Twilio(url + "&bodySHA256="
                         "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
                   R"({"property": "value", "boolean": true})",
                   "a9nBmqA0ju/hNViExpshrM61xv4=", "application/json"),
            kVerified);
}

TEST(WebhookSignature, RefusesWhatTwilioDidNotSign) {
  const std::string url = "https://mycompany.com/myapp.php?foo=1&bar=2";
  constexpr std::string_view kGood = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
  EXPECT_EQ(Twilio(url, kTwilioFields, ""), kMissing);
  EXPECT_EQ(Twilio(url, kTwilioFields, "?"), kMalformed);
  EXPECT_EQ(Twilio(url, kTwilioFields, "RSOYDt4T1cUTdK1PDd93/VVr8A8="), kMismatch);
  EXPECT_EQ(Twilio(url, kTwilioFields, "RSOYDt4T1cUTdK1PDd93/VVr8B9="), kMalformed)
      << "the same bytes, written otherwise";
  EXPECT_EQ(Twilio(url, kTwilioFields, "RSOYDt4T"), kMismatch) << "the beginning of a good one";
  EXPECT_EQ(Twilio(url + "&x=1", kTwilioFields, kGood), kMismatch);
  EXPECT_EQ(Twilio(url, std::string(kTwilioFields) + "&CallStatus=busy", kGood), kMismatch);
  EXPECT_EQ(Twilio(url, "CallSid=%", kGood), kMalformed);
  const SignedRequest request{.url = url, .content_type = kForm, .body = kTwilioFields};
  EXPECT_EQ(VerifyTwilio(request, kGood, "12346"), kMismatch);
  EXPECT_EQ(VerifyTwilio(request, kGood, ""), kMismatch);
  const std::string hash = "&bodySHA256=" + std::string(64, '0');
  EXPECT_EQ(Twilio(url + hash, kBody, kGood, "application/json"), kMismatch);
  EXPECT_EQ(Twilio(url, kBody, kGood, "application/json"), kMissing) << "the body isn't signed";
}

// Made with Python's hmac after the page that the header names.
TEST(WebhookSignature, VerifiesSignalwire) {
  const SignedRequest form{.url = "https://example.com/hook",
                           .content_type = kForm,
                           .body = "CallStatus=busy&CallSid=1"};
  EXPECT_EQ(VerifySignalwire(form, "9/e2Otwqk4HB8eXYHjR6QhrJa10=", "PSK_key"), kVerified);
  EXPECT_EQ(VerifySignalwire(form, "9/e2Otwqk4HB8eXYHjR6QhrJa10=", "PSK_kez"), kMismatch);
  const SignedRequest json{
      .url = "https://example.com/hook", .content_type = "application/json", .body = kBody};
  constexpr std::string_view kGood = "e30d1500314fa2ae6246798495e4503a6cb85ea7";
  EXPECT_EQ(VerifySignalwire(json, kGood, "PSK_key"), kVerified);
  EXPECT_EQ(VerifySignalwire(json, kGood, ""), kMismatch);
  EXPECT_EQ(VerifySignalwire(json, "", "PSK_key"), kMissing);
  EXPECT_EQ(VerifySignalwire({.url = json.url, .content_type = json.content_type, .body = "{}"},
                             kGood, "PSK_key"),
            kMismatch);
}

// Made with Python's hmac after plivo/plivo-python, plivo/utils/signature_v3.py @ 0843141a, which
// has no vectors of its own.
TEST(WebhookSignature, VerifiesPlivo) {
  const auto check = [](std::string_view url, std::string_view body, std::string_view signature,
                        std::string_view nonce = "12345") {
    return VerifyPlivo({.url = url, .content_type = kForm, .body = body}, signature, nonce,
                       "my_auth_token");
  };
  constexpr std::string_view kFields = "CallUUID=1&CallStatus=busy";
  constexpr std::string_view kGood = "O4+j/E9aRVdpaGr8K7IvSV3TK+vUVlYrQWJgDQdE+8s=";
  EXPECT_EQ(check("https://answer.url", "", "2tUVd+6dOTo/13hSmD0yrftTKb57pVvy0kxqkPKxcqk="),
            kVerified);
  EXPECT_EQ(
      check("https://answer.url/a?b=x%20y&a=1", "", "r0vkv8GumE8OrrPAf07MQSkZ1n6iyk10QkmhapIPLjc="),
      kVerified)
      << "a GET";
  EXPECT_EQ(check("https://answer.url/a", kFields, kGood), kVerified);
  EXPECT_EQ(
      check("https://answer.url/a?x=2", kFields, "YPigoXRBRH2VySF5elGI9pAmUdFi9VO9foNwjblaFoY="),
      kVerified);
  EXPECT_EQ(check("https://answer.url/a", kFields, "AAAA, " + std::string(kGood)), kVerified)
      << "two tokens, while one is being changed";
  EXPECT_EQ(check("https://answer.url/a", kFields, kGood, "12346"), kMismatch);
  EXPECT_EQ(check("https://answer.url/b", kFields, kGood), kMismatch);
  EXPECT_EQ(check("https://answer.url/a", "CallUUID=1&CallStatus=completed", kGood), kMismatch);
  EXPECT_EQ(check("https://answer.url/a", kFields, "?"), kMalformed);
  EXPECT_EQ(check("https://answer.url/a", kFields, ""), kMissing);
  EXPECT_EQ(check("https://answer.url/a", kFields, kGood, ""), kMissing);
  EXPECT_EQ(VerifyPlivo({.url = "https://answer.url/a", .content_type = kForm, .body = kFields},
                        kGood, "12345", ""),
            kMismatch);
}

constexpr std::string_view kVonageSecret = "qwertyuiopasdfghjklzxcvbnm123456";
constexpr std::string_view kVonageToken =
    "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."
    "eyJpYXQiOjE3ODk5OTIwMDAsImp0aSI6IjEiLCJpc3MiOiJWb25hZ2UiLCJwYXlsb2FkX2hhc2giOiI5MzdlZThkMThj"
    "YjhmN2I3YTg3YzE2YzVmMGE4ZTIxNTk5NzE2NGY0MjFkODZmMzgxZDlmNDEzYmEyYmU2ZWY0IiwiYXBpX2tleSI6Imsi"
    "fQ.Y_JumK8xFf_g9tsiBLsjeRRwSfJf7cQErHnI8my2QgM";

TEST(WebhookSignature, VerifiesVonage) {
  const auto check = [](std::string_view body, std::string_view header, std::int64_t now_ms) {
    return VerifyVonage(body, header, kVonageSecret, now_ms);
  };
  EXPECT_EQ(check(kBody, kVonageToken, kIssuedMs), kVerified);
  EXPECT_EQ(check(kBody, kVonageToken, kIssuedMs + kSignatureToleranceMs), kVerified);
  EXPECT_EQ(check(kBody, kVonageToken, kIssuedMs + kSignatureToleranceMs + 1), kStale);
  EXPECT_EQ(check(kBody, kVonageToken, kIssuedMs - kSignatureToleranceMs), kVerified);
  EXPECT_EQ(check(kBody, kVonageToken, kIssuedMs - kSignatureToleranceMs - 1), kStale);
  EXPECT_EQ(check("{}", kVonageToken, kIssuedMs), kMismatch) << "another body";
  EXPECT_EQ(check(kBody, "", kIssuedMs), kMissing);
  EXPECT_EQ(check(kBody, "Bearer a.b", kIssuedMs), kMalformed);
  EXPECT_EQ(check(kBody, "Bearer a.b.c.d", kIssuedMs), kMalformed);
  EXPECT_EQ(check(kBody, "Basic " + std::string(kVonageToken.substr(7)), kIssuedMs), kMalformed);
  EXPECT_EQ(VerifyVonage(kBody, kVonageToken, "another", kIssuedMs), kMismatch);
  EXPECT_EQ(VerifyVonage(kBody, kVonageToken, "", kIssuedMs), kMismatch);
}

TEST(WebhookSignature, RefusesVonageTokensOfOtherKinds) {
  EXPECT_EQ(VerifyVonage(kBody,
                         "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3ODk5OTIwMDB9."
                         "V2LSUbWlfdGoy80JSSC2-2xoXf8yp95EdGMm4iufPCE",
                         kVonageSecret, kIssuedMs),
            kMalformed)
      << "without payload_hash it would fit any body";
  EXPECT_EQ(VerifyVonage(
                kBody,
                "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0."
                "eyJpYXQiOjE3ODk5OTIwMDAsInBheWxvYWRfaGFzaCI6IjkzN2VlOGQxOGNiOGY3YjdhODdjMTZjNWYw"
                "YThlMjE1OTk3MTY0ZjQyMWQ4NmYzODFkOWY0MTNiYTJiZTZlZjQifQ."
                "D8qeogFiscquUcHzTZWFq-TnIQle2d0FIfSca4nJrGs",
                kVonageSecret, kIssuedMs),
            kMalformed)
      << "alg none, though well signed";
}

// vonage's Python package for JWTs, test_verify_jwt.py: its token and secret. The token is of no
// webhook: the signature is good, and it says nothing of a body.
TEST(WebhookSignature, ReadsVonagesPublishedToken) {
  constexpr std::string_view kToken =
      "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJPbmxpbmUgSldUIEJ1aWxkZXIiLCJpYXQiOjE2OTc2MzQ2ODAsImV4cCI6MzMyNTQ1NDA4MjgsImF1ZCI6"
      "IiIsInN1YiI6IiJ9.88vJc3I2HhuqEDixHXVhc9R30tA6U_HQHZTC29y6CGM";
  EXPECT_EQ(VerifyVonage(kBody, kToken, kVonageSecret, 1'697'634'680'000), kMalformed);
  EXPECT_EQ(VerifyVonage(kBody, kToken, kVonageSecret, kIssuedMs), kStale);
  EXPECT_EQ(VerifyVonage(kBody, kToken, "asdf", 1'697'634'680'000), kMismatch);
}

// The key pair is RFC 8032's, 7.1, TEST 2; the signature was made with it.
TEST(WebhookSignature, VerifiesTelnyx) {
  constexpr std::string_view kKey = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
  constexpr std::string_view kGood =
      "mKs5Ruj8UARzjZmeujtR4XOlFW1Kv6GURbLk1kN71j7GfWA5VcOZOGQ9cFDXl++AvwvlZGoATRrhcEQJKCFEDA==";
  constexpr std::string_view kAt = "1789992000";
  EXPECT_EQ(VerifyTelnyx(kBody, kGood, kAt, kKey, kIssuedMs), kVerified);
  EXPECT_EQ(VerifyTelnyx(kBody, kGood, kAt, kKey, kIssuedMs + kSignatureToleranceMs), kVerified);
  EXPECT_EQ(VerifyTelnyx(kBody, kGood, kAt, kKey, kIssuedMs + kSignatureToleranceMs + 1), kStale);
  EXPECT_EQ(VerifyTelnyx(kBody, kGood, kAt, kKey, kIssuedMs - kSignatureToleranceMs - 1), kStale);
  EXPECT_EQ(VerifyTelnyx("{}", kGood, kAt, kKey, kIssuedMs), kMismatch);
  EXPECT_EQ(VerifyTelnyx(kBody, kGood, "1789992001", kKey, kIssuedMs), kMismatch);
  EXPECT_EQ(VerifyTelnyx(kBody, kGood, "soon", kKey, kIssuedMs), kMalformed);
  EXPECT_EQ(VerifyTelnyx(kBody, "AAAA", kAt, kKey, kIssuedMs), kMalformed);
  EXPECT_EQ(VerifyTelnyx(kBody, "", kAt, kKey, kIssuedMs), kMissing);
  EXPECT_EQ(VerifyTelnyx(kBody, kGood, "", kKey, kIssuedMs), kMissing);
  EXPECT_EQ(VerifyTelnyx(kBody, kGood, kAt, "", kIssuedMs), kMismatch);
}

// RFC 7617, 2: user Aladdin, password "open sesame".
TEST(WebhookSignature, VerifiesBandwidth) {
  constexpr std::string_view kHeader = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
  EXPECT_EQ(VerifyBandwidth(kHeader, "Aladdin", "open sesame"), kVerified);
  EXPECT_EQ(VerifyBandwidth("basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"),
            kVerified);
  EXPECT_EQ(VerifyBandwidth(kHeader, "Aladdin", "open sesam"), kMismatch);
  EXPECT_EQ(VerifyBandwidth(kHeader, "aladdin", "open sesame"), kMismatch);
  EXPECT_EQ(VerifyBandwidth("Basic OjE=", "", ""), kMismatch);
  EXPECT_EQ(VerifyBandwidth("Basic Og==", "", ""), kMismatch) << "no password, no entrance";
  EXPECT_EQ(VerifyBandwidth("Bearer x", "Aladdin", "open sesame"), kMalformed);
  EXPECT_EQ(VerifyBandwidth("Basic ?", "Aladdin", "open sesame"), kMalformed);
  EXPECT_EQ(VerifyBandwidth("", "Aladdin", "open sesame"), kMissing);
}

}  // namespace
}  // namespace textback::cdr
