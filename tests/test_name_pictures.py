"""Names as people have them: every letter there, in reading order, joined as it is written, on a plate."""

from __future__ import annotations

import subprocess
import sys

import pygame
import pytest
from bidi import get_display
from hypothesis import given
from hypothesis import strategies as st

from api_stub.schema import Menu, OrderRequest
from api_stub.schema.text import characters, normal
from game.actions import PlaceOrder
from game.api_state.news import OrdersSeen
from game.api_state.order_names import isolated, short_name
from game.drawing.brush import Brush
from game.drawing.text import Pen, warm_up
from game.drawing.text import fonts as fonts_module
from game.drawing.text.fitting import _most, fit, left_out, wrap
from game.drawing.text.fonts import Face, drawn, face_for, font, has, readable
from game.drawing.text.line_setting import Line, caret, clusters_of, set_line
from game.drawing.text.reading_order import reading_order
from game.drawing.text.script_fonts import SCRIPTS, file_of
from game.drawing.view import View
from game.inputs import Composing, KeyPress, TextTyped
from game.panels.order_form.drawing import NAME_PAD, cursor_box
from game.panels.order_form.form import OrderForm
from game.panels.order_form.layout import MEASURES
from game.panels.panel import Close
from game.scene.names_and_tethers import LONGEST_NAME, LONGEST_OWN, draw_names
from game.scene.room_figures import followed, moment_of
from tests.gallery import a_window, pictures_at
from tests.gallery_scenes import Props, kitchen
from tests.panelling import keys, pass_time, writing
from tests.running import ROOT
from tests.strips import VISITORS
from tests.telling import S, order, play, tell

FACES: tuple[Face, ...] = ("display", "text", "bold", "code")
MORE = (
    "Þórunn Ægisdóttir", "Nguyễn Thị Ánh", "İbrahim Çağlar", "O\u2019Neil", "მარიამი", "Անահիտ", "አበበ",
    "ကျော်", "ສົມ", "ស្រី", "অনিতা", "મીના", "ਅਨੀਤਾ", "மணி", "రాము", "ಕಾವ್ಯ", "അനിത", "තරු", "ଅନିତା", "क्षत्रिय", "יוֹסֵף",
    "مُحَمَّد", "王小明", "ひらがな・カナ", "\u1112\u1161\u11ab", "👨\u200d👩\u200d👧",
    "🇩🇪🇫🇷", "👍🏽", "❤️", "1\ufe0f\u20e3",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "🫨", "♥", "Z\u0335oe", "ﷺ" * 24,
    "😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😗😙😚🙂🤗🤩🤔🤨😐", "麤鸞龘驫鑿鬱爨籲灩龜驪钁饕齷鷹鷺鹽鹿麒麟黌黽鼇鼓",
    "ທ້າວကျော်አበበანაԱնիស្រីמשא",
)  # fmt: skip
NAMES = (*VISITORS, *MORE)


def pen() -> tuple[Pen, pygame.Surface]:
    surface = pygame.Surface((1920, 1080))
    return Pen(View(surface)), surface


def picture(text: str, face: Face = "text") -> bytes:
    """What a text looks like."""
    one, surface = pen()
    one.write(text, 300, 300, 40, (255, 255, 255), face=face)
    return pygame.image.tobytes(surface, "RGB")


def logical(line: Line) -> str:
    """What was set, as it was typed."""
    return "".join(piece.text for piece in sorted(line.pieces, key=lambda piece: piece.start))


@pytest.mark.parametrize("name", NAMES)
def test_every_letter_has_its_picture(name: str) -> None:
    boxes: dict[str, bytes] = {}
    for face in FACES:
        line = set_line(name, face, 32)
        for piece in line.pieces:
            opened = font(piece.font, 32)
            if piece.font not in boxes:
                boxes[piece.font] = pygame.image.tobytes(opened.render("\U0010fffe", True, (0, 0, 0)), "RGBA")
            for one in filter(drawn, piece.text):
                assert has(piece.font, one), (one, piece.font)
                if not one.isspace():
                    shown = pygame.image.tobytes(opened.render(one, True, (0, 0, 0)), "RGBA")
                    assert shown != boxes[piece.font], (one, piece.font)
        kept = [one for one in normal(name) if drawn(one)]
        assert [one for one in logical(line) if drawn(one)] == kept, "no letter is left out"


