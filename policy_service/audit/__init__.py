"""The tamper-evident audit log: Merkle tree, log, checkpoints, checker."""
