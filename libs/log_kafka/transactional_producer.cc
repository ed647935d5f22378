#include "log_kafka/transactional_producer.h"

#include <algorithm>
#include <array>
#include <optional>

#include "log/errors.h"
#include "log_kafka/group_metadata.h"
#include "log_kafka/offsets.h"

namespace textback::log_kafka {
namespace {

using SteadyClock = std::chrono::steady_clock;

// librdkafka takes 0 as "don't wait" and would then report a time-out for a step half done.
int RemainingMs(SteadyClock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 1, 600'000));
}

bool Expired(SteadyClock::time_point deadline) { return SteadyClock::now() >= deadline; }

}  // namespace

Result<std::unique_ptr<KafkaTransactionalProducer>> KafkaTransactionalProducer::New(
    std::shared_ptr<Cluster> cluster, const log::TransactionalConfig& config) {
  if (config.transactional_id.empty()) {
    return FatalError(log::errors::kInvalidState,
                      "a transactional producer needs a transactional.id");
  }
  std::unique_ptr<KafkaTransactionalProducer> producer(
      new KafkaTransactionalProducer(std::move(cluster), config));
  TB_RETURN_IF_ERROR(producer->Open());
  return producer;
}

Status KafkaTransactionalProducer::Open() {
  topics_.reset();
  handle_.reset();  // the old client is gone before another takes its name
  TB_ASSIGN_OR_RETURN(
      handle_, Handle::New(Kind::kProducer, TransactionalSettings(*cluster_->connection(), config_),
                           cluster_->connection(), nullptr));
  topics_ = std::make_unique<TopicTable>(cluster_, handle_->get());
  state_ = State::kNew;
  return Ok();
}

// Without a word to the coordinator: what is open ends by its time-out, or when a successor starts.
KafkaTransactionalProducer::~KafkaTransactionalProducer() {
  if (handle_ != nullptr) {
    rd_kafka_purge(handle_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
  }
}

std::string KafkaTransactionalProducer::Named(const char* doing) const {
  return std::string(doing) + " of producer " + config_.transactional_id;
}

Status KafkaTransactionalProducer::Expect(State state, const char* doing) {
  if (state_ == state) {
    return Ok();
  }
  if (state_ == State::kDead && fenced_) {
    return YieldError(log::errors::kFenced, last_error_);
  }
  if (state_ == State::kDead) {
    return FatalError(log::errors::kClient,
                      Named(doing) + " after it failed for good: " + last_error_);
  }
  if (state_ == State::kDoomed) {
    return RetryError(log::errors::kTimedOut,
                      Named(doing) + " in a transaction that must be aborted: " + last_error_);
  }
  return FatalError(log::errors::kInvalidState, Named(doing) + " came out of order");
}

Error KafkaTransactionalProducer::Fail(Error error, State next) {
  state_ = next;
  fenced_ = error.disposition == Disposition::kYield;
  last_error_ = error.message;
  return error;
}

Error KafkaTransactionalProducer::Fail(const ErrorPtr& error, const std::string& doing) {
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
  const char* const detail = rd_kafka_error_string(error.get());
  if (rd_kafka_error_is_fatal(error.get()) != 0 || code == RD_KAFKA_RESP_ERR__FATAL) {
    auto fatal = handle_->Fatal(doing);
    return Fail(fatal ? std::move(*fatal) : ToFatal(code, doing, handle_->brokers(), detail),
                State::kDead);
  }
  Error plain = handle_->ErrorOf(code, doing, detail);
  if (rd_kafka_error_txn_requires_abort(error.get()) != 0) {
    if (plain.disposition == Disposition::kDeadLetter) {
      plain.disposition = Disposition::kFatal;  // nobody can say which record it was
    } else if (plain.disposition == Disposition::kRebuild || plain.code == log::errors::kClient) {
      plain.disposition = Disposition::kRetry;
    }
    return Fail(std::move(plain), State::kDoomed);
  }
  last_error_ = plain.message;
  if (rd_kafka_error_is_retriable(error.get()) != 0) {
    plain.disposition = Disposition::kRetry;
  }
  return plain;
}

Status KafkaTransactionalProducer::Init(std::chrono::milliseconds timeout) {
  TB_RETURN_IF_ERROR(Expect(State::kNew, "Init"));
  return Start(SteadyClock::now() + timeout);
}

Status KafkaTransactionalProducer::Start(Deadline deadline) {
  if (ErrorPtr error{rd_kafka_init_transactions(handle_->get(), RemainingMs(deadline))}) {
    rd_kafka_poll(handle_->get(), 0);
    Error told = Fail(error, Named("starting transactions"));
    if (auto down = handle_->TakeError(); down && told.disposition == Disposition::kRetry) {
      return std::move(*down);  // says more than "timed out"
    }
    return told;
  }
  state_ = State::kReady;
  last_error_.clear();
  return Ok();
}

Status KafkaTransactionalProducer::Begin() {
  if (renew_ && state_ == State::kReady) {
    TB_RETURN_IF_ERROR(Open());
  }
  if (renew_ && state_ == State::kNew) {
    TB_RETURN_IF_ERROR(Start(SteadyClock::now() + config_.transaction_timeout));
    renew_ = false;
  }
  TB_RETURN_IF_ERROR(Expect(State::kReady, "Begin"));
  rd_kafka_poll(handle_->get(), 0);
  if (ErrorPtr error{rd_kafka_begin_transaction(handle_->get())}) {
    return Fail(error, Named("beginning a transaction"));
  }
  state_ = State::kOpen;
  last_error_.clear();
  return Ok();
}

Status KafkaTransactionalProducer::Send(std::string_view topic, std::int32_t partition,
                                        std::string_view key, std::optional<std::string_view> value,
                                        std::int64_t timestamp_ms) {
  TB_RETURN_IF_ERROR(Expect(State::kOpen, "Send"));
  TB_ASSIGN_OR_RETURN(rd_kafka_topic_t* const handle, topics_->Find(topic, partition));
  std::optional<SteadyClock::time_point> deadline;  // from the first time that the queue is full
  for (;;) {
    const rd_kafka_resp_err_t code =
        Produce(handle_->get(), handle, partition, key, value, timestamp_ms, nullptr);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      return Ok();
    }
    if (!deadline) deadline = SteadyClock::now() + config_.transaction_timeout;
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL || Expired(*deadline)) {
      return SendFailed(code, topic, partition);
    }
    rd_kafka_poll(handle_->get(), 5);
  }
}

