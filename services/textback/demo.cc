#include "demo.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "demo_feed.h"
#include "demo_story.h"
#include "ops/record_file.h"

namespace textback::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{50};
constexpr std::chrono::seconds kQuietMax{20};
constexpr std::chrono::seconds kLoadMax{180};

// Sums of series in a registry's exposition: "name" or "name{label="value"".
class Figures {
 public:
  explicit Figures(const telemetry::Registry& registry) : text_(registry.Expose()) {}

  double Sum(std::string_view name, std::string_view label = "",
             std::string_view label2 = "") const {
    double sum = 0;
    for (std::size_t begin = 0; begin < text_.size();) {
      std::size_t end = text_.find('\n', begin);
      if (end == std::string::npos) end = text_.size();
      const std::string_view line = std::string_view(text_).substr(begin, end - begin);
      begin = end + 1;
      if (!line.starts_with(name)) continue;
      const char next = line.size() > name.size() ? line[name.size()] : ' ';
      if (next != '{' && next != ' ') continue;
      const auto has = [&](std::string_view what) {
        return what.empty() || line.find(what) != std::string_view::npos;
      };
      if (has(label) && has(label2))
        sum += std::strtod(std::string(line.substr(line.rfind(' ') + 1)).c_str(), nullptr);
    }
    return sum;
  }
  std::uint64_t Tally(std::string_view role, std::string_view what) const {
    return static_cast<std::uint64_t>(Sum("textback_shard_tallies_total",
                                          "role=\"" + std::string(role) + "\"",
                                          "what=\"" + std::string(what) + "\""));
  }
  // Values of one label of a family, with their counts.
  std::map<std::string, std::uint64_t> By(std::string_view name, std::string_view label) const {
    std::map<std::string, std::uint64_t> by;
    const std::string mark = std::string(label) + "=\"";
    for (std::size_t begin = text_.find(std::string(name) + "{"); begin != std::string::npos;
         begin = text_.find(std::string(name) + "{", begin + 1)) {
      const std::string_view line =
          std::string_view(text_).substr(begin, text_.find('\n', begin) - begin);
      const auto at = line.find(mark);
      if (at == std::string_view::npos) continue;
      const auto value =
          line.substr(at + mark.size(), line.find('"', at + mark.size()) - at - mark.size());
      by[std::string(value)] +=
          std::strtoull(std::string(line.substr(line.rfind(' ') + 1)).c_str(), nullptr, 10);
    }
    return by;
  }

 private:
  const std::string text_;
};

std::uint64_t DecideClasses(const Figures& figures) {
  std::uint64_t sum = 0;
  for (const char* what : {"decision", "merged", "duplicate", "late", "deadletter", "redelivered"})
    sum += figures.Tally("decide", what);
  return sum;
}

std::uint64_t JobsClosed(const Figures& figures) {
  std::uint64_t sum = 0;
  for (const char* what :
       {"job_sent", "job_unknown", "job_expired", "job_rejected", "job_cancelled", "job_blocked"}) {
    sum += figures.Tally("dispatch", what);
  }
  return sum;
}

bool Settled(const Figures& figures, std::uint64_t records) {
  const auto handed_on =
      static_cast<std::uint64_t>(figures.Sum("textback_intake_sides_total", "class=\"handed_on\""));
  const auto read = static_cast<std::uint64_t>(figures.Sum("textback_intake_records_total"));
  const auto asked = figures.Tally("decide", "jobs_text") + figures.Tally("decide", "jobs_reply");
  return read >= records && DecideClasses(figures) >= handed_on &&
         figures.Tally("dispatch", "job_text") >= asked &&
         JobsClosed(figures) >= figures.Tally("dispatch", "job_text");
}

class Demo {
 public:
  Demo(const DemoOptions& options, const DemoParts& parts, DemoStory& story)
      : options_(options), parts_(parts), story_(story) {}

  Status Calls();
  Status Stop();
  Status Load();
  void Summary() const;

 private:
  Status Look(milliseconds how_long);
  Status Ring(log::Writer& writer, const std::vector<std::string>& lines, std::string_view suffix);
  template <class Done>
  Status Until(const Done& done, std::chrono::seconds at_most);
  void Progress(std::uint64_t fed) const;

  const DemoOptions options_;
  const DemoParts& parts_;
  DemoStory& story_;
  std::uint64_t records_ = 0;
  std::uint64_t load_records_ = 0;
  double feed_seconds_ = 0;
  double load_seconds_ = 0;
};

