"""The table of a run, in the words of a README, and whether the bars hold."""
import shutil

from . import systems
from .probing import quantile

BEGIN, END = "<!-- beside: begin, written by tests/bench/peers --write-docs -->", "<!-- beside: end -->"
ORDER = ["floor", "ours", "memory", "node-red", "home-assistant"]
PEERS = ["node-red", "home-assistant"]
TIMER_WORDS = {
    "control": "nothing happens", "orderly": "orderly restart 5 s in", "across": "down across the deadline (20 s)",
    "kill": "kill -9, back 1 s later",
}


class Figures:
    """The rows of a run, to be asked."""

    def __init__(self, rows):
        self.rows = rows
        self.systems = [name for name in ORDER if self.row(name, "start")]

    def row(self, system, what, **more):
        wanted = {"system": system, "what": what, **more}
        return next((row for row in self.rows if all(row.get(key) == value for key, value in wanted.items())), None)

    def times(self, system, qos):
        row = self.row(system, "latency", qos=qos)
        return [time for time in row["times_ms"] if time is not None] if row else []

    def press(self, system, qos, part):
        return quantile(self.times(system, qos), part)

    def commit(self, place, part):
        row = self.row(place, "commits")
        return quantile(row["times_ms"], part) if row else float("inf")


def text(rows):
    """The table, the bars, and whether all of these hold."""
    figures = Figures(rows)
    bars, all_hold = judged(figures)
    return table(figures) + "\n" + conditions(figures), bars, all_hold


def table(figures):
    names = figures.systems
    head = "| | " + " | ".join(systems.KINDS[name].label for name in names) + " |\n|---|" + "---|" * len(names)
    lines = [head]

    def line(what, cell):
        lines.append(f"| {what} | " + " | ".join(cell(name) or "–" for name in names) + " |")

    for qos in (1, 0):
        words = "press to alert, QoS 1, p50 / p99" if qos else "the same, press at QoS 0"
        line(words, lambda name, qos=qos: press_words(figures, name, qos))
    line("highest rate held for 5 s", lambda name: rate_words(figures.row(name, "rates")))
    line("memory, idle / after that load", lambda name: memory_words(figures, name))
    line("processor, idle", lambda name: f"{figures.row(name, 'idle')['cpu_percent']:.2f} %")
    line("start to first alert", lambda name: f"{figures.row(name, 'start')['median']:.2f} s")
    line("installed", lambda name: installed_words(figures, name))
    line("written for one motion message", lambda name: bytes_words(figures.row(name, "bytes")))
    for case, words in TIMER_WORDS.items():
        line(f"“no motion for 20 s”: {words}", lambda name, case=case: timer_words(figures.row(name, f"timer: {case}"), case))
    line("alert raised while the broker is down 25 s", lambda name: outage_words(figures.row(name, "outage: one broker")))
    line("… while only the way to the station is down", lambda name: outage_words(figures.row(name, "outage: uplink")))
    line("… and the gateway is killed (-9) meanwhile", lambda name: outage_words(figures.row(name, "outage: uplink, kill -9")))
    return "\n".join(lines) + "\n"


def press_words(figures, name, qos):
    times, lost = figures.times(name, qos), len(figures.row(name, "latency", qos=qos)["times_ms"])
    lost -= len(times)
    return f"{quantile(times, 0.5):.2f} / {quantile(times, 0.99):.2f} ms" + (f", {lost} lost" if lost else "")


def rate_words(row):
    held = [step for step in row["steps"] if step["held"]]
    if not held:
        return "none"
    best = held[-1]
    return f"{best['rate']}/s (p99 {best['p99_ms']:.0f} ms, {best['cpu_percent']:.0f} % of a core)"


def memory_words(figures, name):
    return f"{figures.row(name, 'idle')['rss_mib']:.1f} / {figures.row(name, 'after load')['rss_mib']:.1f} MiB"


def installed_words(figures, name):
    machine = next(row for row in figures.rows if row["what"] == "machine")
    if name in ("ours", "memory"):
        return f"{machine['carecircle_bytes'] / 1e6:.1f} MB"
    size = machine["installed_bytes"].get({"node-red": "nr", "home-assistant": "ha"}.get(name))
    return f"{size / 1e6:.0f} MB + " + ("Node" if name == "node-red" else "Python") if size else None


def bytes_words(row):
    if not row or "error" in row:
        return None
    return f"{row['bytes_per_event']} B" if row["bytes"] else "nothing, keeps none"


