// Runs one plan: the whole pipeline, call records in to texts out, in virtual time on one thread.
//
//   feed the plan ─▶ cdrs ─▶ intake ×2 ─▶ decide ×2–3 ─▶ dispatch ×2 ─▶ SimSmsc
//                                           ▲ inbound         track ×1 ◀─ receipts
//
// A scheduler advances the clock in small uneven steps and lets the processes run one step each, in
// a random order. While the chaos lasts, processes are killed (objects destroyed without a word,
// unflushed documents gone), stopped and continued past their session, cut off, and everything that
// the log can do to them it does. Then faults cease, time runs until all must have settled, intake
// stops, the rest drains, all stop in order, and what they left is handed to the judge.
//
// Deterministic: the same plan gives the same History, byte for byte.
//
// Threads: none.
#pragma once

#include <functional>
#include <string_view>

#include "simulation/history.h"
#include "simulation/process.h"

namespace textback::simulation {

// A line for each thing that happens: "152340 decide-0 killed". Empty: none wanted, which is
// faster.
using Trace = std::function<void(std::string_view line)>;

History RunPlan(const Plan& plan, const Sabotage& sabotage = {}, const Trace& trace = {});

}  // namespace textback::simulation
