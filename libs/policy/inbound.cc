#include "policy/inbound.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "base/msisdn.h"
#include "policy/machine.h"

namespace textback::policy {
namespace {

using state::v1::OptOut;

constexpr std::size_t kInboundIdBytesMax = 256;

// The scope that a STOP to `tenant` sets, with who it came by.
OptOut OptOutOf(const Tenant& tenant, std::int64_t at_ms) {
  OptOut out;
  out.set_kind(tenant.opt_out_scope().kind());
  out.set_tenant(tenant.id());
  out.set_sender(NormaliseAddress(tenant.sender().value()));
  out.set_at_ms(at_ms);
  return out;
}

bool SameScope(const OptOut& a, const OptOut& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case v1::Scope::KIND_ALL:
      return true;
    case v1::Scope::KIND_SENDER:
      return a.sender() == b.sender();
    default:
      return a.tenant() == b.tenant();
  }
}

v1::Scope ScopeOf(const OptOut& out, const v1::Address& sender) {
  v1::Scope scope;
  scope.set_kind(out.kind());
  if (out.kind() == v1::Scope::KIND_TENANT) scope.set_tenant(out.tenant());
  // As the dispatcher knows it: the address that jobs carry.
  if (out.kind() == v1::Scope::KIND_SENDER) scope.set_sender(sender.value());
  return scope;
}

class Conversation {
 public:
  Conversation(Machine& m, const v1::InboundMessage& message)
      : m_(m),
        message_(message),
        tenants_(TenantsMeant(m.document, m.snapshot, message.recipient())),
        at_ms_(message.received_at_ms() > 0 ? std::min(message.received_at_ms(), m.now())
                                            : m.now()) {}

  InboundClass Run() {
    switch (Keyword()) {
      case text::Keyword::kStop:
        Stop();
        return InboundClass::kStop;
      case text::Keyword::kStart:
        Start();
        NoteTheirReply();
        return InboundClass::kStart;
      case text::Keyword::kHelp:
        Help();
        NoteTheirReply();
        return InboundClass::kHelp;
      default:
        NoteTheirReply();
        return InboundClass::kOther;
    }
  }

 private:
  // STOP in the words of any of the tenants is a STOP.
  text::Keyword Keyword() const {
    text::Keyword found = text::MatchKeyword(message_.text());
    for (const auto* tenant : tenants_) {
      if (found == text::Keyword::kStop) break;
      const auto own = tenant->MatchKeyword(message_.text());
      if (own != text::Keyword::kNone &&
          (found == text::Keyword::kNone || own == text::Keyword::kStop)) {
        found = own;
      }
    }
    return found;
  }

  // Where it isn't known which of several tenants is meant, none of them knows the customer by it.
  void NoteTheirReply() {
    if (tenants_.size() == 1) NoteReply(m_, tenants_.front()->id());
  }

  void Stop() {
    const Tenant* confirm = nullptr;
    for (const auto* tenant : tenants_) {
      const OptOut out = OptOutOf(*tenant, at_ms_);
      const bool added = AddOptOut(out);
      if (added && confirm == nullptr) confirm = tenant;
      EmitScope("block", ScopeOf(out, tenant->sender()), tenant);
    }
    if (tenants_.empty()) StopToUnknown();
    if (confirm != nullptr) Reply(*confirm, v1::TextJob::PURPOSE_OPT_OUT_CONFIRMATION);
  }

  void StopToUnknown() {
    OptOut out;
    out.set_kind(v1::Scope::KIND_SENDER);
    out.set_sender(NormaliseAddress(message_.recipient()));
    out.set_at_ms(at_ms_);
    AddOptOut(out);
    v1::Address sender;
    sender.set_value(message_.recipient());
    EmitScope("block", ScopeOf(out, sender), nullptr);
  }

