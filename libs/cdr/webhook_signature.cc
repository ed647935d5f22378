#include "cdr/webhook_signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "cdr/form.h"
#include "cdr/webhook_body.h"

namespace textback::cdr {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// A header longer than this is no signature.
constexpr std::size_t kSignatureBytesMax = 8 * 1024;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Hmac(const EVP_MD* digest, std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned size = 0;
  const auto* made = HMAC(digest, key.data(), static_cast<int>(key.size()), Bytes(message),
                          message.size(), out.data(), &size);
  TB_ASSERT(made != nullptr);  // SHA-1 and SHA-256 are always there
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string Sha256(std::string_view message) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> out;
  SHA256(Bytes(message), message.size(), out.data());
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

// Lengths are public: those of signatures are known, and a secret's is hidden by hashing it first.
bool SameBytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// RFC 4648, 4 and 5; padding may be left out. nullopt: no base64.
std::optional<std::string> FromBase64(std::string_view text) {
  if (text.size() > kSignatureBytesMax) return std::nullopt;
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a' + 26);
    } else if (IsDigit(c)) {
      value = static_cast<std::uint32_t>(c - '0' + 52);
    } else if (c == '+' || c == '-') {
      value = 62;
    } else if (c == '/' || c == '_') {
      value = 63;
    } else {
      return std::nullopt;
    }
    bits = bits << 6 | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count & 0xff));
    }
  }
  // A character left over, or bits that no encoder writes: two texts must not mean the same bytes.
  if (count == 6 || (bits & ((std::uint32_t{1} << count) - 1)) != 0) return std::nullopt;
  return out;
}

std::optional<std::int64_t> Number(std::string_view text) {
  std::int64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

bool IsFresh(std::int64_t seconds, std::int64_t now_ms, std::int64_t tolerance_ms) {
  constexpr std::int64_t kMost = INT64_MAX / 2000;
  if (seconds < 0 || seconds > kMost) return false;
  const std::int64_t apart = now_ms - seconds * 1000;
  return apart <= tolerance_ms && apart >= -tolerance_ms;
}

// nullopt: damaged.
std::optional<Pairs> FormPairs(std::string_view text) {
  Pairs pairs;
  std::string storage;
  FormReader form(text, storage);
  while (true) {
    const auto more = form.Next();
    if (!more) return std::nullopt;
    if (!*more) return pairs;
    pairs.emplace_back(form.name(), form.value());
  }
}

bool IsForm(const SignedRequest& request) {
  return StartsWithWord(Trimmed(request.content_type), "application/x-www-form-urlencoded");
}

struct UrlParts {
  std::string_view origin_and_path;
  std::string_view query;  // after "?"
};
UrlParts Split(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const auto question = url.find('?');
  if (question == std::string_view::npos) return {url, {}};
  return {url.substr(0, question), url.substr(question + 1)};
}

// The URL with its scheme's own port and without: senders differ on it.
std::array<std::string, 2> WithAndWithoutPort(std::string_view url) {
  const bool secure = StartsWithWord(url, "https://");
  const std::string_view port = secure ? ":443" : ":80";
  const auto begin = std::min(url.find("://"), url.size());
  const auto host = std::min(begin + 3, url.size());
  const auto end = std::min(url.find_first_of("/?", host), url.size());
  const auto authority = url.substr(host, end - host);
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  const auto bare_end = has_port ? host + colon : end;
  std::string without(url.substr(0, bare_end));
  without.append(url.substr(end));
  std::string with(url.substr(0, has_port ? end : bare_end));
  if (!has_port) with.append(port);
  with.append(url.substr(end));
  return {std::move(with), std::move(without)};
}

// Twilio's and, for forms, SignalWire's. Of a name that repeats the values are sorted, and the same
// value counts once.
SignatureCheck VerifyLaml(const SignedRequest& request, std::string_view signature,
                          std::string_view key) {
  if (signature.empty()) return SignatureCheck::kMissing;
  const auto given = FromBase64(signature);
  if (!given) return SignatureCheck::kMalformed;
  std::string fields;
  if (IsForm(request)) {
    auto pairs = FormPairs(request.body);
    if (!pairs) return SignatureCheck::kMalformed;
    std::ranges::sort(*pairs);
    const auto repeated = std::ranges::unique(*pairs);
    pairs->erase(repeated.begin(), repeated.end());
    for (const auto& [name, value] : *pairs) fields.append(name).append(value);
  } else if (!request.body.empty()) {
    const auto query = FormPairs(Split(request.url).query);
    if (!query) return SignatureCheck::kMalformed;
    const auto hash =
        std::ranges::find(*query, "bodySHA256", &std::pair<std::string, std::string>::first);
    if (hash == query->end()) return SignatureCheck::kMissing;
    if (!SameBytes(ToHex(Sha256(request.body)), hash->second)) return SignatureCheck::kMismatch;
  }
  for (const auto& url : WithAndWithoutPort(request.url)) {
    if (!key.empty() && SameBytes(Hmac(EVP_sha1(), key, url + fields), *given))
      return SignatureCheck::kVerified;
  }
  return SignatureCheck::kMismatch;
}

struct JwtParts {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
};
std::optional<JwtParts> SplitJwt(std::string_view token) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return std::nullopt;
  return JwtParts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                  token.substr(second + 1)};
}

