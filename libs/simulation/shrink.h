// Shrinks a plan that fails to a short one that fails in the same way: what a person then reads.
//
// Persons, calls, records, messages, blows and faults are left out, first many at once, then one by
// one, for as long as the plan still fails; what remains is needed, each piece of it. Chance in the
// log is first turned into a list of the faults that struck (Scripted), since chances can't be left
// out one by one.
//
// Whether a plan fails is for the caller to say: a function of the plan alone, so that tests can
// stand in for it.
//
// Threads: none.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "simulation/history.h"
#include "simulation/plan.h"

namespace textback::simulation {

using Fails = std::function<bool(const Plan& plan)>;

// The plan of a run with its faults as they struck. It runs in the same way.
Plan Scripted(const History& history);

struct Shrunk {
  Plan plan;
  std::size_t runs = 0;  // calls of `fails`
};

// `plan` must fail. At most `runs_max` calls of `fails`.
Shrunk Shrink(Plan plan, const Fails& fails, std::size_t runs_max = 3'000);

// What happens in it, a line each, in order of time.
std::string Describe(const Plan& plan);

}  // namespace textback::simulation
