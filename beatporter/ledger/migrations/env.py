"""Run by Alembic for each command: runs the migrations inside the transaction that `migrate` has begun."""

from alembic import context

from beatporter.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
