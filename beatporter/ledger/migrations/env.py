"""What Alembic runs for each command: the migrations within the transaction that `migrate` has begun."""

from alembic import context

from beatporter.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
