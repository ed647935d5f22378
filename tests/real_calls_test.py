#!/usr/bin/env python3
"""Real calls on a real switch: sipp phones through Kamailio on the loopback, its accounting through `textback inspect`.

Usage: tests/real_calls_test.py PATH-OF-TEXTBACK [--keep]

Each scenario is a number (the last three digits) that tests/data/real_calls/kamailio.cfg knows, a caller, and the
verdict that must come out. All calls run at once, on free ports. --keep keeps and names the folder of the logs.
Exit code 77: Kamailio or sipp isn't installed (deploy/install-packages test).
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "tests/data/real_calls"
BOUND_S = 35
SIPP_CANNOT_BIND = 254
COLUMNS = ("method,from_tag,to_tag,callid,sip_code,sip_reason,time,at,src_user,dst_ouser,dst_user,invite_at,ringing_at,"
           "answered_by,diversion,privacy,pai,reason_hdr")

# name: scenario file, what goes into it
PHONES = {
    "ANSWER": ("uas_answer", {}),
    "RING": ("uas_ring", {}),
    "SILENT": ("uas_silent", {}),
    "BUSY": ("uas_reply", {"CODE": "486", "HEADER": "X-Phone: busy"}),
    "DECLINE": ("uas_reply", {"CODE": "603", "HEADER": "X-Phone: decline"}),
    "UNKNOWN": ("uas_reply", {"CODE": "404", "HEADER": "X-Phone: none"}),
    "FAULT": ("uas_reply", {"CODE": "503", "HEADER": "X-Phone: none"}),
    "REASON": ("uas_reply", {"CODE": "480", "HEADER": 'Reason: Q.850;cause=17;text="User busy"'}),
    "BLOCKED": ("uas_reply", {"CODE": "608", "HEADER": "X-Phone: none"}),
}

NOTHING = "X-Caller: plain"
ELSEWHERE = 'Reason: SIP;cause=200;text="Call completed elsewhere"'


def answered():
    return "uac_answered", {}, NOTHING


def failed(code):
    return "uac_failed", {"CODE": str(code)}, NOTHING


def cancelled(after_ms, rings=True, reason=NOTHING):
    return "uac_cancel", {"RINGS": '<recv response="180"/>' if rings else "", "PAUSE": str(after_ms)}, reason


# digits: what is tried, the caller, verdict, who answered
CALLS = {
    "101": ("answered", answered(), "answered", "unknown"),
    "102": ("rings out", failed(408), "no_answer", ""),
    "103": ("busy", failed(486), "busy", ""),
    "104": ("caller gives up after a second", cancelled(1000), "short_ring", ""),
    "105": ("caller gives up after four seconds", cancelled(4000), "abandoned", ""),
    "106": ("two phones at once, one answers", answered(), "answered", "unknown"),
    "107": ("two phones at once, both decline", failed(603), "declined", ""),
    "108": ("no reply, forwarded, answered", answered(), "answered", "unknown"),
    "109": ("no phone registered", failed(480), "unreachable", ""),
    "110": ("no reply, mailbox", answered(), "voicemail", "voicemail"),
    "111": ("withheld, busy", failed(486), "busy", ""),
    "113": ("declined", failed(603), "declined", ""),
    "114": ("group one after the other: busy, busy, rings out", failed(408), "no_answer", ""),
    "115": ("group one after the other: busy, answered", answered(), "answered", "unknown"),
    "116": ("no such number, says the far end", failed(404), "wrong_number", ""),
    "117": ("network fault: a proxy makes 500 of 503 (RFC 3261, 16.7)", failed(500), "network_failure", ""),
    "118": ("480 whose Reason says busy", failed(480), "busy", ""),
    "119": ("blocked by analytics", failed(608), "blocked", ""),
    "120": ("cancelled because it was answered elsewhere", cancelled(1000, reason=ELSEWHERE), "answered_elsewhere", ""),
    "121": ("caller gives up before anything rang", cancelled(4000, rings=False), "short_ring", ""),
    "122": ("busy, forwarded, rings out", failed(408), "no_answer", ""),
}
WITHHELD = {"111"}


def free_ports(count):
    """Free UDP ports, all held until all are known."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def filled(path, values):
    text = path.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


class Site:
    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.spare = []

    def start(self, name, command):
        out = open(self.folder / f"{name}.log", "wb")
        process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   cwd=self.folder)
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def own_ports(self):
        if len(self.spare) < 2:
            self.spare = free_ports(8)
        return ["-cp", self.spare.pop(), "-mp", self.spare.pop()]

    def sipp(self, name, scenario, values, port, *more):
        file = self.folder / f"{name}.xml"
        file.write_text(filled(DATA / f"{scenario}.xml", values))
        return self.start(name, ["sipp", "-sf", file, "-i", "127.0.0.1", "-p", port, "-nostdin", "-timeout", BOUND_S,
                                 "-nd", *self.own_ports(), *more])