  void Start() {
    const std::string address = NormaliseAddress(message_.recipient());
    const Tenant* confirm = nullptr;
    auto& outs = *m_.document.mutable_opt_outs();
    for (const auto* tenant : tenants_) {
      const OptOut scope = OptOutOf(*tenant, at_ms_);
      for (int i = outs.size() - 1; i >= 0; --i) {
        const OptOut& out = outs[i];
        const bool by_this_address = out.sender() == address;
        const bool meant = SameScope(out, scope) ||
                           (by_this_address &&
                            (out.kind() != v1::Scope::KIND_TENANT || out.tenant() == tenant->id()));
        if (!meant || out.at_ms() > at_ms_) continue;
        if (confirm == nullptr) confirm = tenant;
        EmitScope("unblock", ScopeOf(out, tenant->sender()), tenant);
        outs.DeleteSubrange(i, 1);
      }
    }
    if (confirm != nullptr) Reply(*confirm, v1::TextJob::PURPOSE_OPT_IN_CONFIRMATION);
  }

  void Help() {
    if (tenants_.empty() || IsOptedOut(m_.document, *tenants_.front())) return;
    const auto helped = std::count_if(
        m_.document.replies().begin(), m_.document.replies().end(),
        [](const auto& reply) { return reply.purpose() == v1::TextJob::PURPOSE_HELP; });
    if (static_cast<std::size_t>(helped) >= m_.limits.help_replies_max) return;
    Reply(*tenants_.front(), v1::TextJob::PURPOSE_HELP);
  }

  // False: it stood already.
  bool AddOptOut(const OptOut& out) {
    auto& outs = *m_.document.mutable_opt_outs();
    for (auto& known : outs) {
      if (!SameScope(known, out)) continue;
      known.set_at_ms(std::max(known.at_ms(), out.at_ms()));
      return false;
    }
    *outs.Add() = out;
    if (static_cast<std::size_t>(outs.size()) > m_.limits.opt_outs_max) {
      // Who opts out this often means everybody. None of them may be dropped.
      OptOut all = out;
      all.set_kind(v1::Scope::KIND_ALL);
      outs.Clear();
      *outs.Add() = all;
      EmitScope("block", ScopeOf(all, {}), nullptr);
    }
    return true;
  }

  v1::Job& NewJob(std::string_view what, const Tenant* tenant) {
    auto& job = *m_.effects.jobs.Add();
    const std::string_view id = tenant != nullptr ? std::string_view(tenant->id()) : "";
    job.set_job_id(JobId(id, message_.inbound_id(), what));
    job.set_tenant(std::string(id));
    job.set_customer(std::string(m_.moment.key));
    if (tenant != nullptr) *job.mutable_sender() = tenant->sender();
    job.set_priority(3);
    job.set_created_ms(m_.now());
    job.set_not_before_ms(m_.now());
    return job;
  }

  void EmitScope(std::string_view what, v1::Scope scope, const Tenant* tenant) {
    std::string name(what);
    name += ' ' + std::to_string(scope.kind()) + ' ' + scope.sender();
    for (const auto& job : m_.effects.jobs) {
      // Tenants that share a sender share its block.
      const auto& known = job.has_block() ? job.block().scope() : job.unblock().scope();
      if (known.kind() == scope.kind() && known.tenant() == scope.tenant() &&
          known.sender() == scope.sender()) {
        return;
      }
    }
    auto& job = NewJob(name, tenant);
    job.set_basis(what == "block" ? "opt_out" : "opt_in");
    *(what == "block" ? job.mutable_block()->mutable_scope()
                      : job.mutable_unblock()->mutable_scope()) = std::move(scope);
  }

  void Reply(const Tenant& tenant, v1::TextJob::Purpose purpose) {
    auto& replies = *m_.document.mutable_replies();
    if (!tenant.active() || static_cast<std::size_t>(replies.size()) >= m_.limits.replies_max) {
      return;
    }
    const std::int64_t expires = Plus(at_ms_, m_.limits.confirmation_ttl_ms);
    if (expires <= m_.now()) return;
    auto body = tenant.RenderReply(purpose);
    if (!body) return;  // validated when the tenant was taken in: only a faulty tenant has none
    const char* basis = purpose == v1::TextJob::PURPOSE_HELP ? "help"
                        : purpose == v1::TextJob::PURPOSE_OPT_OUT_CONFIRMATION
                            ? "opt_out_confirmation"
                            : "opt_in_confirmation";
    auto& job = NewJob(basis, &tenant);
    job.mutable_text()->set_purpose(purpose);
    job.mutable_text()->set_body(std::move(body).value());
    job.set_expires_ms(expires);
    job.set_basis(basis);
    auto& reply = *replies.Add();
    reply.set_purpose(purpose);
    reply.set_forget_ms(Plus(m_.now(), m_.limits.horizon_ms));
  }

