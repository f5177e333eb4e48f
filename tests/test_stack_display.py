"""`./run_all.sh --display N`: handed on to the game."""

from __future__ import annotations

import pytest

from api_stub.stack import options, programs

DESK = {"DISPLAY": ":0"}


def test_the_display_is_handed_on_to_the_game() -> None:
    for arguments, wanted in (
        (["--display", "1"], ["--display", "1"]),
        (["--display=0"], ["--display", "0"]),
        ([], []),
    ):
        read = options.read(arguments, DESK)
        command = programs.game(read, programs.Addresses("http://a", "t:1", None)).command
        assert list(command[5:]) == wanted


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "100", "٣"])
def test_what_is_no_number_is_refused_with_what_is_accepted(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        options.read([f"--display={text}"], DESK)
    assert "number of a display" in capsys.readouterr().err
