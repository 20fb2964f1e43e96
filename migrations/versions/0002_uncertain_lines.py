"""Help lines say what is uncertain about them.

Revision: 0002
Follows: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the schema."""
    op.add_column("resources", sa.Column("uncertain", sa.Text(), nullable=True))


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("resources", "uncertain")