Status Demo::Look(milliseconds how_long) {
  const MonoTime until = parts_.clock.Mono() + how_long;
  while (parts_.clock.Mono() < until && !parts_.stop()) TB_RETURN_IF_ERROR(story_.Step(kLook));
  return Ok();
}

template <class Done>
Status Demo::Until(const Done& done, std::chrono::seconds at_most) {
  const MonoTime until = parts_.clock.Mono() + at_most;
  while (!done() && parts_.clock.Mono() < until && !parts_.stop())
    TB_RETURN_IF_ERROR(story_.Step(kLook));
  return Ok();
}

Status Demo::Ring(log::Writer& writer, const std::vector<std::string>& lines,
                  std::string_view suffix) {
  for (const auto& line : lines) {
    const std::int64_t now_ms = parts_.clock.NowMs();
    TB_RETURN_IF_ERROR(
        WriteNow(writer, parts_.topics.cdrs + ".pbx", "pbx", MoveTo(line, now_ms, suffix), now_ms));
    ++records_;
  }
  return Look(milliseconds(options_.pace_ms));
}

Status Demo::Calls() {
  TB_ASSIGN_OR_RETURN(const auto calls, ReadCalls(options_.calls_file));
  TB_ASSIGN_OR_RETURN(auto writer, parts_.log.NewWriter("demo-pbx"));
  const std::string suffix = "." + std::to_string(parts_.clock.NowMs());
  for (const auto& call : calls) {
    if (parts_.stop()) return Ok();
    TB_RETURN_IF_ERROR(Ring(*writer, call, suffix));
  }
  return Until(
      [&] {
        return story_.seen().receipts >= story_.seen().texts_asked && story_.seen().texts_asked > 0;
      },
      std::chrono::seconds(5));
}

