"""Run by Alembic, on the connection that `dropscore.ledger.migrate` holds."""

from __future__ import annotations

from alembic import context

from dropscore.ledger.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
