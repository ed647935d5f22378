#include "demo_story.h"

#include <cctype>
#include <ctime>
#include <utility>
#include <vector>

#include "policy/explain.h"

namespace textback::cli {
namespace {

constexpr std::size_t kJobsMax = 10'000;
constexpr char kDim[] = "2";
constexpr char kGreen[] = "32";
constexpr char kCyan[] = "36";
constexpr char kYellow[] = "33";

std::string ClockTime(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char text[16];
  std::strftime(text, sizeof text, "%H:%M:%S", &local);
  return text;
}

// "DELIVERY_STATE_UNDELIVERABLE" -> "undeliverable"
std::string StateWord(v1::DeliveryState state) {
  std::string word = v1::DeliveryState_Name(state).substr(sizeof("DELIVERY_STATE_") - 1);
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word;
}

bool Has(const v1::Decision& decision, v1::Action action) { return decision.action() == action; }

}  // namespace

DemoStory::DemoStory(log::Log& log, const pipeline::Topics& topics,
                     std::map<std::string, std::string> names, std::FILE* out, bool color)
    : log_(log), topics_(topics), names_(std::move(names)), out_(out), color_(color) {}

Status DemoStory::Start() {
  TB_ASSIGN_OR_RETURN(reader_, log_.NewReader({.read_committed = true}));
  std::vector<std::pair<log::TopicPartition, std::int64_t>> positions;
  for (const auto& topic : {topics_.decisions, topics_.jobs, topics_.status}) {
    TB_ASSIGN_OR_RETURN(const auto partitions, log_.Partitions(topic));
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
      TB_ASSIGN_OR_RETURN(const auto range, reader_->Offsets({topic, partition}, true));
      positions.emplace_back(log::TopicPartition{topic, partition}, range.end);
    }
  }
  return reader_->Assign(positions);
}

Status DemoStory::Step(std::chrono::milliseconds wait) {
  TB_RETURN_IF_ERROR(reader_->Poll(batch_, {}, wait));
  for (const auto& record : batch_.records) {
    if (!record.value) continue;
    const auto parse = [&](auto& message) {
      return message.ParseFromArray(record.value->data(), static_cast<int>(record.value->size()));
    };
    if (record.topic == topics_.decisions) {
      v1::Decision decision;
      if (parse(decision)) OnDecision(decision, record.timestamp_ms);
    } else if (record.topic == topics_.jobs) {
      v1::Job job;
      if (parse(job)) OnJob(job, record.timestamp_ms);
    } else {
      v1::Status status;
      if (parse(status)) OnStatus(status, record.timestamp_ms);
    }
  }
  std::fflush(out_);
  return Ok();
}

void DemoStory::OnDecision(const v1::Decision& decision, std::int64_t /*at_ms*/) {
  ++seen_.decisions;
  if (quiet_) return;
  if (Has(decision, v1::ACTION_TEXT) && jobs_.count(decision.job_id()) == 0) {
    if (waiting_.size() < kJobsMax) waiting_[decision.job_id()] = decision;
    return;
  }
  Tell(decision);
}

void DemoStory::OnJob(const v1::Job& job, std::int64_t at_ms) {
  const bool first = job.text().purpose() == v1::TextJob::PURPOSE_FIRST_TEXT;
  if (job.has_text() && first) ++seen_.texts_asked;
  if (quiet_) return;
  if (job.has_block()) {
    std::fprintf(
        out_, "%s  %s\n", ClockTime(at_ms).c_str(),
        Paint(kYellow, job.customer() + " opted out: no more texts from " + NameOf(job.tenant()))
            .c_str());
    return;
  }
  if (!job.has_text()) return;
  jobs_[job.job_id()] = job;
  job_order_.push_back(job.job_id());
  if (job_order_.size() > kJobsMax) {
    jobs_.erase(job_order_.front());
    job_order_.pop_front();
  }
  if (const auto it = waiting_.find(job.job_id()); it != waiting_.end()) {
    Tell(it->second);
    waiting_.erase(it);
  } else if (!first) {
    std::fprintf(out_, "%s  %s  %s\n", ClockTime(at_ms).c_str(),
                 Paint(kCyan, "reply to " + job.customer()).c_str(),
                 ("\"" + job.text().body() + "\"").c_str());
  }
}

void DemoStory::Tell(const v1::Decision& decision) {
  const std::string customer =
      decision.customer().empty() ? "withheld number" : decision.customer();
  const std::string call = customer + " -> " + NameOf(decision.tenant());
  if (!Has(decision, v1::ACTION_TEXT)) {
    std::fprintf(out_, "%s  %-44s %s\n", ClockTime(decision.now_ms()).c_str(), call.c_str(),
                 Paint(kDim, policy::ExplainInBrief(decision)).c_str());
    return;
  }
  const v1::Job& job = jobs_[decision.job_id()];
  std::fprintf(out_, "%s  %-44s %s\n", ClockTime(decision.now_ms()).c_str(), call.c_str(),
               Paint(kYellow, "missed: " + policy::VerdictInWords(decision.verdict(),
                                                                  decision.answered_by()))
                   .c_str());
  std::fprintf(out_, "          %s\n", Paint(kCyan, "\"" + job.text().body() + "\"").c_str());
  last_customer_ = decision.customer();
  last_sender_ = job.sender().value();
}

void DemoStory::OnStatus(const v1::Status& status, std::int64_t at_ms) {
  if (status.kind() == v1::Status::KIND_SENT) ++seen_.sent;
  if (status.kind() == v1::Status::KIND_RECEIPT) ++seen_.receipts;
  if (quiet_) return;
  const auto job = jobs_.find(status.job_id());
  if (job == jobs_.end()) return;
  const double seconds = static_cast<double>(at_ms - job->second.created_ms()) / 1000;
  switch (status.kind()) {
    case v1::Status::KIND_RECEIPT:
      std::fprintf(
          out_, "%s  %-44s %s\n", ClockTime(at_ms).c_str(),
          ("   text to " + status.customer()).c_str(),
          status.state() == v1::DELIVERY_STATE_DELIVERED
              ? Paint(kGreen,
                      "delivered, " +
                          policy::DurationInWords(static_cast<std::int64_t>(seconds * 1000)) +
                          " after the decision")
                    .c_str()
              : Paint(kYellow, "not delivered: the network says " + StateWord(status.state()))
                    .c_str());
      break;
    case v1::Status::KIND_SENT:
      break;  // the receipt follows
    default:
      std::fprintf(
          out_, "%s  %-44s %s\n", ClockTime(at_ms).c_str(),
          ("   text to " + status.customer()).c_str(),
          Paint(kYellow, v1::Status::Kind_Name(status.kind()) + " " + status.error()).c_str());
  }
}

std::string DemoStory::NameOf(const std::string& tenant) const {
  const auto it = names_.find(tenant);
  return it == names_.end() ? tenant : it->second;
}

std::string DemoStory::Paint(const char* code, const std::string& text) const {
  return color_ ? "\033[" + std::string(code) + "m" + text + "\033[0m" : text;
}

}  // namespace textback::cli
