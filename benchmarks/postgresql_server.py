"""A throw-away PostgreSQL server for benchmarks: started from what is installed, then removed.

Listens on a socket in its own folder only, and never runs as root.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_S = 60.0
_OPTIONS = (
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=256MB",
    "max_wal_size=4GB",
)


def find_postgresql() -> Path | None:
    """Return the folder of PostgreSQL's programs; None where there is none."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)
    found = str(installed[0]) if installed else shutil.which("postgres")
    return Path(found).resolve().parent if found else None


@contextmanager
def postgresql_server(programs: Path, folder: Path | None = None) -> Iterator[str]:
    """Run a server with its data below `folder`; gives the SQLAlchemy URL of its database."""
    place = Path(tempfile.mkdtemp(prefix="pg-", dir=folder))
    user = _user()
    if user is not None:
        shutil.chown(place, user=user)
    try:
        _run(
            programs / "initdb", "-D", place / "data", "-U", "bench", "-A", "trust", "-N", user=user
        )
        options = [part for option in _OPTIONS for part in ("-c", option)]
        with (place / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", place / "data", "-k", place, *options],
                stdout=log,
                stderr=log,
                user=user,
                cwd=place,
            )
        try:
            _wait(programs, place, user)
            yield f"postgresql+psycopg://bench@/postgres?host={place}"
        finally:
            server.terminate()
            server.wait(timeout=_START_S)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _user() -> str | None:
    """PostgreSQL refuses to run as root: name somebody else where we are root."""
    if os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _run(*command: str | Path, user: str | None) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True, user=user, cwd="/")


def _wait(programs: Path, place: Path, user: str | None) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            _run(programs / "pg_isready", "-h", place, user=user)
        except subprocess.CalledProcessError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
