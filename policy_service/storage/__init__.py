"""State: tables, read and write sessions, the unit of work, migrations. SQLite or PostgreSQL."""
