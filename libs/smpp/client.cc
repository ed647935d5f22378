#include "smpp/client.h"

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <concepts>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/assert.h"
#include "base/random.h"
#include "base/thread_name.h"
#include "smpp/back_off.h"
#include "smpp/mailbox.h"
#include "smpp/request_queue.h"

namespace textback::smpp {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kReadBufferBytes = 256 * 1024;
static_assert(kReadBufferBytes >= 2 * kPduBytesMax,
              "one PDU begun must leave room to read the rest");
// Longer than this between a lease's check and its write: look again.
constexpr std::chrono::milliseconds kHeldUp{20};
constexpr std::chrono::milliseconds kSweepInterval{50};

}  // namespace

class ClientPool::Impl {
 public:
  Impl(PoolConfig config, const Clock& clock, std::uint64_t seed);
  ~Impl() { Stop(); }

  void Start();
  void Stop();
  void Abort();
  std::size_t TrySubmitBatch(SubmitRequest* first, std::size_t count);
  std::size_t Drain(std::vector<SubmitOutcome>& out, std::size_t max,
                    std::chrono::milliseconds wait);
  std::size_t DrainDelivered(std::vector<Delivered>& out, std::size_t max,
                             std::chrono::milliseconds wait);
  void Respond(std::uint64_t handle, CommandStatus status);
  std::size_t WindowCapacity() const;
  PortHealth Health() const;
  std::vector<SessionStats> Stats() const;

 private:
  class Connection;
  friend class Connection;

  Now ReadClock() const { return {clock_.Mono(), clock_.NowMs()}; }
  void Wake();    // from any thread
  void OnWake();  // the rest: the I/O thread's
  void PumpAll();
  void Hand(SessionEvents& events, std::size_t bind);
  void Sweep();
  void FailQueued();
  void BeginStop();
  void CloseAll(EndReason why);
  void FinishIfClosed();

  const PoolConfig config_;
  const Clock& clock_;
  Random random_;
  asio::io_context io_{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{
      io_.get_executor()};
  asio::steady_timer sweep_timer_{io_};
  asio::steady_timer stop_timer_{io_};
  bool sweeping_ = false;
  RequestQueue queue_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t first_ = 0;  // whose turn it is to write first
  SessionEvents swept_;

  // Shared. `open_`: taken and not drained.
  std::atomic<std::size_t> open_{0};
  std::atomic<bool> aborted_{false};
  std::mutex mutex_;  // guards the next four
  std::vector<SubmitRequest> inbox_;
  std::vector<std::pair<std::uint64_t, CommandStatus>> responses_;
  bool wake_posted_ = false;
  bool refusing_ = false;
  Mailbox<SubmitOutcome> outcomes_;
  Mailbox<Delivered> delivered_;
  std::atomic<std::size_t> queued_{0};

  std::mutex lifecycle_mutex_;  // Start, Stop, Abort: one at a time
  bool stopping_ = false;       // I/O thread
  std::thread thread_;
  std::vector<SubmitRequest> taken_;  // I/O thread's halves of inbox_ and responses_
  std::vector<std::pair<std::uint64_t, CommandStatus>> answers_;
};

// One bind: its socket, its session, its reconnects. Everything on the I/O thread, but for
// published_.
class ClientPool::Impl::Connection {
 public:
  Connection(Impl& pool, std::size_t index)
      : pool_(pool),
        index_(index),
        session_(pool.config_.binds[index]),
        back_off_(pool.config_.reconnect_min, pool.config_.reconnect_max),
        buffer_(std::make_unique<char[]>(kReadBufferBytes)) {}

  void Connect();
  void Pump();
  void Close(EndReason why, std::string error);
  void Unbind();
  void Respond(std::uint64_t handle, CommandStatus status) {
    session_.Respond(handle, status, pool_.ReadClock());
  }
  bool closed() const { return phase_ == Phase::kIdle; }

