#!/usr/bin/env python3
"""Every scenario has the same verdict from every source whose records can tell it.

Usage: tests/scenarios_test.py PATH-OF-TEXTBACK [--write] [--only SOURCE] [--scenario NAME] [--keep FOLDER]

tests/scenarios/*.txt says what happened in calls and what a person would say of each; a renderer for each source turns
them into the records that this system would write (tests/scenarios/README.md). `textback inspect` reads all scenarios of
a source from one file: in the order in which the system writes, shuffled, and every record twice.
docs/scenarios.md holds the table; --write renews it.
"""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS))

from scenarios import language  # noqa: E402
from scenarios.source import Cannot, Stage  # noqa: E402
from scenarios.sources import SOURCES  # noqa: E402

PAGE = TESTS.parent / "docs/scenarios.md"
SCENARIOS_MIN, EXPRESSED_MIN = 60, 40
SHUFFLES = (1, 2, 3)
TIMEOUT_S = 60
# What may be texted unasked; docs/tenants.md.
MISSED = {"no_answer", "busy", "unreachable", "declined", "abandoned", "voicemail", "queue_abandon"}


def rendered(source, stages):
    """Records by scenario, and reasons of those that the source can't tell."""
    records, reasons = {}, {}
    for stage in stages:
        try:
            records[stage.scenario.name] = sorted(source.render(stage), key=lambda record: record.emitted)
        except Cannot as why:
            reasons[stage.scenario.name] = str(why)
    return records, reasons


def orders(records):
    """(name, records) of each order in which the file is read."""
    by_time = sorted((r for some in records.values() for r in some), key=lambda record: record.emitted)
    yield "in order", by_time
    for seed in SHUFFLES:
        mixed = list(by_time)
        random.Random(seed).shuffle(mixed)
        yield f"shuffled with seed {seed}", mixed
    yield "doubled", [record for record in by_time for _ in range(2)]


def inspect(textback, source, path, lines):
    own = [word for line in lines for word in ("--line", line)]
    done = subprocess.run([textback, "inspect", "--json", "--source", source.name, *source.options, *own, str(path)],
                          capture_output=True, timeout=TIMEOUT_S, cwd=TESTS.parent)
    return done.returncode, [json.loads(line) for line in done.stdout.decode().splitlines()], done.stderr.decode()


def same_answerer(expected, given):
    """`unknown` is never wrong of a person; of a machine it would be."""
    return given == expected or {given, expected} <= {"person", "unknown"}


def shown(verdict, answered_by):
    return f"{verdict} by {answered_by}" if answered_by else verdict


def judge(source, stages, expressed, calls):
    """Yields (scenario, what is wrong)."""
    by_line = collections.defaultdict(list)
    known = {stage.line: stage.scenario.name for stage in stages if stage.scenario.name in expressed}
    customers = {stage.customer: stage.scenario.name for stage in stages if stage.scenario.name in expressed}
    for call in calls:
        name = known.get(call["line"])
        if name:
            by_line[name].append(call)
        elif call["customer"] in customers:
            yield customers[call["customer"]], f"a call to {call['line'] or 'nobody'} that nobody placed: " + told(call)
    for stage in stages:
        if stage.scenario.name not in expressed:
            continue
        found = sorted(by_line[stage.scenario.name], key=lambda call: call["started_at_ms"] or call["ended_at_ms"])
        yield from ((stage.scenario.name, what) for what in compare(source, stage, found))


def is_overtaken(source, stage, call):
    """Whether the source tells of the talk after this call before the call is decided."""
    after = stage.calls[stage.calls.index(call) + 1]
    known = after.connected if source.tells_answer_at_once else after.end
    return known <= call.end + source.wait_s


def compare(source, stage, found):
    if stage.calls[0].kind == "click":
        # Two calls out, joined or not; the first is to the desk.
        verdicts = {call["verdict"] for call in found}
        if verdicts != {"outbound"}:
            yield "must be outbound, not " + "; ".join(map(told, found))
        return
    if len(found) != len(stage.calls):
        yield f"{len(found)} calls, not {len(stage.calls)}: " + "; ".join(map(told, found))
        return
    for call, given in zip(stage.calls, found):
        answerer_fits = call.verdict == "outbound" or same_answerer(call.answered_by, given["answered_by"])
        if given["verdict"] != call.verdict or not answerer_fits:
            yield f"must be {shown(call.verdict, call.answered_by)}, not " + told(given)
        if given["action"] == "text" and (call.withheld or given["verdict"] not in MISSED):
            yield "must not be texted: " + told(given)
        if call.overtaken and (given["reason"] == "overtaken") != is_overtaken(source, stage, call):
            yield f"its reason is \"{given['reason']}\"; the next call's answer is known " + \
                ("in time" if is_overtaken(source, stage, call) else "too late")
        customer = "" if call.withheld else stage.customer
        if given["customer"] != customer:
            yield f"the customer is \"{given['customer']}\", not \"{customer}\""


def told(call):
    return (f"{shown(call['verdict'], call['answered_by'])} ({call['rule']}, started {call['started_at_ms']}, "
            f"ended {call['ended_at_ms']}, ring {call['ring_ms']} ms)")


