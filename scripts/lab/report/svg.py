# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes a picture of dmvpnctl's into a page: only what a picture is made of, nothing that acts or fetches.

Several stand in one page, so the ids of each get a prefix of their own; that the style rules of each
begin with its own class is up to the maker.
"""

import itertools
import re
import xml.etree.ElementTree as ElementTree

import markupsafe

SPACE = "{http://www.w3.org/2000/svg}"
ELEMENTS = frozenset("svg g title desc defs style marker rect circle ellipse line path polyline polygon text "
                     "tspan".split())
ATTRIBUTES = frozenset("class id d x y x1 y1 x2 y2 cx cy r rx ry dx dy width height viewBox points transform "
                       "fill stroke stroke-width stroke-dasharray text-anchor font-family font-size "
                       "font-weight role orient refX refY markerWidth markerHeight marker-end marker-start "
                       "aria-label aria-labelledby preserveAspectRatio".split())
# A style sheet that would fetch something.
FETCHES = re.compile(r"@import|url\((?!#)|expression|javascript:", re.I)

numbers = itertools.count(1)


def clean(element, prefix):
    """A copy without what is not allowed, or None."""
    name = element.tag.removeprefix(SPACE) if isinstance(element.tag, str) else ""
    if name not in ELEMENTS or name == "style" and FETCHES.search(element.text or ""):
        return None
    copy = ElementTree.Element(name)
    copy.text = element.text
    for key, value in element.attrib.items():
        if key not in ATTRIBUTES or FETCHES.search(value):
            continue
        if key in ("id", "aria-labelledby"):
            value = prefix + value
        copy.set(key, re.sub(r"url\(#", "url(#" + prefix, value))
    if name == "style":
        copy.text = re.sub(r"url\(#", "url(#" + prefix, element.text or "")
    for child in element:
        kept = clean(child, prefix)
        if kept is not None:
            kept.tail = child.tail
            copy.append(kept)
    return copy


def inline(text):
    """The picture as markup for a page; empty if it is none."""
    if "<!" in text:
        return ""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return ""
    if root.tag != SPACE + "svg":
        return ""
    copy = clean(root, f"p{next(numbers)}-")
    return markupsafe.Markup(ElementTree.tostring(copy, encoding="unicode"))
