"""What goes wrong between the API and the API server, as a proxy does it: each fault begins, and ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.kube.proxy import KubeProxy

FOREVER = 10**6
Fault = Callable[[KubeProxy], Callable[[], None]]
"""Begins a fault; what it returns ends it."""


class Token:
    """The token of the API's user, in a file, as a cluster renews it."""

    def __init__(self, file: Path, first: str) -> None:
        self.file, self.now = file, first
        file.write_text(first, encoding="utf-8")

    def expire(self, proxy: KubeProxy) -> Callable[[], None]:
        """The API server takes another one from now on; it stands in the file when the fault ends."""
        self.now += "x"
        proxy.accept(self.now)
        proxy.cut()
        return lambda: self.file.write_text(self.now, encoding="utf-8") and None


def cut_in_mid_line(proxy: KubeProxy) -> Callable[[], None]:
    """The watch breaks in the middle of the next line."""
    proxy.cut_in_mid_line()
    return lambda: None


def cut(proxy: KubeProxy) -> Callable[[], None]:
    """The watch breaks."""
    proxy.cut()
    return lambda: None


def expired(proxy: KubeProxy) -> Callable[[], None]:
    """The watch cannot go on from where it was."""
    proxy.be_away(True)
    proxy.expire_watches()
    return lambda: proxy.be_away(False)


def gone(proxy: KubeProxy) -> Callable[[], None]:
    """The same, by the status of the answer."""
    proxy.answer(410, "watch", times=2)
    proxy.cut()
    return proxy.heal


def busy(proxy: KubeProxy) -> Callable[[], None]:
    """Too many requests, it says, and when to come again."""
    proxy.answer(429, times=FOREVER, retry_after_s=1)
    proxy.cut()
    return proxy.heal


def failing(proxy: KubeProxy) -> Callable[[], None]:
    """It fails, whatever is asked."""
    proxy.answer(500, times=FOREVER)
    proxy.cut()
    return proxy.heal


def slow(proxy: KubeProxy) -> Callable[[], None]:
    """Everything takes its time."""
    proxy.be_slow(1.0)
    proxy.cut()
    return lambda: proxy.be_slow(0)


def away(proxy: KubeProxy) -> Callable[[], None]:
    """Nobody answers."""
    proxy.be_away(True)
    return lambda: proxy.be_away(False)


def silent(proxy: KubeProxy) -> Callable[[], None]:
    """The connection is there, and says nothing more."""
    proxy.be_silent(True)
    return lambda: proxy.be_silent(False)


FAULTS: tuple[Fault, ...] = (cut_in_mid_line, cut, expired, gone, busy, failing, slow, away, silent)


def _then(proxy: KubeProxy, what: Callable[[], object]) -> Callable[[], None]:
    """Nothing comes for a while; then this happens, and what comes after it passes."""
    proxy.be_silent(True)

    def end() -> None:
        what()
        proxy.be_silent(False)

    return end


def silent_then_cut(proxy: KubeProxy) -> Callable[[], None]:
    """The watch breaks with all the news in it."""
    return _then(proxy, proxy.cut)


def silent_then_cut_in_mid_line(proxy: KubeProxy) -> Callable[[], None]:
    """The same, in the middle of the first line that comes."""
    return _then(proxy, proxy.cut_in_mid_line)


def silent_then_expired(proxy: KubeProxy) -> Callable[[], None]:
    """The same, and the next watch cannot go on from where this one was."""
    return _then(proxy, proxy.expire_watches)


def silent_then_gone(proxy: KubeProxy) -> Callable[[], None]:
    """The same, by the status of the answer."""

    def refuse() -> None:
        proxy.answer(410, "watch")
        proxy.cut()

    return _then(proxy, refuse)


TIMED: dict[str, Fault] = {
    "cut": silent_then_cut,
    "cut_in_mid_line": silent_then_cut_in_mid_line,
    "expired": silent_then_expired,
    "gone": silent_then_gone,
    **{fault.__name__: fault for fault in (busy, failing, slow, away, silent)},
}
"""Those until whose end nothing new is heard, so that what follows can be timed from there."""
