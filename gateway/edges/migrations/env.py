"""What alembic runs: every step in the one transaction that database.migrate opened."""

from alembic import context

from gateway.edges.tables import metadata

# render_as_batch: SQLite cannot alter a table in place, so a change copies it.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
