"""The stages of benchmarks/run, each alone on the broker. Figures are (records, seconds, CPU seconds)."""
import json
import subprocess
import sys
import time

from process import BIN, ROOT, Process, cpu_of, measure, run

PEER = ROOT / "benchmarks/peers/kafka-streams"
PEER_BUILT = ROOT / "build/peers/kafka-streams"
JAVA = ["java", "-Xms1g", "-Xmx1g", "-XX:+UseParallelGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-cp", f"{PEER_BUILT}/peer.jar:{PEER_BUILT}/lib/*"]
PEER_COMMIT_SECONDS = 0.1
DECIDE_CLASSES = ("decision", "merged", "duplicate", "late", "deadletter", "redelivered")


def limit_of(broker, topic):
    limit = json.loads(run(BIN / "textback-bench-parse", broker.address, topic))
    return limit["records"], limit["seconds"], limit["cpu_seconds"]


def measure_intake(folder, common, name, topic, total):
    config = folder / f"{name}.yaml"
    config.write_text(f"instance: {name}\ndata_folder: {folder}/{name}\nroles: [intake]\n{common}intake:\n  inputs:\n"
                      f"    - {{topic: {topic}, source: {name}, format: protobuf}}\n")
    process = Process(name, [BIN / "textback-worker", "--config", config], folder)
    read = lambda: process.metric("textback_intake_records_total")
    figures = measure(process, lambda: read() >= total, read)
    handed_on = process.metric("textback_intake_sides_total", 'class="handed_on"')
    process.stop()
    return figures, handed_on


def measure_decide(folder, common, handed_on, threads=1):
    """Figures, first texts, transactions."""
    name = "decide" if threads == 1 else f"decide{threads}"
    config = folder / f"{name}.yaml"
    config.write_text(f"instance: {name}\ndata_folder: {folder}/{name}\nroles: [decide]\n{common}"
                      f"decide: {{threads: {threads}, memory: 1GiB}}\n")
    process = Process(name, [BIN / "textback-worker", "--config", config], folder)
    decided = lambda: process.tally("decide", *DECIDE_CLASSES)
    figures = measure(process, lambda: decided() >= handed_on, decided)
    jobs = process.tally("decide", "jobs_text", "jobs_reply")
    transactions = process.metric("textback_shard_transactions_total", 'role="decide"', 'end="committed"')
    process.stop()
    return figures, jobs, transactions


def build_peer():
    command = ["mvn", "-B", "-q", "-f", str(PEER / "pom.xml"), "package"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{done.stdout[-5000:]}")


def measure_peer(folder, broker, handed_on, threads, in_prefix, out_prefix, *settings):
    """decide's work on Kafka Streams (benchmarks/peers/kafka-streams/README.md): figures of all
    records and of the second half alone, when the JVM is warm; transactions."""
    run(BIN / "textback", "topics", "create", *broker.log, "--prefix", out_prefix)
    name = out_prefix[:-1]
    process = Process(name, [*JAVA, "textback.peer.Main", "--brokers", broker.address, "--state", folder / name, "--in", in_prefix,
                             "--out", out_prefix, "--threads", threads, *(word for each in settings for word in ("--set", each))], folder)
    decided = lambda: process.metric("peer_records_total")
    first = measure(process, lambda: decided() >= handed_on / 2, decided)
    processed_at = []

    def committed():
        """Everything is processed, and two commit intervals have passed since: decide counts what is committed, too."""
        if decided() < handed_on:
            return False
        processed_at.append(time.monotonic())
        return processed_at[-1] >= processed_at[0] + 2 * PEER_COMMIT_SECONDS

    second = measure(process, committed, decided)
    transactions = process.metric("peer_commits_total")
    process.stop()
    return tuple(a + b for a, b in zip(first, second)), second, transactions


def compare_peer(broker, prefix, peer_prefix):
    """Ends the run unless both programs wrote the same decisions and jobs."""
    done = subprocess.run([*JAVA, "textback.peer.Compare", broker.address, prefix, peer_prefix], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"decide and the Kafka Streams program differ:\n{done.stderr[-5000:]}{done.stdout}")
    return json.loads(done.stdout)


def measure_dispatcher(folder, common, jobs):
    smsc = subprocess.Popen([BIN / "textback-smsc", "--port", "0", "--control"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = json.loads(smsc.stdout.readline())["listening"].rsplit(":", 1)[1]
    config = folder / "dispatcher.yaml"
    config.write_text(f"instance: dispatcher\ndata_folder: {folder}/dispatcher\n{common}"
                      f"smsc: {{host: 127.0.0.1, port: {port}, window: 1000}}\n")
    process = Process("dispatcher", [BIN / "textback-dispatcher", "--config", config], folder)
    ends = ("job_sent", "job_unknown", "job_expired", "job_rejected", "job_cancelled", "job_blocked")
    closed = lambda: process.tally("dispatch", *ends)
    before = cpu_of(smsc.pid)
    count, seconds, cpu = measure(process, lambda: closed() >= jobs, closed)
    simulator = cpu_of(smsc.pid) - before
    process.stop()
    smsc.stdin.close()
    smsc.wait(timeout=30)
    return (count, seconds, cpu), (count, seconds, simulator)
