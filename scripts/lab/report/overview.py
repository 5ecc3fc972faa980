# SPDX-License-Identifier: GPL-2.0-or-later
"""One picture of what all nodes' `map --json` say: hubs above, spokes below, their tunnels between."""

import json

BOX, HIGH, GAP, SIDE = 172, 66, 44, 12
BETWEEN = 112  # from the hubs' row to the spokes'
DEPTH = 34  # of a tunnel from a spoke to the next one


def tunnels_of(answers):
    for node, text in answers:
        try:
            answer = json.loads(text)
        except ValueError:
            continue
        for tunnel in answer.get("tunnels", []):
            yield node, tunnel


def merge(edges, node, other, peer, entry):
    """Both ends may know a tunnel, each in its way: it is static if it is for one, and up if it is for both."""
    traffic = peer.get("traffic") or {}
    packets = traffic.get("packets_out", 0) + traffic.get("packets_in", 0)
    edge = edges.setdefault(tuple(sorted((node, other))), {"static": False, "state": "UP", "packets": 0})
    edge["static"] |= entry.get("type") == "static"
    edge["packets"] = max(edge["packets"], packets)
    if peer.get("state") != "UP":
        edge["state"] = str(peer.get("state"))


def gather(answers):
    """Nodes as {name: (is a hub, lines)}, and edges by pairs of names."""
    nodes, owner, edges = {}, {}, {}
    for node, tunnel in tunnels_of(answers):
        address = str(tunnel.get("address", "")).split("/")[0]
        owner.setdefault(address, node)
        lines = nodes.setdefault(node, (tunnel.get("type") == "Hub", []))[1]
        lines += [f"{tunnel.get('interface')} {address}", f"{tunnel.get('source')}"]
    for node, tunnel in tunnels_of(answers):
        for peer in tunnel.get("peers", []):
            for entry in peer.get("entries", []):
                other = owner.get(entry.get("protocol"))
                if other and other != node:
                    merge(edges, node, other, peer, entry)
    return nodes, edges


def row(names, width, y, places):
    wide = len(names) * (BOX + GAP) - GAP
    for i, name in enumerate(sorted(names)):
        places[name] = ((width - wide) / 2 + i * (BOX + GAP), y)


def path(a, b):
    """A line between rows, an arc below a row; and where its label goes."""
    (ax, ay), (bx, by) = sorted((a, b), key=lambda p: (p[1], p[0]))
    if ay != by:
        start, end = (ax + BOX / 2, ay + HIGH), (bx + BOX / 2, by)
        return (f"M{start[0]:.0f},{start[1]}L{end[0]:.0f},{end[1]}",
                start[0] * .4 + end[0] * .6, start[1] * .4 + end[1] * .6)
    depth = DEPTH * (bx - ax) / (BOX + GAP)
    y = ay + HIGH
    return (f"M{ax + BOX / 2:.0f},{y}C{ax + BOX / 2 + 10:.0f},{y + depth:.0f} {bx + BOX / 2 - 10:.0f},{y + depth:.0f} "
            f"{bx + BOX / 2:.0f},{y}", (ax + bx + BOX) / 2, y + depth * .75)


def draw(title, answers):
    nodes, edges = gather(answers)
    if len(nodes) < 2:
        return None
    hubs = [n for n, (hub, _) in nodes.items() if hub]
    spokes = [n for n in nodes if n not in hubs]
    width = max(len(hubs), len(spokes), 2) * (BOX + GAP) - GAP + 2 * SIDE
    places, drawn = {}, []
    row(hubs, width, SIDE, places)
    row(spokes, width, SIDE + (HIGH + BETWEEN if hubs else 0), places)
    for (a, b), edge in sorted(edges.items()):
        line, x, y = path(places[a], places[b])
        words = f"{edge['packets']} packets" if edge["state"] == "UP" else edge["state"]
        drawn.append({"path": line, "x": x, "y": y, "words": words, "up": edge["state"] == "UP",
                      "static": edge["static"], "ends": (a, b)})
    return {"title": title, "broken": any(not e["up"] for e in drawn), "width": width, "edges": drawn, "box": (BOX, HIGH),
            "height": SIDE * 2 + HIGH + (HIGH + BETWEEN if hubs and spokes else 0) + DEPTH * max(1, len(spokes) - 1),
            "nodes": [{"name": n, "x": places[n][0], "y": places[n][1], "lines": nodes[n][1][:2]}
                      for n in sorted(nodes)]}
