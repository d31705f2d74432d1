"""The way in: `policy-service`, or `python -m policy_service`.

The base install has no command line, for a data service needs none; then this says so.
"""

import sys

_USAGE = 2


def run() -> None:
    """Run the command line, or say in one line which extra it needs."""
    try:
        from policy_service.cli import main
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("policy_service"):
            raise
        print(
            f"policy-service: `{error.name}` is not installed; the command line needs the service "
            "extra: `pip install 'policy-service[service]'`",
            file=sys.stderr,
        )
        sys.exit(_USAGE)
    main()


if __name__ == "__main__":
    run()
