"""Run by Alembic: migrates over the connection it is given, inside the transaction that is already open there."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
