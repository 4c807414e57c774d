"""The ledger of jobs, their history and the notifications owed, on SQLite, PostgreSQL, MariaDB or MySQL."""

from dropscore.ledger.accounting import Entry
from dropscore.ledger.copying import Copied
from dropscore.ledger.ledger import Ledger
from dropscore.ledger.owing import note_of
from dropscore.ledger.rebuild import Rebuilt
from dropscore.ledger.rows import Changes, HistoryRow, JobRow, Kept, Mark, OwedNote, problem_lines

__all__ = [
    "Changes",
    "Copied",
    "Entry",
    "HistoryRow",
    "JobRow",
    "Kept",
    "Ledger",
    "Mark",
    "OwedNote",
    "Rebuilt",
    "note_of",
    "problem_lines",
]
