# SPDX-License-Identifier: GPL-2.0-or-later
"""What the Internet router saw, as numbers for two pictures: who spoke to whom all along, and the paths of
a flood of pings. Reads tcpdump's files of all interfaces (Linux cooked, either version)."""

import collections
import ipaddress
import struct

ESP, UDP = 50, 17
# link type: length of its header, where in it the protocol stands
COOKED = {113: (16, 14), 276: (20, 0)}
# A packet that is forwarded is seen on several interfaces, one after the other.
SAME = 0.05

Packet = collections.namedtuple("Packet", "time src dst kind")


def kind_of(protocol, payload):
    if protocol == ESP:
        return "esp"
    if protocol == UDP and len(payload) >= 12:
        ports = struct.unpack_from("!HH", payload)
        if 500 in ports:
            return "ike"
        if 4500 in ports:
            # Four zero octets are the mark of IKE there, a single 0xff keeps a NAT awake.
            return "ike" if payload[8:12] == bytes(4) else "esp" if len(payload) > 16 else None
    return None


def frames(data):
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xffff
    fraction = 1e-9 if 0x4d in (data[0], data[3]) else 1e-6
    if link not in COOKED:
        return
    header, protocol_at = COOKED[link]
    place = 24
    while place + 16 <= len(data):
        seconds, part, length, _ = struct.unpack_from(order + "4I", data, place)
        frame = data[place + 16:place + 16 + length]
        place += 16 + length
        if frame[protocol_at:protocol_at + 2] == b"\x08\x00" and len(frame) >= header + 20:
            yield seconds + part * fraction, frame[header:]


def read(path):
    """Each packet of IKE and ESP once, in order; none if there is no such file."""
    try:
        data = path.read_bytes()
    except OSError:
        return []
    packets, seen, addresses = [], {}, {}
    if len(data) < 24:
        return []
    for time, frame in frames(data):
        payload = frame[(frame[0] & 15) * 4:]
        kind = kind_of(frame[9], payload)
        if not kind:
            continue
        key = frame[12:20] + payload[:32] if kind == "esp" else frame[12:20] + payload
        if time - seen.get(key, 0) < SAME:
            continue
        seen[key] = time
        src, dst = (addresses.setdefault(a, str(ipaddress.IPv4Address(a)))
                    for a in (frame[12:16], frame[16:20]))
        packets.append(Packet(time, src, dst, kind))
    return packets


def nice(span, about):
    """A round step that divides the span into about so many."""
    step = 10.0 ** -6
    while True:
        for factor in (1, 2, 5):
            if span / (step * factor) <= about:
                return step * factor
        step *= 10


def ticks(span, about, unit):
    step = nice(span, about)
    count = int(span / step + 1e-9)
    return [{"at": i * step / span, "text": f"{i * step * unit:g}"} for i in range(count + 1)]


def timeline(packets, lab, bins=280):
    """A lane for each pair: bars of ESP, logarithmic, and marks of IKE. All places are parts of 1."""
    if not packets or lab.duration <= 0:
        return None
    pairs = collections.defaultdict(lambda: {"esp": [0] * bins, "ike": [], "total": 0})
    for p in packets:
        at = (p.time - lab.began) / lab.duration
        if not 0 <= at <= 1:
            continue
        names = sorted((lab.name_of(p.src), lab.name_of(p.dst)),
                       key=lambda n: (not n.startswith("Hub"), n))
        lane = pairs[tuple(names)]
        if p.kind == "ike":
            lane["ike"].append(at)
        else:
            lane["esp"][min(int(at * bins), bins - 1)] += 1
            lane["total"] += 1
    most = max((max(lane["esp"]) for lane in pairs.values()), default=0)
    lanes = [{"names": names, "direct": not any(n.startswith("Hub") for n in names),
              "ike": thinned(lane["ike"]), "ike_count": len(lane["ike"]), "total": lane["total"],
              "bars": [(i / bins, (count.bit_length() / most.bit_length()))
                       for i, count in enumerate(lane["esp"]) if count]}
             for names, lane in sorted(pairs.items(), key=lambda e: (not e[0][0].startswith("Hub"), e[0]))]
    return {"lanes": lanes[:12], "width": 1 / bins, "most": most,
            "bin_ms": f"{1000 * lab.duration / bins:.0f}",
            "ticks": ticks(lab.duration, 10, 1),
            "steps": [{"at": (s.time - lab.began) / lab.duration, "number": s.number, "title": s.title}
                      for s in lab.steps if s.number]}


def thinned(places):
    """No more marks than can be told apart."""
    return sorted({round(place, 3) for place in places})


def flood(packets, lab, bins=60):
    """Where the flooding node sent its ESP packets, from the first one until well after the change-over."""
    told = lab.flooded
    if not told:
        return None
    mine = {a for a, node in lab.addresses.items() if node == told["node"]}
    sent = [(p.time, lab.name_of(p.dst)) for p in packets if p.kind == "esp" and p.src in mine and
            told["began"] <= p.time <= told["ended"]]
    direct = [t for t, to in sent if not to.startswith("Hub")]
    if not sent or not direct:
        return None
    first, change = sent[0][0], direct[0]
    window = max(0.06, min(5 * (change - first), told["ended"] - first))
    series = {name: [0] * bins for name in dict.fromkeys(to for _, to in sent)}
    for time, to in sent:
        if time - first < window:
            series[to][int((time - first) / window * bins)] += 1
    most = max(max(sum(column) for column in zip(*series.values())), 1)
    return {"told": told, "names": list(series), "columns": list(zip(*series.values())), "most": most,
            "bins": bins, "bin_ms": f"{1000 * window / bins:.1f}", "window_ms": f"{1000 * window:.0f}",
            "change": (change - first) / window, "change_ms": f"{1000 * (change - first):.0f}",
            "totals": {n: sum(to == n for _, to in sent) for n in series},
            "ticks": ticks(window, 6, 1000)}
