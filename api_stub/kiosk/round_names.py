"""Names for the table: letters only, and no rude words of 25 languages (the lists of badwords-py)."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import re
import threading
import unicodedata
from functools import cache
from typing import Any

from api_stub.errors import NameRefused

LEAST, MOST = 3, 8
_LATIN = re.compile(r"LATIN (?:SMALL |CAPITAL )?LETTER (?:DOTLESS |SMALL CAPITAL )?([A-Z])(?: WITH .*)?")
_loading = threading.Lock()


def normal(name: str) -> str:
    """The name as it is shown: composed, upper case. Raises NameRefused for what is no name."""
    shown = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).upper())
    if not is_name(shown):
        raise NameRefused(f"name: found {name[:20]!r}; {LEAST} to {MOST} letters are accepted")
    return shown


def is_name(text: str) -> bool:
    """Whether it is 3 to 8 letters, of any script, and nothing else."""
    return LEAST <= len(text) <= MOST and all(unicodedata.category(each)[0] == "L" for each in text)


async def checked(name: str | None) -> str | None:
    """The name as it is shown; None stays None. Raises NameRefused, also for a rude one."""
    if name is None:
        return None
    shown = normal(name)
    if importlib.util.find_spec("badwords") is None:
        raise NameRefused("name: there is no list of rude words on this machine, so no name is shown")
    # The lists take a sixth of a second to load: not on the event loop.
    if await asyncio.to_thread(is_rude, shown):
        raise NameRefused("name: this one is not shown; choose another")
    return shown


def is_rude(name: str) -> bool:
    """Whether the name stands in the lists, or has one of a few words in it that no name has; the same for it
    without its accents, and with its repeated letters taken for one. Other parts of words are left alone:
    Dickson is a name."""
    low = name.lower()
    spellings = {low, plain(low)}
    spellings |= {"".join(letter for letter, _ in itertools.groupby(each)) for each in spellings}
    with _loading:
        words, options = _lists()
    return any(part in each for part in NOWHERE for each in spellings) or any(
        words.is_profane(each, options=options) for each in spellings
    )


def plain(name: str) -> str:
    """The name without its accents, strokes and hooks, and small capitals as letters: whoever reads it sees
    the word beneath them."""
    found = ""
    for letter in unicodedata.normalize("NFKD", name):
        if unicodedata.category(letter)[0] != "M":
            latin = _LATIN.fullmatch(unicodedata.name(letter, ""))
            found += latin[1].lower() if latin else letter
    return found


@cache
def _lists() -> tuple[Any, Any]:
    from badwords import Options, ProfanityFilter

    words = ProfanityFilter()
    words.init()
    words.add_whitelist(list(HARMLESS))
    return words, Options(collapse_repeats=True, leetspeak=True)


NOWHERE = (
    *("fuck", "fvck", "fcuk", "nigg", "hitler", "siegheil", "fick", "wixer", "wixxer", "arschloc", "motherf"),
    *("kkk", "操你", "肏你", "傻逼"),
)
HARMLESS = tuple("mama papa pipo anita fanny johnny johny mandy mona pelle pele pippa pipa suki wang".split())
"""Somebody's slang, and everybody's names."""