Status Demo::Stop() {
  const std::string customer = story_.last_customer();
  const std::string sender = story_.last_sender();
  if (customer.empty()) return Ok();
  std::printf("\n%s answers \"STOP\", and calls once more:\n\n", customer.c_str());
  parts_.smsc.Post(
      [customer, sender](smsc::SmscCore& core) { core.InjectText(customer, sender, "STOP"); });
  TB_RETURN_IF_ERROR(Look(milliseconds(1'500)));
  TB_ASSIGN_OR_RETURN(const auto calls, ReadCalls(options_.calls_file));
  TB_ASSIGN_OR_RETURN(auto writer, parts_.log.NewWriter("demo-pbx"));
  // The last call of the file is from the last customer who was texted.
  TB_RETURN_IF_ERROR(
      Ring(*writer, calls.back(), "." + std::to_string(parts_.clock.NowMs()) + ".again"));
  return Look(milliseconds(2'500));
}

void Demo::Progress(std::uint64_t fed) const {
  if (::isatty(1) == 0) return;
  const Figures figures(parts_.registry);
  std::printf("\r  records %llu of %llu   decisions %llu   texts %llu \033[K",
              static_cast<unsigned long long>(fed), static_cast<unsigned long long>(options_.load),
              static_cast<unsigned long long>(figures.Tally("decide", "decision")),
              static_cast<unsigned long long>(figures.Tally("dispatch", "job_sent")));
  std::fflush(stdout);
}

Status Demo::Load() {
  if (options_.load == 0) return Ok();
  std::printf("\nNow %llu generated records of 50 more businesses, as fast as they go:\n\n",
              static_cast<unsigned long long>(options_.load));
  story_.Quiet(true);
  auto generator = ops::Generator::Make(LoadOptions(options_, parts_.clock.NowMs()));
  if (!generator) return generator.error();
  TB_ASSIGN_OR_RETURN(auto writer, parts_.log.NewWriter("demo-load"));
  const MonoTime begin = parts_.clock.Mono();
  std::string value;
  std::uint64_t fed = 0;
  while (const v1::CallRecord* record = generator->Next()) {
    value.clear();
    ops::AppendRecord(ops::RecordFormat::kProtobuf, *record, value);
    while (true) {
      auto sent = writer->Send(parts_.topics.cdrs, std::nullopt, record->record_id(), value,
                               parts_.clock.NowMs());
      if (sent) break;
      if (sent.error().disposition != Disposition::kRetry) return sent.error();
      auto polled = writer->Poll(milliseconds(10));
      if (!polled) return polled.error();
    }
    ++fed;
    if (fed % 5'000 == 0) {
      if (auto polled = writer->Poll(milliseconds(0)); !polled) return polled.error();
      TB_RETURN_IF_ERROR(story_.Step(milliseconds(0)));
      Progress(fed);
      if (parts_.stop()) return Ok();
    }
  }
  TB_RETURN_IF_ERROR(writer->Flush(std::chrono::seconds(30)));
  feed_seconds_ = std::chrono::duration<double>(parts_.clock.Mono() - begin).count();
  records_ += fed;
  load_records_ = fed;
  TB_RETURN_IF_ERROR(Until(
      [&] {
        Progress(fed);
        return Settled(Figures(parts_.registry), records_);
      },
      kLoadMax));
  load_seconds_ = std::chrono::duration<double>(parts_.clock.Mono() - begin).count();
  if (::isatty(1) != 0) std::printf("\r\033[K");
  return Ok();
}

void Demo::Summary() const {
  const Figures figures(parts_.registry);
  const auto line = [](const char* what, std::uint64_t count, const char* note = "") {
    std::printf("  %-28s %10llu   %s\n", what, static_cast<unsigned long long>(count), note);
  };
  const auto sides = [&](const char* what) {
    return static_cast<std::uint64_t>(
        figures.Sum("textback_intake_sides_total", "class=\"" + std::string(what) + "\""));
  };
  std::printf("\nRecords in, each once per side\n");
  line("no tenant's", sides("not_tenant"), "dropped and counted");
  line("dead letters at intake", sides("deadletter"));
  line("handed on to decide", sides("handed_on"));
  line("  decision", figures.Tally("decide", "decision"));
  line("  merged into one", figures.Tally("decide", "merged"));
  line("  duplicate", figures.Tally("decide", "duplicate"));
  line("  late", figures.Tally("decide", "late"));
  line("  dead letter", figures.Tally("decide", "deadletter"));
  std::printf("\nDecisions by why no text went out\n");
  for (const auto& [reason, count] : figures.By("textback_decide_reasons_total", "reason")) {
    if (count > 0 && reason != "none") line(reason.c_str(), count);
  }
  std::printf("\nTexts (jobs that carry one), each in one class\n");
  line("asked for", figures.Tally("dispatch", "job_text"));
  for (const char* end : {"sent", "unknown", "expired", "rejected", "cancelled", "blocked"}) {
    line((std::string("  ") + end).c_str(), figures.Tally("dispatch", "job_" + std::string(end)));
  }
  if (load_seconds_ > 0) {
    std::printf(
        "\nThe load: %llu records read, decided and texted in %.1f s, %.0f records/s (log, state, "
        "SMPP and SMSC in one process, "
        "durable; one thread per role).\n",
        static_cast<unsigned long long>(load_records_), load_seconds_,
        static_cast<double>(load_records_) / load_seconds_);
  }
}

}  // namespace

ops::GeneratorOptions LoadOptions(const DemoOptions& options, std::int64_t start_ms) {
  ops::GeneratorOptions load;
  load.seed = static_cast<std::uint64_t>(start_ms);
  load.calls = options.load;
  // All within the last minute, so that nothing is stale.
  load.start_ms = start_ms - 60'000;
  load.rate = std::max(1.0, static_cast<double>(options.load) / 60);
  load.tenants = 50;
  load.lines = 200;
  load.customers = 100'000;
  load.foreign = 0.5;
  load.duplicates = 0.01;
  load.out_of_order = 0.02;
  return load;
}

Status RunDemo(const DemoOptions& options, const DemoParts& parts) {
  std::map<std::string, std::string> names;
  for (const auto& tenant : parts.tenants) names[tenant.tenant()] = tenant.name();
  DemoStory story(parts.log, parts.topics, std::move(names), stdout, ::isatty(1) != 0);
  TB_RETURN_IF_ERROR(story.Start());
  Demo demo(options, parts, story);
  std::printf(
      "Calls as an Asterisk PBX records them; texts over SMPP to a simulated SMSC. All numbers are "
      "fictional.\n\n");
  TB_RETURN_IF_ERROR(demo.Calls());
  TB_RETURN_IF_ERROR(demo.Stop());
  TB_RETURN_IF_ERROR(demo.Load());
  demo.Summary();
  return Ok();
}

}  // namespace textback::cli
