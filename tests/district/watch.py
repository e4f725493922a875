"""What can be seen of a district from outside: who is connected where, and the station's own account."""
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from pathlib import Path


def connections(pid, port):
    """Addresses at which the process has connections to this port, with how many."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            target = os.readlink(descriptor)
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = Counter()
    for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:] if inodes else []:
        fields = line.split()
        address, at = fields[2].split(":")
        if fields[3] == "01" and int(at, 16) == port and fields[9] in inodes:
            found[".".join(str(int(address[i:i + 2], 16)) for i in (6, 4, 2, 0))] += 1
    return found


def raised(page):
    """Alerts that the station has counted, by rule: each once, however often its notice came."""
    text = urllib.request.urlopen(page + "/metrics", timeout=30).read().decode()
    counts = Counter()
    for rule, count in re.findall(r'^carecircle_alerts_raised_total\{rule="(\w+)"[^}]*\} (\d+)', text, re.M):
        counts[rule] += int(count)
    return counts


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def first_sign_in(page, who, code, password):
    """The first administrator comes in with the one-time code and takes a password."""
    browser = urllib.request.build_opener(Stay)
    form = browser.open(f"{page}/sign-in?code={code}", timeout=30)
    visit = next(c.split(";")[0] for c in form.headers.get_all("set-cookie") if c.startswith("visit="))
    token = re.search(r'name="token" value="([^"]*)"', form.read().decode()).group(1)
    fields = urllib.parse.urlencode({"token": token, "who": who, "code": code, "password": password}).encode()
    try:
        answer = browser.open(urllib.request.Request(page + "/sign-in", fields, {"cookie": visit}), timeout=30)
    except urllib.error.HTTPError as redirected:
        answer = redirected
    if answer.status != 303:
        raise RuntimeError(f"{page}/sign-in answered {answer.status}")