Error KafkaTransactionalProducer::SendFailed(rd_kafka_resp_err_t code, std::string_view topic,
                                             std::int32_t partition) {
  const std::string doing =
      Named("sending") + " to " + std::string(topic) + "[" + std::to_string(partition) + "]";
  if (auto fatal = handle_->Fatal(doing)) {
    return Fail(std::move(*fatal), State::kDead);
  }
  Error error = handle_->ErrorOf(code, doing);
  if (error.disposition == Disposition::kDeadLetter) {
    last_error_ = error.message;  // refused before it was part of the transaction, which may go on
    return error;
  }
  if (code == RD_KAFKA_RESP_ERR__STATE) {  // an earlier send failed meanwhile
    error = RetryError(log::errors::kTimedOut,
                       doing + ": an earlier record of the transaction failed; it is aborted");
  }
  return Fail(std::move(error), State::kDoomed);
}

Status KafkaTransactionalProducer::SendOffsets(const std::vector<log::OffsetCommit>& offsets,
                                               const log::GroupMetadata& metadata) {
  TB_RETURN_IF_ERROR(Expect(State::kOpen, "SendOffsets"));
  const std::string doing = Named("sending offsets") + " for group " + metadata.group;
  // The broker lets generation -1 pass unfenced.
  if (!metadata.valid() || NativeOf(metadata) == nullptr) {
    return Fail(handle_->ErrorOf(RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST, doing,
                                 "no membership to send them under"),
                State::kDoomed);
  }
  TB_ASSIGN_OR_RETURN(const ListPtr list, ToList(offsets));
  const Deadline deadline = SteadyClock::now() + config_.transaction_timeout;
  for (;;) {
    ErrorPtr error(rd_kafka_send_offsets_to_transaction(handle_->get(), list.get(),
                                                        NativeOf(metadata), RemainingMs(deadline)));
    if (error == nullptr) {
      return Ok();
    }
    Error told = Fail(error, doing);
    if (state_ == State::kOpen && told.disposition == Disposition::kRetry && !Expired(deadline)) {
      continue;  // the same call again
    }
    return state_ == State::kOpen ? Fail(std::move(told), State::kDoomed) : std::move(told);
  }
}

