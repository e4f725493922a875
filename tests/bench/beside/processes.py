"""Processes that end with the run: brokers, gateways, their children. Ended by their own ids, never by name."""
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time

_running = set()
_lock = threading.Lock()


def spawn(command, log, env=None):
    """Starts a command in a session of its own."""
    with open(log, "ab") as out:
        child = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            env={**os.environ, "NO_COLOR": "1", **(env or {})}, start_new_session=True,
        )
    with _lock:
        _running.add(child)
    return child


def end(child, how=signal.SIGTERM, within=30):
    """Ends a process and what it started; how long that took."""
    began = time.perf_counter()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, how)
    try:
        child.wait(within)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    with _lock:
        _running.discard(child)
    return time.perf_counter() - began


def end_all():
    with _lock:
        left = list(_running)
    for child in left:
        end(child, signal.SIGKILL)


def free_port():
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return there.getsockname()[1]


class Broker:
    """mosquitto on a port that it keeps over restarts; set up as peers_setup.sh does."""

    def __init__(self, folder):
        self.port, self.folder = free_port(), folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n"
            "max_queued_messages 100000\nmax_inflight_messages 0\n"
        )
        self.child = None

    def start(self):
        self.child = spawn(["mosquitto", "-c", self.folder / "mosquitto.conf"], self.folder / "mosquitto.log")
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return self
            time.sleep(0.01)
        raise RuntimeError(f"mosquitto does not start; see {self.folder}/mosquitto.log")

    def kill(self):
        end(self.child, signal.SIGKILL)


def processes(tools, pid):
    """A process and all that it started."""
    return tools.tree(pid)


def busy_seconds(tools, pid):
    """Processor time of a process and its children, to the nanosecond where the kernel tells it."""
    total = 0
    for one in tools.tree(pid):
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{one}/task"):
                with contextlib.suppress(OSError), open(f"/proc/{one}/task/{task}/schedstat") as stat:
                    total += int(stat.read().split()[0])
    return total / 1e9


def bytes_written(tools, pid):
    """What a process and its children made dirty on disks."""
    total = 0
    for one in tools.tree(pid):
        with contextlib.suppress(OSError), open(f"/proc/{one}/io") as io:
            total += int(next(line for line in io if line.startswith("write_bytes")).split()[1])
    return total
