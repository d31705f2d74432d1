"""`python -m policy_service` is `policy-service`."""

from policy_service.cli import main

main()
