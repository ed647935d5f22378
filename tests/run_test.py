#!/usr/bin/env python3
"""`textback run` as a process: the whole pipeline on an embedded log, its dead letters, its restarts; and the demo.

Usage: tests/run_test.py PATH-OF-TEXTBACK
"""
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "deploy/samples"
DEADLINE_SECONDS = 60
TEXTBACK = ""
CALLS = 600
JOB_ENDS = ("job_sent", "job_unknown", "job_expired", "job_rejected", "job_cancelled", "job_blocked")


def cli(*arguments, code=0):
    done = subprocess.run([TEXTBACK, *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    if done.returncode != code:
        raise AssertionError(f"{arguments}: {done.returncode}, expected {code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


class Pipeline:
    """A running `textback run`."""

    def __init__(self, config, log):
        self.log = log
        with open(log, "wb") as told:
            self.process = subprocess.Popen([TEXTBACK, "run", "--config", config, "--simulator"], stderr=told)
        self.port = int(self.wait(lambda: re.search(r" running http_port=(\d+)", log.read_text(errors="replace")))[1])

    def wait(self, what):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            if found := what():
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"not within {DEADLINE_SECONDS} s\n" + self.log.read_text(errors="replace")[-4000:])

    def metric(self, name, *labels):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as page:
            lines = page.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if re.match(re.escape(name) + r"[ {]", line) and all(label in line for label in labels))

    def tally(self, role, *what):
        return sum(self.metric("textback_shard_tallies_total", f'role="{role}"', f'what="{w}"') for w in what)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=DEADLINE_SECONDS)
        if code != 0:
            raise AssertionError(f"ended with {code}\n" + self.log.read_text(errors="replace")[-4000:])


