"""The fork server: a process that has imported everything once, and of which every worker is a fork.

It is started before anything else and loads beside the API. It holds no thread, no path and no lock: its one
tie is the socket that it inherited, and it ends, with all its children, when the other end of that is closed.

Frames go both ways over the socket: JSON (to the API), or a number and a pickled WorkerSpec (to here, with
the descriptor that the worker tells its news to).
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import json
import os
import pickle
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from api_stub.fleet.message_stream import HEADER, frames, packed
from api_stub.fleet.processes import adopt_orphans, children_of, kill_group

GOODBYE_LOOKS, GOODBYE_LOOK_S = 200, 0.005
"""So often are our children looked for at the end. Looks, not seconds: those may pass while we are stopped
ourselves, or have no processor, and then nobody would have been looked for."""
IDLE_S = 0.02
Body = Callable[[object, int], object]
"""What a worker does: it gets its spec and the descriptor of its news, and never returns."""


class ForkServer:
    """Forks on request, reaps, and tells of both. `fork` and `body` are passed in, for tests."""

    def __init__(self, control: socket.socket, body: Body, fork: Callable[[], int] = os.fork) -> None:
        self._control = control
        self._body = body
        self._fork = fork
        self._buffer = bytearray()
        self._descriptors: list[int] = []
        self._workers: set[int] = set()
        self._leftovers = False
        """Whether a worker has died since somebody looked for what it left."""
        self._woken, self._waker = socket.socketpair()

    def serve(self) -> None:
        """Serve until the API's end of the socket is closed; then no child is left."""
        for end in (self._woken, self._waker):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        try:
            self._tell({"ready": os.getpid()})
            while True:
                # Leftovers wait until nobody wants anything: whoever starts a worker comes first.
                idle_s = IDLE_S if self._leftovers else None
                readable, _, _ = select.select([self._control, self._woken], [], [], idle_s)
                if not readable:
                    self._kill_leftovers()
                if self._woken in readable:
                    with contextlib.suppress(BlockingIOError):
                        self._woken.recv(4096)
                    self._reap()
                if self._control in readable and not self._hear():
                    return
        except (BrokenPipeError, ConnectionError):
            return
        finally:
            signal.set_wakeup_fd(-1)
            self._end_all()

    def _hear(self) -> bool:
        """Take what was asked; False: the API is gone."""
        space = socket.CMSG_SPACE(64 * array.array("i").itemsize)
        data, ancillary, _, _ = self._control.recvmsg(1 << 16, space)
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                received = array.array("i")
                received.frombytes(content[: len(content) - len(content) % received.itemsize])
                for descriptor in received:
                    os.set_inheritable(descriptor, False)
                self._descriptors += received
        if not data:
            return False
        self._buffer += data
        for body in frames(self._buffer):
            self._asked(body)
        return True

    def _asked(self, body: bytes) -> None:
        (number,) = HEADER.unpack_from(body)
        request = body[HEADER.size :]
        if not request:
            self._tell({"number": number})  # asked whether we still answer
            return
        if not self._descriptors:
            self._tell({"number": number, "error": "the request came without its descriptor"})
            return
        news = self._descriptors.pop(0)
        try:
            spec = pickle.loads(request)
            pid = self._fork()
        except Exception as error:
            # Too many processes, no memory, a spec that nobody can read: an answer, not our end.
            os.close(news)
            words = error.strerror if isinstance(error, OSError) and error.strerror else repr(error)
            self._tell({"number": number, "error": f"cannot fork: {words}"})
            return
        if pid == 0:
            self._become(spec, news)
        os.close(news)
        self._workers.add(pid)
        self._tell({"number": number, "pid": pid})

    def _become(self, spec: object, news: int) -> NoReturn:
        """Leave everything of the server behind, and be the worker."""
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            for held in (self._control, self._woken, self._waker):
                held.close()
            for descriptor in self._descriptors:
                os.close(descriptor)
            # A group of its own: what its code has started is killed with it.
            os.setsid()
            self._body(spec, news)
        except BaseException as error:
            with contextlib.suppress(Exception):
                sys.stderr.write(f"a worker could not begin: {error!r}\n")
                sys.stderr.flush()
        finally:
            os._exit(1)

    def _reap(self) -> None:
        """Take note of every child that is gone; a worker's leftovers are killed."""
        while (ended := _next_dead()) is not None:
            pid, status = ended
            if pid in self._workers:
                self._workers.discard(pid)
                self._tell({"ended": pid, "status": status})
                kill_group(pid)
                self._leftovers = True

    def _kill_leftovers(self) -> None:
        """Whoever is our child, and no worker, was left by one that died: it had left its group."""
        self._leftovers = False
        for pid in children_of(os.getpid()):
            if pid not in self._workers:
                kill_group(pid)
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)

    def _end_all(self) -> None:
        for pid in self._workers:
            kill_group(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # one that was forked just now may have no group of its own yet
        for _ in range(GOODBYE_LOOKS):
            self._kill_leftovers()
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                return
            time.sleep(GOODBYE_LOOK_S)

    def _tell(self, news: dict[str, object]) -> None:
        self._control.sendall(packed(json.dumps(news).encode()))


def _next_dead() -> tuple[int, int] | None:
    """(pid, exit status or minus the signal) of a child that is gone; None: nobody is."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, os.waitstatus_to_exitcode(status)) if pid else None


def main(arguments: Sequence[str]) -> None:
    """Import what workers need, then serve. `arguments`: the socket's and the lifeline's descriptors, and the
    modules to import. What fails here is told on stderr, and the API reads that."""
    control_fd, lifeline, *modules = arguments
    gc.disable()  # what is imported here stays
    os.set_inheritable(int(control_fd), False)
    os.set_inheritable(int(lifeline), False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the API, which stops us in order
    adopt_orphans()
    for module in modules:
        importlib.import_module(module)
    from worker.show.process import before_forks, fleet_main
    from worker.show.spec import WorkerSpec

    def body(spec: object, news: int) -> object:
        if not isinstance(spec, WorkerSpec):
            raise TypeError(f"a {type(spec).__name__} is no WorkerSpec")
        return fleet_main(spec, news, int(lifeline))

    before_forks()
    gc.freeze()  # the workers' garbage collectors leave these pages shared
    gc.enable()
    ForkServer(socket.socket(fileno=int(control_fd)), body).serve()
