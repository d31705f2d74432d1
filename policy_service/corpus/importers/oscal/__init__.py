"""OSCAL catalogues and profiles, in JSON, YAML and XML."""