  struct Published {
    SessionState state = SessionState::kClosed;
    bool connecting = false;
    bool throttled = false;
    std::size_t outstanding = 0;
    std::string last_error;
    SessionStats stats;
  };
  Published Snapshot() const {
    const std::lock_guard lock(published_mutex_);
    return published_;
  }

 private:
  enum class Phase : std::uint8_t { kIdle, kConnecting, kUp };

  void OnResolved(const error_code& error, const tcp::resolver::results_type& endpoints);
  void OnConnected(const error_code& error);
  void Read();
  void OnRead(const error_code& error, std::size_t n);
  bool WriteAll();
  void AwaitWritable();
  void AfterEvents();
  void ArmTimer();
  void OnTimer();
  void ScheduleReconnect();
  void Publish();
  std::string Where() const {
    return pool_.config_.host + ":" + std::to_string(pool_.config_.port);
  }
  template <class Handler>
  auto Guarded(Handler handler) {
    // A handler of a connection that has been closed since must not touch the next one.
    return [this, generation = generation_, handler](auto&&... args)
      requires std::invocable<const Handler&, decltype(args)...>
    {
      if (generation == generation_) handler(std::forward<decltype(args)>(args)...);
    };
  }

  Impl& pool_;
  const std::size_t index_;
  Session session_;
  BackOff back_off_;
  Phase phase_ = Phase::kIdle;
  std::uint64_t generation_ = 0;
  tcp::socket socket_{pool_.io_};
  tcp::resolver resolver_{pool_.io_};
  asio::steady_timer timer_{pool_.io_};  // the session's, or the connect time-out
  asio::steady_timer reconnect_{pool_.io_};
  MonoTime armed_ = MonoTime::max();
  MonoTime bound_since_ = MonoTime::max();
  std::unique_ptr<char[]> buffer_;
  std::size_t buffered_ = 0;
  bool awaiting_writable_ = false;
  SessionEvents events_;
  std::string last_error_;
  mutable std::mutex published_mutex_;
  Published published_;
};

// --- Connection
// -----------------------------------------------------------------------------------

void ClientPool::Impl::Connection::Connect() {
  phase_ = Phase::kConnecting;
  ++generation_;
  Publish();
  timer_.expires_after(pool_.config_.connect_timeout);
  timer_.async_wait(Guarded([this](const error_code& error) {
    if (!error && phase_ == Phase::kConnecting) {
      Close(EndReason::kTransport, "connecting to " + Where() + " took too long");
    }
  }));
  resolver_.async_resolve(pool_.config_.host, std::to_string(pool_.config_.port),
                          Guarded([this](const error_code& error, const auto& endpoints) {
                            OnResolved(error, endpoints);
                          }));
}

void ClientPool::Impl::Connection::OnResolved(const error_code& error,
                                              const tcp::resolver::results_type& endpoints) {
  if (error) return Close(EndReason::kTransport, "resolving " + Where() + ": " + error.message());
  asio::async_connect(socket_, endpoints,
                      Guarded([this](const error_code& connect_error, const tcp::endpoint&) {
                        OnConnected(connect_error);
                      }));
}

void ClientPool::Impl::Connection::OnConnected(const error_code& error) {
  if (error)
    return Close(EndReason::kTransport, "connecting to " + Where() + ": " + error.message());
  error_code option_error;
  socket_.set_option(tcp::no_delay(true), option_error);
  if (!option_error) socket_.non_blocking(true, option_error);
  if (option_error)
    return Close(EndReason::kTransport, "socket options: " + option_error.message());
  phase_ = Phase::kUp;
  timer_.cancel();
  armed_ = MonoTime::max();
  buffered_ = 0;
  session_.Connected(pool_.ReadClock());
  Read();
  Pump();
}

void ClientPool::Impl::Connection::Read() {
  socket_.async_read_some(
      asio::buffer(buffer_.get() + buffered_, kReadBufferBytes - buffered_),
      Guarded([this](const error_code& error, std::size_t n) { OnRead(error, n); }));
}

void ClientPool::Impl::Connection::OnRead(const error_code& error, std::size_t n) {
  if (error) {
    return Close(EndReason::kTransport, error == asio::error::eof
                                            ? Where() + " closed the connection"
                                            : "reading: " + error.message());
  }
  buffered_ += n;
  const Now now = pool_.ReadClock();
  const std::size_t consumed = session_.Received({buffer_.get(), buffered_}, now, events_);
  buffered_ -= consumed;
  if (buffered_ > 0 && consumed > 0)
    std::memmove(buffer_.get(), buffer_.get() + consumed, buffered_);
  if (session_.state() == SessionState::kBound && bound_since_ == MonoTime::max())
    bound_since_ = now.mono;
  const std::uint64_t generation = generation_;
  Pump();
  if (generation == generation_) Read();
}

// Writes what may be written, hands on what happened, and closes when the session is over.
void ClientPool::Impl::Connection::Pump() {
  if (phase_ != Phase::kUp) return;
  if (!awaiting_writable_ && !WriteAll()) return;
  AfterEvents();
}

// False if the connection was closed.
bool ClientPool::Impl::Connection::WriteAll() {
  while (!pool_.aborted_.load(std::memory_order_acquire)) {
    const Now now = pool_.ReadClock();
    const std::string_view out = session_.PrepareWrite(now, pool_.queue_, events_);
    if (out.empty()) {
      session_.Wrote(0, now, pool_.queue_);
      return true;
    }
    const Now at_write = pool_.ReadClock();
    if (at_write.mono - now.mono > kHeldUp) {
      session_.Wrote(0, now, pool_.queue_);
      continue;
    }
    error_code error;
    const std::size_t n = socket_.write_some(asio::buffer(out.data(), out.size()), error);
    const bool full = n < out.size();
    session_.Wrote(n, at_write, pool_.queue_);
    if (error && error != asio::error::would_block && error != asio::error::try_again) {
      Close(EndReason::kTransport, "writing: " + error.message());
      return false;
    }
    if (full) {
      AwaitWritable();
      return true;
    }
  }
  return true;
}

void ClientPool::Impl::Connection::AwaitWritable() {
  awaiting_writable_ = true;
  socket_.async_wait(tcp::socket::wait_write, Guarded([this](const error_code& error) {
                       awaiting_writable_ = false;
                       if (error)
                         return Close(EndReason::kTransport, "writing: " + error.message());
                       Pump();
                     }));
}

void ClientPool::Impl::Connection::AfterEvents() {
  pool_.Hand(events_, index_);
  if (session_.ended()) {
    std::string error =
        std::string("session ended: ") + std::string(ToString(session_.end_reason()));
    if (session_.end_status() != ESME_ROK) error += " " + StatusText(session_.end_status());
    return Close(session_.end_reason(), std::move(error));
  }
  ArmTimer();
  Publish();
}

// Deadlines mostly move into the future: the timer is set again only for an earlier one.
void ClientPool::Impl::Connection::ArmTimer() {
  const MonoTime next = session_.NextDeadline();
  if (next >= armed_) return;
  armed_ = next;
  timer_.expires_after(std::max(next - pool_.clock_.Mono(), MonoTime::duration::zero()) +
                       std::chrono::microseconds(100));
  timer_.async_wait(Guarded([this](const error_code& error) {
    if (!error) OnTimer();
  }));
}

void ClientPool::Impl::Connection::OnTimer() {
  armed_ = MonoTime::max();
  session_.Tick(pool_.ReadClock(), events_);
  Pump();
}

void ClientPool::Impl::Connection::Unbind() {
  if (phase_ != Phase::kUp || session_.state() == SessionState::kBinding) {
    return Close(EndReason::kUnbound, "stopped");
  }
  session_.Unbind(pool_.ReadClock());
  Pump();
}

void ClientPool::Impl::Connection::Close(EndReason why, std::string error) {
  ++generation_;
  // Unless both sides said goodbye, what the kernel still holds is thrown away: it must not reach
  // the SMSC after its lease.
  const bool reset = why != EndReason::kUnbound && why != EndReason::kPeerUnbound;
  error_code ignored;
  if (socket_.is_open()) {
    if (reset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
  }
  resolver_.cancel();
  timer_.cancel();
  reconnect_.cancel();
  armed_ = MonoTime::max();
  awaiting_writable_ = false;
  phase_ = Phase::kIdle;
  last_error_ = std::move(error);
  const Now now = pool_.ReadClock();
  session_.Disconnected(now, why, events_);
  pool_.Hand(events_, index_);
  if (bound_since_ != MonoTime::max() && now.mono - bound_since_ >= pool_.config_.stable_after) {
    back_off_.Reset();
  }
  bound_since_ = MonoTime::max();
  Publish();
  if (pool_.stopping_) return pool_.FinishIfClosed();
  if (why == EndReason::kBindRefused &&
      (session_.end_status() == ESME_RINVPASWD || session_.end_status() == ESME_RINVSYSID)) {
    back_off_.Max();
  }
  ScheduleReconnect();
  asio::post(pool_.io_, [&pool = pool_] { pool.PumpAll(); });  // other binds take over the queue
}

void ClientPool::Impl::Connection::ScheduleReconnect() {
  reconnect_.expires_after(back_off_.Next(pool_.random_));
  reconnect_.async_wait(Guarded([this](const error_code& error) {
    if (!error) Connect();
  }));
}

void ClientPool::Impl::Connection::Publish() {
  const std::lock_guard lock(published_mutex_);
  published_.state = session_.state();
  published_.connecting = phase_ == Phase::kConnecting;
  published_.throttled = session_.throttled();
  published_.outstanding = session_.outstanding();
  if (published_.last_error != last_error_) published_.last_error = last_error_;
  published_.stats = session_.stats();
}

// --- Pool: the I/O thread
// -------------------------------------------------------------------------

ClientPool::Impl::Impl(PoolConfig config, const Clock& clock, std::uint64_t seed)
    : config_(std::move(config)), clock_(clock), random_(seed), queue_(config_.open_max) {
  for (std::size_t i = 0; i < config_.binds.size(); ++i) {
    connections_.push_back(std::make_unique<Connection>(*this, i));
  }
}

void ClientPool::Impl::OnWake() {
  {
    const std::lock_guard lock(mutex_);
    wake_posted_ = false;
    taken_.swap(inbox_);
    answers_.swap(responses_);
  }
  for (SubmitRequest& request : taken_) queue_.Push(std::move(request));
  taken_.clear();
  for (const auto& [handle, status] : answers_) {
    const std::size_t bind = handle >> Session::kHandleBits;
    if (bind < connections_.size()) connections_[bind]->Respond(handle, status);
  }
  answers_.clear();
  PumpAll();
  if (stopping_) FailQueued();
}

void ClientPool::Impl::PumpAll() {
  first_ = (first_ + 1) % connections_.size();
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    connections_[(first_ + i) % connections_.size()]->Pump();
  }
  queued_.store(queue_.size(), std::memory_order_relaxed);
  // No bind may be there to notice that a lease is over.
  if (!queue_.empty() && !sweeping_) Sweep();
}

void ClientPool::Impl::Sweep() {
  const Now now = ReadClock();
  while (!queue_.empty()) {
    const auto dead = DeadKind(queue_[0], now, ValidityForm::kNone);
    if (!dead) break;
    SubmitOutcome outcome;
    outcome.token = queue_[0].token;
    outcome.kind = *dead;
    swept_.outcomes.push_back(std::move(outcome));
    queue_.Drop();
  }
  Hand(swept_, 0);
  sweeping_ = !queue_.empty() && !stopping_;
  if (!sweeping_) return;
  sweep_timer_.expires_after(kSweepInterval);
  sweep_timer_.async_wait([this](const error_code& error) {
    sweeping_ = false;
    if (!error) PumpAll();
  });
}

void ClientPool::Impl::Hand(SessionEvents& events, std::size_t bind) {
  queued_.store(queue_.size(), std::memory_order_relaxed);
  // Every outcome that isn't late answers a request counted in open_, which bounds them; late ones
  // are a courtesy, and stop when nobody drains.
  if (outcomes_.size() > 2 * config_.open_max) {
    std::erase_if(events.outcomes, [](const SubmitOutcome& outcome) { return outcome.late; });
  }
  outcomes_.Append(events.outcomes);
  if (events.delivered.empty()) return;
  const std::size_t room =
      config_.delivered_max - std::min(config_.delivered_max, delivered_.size());
  for (std::size_t i = 0; i < events.delivered.size(); ++i) {
    Delivered& delivered = events.delivered[i];
    delivered.handle |= static_cast<std::uint64_t>(bind) << Session::kHandleBits;
    if (i >= room) Respond(delivered.handle, ESME_RX_T_APPN);
  }
  if (events.delivered.size() > room) events.delivered.resize(room);
  delivered_.Append(events.delivered);
}

void ClientPool::Impl::FailQueued() {
  while (!queue_.empty()) {
    SubmitOutcome outcome;
    outcome.token = queue_[0].token;
    swept_.outcomes.push_back(std::move(outcome));
    queue_.Drop();
  }
  Hand(swept_, 0);
}

void ClientPool::Impl::BeginStop() {
  if (stopping_) return;
  stopping_ = true;
  FailQueued();
  stop_timer_.expires_after(config_.stop_timeout);
  stop_timer_.async_wait([this](const error_code& error) {
    if (!error) CloseAll(EndReason::kAborted);
  });
  for (const auto& connection : connections_) connection->Unbind();
  FinishIfClosed();
}

void ClientPool::Impl::CloseAll(EndReason why) {
  stopping_ = true;
  FailQueued();
  for (const auto& connection : connections_) {
    connection->Close(why, why == EndReason::kAborted ? "aborted" : "stopped");
  }
}

void ClientPool::Impl::FinishIfClosed() {
  for (const auto& connection : connections_) {
    if (!connection->closed()) return;
  }
  stop_timer_.cancel();
  sweep_timer_.cancel();
  work_.reset();  // run() returns when the cancelled handlers have been
}

// --- Pool: the callers' threads
// -------------------------------------------------------------------

void ClientPool::Impl::Start() {
  const std::lock_guard lock(lifecycle_mutex_);
  TB_ASSERT(!thread_.joinable());
  thread_ = std::thread([this] {
    SetThreadName("smpp");
    for (const auto& connection : connections_) connection->Connect();
    io_.run();
  });
}

void ClientPool::Impl::Stop() {
  const std::lock_guard lock(lifecycle_mutex_);
  {
    const std::lock_guard inbox_lock(mutex_);
    refusing_ = true;
  }
  if (thread_.joinable()) {
    asio::post(io_, [this] {
      OnWake();  // what was taken before must be settled
      BeginStop();
    });
    thread_.join();
  }
  OnWake();  // never started, or taken in the last moment: the I/O thread is gone, this one may
  FailQueued();
}

void ClientPool::Impl::Abort() {
  aborted_.store(true, std::memory_order_release);
  {
    const std::lock_guard lock(mutex_);
    refusing_ = true;
  }
  asio::post(io_, [this] { CloseAll(EndReason::kAborted); });  // also cuts a Stop short
  const std::lock_guard lock(lifecycle_mutex_);
  if (thread_.joinable()) thread_.join();
  OnWake();
  FailQueued();
}

void ClientPool::Impl::Wake() {
  asio::post(io_, [this] { OnWake(); });
}

std::size_t ClientPool::Impl::TrySubmitBatch(SubmitRequest* first, std::size_t count) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (refusing_) return 0;
    // Only this lock's holder adds to open_; others take away.
    count = std::min(count, config_.open_max - open_.load(std::memory_order_acquire));
    if (count == 0) return 0;
    open_.fetch_add(count, std::memory_order_acq_rel);
    inbox_.insert(inbox_.end(), std::make_move_iterator(first),
                  std::make_move_iterator(first + count));
    wake = !std::exchange(wake_posted_, true);
  }
  if (wake) Wake();
  return count;
}

