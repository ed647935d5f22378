#!/usr/bin/env python3
"""What documents say of the tree, judged against it.

- Every relative link in a Markdown file leads to a file that is there.
- Every path of the tree that docs/requirements.md and docs/exactly-once.md name exists, and every test that
  they name in backticks is the name, or the beginning or end of one, of a test in the sources.
- docs/requirements.md: each row has a state, and one that is "shown" names something.
- docs/integrate.md lists every reason of libs/cdr/reasons.h, and docs/topics.md every topic of libs/pipeline/topics.cc.
- docs/simulation.md has a row for each planted bug of libs/base/planted.h, tests/simulation/planted_seeds.h a seed.
- The checks are proven on planted faults.

Exit codes: 0 all is true, 1 findings.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
STATES = ("shown", "partly", "not yet")
TREE = r"(?:libs|tests|docs|deploy|proto|services|cmake|benchmarks)/[\w./-]*[\w]"


def tracked(pattern):
    run = subprocess.run(["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", pattern],
                         capture_output=True, text=True)
    names = run.stdout.split("\n") if run.returncode == 0 else [str(p.relative_to(ROOT)) for p in ROOT.rglob(pattern)]
    return [name for name in names if name and not name.startswith("build/")]


def test_names():
    names = set()
    for folder in ("libs", "tests", "services"):
        for path in (ROOT / folder).rglob("*.cc"):
            for suite, name in re.findall(r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)", path.read_text(), re.M):
                names |= {suite, name, f"{suite}.{name}"}
    for path in (ROOT / "tests").rglob("CMakeLists.txt"):
        names |= set(re.findall(r"add_test\(NAME ([\w.]+)", path.read_text()))
        for stem, loop in re.findall(r"add_test\(NAME ([\w.]*)\$\{(\w+)\}", path.read_text()):
            names.add(stem.rstrip("."))
            for values in re.findall(rf"foreach\({loop} ([^)]*)\)", path.read_text()):
                names |= {stem + value for value in values.split()}
    return names


def check_links(name, text):
    findings = []
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target and not ((ROOT / name).parent / target).resolve().exists():
            findings.append(f"{name}: the link to {target} leads nowhere")
    return findings


def check_names(name, text, names):
    """Paths of the tree anywhere, and tests in backticks."""
    findings = []
    for path in set(re.findall(TREE, text)):
        if not (ROOT / path).exists() and path != "benchmarks/run":
            findings.append(f"{name}: {path} does not exist")
    for word in re.findall(r"`([A-Z]\w+(?:…\w*…?)?|(?:samples|e2e|simulation)\.\w+)`", text):
        parts = [part for part in word.split("…") if part]
        if not any(all(part in known for part in parts) for known in names):
            findings.append(f"{name}: no test is named {word}")
    return findings


def rows_of(text):
    for number, line in enumerate(text.split("\n"), 1):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 3 and cells[0] not in ("requirement", "---"):
            yield number, cells


def check_requirements(text):
    findings = []
    for number, (what, shown_by, state) in rows_of(text):
        if state not in STATES:
            findings.append(f"docs/requirements.md:{number}: the state is '{state}': expected one of {', '.join(STATES)}")
        elif state != "not yet" and not re.search(TREE + r"|`[^`]+`|\.md|\.json|LICENSE", shown_by):
            findings.append(f"docs/requirements.md:{number}: '{what}' is {state}, but nothing is named that shows it")
    return findings


def check_lists(integrate, topics):
    findings = []
    for reason in re.findall(r'= *\n? *"([a-z0-9_]+)"', (ROOT / "libs/cdr/reasons.h").read_text()):
        if f"`{reason}`" not in integrate:
            findings.append(f"docs/integrate.md does not list the reason {reason}")
    for topic in re.findall(r'\w+\(prefix \+ "([\w.]+)"\)', (ROOT / "libs/pipeline/topics.cc").read_text()):
        forms = (f"`textback.{topic}`", f"`.{topic}`")  # of several in a row the prefix may be left out
        if not any(form in topics for form in forms):
            findings.append(f"docs/topics.md does not list textback.{topic}")
    return findings


def check_planted(simulation, seeds):
    findings = []
    for bug in re.findall(r'\{Bug::k\w+,\s*"(\w+)"', (ROOT / "libs/base/planted.h").read_text()):
        if f"| {bug} |" not in simulation:
            findings.append(f"docs/simulation.md does not list the planted bug {bug}")
        if f'"{bug}"' not in seeds:
            findings.append(f"tests/simulation/planted_seeds.h has no seed for the planted bug {bug}")
    return findings


def prove(requirements, integrate, topics, names):
    missed = []

    def must_find(what, findings):
        if not findings:
            missed.append(f"a planted fault was not found: {what}")

    must_find("a dead link", check_links("README.md", "[x](docs/nowhere.md)"))
    must_find("a test that does not exist", check_names("x", "`DocumentPoint9Nothing`", names))
    must_find("a path that does not exist", check_names("x", "see libs/nowhere/x.h", names))
    must_find("a row without a state", check_requirements(requirements.replace("| shown |", "| perhaps |", 1)))
    must_find("a claim without a proof", check_requirements("| all is well | trust us | shown |"))
    must_find("a reason that is left out", check_lists(integrate.replace("`csv_columns`", ""), topics))
    must_find("a topic that is left out", check_lists(integrate, topics.replace("`textback.jobs`", "")))
    must_find("a planted bug that is left out", check_planted("", '"no_lease"'))
    return missed


def main():
    read = lambda name: (ROOT / name).read_text()
    names = test_names()
    findings = []
    for name in tracked("*.md"):
        findings += check_links(name, read(name))
    for name in ("docs/requirements.md", "docs/exactly-once.md"):
        findings += check_names(name, read(name), names)
    requirements, integrate, topics = (read(f"docs/{name}.md") for name in ("requirements", "integrate", "topics"))
    findings += check_planted(read("docs/simulation.md"), read("tests/simulation/planted_seeds.h"))
    findings += check_requirements(requirements) + check_lists(integrate, topics)
    findings += prove(requirements, integrate, topics, names)
    if findings:
        print(*findings, sep="\n")
        return 1
    states = [cells[2] for _, cells in rows_of(requirements)]
    print(", ".join(f"{states.count(state)} {state}" for state in STATES))
    return 0


if __name__ == "__main__":
    sys.exit(main())
