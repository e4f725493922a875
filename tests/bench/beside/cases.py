"""What becomes of a "no motion for 20 s" while the gateway or its broker goes away. Each case has a system, a broker and a thread of
its own; nothing here is about speed."""
import signal
import threading
import time

from . import probing, processes

QUIET = 20.0
# Programs that need seconds to start are started one after another; what follows runs at the same time.
_starting = threading.Lock()


def timers(system, case):
    """When the alert came: seconds after it was due, None = never. A gateway that was down over the deadline is measured from its
    return."""
    sensors = ready(system)
    quiet_since = fall_quiet(sensors)
    due = quiet_since + QUIET
    counted_from = due
    back = None
    if case != "control":
        sleep_until(quiet_since + 5)
        system.stop(signal.SIGKILL if case == "kill" else signal.SIGTERM)
        if case == "kill":
            time.sleep(1)
        if case == "across":
            sleep_until(quiet_since + 25)
        back = time.monotonic()
        system.start()
    if case == "across":
        counted_from = back
    # Also a timer that begins anew with the restart would be noticed, as late.
    until = max(due, (back or due) + QUIET) + 10
    came = {
        name: sensors.first(is_inactivity(topic), quiet_since, until) for name, topic in system.inactivity_topics.items()
    }
    words = said_of(sensors, system)
    close(system, sensors)
    late = {name: None if at is None else round(at - counted_from, 2) for name, at in came.items()}
    return {"late_s": late, "said": words}


def outage(system, case):
    """An alert raised while the broker is down for 25 s: seconds from the broker's return until it is delivered."""
    sensors = ready(system)
    own_uplink = system.alert_broker is not system.broker
    began = fall_quiet(sensors)
    sleep_until(began + (5 if own_uplink else 12))
    system.alert_broker.kill()
    down_since = time.monotonic()
    if own_uplink:
        sleep_until(down_since + 8)
        sensors.press(1)
        if case == "uplink, kill -9":
            time.sleep(2)
            system.stop(signal.SIGKILL)
            time.sleep(1)
            system.start()
    sleep_until(down_since + 25)
    if system.counts_presses:
        processes.end(system.station)
    system.alert_broker.start()
    back = time.monotonic()
    if system.counts_presses:
        system.answer()
    is_it = is_call if own_uplink else is_inactivity
    came = {
        name: sensors.first(is_it(topic), down_since, back + 40) for name, topic in system.inactivity_topics.items()
    }
    close(system, sensors)
    return {"after_return_s": {name: None if at is None else round(at - back, 2) for name, at in came.items()}}


def bytes_per_event(system, _case):
    """Sixty times motion on and off within 25 s, and what was written until all of it lay on the disk."""
    sensors = ready(system)
    time.sleep(12)
    pid = system.child.pid
    before, began = processes.bytes_written(probing.tools, pid), time.monotonic()
    for pair in range(60):
        sensors.motion(True)
        sensors.motion(False)
        sleep_until(began + 25 * (pair + 1) / 60)
    time.sleep(12)
    written = processes.bytes_written(probing.tools, pid) - before
    close(system, sensors)
    return {"bytes": written, "events": 120, "bytes_per_event": round(written / 120)}


def ready(system):
    """Starts a system and waits until it works. Ours says so by itself; the others are pressed until they answer."""
    with _starting:
        if system.counts_presses:
            sensors = probing.Sensors(system, [*system.inactivity_topics.values(), "carecircle/v1/+/up/+/link"])
            system.start()
            wait_for_link(sensors)
        else:
            sensors = probing.Sensors(system, list(system.inactivity_topics.values()))
            probing.start_up(system)
    time.sleep(1)
    return sensors


def wait_for_link(sensors):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with sensors.lock:
            if any(topic.endswith("/link") and b"true" in payload for _, topic, payload, _ in sensors.got):
                return
        time.sleep(0.02)
    raise RuntimeError(f"the gateway did not come up; see {sensors.system.folder}/log")


def fall_quiet(sensors):
    sensors.motion(True)
    sensors.motion(False)
    return time.monotonic()


def is_inactivity(wanted):
    """An alert about the quiet; of ours also one that the home was not watched, which it is its honest word for that."""
    def is_it(topic, payload):
        if b'"deed"' not in payload:
            return topic == wanted
        return b'"deed":"raise"' in payload and (b'"rule":"inactivity"' in payload or b'"rule":"not_observed"' in payload)
    return is_it


def is_call(_wanted):
    return lambda topic, payload: b'"deed":"raise"' in payload and b'"rule":"call_button"' in payload


def said_of(sensors, system):
    """The reason as it was told, for the record of the run."""
    if not system.counts_presses:
        return None
    with sensors.lock:
        notices = [payload for _, _, payload, _ in sensors.got if b'"deed":"raise"' in payload]
    return [notice.decode()[:1200] for notice in notices]


def sleep_until(at):
    time.sleep(max(0.0, at - time.monotonic()))


def close(system, sensors):
    sensors.close()
    system.close()


TIMERS = ["control", "orderly", "across", "kill"]


def all_of(wanted, make):
    """Every case of every system at the same time. Gives (system, case, result) as they end."""
    jobs = []
    for name in ("ours", "node-red", "home-assistant"):
        if name not in wanted:
            continue
        options = {"quiet": "20s"} if name == "ours" else {}
        jobs += [(name, f"timer: {case}", timers, case, options) for case in TIMERS]
        jobs.append((name, "outage: one broker", outage, "one broker", options))
        if name == "ours":
            uplinks = {"quiet": "6h", "own_uplink": True}
            jobs += [(name, f"outage: {case}", outage, case, uplinks) for case in ("uplink", "uplink, kill -9")]
        jobs.append((name, "bytes", bytes_per_event, None, {"recorder": True} if name == "home-assistant" else {}))
    results, threads = [], []

    def work(number, name, title, run, case, options):
        try:
            result = run(make(name, f"case-{number}-{name}", **options), case)
        except Exception as error:  # one broken case must not end the others
            result = {"error": repr(error)}
        results.append({"system": name, "what": title, **result})

    for number, job in enumerate(jobs):
        threads.append(threading.Thread(target=work, args=(number, *job), daemon=True))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return results