@pytest.mark.parametrize("name", NAMES)
def test_the_api_takes_it_and_the_form_too(name: str) -> None:
    assert OrderRequest(id="x", customer=name).customer == normal(name)
    form = OrderForm(Menu.printed(), lambda: "manual-1", art=None)
    pass_time(form)
    for one in name:
        form.handle(KeyPress(one))
        form.handle(TextTyped(one))
    one_view = View(pygame.Surface((1920, 1080)))
    form.draw(one_view)
    ordered = keys(form, "return")
    assert isinstance(ordered, Close) and isinstance(ordered.commands[0], PlaceOrder)
    assert ordered.commands[0].order.customer == normal(name)


def test_letters_are_read_from_right_to_left() -> None:
    for name in ("שלום", "علی\u200cرضا"):
        places = [caret(name, n, "bold", 40) for n in range(len(name) + 1)]
        assert places[0] == set_line(name, "bold", 40).width and places[-1] == 0
        assert places == sorted(places, reverse=True)
    places = [caret("Zoë", n, "bold", 40) for n in range(4)]
    assert places == sorted(places) and places[-1] == set_line("Zoë", "bold", 40).width


def visual(text: str) -> str:
    """The text's characters from left to right."""
    heads = [cluster[0] for cluster in characters(text)]
    found = ""
    for run in reading_order(heads):
        part = heads[run.first : run.end]
        found += "".join(part[::-1] if run.rtl else part)
    return found


@given(st.text("abc שלום علی 123.,-+%", max_size=24))
def test_the_order_is_that_of_python_bidis_other_algorithm(text: str) -> None:
    assert visual(text) == get_display(text)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("שלום Ben", "Ben םולש"),
        ("Ben שלום", "Ben םולש"),
        ("\u2068שלום\u2069: 3 left", "םולש: 3 left"),
        ("held \u2068שלום\u2069, \u2068משה\u2069 and 3 more", "held םולש, השמ and 3 more"),
        ("a \u2067\u2066b\u2069 ג\u2069 d", "a ג b d"),
        ("\u2068" * 90 + "שלום", "םולש"),
        ("\u2069a\u2069", "a"),
        (f"{isolated(chr(0x202e) + 'adA')} has שלום: 12 pizzas", "Ada has 12 :םולש pizzas"),
        (f"{isolated('a' + chr(0x202e))} has שלום: 12 pizzas", "a has 12 :םולש pizzas"),
        (f"{isolated(chr(0x2069) + chr(0x202e) + 'a')} and שלום", "a and םולש"),
        (f"{isolated(chr(0x2067) + 'abc')} and Bob (3)", "abc and Bob (3)"),
        (f"{short_name(chr(0x202e) + 'id', None)} has שלום: 12", "di has 12 :םולש"),
    ],
)  # fmt: skip
def test_what_stands_around_a_name_keeps_its_order(text: str, shown: str) -> None:
    assert visual(text) == shown


def test_a_sentence_holds_a_name_apart_only_where_it_must() -> None:
    assert isolated("Ada") == "Ada" and isolated("山田") == "山田" and short_name("x", "Zoë") == "Zoë"
    assert isolated("שלום") == "\u2068שלום\u2069"
    assert isolated("\u2069של\u2068ום") == "\u2068שלום\u2069", "a name does not reach out of its place"
    sentence = f"{short_name('', 'שלום')}: 3 left"
    assert visual(sentence).endswith(": 3 left") and not visual("שלום: 3 left").endswith("left")


@pytest.mark.parametrize(
    "joined, apart",
    [
        ("علی", "ع\u200cل\u200cی"),
        ("क्ष", "क्\u200cष"),
        ("👩\u200d🍳", "👩🍳"),
        ("🇩🇪", "🇩\u200c🇪"),
        ("ញុំ", "ញ ុំ"),
    ],
)
def test_letters_become_one_where_they_are_written_as_one(joined: str, apart: str) -> None:
    assert picture(joined) != picture(apart)


