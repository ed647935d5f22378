#!/usr/bin/env python3
"""What is observable, judged against the code: alert rules, dashboard and docs/metrics.md.

- promtool accepts the rules, and rules_test.yaml passes: each alert fires where it should and not before.
- Every alert has such a test, and its place in docs/operate.md.
- Every metric that rules and dashboard ask for is registered by the code, with the labels they use, and their label values exist.
- docs/metrics.md names every metric of the code, and no other, and every tally.
- The checks are proven: each must find a fault planted in a copy.

Exit codes: 0 all is true, 1 findings, 3 promtool is missing.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROMETHEUS = ROOT / "deploy/prometheus"
# What Prometheus itself has: the scrape's result and its labels.
FOREIGN_METRICS = {"up"}
FOREIGN_LABELS = {"job", "instance", "le"}
# Functions, keywords and modifiers of PromQL that a name could be mistaken for.
METRIC = re.compile(r"\b((?:textback|process)_[a-z0-9_]+|up)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')


def sources(*folders):
    """Everything in them that is built but tests, as one text."""
    files = [p for folder in folders for p in sorted((ROOT / folder).rglob("*"))
             if p.suffix in (".cc", ".h") and not re.search(r"_test\b|_fuzz\b|_test_|\btest_", p.stem)]
    return "\n".join(p.read_text() for p in files)


def registered(code):
    """{metric: (type, labels)}. A label list that is not spelled out in the call counts as any of the role's."""
    found = {}
    calls = re.finditer(r'Get(Counter|Gauge|Histogram)\(\s*"([a-z0-9_]+)"', code)
    for call in calls:
        depth, end = 1, call.end()
        while depth and end < len(code):
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        arguments = code[call.end():end]
        labels = set(re.findall(r'\{"([a-z_]+)",', arguments))
        if re.search(r"\brole\b\s*\)$", arguments):  # Labels{{"role", …}} made beside it
            labels.add("role")
        found[call[2]] = (call[1], found.get(call[2], ("", set()))[1] | labels)
    for name in re.findall(r"\bprocess_[a-z_]+", code):
        found.setdefault(name, ("Gauge", set()))
    return found


def words(code):
    """Label values that the code can give: every literal, and the enum words of the contract."""
    known = set(re.findall(r'"([a-z][a-z0-9_]*)"', code))
    for proto in (ROOT / "proto").rglob("*.proto"):
        known |= {"_".join(name.split("_")[1:]).lower() for name in re.findall(r"^\s*([A-Z][A-Z0-9_]+) = \d+;", proto.read_text(), re.M)}
    return known


def check_expression(where, expression, metrics, known_words):
    findings = []
    for name, matchers in METRIC.findall(expression):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        if name in FOREIGN_METRICS:
            labels = set()
        elif name in metrics and metrics[name][0] != "Histogram":
            labels = metrics[name][1]
        elif base in metrics and metrics[base][0] == "Histogram" and base != name:
            labels = metrics[base][1]
        else:
            findings.append(f"{where}: no metric {name} in the code")
            continue
        for label, operator, value in MATCHER.findall(matchers):
            if label in FOREIGN_LABELS:
                continue
            if label not in labels:
                findings.append(f"{where}: {name} has no label {label}")
            values = value.split("|") if operator == "=" or re.fullmatch(r"[a-z_|]+", value) else []
            findings += [f"{where}: nothing in the code gives {label} the value {v}" for v in values if v not in known_words]
    return findings


def expressions_of_rules(text):
    """(alert, expression) of each rule; enough of YAML for a file that promtool has accepted."""
    for block in re.split(r"\n\s*- alert: ", text)[1:]:
        name = block.split("\n", 1)[0].strip()
        expression = re.search(r"expr:(.*?)\n\s+(?:for|labels):", block, re.S)
        yield name, expression[1]


def expressions_of_dashboard(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"dashboard, panel \"{panel['title']}\"", target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield f"dashboard, variable {variable['name']}", variable["query"]["query"]


def check_dashboard(dashboard):
    ids = [panel["id"] for panel in dashboard["panels"]]
    findings = [] if len(ids) == len(set(ids)) else ["dashboard: two panels have one id"]
    taken = set()
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        cells = {(x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])}
        if cells & taken or grid["x"] + grid["w"] > 24:
            findings.append(f"dashboard: panel \"{panel['title']}\" overlaps another or leaves the grid")
        taken |= cells
    return findings


def check_docs(page, metrics):
    named = set(re.findall(r"\b((?:textback|process)_[a-z0-9_]+)", page))
    return ([f"docs/metrics.md names {name}, which the code doesn't register" for name in sorted(named - set(metrics))] +
            [f"docs/metrics.md doesn't name {name}" for name in sorted(set(metrics) - named)])


