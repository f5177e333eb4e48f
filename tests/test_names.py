"""Names and words that people type: which are accepted, how they are spelt and counted, and cut."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api_stub.original import BadWire, read_order_info
from api_stub.schema import OrderRequest, StatusItem
from api_stub.schema.text import SCHEMA, blank, characters, complaint, fitting, length, normal, refused, size
from worker.shared import MAX_CUSTOMER_LENGTH, MAX_TEXT_BYTES, MAX_WORKFLOW_ID_LENGTH
from worker.show.summaries import MAX_SUMMARY_BYTES, MORE, summary

PATTERN = re.compile(str(SCHEMA["pattern"]).replace("$", r"\Z"))
"""As JSON Schema means it: Python's own `$` lets a line feed follow."""
FAMILY = "👨\u200d👩\u200d👧"
NAMES = {
    "composed": ("Zo\u00eb", 3),
    "decomposed": ("Zoe\u0308", 3),
    "ideographic space": ("山田\u3000太郎", 5),
    "no-break space": ("Jean\u00a0Paul", 9),
    "narrow no-break space": ("Jean\u202fPaul", 9),
    "non-joiner": ("علی\u200cرضا", 6),
    "cook": ("👩\u200d🍳", 1),
    "family": (FAMILY, 1),
    "flags": ("🇩🇪🇫🇷", 2),
    "skin tone": ("👍🏽", 1),
    "keycap": ("1\ufe0f\u20e3", 1),
    "flag of tags": ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 1),
    "soft hyphen": ("An\u00adna", 5),
    "zero width space": ("An\u200bna", 5),
    "byte order mark": ("\ufeffAda", 4),
    "mark of direction": ("\u200eAda\u200f", 5),
    "override": ("\u202eadA\u202c", 5),
    "isolate": ("\u2067Ada\u2069", 5),
    "devanagari": ("क्षत्रिय", 3),
    "jamo": ("\u1112\u1161\u11ab", 1),
    "private use": ("\ue000", 1),
    "not assigned": ("\U000e1000a", 2),
    "noncharacter": ("\uffffa", 2),
    "24 decomposed": ("e\u0308" * 24, 24),
    "24 flags": ("🇩🇪" * 24, 24),
    "24 cooks of eleven bytes": ("👩\u200d🍳" * 24, 24),
    "an accent alone": ("\u0301", 1),
    "an Arabic number sign": ("\u0600", 1),
    "apostrophes": ("O'Neil “x” <b>&amp;", 19),
}
REFUSED = {
    "tab": "A\tda",
    "line feed": "Ada\n",
    "return and line feed": "A\r\nda",
    "nothing": "\0Ada",
    "delete": "Ada\x7f",
    "next line": "A\u0085da",
    "C1": "A\u009bda",
    "line separator": "A\u2028da",
    "paragraph separator": "A\u2029da",
    "lone surrogate": "A\ud800da",
    "surrogate pair in two": "\ud83d\ude00",
    "25 letters": "x" * 25,
    "25 decomposed": "e\u0308" * 25,
    "a tower of marks": "Z" + "\u0335" * 10_000,
    "a tower just too high": "Z" + "\u0335" * (MAX_TEXT_BYTES // 2),
}
EMPTY = ["", " ", "\u00a0\u3000", "\u200d", "\u200b\u200c\ufeff", "\u3164", "\u2800", "\ufe0f", "\U000e0067"]
TEXTS = st.text(st.characters(), max_size=60) | st.text(
    st.sampled_from("aé👩\u200d🍳🇩🇪\u0308\u1112\u1161 \u00ad🏽")
)


@pytest.mark.parametrize(("name", "seen"), NAMES.values(), ids=NAMES)
def test_a_name_is_accepted_and_counted_as_people_see_it(name: str, seen: int) -> None:
    read = OrderRequest(id="x", customer=name).customer
    assert read == unicodedata.normalize("NFC", name)
    assert length(read) == seen
    assert read_order_info({"toppings": [name]}, "x").toppings == [read]
    assert fitting(name) == read
    if len(name) <= MAX_CUSTOMER_LENGTH:
        assert PATTERN.search(name)


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
def test_a_name_that_is_refused_says_why_in_words_that_can_be_sent(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        OrderRequest(id="x", customer=name)
    caught.value.errors()[0]["msg"].encode()
    with pytest.raises(BadWire, match=r"^toppings\[1\]: ") as wire:
        read_order_info({"toppings": ["ham", name]}, "x")
    assert len(str(wire.value).encode()) < 1500


@pytest.mark.parametrize("name", EMPTY)
def test_a_name_of_which_nothing_is_seen_is_empty(name: str) -> None:
    with pytest.raises(ValidationError, match="empty"):
        OrderRequest(id="x", customer=name)


def test_one_order_in_two_spellings_is_one_order() -> None:
    one, other = (OrderRequest(id="x", customer=name) for name in ("Zo\u00eb", "Zoe\u0308"))
    assert one == other
    wires = [read_order_info({"toppings": [word]}, "x") for word in ("jalape\u00f1o", "jalapen\u0303o")]
    assert wires[0] == wires[1]


@given(TEXTS)
def test_whatever_the_api_accepts_the_workflow_accepts(text: str) -> None:
    try:
        read = OrderRequest(id="x", customer=text).customer
    except ValidationError:
        return
    assert read is not None
    assert OrderRequest(id="x", customer=read).customer == read
    assert fitting(read) == read


@given(st.text(st.characters(), min_size=1, max_size=MAX_CUSTOMER_LENGTH))
def test_whatever_the_description_allows_is_accepted(text: str) -> None:
    """All but names of invisible astral characters alone, which no one pattern for every reader can name."""
    assert SCHEMA["maxLength"] == MAX_CUSTOMER_LENGTH
    matched = PATTERN.search(text) is not None
    try:
        OrderRequest(id="x", customer=text)
    except ValidationError:
        assert not matched or blank(text)
    else:
        assert matched


@given(TEXTS, st.integers(0, 30), st.integers(0, 100))
def test_a_text_is_cut_between_characters(text: str, most: int, most_bytes: int) -> None:
    cut = fitting(text, most, most_bytes)
    whole = characters(normal(text.encode("utf-8", "replace").decode()))
    kept = len(characters(cut))
    assert kept <= most and size(cut) <= most_bytes
    assert cut == "".join(whole[:kept]) or cut == ""
    cut.encode()


def test_a_text_of_megabytes_is_cut_without_reading_it_all() -> None:
    assert fitting("n" * 2_000_000) == "n" * MAX_CUSTOMER_LENGTH
    assert fitting("Z" + "\u0335" * 1_000_000) == ""
    assert fitting("A\ud800") == "A?"


def test_only_three_kinds_of_characters_are_refused() -> None:
    bad = [chr(code) for code in range(0x110000) if refused(chr(code))]
    kinds = {unicodedata.category(character) for character in bad}
    assert kinds == {"Cc", "Cs", "Zl", "Zp"}
    assert len(bad) == 65 + 2048 + 2


@given(TEXTS | st.text("👩\u200d🍳é", min_size=50))
def test_a_summary_fits_and_ends_between_characters(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    cut = summary(text)
    assert len(json.dumps(cut)) - 2 <= MAX_SUMMARY_BYTES
    if cut == text:
        return
    head = cut.removesuffix(MORE)
    assert cut.endswith(MORE) and text.startswith(head)
    assert not head or "\u200d" != head[-1]
    assert all(unicodedata.category(character) != "Cs" for character in head)


def test_a_summary_of_one_endless_character_is_short() -> None:
    assert summary("Z" + "\u0335" * 1_000_000) == MORE
    assert summary("bake for Ada") == "bake for Ada"


def test_an_id_of_temporals_own_limit_is_asked_for() -> None:
    assert StatusItem(id="é/ 👩" + "x" * (MAX_WORKFLOW_ID_LENGTH - 5)).id
    for bad in ("", "x" * (MAX_WORKFLOW_ID_LENGTH + 1), "a\ud800"):
        with pytest.raises(ValidationError):
            StatusItem(id=bad)


@pytest.mark.parametrize(
    "seen",
    [
        "👨\u200d👩\u200d👧\u200d👦",
        "👩🏿\u200d❤️\u200d💋\u200d👨🏿",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
)
def test_a_whole_name_of_the_longest_emoji_fits(seen: str) -> None:
    name = seen * MAX_CUSTOMER_LENGTH
    assert complaint(normal(name), MAX_CUSTOMER_LENGTH) is None and fitting(name) == normal(name)
