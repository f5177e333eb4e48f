"""The part of YAML that configs are written in: mappings, lists and plain values, in one document.

What the rest of YAML is for (tags, anchors and aliases, dates, numbers in base 60) has no use here and can
cost all memory, so it is refused while the text is read, before anything is built of it. PyYAML splits the
text into events; what they mean is decided here, by the rules of YAML 1.2.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from api_stub.oneline import one_line, shown, shown_key

MAX_DEPTH = 20
"""Lists and mappings within each other; the configs need four."""
MAX_NODES = 2000
"""Keys and values; the configs have about a hundred."""
MAX_NUMBER = 40
"""Characters of a number."""

Place = tuple[str | int, ...]
"""Where something stands: the keys and positions that lead there."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_FRACTION = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_YAML_TAG = "tag:yaml.org,2002:"


class NotAccepted(Exception):
    """The text is not YAML, or more of YAML than configs may use. `line` counts from 1; None: unknown."""

    def __init__(self, line: int | None, words: str) -> None:
        super().__init__(words)
        self.line = line
        self.words = words


class Document:
    """What a text says, as plain data, and where each part of it stands."""

    def __init__(self, text: str) -> None:
        """Read it. Raises NotAccepted."""
        # Lines are counted as editors do, so YAML's other line breaks are not among them.
        self._text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._starts: dict[Place, int] = {}
        self._nodes = 0
        try:
            self._loader: Any = yaml.SafeLoader(self._text)
        except yaml.reader.ReaderError as error:
            character = error.character if isinstance(error.character, int) else ord(error.character)
            raise NotAccepted(
                self._line_at(error.position), f"not YAML: the character U+{character:04X} is not accepted"
            ) from error
        try:
            self.data = self._document()
        finally:
            self._loader.dispose()

    def line_of(self, place: Place) -> int | None:
        """The line of a key or item, or of the nearest one above it that is there; None: of none."""
        while place and place not in self._starts:
            place = place[:-1]
        return self._line_at(self._starts[place]) if place else None

    def _line_at(self, index: int) -> int:
        return self._text.count("\n", 0, index) + 1

    def _next(self) -> Any:
        try:
            return self._loader.get_event()
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark or error.context_mark
            words = ", ".join(part for part in (error.context, error.problem) if part)
            raise NotAccepted(self._line_at(mark.index) if mark else None, f"not YAML: {words}") from error
        except Exception as error:
            # PyYAML lets other errors through: for instance of an escape that names no character.
            raise NotAccepted(self._line_at(self._loader.index), f"not YAML: {error}") from error

    def _refused(self, event: Any, place: Place, words: str) -> NotAccepted:
        return NotAccepted(self._line_at(_index_of(event)), f"{named(place)}{words}")

    def _document(self) -> Any:
        self._next()  # the start of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        data = self._value(self._next(), (), 1)
        self._next()  # the end of the document
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._refused(after, (), "a second document begins here (---); one is accepted")
        return data

    def _value(self, event: Any, place: Place, depth: int) -> Any:
        self._check(event, place, depth)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, place)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                inside = (*place, len(items))
                self._starts[inside] = _index_of(event)
                items.append(self._value(event, inside, depth + 1))
            return items
        found: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            self._check(event, place, depth)
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refused(event, place, "a key is a word, not a list or a mapping")
            # A key is what is written there: `on`, `1` and `null` are no others than their letters.
            key = self._text_of(event, place)
            inside = (*place, key)
            if key in found:
                first = self._line_at(self._starts[inside])
                raise self._refused(event, inside, f"this key is given twice; the first is in line {first}")
            self._starts[inside] = _index_of(event)
            found[key] = self._value(self._next(), inside, depth + 1)
        return found

    def _check(self, event: Any, place: Place, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._refused(event, (), f"more than {MAX_NODES} keys and values; no config needs so many")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            mark = "*" if isinstance(event, yaml.AliasEvent) else "&"
            raise self._refused(
                event, place, f"{mark}{one_line(str(event.anchor), 40)}: anchors and aliases are not accepted"
            )
        if event.tag is not None:
            tag = str(event.tag)
            tag = "!!" + tag.removeprefix(_YAML_TAG) if tag.startswith(_YAML_TAG) else tag
            raise self._refused(event, place, f"{one_line(tag, 40)}: tags are not accepted")
        if depth > MAX_DEPTH:
            raise self._refused(event, place[:3], f"nested more than {MAX_DEPTH} deep")

    def _text_of(self, event: Any, place: Place) -> str:
        text = str(event.value)
        lone = next((each for each in text if "\ud800" <= each <= "\udfff"), None)
        if lone is not None:
            raise self._refused(event, place, f"\\u{ord(lone):04x} is half of a character; write the whole")
        return text

    def _scalar(self, event: Any, place: Place) -> str | int | float | bool | None:
        text = self._text_of(event, place)
        if not event.implicit[0]:  # quoted, or a block of text
            return text
        if text in _WORDS:
            return _WORDS[text]
        kind = next((each for each in (_WHOLE, _BASED, _FRACTION) if each.fullmatch(text)), None)
        if kind is None:
            return text
        if len(text) > MAX_NUMBER:
            words = (
                f"found {shown(text)}, a number of {len(text)} characters; at most {MAX_NUMBER} are accepted"
            )
            raise self._refused(event, place, words)
        if kind is _FRACTION:
            is_word = text[-1].isalpha()
            return float(text.replace(".", "") if is_word else text)
        return int(text) if kind is _WHOLE else int(text, 0)


def _index_of(event: Any) -> int:
    return int(event.start_mark.index)


def named(place: Place) -> str:
    """`fleet.slots: ` from its place; nothing for the whole document."""
    return ".".join(shown_key(part) for part in place) + ": " if place else ""