std::size_t ClientPool::Impl::Drain(std::vector<SubmitOutcome>& out, std::size_t max,
                                    std::chrono::milliseconds wait) {
  const std::size_t before = out.size();
  const std::size_t n = outcomes_.Drain(out, max, wait);
  const auto settled = std::count_if(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
                                     [](const SubmitOutcome& outcome) { return !outcome.late; });
  open_.fetch_sub(static_cast<std::size_t>(settled), std::memory_order_acq_rel);
  return n;
}

std::size_t ClientPool::Impl::DrainDelivered(std::vector<Delivered>& out, std::size_t max,
                                             std::chrono::milliseconds wait) {
  return delivered_.Drain(out, max, wait);
}

void ClientPool::Impl::Respond(std::uint64_t handle, CommandStatus status) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    responses_.emplace_back(handle, status);
    wake = !std::exchange(wake_posted_, true);
  }
  if (wake) Wake();
}

std::size_t ClientPool::Impl::WindowCapacity() const {
  std::size_t sum = 0;
  for (const SessionConfig& bind : config_.binds) {
    if (bind.mode != BindMode::kReceiver) sum += bind.window;
  }
  return sum;
}

PortHealth ClientPool::Impl::Health() const {
  PortHealth health;
  health.queued = queued_.load(std::memory_order_relaxed);
  health.capacity = config_.open_max;
  health.open = open_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    Connection::Published p = connections_[i]->Snapshot();
    BindHealth bind;
    bind.name = config_.binds[i].name;
    bind.state = p.connecting ? "connecting" : ToString(p.state);
    bind.bound = p.state == SessionState::kBound;
    bind.throttled = p.throttled;
    bind.outstanding = p.outstanding;
    bind.window = config_.binds[i].window;
    bind.connects = p.stats.binds;
    bind.last_error = std::move(p.last_error);
    health.binds.push_back(std::move(bind));
  }
  return health;
}