@pytest.mark.parametrize(
    "tower", ["Z" + "\u0301" * 470, "Z" + "\u0323" * 470, "\u1112" + "\u1161" * 200, "क" + "\u093f" * 300]
)
def test_a_tower_of_marks_is_as_wide_and_as_high_as_a_letter_with_some(tower: str) -> None:
    some, all_of_it = set_line(normal(tower)[:24], "bold", 40), set_line(tower, "bold", 40)
    assert (all_of_it.width, all_of_it.over, all_of_it.under) == (some.width, some.over, some.under)


def test_a_cook_is_one_picture() -> None:
    cook, woman = (set_line(text, "bold", 40) for text in ("👩\u200d🍳", "👩"))
    assert len(cook.pieces) == 1 and cook.width == woman.width
    assert set_line("Zo\u00eb", "bold", 40) == set_line("Zoe\u0308", "bold", 40)


def test_brackets_look_the_way_they_are_read() -> None:
    assert picture("א(ב)") != picture("א)ב(")
    one = set_line("(", "text", 40).pieces[0]
    mirrored = font(one.font, 40, True).render("(", True, (0, 0, 0))
    plain = font(one.font, 40).render(")", True, (0, 0, 0))
    assert pygame.image.tobytes(mirrored, "RGBA") == pygame.image.tobytes(plain, "RGBA")


@pytest.mark.parametrize("own", [False, True])
def test_every_gopher_wears_its_name_on_a_plate_that_is_not_too_wide(own: bool) -> None:
    with a_window((1920, 1080)) as window:
        view = View(window.canvas)
        brush = Brush(view, pictures_at(view.scale), Pen(view))
        for name in NAMES:
            model = kitchen(Props(brush.art, view.access))
            tell(model, OrdersSeen((order("manual-ab12-1", S.BAKING, 1, customer=normal(name)),)))
            play(model, 3.0)
            model.gophers["manual-ab12-1"].own = own
            written = writing(
                lambda model=model: draw_names(brush, model.gophers, followed(model), moment_of(model))
            )  # type: ignore[misc]
            (text, box, _), *_ = written
            assert text == short_name("", normal(name))
            assert 0 < box[2] <= (LONGEST_OWN if own else LONGEST_NAME) + 4
            assert box[0] >= 0 and box[0] + box[2] <= 1920


def test_an_own_name_of_24_characters_is_worn_whole() -> None:
    assert len(VISITORS[9]) == 24
    assert pen()[0].measure(VISITORS[9], 24, face="bold")[0] <= LONGEST_OWN


@given(st.sampled_from(NAMES), st.integers(1, 500), st.sampled_from(FACES))
def test_a_name_is_cut_between_characters(name: str, width: int, face: Face) -> None:
    cut = fit(name, face, 30, width)
    assert set_line(cut, face, 30).width <= width
    if cut.endswith("…"):
        kept = cut[:-1]
        assert kept == "" or kept in {"".join(characters(name)[:n]).rstrip() for n in range(len(name) + 1)}


@given(st.sampled_from(NAMES), st.integers(1, 500))
def test_the_end_of_a_name_stays_in_sight_while_it_is_typed(name: str, width: int) -> None:
    first = left_out(name, "text", 30, width)
    assert set_line(name[first:], "text", 30).width <= width
    parts = characters(name)
    places = {sum(map(len, parts[:n])) for n in range(len(parts) + 1)}
    assert first in places
    before = max((place for place in places if place < first), default=0)
    assert first == 0 or set_line(name[before:], "text", 30).width > width


@given(st.integers(0, 60), st.integers(-5, 70), st.integers(0, 60))
def test_the_search_for_what_fits_finds_the_most(most: int, guess: int, limit: int) -> None:
    tries: list[int] = []

    def fits(count: int) -> bool:
        tries.append(count)
        return count <= limit

    assert _most(fits, most, guess) == (min(most, limit) if most else 0)
    assert all(0 <= count <= max(most, 1) for count in tries)


def test_a_name_is_not_broken_at_its_own_space() -> None:
    for name in ("Jean\u00a0Paul", "山田\u3000太郎"):
        wide = set_line(name, "text", 30).width
        lines = wrap(f"pizza for {name} is done", "text", 30, wide + 60, 4)
        assert any(name in line for line in lines)


