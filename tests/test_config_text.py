"""Whatever a config's text is, it is a config or one bounded line that names file and place; and soon."""

from __future__ import annotations

import random
import re
import tempfile
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api_stub.checkpoint.config import CheckpointConfig
from api_stub.checkpoint.files import CONFIGS, MAX_CONFIG_BYTES, MAX_ERROR, ConfigError, load
from tests.running import PATIENCE

X = "checkpoint: x\n"
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
SLOW_S = 5.0 * PATIENCE
"""No text may take so long; all of these take under 0.2 s on a laptop."""


def refusal(file: Path) -> str | None:
    """Why a file is refused; None: it is accepted. Any other exception, and any other form, is a fault."""
    began = time.monotonic()
    try:
        load(file)
    except ConfigError as error:
        text = str(error)
        assert len(text) <= MAX_ERROR and text.isprintable() and file.name in text, text
        return text
    finally:
        assert time.monotonic() - began < SLOW_S
    return None


def of_text(directory: Path, text: str | bytes) -> str | None:
    file = directory / "some.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return refusal(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (X + "seed: 0x_", r":2: seed: found '0x_'; .*integer"),
        (X + "seed: " + "9" * 5000, r":2: seed: found '9{50,}…, a number of 5000 characters; at most 40"),
        (X + "retention_s: 1." + "0" * 50, r":2: retention_s: .* a number of 52 characters"),
        (X + 'stream: {enabled: !!bool "abc"}', r":2: stream\.enabled: !!bool: tags are not accepted"),
        (X + "title: !!binary aGk=", r":2: title: !!binary: tags"),
        (X + "title: !!set {a, b}", r":2: title: !!set: tags"),
        (X + "title: !!omap [a: b]", r":2: title: !!omap: tags"),
        (X + "title: ! x", r":2: title: !: tags"),
        (X + "title: !mine x", r":2: title: !mine: tags"),
        (X + "!mine title: x", r":2: !mine: tags"),
        ("!!python/object/apply:os.getcwd []", r":1: !!python/object/apply:os.getcwd: tags"),
        (X + "fleet: " + "[" * 1200, r":2: fleet\.0\.0: nested more than 20 deep"),
        (X + "fleet: " + "{a: " * 1200, r":2: fleet\.a\.a: nested more than 20 deep"),
        (X + "- " * 1200, r":2: "),
        (LAUGHS, r":1: a0: &a0: anchors and aliases are not accepted"),
        ("a: &a [*a]", r":1: a: &a: anchors and aliases"),
        (X + "title: *other", r":2: title: \*other: anchors and aliases"),
        (X + "fleet: {<<: {slots: 2}}", r":2: fleet\.<<: unknown key"),
        (X + "title: " + "a" * 60_000, r":2: title: found 'a{50,}…; .*at most 48 characters"),
        (X + "a" * 60_000 + ": 1", r":2: "),
        (X + "".join(f"k{n}: 1\n" for n in range(5000)), r":1000: more than 2000 keys and values"),
        (X + "".join(f"k{n}: 1\n" for n in range(500)), r":2: k0: unknown key .*; and 49\d more$"),
        (X + f"story: [{', '.join(['1'] * 1900)}]", r":2: story\.0: found 1; .*; and 18\d\d more$"),
        (X + f"story: [{', '.join(['a'] * 21)}]", r":2: story: .*; at most 20 of these"),
        (X + "title: a\0b", r":2: not YAML: the character U\+0000"),
        (X + 'title: "a\\0b"', r":2: title: found 'a\\x00b'; a line of text .* U\+0000"),
        (X + 'story: ["\\e[2J"]', r":2: story\.0: .* U\+001B"),
        (X + 'title: "a\\nb"', r":2: title: .* U\+000A"),
        (X + 'title: "\\ud800"', r":2: title: \\ud800 is half of a character"),
        (X + '"\\udfff": 1', r":2: \\udfff is half of a character"),
        (X + 'title: "\\U00110000"', r":2: not YAML: "),
        (X + "title: \ud800", r":2: not YAML: the byte 0xed is not UTF-8"),
        (X.encode() + b"title: \xff", r":2: not YAML: the byte 0xff is not UTF-8"),
        (X.encode("utf-16"), r": not YAML: this is UTF-16"),
        (X.encode("utf-16-be"), r":1: not YAML: the character U\+0000"),
        (X.encode("utf-32"), r": not YAML: this is UTF-32"),
        (b"\0\0\xfe\xff" + X.encode("utf-32-be"), r": not YAML: this is UTF-32"),
        (X + "\ttitle: x", r":2: not YAML: .*'\\t'"),
        ("checkpoint: x\r\nseed: x\r\n", r":2: seed: found 'x'"),
        ("checkpoint: x\rseed: x\r", r":2: seed: found 'x'"),
        (X + "---\n" + X, r":2: a second document begins here"),
        (X + "...\n" + X, r":3: a second document|:3: not YAML"),
        ("", r"a mapping with the key 'checkpoint' is expected, found nothing"),
        ("# only words\n", r"found nothing"),
        ("---\n...\n", r"found nothing"),
        ("- checkpoint: x", r"is expected, found \[\{'checkpoint': 'x'\}\]"),
        ("words", r"is expected, found 'words'"),
        ("checkpoint: 1", r":1: checkpoint: found 1; .*string, in quotes"),
        ("checkpoint: 1.5", r":1: checkpoint: found 1\.5; .*string, in quotes"),
        ("checkpoint: a.yaml", r":1: checkpoint: found 'a\.yaml'; .*taken for a file"),
        ("checkpoint: a/b", r":1: checkpoint: found 'a/b'"),
        (X + "title: true", r":2: title: found True; .*string, in quotes"),
        (X + "seed: .nan", r":2: seed: found nan"),
        (X + "fleet: {slots: .inf}", r":2: fleet\.slots: found inf"),
        (X + "timeouts: {heartbeat_s: .nan}", r":2: timeouts\.heartbeat_s: found nan; .*finite"),
        (X + "timeouts: {heartbeat_s: 1e400}", r":2: timeouts\.heartbeat_s: found inf; .*finite"),
        (X + "activities: {bake: {failure_rate: .nan}}", r":2: activities\.bake\.failure_rate: found nan"),
        (X + "activities: {bake: {duration_s: [-.inf, 1]}}", r":2: activities\.bake\.duration_s\.0: .*-inf"),
        (X + "retry: {backoff: .nan}", r":2: retry\.backoff: found nan; .*finite"),
        (X + "stream: {enabled: yes}", r":2: stream\.enabled: found 'yes'; .*boolean: true or false"),
        (X + "stream: {enabled: off}", r":2: stream\.enabled: found 'off'"),
        (X + "stream: {every_s: [1.0e-300, 1]}", r":2: stream\.every_s: .*minimum 1e-300 is under 0\.001"),
        (X + "stream: {every_s: [1]}", r":2: stream\.every_s: found \[1\]; a range is two numbers"),
        (X + "stream: {every_s: [1, 2, 3]}", r":2: stream\.every_s: found \[1, 2, 3\]; at most 2"),
        (X + "seed: 017", r":2: seed: found '017'"),
        (X + "seed: 1_000", r":2: seed: found '1_000'"),
        (X + "seed: 1:30", r":2: seed: found '1:30'"),
        (X + "fleet:", r":2: fleet: found None; keys are expected here: hosted_on, slots"),
        (X + "fleet: [1]", r":2: fleet: found \[1\]; keys are expected here"),
        (X + "activities: {bake: }", r":2: activities\.bake: found None; keys .*duration_s"),
        (X + "seed: 1\nseed: 2", r":3: seed: this key is given twice; the first is in line 2"),
        (X + "fleet:\n  slots: 1\n  'slots': 1", r":4: fleet\.slots: this key is given twice; .* line 3"),
        (X + "? [a, b]\n: c", r":2: a key is a word"),
        (X + "{a: b}: c", r":2: a key is a word"),
        (X + "1: 2", r":2: 1: unknown key"),
        (X + "null: 2", r":2: null: unknown key"),
        (X + '"": 2', r":2: '': unknown key"),
        (X + '"a\\nb": 2', r":2: 'a\\nb': unknown key"),
        ("%YAML 2.0\n---\n" + X, r":1: not YAML"),
        ("%YAML " + "9" * 6000 + ".1\n---\n" + X, r":1: not YAML"),
        ("%TAG ! tag:x,2000:\n---\n" + X + "title: !a b", r":4: title: tag:x,2000:a: tags"),
        ("[" * 65_000, r":1: "),
        (X + "title: 'open", r":2: not YAML"),
    ],
)
def test_a_text_that_is_no_config_is_one_bounded_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    told = of_text(tmp_path, text)
    assert told is not None
    assert re.search("some.yaml" + (words if words[0] == ":" else ".*" + words), told), told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (X + "title: 2025-02-30", {"title": "2025-02-30"}),
        ("checkpoint: 2025-02-30", {"checkpoint": "2025-02-30"}),
        (X + "title: no", {"title": "no"}),
        (X + "title: 1:30", {"title": "1:30"}),
        (X + "title: =", {"title": "="}),
        (X + "title: <<", {"title": "<<"}),
        (X + "title: '12'", {"title": "12"}),
        (X + "title: >\n  one\n  line\n", {"title": "one line"}),
        (X + "title: Café ☕ 🍕", {"title": "Café ☕ 🍕"}),
        (X + "story: [a, 'null', \"~\"]", {"story": ("a", "null", "~")}),
        ("\ufeff" + X, {"checkpoint": "x"}),
        (X.replace("\n", "\r\n") + "seed: 3\r\n", {"seed": 3}),
        ("%YAML 1.2\n---\n" + X + "...\n", {"checkpoint": "x"}),
        ('{"checkpoint": "x", "seed": 0x1F, "bug": null}', {"seed": 31, "bug": None}),
        (X + "seed: 0o17\nbug: ~", {"seed": 15, "bug": None}),
        (X + "retention_s: 1e3", {"retention_s": 1000.0}),
        (X + "retention_s: +6.5E+2", {"retention_s": 650.0}),
        (X + "bug:", {"bug": None}),
        (X + "? seed\n: 4", {"seed": 4}),
    ],
)
def test_what_is_written_is_what_is_meant(tmp_path: Path, text: str, expected: dict[str, object]) -> None:
    assert of_text(tmp_path, text) is None
    config = load(tmp_path / "some.yaml").config
    assert {key: getattr(config, key) for key in expected} == expected


