"""Another wall clock for a stack under test: a small library, loaded before the others, that adds what stands
in a file to what the system says. The monotonic clocks stay, as when somebody sets a machine's clock.

Programs in Go (Temporal) do not ask the C library: they keep the true time, which is the harder case.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path

VARIABLE = "GOPHERPIZZA_TEST_CLOCK"
CODE = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long long *off;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("VARIABLE");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *there = mmap(0, sizeof *off, PROT_READ, MAP_SHARED, file, 0);
    if (there != MAP_FAILED) off = there;
    close(file);
}

int clock_gettime(clockid_t which, struct timespec *told) {
    int status = syscall(SYS_clock_gettime, which, told);
    int wall = which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE;
    if (status == 0 && off && wall) told->tv_sec += *off;
    return status;
}

int gettimeofday(struct timeval *told, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    told->tv_sec = now.tv_sec;
    told->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told) *told = now.tv_sec;
    return now.tv_sec;
}
""".replace("VARIABLE", VARIABLE)


class WrongClock:
    """The clock of the programs that get `environment`; `set_by` sets it while they run."""

    def __init__(self, directory: Path) -> None:
        """Raises OSError or subprocess.SubprocessError where the library cannot be made."""
        self._file, library = directory / "clock", directory / "clock.so"
        self._file.write_bytes(bytes(8))
        source = directory / "clock.c"
        source.write_text(CODE, encoding="utf-8")
        command = ["cc", "-shared", "-fPIC", "-O1", "-w", "-o", str(library), str(source)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        self.environment = {"LD_PRELOAD": str(library), VARIABLE: str(self._file)}

    def set_by(self, seconds: int) -> None:
        """From now on the wall clock tells so many seconds more than the true time."""
        with self._file.open("r+b") as file:  # in place: the programs have it mapped
            file.write(struct.pack("=q", seconds))


def can_be_made() -> bool:
    """Whether this machine has what that takes: Linux with a C compiler."""
    return sys.platform == "linux" and shutil.which("cc") is not None
