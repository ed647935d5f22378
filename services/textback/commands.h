// The commands of `textback`. Each adds itself to the table: its options, its help, and what it
// does, which runs once the command line has been read and leaves its exit code in `exit_code`.
//
// Exit codes: 0 done, 1 a finding (what was asked about is not so), 2 usage or a file that can't be
// used, 3 the environment (broker, disk, network).
#pragma once

#include <CLI/CLI.hpp>

namespace textback::cli {

inline constexpr int kOk = 0;
inline constexpr int kFinding = 1;
inline constexpr int kUsage = 2;
inline constexpr int kEnvironment = 3;

void AddTopics(CLI::App& app, int& exit_code);
void AddTenants(CLI::App& app, int& exit_code);
void AddBlocklist(CLI::App& app, int& exit_code);
void AddLoad(CLI::App& app, int& exit_code);
void AddInspect(CLI::App& app, int& exit_code);
void AddIngest(CLI::App& app, int& exit_code);
void AddReplay(CLI::App& app, int& exit_code);
void AddExplain(CLI::App& app, int& exit_code);
void AddDeadLetter(CLI::App& app, int& exit_code);
void AddCompletion(CLI::App& app, int& exit_code);

}  // namespace textback::cli
