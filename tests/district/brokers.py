"""The brokers of a district on the loopback: node n at 127.0.0.n, each in a folder of its own, from config/district/."""
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

CONFIG = Path(__file__).resolve().parents[2] / "config/district"
PORT = 21883
EPMD = "24369"
# Of whom an access list speaks.
HOMES = 100_000
NAME = "broker.district.example"
TICKS = os.sysconf("SC_CLK_TCK")


# Whoever ends us early ends the brokers too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))


class Missing(Exception):
    """A program is not installed."""


def find(program, package, *places):
    for place in (program, *places):
        if found := shutil.which(place):
            return found
    raise Missing(f"{program} is missing: apt-get install --no-install-recommends {package}")


def until(what, seconds, done):
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.1)


class Process:
    """A process of ours, its output, and what it uses; killed with all it started."""

    def __init__(self, name, command, log, env=None):
        self.name, self.command, self.log, self.env = name, command, log, env
        self.child, self.ticks_before, self.ticks_now, self.peak_kb, self.resident_kb = None, 0, 0, 0, 0

    def start(self):
        self.ticks_before, self.ticks_now = self.ticks_before + self.ticks_now, 0
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(self.command, stdout=log, stderr=log, start_new_session=True,
                                          env={**os.environ, **(self.env or {})})

    @property
    def pid(self):
        return self.child.pid

    def is_alive(self):
        return self.child is not None and self.child.poll() is None

    def send(self, number):
        self.measure()
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass  # it was quicker

    def end(self, number=signal.SIGKILL):
        if self.is_alive():
            self.send(number)
            self.send(signal.SIGCONT)
            self.child.wait()

    def measure(self):
        """Processor ticks used so far, in all its lives, by it and what it started; remembers the largest memory."""
        ticks, self.resident_kb = 0, 0
        for process in Path("/proc").glob("[0-9]*"):
            try:
                fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
                if self.child is None or int(fields[3]) != self.pid:
                    continue
                status = (process / "status").read_text()
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12])
            peak, resident = (re.search(rf"{name}:\s+(\d+)", status) for name in ("VmHWM", "VmRSS"))
            self.peak_kb = max(self.peak_kb, int(peak.group(1)) if peak else 0)
            self.resident_kb += int(resident.group(1)) if resident else 0
        self.ticks_now = max(ticks, self.ticks_now)
        return self.ticks_before + self.ticks_now


class Node(Process):
    """One node; `ready` is what it writes when it takes clients, `after` what is typed at the first one when all do.
    `beside` is what the first one needs to be there before."""

    after = beside = None

    def __init__(self, number, command, folder, ready, env=None):
        super().__init__(f"node {number}", command, folder / "log", env)
        self.number, self.folder, self.address, self.ready = number, folder, f"127.0.0.{number}", ready
        self.read_from = 0

    def start(self):
        self.read_from = self.log.stat().st_size if self.log.exists() else 0
        super().start()

    def is_ready(self):
        if not self.is_alive():
            raise RuntimeError(f"{self.name} ended; see {self.log}")
        with open(self.log, "rb") as log:
            log.seek(self.read_from)
            return self.ready in log.read()

    def start_and_wait(self):
        self.start()
        until(f"{self.name} is ready", 90, self.is_ready)


# As docs/district.md has it typed.
POLICY = ["set_policy", "--apply-to", "queues", "links", "^mqtt-subscription-",
          '{"ha-mode":"exactly","ha-params":2,"ha-sync-mode":"automatic","ha-promote-on-shutdown":"always"}']


