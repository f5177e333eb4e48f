"""What a person wants done, as requests to the API: kills, starts, switches; and what opens elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from api_stub.schema import Challenge, Checkpoint
from game.actions import (
    Command,
    EditFile,
    KillWorker,
    OpenWebUI,
    Redeploy,
    ResetChallenge,
    StartWorker,
    SwitchCheckpoint,
)
from game.api_state.news import News, RecordsSeen, Said
from game.desktop.open_externally import show_in_editor
from game.desktop.start_program import browse
from game.network.lenient_reading import read
from game.network.order_sending import reason

Put = Callable[[News], None]


@dataclass(frozen=True)
class Errands:
    """Runs errands over `client`, which must have the API's base URL; what came of one is told by `put`."""

    client: httpx.Client
    put: Put

    def run(self, command: Command, ui: str | None, namespace: str) -> None:
        """Do what is wanted; `ui` is the Web UI's address where it is known. Raises httpx.TransportError
        where the API is away.
        """
        if isinstance(command, KillWorker):
            self._told(self.client.delete(f"/fleet/workers/{command.slot}"))
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
        elif isinstance(command, EditFile):
            show_in_editor(command.file, lambda text, good: self.put(Said(text, good)))

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
        browse(
            url,
            lambda: self.put(Said(f"Temporal Web UI: {ui}", good=True)),
            lambda: self.put(Said(f"No browser here. The Web UI is at {url}")),
        )
