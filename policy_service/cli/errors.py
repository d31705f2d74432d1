"""Errors at the command line: one line on stderr, an exit code, no traceback."""

import json
import sys
from collections.abc import Callable

from policy_service.domain.errors import PolicyServiceError


def guarded(run: Callable[[], object]) -> None:
    """Run a command line and turn the product's errors into a line and an exit code."""
    try:
        run()
    except PolicyServiceError as error:
        if "--json" in sys.argv:
            print(json.dumps({"error": type(error).__name__, "message": error.message}))
        print(f"policy-service: {error.message}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("policy-service: interrupted; nothing was left half done", file=sys.stderr)
        sys.exit(130)
