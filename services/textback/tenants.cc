// textback tenants apply|validate|list: business customers and their policies.
#include <algorithm>
#include <map>

#include "commands.h"
#include "ops/json.h"
#include "ops/tenant_file.h"
#include "shell.h"

namespace textback::cli {
namespace {

using std::chrono::seconds;

struct Options {
  LogOptions log;
  std::string file;
  bool json = false;
  bool yaml = false;
  bool prune = false;
};

using Current = std::map<std::string, v1::Tenant>;

// What the topic says now. A record that doesn't parse is reported and left out.
Result<Current> ReadCurrent(log::Log& log, const Clock& clock, const std::string& topic) {
  Current current;
  TB_RETURN_IF_ERROR(ReadAll(log, clock, {topic}, [&](const log::Record& record) {
    const std::string id(record.key);
    current.erase(id);
    if (!record.value) return true;
    v1::Tenant tenant;
    if (tenant.ParseFromArray(record.value->data(), static_cast<int>(record.value->size()))) {
      current.emplace(id, std::move(tenant));
    } else {
      std::fprintf(stderr, "textback: %s, offset %lld: not a tenant; apply it again to mend it\n",
                   topic.c_str(), static_cast<long long>(record.offset));
    }
    return true;
  }));
  return current;
}

void PrintTenants(const Options& options, const std::vector<v1::Tenant>& tenants) {
  if (options.yaml) {
    PrintLine("tenants:");
    for (const auto& tenant : tenants) std::fputs(ops::TenantToYaml(tenant).c_str(), stdout);
    return;
  }
  if (options.json) {
    for (const auto& tenant : tenants) PrintLine(ops::ToJson(tenant));
    return;
  }
  Table table({"TENANT", "ACTIVE", "LINES", "SENDER", "NAME"});
  for (const auto& tenant : tenants) {
    table.Add({tenant.tenant(), tenant.active() ? "yes" : "no", std::to_string(tenant.lines_size()),
               tenant.sender().value(), tenant.name()});
  }
  table.Print();
}

Result<int> RunValidate(const Options& options) {
  const auto read = ops::ReadTenantsFile(options.file);
  if (!read) {
    // A file that isn't there is a mistake of the call; one with problems is what was asked.
    const int code = Complain(read.error());
    return read.error().code == "config_invalid" ? kFinding : code;
  }
  if (options.json) {
    PrintTenants(options, *read);
  } else {
    PrintLine("ok: " + std::to_string(read->size()) + (read->size() == 1 ? " tenant" : " tenants"));
  }
  return kOk;
}

Result<int> RunList(const Options& options) {
  const SystemClock clock;
  TB_ASSIGN_OR_RETURN(const auto log, options.log.Open(clock));
  TB_ASSIGN_OR_RETURN(const auto current, ReadCurrent(*log, clock, options.log.topics().tenants));
  std::vector<v1::Tenant> tenants;
  tenants.reserve(current.size());
  for (const auto& [id, tenant] : current) tenants.push_back(tenant);
  PrintTenants(options, tenants);
  return kOk;
}

// Writes to the topic that is in force, and to the history that keeps every version.
class Applier {
 public:
  Applier(log::Writer& writer, const Clock& clock, const pipeline::Topics& topics)
      : writer_(writer), clock_(clock), topics_(topics) {}

  Status Write(const std::string& id, std::optional<std::string_view> value) {
    for (const auto* topic : {&topics_.tenants, &topics_.tenants_history}) {
      while (true) {
        auto sent = writer_.Send(*topic, 0, id, value, clock_.NowMs());
        if (sent) break;
        if (sent.error().disposition != Disposition::kRetry) return sent.error();
        auto polled = writer_.Poll(std::chrono::milliseconds(100));
        if (!polled) return polled.error();
      }
    }
    return Ok();
  }

