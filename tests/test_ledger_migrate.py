"""Migrations: from nothing, from a part, from the version before, by several at once, and never backwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, select, text

import dropscore.ledger
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import State
from dropscore.ledger import Ledger
from dropscore.ledger.migrate import upgrade
from dropscore.ledger.rows import values_of
from dropscore.ledger.tables import VERSION, VERSION_TABLE, jobs, metadata
from ledgers import KINDS, NOW, fresh_database, receipt


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fresh_database(request.param, tmp_path_factory.mktemp("ledger")) as made:
        yield made


def test_the_version_that_is_checked_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", f"{dropscore.ledger.__path__[0]}/migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [VERSION]


def test_the_migrations_make_the_tables_that_the_code_knows(url: str) -> None:
    Ledger.open(url).close()
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_processes_that_migrate_at_once_all_find_a_ledger(url: str) -> None:
    program = f"from dropscore.ledger import Ledger; l = Ledger.open({url!r}); print(l.counts()); l.close()"
    started = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [(*process.communicate(timeout=60), process.returncode) for process in started]
    assert ended == [("{}\n", "", 0)] * 3


def test_a_migration_that_was_killed_half_way_is_completed(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        jobs.create(connection)  # as the MySQL family, which commits each statement, leaves it
        connection.execute(text("DROP INDEX jobs_newest" + (" ON jobs" if url.startswith("mariadb") else "")))
    ledger = Ledger.open(url)
    ledger.account(receipt(1))
    assert len(ledger.jobs()) == 1
    ledger.close()
    assert "jobs_newest" in {index["name"] for index in inspect(engine).get_indexes("jobs")}
    engine.dispose()


def test_a_ledger_of_the_version_before_is_brought_up_to_date(url: str) -> None:
    engine = create_engine(url)
    upgrade(engine, "0001")
    old = inspect(engine).get_table_names()
    assert set(old) == {"jobs", "history", "notifications", VERSION_TABLE}
    rows = [values_of(receipt(number, claimed=NOW + timedelta(hours=number))) for number in range(30)]
    with engine.begin() as connection:
        connection.execute(jobs.insert(), rows)
    with pytest.raises(Unavailable, match="not up to date"):
        Ledger.open(url, reading=True)
    ledger = Ledger.open(url)
    assert ledger.counts() == {State.DELIVERED: 30}
    assert sum(ledger.counts(since=NOW + timedelta(hours=20)).values()) == 10
    assert len(ledger.jobs(text="sales_7.")) == 1
    with engine.begin() as connection:
        found = connection.execute(text("SELECT id, path_up FROM wp_records ORDER BY id")).all()
        assert [tuple(row) for row in found] == [(n + 1, f"inbox/credit/sales_{n}.csv") for n in range(30)]
        before = {table.name: set(connection.execute(select(table)).all()) for table in metadata.sorted_tables}
        # as after a crash in the middle, in a database that commits each step
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0001'"))
        connection.execute(text("DROP VIEW wp_records"))
        connection.execute(text("DELETE FROM words WHERE word = 'sales'"))
    ledger.close()
    Ledger.open(url).close()
    with engine.connect() as connection:
        after = {table.name: set(connection.execute(select(table)).all()) for table in metadata.sorted_tables}
        assert connection.execute(text("SELECT COUNT(*) FROM wp_records")).scalar() == 30
    assert after == before
    engine.dispose()


def test_a_newer_ledger_is_refused_with_a_sentence_and_left_alone(url: str) -> None:
    Ledger.open(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    for reading in (False, True):
        with pytest.raises(Unavailable, match="newer Dropscore: it has schema 9999, and this version knows") as refused:
            Ledger.open(url, reading=reading)
        assert refused.value.key == "ledger"
        assert "newer version" in refused.value.then
    with engine.connect() as connection:
        assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() == "9999"
    engine.dispose()


def test_a_reader_migrates_nothing(url: str) -> None:
    with pytest.raises(Unavailable, match=r"no ledger at|not up to date"):
        Ledger.open(url, reading=True)
    if not url.startswith("sqlite"):
        engine = create_engine(url)
        assert inspect(engine).get_table_names() == []
        engine.dispose()


def test_an_up_to_date_ledger_needs_no_alembic_and_nothing_heavy(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.sqlite'}"
    Ledger.open(url).close()
    heavy = "{'alembic', 'pandas', 'numpy', 'pyarrow', 'apprise', 'psycopg', 'pymysql'} & set(sys.modules)"
    program = f"import sys; from dropscore.ledger import Ledger; Ledger.open({url!r}).jobs(); print({heavy})"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == "set()\n"
