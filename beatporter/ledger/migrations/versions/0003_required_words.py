"""The method of a match and the state of a playlist's last write were always present, and are now required by the database too."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table, column in (("matches", "method"), ("snapshots", "state")):
        with op.batch_alter_table(table) as batch:  # SQLite cannot change a column: it copies the table
            batch.alter_column(column, existing_type=sa.Text(), nullable=False)