 private:
  log::Writer& writer_;
  const Clock& clock_;
  const pipeline::Topics& topics_;
};

Result<int> RunApply(const Options& options) {
  TB_ASSIGN_OR_RETURN(const auto tenants, ops::ReadTenantsFile(options.file));
  const SystemClock clock;
  TB_ASSIGN_OR_RETURN(const auto log, options.log.Open(clock));
  const auto topics = options.log.topics();
  TB_ASSIGN_OR_RETURN(const auto current, ReadCurrent(*log, clock, topics.tenants));
  TB_ASSIGN_OR_RETURN(const auto writer, log->NewWriter("textback-tenants"));
  Applier applier(*writer, clock, topics);
  std::size_t written = 0;
  std::size_t removed = 0;
  Progress progress(clock, "applying", tenants.size());
  for (const auto& tenant : tenants) {
    const auto old = current.find(tenant.tenant());
    const auto value = tenant.SerializeAsString();
    if (old != current.end() && old->second.SerializeAsString() == value) continue;
    TB_RETURN_IF_ERROR(applier.Write(tenant.tenant(), value));
    progress.Show(++written);
  }
  for (const auto& [id, tenant] : current) {
    const bool kept = std::any_of(tenants.begin(), tenants.end(),
                                  [&](const auto& t) { return t.tenant() == id; });
    if (kept || !options.prune) continue;
    TB_RETURN_IF_ERROR(applier.Write(id, std::nullopt));
    ++removed;
  }
  TB_RETURN_IF_ERROR(writer->Flush(seconds(30)));
  const std::size_t same = tenants.size() - written;
  if (options.json) {
    PrintLine("{\"written\":" + std::to_string(written) + ",\"unchanged\":" + std::to_string(same) +
              ",\"removed\":" + std::to_string(removed) + "}");
  } else {
    PrintLine(std::to_string(written) + " written, " + std::to_string(same) + " unchanged, " +
              std::to_string(removed) + " removed");
  }
  return kOk;
}

using Action = Result<int> (*)(const Options&);

CLI::App& AddCommand(CLI::App& parent, std::string name, std::string doc,
                     const std::shared_ptr<Options>& options, Action action, int& exit_code) {
  auto& command = *parent.add_subcommand(std::move(name), std::move(doc));
  command.add_flag("--json", options->json, "one JSON object a line");
  command.callback([options, action, &exit_code] {
    const auto done = action(*options);
    exit_code = done ? *done : Complain(done.error());
  });
  return command;
}

std::string FileReference() {
  std::vector<v1::Tenant> unused;
  return config::ReferenceAsText(
      config::Describe([&](config::Map& map) { ops::ReadTenantList(map, unused); }));
}

}  // namespace

void AddTenants(CLI::App& app, int& exit_code) {
  auto& tenants = *app.add_subcommand("tenants", "Business customers: their lines, texts, rules");
  tenants.require_subcommand(1);

  auto options = std::make_shared<Options>();
  auto& validate =
      AddCommand(tenants, "validate", "Read a file of tenants and say what is wrong with it",
                 options, RunValidate, exit_code);
  validate.add_option("FILE", options->file, "YAML")->required();
  validate.footer(
      "Example:\n  textback tenants validate deploy/samples/tenants.yaml\n\n"
      "What the file may hold:\n" +
      FileReference());

  options = std::make_shared<Options>();
  auto& apply = AddCommand(tenants, "apply",
                           "Make the tenants of a file the ones in force; unchanged ones aren't "
                           "written again",
                           options, RunApply, exit_code);
  apply.add_option("FILE", options->file, "YAML; see `textback tenants validate --help`")
      ->required();
  options->log.AddTo(apply);
  apply.add_flag("--prune", options->prune, "remove the tenants that the file doesn't have");
  apply.footer("Example:\n  textback tenants apply tenants.yaml --brokers kafka:9092 --prune");

  options = std::make_shared<Options>();
  auto& list = AddCommand(tenants, "list", "The tenants in force", options, RunList, exit_code);
  options->log.AddTo(list);
  list.add_flag("--yaml", options->yaml, "as a file that `tenants apply` takes");
  list.footer("Example:\n  textback tenants list --brokers kafka:9092 --yaml > tenants.yaml");
}

}  // namespace textback::cli
