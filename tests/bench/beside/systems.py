"""What is measured: how each system is set up, started, and spoken to."""
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import processes

ACTION = '{"action":"press","seq":{seq}}'
BUTTONS = 200
COUNT = re.compile(rb'"count":(\d+)')
SEQ = re.compile(rb"seq\D{0,4}(\d+)")


class System:
    """One gateway between a topic of presses and a topic of alerts."""

    topic, alert_topic, inactivity_topics = "home/1/button/1", "alert/out", {"": "alert/inactivity"}
    payload, counts_presses, starts = ACTION, False, 3

    def __init__(self, at, folder):
        self.at, self.folder, self.child = at, folder, None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.broker = processes.Broker(folder / "broker").start()
        self.alert_broker = self.broker

    def start(self):
        self.child = processes.spawn(self.command, self.folder / "log")
        return self.child

    def stop(self, how=signal.SIGTERM):
        taken = processes.end(self.child, how)
        self.child = None
        return taken

    def close(self):
        if self.child:
            self.stop()
        self.broker.kill()

    def widen(self):
        """Whether it has to be started anew to take presses at a high rate."""
        return False

    def topic_of(self, number):
        """At a high rate presses come from many buttons, where one alone may not press so often."""
        return self.topic

    @staticmethod
    def numbers_in(payload):
        """Which presses an alert tells of."""
        return [int(found) for found in SEQ.findall(payload)]


class Floor(System):
    name, label, starts = "floor", "floor: bare client, no rule, no disk", 5

    def __init__(self, at, folder, **_):
        super().__init__(at, folder)
        self.command = [at.helper, "floor", self.broker.port, "home/+/button/+", "alert/out"]


class Ours(System):
    name, label, starts, counts_presses = "ours", "carecircle, state on disk", 5, True
    alert_topic = "carecircle/v1/bench-1/up/lehe/notice"
    inactivity_topics = {"": alert_topic}

    def __init__(self, at, folder, quiet="6h", own_uplink=False, state=None):
        super().__init__(at, folder)
        self.quiet = quiet
        if own_uplink:
            self.alert_broker = processes.Broker(folder / "uplink").start()
        self.state = Path(tempfile.mkdtemp(dir=state or folder))
        self.run = Path(tempfile.mkdtemp(dir="/dev/shm"))  # short-lived files are in memory, as /run is
        self.config = folder / "gateway.toml"
        self.config.write_text(self.configuration(buttons=1))
        self.command = [at.binary, "gateway", "--config", self.config]
        self.station = None
        self.answer()

    def answer(self):
        """The stand-in station: what it receipts is settled, as by a real one."""
        self.station = processes.spawn([self.at.helper, "station", self.alert_broker.port], self.folder / "station.log")

    def widen(self):
        """One button alone may not press so often: from the next start there are many."""
        self.config.write_text(self.configuration(BUTTONS))
        return True

    def configuration(self, buttons):
        url = "mqtt://127.0.0.1:{}".format
        lines = [f"""[home]
id = "bench-1"
place = "3-2-201"
time_zone = "Asia/Shanghai"
[gateway]
state_dir = "{self.state}"
run_dir = "{self.run}"
[mqtt]
broker = "{url(self.broker.port)}"
[rules.inactivity]
windows = [{{ from = "00:00", to = "24:00", at_most = "{self.quiet}" }}]
[[circle.point]]
id = "lehe"
name = "made-up service point"
travel = "6m"
channels = ["station"]
[[channel]]
name = "station"
station_mqtt = {{ broker = "{url(self.alert_broker.port)}" }}
[[sensor]]
id = "pir1"
room = "hall"
kind = "motion"
json = {{ topic = "home/1/pir/1", pointer = "/motion", kind = "motion" }}
"""]
        lines += [
            f'[[sensor]]\nid = "b{n}"\nkind = "call_button"\n'
            f'json = {{ topic = "home/1/button/{n}", pointer = "/action", kind = "button", values = {{ single = ["press"] }} }}\n'
            for n in range(1, buttons + 1)
        ]
        return "".join(lines)

    def close(self):
        super().close()
        if self.station:
            processes.end(self.station)
        if self.alert_broker is not self.broker:
            self.alert_broker.kill()
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.rmtree(self.run, ignore_errors=True)

    def topic_of(self, number):
        return f"home/1/button/{number % BUTTONS + 1}"

    @staticmethod
    def numbers_in(payload):
        """All presses belong to one alert about the person: the first raises it, each further one is a notice "pressed again" with
        their number so far."""
        if b'"deed":"raise"' not in payload and b'"deed":"again"' not in payload:
            return []
        return [max(int(found) for found in COUNT.findall(payload))]


class InMemory(Ours):
    name, label = "memory", "carecircle, state in memory (tmpfs)"

    def __init__(self, at, folder, **more):
        super().__init__(at, folder, state="/dev/shm", **more)


class Peer(System):
    """Set up by the very text of peers_setup.sh; only what it measures is left out."""

    recorder = False

    def __init__(self, at, folder, recorder=False, **_):
        super().__init__(at, folder)
        self.link_installed()
        self.command = set_up(at, folder, self.function, self.broker.port, recorder)
        self.own_web_port()

    def own_web_port(self):
        """So that several can run at once."""
        port = processes.free_port()
        for file in self.with_web_port:
            path = self.folder / file
            path.write_text(re.sub(r"\b1880[12]\b", str(port), path.read_text()))


class NodeRed(Peer):
    name, label, function = "node-red", "Node-RED 4.1.15", "nodered"
    with_web_port = ["nr/user/settings.js"]

    def link_installed(self):
        (self.folder / "nr").mkdir()
        (self.folder / "nr" / "node_modules").symlink_to(self.at.scratch / "nr" / "node_modules")


class HomeAssistant(Peer):
    name, label, function = "home-assistant", "Home Assistant 2024.3.3", "homeassistant"
    inactivity_topics = {"for:": "alert/inactivity", "timer": "alert/inactivity_restore"}
    with_web_port = ["hac/configuration.yaml"]

    def link_installed(self):
        (self.folder / "ha").symlink_to(self.at.scratch / "ha")


KINDS = {kind.name: kind for kind in (Floor, Ours, InMemory, NodeRed, HomeAssistant)}


def set_up(at, folder, function, port, recorder=False):
    """Runs one function of peers_setup.sh with its measuring taken out: it installs what is missing and writes the files. Returns
    the command that starts the peer."""
    script = f"""
eval "$(sed '/^broker$/,$d' '{at.tools}/peers_setup.sh')"; trap - EXIT
probe() {{ :; }}; measure() {{ printf '%s' "$2" > "$D/command"; }}
{function}
"""
    env = {"D": str(folder), "PORT": str(port), "RECORDER": "1" if recorder else "0"}
    done = subprocess.run(["bash", "-c", script], env={**at.environment, **env}, capture_output=True, text=True)
    command = folder / "command"
    if not command.is_file():
        raise RuntimeError(f"peers_setup.sh {function} has failed: {done.stderr[-2000:]}")
    return command.read_text().split()


def install(at):
    """Node-RED and Home Assistant into the scratch folder, once."""
    wanted = {"nodered": at.scratch / "nr" / "node_modules" / "node-red", "homeassistant": at.scratch / "ha" / "bin" / "hass"}
    for function, there in wanted.items():
        if not there.exists():
            print(f"installing for {function} (minutes, once) …", flush=True)
            set_up(at, at.scratch, function, 1)