def examine(textback, source, stages, folder):
    """What is wrong with one source: the source, names of scenarios that it tells, reasons for the others, findings."""
    wrong, seen, told_of, untold = [], set(), set(), {}
    lines = [stage.line for stage in stages]
    for variant in source.variants:
        records, reasons = rendered(source, [stage.in_variant(variant) for stage in stages])
        told_of |= set(records)
        untold |= reasons
        for number, (order, sequence) in enumerate(orders(records)):
            path = folder / f"{source.file_name}-{source.variants.index(variant)}-{number}"
            path.write_bytes(source.file([record.data for record in sequence]))
            code, calls, complaints = inspect(textback, source, path, lines)
            where = ", ".join(word for word in (source.title, variant, order) if word)
            if code != 0:
                wrong.append(f"{where}: exit code {code}: {complaints.strip()[:1000]}")
            for name, what in judge(source, stages, records, calls):
                if (name, what) not in seen:
                    seen.add((name, what))
                    wrong.append(f"{where}: {name}: {what}")
    return source, told_of, untold, wrong


def table(stages, results):
    """The page docs/scenarios.md."""
    titles = [source.title for source, *_ in results]
    lines = ["# Scenarios", "",
             "What happens in a call, what a person would say of it, and which sources can tell it. Every ✓ is checked by",
             "[tests/scenarios_test.py](../tests/scenarios_test.py), with the records in order, shuffled and doubled;",
             "[tests/scenarios](../tests/scenarios/README.md) has the scenarios and what renders them into records. A number",
             "leads to the reason below why that source's records can't tell the scenario; beside ✓, in one of the ways to set",
             "it up.", ""]
    numbers = {}
    for subject in dict.fromkeys(stage.scenario.subject for stage in stages):
        lines += [f"## {subject}", "", "| scenario | verdict | " + " | ".join(titles) + " |", "|---|---|" + "---|" * len(titles)]
        for stage in stages:
            if stage.scenario.subject != subject:
                continue
            cells = []
            for source, expressed, reasons, _ in results:
                cell = ["✓"] if stage.scenario.name in expressed else []
                if stage.scenario.name in reasons:
                    reason = f"{source.title}: {reasons[stage.scenario.name]}"
                    cell.append(f"[{numbers.setdefault(reason, len(numbers) + 1)}](#reasons)")
                cells.append(" ".join(cell))
            verdicts = "; ".join(shown(call.verdict, call.answered_by) for call in stage.calls)
            lines.append(f"| {stage.scenario.title} | {verdicts} | " + " | ".join(cells) + " |")
        lines.append("")
    lines += ["## Counts", "", f"| of {len(stages)} scenarios | " + " | ".join(titles) + " |", "|---|" + "---|" * len(titles),
              "| told | " + " | ".join(str(len(expressed)) for _, expressed, _, _ in results) + " |", "", "## Reasons", ""]
    lines += [f"{number}. {reason}." for reason, number in numbers.items()]
    return "\n".join(lines) + "\n"


def check_counts(stages, results):
    if len(stages) < SCENARIOS_MIN:
        yield f"{len(stages)} scenarios, {SCENARIOS_MIN} at least"
    for source, expressed, reasons, _ in results:
        if len(expressed) < EXPRESSED_MIN:
            yield f"{source.title} tells {len(expressed)} scenarios, {EXPRESSED_MIN} at least"
        for stage in stages:
            if stage.scenario.name not in expressed and not reasons.get(stage.scenario.name):
                yield f"{source.title}: no reason for {stage.scenario.name}"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("textback")
    parser.add_argument("--write", action="store_true", help="renew docs/scenarios.md")
    parser.add_argument("--only", help="one source")
    parser.add_argument("--scenario", help="print what is rendered of one scenario")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the files of records")
    return parser.parse_args()


def main():
    options = arguments()
    begin = time.monotonic()
    stages = [Stage(scenario) for scenario in language.parse((TESTS / "scenarios").glob("*.txt"))]
    sources = [source for source in SOURCES if not options.only or options.only == source.title]
    if options.scenario:
        stages = [stage for stage in stages if stage.scenario.name == options.scenario]
    with tempfile.TemporaryDirectory(prefix="scenarios-") as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda source: examine(options.textback, source, stages, folder), sources))
        if options.scenario:
            for source in sources:
                for number, variant in enumerate(source.variants):
                    path = folder / f"{source.file_name}-{number}-0"
                    print(f"--- {source.title} {variant}\n{path.read_bytes().decode(errors='replace')}")
    wrong = [what for *_, some in results for what in some]
    if not options.only and not options.scenario:
        wrong += check_counts(stages, results)
        page = table(stages, results)
        if options.write:
            PAGE.write_text(page)
        elif not PAGE.is_file() or PAGE.read_text() != page:
            wrong.append("docs/scenarios.md is out of date: tests/scenarios_test.py PATH-OF-TEXTBACK --write")
    for line in wrong:
        print(line)
    counts = ", ".join(f"{source.title} {len(expressed)}" for source, expressed, _, _ in results)
    print(f"scenarios: {len(stages)}, told by {counts}; {len(wrong)} wrong, {time.monotonic() - begin:.1f} s")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
