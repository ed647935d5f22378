// textback run: the whole pipeline in one process on the embedded log.
#pragma once

#include <CLI/CLI.hpp>

namespace textback::cli {

// Adds the command; `code` gets its exit code when it has run.
void AddRun(CLI::App& app, int& code);

}  // namespace textback::cli