@pytest.mark.parametrize(
    "text", [LAUGHS, X + "fleet: " + "[" * 60_000, X + "a: b\n" * 10_000], ids=lambda text: text[:9]
)
def test_a_text_costs_little_memory(tmp_path: Path, text: str) -> None:
    tracemalloc.start()
    try:
        assert of_text(tmp_path, text[:MAX_CONFIG_BYTES])
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_the_size_has_a_limit_and_the_limit_itself_is_accepted(tmp_path: Path) -> None:
    assert of_text(tmp_path, X + "#" * (MAX_CONFIG_BYTES - len(X))) is None
    told = of_text(tmp_path, X + "#" * (MAX_CONFIG_BYTES - len(X) + 1))
    assert told is not None and "65537 bytes; at most 65536" in told


def test_a_long_path_leaves_room_for_what_is_wrong(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 100] * 5)
    deep.mkdir(parents=True)
    told = of_text(deep, X + "seed: no")
    assert told is not None and "some.yaml:2: seed: found 'no'" in told


# --- anything at all ---

SHIPPED = [file.read_text(encoding="utf-8") for file in sorted(CONFIGS.glob("checkpoint-*.yaml"))]
PARTS = [
    *("checkpoint: x", "title", "fleet", "slots", "story", "seed", "stream", "every_s", "x", "null", "true"),
    *(
        ": ",
        ":",
        "\n",
        "\n  ",
        "- ",
        ", ",
        "[",
        "]",
        "{",
        "}",
        "? ",
        "&a ",
        "*a",
        "!!int ",
        "!",
        "<<",
        "|",
        ">",
    ),
    *("'", '"', "#", "---", "...", "%YAML 1.1", "\t", "\r", "\0", "\ufeff", "\u2028", "\x85", "\\ud800", "é"),
    *(
        "1",
        "-1",
        "0x_",
        "1e999",
        ".nan",
        "2025-02-30",
        "1:30",
        "9" * 50,
        "[0, 1]",
        "{slots: 2}",
        "=",
        "@",
        "`",
    ),
]


