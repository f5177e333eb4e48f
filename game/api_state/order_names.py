"""What an order is called where there is little room: its customer, or its id without the session in it."""

from __future__ import annotations

import re
import unicodedata

_OWN = re.compile(r"(auto|manual|house)-[0-9a-f]{4,8}-([0-9]+)")
"""Ids that this game makes: who sent it, the session, the number in the session."""
_FIRST_STRONG, _END = "\u2068", "\u2069"
_MARKS = frozenset("\u2066\u2067" + _FIRST_STRONG + _END)
_TURNS = frozenset("R AL AN LRE RLE LRO RLO PDF LRI RLI FSI PDI".split())
"""Kinds of characters, in Unicode's bidirectional algorithm, that may turn what stands beside them around."""


def isolated(name: str) -> str:
    """A name for a sentence: if it is read from right to left, or has marks that turn letters around, what is
    around it keeps its own order."""
    if name.isascii() or not any(unicodedata.bidirectional(one) in _TURNS for one in name):
        return name
    return _FIRST_STRONG + "".join(one for one in name if one not in _MARKS) + _END


def short_name(order_id: str, customer: str | None) -> str:
    """The customer's name, which may stand in a sentence; else `auto 12` for `auto-3fa9c1-12`; ids of others
    stay as they are.
    """
    if customer:
        return isolated(customer)
    found = _OWN.fullmatch(order_id)
    return f"{found[1]} {found[2]}" if found else isolated(order_id)
