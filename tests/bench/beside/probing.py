"""Presses on one topic, alerts on another: the shared probe (mqtt_latency.py), with every single time kept."""
import argparse
import threading
import time

import mqtt_latency as tools

from . import processes


class Probe(tools.Probe):
    """Which alert tells of which press is the system's own way to say."""

    def __init__(self, system, qos=1, alert_topic=None):
        self.system, self.before = system, 0
        options = argparse.Namespace(
            host="127.0.0.1", port=system.alert_broker.port, topic=system.topic, payload=system.payload,
            alert_topic=alert_topic or system.alert_topic, qos=qos, match="seq",
        )
        super().__init__(options)

    def on_message(self, client, user, message):
        now = time.perf_counter()
        if message.retain:
            return
        with self.cv:
            self.order.append((now, bytes(message.payload)))
            for number in self.system.numbers_in(message.payload):
                self.got.setdefault(number - self.before, now)
            self.cv.notify_all()

    def begin_counting(self):
        """Where alerts count presses instead of repeating their numbers: the next press is number 1."""
        if not self.system.counts_presses:
            return
        self.press(0)
        deadline = time.perf_counter() + 10
        with self.cv:
            while not self.got and time.perf_counter() < deadline:
                self.cv.wait(0.1)
            if not self.got:
                raise RuntimeError(f"{self.system.name} gave no alert; see {self.system.folder}/log")
            self.before = max(self.got)
            self.got.clear()

    def press_from(self, number, topic):
        """The same as `press`, from the button of this topic."""
        text = self.a.payload.replace("{seq}", str(number))
        began = time.perf_counter()
        self.pub.publish(topic, text, qos=self.a.qos)
        return began


def latencies(system, presses, qos):
    """One press, its alert, a pause, the next. Times in milliseconds; None = lost."""
    probe = Probe(system, qos)
    probe.begin_counting()
    times = []
    for number in range(1, presses + 11):
        began = probe.press(number)
        ended = probe.wait(number, began, 5)
        if number > 10:
            times.append(None if ended is None else round((ended - began) * 1000, 4))
        time.sleep(0.05)
    probe.close()
    return times


def held_rates(system, rates, seconds):
    """Presses at rising rates: one is held while nothing is lost, the sender keeps pace and the 99th of a hundred waits less than a
    second."""
    steps = []
    for rate in rates:
        steps.append(one_rate(system, rate, seconds))
        if not steps[-1]["held"]:
            break
        time.sleep(1)
    return steps


def one_rate(system, rate, seconds):
    probe, sent = Probe(system), {}
    probe.begin_counting()
    count, busy = int(rate * seconds), processes.busy_seconds(tools, system.child.pid)
    began = time.perf_counter()
    for number in range(1, count + 1):
        ahead = began + number / rate - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)
        sent[number] = probe.press_from(number, system.topic_of(number))
    took = time.perf_counter() - began
    until = time.perf_counter() + 10
    while time.perf_counter() < until and len(probe.got) < count:
        time.sleep(0.05)
    all_took = time.perf_counter() - began
    times = [(probe.got[number] - at) * 1000 for number, at in sent.items() if number in probe.got]
    busy = processes.busy_seconds(tools, system.child.pid) - busy
    probe.close()
    lost, p99 = count - len(times), quantile(times, 0.99)
    held = lost == 0 and count / took > rate * 0.97 and p99 < 1000
    return {"rate": rate, "sent_per_s": round(count / took, 1), "lost": lost, "p50_ms": quantile(times, 0.5), "p99_ms": p99,
            "cpu_percent": round(busy / all_took * 100, 1), "held": held}


def start_up(system, within=240):
    """From the start of the process to the first alert on the wire, a press every 10 ms."""
    probe = Probe(system)
    began = time.perf_counter()
    system.start()
    number, first = 0, None
    while first is None and time.perf_counter() - began < within:
        number += 1
        probe.press(number)
        with probe.cv:
            probe.cv.wait_for(lambda: probe.order, 0.01)
            first = probe.order[0][0] if probe.order else None
    probe.close()
    if first is None:
        raise RuntimeError(f"{system.name} gave no alert within {within} s; see {system.folder}/log")
    return first - began


def idle(system, seconds):
    """Memory and processor after the start, nothing happening."""
    time.sleep(seconds / 2)
    busy = processes.busy_seconds(tools, system.child.pid)
    time.sleep(seconds)
    busy = processes.busy_seconds(tools, system.child.pid) - busy
    return {"cpu_percent": round(busy / seconds * 100, 3), **tools.memory(system.child.pid)}


class Sensors:
    """A motion sensor's words, and what comes on topics, with its times."""

    def __init__(self, system, topics):
        self.got, self.system, self.lock = [], system, threading.Lock()
        self.pub = self.connect(system.broker.port, "sensors", [])
        self.sub = self.connect(system.alert_broker.port, "listener", topics)

    def connect(self, port, name, topics):
        client = tools.client(f"bench-{name}-{processes.free_port()}")
        ready = threading.Event()
        client.on_connect = lambda c, u, f, rc: (c.subscribe([(topic, 1) for topic in topics]) if topics else None, ready.set())
        client.on_message = self.heard
        client.reconnect_delay_set(0.05, 0.1)
        client.connect("127.0.0.1", port, 60)
        client.loop_start()
        ready.wait(10)
        return client

    def heard(self, client, user, message):
        with self.lock:
            self.got.append((time.monotonic(), message.topic, bytes(message.payload), message.retain))

    def motion(self, on):
        self.pub.publish("home/1/pir/1", '{"motion":true}' if on else '{"motion":false}', qos=1).wait_for_publish(5)

    def press(self, number):
        text = self.system.payload.replace("{seq}", str(number))
        self.pub.publish(self.system.topic, text, qos=1).wait_for_publish(5)

    def first(self, which, since, until):
        """When the first message since then came that `which` wants; waits until `until`."""
        while True:
            with self.lock:
                for at, topic, payload, retained in self.got:
                    if at >= since and not retained and which(topic, payload):
                        return at
            if time.monotonic() > until:
                return None
            time.sleep(0.01)

    def close(self):
        for client in (self.pub, self.sub):
            client.disconnect()
            client.loop_stop()


def quantile(times, part):
    """Nearest rank."""
    ranked = sorted(times)
    return round(ranked[max(0, -int(-part * len(ranked) // 1) - 1)], 3) if ranked else float("inf")
