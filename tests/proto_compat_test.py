#!/usr/bin/env python3
"""Compares the contract (proto/) with the baselines that were published: only additions may differ.

  tests/proto_compat_test.py            compares, and proves on mutated copies that it would notice
  tests/proto_compat_test.py --update   records the protos as the new baselines (after an addition; a
                                        change that breaks needs --update --breaking, a new major version and
                                        a line in CHANGELOG.md)

Protobuf names fields by number on the wire, and JSON by name, so both must stay. Rules: docs/compatibility.md.
Exit codes: 0 compatible, 1 findings, 3 protoc is missing or can't read the protos.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
BASELINES = {"v1": ROOT / "tests/data/proto/v1.baseline.json",
             "state/v1": ROOT / "tests/data/proto/state-v1.baseline.json"}
# google/protobuf/descriptor.proto: FieldDescriptorProto.Type.
TYPES = {1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "string",
         11: "message", 12: "bytes", 13: "uint32", 14: "enum", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64"}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def parts(data):
    """The fields of one protobuf message: {number: [value, …]}. Descriptors hold varints and bytes only."""
    fields, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"wire type {key & 7} in a descriptor")
        fields.setdefault(key >> 3, []).append(value)
    return fields


def text(fields, number):
    return fields[number][0].decode() if number in fields else ""


def read_enum(fields, name, out):
    values = [parts(value) for value in fields.get(2, [])]
    out["enums"][name] = {text(value, 1): value.get(2, [0])[0] for value in values}


def read_message(fields, name, out):
    oneofs = [text(parts(oneof), 1) for oneof in fields.get(8, [])]
    members = {}
    for member in (parts(field) for field in fields.get(2, [])):
        kind = TYPES[member[5][0]]
        if kind in ("message", "enum"):
            kind += " " + text(member, 6).lstrip(".")
        optional = member.get(17, [0])[0] == 1
        label = "repeated" if member[4][0] == 3 else "optional" if optional else "singular"
        members[text(member, 1)] = {"number": member[3][0], "type": kind, "label": label}
        if 9 in member and not optional:
            members[text(member, 1)]["oneof"] = oneofs[member[9][0]]
    out["messages"][name] = members
    for nested in map(parts, fields.get(3, [])):
        read_message(nested, f"{name}.{text(nested, 1)}", out)
    for nested in map(parts, fields.get(4, [])):
        read_enum(nested, f"{name}.{text(nested, 1)}", out)


def read_protos(root, folder):
    """{"messages": {name: {field: {number, type, label[, oneof]}}}, "enums": {name: {value: number}}}"""
    files = sorted((root / "textback" / folder).glob("*.proto"))
    with tempfile.TemporaryDirectory() as scratch:
        target = pathlib.Path(scratch) / "set"
        run = subprocess.run(["protoc", f"-I{root}", f"--descriptor_set_out={target}", *map(str, files)],
                             capture_output=True, text=True)
        if run.returncode:
            raise SyntaxError(run.stderr.strip())
        data = target.read_bytes()
    out = {"messages": {}, "enums": {}}
    for file in map(parts, parts(data)[1]):
        package = text(file, 2)
        for message in map(parts, file.get(4, [])):
            read_message(message, f"{package}.{text(message, 1)}", out)
        for enum in map(parts, file.get(5, [])):
            read_enum(enum, f"{package}.{text(enum, 1)}", out)
    return out


def differences(old, new):
    """What would break a program that was built with `old`. Empty: only additions."""
    found = []
    for message, fields in old["messages"].items():
        now = new["messages"].get(message)
        if now is None:
            found.append(f"message {message} was removed or renamed")
            continue
        by_number = {field["number"]: name for name, field in now.items()}
        for name, field in fields.items():
            where = f"{message}.{name} = {field['number']}"
            if name not in now:
                other = by_number.get(field["number"])
                found.append(f"field {where} was " + (f"renamed to {other}" if other else "removed"))
                continue
            for what in ("number", "type", "label", "oneof"):
                if now[name].get(what) != field.get(what):
                    found.append(f"field {where}: its {what} was {field.get(what)}, is {now[name].get(what)}")
    for enum, values in old["enums"].items():
        now = new["enums"].get(enum)
        if now is None:
            found.append(f"enum {enum} was removed or renamed")
            continue
        by_number = {number: name for name, number in now.items()}
        for name, number in values.items():
            if name not in now:
                other = by_number.get(number)
                found.append(f"value {enum}.{name} = {number} was " + (f"renamed to {other}" if other else "removed"))
            elif now[name] != number:
                found.append(f"value {enum}.{name}: its number was {number}, is {now[name]}")
    return found


# (file, what is replaced, by what, what the finding must say; None: an addition, nothing is found)
MUTATIONS = [
    ("v1/decision.proto", "  string tenant = 2;\n", "", "textback.v1.Decision.tenant = 2 was removed"),
    ("v1/decision.proto", "string tenant = 2;", "string owner = 2;", "Decision.tenant = 2 was renamed to owner"),
    ("v1/decision.proto", "string tenant = 2;", "string tenant = 99;", "its number was 2, is 99"),
    ("v1/decision.proto", "int64 now_ms = 14;", "int32 now_ms = 14;", "its type was int64, is int32"),
    ("v1/decision.proto", "Verdict verdict = 6;", "Action verdict = 6;", "is enum textback.v1.Action"),
    ("v1/decision.proto", "repeated Gate gates = 10;", "Gate gates = 10;", "its label was repeated, is singular"),
    ("v1/decision.proto", "optional int64 value = 3;", "int64 value = 3;", "its label was optional, is singular"),
    ("v1/decision.proto", "  VERDICT_BUSY = 3;\n", "", "Verdict.VERDICT_BUSY = 3 was removed"),
    ("v1/decision.proto", "VERDICT_BUSY = 3;", "VERDICT_ENGAGED = 3;", "VERDICT_BUSY = 3 was renamed to VERDICT_ENGAGED"),
    ("v1/decision.proto", "VERDICT_BUSY = 3;", "VERDICT_BUSY = 90;", "its number was 3, is 90"),
    ("v1/decision.proto", "OUTCOME_SKIPPED = 3;", "OUTCOME_LEFT_OUT = 3;", "Gate.Outcome.OUTCOME_SKIPPED = 3 was renamed"),
    ("v1/job.proto", "    Cancel cancel = 8;\n  }", "  }\n  Cancel cancel = 8;", "its oneof was body, is None"),
    ("v1/dead_letter.proto", "message DeadLetter {", "message Parked {", "message textback.v1.DeadLetter was removed or renamed"),
    ("v1/decision.proto", "string tenant = 2;", "string tenant = 2;\n  string added = 99;", None),
    ("v1/decision.proto", "VERDICT_BUSY = 3;", "VERDICT_BUSY = 3;\n  VERDICT_ADDED = 90;", None),
    ("v1/decision.proto", "message Decision {", "message Added { string text = 1; }\nmessage Decision {", None),
    ("state/v1/customer.proto", "fixed64 id_low = 2;", "uint64 id_low = 2;", "its type was fixed64, is uint64"),
]


def prove(current):
    """Each mutation of a copy must be found, and an addition must not. Returns what went wrong."""
    wrong = []
    for file, old, new, expected in MUTATIONS:
        with tempfile.TemporaryDirectory() as scratch:
            copy = pathlib.Path(scratch) / "proto"
            shutil.copytree(PROTO, copy)
            path = copy / "textback" / file
            source = path.read_text()
            if old not in source:
                wrong.append(f"{file} has no '{old}' any more: choose another line to mutate")
                continue
            path.write_text(source.replace(old, new, 1))
            try:
                found = differences(current[str(pathlib.Path(file).parent)], read_protos(copy, str(pathlib.Path(file).parent)))
            except SyntaxError as error:
                wrong.append(f"mutation '{old}' -> '{new}' doesn't compile: {error}")
                continue
            if (expected is None and found) or (expected is not None and not any(expected in f for f in found)):
                wrong.append(f"mutation '{old}' -> '{new}': expected {expected or 'nothing'}, found {found}")
    for kind in ("messages", "enums"):
        for name in current["v1"][kind]:
            less = json.loads(json.dumps(current["v1"]))
            del less[kind][name]
            if not any(name + " was removed" in f for f in differences(current["v1"], less)):
                wrong.append(f"the removal of {name} was not noticed")
    return wrong


def main():
    if not shutil.which("protoc"):
        print("proto_compat_test: protoc is missing (deploy/install-packages)", file=sys.stderr)
        return 3
    try:
        current = {folder: read_protos(PROTO, folder) for folder in BASELINES}
    except SyntaxError as error:
        print(error, file=sys.stderr)
        return 3
    findings = []
    for folder, path in BASELINES.items():
        if path.is_file():
            findings += differences(json.loads(path.read_text()), current[folder])
        elif "--update" not in sys.argv:
            findings.append(f"{path.relative_to(ROOT)} is missing")
    if findings and "--breaking" not in sys.argv:
        print(*findings, sep="\n")
        print("These break programs that are built, or records that are stored. See docs/compatibility.md.")
        return 1
    if "--update" in sys.argv:
        for folder, path in BASELINES.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(current[folder], indent=1, sort_keys=True) + "\n")
        print("baselines written")
    wrong = prove(current)
    if wrong:
        print(*wrong, sep="\n")
        return 1
    count = sum(len(fields) for part in current.values() for fields in part["messages"].values())
    print(f"{count} fields compared; {len(MUTATIONS)} mutations judged rightly")
    return 0


if __name__ == "__main__":
    sys.exit(main())
