#!/usr/bin/env python3
"""Real records of real switches through `textback inspect`, against the verdicts a person gave.

Usage: tests/golden_test.py PATH-OF-TEXTBACK [FAMILY...]

tests/golden/*.tsv is written by hand from the SOURCES.md beside the records, and nothing here writes to it. Columns:
  file         relative to $TEXTBACK_SHARED/data/real-cdrs
  options      of `textback inspect`; relative paths in it start at the project's root
  call         which call of the file, from 1 in the order of their first records; 0: the file holds no call;
               -: the file must be refused, with the place and the reason on stderr
  verdict      in the words of the contract
  answered_by  likewise; - for nobody
  why          in words; starts with "contradicts:" where the row says otherwise than SOURCES.md
The records' licences forbid to ship them. Without the folder this test passes and says that it compared nothing.
"""
import collections
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLUMNS = ["file", "options", "call", "verdict", "answered_by", "why"]
CONTRADICTIONS_MAX = 3


def rows(table):
    lines = table.read_text().splitlines()
    if lines[0].split("\t") != COLUMNS:
        sys.exit(f"{table}:1: the header line must be {COLUMNS}")
    for number, line in enumerate(lines[1:], 2):
        if not line or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != len(COLUMNS) or not all(cells[i] for i in (0, 1, 2, 5)):
            sys.exit(f"{table}:{number}: {len(cells)} cells of {len(COLUMNS)}, or an empty one")
        yield f"{table.name}:{number}", dict(zip(COLUMNS, cells))


def inspect(textback, record_file, options):
    done = subprocess.run([textback, "inspect", "--json", *shlex.split(options), str(record_file)],
                          capture_output=True, timeout=60, cwd=ROOT)
    return done.returncode, [json.loads(line) for line in done.stdout.decode().splitlines()], done.stderr.decode()


def shown(verdict, answered_by):
    return verdict if answered_by in ("", "-") else f"{verdict} by {answered_by}"


def judge(textback, record_file, options, expected):
    """Yields what is wrong with one file."""
    code, calls, complaints = inspect(textback, record_file, options)
    if code not in (0, 1):
        yield expected[0][0], f"exit code {code}: {complaints.strip()[:500]}"
        return
    kinds = {row["call"] for _, row in expected}
    refused = kinds == {"-"}
    for where, row in expected:
        if row["call"] == "-":
            if code != 1 or record_file.name + ":" not in complaints:
                yield where, "not refused" + (f"; it gave {len(calls)} calls" if calls else "")
        elif row["call"] != "0":
            index = int(row["call"])
            if index > len(calls):
                yield where, f"the file gave {len(calls)} calls. {complaints.strip()[:300]}"
                continue
            call = calls[index - 1]
            want, got = shown(row["verdict"], row["answered_by"]), shown(call["verdict"], call["answered_by"])
            if want != got:
                yield where, f"call {index} is {want} ({row['why']}), not {got} (rule {call['rule']})"
    numbered = sum(1 for _, row in expected if row["call"] not in ("-", "0"))
    if refused and calls:
        yield expected[0][0], f"refused, but gave {len(calls)} calls"
    if not refused and len(calls) != numbered:
        yield expected[0][0], f"the file gave {len(calls)} calls, the table has {numbered}"
    if not refused and "-" not in kinds and code != 0:
        yield expected[0][0], f"records were refused: {complaints.strip()[:500]}"


def main():
    textback, families = str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2:]
    shared = pathlib.Path(os.environ.get("TEXTBACK_SHARED", ROOT.parent / "shared"))
    folder = shared / "data/real-cdrs"
    tables = [t for t in sorted((ROOT / "tests/golden").glob("*.tsv")) if not families or t.stem in families]
    groups = collections.OrderedDict()
    contradictions = []
    for table in tables:
        for where, row in rows(table):
            groups.setdefault((row["file"], row["options"]), []).append((where, row))
            if row["why"].startswith("contradicts:"):
                contradictions.append(where)
    if not folder.is_dir():
        print("golden: the real records are not here; nothing was compared")
        sys.exit(1 if os.environ.get("CI") == "true" else 0)
    wrong = []
    for (name, options), expected in groups.items():
        if not (folder / name).is_file():
            wrong.append((expected[0][0], f"no file {name}"))
            continue
        wrong.extend(judge(textback, folder / name, options, expected))
    if not families:
        here = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file() and f.name != "SOURCES.md"}
        for missing in sorted(here - {name for name, _ in groups}):
            wrong.append(("tests/golden", f"no table has {missing}"))
    if len(contradictions) > CONTRADICTIONS_MAX:
        wrong.append((contradictions[-1], f"{len(contradictions)} rows contradict SOURCES.md, {CONTRADICTIONS_MAX} at most"))
    for where, what in wrong:
        print(f"{where}: {what}")
    print(f"golden: {len(groups)} files, {sum(len(g) for g in groups.values())} rows, {len(wrong)} wrong, "
          f"{len(contradictions)} contradictions to SOURCES.md")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
