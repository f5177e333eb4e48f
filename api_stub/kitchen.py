"""What the routes work with: the gateway, the fleet, and the checkpoint in force."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from starlette.requests import Request  # FastAPI's, without the tenth of a second that FastAPI takes

from api_stub.background import Troubles
from api_stub.checkpoint.config import CheckpointConfig
from api_stub.checkpoint.files import CONFIGS, ConfigError, LoadedConfig, Stamp, name_in, stamp_of
from api_stub.checkpoint.fixed_while_running import misfit, other_host
from api_stub.checkpoint.fleet_section import FleetConfig
from api_stub.checkpoint.remembered_checkpoint import RememberedCheckpoint
from api_stub.checkpoint.timed_reading import ConfigReader
from api_stub.errors import LedgerUnwritable
from api_stub.failures.menu import FailureService
from api_stub.failures.network_proxy import NetworkProxy
from api_stub.failures.targets import FailureTargets
from api_stub.fleet.rules import Policy
from api_stub.fleet.supervisor import Supervisor
from api_stub.gateway.client import Gateway
from api_stub.gateway.namespace import Namespace
from api_stub.gateway.placing import not_known
from api_stub.gateway.temporal_check import TemporalCheck
from api_stub.kiosk.kiosk_service import KioskService
from api_stub.kiosk.pin import wrong_ones
from api_stub.records.service import Records
from api_stub.repeated_messages import RepeatedMessages
from api_stub.schema import Order
from api_stub.start_setup import StartSetup
from api_stub.working_copies import WorkingCopies
from worker.shared import OrderInfo

logger = logging.getLogger(__name__)

MAX_NAMED_BY_PATH = 32
PROMPT_S = 0.3
"""Temporal takes an order in some hundredths of a second; after this long, the disk is looked at."""


@dataclass
class Kitchen:
    """One running kitchen. `ui` is the Temporal Web UI's base address, where it is known; `code` are the
    files that a developer edits."""

    gateway: Gateway
    fleet: Supervisor
    checkpoint: LoadedConfig
    ui: str | None = None
    code: WorkingCopies | None = None
    records: Records | None = None
    """What is kept in the state directory; None: nothing is (an API for tests)."""
    memory: RememberedCheckpoint | None = None
    """Remembers the checkpoint in force for the next API of this run; None: nobody does."""
    namespace: Namespace | None = None
    """The namespace that we work in; None: nobody looks (an API for tests)."""
    reader: ConfigReader = field(default_factory=lambda: ConfigReader(CONFIGS))
    """Reads config files; it has the directory whose checkpoints are listed."""
    switching: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    """InterruptedOrder by a switch from its reading of the file until it is in force."""
    troubles: Troubles = field(default_factory=Troubles)
    """What is wrong just now, for /healthz."""
    problem: str | None = field(default=None, init=False)
    """Why the checkpoint's file, as it was edited, was not taken; None: it is in force as it is."""
    seen: Stamp | None = field(default=None, init=False)
    """The stamp that the checkpoint's file had when it was last looked at."""
    named_by_path: dict[str, LoadedConfig] = field(default_factory=dict, init=False)
    """Checkpoints that did not come from the directory, by their names; the last MAX_NAMED_BY_PATH."""

    start_setup: StartSetup = field(default_factory=StartSetup)
    """How this API was started, as far as the kiosk and the failure menu must know."""

    failures: FailureService = field(init=False)
    """The speaker's failure menu."""
    kiosk: KioskService = field(init=False)
    """What an exhibit does by itself, its totals and rounds."""
    home: LoadedConfig = field(init=False)
    """The checkpoint that a reset goes back to: the one that this kitchen was started with."""
    resetting: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    unrestored: bool = field(default=False, init=False)
    """Whether the last reset has left something to do."""
    pins: RepeatedMessages = field(default_factory=wrong_ones, init=False)
    """Wrong PINs of the last minute."""
    temporal: TemporalCheck = field(init=False)
    """Whether Temporal lets us work, and if not, why."""
    _hosted: FleetConfig = field(init=False)
    """What runs the workers, and where: as the first checkpoint said."""
    _taking: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        """The first checkpoint is in force; what turns out to be placed after all comes into the ledger."""
        self.temporal = TemporalCheck(self.gateway)
        self.home = self.checkpoint
        self._hosted = self.checkpoint.config.fleet
        self.gateway.settled_listeners.append(self._settled)
        start_setup, target = self.start_setup, self.gateway.target
        targets = FailureTargets(
            fleet=self.fleet,
            gateway=self.gateway,
            config=lambda: self.checkpoint.config,
            place=self.place,
            records=lambda: self.records,
            network=NetworkProxy(target.address),
            state=start_setup.state,
            own_server=start_setup.own_server,
            under_stack=start_setup.under_stack,
            announced=start_setup.announced,
        )
        self.failures = FailureService(
            targets, self.troubles, start_setup.kiosk, lambda: self.exhibit.failures.allowed_in_kiosk
        )
        self.fleet.dress = self.failures.dressed
        self.kiosk = KioskService(
            self.fleet,
            lambda: self.exhibit.kiosk,
            lambda: self.checkpoint.config.fleet.start,
            lambda: self.records,
            self.troubles,
            start_setup,
        )
        self.put_in_force(self.checkpoint)

    @property
    def exhibit(self) -> CheckpointConfig:
        """Whose settings of a kiosk hold: its own checkpoint's, whichever a visitor has switched to."""
        return (self.home if self.start_setup.kiosk else self.checkpoint).config

    async def place(self, info: OrderInfo, *, fresh: bool = False) -> tuple[Order, bool]:
        """Place an order under the checkpoint in force and have it in the ledger; see Gateway.place and
        Records.take. Raises OrderConflict, TemporalUnreachable, LedgerUnwritable; nothing is placed where
        it was known before that the ledger could not be written."""
        if self.records is not None:
            await self.records.require_writable()
        placing = asyncio.ensure_future(
            self.gateway.place(info, self.checkpoint.config.kitchen(), fresh=fresh)
        )
        try:
            await asyncio.wait([placing], timeout=PROMPT_S)
            if self.records is not None and not placing.done():
                # A disk that has just become full stops Temporal, too, which then is asked for seconds.
                problem = await self.records.problem_now()
                if problem is not None and not placing.done():
                    raise LedgerUnwritable(not_known(problem))
            placed, is_new = await placing
        finally:
            placing.cancel()
        if self.records is not None:
            await self.records.take(placed)
        return placed, is_new

    def misfit(self, loaded: LoadedConfig) -> ConfigError | None:
        """Why this config cannot be in force here, as long as this kitchen runs; None: it can."""
        return misfit(loaded, self.gateway.target.booth, self._keeps_s) or other_host(loaded, self._hosted)

    @property
    def _keeps_s(self) -> float | None:
        return None if self.namespace is None else self.namespace.limit_s

    @property
    def retention_s(self) -> float:
        """How long finished orders are kept, in seconds: never longer than Temporal keeps them."""
        limit_s = self._keeps_s
        wanted_s = self.checkpoint.config.retention_s
        return wanted_s if limit_s is None else min(wanted_s, limit_s)

    def _settled(self, order: Order) -> None:
        """Nobody was told that this order is placed, and it is."""
        task = asyncio.ensure_future(self._take(order))
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)

    async def _take(self, order: Order) -> None:
        if self.records is None:
            return
        try:
            await self.records.take(order)
        except LedgerUnwritable as error:
            logger.warning("%s", error)

    def put_in_force(self, loaded: LoadedConfig) -> None:
        """New orders get these settings from now on; the fleet is not touched."""
        config = loaded.config
        if loaded.file == self.home.file:
            # It may have been edited: a reset goes back to what it is now.
            self.home = loaded
        self.checkpoint = loaded
        self.problem = None
        self.seen = loaded.stamp or stamp_of(loaded.file)
        self.know(loaded)
        if self.memory is not None:
            self.memory.remember(loaded, self.home)
        if config.bug is not None and self.code is not None:
            self.code.ensured(config.bug)

    def know(self, loaded: LoadedConfig) -> None:
        """From now on a checkpoint that did not come from the directory can be switched to by its name."""
        if name_in(self.reader.directory, loaded.file) is not None:
            return
        for name in [name for name, other in self.named_by_path.items() if other.file == loaded.file]:
            del self.named_by_path[name]
        if len(self.named_by_path) >= MAX_NAMED_BY_PATH:
            del self.named_by_path[next(iter(self.named_by_path))]
        self.named_by_path[loaded.config.checkpoint] = loaded


def policy_of(config: CheckpointConfig) -> Policy:
    """What the fleet's rules take from a checkpoint."""
    fleet = config.fleet
    return Policy(
        slots=fleet.slots,
        start=fleet.start,
        respawn_after_s=fleet.respawn_after_s,
        lifespan_s=fleet.lifespan_s,
        concurrency=fleet.concurrency,
        bug=config.bug,
        equipment=frozenset(name for name in ("network", "oven_service") if getattr(config.failures, name)),
        hosted=fleet.hosted_on == "kubernetes",
    )


def kitchen_of(request: Request) -> Kitchen:
    """The kitchen that a request is for (a FastAPI dependency)."""
    found: Kitchen = request.app.state.kitchen
    return found