def rabbitmq(scratch):
    server = find("rabbitmq-server", "rabbitmq-server", "/usr/lib/rabbitmq/bin/rabbitmq-server")
    # Debian's own wrapper becomes the user rabbitmq; on a scratch folder the program itself runs as we are.
    server = next(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"), server)
    text = (CONFIG / "rabbitmq.conf").read_text()
    text = re.sub(r"rabbit@broker(\d)", r"carecircle\1@localhost", text).replace(":1883", f":{PORT}")
    text = text.replace("console.level = warning", "console.level = info")
    (scratch / ".erlang.cookie").write_text("made-up-for-a-trial")
    (scratch / ".erlang.cookie").chmod(0o400)
    nodes = []
    for number in (1, 2, 3):
        folder = scratch / f"node{number}"
        folder.mkdir()
        (folder / "rabbitmq.conf").write_text(text.replace("127.0.0.1", f"127.0.0.{number}"))
        (folder / "enabled_plugins").write_text("[rabbitmq_mqtt].")
        env = {
            "HOME": str(scratch), "ERL_EPMD_PORT": EPMD, "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"carecircle{number}@localhost", "RABBITMQ_DIST_PORT": f"2567{number}",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"), "RABBITMQ_LOG_BASE": str(folder),
            # Its schedulers must not spin while they wait: the nodes share this machine with what measures them.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
        }
        nodes.append(Node(number, ["sh", "-c", f'exec "{server}"'], folder, b"Server startup complete", env))
    # Erlang's name server; a node would start one that outlives us.
    nodes[0].beside = Process("epmd", [find("epmd", "erlang-base"), "-port", EPMD, "-address", "127.0.0.1"], scratch / "epmd.log")
    nodes[0].after = [str(Path(server).with_name("rabbitmqctl")), "--node", "carecircle1@localhost", *POLICY]
    return nodes


def nats(scratch):
    server = find("nats-server", "nats-server", "/usr/sbin/nats-server")
    nodes = []
    for number in (1, 2, 3):
        folder = scratch / f"node{number}"
        folder.mkdir()
        text = (CONFIG / "nats.conf").read_text().replace("@node@", str(number)).replace("@folder@", str(folder))
        (folder / "nats.conf").write_text(text.replace(":1883", f":{PORT}").replace("listen: \"127.0.0.1", f"listen: \"127.0.0.{number}"))
        nodes.append(Node(number, [server, "-c", str(folder / "nats.conf")], folder, b"Listening for MQTT"))
    return nodes


def mosquitto(scratch):
    server = find("mosquitto", "mosquitto", "/usr/sbin/mosquitto")
    folder = scratch / "node1"
    folder.mkdir()
    (folder / "mosquitto.conf").write_text(
        f"user root\nlistener {PORT} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n"
        "max_packet_size 65536\nmax_queued_messages 1000\nmax_keepalive 60\nlog_dest stderr\n"
        "connection_messages false\nlog_type error\nlog_type warning\nlog_type information\n")
    return [Node(1, [server, "-c", str(folder / "mosquitto.conf")], folder, b"running")]


def mosquitto_list(scratch):
    """The same with an access list that names every home, as `carecircle station mosquitto write` writes it."""
    nodes = mosquitto(scratch)
    with open(nodes[0].folder / "acl", "w") as acl:
        acl.write("topic read #\ntopic write carecircle/v1/+/up/#\n")
        acl.writelines(f"topic write carecircle/v1/crowd-{home:06}/down/#\n" for home in range(HOMES))
    with open(nodes[0].folder / "mosquitto.conf", "a") as file:
        file.write(f"acl_file {nodes[0].folder}/acl\n")
    return nodes


KINDS = {"mosquitto-list": mosquitto_list, "rabbitmq": rabbitmq, "nats": nats, "mosquitto": mosquitto}


def mosquitto_tls(node, folder):
    """The same with certificates on both sides, as config/mosquitto/district.conf has it."""
    with open(node.folder / "mosquitto.conf", "a") as file:
        file.write(f"cafile {folder}/ca.pem\ncertfile {folder}/broker.pem\nkeyfile {folder}/broker-key.pem\n"
                   "tls_version tlsv1.3\nrequire_certificate true\n")


def open_all(nodes, say=lambda words: None):
    """One after the other: see config/district/rabbitmq.conf."""
    if nodes[0].beside:
        nodes[0].beside.start()
    for node in nodes:
        node.start_and_wait()
        say(f"{node.name} is ready at {node.address}:{PORT}")
    if nodes[0].after:
        subprocess.run(nodes[0].after, env={**os.environ, **nodes[0].env}, check=True, capture_output=True)


def close_all(nodes):
    for node in nodes:
        node.end()
    if nodes[0].beside:
        nodes[0].beside.end()


def haproxy(scratch):
    program = find("haproxy", "haproxy", "/usr/sbin/haproxy")
    file = scratch / "haproxy.cfg"
    file.write_text((CONFIG / "haproxy.cfg").read_text().replace(":1883", f":{PORT}"))
    return Process("haproxy", [program, "-db", "-f", str(file)], scratch / "haproxy.log")
