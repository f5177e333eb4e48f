"""`python -m game`: the window. Exit status 0: ended normally; 2: bad arguments; 3: no display."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from game.desktop import outputs

STARTED = time.monotonic()

ended = threading.Event()
"""Set when somebody outside wants us gone."""


def _on_signal(number: int, frame: FrameType | None) -> None:
    ended.set()


def catch_signals() -> None:
    """Take SIGINT and SIGTERM as the wish to end. Before SDL starts, which would make a "close the window"
    of them: a signal is not a question.
    """
    signal.signal(signal.SIGINT, _on_signal)
    signal.signal(signal.SIGTERM, _on_signal)


if __name__ == "__main__":
    # A stop may come while the imports below are still going on; and before anything is opened, so that
    # nothing gets the number of an output that is closed.
    catch_signals()
    outputs.open_closed()
    outputs.make_safe()

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
# httpx's own command, which nobody needs here, would load click, pygments and rich where they are installed.
sys.modules["httpx._main"] = None  # type: ignore[assignment]

import httpx  # noqa: E402
import pygame  # noqa: E402

from game.app import App, GameOptions  # noqa: E402
from game.desktop import input_script as script  # noqa: E402
from game.desktop import parent_watch as lifeline  # noqa: E402
from game.desktop.displays import LEAST  # noqa: E402
from game.desktop.open_externally import show_in_editor  # noqa: E402
from game.desktop.settings import settings_file, user_directory  # noqa: E402
from game.desktop.start_program import browse  # noqa: E402
from game.desktop.window import NoDisplay, Window  # noqa: E402
from game.network.api_actions import OutsidePrograms  # noqa: E402
from game.network.network import Network  # noqa: E402
from game.network.records_polling import RecordsThread  # noqa: E402

log = logging.getLogger("game")


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    if not cross or not width.isdecimal() or not height.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; for instance 1280x720")
    size = int(width), int(height)
    if size[0] < LEAST[0] or size[1] < LEAST[1] or max(size) > 16384:
        raise argparse.ArgumentTypeError(f"{text!r}: at least {LEAST[0]}x{LEAST[1]}, at most 16384")
    return size


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 2):
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of a display; 0 to 99")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 86400")
    return seconds


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} does not begin with http:// or https://")
    try:
        host = httpx.URL(text).host
    except httpx.InvalidURL as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL: {error}") from None
    if not host:
        raise argparse.ArgumentTypeError(f"{text!r} names no host; for instance http://127.0.0.1:8000")
    return text.rstrip("/")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m game",
        description="The pizzeria's window. It knows what the API tells it and nothing else.",
        epilog="A script of inputs (--script):\n\n" + (script.__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--api", type=_url, default="http://127.0.0.1:8000", metavar="URL", help="default: %(default)s"
    )
    made.add_argument(
        "--all", action="store_true", help="show every open order, not only those placed from now on"
    )
    made.add_argument(
        "--kiosk", action="store_true", help="full screen, unattended; hold Esc for 3 s to leave"
    )
    made.add_argument(
        "--pin", action="store_true", help="with --kiosk: nobody leaves without the PIN that the API knows"
    )
    made.add_argument("--windowed", type=_size, metavar="WxH", help="a window of this size, in pixels")
    made.add_argument(
        "--display", type=_number, metavar="N", help="which display to open on, from 0; default: the first"
    )
    made.add_argument("--screenshot", type=Path, metavar="FILE", help="write one PNG, then end")
    made.add_argument(
        "--after", type=_seconds, default=3.0, metavar="SECONDS", help="when; default: %(default)g"
    )
    made.add_argument("--script", type=Path, metavar="FILE", help="play a script of inputs (see below)")
    return made


def cache_dir(environment: Mapping[str, str]) -> Path | None:
    """Where rendered pictures are kept between runs: the user's cache directory; None: nowhere."""
    base = user_directory(environment, "XDG_CACHE_HOME", ".cache")
    return base / "gopherpizza" if base is not None else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the game; returns the exit status."""
    made = parser()
    options = made.parse_args(arguments)
    if not logging.getLogger().handlers:
        shown = logging.StreamHandler(sys.stderr)
        shown.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S"))
        logging.basicConfig(level=logging.INFO, handlers=[outputs.Spool(shown)])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    steps: tuple[script.ScriptStep, ...] = ()
    if options.script is not None:
        try:
            steps = script.read_script(options.script)
        except script.ScriptError as error:
            made.error(str(error))
    if options.screenshot is not None and not options.screenshot.absolute().parent.is_dir():
        made.error(f"--screenshot {options.screenshot}: there is no directory {options.screenshot.parent}")

    kept, cache = settings_file(os.environ), cache_dir(os.environ)
    if kept is None or cache is None:
        log.warning("there is no home directory (HOME): pictures and choices are not kept for the next start")
    catch_signals()
    lifeline.watch(os.environ, ended.set)
    try:
        window = Window(options.windowed, options.kiosk and options.windowed is None, options.display)
    except NoDisplay as error:
        log.error("no display to open a window on (%s); --headless runs the game without one", error)
        return 3
    net = Network(
        options.api, options.all, outside=OutsidePrograms(browse, show_in_editor), kiosk=options.kiosk
    )
    watch = RecordsThread(options.api, net.put)
    net.start()
    watch.start()
    try:
        app = App(
            GameOptions(
                api=options.api,
                everything=options.all,
                kiosk=options.kiosk,
                pin=options.pin,
                size=options.windowed,
                screenshot=options.screenshot,
                after=options.after,
                script=steps,
                cache_dir=cache,
                settings=kept,
            ),
            window,
            net,
            watch,
            ended.is_set,
            STARTED,
        )
        app.run()
    except (OSError, pygame.error, NoDisplay) as error:
        log.error("%s", error)
        return 1
    finally:
        net.stop()
        watch.stop()
        pygame.quit()
    return 0


if __name__ == "__main__":
    status = 1
    try:
        status = main()
    except SystemExit as ending:
        # argparse: 0 after --help, 2 for a bad argument.
        status = ending.code if isinstance(ending.code, int) else 1
    except Exception:
        log.exception("the game has ended with an error that nobody expected")
    outputs.leave(status)
