"""Alembic's entry: migrations run on the connection that `Database.migrate` hands in."""

from alembic import context

from policy_service.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
