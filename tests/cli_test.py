#!/usr/bin/env python3
"""The program `textback` as a process, on files and on an embedded log.

Usage: tests/cli_test.py PATH-OF-TEXTBACK   UPDATE_GOLDEN=1 rewrites tests/data/cli/replay.golden.jsonl
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "deploy/samples"
DATA = ROOT / "tests/data/cli"
SCHEMAS = ROOT / "docs/schema"
TEXTBACK = ""
REPLAY_ASTERISK = ["replay", SAMPLES / "Master.csv", "--tenants", SAMPLES / "tenants.yaml", "--country", "US",
                   "--zone", "America/New_York", "--emits", "leg_end", "--settle", "3s", "--source", "pbx"]


def run(*arguments, code=0, stdin=None):
    done = subprocess.run([TEXTBACK, *map(str, arguments)], capture_output=True, timeout=120, input=stdin)
    if done.returncode != code:
        raise AssertionError(f"{' '.join(map(str, arguments))}: exit code {done.returncode}, expected {code}\n"
                             f"{done.stdout.decode()[-2000:]}\n{done.stderr.decode()[-2000:]}")
    return done.stdout, done.stderr.decode()


def objects(output):
    return [json.loads(line) for line in output.decode().splitlines()]


def check(value, schema, root=None, at="$"):
    """The part of JSON Schema that docs/schema uses."""
    root = root or schema
    if "$ref" in schema:
        target = schema["$ref"]
        if target.startswith("#/$defs/"):
            return check(value, root["$defs"][target.rpartition("/")[2]], root, at)
        return check(value, json.loads((SCHEMAS / target).read_text()), None, at)
    if "enum" in schema:
        assert value in schema["enum"], f"{at}: {value!r} is not one of {schema['enum']}"
        return None
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    kind = kinds[schema["type"]]
    assert isinstance(value, kind) and (kind is not int or not isinstance(value, bool)), f"{at}: {value!r} is no {schema['type']}"
    if kind is list:
        for i, item in enumerate(value):
            check(item, schema["items"], root, f"{at}[{i}]")
    if kind is dict:
        for key in schema.get("required", []):
            assert key in value, f"{at}: {key} is missing"
        for key, item in value.items():
            assert key in schema["properties"], f"{at}: {key} is not in the schema"
            check(item, schema["properties"][key], root, f"{at}.{key}")
    return None


def check_all(values, name):
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    assert values, f"nothing to check against {name}"
    for value in values:
        check(value, schema)


class Cli(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def test_the_checker_of_schemas_can_fail(self):
        schema = json.loads((SCHEMAS / "decision.schema.json").read_text())
        check({"verdict": "busy", "gates": [{"name": "stale"}]}, schema)
        for bad in ({"verdict": "bussy"}, {"now_ms": "1"}, {"now_ms": True}, {"nothing": 1}, {"gates": [{"names": ""}]}):
            with self.assertRaises(AssertionError):
                check(bad, schema)

    def test_load_is_a_function_of_its_seed(self):
        everything = ["--count", "3000", "--skew", "1.1", "--duplicates", "0.05", "--out-of-order", "0.1",
                      "--foreign", "0.2", "--forked", "0.1"]
        for ending in ("pb", "jsonl", "csv"):
            files = [self.path / f"{i}.{ending}" for i in range(3)]
            for file, seed in zip(files, ("7", "7", "8")):
                run("load", "--file", file, "--seed", seed, *everything)
            self.assertEqual(files[0].read_bytes(), files[1].read_bytes())
            self.assertNotEqual(files[0].read_bytes(), files[2].read_bytes())
        out, err = run("load", "--file", "-", "--format", "json", "--count", "50")
        self.assertEqual(len(out.splitlines()), 50)
        self.assertIn("50 records of 50 calls", err)
        check_all(objects(out), "call_record")

    def test_replay_gives_the_golden_decisions_every_time(self):
        out, err = run(*REPLAY_ASTERISK)
        self.assertEqual(run(*REPLAY_ASTERISK)[0], out)
        golden = DATA / "replay.golden.jsonl"
        if os.environ.get("UPDATE_GOLDEN"):
            golden.write_bytes(out)
        self.assertEqual(out.decode(), golden.read_text(), "UPDATE_GOLDEN=1 rewrites it")
        decisions = objects(out)
        check_all(decisions, "decision")
        self.assertEqual(len({d["call_id"] for d in decisions}), len(decisions))
        texts = [d for d in decisions if d["action"] == "text"]
        self.assertGreater(len(texts), 10)
        self.assertIn("64 records", err)
        everything = objects(run(*REPLAY_ASTERISK, "--all", "--quiet")[0])
        self.assertEqual([o["decision"] for o in everything if "decision" in o], decisions)
        jobs = [o["job"] for o in everything if "job" in o]
        check_all(jobs, "job")
        callbacks = [o["callback"] for o in everything if "callback" in o]
        check_all(callbacks, "callback")
        self.assertEqual({c["call_id"] for c in callbacks},
                         {d["call_id"] for d in decisions if d.get("reason") in ("withheld", "not_textable", "own_line", "tenant_line")})
        self.assertEqual({j["job_id"] for j in jobs if "text" in j}, {d["job_id"] for d in texts})

    def test_replay_reads_all_formats_alike(self):
        tenants = self.path / "tenants.yaml"
        results = []
        for ending in ("pb", "jsonl"):
            file = self.path / f"calls.{ending}"
            run("load", "--file", file, "--count", "2000", "--duplicates", "0.05", "--forked", "0.2",
                "--tenants-file", tenants)
            decisions = objects(run("replay", file, "--tenants", tenants, "--emits", "leg_end", "--settle", "1s")[0])
            for decision in decisions:
                for evidence in decision["evidence"]:
                    del evidence["coordinates"]
            results.append(decisions)
        self.assertEqual(results[0], results[1])
        self.assertEqual(len(results[0]), 2000)

    def test_inspect_says_of_a_file_what_replay_decides(self):
        options = ["--source", "asterisk-cdr", "--country", "US", "--zone", "America/New_York"]
        calls = objects(run("inspect", *options, "--json", SAMPLES / "Master.csv")[0])
        check_all(calls, "inspected_call")
        told = sorted((c["started_at_ms"], c["customer"], c["verdict"]) for c in calls)
        # The tenants of replay may count a shorter ring as missed than the 3 s that inspect goes by.
        replayed = {(d["started_at_ms"], d.get("customer", ""), d["verdict"])
                    for d in objects(run(*REPLAY_ASTERISK)[0]) if d.get("ring_ms", 0) >= 3000}
        sure = {r for r in replayed if r[2] not in ("unresolved", "outbound")}
        self.assertGreater(len(sure), 20)
        self.assertEqual(sure - set(told), set())
        explained = run("inspect", *options, "--explain", SAMPLES / "Master.csv")[0].decode()
        self.assertIn("by rule asterisk.no_answer: disposition: no answer", explained)
        self.assertIn("[cdr.c, ast_cdr_disp2str", explained, "the source of the rule")
        out, _ = run("inspect", *options, "--coverage", "--json", SAMPLES / "Master.csv", code=0)
        check_all(objects(out), "coverage")
        self.assertEqual(sum(o["calls"] for o in objects(out)), len(calls))

    def test_inspect_names_what_it_cannot_read_and_what_it_is_not_told(self):
        file = self.path / "cut.csv"
        file.write_bytes((SAMPLES / "Master.csv").read_bytes().splitlines()[0] + b'\n"one","tw')
        out, err = run("inspect", "--source", "asterisk-cdr", "--country", "US", "--json", file, code=1)
        self.assertEqual(len(objects(out)), 1)
        self.assertIn("cut.csv:2: csv_", err)
        self.assertIn("none of asterisk-cdr, ", run("inspect", "--source", "nortel", file, code=2)[1])

    def test_inspect_joins_a_providers_callbacks(self):
        """The parent's `completed` says that the application answered; who was reached, <Dial> says."""
        def callback(call, caller, **fields):
            return urllib.parse.urlencode({"CallSid": call, "From": caller, "To": "+442079460222", "Direction": "inbound", **fields})

        end = {"CallStatus": "completed", "CallDuration": "40", "Timestamp": "Mon, 21 Sep 2026 12:00:40 +0000"}
        lines = []
        for call, caller, reached in (("CA01", "+447700900101", "no-answer"), ("CA02", "+447700900102", "completed"),
                                      ("CA03", "+447700900103", None)):
            if reached:  # the answer to <Dial> carries no time: the file's own counts
                lines.append(callback(call, caller, CallStatus="in-progress", DialCallStatus=reached))
            lines.append(callback(call, caller, **end))
        leg = {"ParentCallSid": "CA04", "Direction": "outbound-dial", "textback_line": "+442079460222", "textback_caller": "+447700900104"}
        for status, second in (("ringing", 38), ("no-answer", 40)):
            lines.append(callback("CA05", "+442079460222", **{**leg, "CallStatus": status, "Timestamp": f"Mon, 21 Sep 2026 12:00:{second} +0000"}))
        lines.append(callback("CA04", "+447700900104", **end))
        file = self.path / "callbacks.txt"
        file.write_text("\n".join(lines) + "\n")
        os.utime(file, (1789992040, 1789992040))
        calls = objects(run("inspect", "--source", "twilio", "--json", file)[0])
        self.assertEqual([(c["customer"], c["verdict"], c["answered_by"]) for c in calls], [
            ("+447700900101", "no_answer", ""),
            ("+447700900102", "answered", "unknown"),
            ("+447700900103", "answered", "ivr"),
            ("+447700900104", "short_ring", "")])

    def test_replay_names_what_it_cannot_read(self):
        file = self.path / "bad.jsonl"
        good = run("load", "--file", "-", "--format", "json", "--count", "1")[0].decode()
        file.write_text(good + "{\n" + '{"record_ids":"x"}\n')
        _, err = run("replay", file, "--tenants", SAMPLES / "tenants.yaml", code=1)
        self.assertIn("bad.jsonl:2: ", err)
        self.assertIn("bad.jsonl:3: ", err)
        cut = self.path / "cut.pb"
        run("load", "--file", cut, "--count", "3")
        cut.write_bytes(cut.read_bytes()[:-1])
        _, err = run("replay", cut, "--tenants", SAMPLES / "tenants.yaml", code=2)
        self.assertIn("record 3 is cut", err)

    def test_explain_from_a_file(self):
        file = self.path / "decisions.jsonl"
        for flags in ([], ["--all"]):
            out = run(*REPLAY_ASTERISK, *flags)[0]
            file.write_bytes(out)
            lines = [o.get("decision", o) for o in objects(out) if "job" not in o and "amendment" not in o]
            text = next(d for d in lines if d["action"] == "text")
            none = next(d for d in lines if d.get("reason") == "withheld")
            words = run("explain", text["call_id"], "--file", file)[0].decode()
            self.assertIn("Text", words.splitlines()[0])
            self.assertNotIn(text["customer"], words)
            self.assertIn(text["customer"], run("explain", text["call_id"], "--file", file, "--show-numbers")[0].decode())
            self.assertIn("No text", run("explain", none["call_id"], "--file", file)[0].decode())
            explained = objects(run("explain", text["call_id"], "--file", file, "--json")[0])
            check_all(explained, "explanation")
            self.assertEqual(explained[0]["decision"], text)
        _, err = run("explain", "nothing", "--file", file, code=1)
        self.assertIn("no decision about nothing", err)

    def test_tenants_validate(self):
        self.assertEqual(run("tenants", "validate", SAMPLES / "tenants.yaml")[0], b"ok: 3 tenants\n")
        check_all(objects(run("tenants", "validate", SAMPLES / "tenants.yaml", "--json")[0]), "tenant")
        _, err = run("tenants", "validate", DATA / "bad_tenants.yaml", code=1)
        for place, words in ((3, "lower-case"), (5, "E.164"), (7, "bussiness"), (11, "e164"), (13, "duration"),
                             (14, "text_verdict"), (15, "stands twice")):
            line = [row for row in err.splitlines() if f"bad_tenants.yaml:{place}:" in row]
            self.assertTrue(any(words in row for row in line), f"line {place}: {words}\n{err}")
        _, err = run("tenants", "validate", self.path / "none.yaml", code=2)
        self.assertIn("none.yaml", err)

    def test_topics_and_tenants_on_an_embedded_log(self):
        log = ["--embedded", self.path / "log"]
        _, _ = run("topics", "verify", *log, code=1)
        topics = objects(run("topics", "create", *log, "--json")[0])
        check_all(topics, "topic")
        self.assertEqual({t["state"] for t in topics}, {"ok"})
        run("topics", "verify", *log)
        out, _ = run("topics", "verify", *log, "--partitions", "16", code=1)
        self.assertIn(b"16", out)
        apply = lambda file, *more: objects(run("tenants", "apply", file, *log, "--json", *more)[0])
        check_all(apply(SAMPLES / "tenants.yaml"), "tenants_applied")
        self.assertEqual(apply(SAMPLES / "tenants.yaml"), [{"written": 0, "unchanged": 3, "removed": 0}])
        run("load", *log, "--count", "500", "--fast", "--tenants-file", self.path / "load.yaml", "--tenants", "2")
        self.assertEqual(apply(self.path / "load.yaml"), [{"written": 2, "unchanged": 0, "removed": 0}])
        listed = run("tenants", "list", *log, "--yaml")[0]
        (self.path / "listed.yaml").write_bytes(listed)
        self.assertEqual(apply(self.path / "listed.yaml", "--prune"), [{"written": 0, "unchanged": 5, "removed": 0}])
        self.assertEqual(apply(SAMPLES / "tenants.yaml", "--prune"), [{"written": 0, "unchanged": 3, "removed": 2}])
        names = {t["tenant"] for t in objects(run("tenants", "list", *log, "--json")[0])}
        self.assertEqual(names, {"hill-street-garage", "corner-bakery", "park-lane-practice"})
        self.assertEqual(run("deadletter", "list", *log, "--json")[0], b"")
        self.assertEqual(objects(run("deadletter", "retry", *log, "--json", "--yes")[0]), [{"sent": 0, "cut": 0}])
        check_all(objects(run("deadletter", "retry", *log, "--json", "--yes")[0]), "deadletter_retried")
        run("explain", "nothing", *log, code=1)

    def test_ingest_sends_each_record_once_and_parks_what_has_no_end(self):
        log = ["--embedded", self.path / "log"]
        file = self.path / "Master.csv"
        ingest = lambda code=0: run("ingest", *log, "--name", "pbx", "--source", "asterisk-cdr", file, code=code)[1]
        file.write_bytes(b"")
        self.assertIn("topics create", run("ingest", *log, "--name", "pbx", "--source", "asterisk-cdr", "--topic",
                                           "textback.ingest.positions", file, code=3)[1])
        run("topics", "create", *log)
        lines = (SAMPLES / "Master.csv").read_bytes()
        file.write_bytes(lines + b'"cut')
        self.assertIn(f"Master.csv: the last record, at byte {len(lines)}, has no end", ingest(code=1))
        self.assertIn("0 records sent", ingest(code=1))
        file.write_bytes(lines + b'"cut' + b"x" * 2_000_000 + b"\n" + lines.splitlines(keepends=True)[0])
        self.assertIn("1 records sent", ingest(code=1))
        letters = objects(run("deadletter", "list", *log, "--json")[0])
        check_all(letters, "dead_letter")
        self.assertEqual([(l["role"], l["source"], l["reason"]) for l in letters],
                         [("ingest", "pbx", "ingest_record_too_large")])
        self.assertIn("is not there", run("ingest", *log, "--name", "pbx", "--source", "asterisk-cdr", "none.csv", code=2)[1])
    def test_blocklist_on_an_embedded_log(self):
        log = ["--embedded", self.path / "log"]
        run("topics", "create", *log)
        edit = lambda *arguments, code=0: objects(run("blocklist", *arguments, *log, "--json", code=code)[0])
        done = edit("add", "+15550100123", "15550100*", "--note", "robocalls")
        check_all(done, "tenants_applied")
        self.assertEqual(done, [{"written": 2, "unchanged": 0, "removed": 0}])
        self.assertEqual(edit("add", "+15550100123", "--note", "robocalls"), [{"written": 0, "unchanged": 1, "removed": 0}])
        march = self.path / "march.csv"
        march.write_text("number,note\n+15550100124,a\n+15550100125,b\n")
        self.assertEqual(edit("import", march, "--list", "regulator", "--always"), [{"written": 2, "unchanged": 0, "removed": 0}])
        march.write_text("+15550100125,b\n+15550100126\n")
        self.assertEqual(edit("import", march, "--list", "regulator", "--always", "--prune"),
                         [{"written": 1, "unchanged": 1, "removed": 1}])
        listed = edit("list")
        check_all(listed, "block_entry")
        self.assertEqual({e["number"]: e["list"] for e in listed},
                         {"+15550100*": "operator", "+15550100123": "operator", "+15550100125": "regulator",
                          "+15550100126": "regulator"})
        self.assertEqual({e["number"] for e in edit("list", "--list", "regulator")}, {"+15550100125", "+15550100126"})
        self.assertEqual(edit("remove", "+15550100123", "+15550100999", code=1), [{"written": 0, "unchanged": 0, "removed": 1}])
        march.write_text("+15550100127\n01234\n")
        _, err = run("blocklist", "import", march, *log, code=2)
        self.assertIn("march.csv:2:", err)
        run("blocklist", "add", "0123", *log, code=2)
        run("blocklist", "add", "+15550100127", "--list", "Upper Case", *log, code=2)
        self.assertEqual(len(edit("list")), 3, "a mistake changes nothing")

    def test_replay_with_numbers_and_block_lists(self):
        calls = self.path / "calls.jsonl"
        tenants = self.path / "tenants.yaml"
        run("load", "--file", calls, "--count", "500", "--tenants-file", tenants)
        (self.path / "plan.csv").write_text("prefix,type\n+1,fixed\n")
        worker = self.path / "worker.yaml"
        worker.write_text(f"data_folder: {self.path}/data\nintake: {{inputs: [{{topic: cdrs, source: core, format: json, country: US}}]}}\n"
                          f"numbers: {{plan: {self.path}/plan.csv}}\n")
        reasons = lambda *more: [d.get("reason") for d in objects(run("replay", calls, "--tenants", tenants, *more)[0])]
        plain = reasons()
        self.assertGreater(plain.count(None), 100)
        fixed = reasons("--config", worker, "--source", "core")
        self.assertEqual(fixed.count(None), 0)
        self.assertGreater(fixed.count("not_textable"), 100)
        (self.path / "blocked.csv").write_text("+1*\n")
        blocked = reasons("--blocklist", self.path / "blocked.csv")
        self.assertEqual(blocked.count(None), 0)
        self.assertGreater(blocked.count("blocked"), 100)
        (self.path / "plan.csv").write_text("prefix,type\n+1,cellular\n")
        _, err = run("replay", calls, "--tenants", tenants, "--config", worker, "--source", "core", code=2)
        self.assertIn("plan.csv:2:", err)

    def test_usage(self):
        for arguments in ([], ["nothing"], ["load"], ["load", "--file", "x.pb"], ["topics", "verify"], ["replay"],
                          ["load", "--file", "/nowhere/x.pb", "--count", "1"], ["explain", "x"],
                          ["load", "--file", "x.pb", "--count", "1", "--missed", "2"]):
            _, err = run(*arguments, code=2)
            self.assertTrue(err, arguments)
        for command in ([], ["load"], ["replay"], ["explain"], ["tenants", "apply"], ["topics", "create"],
                        ["deadletter", "retry"], ["ingest"]):
            out, _ = run(*command, "--help")
            self.assertIn(b"xample" if command else b"Exit codes", out)

    def test_completion(self):
        for shell in ("bash", "zsh", "fish"):
            self.assertIn(b"deadletter", run("completion", shell)[0])
        script = run("completion", "bash")[0].decode()
        ask = script + ('COMP_WORDS=(textback tenants apply --pr); COMP_CWORD=3; _textback; echo "${COMPREPLY[@]}"\n'
                        'COMP_WORDS=(textback dead); COMP_CWORD=1; _textback; echo "${COMPREPLY[@]}"\n')
        done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True, timeout=30)
        self.assertEqual(done.stdout, "--prefix --prune\ndeadletter\n")


if __name__ == "__main__":
    TEXTBACK = sys.argv.pop(1)
    unittest.main()
