"""A late module is loaded by its first use, and is the module itself from then on."""

import subprocess
import sys
from pathlib import Path

import pytest

from policy_service.kit.late import LateModule


def test_attributes_are_those_of_the_module() -> None:
    """Functions and classes are the same objects; what is not there is an error."""
    import json

    late = LateModule("json")
    assert late.dumps is json.dumps
    assert late.dumps is json.dumps
    with pytest.raises(AttributeError):
        _ = late.nothing


def test_masks_of_single_values_load_no_polars(repository: Path) -> None:
    """Who masks records, or serves routes, does not pay for tables."""
    program = (
        "import sys\n"
        "import policy_service.middleware.asgi, policy_service.middleware.records\n"
        "import policy_service.middleware.dataframe, policy_service.middleware.rows\n"
        "assert 'polars' not in sys.modules\n"
        "from policy_service.masking.pseudonym import pseudonym\n"
        "assert pseudonym('x', key=bytes(32)).startswith('p_')\n"
        "assert 'polars' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
