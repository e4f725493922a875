"""One run: everything measured one after another, the cases at the end all at once; then table, plots and verdict."""
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from . import cases, drawing, probing, processes, report, systems

RATES = [50, 100, 200, 400, 800, 1600, 3200]


class At:
    """Where things are."""

    def __init__(self, asked, repository):
        self.tools, self.scratch = asked.tools.resolve(), asked.scratch
        self.folder = asked.scratch / "runs" / time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime())
        self.environment = {key: value for key, value in os.environ.items() if key not in ("D", "PORT", "RECORDER")}
        self.binary = asked.binary.resolve() if asked.binary else build_product(repository)
        self.helper = asked.helper.resolve() if asked.helper else build_helper(repository)


def build_product(repository):
    """As packages have it: functions in order, packed, the commit and not the folder."""
    subprocess.run([repository / "release" / "build", "--no-default-features", "--features", "station"], check=True)
    return repository / "target" / "release-parts" / "carecircle"


def build_helper(repository):
    """The floor and the stand-in station: benches/peers.rs."""
    build = ["cargo", "bench", "--locked", "--bench", "peers", "--no-run", "--message-format", "json"]
    built = subprocess.run(build, cwd=repository, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = [json.loads(line) for line in built.splitlines() if '"executable":"' in line]
    return next(Path(one["executable"]) for one in found if one["target"]["name"] == "peers")


def main(asked, repository):
    if asked.from_run:
        rows = [json.loads(line) for line in (asked.from_run / "raw.jsonl").read_text().splitlines()]
        return finish(rows, asked.from_run, asked, repository)
    at = At(asked, repository)
    at.folder.mkdir(parents=True)
    rows = []
    with (at.folder / "raw.jsonl").open("w") as raw:

        def keep(row):
            rows.append(row)
            raw.write(json.dumps(row) + "\n")
            raw.flush()
            print(json.dumps({key: value for key, value in row.items() if key not in ("times_ms", "said")}), flush=True)

        try:
            measure_all(at, asked, keep)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            print(f"could not be measured: {error}", file=sys.stderr)
            return 2
        finally:
            processes.end_all()
            shutil.rmtree(at.folder / "work", ignore_errors=True)
    return finish(rows, at.folder, asked, repository)


def measure_all(at, asked, keep):
    wanted = asked.only or list(systems.KINDS)

    def make(name, folder, **options):
        return systems.KINDS[name](at, at.folder / "work" / folder, **options)

    if {"node-red", "home-assistant"} & set(wanted):
        systems.install(at)
    keep({"what": "machine", "quick": asked.quick, **machine(at)})
    for place, folder in (("disk", at.folder), ("memory", Path("/dev/shm"))):
        done = subprocess.run([at.helper, "commits", folder, "1000"], check=True, capture_output=True, text=True)
        keep({"what": "commits", "system": place, "times_ms": json.loads(done.stdout)})
    for name in systems.KINDS:
        if name in wanted:
            measure(make(name, name), asked.quick, keep)
    if not asked.skip_cases:
        for row in cases.all_of(wanted, make):
            keep(row)
    keep({"what": "end", "load": os.getloadavg()})


def measure(system, quick, keep):
    """Speed and size of one system, alone on the machine."""
    def row(what, **values):
        keep({"system": system.name, "what": what, **values})

    if isinstance(system, systems.HomeAssistant):
        probing.start_up(system)  # the first start of a folder sets it up; not measured
        system.stop()
    times = []
    for nth in range(1 if quick else system.starts):
        if nth:
            system.stop()
        times.append(round(probing.start_up(system), 4))
    row("start", seconds=times, median=statistics.median(times))
    row("idle", **probing.idle(system, 2 if quick else 15))
    for qos in (1, 0):
        row("latency", qos=qos, times_ms=probing.latencies(system, 20 if quick else 200, qos))
    if system.widen():
        system.stop()
        probing.start_up(system)
    steps = probing.held_rates(system, RATES[:2] if quick else RATES, 1 if quick else 5)
    row("rates", steps=steps, held_per_s=max([step["rate"] for step in steps if step["held"]], default=0))
    row("after load", **probing.tools.memory(system.child.pid))
    system.close()


def machine(at):
    def first_line(*command):
        done = subprocess.run(command, capture_output=True, text=True)
        return (done.stdout or done.stderr).strip().splitlines()[0]

    filesystem = first_line("findmnt", "-n", "-o", "FSTYPE", "-T", str(at.folder))
    installed = {name: folder_bytes(at.scratch / name) for name in ("nr", "ha")}
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "load": os.getloadavg(), "cores": os.cpu_count(),
        "cpu": platform.machine(), "kernel": platform.release(), "filesystem": filesystem,
        "carecircle": first_line(at.binary, "--version"), "carecircle_bytes": at.binary.stat().st_size,
        "node": first_line("node", "--version"), "python": platform.python_version(),
        "mosquitto": first_line("mosquitto", "-h"), "installed_bytes": installed,
    }


def folder_bytes(folder):
    done = subprocess.run(["du", "-sb", str(folder)], capture_output=True, text=True)
    return int(done.stdout.split()[0]) if done.stdout else None


def finish(rows, folder, asked, repository):
    table, bars, all_hold = report.text(rows)
    (folder / "table.md").write_text(table + "\n" + bars)
    drawing.latency_curves(rows, folder / "beside-latency.svg")
    drawing.bars(rows, folder / "beside-bars.svg")
    print(table + "\n" + bars)
    print(f"Every raw figure: {folder}/raw.jsonl; plots beside it.")
    if asked.write_docs:
        report.write_docs(repository, folder, table, bars)
    return 0 if all_hold else 1
