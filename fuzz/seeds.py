#!/usr/bin/env python3
"""Writes the golden frames and configurations as first inputs for the fuzz targets, below fuzz/corpus/."""
import hashlib
import json
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
