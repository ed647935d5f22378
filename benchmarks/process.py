"""Processes that are measured: started, asked how far they are, ended. Used by benchmarks/run."""
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build/release/bin"
DEADLINE_SECONDS = 900


def cpu_of(pid):
    """Seconds of user and system time."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Process:
    """A service that logs http_port=N and serves /metrics there; its CPU time is read from /proc."""

    profiles = None  # folder for perf's records, one a stage

    def __init__(self, name, command, folder):
        self.path = folder / f"{name}.log"
        self.process = subprocess.Popen([str(c) for c in command], stderr=open(self.path, "wb"))
        self.port = self.wait_for_port()
        self.profiler = None
        if Process.profiles:
            self.profiler = subprocess.Popen(["perf", "record", "-q", "--call-graph", "dwarf,8192", "-F", "199", "-o", Process.profiles / f"{name}.data",
                                              "-p", str(self.process.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_for_port(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            match = re.search(r"http_port=(\d+)", self.path.read_text(errors="replace"))
            if match:
                return int(match[1])
            if self.process.poll() is not None:
                sys.exit(self.path.read_text(errors="replace"))
            time.sleep(0.05)
        sys.exit(f"{self.path}: no port after 60 s")

    def cpu(self):
        return cpu_of(self.process.pid)

    def metric(self, name, *labels):
        """The sum over all lines that have one of each label's values. One request: asking costs the process CPU."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as page:
            lines = page.read().decode().split("\n")
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if re.match(re.escape(name) + r"[ {]", line) and all(re.search(label, line) for label in labels))

    def tally(self, role, *what):
        return self.metric("textback_shard_tallies_total", f'role="{role}"', f'what="({"|".join(what)})"')

    def stop(self):
        self.process.terminate()
        if self.profiler:
            self.profiler.wait(timeout=60)
        if self.process.wait(timeout=60) != 0:
            sys.exit(f"{self.path}: ended with {self.process.returncode}\n{self.path.read_text(errors='replace')[-3000:]}")


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout


def measure(process, done, count):
    """From the first sign of work until done(): records, seconds, CPU seconds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while count() == 0:
        if time.monotonic() > deadline:
            sys.exit(f"{process.path}: nothing happened")
        time.sleep(0.02)
    begin, cpu, first = time.monotonic(), process.cpu(), count()
    while not done():
        if time.monotonic() > deadline:
            sys.exit(f"{process.path}: not done after {DEADLINE_SECONDS} s")
        time.sleep(0.1)
    return count() - first, time.monotonic() - begin, process.cpu() - cpu


class Broker:
    """A real broker on loopback, empty."""

    def __init__(self, folder):
        self.process = subprocess.Popen([ROOT / "tests/kafka/broker", "run", "--dir", folder / "broker"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        self.log = ["--brokers", self.address]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