def timer_words(row, case):
    if not row or "error" in row:
        return None
    def one(late):
        if late is None:
            return "**lost**"
        if case == "across":
            return f"{late:.1f} s after the start"
        return "on time" if abs(late) <= 2 else f"{late:.0f} s late"
    return ", ".join(f"`{name}` {one(late)}" if name else one(late) for name, late in row["late_s"].items())


def outage_words(row):
    if not row or "error" in row:
        return None
    def one(after):
        return "**lost**" if after is None else f"{after:.1f} s after its return"
    return ", ".join(f"`{name}` {one(after)}" if name else one(after) for name, after in row["after_return_s"].items())


def conditions(figures):
    machine = next(row for row in figures.rows if row["what"] == "machine")
    trial = "**A trial with few presses at low rates on a busy machine (`--quick`): no figures to quote.** " if machine.get("quick") else ""
    return (
        f"{trial}{machine['date']}, {machine['cores']} shared cores, {machine['cpu']}, state on {machine['filesystem']}, load at the begin "
        f"{machine['load'][0]:.1f}. {machine['carecircle']} ({machine['carecircle_bytes']:,} bytes), {machine['mosquitto'].split(' is ')[0]}, "
        f"Node {machine['node']}, Python {machine['python']}. One commit of one row, p50 / p99 of 1,000: "
        f"{figures.commit('disk', 0.5):.2f} / {figures.commit('disk', 0.99):.2f} ms on that disk, "
        f"{figures.commit('memory', 0.5):.2f} / {figures.commit('memory', 0.99):.2f} ms in memory.\n"
    )


def judged(figures):
    """Every bar of issue and design with its figure."""
    held, lines = [], []

    def bar(words, holds, figure):
        held.append(bool(holds))
        lines.append(f"- {'holds' if holds else '**missed**'}: {words}: {figure}")

    has = set(figures.systems)
    for peer in PEERS:
        if peer in has and "ours" in has:
            for part, name in ((0.5, "p50"), (0.99, "p99")):
                times = figures.press(peer, 1, part) / figures.press("ours", 1, part)
                bar(f"{name} at QoS 1 at least 5 × faster than {systems.KINDS[peer].label}", times >= 5, f"{times:.1f} ×")
            times = figures.row(peer, "idle")["rss_mib"] / figures.row("ours", "idle")["rss_mib"]
            bar(f"memory at least 10 × smaller than {systems.KINDS[peer].label}", times >= 10, f"{times:.1f} ×")
    for name, place in (("ours", "disk"), ("memory", "memory")):
        if "floor" in has and name in has:
            for part, limit, word in ((0.5, 1.3, "p50"), (0.99, 2.0, "p99")):
                floor = figures.press("floor", 1, part) + figures.commit(place, part)
                times = figures.press(name, 1, part) / floor
                bar(f"{word} at most {limit} × (floor + one commit), {place}", times <= limit, f"{times:.2f} ×")
    for case, words in TIMER_WORDS.items():
        row = figures.row("ours", f"timer: {case}")
        if row:
            late = row.get("late_s", {}).get("")
            bar(f"ours, “no motion”: {words}", late is not None and abs(late) <= 2, timer_words(row, case) or row.get("error"))
    for row in figures.rows:
        if row.get("system") == "ours" and row["what"].startswith("outage: "):
            after = row.get("after_return_s", {}).get("")
            bar(f"ours, {row['what']}: at most 2 s after the return", after is not None and after <= 2, outage_words(row) or row.get("error"))
    row = figures.row("ours", "bytes")
    if row:
        bar("at most 500 B for one motion message", row.get("bytes_per_event", 501) <= 500, bytes_words(row) or row.get("error"))
    return "\n".join(lines) + "\n", all(held)


def write_docs(repository, folder, table_text, bars):
    pictures = repository / "docs" / "pictures"
    for name in ("beside-latency.svg", "beside-bars.svg"):
        shutil.copy(folder / name, pictures / name)
    put(repository / "docs" / "beside.md", table_text + "\n" + bars)
    put(repository / "README.md", table_text)


def put(file, words):
    """Between the marks, where they are."""
    old = file.read_text()
    if BEGIN in old and END in old:
        before, rest = old.split(BEGIN, 1)
        file.write_text(before + BEGIN + "\n\n" + words + "\n" + END + rest.split(END, 1)[1])
        print(f"renewed: {file}")