def tallies(code):
    """What processors count by name, as the label `what` has it."""
    named = []
    for body in re.findall(r"\bCount\(([^;{]*)\);", code) + re.findall(r"std::string_view TallyOf\([^)]*\) \{(.*?)\n\}", code, re.S):
        named += re.findall(r'"([a-z_.]+)"', body)
    return {name.replace(".", "_") for name in named}


def check_tallies(page, known):
    return [f"docs/metrics.md doesn't name the tally {name}" for name in sorted(known) if f"`{name}`" not in page]


def check_alerts(rules, tests, operate):
    findings = []
    for name, _ in expressions_of_rules(rules):
        if not re.search(rf"alertname: {name}\n\s+exp_alerts:\n", tests):
            findings.append(f"rules_test.yaml never sees {name} fire")
        if f"{{eval_time: 100m, alertname: {name}, exp_alerts: []}}" not in tests:
            findings.append(f"rules_test.yaml doesn't say that {name} is quiet while nothing is wrong")
        if f"`{name}`" not in operate:
            findings.append(f"docs/operate.md doesn't say what to do about {name}")
    return findings


def promtool(folder):
    findings = []
    for arguments in (["check", "rules", "rules.yaml"], ["test", "rules", "rules_test.yaml"]):
        run = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True)
        if run.returncode:
            findings.append(f"promtool {' '.join(arguments)}: {(run.stdout + run.stderr).strip()}")
    return findings


def prove(rules, tests, operate, page, dashboard, metrics, known_words):
    """Faults planted in copies; each must be found."""
    missed = []

    def must_find(what, findings):
        if not findings:
            missed.append(f"a planted fault was not found: {what}")

    must_find("a metric that isn't there", check_expression("", "rate(textback_shard_recordz_total[5m])", metrics, known_words))
    must_find("a label that isn't there", check_expression("", 'textback_shard_lag_records{rolle="decide"}', metrics, known_words))
    must_find("a value that isn't there", check_expression("", 'textback_shard_tallies_total{what="job_lost"}', metrics, known_words))
    must_find("a histogram without its suffix", check_expression("", "textback_shard_commit_seconds", metrics, known_words))
    must_find("a metric that the docs leave out", check_docs(page.replace("textback_intake_lines", ""), metrics))
    must_find("a metric that only the docs have", check_docs(page + " textback_intake_moon_phase", metrics))
    must_find("a tally that the docs leave out", check_tallies(page, {"job_lost"}))
    must_find("an alert without a test", check_alerts(rules.replace("alert: TextbackDown", "alert: TextbackGone"), tests, operate))
    doubled = json.loads(json.dumps(dashboard))
    doubled["panels"][2]["gridPos"] = dict(doubled["panels"][1]["gridPos"])
    must_find("panels on top of each other", check_dashboard(doubled))
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        (folder / "rules_test.yaml").write_text(tests)
        (folder / "rules.yaml").write_text(rules.replace("textback_shard_partitions_halted) > 0", "textback_shard_partitions_halted) > 2"))
        must_find("a threshold that is off", promtool(folder))
        (folder / "rules.yaml").write_text(rules.replace("for: 1m", "for: 0m", 1))
        must_find("an alert that fires at once", promtool(folder))
    return missed


def main():
    if not shutil.which("promtool"):
        print("observability_test: promtool is missing (deploy/install-packages test)", file=sys.stderr)
        return 3
    code = sources("libs", "services")
    metrics, known_words = registered(code), words(code)
    rules, tests = (PROMETHEUS / "rules.yaml").read_text(), (PROMETHEUS / "rules_test.yaml").read_text()
    operate, page = (ROOT / "docs/operate.md").read_text(), (ROOT / "docs/metrics.md").read_text()
    dashboard = json.loads((ROOT / "deploy/grafana/textback.json").read_text())

    findings = promtool(PROMETHEUS)
    expressions = list(expressions_of_rules(rules)) + list(expressions_of_dashboard(dashboard))
    for where, expression in expressions:
        findings += check_expression(where, expression, metrics, known_words)
    findings += check_dashboard(dashboard) + check_docs(page, metrics)
    findings += check_tallies(page, tallies(sources("libs/decide", "libs/dispatch", "libs/shard"))) + check_alerts(rules, tests, operate)
    findings += prove(rules, tests, operate, page, dashboard, metrics, known_words)
    if findings:
        print(*findings, sep="\n")
        return 1
    print(f"{len(metrics)} metrics, {len(expressions)} expressions, all as the code has them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
