// textback: the command line of the whole.
#include <csignal>

#include "commands.h"
#include "run.h"

int main(int argc, char** argv) {
  using namespace textback;
  // A reader such as `head` that goes away ends us quietly.
  std::signal(SIGPIPE, SIG_DFL);
  CLI::App app{
      "Texts people back when their call was missed: makes topics and tenants, makes and replays\n"
      "call records, and says what was decided and why."};
  app.name("textback");
  app.set_version_flag("--version", "textback " TEXTBACK_VERSION);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done, 1 a finding, 2 usage or configuration, 3 environment.");
  int exit_code = cli::kOk;
  cli::AddRun(app, exit_code);
  cli::AddTopics(app, exit_code);
  cli::AddTenants(app, exit_code);
  cli::AddBlocklist(app, exit_code);
  cli::AddLoad(app, exit_code);
  cli::AddInspect(app, exit_code);
  cli::AddIngest(app, exit_code);
  cli::AddReplay(app, exit_code);
  cli::AddExplain(app, exit_code);
  cli::AddDeadLetter(app, exit_code);
  cli::AddCompletion(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 has codes of its own for each mistake.
    return app.exit(error) == 0 ? cli::kOk : cli::kUsage;
  }
  return exit_code;
}
