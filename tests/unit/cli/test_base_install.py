"""The command line where only the base install is there."""

import subprocess
import sys


def test_without_the_service_extra_one_line_says_what_to_install() -> None:
    """A base install answers `policy-service` with the extra it needs, not a traceback."""
    script = (
        "import sys; sys.modules['typer'] = None\nfrom policy_service.__main__ import run\nrun()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert "policy-service[service]" in ended.stderr
