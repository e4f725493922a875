#!/usr/bin/env python3
"""Writes the golden frames and configurations as first inputs for the fuzz targets, below fuzz/corpus/."""
import hashlib
import json
import re
from pathlib import Path

here = Path(__file__).parent
families = sorted(path.stem for path in (here / "../tests/frames").glob("*.jsonl"))


def seed(target, content):
    folder = here / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


for family in families:
    for line in (here / f"../tests/frames/{family}.jsonl").read_text(encoding="utf-8").splitlines():
        frame = json.loads(line)
        seed("line", line.encode())
        if "topic" in frame:
            payload = bytes.fromhex(frame["payload_hex"]) if "payload_hex" in frame else str(frame.get("payload", "")).encode()
            seed("mqtt", str(frame["topic"]).encode() + b"\n" + payload)
            continue
        text = "".join(frame.get("chunks_text", [])) or frame.get("input_text", "") or "\n".join(frame.get("lines_text", []))
        digits = frame.get("input_hex", "") + "".join(frame.get("chunks_hex", []))
        try:
            content = bytes.fromhex(digits) if digits else text.encode()
        except ValueError:
            continue
        # The first byte chooses the family in the target; every family gets every frame, it is foreign to most.
        for choice in range(24):
            seed("serial", bytes([choice, 7]) + content)
for path in [*(here / "../config").rglob("*.toml"), *(here / "../tests/wrong").glob("*.toml")]:
    seed("config", path.read_bytes())
for up in ["notice", "heartbeat", "link"]:
    seed("wire", f"carecircle/v1/home-1/up/lehe/{up}\n".encode() + b'{"v":1}')
for said in [
    '"ACK"0007L0#1234[]',
    '"DUH"0000L0A0[]',
    '"NAK"0000R0L0A0[]_13:31:52,06-21-2026',
    '*"ACK"0007L0#1234[0123456789ABCDEF0123456789ABCDEF',
    '"ADM-CID"0007L0#1234[#1234|1101 00 001][V1]_13:31:52,06-21-2026',
]:
    for choice in range(4):
        seed("dc09", bytes([choice, 9]) + said.encode())
        seed("dc09", bytes([choice & 2, 200]) + f"\n0000{len(said):04X}{said}\r".encode())
# A message from a made-up telephone, one to it, and a report.
deliver, submit, report = "00040D91683108108300F00000943012124143230331D00D", "0011000D91683108108300F00000AA0131", (
    "0006640D91683108108300F06211211241234262112112412342" "00")
for pdu in [deliver, submit, report]:
    seed("modem", bytes([0x80, 1]) + bytes.fromhex(pdu))
for said in [
    "\r\nOK\r\n", "\r\n+CPIN: READY\r\n\r\nOK\r\n", "\r\n+CME ERROR: 10\r\n", "\r\n+CMS ERROR: 331\r\n", "\r\n> ",
    "\r\n+CREG: 0,1\r\n\r\nOK\r\n", "\r\n+CSQ: 17,99\r\n\r\nOK\r\n", "\r\n+CMGS: 100\r\n\r\nOK\r\n",
    "\r\n+CPINR: SIM PIN,3\r\n\r\nOK\r\n", '\r\n+CMTI: "SM",5\r\n', f"\r\n+CMT: ,23\r\n{deliver}\r\n",
    f"\r\n+CMGL: 5,0,,23\r\n{deliver}\r\n\r\nOK\r\n", f"\r\n+CDS: 25\r\n{report}\r\n", "RING\r\n",
]:
    for choice in range(6):
        seed("modem", bytes([choice, 5]) + said.encode())
# Every address of the page, asked by somebody who is signed in; forms carry the token that their page had.
for source in (here / "../src/web").rglob("*.rs"):
    for address in re.findall(r'\.route\(\s*"(/[^"]*)"', source.read_text(encoding="utf-8")):
        address = address.replace("{home}", "ky-lehe-0412").replace("{number}", "7")
        address = re.sub(r"{[^}]*}", "1", address)
        seed("http", b"\x01GET " + address.encode() + b"\n")
        seed("http", b"\x01POST " + address.encode() + b"\ntoken=TOKEN&do=write&key=k&back=/&home=ky-lehe-0412&step=take&text=home,place\x0aky-lehe-0412,x")
        seed("http", b"\x03POST " + address.encode() + b'\n{"step":"take","who":"wang","key":"k"}')
for path in (here / "../tests/wire").glob("*.json"):
    doors = {"Notice": "notices", "Heartbeat": "heartbeats"}
    door = doors.get(path.name.split("_")[0], "steps")
    seed("door", b"\x00POST /v1/" + door.encode() + b"?point=lehe\n" + path.read_bytes())
    seed("wire", b"carecircle/v1/home-1/up/lehe/notice\n" + path.read_bytes())
seed("door", b"\x00GET /v1/steps?point=lehe&home=home-1\n")
