"""The HTTP interface: resources under `/api/v1`, and the PDP's AuthZEN face."""
