"""Is a port free, and if not, who has it."""

from __future__ import annotations

import errno
import socket


def is_free(port: int) -> bool:
    """Whether we could listen on this loopback port now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    # A server on all addresses lets us bind to one of them on some systems; then a connection tells.
    with socket.socket() as trial:
        trial.settimeout(0.2)
        return trial.connect_ex(("127.0.0.1", port)) != 0


def holder(port: int) -> str:
    """Who listens there, as far as this user can tell: "python3 (pid 123)", or "another program"."""
    import psutil  # seldom needed, and a start must not wait for it

    for process in psutil.process_iter(["name"]):
        try:
            for connection in process.net_connections(kind="tcp"):
                if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                    return f"{process.info['name']} (pid {process.pid})"
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return "another program, which this user may not look at"