// After "Bearer " or "Basic ".
std::optional<std::string_view> After(std::string_view scheme, std::string_view authorization) {
  authorization = Trimmed(authorization);
  if (!StartsWithWord(authorization, scheme) || authorization.size() > kSignatureBytesMax)
    return std::nullopt;
  return Trimmed(authorization.substr(scheme.size()));
}

enum Claim : std::size_t { kAlg, kIat, kPayloadHash, kClaims };
constexpr std::array<std::string_view, kClaims> kClaimNames = {"alg", "iat", "payload_hash"};

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

std::string_view ToString(SignatureCheck check) {
  switch (check) {
    case SignatureCheck::kVerified:
      return "verified";
    case SignatureCheck::kMissing:
      return "missing";
    case SignatureCheck::kMalformed:
      return "malformed";
    case SignatureCheck::kMismatch:
      return "mismatch";
    case SignatureCheck::kStale:
      return "stale";
  }
  TB_UNREACHABLE();
}

SignatureCheck VerifyTwilio(const SignedRequest& request, std::string_view signature,
                            std::string_view auth_token) {
  return VerifyLaml(request, Trimmed(signature), auth_token);
}

SignatureCheck VerifySignalwire(const SignedRequest& request, std::string_view signature,
                                std::string_view signing_key) {
  signature = Trimmed(signature);
  if (IsForm(request)) return VerifyLaml(request, signature, signing_key);
  if (signature.empty()) return SignatureCheck::kMissing;
  const auto given = FromHex(signature);
  if (!given) return VerifyLaml(request, signature, signing_key);
  const auto message = std::string(request.url).append(request.body);
  return !signing_key.empty() && SameBytes(Hmac(EVP_sha1(), signing_key, message), *given)
             ? SignatureCheck::kVerified
             : SignatureCheck::kMismatch;
}

SignatureCheck VerifyPlivo(const SignedRequest& request, std::string_view signature,
                           std::string_view nonce, std::string_view auth_token) {
  if (signature.empty() || nonce.empty()) return SignatureCheck::kMissing;
  if (signature.size() > kSignatureBytesMax) return SignatureCheck::kMalformed;
  const auto [path, query] = Split(request.url);
  auto parameters = FormPairs(query);
  auto fields = IsForm(request) ? FormPairs(request.body) : Pairs();
  if (!parameters || !fields) return SignatureCheck::kMalformed;
  std::ranges::sort(*parameters);
  std::ranges::sort(*fields);
  std::string message(path);
  if (!parameters->empty() || !fields->empty()) message.push_back('?');
  for (std::size_t i = 0; i < parameters->size(); ++i) {
    if (i != 0) message.push_back('&');
    message.append((*parameters)[i].first).append("=").append((*parameters)[i].second);
  }
  if (!parameters->empty() && !fields->empty()) message.push_back('.');
  for (const auto& [name, value] : *fields) message.append(name).append(value);
  message.append(".").append(nonce);
  const auto made = Hmac(EVP_sha256(), auth_token, message);
  bool any_readable = false;
  while (true) {
    const auto comma = signature.find(',');
    const auto given = FromBase64(Trimmed(signature.substr(0, comma)));
    any_readable = any_readable || given.has_value();
    if (given && !auth_token.empty() && SameBytes(made, *given)) return SignatureCheck::kVerified;
    if (comma == std::string_view::npos) break;
    signature.remove_prefix(comma + 1);
  }
  return any_readable ? SignatureCheck::kMismatch : SignatureCheck::kMalformed;
}