std::vector<SessionStats> ClientPool::Impl::Stats() const {
  std::vector<SessionStats> stats;
  stats.reserve(connections_.size());
  for (const auto& connection : connections_) stats.push_back(connection->Snapshot().stats);
  return stats;
}

// --- The public face
// ------------------------------------------------------------------------------

Result<std::unique_ptr<ClientPool>> ClientPool::Create(PoolConfig config, const Clock& clock,
                                                       std::uint64_t seed) {
  TB_RETURN_IF_ERROR(Validate(config));
  return std::unique_ptr<ClientPool>(
      new ClientPool(std::make_unique<Impl>(std::move(config), clock, seed)));
}

ClientPool::ClientPool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClientPool::~ClientPool() = default;
void ClientPool::Start() { impl_->Start(); }
void ClientPool::Stop() { impl_->Stop(); }
void ClientPool::Abort() { impl_->Abort(); }
bool ClientPool::TrySubmit(SubmitRequest&& request) {
  return impl_->TrySubmitBatch(&request, 1) == 1;
}
std::size_t ClientPool::TrySubmitBatch(std::vector<SubmitRequest>& requests) {
  return impl_->TrySubmitBatch(requests.data(), requests.size());
}
std::size_t ClientPool::Drain(std::vector<SubmitOutcome>& out, std::size_t max,
                              std::chrono::milliseconds wait) {
  return impl_->Drain(out, max, wait);
}
std::size_t ClientPool::DrainDelivered(std::vector<Delivered>& out, std::size_t max,
                                       std::chrono::milliseconds wait) {
  return impl_->DrainDelivered(out, max, wait);
}
void ClientPool::Respond(std::uint64_t handle, CommandStatus status) {
  impl_->Respond(handle, status);
}
std::size_t ClientPool::WindowCapacity() const { return impl_->WindowCapacity(); }
PortHealth ClientPool::Health() const { return impl_->Health(); }
std::vector<SessionStats> ClientPool::Stats() const { return impl_->Stats(); }

}  // namespace textback::smpp