def test_plain_lines_need_no_table_of_characters() -> None:
    for text in ("Order · 3 left → w1.1 × 2 …", "Zoë “Łukasz”", "₿"):
        assert clusters_of(text) == characters(text)
    assert clusters_of("e\u0308") == ["e\u0308"] and clusters_of("👩\u200d🍳") == ["👩\u200d🍳"]


def test_the_cursor_is_where_a_name_is_typed_on() -> None:
    form = OrderForm(Menu.printed(), lambda: "manual-1", art=None)
    form.choice.type("שלום")
    at = cursor_box(MEASURES, form.choice, Composing(""), View(pygame.Surface((1920, 1080))).access)
    assert at[0] == MEASURES.name[0] + NAME_PAD
    form.choice.edit("home")
    begun = cursor_box(MEASURES, form.choice, Composing(""), View(pygame.Surface((1920, 1080))).access)
    assert begun[0] > at[0] + 30


def test_the_cursor_goes_the_way_an_arrow_points() -> None:
    for name in ("שלום", "Zoë", "علی\u200cرضا"):
        form = OrderForm(Menu.printed(), lambda: "manual-1", art=None)
        form.choice.type(name)

        def place(form: OrderForm = form) -> float:
            return caret(form.choice.name, form.choice.cursor, "text", 32)

        form.choice.edit("home")
        form.choice.edit("left" if form.choice.reads_from_right else "right")
        for key, way in (("left", -1), ("right", 1)):
            before = place()
            form.choice.edit(key)
            assert (place() - before) * way > 0, (name, key)


def test_joiners_and_tags_stay_and_other_format_characters_do_not() -> None:
    assert readable("علی\u200cرضا") == "علی\u200cرضا" and readable("A\u200b\u00adda\u202e") == "Ada"
    assert readable("\u0600") == "\u0600"
    assert logical(set_line("A\u200fda\u2068", "text", 30)) == "Ada"


def test_a_font_for_every_script_and_none_twice() -> None:
    assert all(file_of(name).is_file() for name in SCRIPTS)
    blocks = sorted(block for script in SCRIPTS.values() for block in script.blocks)
    assert all(first <= last for first, last in blocks)
    assert all(one[1] < other[0] for one, other in zip(blocks, blocks[1:], strict=False))
    letters = warm_up.LETTERS + warm_up.SLOWEST
    assert {face_for(letter, "text") for letter in letters} == set(SCRIPTS)


def test_warming_up_opens_every_font_once() -> None:
    fonts_module._forget()
    warm_up.load_modules()
    warm_up.open_slowest()
    assert set(fonts_module._scripts) == {"devanagari"}
    for _ in warm_up.open_fonts():
        pass
    assert set(fonts_module._scripts) == set(SCRIPTS)
    slow = [name for name, script in SCRIPTS.items() if script.sizes == 1]
    before = [fonts_module._scripts[name][0].font for name in slow]
    for name in NAMES:
        for face in FACES:
            for px in (22, 33, 46):
                set_line(name, face, px)
    for name, opened in zip(slow, before, strict=True):
        assert [one.font for one in fonts_module._scripts[name]] == [opened], "it would be slow again"
    assert all(len(opened) <= SCRIPTS[name].sizes for name, opened in fonts_module._scripts.items())


def test_a_name_that_is_there_is_not_set_again(monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = pen()

    def write(name: str) -> None:
        one.write(name, 50, 50, 24, (255, 255, 255), face="bold", max_width=190)

    for name in NAMES:
        missed = set_line.cache_info().misses
        write(name)
        assert set_line.cache_info().misses - missed <= 8, "each try has all letters loaded"

    def refuse(*rest: object) -> pygame.font.Font:
        raise AssertionError("no frame after the first one needs a font")

    monkeypatch.setattr("game.drawing.text.pen.font", refuse)
    monkeypatch.setattr("game.drawing.text.line_setting.font", refuse)
    for name in NAMES:
        write(name)


def test_a_start_loads_nothing_for_names() -> None:
    code = (
        "import sys, game.__main__; print([one for one in ('bidi', 'pygments', 'regex', 'manimgx_fonts',"
        " 'manimgx_fonts_cjk', 'fontpkg_jetbrains_mono') if one in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert told.stdout.splitlines()[-1] == "[]", told.stderr