def ready(port, until, process):
    """Whether Kamailio replies to an OPTIONS."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(0.1)
        own = s.getsockname()[1]
        ask = (f"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bKready\r\n"
               "From: <sip:test@example.org>;tag=1\r\nTo: <sip:test@example.org>\r\nCall-ID: ready\r\n"
               "CSeq: 1 OPTIONS\r\nMax-Forwards: 10\r\nContent-Length: 0\r\n\r\n").encode()
        while time.monotonic() < until and process.poll() is None:
            try:
                s.sendto(ask, ("127.0.0.1", port))
                return s.recv(2000).startswith(b"SIP/2.0 200")
            except (TimeoutError, ConnectionError):
                continue
    return False


def place_call(site, digits, proxy, port):
    _, (scenario, more, reason), _, _ = CALLS[digits]
    caller, extra = f'"Caller" <sip:+447700900{digits}@example.org>', NOTHING
    if digits in WITHHELD:
        caller = '"Anonymous" <sip:anonymous@anonymous.invalid>'
        extra = f"P-Asserted-Identity: <sip:+447700900{digits}@example.org>\n      Privacy: id"
    text = filled(DATA / f"{scenario}.xml", more)
    path = site.folder / f"caller-{digits}.xml"
    path.write_text(text.replace("[from]", caller).replace("[more]", extra).replace("[cancel]", reason))
    return site.start(
        f"caller-{digits}", ["sipp", f"127.0.0.1:{proxy}", "-sf", path, "-i", "127.0.0.1", "-p", port, "-m", 1,
                             "-s", f"+442079460{digits}", "-cid_str", f"{digits}-%u-%p@%s", "-nostdin",
                             "-timeout", BOUND_S, "-timeout_error", *site.own_ports()])


def place_calls(site):
    """Starts everything, waits until every caller is done; gives what went wrong."""
    until = time.monotonic() + BOUND_S
    sipps = len(PHONES) + len(CALLS)
    ports = free_ports(1 + 3 * sipps)
    proxy, phones, callers = ports[0], ports[1:1 + len(PHONES)], ports[1 + len(PHONES):1 + sipps]
    # sipp also opens a port for commands and two for media; left alone it looks for them in a range of 60.
    site.spare = ports[1 + sipps:]
    flat = site.folder / "flat"
    flat.mkdir()
    values = {"PROXY": proxy, "FLAT": flat, **dict(zip(PHONES, phones))}
    (site.folder / "kamailio.cfg").write_text(filled(DATA / "kamailio.cfg", values))
    for (name, (scenario, more)), port in zip(PHONES.items(), phones):
        site.sipp(f"phone-{name}", scenario, more, port)
    kamailio = site.start("kamailio", ["kamailio", "-DD", "-E", "-m", "32", "-M", "4", "-Y", site.folder, "-P",
                            site.folder / "kamailio.pid", "-w", site.folder, "-f", site.folder / "kamailio.cfg"])
    if not ready(proxy, until, kamailio):
        return ["Kamailio did not start: " + (site.folder / "kamailio.log").read_text(errors="replace")[-2000:]]
    ports_of = dict(zip(CALLS, callers))
    running = {digits: place_call(site, digits, proxy, ports_of[digits]) for digits in CALLS}
    wrong = []
    for digits in CALLS:
        for _ in range(5):
            try:
                code = running[digits].wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                code = "none: still running"
            if code != SIPP_CANNOT_BIND:
                break
            # Another program took the port since; no call was placed yet.
            running[digits] = place_call(site, digits, proxy, free_ports(1)[0])
        if code != 0:
            wrong.append(f"{digits} ({CALLS[digits][0]}): the call itself went wrong, sipp's exit code {code}")
    time.sleep(0.7)  # the last rows are written after the last reply, JSON every 0.2 s
    return wrong


def judge(textback, files, profile, what):
    done = subprocess.run([textback, "inspect", "--json", "--source", "kamailio-acc", "--country", "GB",
                           *(["--profile", profile] if profile else []), *map(str, files)],
                          capture_output=True, timeout=60)
    if done.returncode != 0:
        yield f"{what}: exit code {done.returncode}: {done.stderr.decode()[-2000:]}"
    calls = {}
    for line in done.stdout.decode().splitlines():
        call = json.loads(line)
        calls.setdefault(call["line"][-3:], []).append(call)
    for digits, (name, _, verdict, by) in CALLS.items():
        found = calls.pop(digits, [])
        if len(found) != 1:
            yield f"{what}: {digits} ({name}) is {len(found)} calls"
            continue
        call = found[0]
        if (call["verdict"], call["answered_by"]) != (verdict, by):
            yield (f"{what}: {digits} ({name}) must be {verdict} {by}, not {call['verdict']} {call['answered_by']}: "
                   + json.dumps(call["records"]))
        customer = "" if digits in WITHHELD else f"+447700900{digits}"
        if call["customer"] != customer:
            yield f"{what}: {digits} ({name}): the customer is \"{call['customer']}\", not \"{customer}\""
    if calls:
        yield f"{what}: calls that nobody placed: {sorted(calls)}"


def main():
    textback = sys.argv[1]
    os.environ["PATH"] += os.pathsep + "/usr/sbin"  # where Debian has kamailio
    for program in ("kamailio", "sipp"):
        if shutil.which(program) is None:
            print(f"real calls: {program} isn't installed: deploy/install-packages test")
            sys.exit(77)
    begin = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="real-calls-"))
    site = Site(folder)
    try:
        wrong = place_calls(site)
    finally:
        site.stop()
    log = folder / "acc.log"
    lines = (folder / "kamailio.log").read_text(errors="replace").splitlines()
    rows = [line for line in lines if "ACC: " in line]
    log.write_text("\n".join(rows) + "\n")
    documents = folder / "acc.json"
    documents.write_text("".join(line.partition("JSON: ")[2] + "\n" for line in lines if "JSON: " in line))
    if rows:
        wrong += judge(textback, [log], "", "syslog")
        wrong += judge(textback, sorted((folder / "flat").glob("acc*")), COLUMNS, "table acc")
        wrong += judge(textback, [documents], "", "JSON")
    print(f"real calls: {len(CALLS)} calls, {len(rows)} rows, {time.monotonic() - begin:.1f} s, {len(wrong)} wrong")
    for line in wrong:
        print("  " + line)
    if "--keep" in sys.argv[2:]:
        print(f"  logs: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
