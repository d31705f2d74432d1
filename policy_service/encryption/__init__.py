"""Keys, envelope encryption of columns, and signing keys. Deciding who may is not done here."""
