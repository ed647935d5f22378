#include "policy/document.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/planted.h"

namespace textback::policy {
namespace {

template <class Repeated, class Gone>
void RemoveIf(Repeated& list, Gone gone) {
  // Stable, and without copying messages: RepeatedPtrField's iterators swap pointers.
  list.erase(std::remove_if(list.begin(), list.end(), gone), list.end());
}

}  // namespace

Status ParseDocument(std::string_view bytes, Document& document) {
  if (!document.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return RebuildError(
        "document_corrupt",
        "a customer's document can't be parsed: the partition's store is suspect and "
        "is restored from the changelog");
  }
  if (document.version() > kDocumentVersion) {
    return FatalError("document_version",
                      "a customer's document has version " + std::to_string(document.version()) +
                          ", this program knows " + std::to_string(kDocumentVersion) +
                          ": run the release that wrote it, or a later one");
  }
  return Ok();
}

void Forget(Document& document, std::int64_t now_ms) {
  std::int64_t through = document.forgotten_through_ms();
  RemoveIf(*document.mutable_calls(), [&](const state::v1::Call& call) {
    if (!call.decided()) return false;
    if (Planted(Bug::kNoDedupe)) return true;
    if (call.forget_ms() > now_ms) return false;
    if (Planted(Bug::kForgottenNotRemembered)) return true;
    through = std::max(through, call.event_ms());
    return true;
  });
  if (through != document.forgotten_through_ms()) document.set_forgotten_through_ms(through);
  const auto kept = [&](const auto& entry) { return entry.keep_ms() <= now_ms; };
  const auto forgotten = [&](const auto& entry) { return entry.forget_ms() <= now_ms; };
  RemoveIf(*document.mutable_texts(), kept);
  RemoveIf(*document.mutable_pairs(), kept);
  RemoveIf(*document.mutable_inbound(), forgotten);
  RemoveIf(*document.mutable_others(), forgotten);
  RemoveIf(*document.mutable_replies(), forgotten);
  if (document.has_no_texts() && document.no_texts().keep_ms() <= now_ms) {
    document.clear_no_texts();
  }
  if (document.flood_until_ms() <= now_ms) document.clear_flood_until_ms();
}

bool MayErase(const Document& document, std::int64_t now_ms, std::int64_t horizon_ms) {
  return document.calls().empty() && document.texts().empty() && document.pairs().empty() &&
         document.opt_outs().empty() && document.inbound().empty() && document.others().empty() &&
         document.replies().empty() && !document.has_no_texts() &&
         document.flood_until_ms() <= now_ms &&
         Plus(document.forgotten_through_ms(), horizon_ms) <= now_ms;
}

const state::v1::Call* FirstWaiting(const Document& document) {
  const auto turn = [](const state::v1::Call& call) {
    return std::tuple(call.pending().due_ms(), call.id_high(), call.id_low());
  };
  const state::v1::Call* first = nullptr;
  for (const auto& call : document.calls()) {
    if (call.decided()) continue;
    if (first == nullptr || turn(call) < turn(*first)) first = &call;
  }
  return first;
}

state::v1::Call* FirstWaiting(Document& document) {
  return const_cast<state::v1::Call*>(FirstWaiting(std::as_const(document)));
}

bool WaitsForNodes(const Document& document) {
  return std::any_of(document.calls().begin(), document.calls().end(), [](const auto& call) {
    return !call.decided() && call.pending().check_ms() != 0;
  });
}

std::int64_t NextDue(const Document& document, std::int64_t horizon_ms) {
  if (const auto* waiting = FirstWaiting(document)) {
    const auto& pending = waiting->pending();
    return pending.check_ms() != 0 ? std::min(pending.due_ms(), pending.check_ms())
                                   : pending.due_ms();
  }
  std::int64_t last = 0;
  for (const auto& call : document.calls()) last = std::max(last, call.forget_ms());
  for (const auto& text : document.texts()) last = std::max(last, text.keep_ms());
  for (const auto& pair : document.pairs()) last = std::max(last, pair.keep_ms());
  for (const auto& seen : document.inbound()) last = std::max(last, seen.forget_ms());
  for (const auto& seen : document.others()) last = std::max(last, seen.forget_ms());
  for (const auto& reply : document.replies()) last = std::max(last, reply.forget_ms());
  last = std::max({last, document.no_texts().keep_ms(), document.flood_until_ms()});
  if (document.opt_outs().empty() && document.forgotten_through_ms() != 0) {
    last = std::max(last, Plus(document.forgotten_through_ms(), horizon_ms));
  }
  return last == 0 ? kNever : last;
}

}  // namespace textback::policy
