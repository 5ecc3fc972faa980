# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemons' logs, line by line: time, level, tag, text, and the nodes that a line is about."""

import re

MOST = 5000  # lines of one log in the page
LINE = re.compile(r"^\w{3} [ \d]\d (\d\d:\d\d:\d\d\.\d+) (?:\[([^]]+)\]: )?(.*)$")
ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
# What tells of trouble without its level in front, as the ASA's lines do.
TROUBLE = {"error": re.compile(r", ERROR, |\bFAILED\b"),
           "warning": re.compile(r"\bprobable\b|\brefuses? |unacceptable|invalid payloads")}
LEVELS = ("error", "warning", "info", "debug")


def level_of(tag, text):
    for level in LEVELS[:2]:
        if text.startswith(level + ":") or TROUBLE[level].search(text):
            return level
    return "debug" if tag and tag.endswith("DEBUG") else "info"


def owners(lab):
    """Addresses and whose they are, as the lab gave them out and as the daemons' maps of NHRP have them."""
    known = dict(lab.addresses)
    for texts in lab.confs.items():
        for text in texts[1]:
            for address in re.findall(r'^\s*(?:ip )?address =? ?"?([0-9.]+)', text, re.M):
                known.setdefault(address, texts[0])
    return known


def read_one(path, node, known):
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = []
    for line in lines[:MOST]:
        parts = LINE.match(line)
        time, tag, text = parts.groups() if parts else ("", None, line)
        peers = {known.get(a, a) for a in ADDRESS.findall(text)} - {node}
        found.append({"time": time, "tag": tag or "", "text": text, "level": level_of(tag, text),
                      "peers": sorted(peers & set(known.values()))})
    return {"name": path.stem, "node": node, "lines": found, "left_out": max(0, len(lines) - MOST),
            "count": {level: sum(l["level"] == level for l in found) for level in LEVELS}}


def read(folder, lab):
    known = owners(lab)
    return [read_one(path, path.name.split(".")[0], known) for path in sorted(folder.glob("*.log"))]
