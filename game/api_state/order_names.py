"""What an order is called where there is little room: its customer, or its id without the session in it."""

from __future__ import annotations

import re

_OWN = re.compile(r"(auto|manual|house)-[0-9a-f]{4,8}-([0-9]+)")
"""Ids that this game makes: who sent it, the session, the number in the session."""


def short_name(order_id: str, customer: str | None) -> str:
    """The customer's name; else `auto 12` for `auto-3fa9c1-12`; ids of others stay as they are."""
    if customer:
        return customer
    found = _OWN.fullmatch(order_id)
    return f"{found[1]} {found[2]}" if found else order_id