  Machine& m_;
  const v1::InboundMessage& message_;
  const std::vector<const Tenant*> tenants_;
  const std::int64_t at_ms_;
};

std::optional<Error> Check(const Machine& m, const v1::InboundMessage& message) {
  if (message.customer() != m.moment.key || !Msisdn::FromE164(message.customer())) {
    return DeadLetterError("key_mismatch", "the key must be the customer's number in E.164 form");
  }
  if (message.inbound_id().empty() || message.inbound_id().size() > kInboundIdBytesMax) {
    return DeadLetterError("bad_id", "inbound_id must have 1 to 256 bytes");
  }
  return std::nullopt;
}

}  // namespace

std::vector<const Tenant*> TenantsMeant(const Document& document, const Snapshot& snapshot,
                                        std::string_view recipient) {
  const auto& candidates = snapshot.TenantsOfSender(recipient);
  const Tenant* last = nullptr;
  std::int64_t last_ms = 0;
  for (const auto* tenant : candidates) {
    for (const auto& pair : document.pairs()) {
      if (pair.tenant() != tenant->id() || pair.text_ms() <= last_ms) continue;
      last = tenant;
      last_ms = pair.text_ms();
    }
  }
  if (last != nullptr) return {last};
  return candidates;
}

bool IsOptedOut(const Document& document, const Tenant& tenant) {
  return std::any_of(document.opt_outs().begin(), document.opt_outs().end(),
                     [&](const OptOut& out) {
                       switch (out.kind()) {
                         case v1::Scope::KIND_ALL:
                           return true;
                         case v1::Scope::KIND_SENDER:
                           return out.sender() == NormaliseAddress(tenant.sender().value());
                         default:
                           return out.tenant() == tenant.id();
                       }
                     });
}

void OnInbound(Machine& m, const v1::InboundMessage& message) {
  if (auto error = Check(m, message)) {
    m.effects.error = std::move(error);
    return;
  }
  const std::uint64_t id = InboundHash(message.account(), message.inbound_id());
  for (const auto& seen : m.document.inbound()) {
    if (seen.id() != id) continue;
    m.effects.inbound_class = InboundClass::kRepeated;
    return;
  }
  auto& seen = *m.document.add_inbound();
  seen.set_id(id);
  seen.set_forget_ms(Plus(m.now(), m.limits.horizon_ms));
  KeepNewest(*m.document.mutable_inbound(), m.limits.inbound_max);
  m.effects.changed = true;
  m.effects.inbound_class = Conversation(m, message).Run();
}

void OnStatus(Machine& m, const v1::Status& status) {
  OnDeliveryNews(m, status);
  switch (status.kind()) {
    case v1::Status::KIND_SENT:
    case v1::Status::KIND_UNKNOWN:
    case v1::Status::KIND_EXPIRED:
    case v1::Status::KIND_REJECTED:
    case v1::Status::KIND_CANCELLED:
    case v1::Status::KIND_BLOCKED:
      break;
    default:
      return;  // receipts: the text was closed before them
  }
  // Limits count the text whatever became of it; it only can't be withdrawn any more.
  for (auto& call : *m.document.mutable_calls()) {
    if (!call.has_text() || call.text().closed() || KeyOf(call).ToCallId() != status.call_id())
      continue;
    if (status.job_id() != JobId(call.text().tenant(), status.call_id(), "first_text")) continue;
    call.mutable_text()->set_closed(true);
    m.effects.changed = true;
  }
}

}  // namespace textback::policy