def holds(raw: bytes) -> None:
    """These bytes, as a file, are a config or refused as they should be."""
    with tempfile.TemporaryDirectory() as directory:
        if of_text(Path(directory), raw) is None:
            config = load(Path(directory) / "some.yaml").config
            assert CheckpointConfig.model_validate_json(config.model_dump_json()) == config


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
@example(b"\xef\xbb\xbf")
def test_any_bytes(raw: bytes) -> None:
    holds(raw)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=4)), max_size=60))
def test_anything_like_yaml(parts: list[str]) -> None:
    holds((X + "".join(parts)).encode("utf-8", "surrogatepass"))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SHIPPED), st.integers(0, 2**32), st.integers(1, 8))
def test_a_shipped_file_changed_anyhow(text: str, seed: int, changes: int) -> None:
    dice = random.Random(seed)
    for _ in range(changes):
        at, end = sorted((dice.randrange(len(text) + 1), dice.randrange(len(text) + 1)))
        way = dice.randrange(4)
        if way == 0:  # a part is put in
            text = text[:at] + dice.choice(PARTS) + text[at:]
        elif way == 1:  # a piece is left out
            text = text[:at] + text[min(end, at + dice.randrange(40)) :]
        elif way == 2:  # a piece is there twice
            text = text[:end] + text[at:end] + text[end:]
        else:  # a value is another one
            words = list(re.finditer(r"[\w.-]+", text))
            word = dice.choice(words) if words else None
            text = text[: word.start()] + dice.choice(PARTS) + text[word.end() :] if word else text
    holds(text.encode("utf-8", "surrogatepass"))