class Run(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.log = ["--embedded", self.path / "data/log"]
        self.starts = 0

    def configure(self, form):
        (self.path / "run.yaml").write_text(
            f"data_folder: {self.path}/data\nhttp: {{address: 127.0.0.1, port: 0}}\ntenants: tenants.yaml\n"
            "embedded_log: {sync_each_commit: false}\n"
            f"intake: {{watermark: 200ms, inputs: [{{topic: textback.cdrs, source: load, format: {form}}}]}}\n"
            "smsc: {account: simulator, host: 127.0.0.1, port: 2775}\n")

    def start(self):
        self.starts += 1
        pipeline = Pipeline(self.path / "run.yaml", self.path / f"run-{self.starts}.log")
        self.addCleanup(lambda: pipeline.process.poll() is None and pipeline.process.kill())
        return pipeline

    def parked(self, *filters):
        return [json.loads(line) for line in cli("deadletter", "list", *self.log, "--json", *filters).splitlines()]

    def test_files_are_followed_into_the_log_and_nothing_is_read_twice(self):
        (self.path / "tenants.yaml").write_bytes((SAMPLES / "tenants.yaml").read_bytes())
        self.configure("asterisk-cdr")
        with open(self.path / "run.yaml", "a") as config:
            config.write(f"ingest: [{{source: load, files: ['{self.path}/Master.csv*']}}]\n")
        lines = (SAMPLES / "Master.csv").read_bytes().splitlines(keepends=True)
        master = self.path / "Master.csv"
        master.write_bytes(b"".join(lines[:10]) + lines[10][:20])
        pipeline = self.start()
        pipeline.wait(lambda: pipeline.metric("textback_intake_records_total") == 10)
        with open(master, "ab") as file:
            file.write(lines[10][20:])
        master.rename(self.path / "Master.csv.1")
        master.write_bytes(b"".join(lines[11:15]))
        pipeline.wait(lambda: pipeline.metric("textback_intake_records_total") == 15)
        pipeline.stop()
        with open(master, "ab") as file:
            file.write(lines[15])
        pipeline = self.start()
        pipeline.wait(lambda: pipeline.metric("textback_ingest_records_total") == 1)
        pipeline.wait(lambda: pipeline.metric("textback_intake_records_total") == 1)
        pipeline.stop()
        self.assertEqual(self.parked(), [])

    def test_what_is_parked_is_listed_and_after_the_cause_is_mended_retried(self):
        # JSON into an input that is configured as protobuf: all of it is parked, and the pipeline goes on.
        tenants = self.path / "tenants.yaml"
        cli("load", "--file", self.path / "none.pb", "--count", "1", "--tenants-file", tenants)
        self.configure("protobuf")
        self.start().stop()  # makes the topics
        cli("load", *self.log, "--format", "json", "--count", CALLS, "--fast")
        pipeline = self.start()
        pipeline.wait(lambda: pipeline.metric("textback_intake_sides_total", 'class="deadletter"') >= 2 * CALLS)
        pipeline.stop()
        letters = self.parked()
        self.assertEqual(len(letters), CALLS)
        self.assertEqual({(d["role"], d["source"], d["reason"], d["coordinates"]["topic"]) for d in letters},
                         {("intake", "load", letters[0]["reason"], "textback.cdrs")})
        self.assertEqual(len({(d["coordinates"].get("partition", 0), d["coordinates"].get("offset", 0)) for d in letters}), CALLS)
        self.assertEqual(len(self.parked("--limit", "7")), 7)
        self.assertEqual(self.parked("--reason", "no_such_reason"), [])
        self.assertEqual(self.parked("--source", "no_such_source"), [])
        self.assertEqual(len(self.parked("--reason", letters[0]["reason"], "--source", "load")), CALLS)
        self.assertIn(letters[0]["reason"], cli("deadletter", "list", *self.log))
        # Nothing is sent without a word from somebody.
        cli("deadletter", "retry", *self.log, code=2)

        self.configure("json")
        retried = json.loads(cli("deadletter", "retry", *self.log, "--json", "--yes"))
        self.assertEqual(retried, {"sent": CALLS, "cut": 0})
        pipeline = self.start()
        classes = ("decision", "merged", "duplicate", "late", "deadletter")
        pipeline.wait(lambda: pipeline.tally("decide", *classes) >= CALLS)
        self.assertEqual(pipeline.tally("decide", "decision"), CALLS)
        jobs = pipeline.tally("decide", "jobs_text")
        self.assertGreater(jobs, CALLS / 10)
        pipeline.wait(lambda: pipeline.tally("dispatch", *JOB_ENDS) >= jobs)
        self.assertEqual(pipeline.tally("dispatch", "job_sent"), jobs)
        self.assertEqual(pipeline.metric("textback_dispatch_outbox_texts"), 0)
        pipeline.stop()

        # Sent once more they are duplicates: no decision, no text.
        cli("deadletter", "retry", *self.log, "--json", "--yes")
        pipeline = self.start()
        pipeline.wait(lambda: pipeline.tally("decide", *classes) >= CALLS)
        self.assertEqual(pipeline.tally("decide", "duplicate"), CALLS)
        self.assertEqual(pipeline.tally("decide", "decision", "jobs_text"), 0)
        pipeline.stop()
        self.assertEqual(len(self.parked()), CALLS)

    def test_progress_is_shown_on_a_terminal_and_nowhere_else(self):
        arguments = [TEXTBACK, "load", "--file", str(self.path / "x.pb"), "--count", "400000"]
        plain = subprocess.run(arguments, capture_output=True, timeout=DEADLINE_SECONDS, check=True)
        self.assertNotIn(b"\r", plain.stderr)
        try:
            main, terminal = pty.openpty()
        except OSError as error:  # docs/adr/0016-tests-that-need-a-terminal.md
            self.skipTest(f"no pseudo-terminal here: {error}")
        self.addCleanup(os.close, main)
        process = subprocess.Popen(arguments, stderr=terminal, stdout=subprocess.DEVNULL)
        os.close(terminal)
        shown = b""
        while select.select([main], [], [], DEADLINE_SECONDS)[0]:
            try:
                piece = os.read(main, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
        self.assertEqual(process.wait(timeout=DEADLINE_SECONDS), 0)
        self.assertRegex(shown, rb"\r.*\d+ ?%|\r.*of 400000")


class Demo(unittest.TestCase):
    def test_a_second_run_shows_its_first_text_at_once_and_adds_up(self):
        """What deploy/demo runs once all is built."""
        with tempfile.TemporaryDirectory() as data:
            begin = time.monotonic()
            first = None
            lines = []
            with subprocess.Popen([TEXTBACK, "run", "--config", SAMPLES / "demo.yaml", "--data", data, "--simulator", "--demo",
                                   "--calls", SAMPLES / "demo-calls.csv", "--load", "2000"],
                                  stdout=subprocess.PIPE, text=True) as process:
                for line in process.stdout:
                    lines.append(line)
                    if first is None and "text to" in line:
                        first = time.monotonic() - begin
            self.assertEqual(process.returncode, 0)
        self.assertIsNotNone(first)
        self.assertLess(first, 5)
        shown = "".join(lines)
        asked = int(re.search(r"asked for +(\d+)", shown)[1])
        ends = [int(re.search(rf"  {end} +(\d+)", shown)[1])
                for end in ("sent", "unknown", "expired", "rejected", "cancelled", "blocked")]
        self.assertEqual(asked, sum(ends), shown[-2500:])
        handed_on = int(re.search(r"handed on to decide +(\d+)", shown)[1])
        classes = [int(re.search(rf"    {name} +(\d+)", shown)[1])
                   for name in ("decision", "merged into one", "duplicate", "late", "dead letter")]
        self.assertEqual(handed_on, sum(classes), shown[-2500:])


if __name__ == "__main__":
    TEXTBACK = sys.argv.pop(1)
    unittest.main()
