"""From official text to proposed obligations: rules, a small scorer, and nothing that binds."""
