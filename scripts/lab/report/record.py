# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads what ../record.sh writes.

Kinds and their fields: begin SCENARIO WORLD KERNEL; step TITLE; tell TEXT; answer PROMPT OUTPUT; held WHAT;
failed WHAT WHY; died WHY; end; figure NAME VALUE; address NODE INTERFACE ADDRESS; ping NODE ADDRESS OUTPUT;
flooding NODE; flooded NODE OUTPUT; map TITLE NODE SVG JSON; ladder NODE PEER SVG; explain NODE JSON; conf NODE
TEXT; kernel NODE TEXT. A kind that is not known is left out, and so is one that was cut short.
"""

import datetime
import json
import re

import svg


class Broken(Exception):
    """The record cannot be read at all."""


# Nobody prints keys into a record; should a tool do it after all, they end here.
KEY = re.compile(r"\b0x[0-9a-f]{32,}\b")
# What XML and terminals may not have in a text.
CONTROL = {c: None for c in range(32) if c not in (9, 10)} | {127: None}


class Step:
    def __init__(self, number, title, time):
        self.number, self.title, self.time, self.items = number, title, time, []


class Lab:
    def __init__(self):
        self.scenario, self.world, self.kernel = "unknown", "", "unknown"
        self.began = self.last = 0.0
        self.ended, self.died = False, None
        self.steps = [Step(0, "Set-up", 0.0)]
        self.expectations, self.figures, self.pings = [], [], []
        self.moments = {}  # title of a map: [(node, svg, json)]
        self.ladders, self.confs, self.explained = [], {}, {}
        self.content = []  # nodes that have nothing to explain
        self.kernels, self.addresses = [], {}
        self.flooding, self.flooded = None, None

    # What the page asks for.

    @property
    def held(self):
        return sum(e["held"] for e in self.expectations)

    @property
    def failed(self):
        return [e for e in self.expectations if not e["held"]]

    @property
    def good(self):
        return self.ended and not self.failed and not self.died

    @property
    def result(self):
        count = len(self.expectations)
        if self.died or not self.ended:
            return f"Ended early: {self.held} of {count} expectations held until then"
        if self.failed:
            return f"{len(self.failed)} of {count} expectations failed"
        return f"All {count} expectations held"

    @property
    def leads_with_causes(self):
        return bool(self.explained) and (not self.good or self.scenario.startswith("fault-"))

    @property
    def duration(self):
        return self.last - self.began

    @property
    def started(self):
        return datetime.datetime.fromtimestamp(self.began).strftime("%Y-%m-%d %H:%M:%S")

    @property
    def world_text(self):
        return {"uml": "User Mode Linux, booted for this run",
                "host": "this machine's, in namespaces"}.get(self.world, self.world)

    def since(self, time):
        return f"{time - self.began:.1f} s"

    def name_of(self, address):
        return self.addresses.get(address, address)

    # One for each kind of record.

    def on_begin(self, time, scenario, world, kernel):
        self.scenario, self.world, self.kernel, self.began = scenario, world, kernel, time
        self.steps[0].time = time

    def on_step(self, time, title):
        self.steps.append(Step(len(self.steps), title, time))

    def item(self, kind, **what):
        self.steps[-1].items.append({"kind": kind} | what)

    def on_tell(self, _time, text):
        items = self.steps[-1].items
        if items and items[-1]["kind"] == "tell":
            items[-1]["text"] += "\n" + tidy(text)
        elif text.strip():
            self.item("tell", text=tidy(text))

    def on_answer(self, _time, prompt, output):
        output = output.strip("\n")
        self.item("answer", prompt=prompt, output=output, lines=output.count("\n") + 1)

    def expectation(self, what, why):
        entry = {"what": what, "why": why, "held": why is None, "step": self.steps[-1],
                 "number": len(self.expectations) + 1}
        self.expectations.append(entry)
        self.item("expectation", of=entry)

    def on_held(self, _time, what):
        self.expectation(what, None)

    def on_failed(self, _time, what, why):
        self.expectation(what, why)

    def on_died(self, _time, why):
        self.died = why
        self.item("tell", text=why)

    def on_end(self, _time):
        self.ended = True

    def on_figure(self, _time, name, value):
        self.figures.append((name, value))

    def on_address(self, _time, node, interface, address):
        self.addresses.setdefault(address, node)

    def on_ping(self, time, node, address, output):
        answers = {int(n): float(ms) for n, ms in
                   re.findall(r"icmp_seq=(\d+) .*time=([0-9.]+) ms", output)}
        sent = re.search(r"(\d+) packets transmitted, (\d+) received", output)
        rtt = re.search(r"min/avg/max/\w+ = ([0-9.]+)/([0-9.]+)/([0-9.]+)", output)
        if not sent:
            return
        count = int(sent[1])
        most = max(answers.values(), default=1) or 1
        self.pings.append({
            "node": node, "address": address, "sent": count, "received": int(sent[2]),
            "rtt": rtt.groups() if rtt else None,
            "rows": [(n, answers.get(n), 100 * answers.get(n, 0) / most)
                     for n in range(1, min(count, 100) + 1)]})
        self.figures.append((f"{node} pings {address}", f"{sent[2]}/{count} answered"))

    def on_flooding(self, time, node):
        self.flooding = (time, node)

    def on_flooded(self, time, node, output):
        sent = re.search(r"(\d+) packets transmitted, (\d+) received", output)
        if not sent or not self.flooding:
            return
        rtt = re.search(r"min/avg/max/\w+ = ([0-9.]+)/([0-9.]+)/([0-9.]+)", output)
        self.flooded = {"node": node, "began": self.flooding[0], "ended": time,
                        "sent": int(sent[1]), "received": int(sent[2]),
                        "rtt": rtt.groups() if rtt else None}
        self.figures.append(("flood over the change-over", f"{sent[2]}/{sent[1]} answered"))

    def on_map(self, _time, title, node, picture, answer):
        if svg.inline(picture):
            self.moments.setdefault(title, []).append((node, picture, answer))

    def on_ladder(self, _time, node, peer, picture):
        if svg.inline(picture):
            self.ladders.append({"node": node, "peer": peer, "svg": picture, "step": self.steps[-1]})

    def on_explain(self, _time, node, text):
        try:
            peers = json.loads(text).get("peers", [])
        except (ValueError, AttributeError):
            return
        if not peers:
            self.content.append(node)
        for peer in peers:
            peer["causes"] = [{k: as_text(c.get(k)) for k in
                               ("title", "likelihood", "side", "evidence", "change")}
                              for c in peer.get("causes", [])]
            self.explained[node, peer.get("nbma")] = {"node": node, "peer": peer}

    def on_conf(self, _time, node, text):
        before = self.confs.setdefault(node, [])
        if text not in before:
            before.append(text)

    def on_kernel(self, _time, node, text):
        self.kernels.append({"node": node, "step": self.steps[-1], "sas": sas(text),
                             "counters": [(n, c) for n, c in
                                          re.findall(r"^(Xfrm\w+)\s+(\d+)$", text, re.M) if c != "0"]})


def as_text(value):
    if isinstance(value, (list, tuple)):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


def sas(text):
    """The SAs that `ip -s xfrm state list nokeys` prints; those without an SPI are notes of the kernel's."""
    found = []
    for piece in re.split(r"^(?=src )", text, flags=re.M):
        head = re.match(r"src (\S+) dst (\S+)\s+proto (\w+) spi (0x[0-9a-f]+).* mode (\w+)", piece)
        if not head or int(head[4], 16) == 0:
            continue
        current = re.search(r"lifetime current:\s+(\d+)\(bytes\), (\d+)\(packets\)", piece)
        stats = re.search(r"stats:\s+replay-window (\d+) replay (\d+) failed (\d+)", piece)
        algorithms = re.findall(r"^\s+(?:enc|auth-trunc|auth|aead) (\S+)", piece, re.M)
        found.append({"src": head[1], "dst": head[2], "spi": head[4], "mode": head[5],
                      "algorithms": ", ".join(algorithms),
                      "encap": "type espinudp" in piece,
                      "bytes": int(current[1]) if current else 0,
                      "packets": int(current[2]) if current else 0,
                      "replay": stats[2] if stats else "", "failed": stats[3] if stats else ""})
    return found


def read(path):
    lab = Lab()
    text = KEY.sub("(a key)", path.read_bytes().decode("utf-8", "replace"))
    for line in text.split("\x1e")[:-1]:
        time, *fields = (f.translate(CONTROL) for f in line.split("\x1f"))
        kind = fields.pop(0) if fields else ""
        handler = getattr(lab, "on_" + kind, None)
        try:
            now = float(time)
        except ValueError:
            continue
        if handler and handler.__code__.co_argcount == len(fields) + 2:
            handler(now, *fields)
            lab.last = now
    if not lab.last:
        raise Broken(f"{path}: no records are in it")
    for item in (item for step in lab.steps for item in step.items if item["kind"] == "tell"):
        item["text"] = item["text"].strip("\n")
    lab.steps = [s for s in lab.steps if s.items]
    return lab


def tidy(text):
    """Without the indentation and the blank lines that only a terminal needs."""
    lines = [line.rstrip() for line in text.strip("\n").split("\n")]
    indent = min((len(l) - len(l.lstrip()) for l in lines if l), default=0)
    return "\n".join(line[indent:] for line in lines)
