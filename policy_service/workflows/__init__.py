"""The order of the stages: each workflow runs some of them, in one transaction, with its audit."""
