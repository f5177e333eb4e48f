"""What a person wants done, as requests to the API: kills, starts, switches; and what opens elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx

from api_stub.schema import Challenge, Checkpoint
from game.actions import (
    Command,
    DoFailure,
    EditFile,
    FinishRound,
    KillWorker,
    OpenWebUI,
    Redeploy,
    ResetChallenge,
    StartRound,
    StartWorker,
    SwitchCheckpoint,
)
from game.api_state.news import News, RecordsSeen, Said
from game.network import failures_and_rounds_polling
from game.network.lenient_reading import read
from game.network.order_sending import reason

Put = Callable[[News], None]


@dataclass(frozen=True)
class OutsidePrograms:
    """What opens beside the game. Neither waits; what came of it is said later, from a thread of its own."""

    browse: Callable[[str, Callable[[], None], Callable[[], None]], None]
    """Shows a page in the browser, by its address; calls the second when it is there, the third where there
    is no browser.
    """
    edit: Callable[[str, Callable[[str, bool], None]], None]
    """Shows a file in an editor; says what came of it, and whether that is good."""


def nothing_outside() -> OutsidePrograms:
    """Where there is neither a browser nor an editor, and that is said."""
    return OutsidePrograms(
        lambda url, shown, failed: failed(), lambda file, say: say(f"No editor here for {file}", False)
    )


@dataclass(frozen=True)
class ApiActions:
    """Runs errands over `client`, which must have the API's base URL; what came of one is told by `put`."""

    client: httpx.Client
    put: Put
    outside: OutsidePrograms = field(default_factory=nothing_outside)

    def run(self, command: Command, ui: str | None, namespace: str) -> None:
        """Do what is wanted; `ui` is the Web UI's address where it is known. Raises httpx.TransportError
        where the API is away.
        """
        if isinstance(command, KillWorker):
            by = "?by=house" if command.by_house else ""
            self._told(self.client.delete(f"/fleet/workers/{command.slot}{by}"))
        elif isinstance(command, StartWorker):
            self._told(self.client.post("/fleet/workers", json={"slot": command.slot}))
        elif isinstance(command, OpenWebUI):
            self._browse(command.order_id, ui, namespace)
        elif isinstance(command, SwitchCheckpoint):
            self._switch(command.name)
        elif isinstance(command, Redeploy):
            done = "Redeployed: every cook restarts with the code on disk."
            self._told(self.client.post("/fleet/redeploy"), done)
        elif isinstance(command, ResetChallenge):
            self._reset()
        elif isinstance(command, DoFailure | StartRound | FinishRound):
            failures_and_rounds_polling.run(self.client, self.put, command)
        elif isinstance(command, EditFile):
            self.outside.edit(command.file, lambda text, good: self.put(Said(text, good)))

    def _told(self, response: httpx.Response, done: str = "") -> None:
        if not response.is_success:
            self.put(Said(reason(response)))
        elif done:
            self.put(Said(done, good=True))

    def _switch(self, name: str) -> None:
        response = self.client.put("/checkpoint", json={"name": name})
        if not response.is_success:
            self.put(Said(reason(response)))
            return
        checkpoint = read(Checkpoint, response.content)
        self.put(RecordsSeen(checkpoint=checkpoint))
        self.put(Said(f"Checkpoint {checkpoint.name}: {checkpoint.title}. Open orders live on.", good=True))

    def _reset(self) -> None:
        response = self.client.post("/challenge/reset")
        if not response.is_success:
            self.put(Said(reason(response)))
            return
        self.put(RecordsSeen(challenge=read(Challenge, response.content)))
        self.put(Said("The bug is back in the file. R: the cooks restart with it.", good=True))

    def _browse(self, order_id: str | None, ui: str | None, namespace: str) -> None:
        if ui is None:
            self.put(Said("The API has not named a Web UI."))
            return
        url = f"{ui.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows"
        if order_id is not None:
            url += "?query=" + quote(f'`WorkflowId` STARTS_WITH "{order_id}--"')
        self.outside.browse(
            url,
            lambda: self.put(Said(f"Temporal Web UI: {ui}", good=True)),
            lambda: self.put(Said(f"No browser here. The Web UI is at {url}")),
        )