SignatureCheck VerifyVonage(std::string_view body, std::string_view authorization,
                            std::string_view signature_secret, std::int64_t now_ms,
                            std::int64_t tolerance_ms) {
  if (authorization.empty()) return SignatureCheck::kMissing;
  const auto token = After("Bearer ", authorization);
  const auto parts = token ? SplitJwt(*token) : std::nullopt;
  if (!parts) return SignatureCheck::kMalformed;
  const auto header = FromBase64(parts->header);
  const auto claims = FromBase64(parts->claims);
  const auto given = FromBase64(parts->signature);
  if (!header || !claims || !given) return SignatureCheck::kMalformed;
  WebhookBody fields(kClaimNames);
  // "none", and keys of other algorithms, are how tokens are forged (RFC 8725, 3.1).
  if (!header->starts_with('{') || !fields.Read(*header) || fields[kAlg] != "HS256")
    return SignatureCheck::kMalformed;
  const auto message = token->substr(0, parts->header.size() + 1 + parts->claims.size());
  if (signature_secret.empty() ||
      !SameBytes(Hmac(EVP_sha256(), signature_secret, message), *given)) {
    return SignatureCheck::kMismatch;
  }
  if (!claims->starts_with('{') || !fields.Read(*claims)) return SignatureCheck::kMalformed;
  const auto issued_s = Number(fields[kIat]);
  if (!issued_s) return SignatureCheck::kMalformed;
  if (!IsFresh(*issued_s, now_ms, tolerance_ms)) return SignatureCheck::kStale;
  // Without it the token would fit any body.
  if (fields[kPayloadHash].empty()) return SignatureCheck::kMalformed;
  const auto hash = FromHex(fields[kPayloadHash]);
  if (!hash) return SignatureCheck::kMalformed;
  return SameBytes(Sha256(body), *hash) ? SignatureCheck::kVerified : SignatureCheck::kMismatch;
}

SignatureCheck VerifyTelnyx(std::string_view body, std::string_view signature,
                            std::string_view timestamp, std::string_view public_key,
                            std::int64_t now_ms, std::int64_t tolerance_ms) {
  constexpr std::size_t kKeyBytes = 32;  // RFC 8032, 5.1.5
  constexpr std::size_t kSignatureBytes = 64;
  if (signature.empty() || timestamp.empty()) return SignatureCheck::kMissing;
  const auto given = FromBase64(Trimmed(signature));
  const auto seconds = Number(timestamp);
  if (!given || given->size() != kSignatureBytes || !seconds) return SignatureCheck::kMalformed;
  const auto key_bytes = FromBase64(Trimmed(public_key));
  if (!key_bytes || key_bytes->size() != kKeyBytes) return SignatureCheck::kMismatch;
  const std::unique_ptr<EVP_PKEY, FreeKey> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(*key_bytes), key_bytes->size()));
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  if (!key || !context ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1) {
    return SignatureCheck::kMismatch;
  }
  const auto message = std::string(timestamp).append("|").append(body);
  if (EVP_DigestVerify(context.get(), Bytes(*given), given->size(), Bytes(message),
                       message.size()) != 1) {
    return SignatureCheck::kMismatch;
  }
  return IsFresh(*seconds, now_ms, tolerance_ms) ? SignatureCheck::kVerified
                                                 : SignatureCheck::kStale;
}

SignatureCheck VerifyBandwidth(std::string_view authorization, std::string_view user,
                               std::string_view password) {
  if (authorization.empty()) return SignatureCheck::kMissing;
  const auto encoded = After("Basic ", authorization);
  const auto given = encoded ? FromBase64(*encoded) : std::nullopt;
  if (!given) return SignatureCheck::kMalformed;
  if (password.empty()) return SignatureCheck::kMismatch;
  const auto expected = std::string(user).append(":").append(password);
  // Hashed, so that not even the length is told by the time that it takes.
  return SameBytes(Sha256(*given), Sha256(expected)) ? SignatureCheck::kVerified
                                                     : SignatureCheck::kMismatch;
}

}  // namespace textback::cdr