log::CommitOutcome KafkaTransactionalProducer::Commit(std::chrono::milliseconds timeout) {
  const Deadline deadline = SteadyClock::now() + timeout;
  if (state_ == State::kDoomed) {
    return AbortInstead(deadline);
  }
  if (auto ready = Expect(State::kOpen, "Commit"); !ready) {
    last_error_ = ready.error().message;
    return fenced_ ? log::CommitOutcome::kFenced : log::CommitOutcome::kUnknown;
  }
  rd_kafka_poll(handle_->get(), 0);
  const std::uint64_t disconnects = handle_->disconnects();
  for (;;) {
    ErrorPtr error(rd_kafka_commit_transaction(handle_->get(), RemainingMs(deadline)));
    if (error == nullptr) {
      break;
    }
    Error told = Fail(error, Named("committing a transaction"));
    if (state_ == State::kDoomed) {
      return AbortInstead(deadline);
    }
    if (state_ == State::kDead) {
      return fenced_ ? log::CommitOutcome::kFenced : log::CommitOutcome::kUnknown;
    }
    if (told.disposition != Disposition::kRetry || Expired(deadline)) {
      Fail(ToFatal(RD_KAFKA_RESP_ERR__TIMED_OUT, Named("committing a transaction"),
                   handle_->brokers(), told.message),
           State::kDead);
      return log::CommitOutcome::kUnknown;
    }
  }
  rd_kafka_poll(handle_->get(), 0);
  renew_ = handle_->disconnects() != disconnects;
  state_ = State::kReady;
  last_error_.clear();
  return log::CommitOutcome::kCommitted;
}

log::CommitOutcome KafkaTransactionalProducer::AbortInstead(Deadline deadline) {
  const bool fenced = fenced_;
  const std::string why = last_error_;
  // An abort gets a moment even if the commit has used up the time.
  const auto aborted = Finish(std::max(deadline, SteadyClock::now() + std::chrono::seconds(1)));
  if (!aborted) {
    return fenced || fenced_ ? log::CommitOutcome::kFenced : log::CommitOutcome::kUnknown;
  }
  last_error_ = why;
  return fenced ? log::CommitOutcome::kFenced : log::CommitOutcome::kAborted;
}

Status KafkaTransactionalProducer::Abort(std::chrono::milliseconds timeout) {
  if (state_ == State::kReady) {
    return Ok();
  }
  if (state_ != State::kDoomed) {
    TB_RETURN_IF_ERROR(Expect(State::kOpen, "Abort"));
  }
  return Finish(SteadyClock::now() + timeout);
}

Status KafkaTransactionalProducer::Finish(Deadline deadline) {
  rd_kafka_poll(handle_->get(), 0);
  const std::uint64_t disconnects = handle_->disconnects();
  for (;;) {
    ErrorPtr error(rd_kafka_abort_transaction(handle_->get(), RemainingMs(deadline)));
    if (error == nullptr) {
      break;
    }
    Error told = Fail(error, Named("aborting a transaction"));
    if (state_ == State::kDead) {
      return told;
    }
    if (told.disposition != Disposition::kRetry || Expired(deadline)) {
      return Fail(ToFatal(RD_KAFKA_RESP_ERR__TIMED_OUT, Named("aborting a transaction"),
                          handle_->brokers(), told.message),
                  State::kDead);
    }
  }
  rd_kafka_poll(handle_->get(), 0);
  renew_ = renew_ || handle_->disconnects() != disconnects;
  state_ = State::kReady;
  fenced_ = false;
  last_error_.clear();
  return Ok();
}

}  // namespace textback::log_kafka
