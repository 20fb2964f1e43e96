"""Staff accounts on SQLite and PostgreSQL: locks that grow, a record that stays, and what is refused."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from bot.directory.database import connect, upgrade
from bot.directory.session import close_sessions, open_session
from bot.settings import PROJECT
from bot.staff.accounts import LONGEST_LOCK, AccountError, SignInRefusedError, StaffAccounts
from tests.helpline.conftest import PASSWORD, Clock
from tests.postgres import new_schema

FOOTBRIDGE = Path(sys.executable).parent / "footbridge"
HOME, ELSEWHERE = "10.0.0.1", "10.0.0.2"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with the schema."""
    if request.param == "sqlite":
        yield _with_schema(f"sqlite:///{tmp_path / 'staff.db'}")
        return
    with new_schema() as schema:
        made = _with_schema(schema.render_as_string(hide_password=False))
        yield made
        with open_session(made) as session:
            session.get_bind().engine.dispose()
        close_sessions()


def _with_schema(url: str) -> str:
    engine = connect(url)
    upgrade(engine)
    engine.dispose()
    return url


@contextmanager
def _database(url: str) -> Iterator[Connection]:
    engine = connect(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.fixture
def clock() -> Clock:
    """The time of the accounts."""
    return Clock()


@pytest.fixture
def staff(url: str, clock: Clock) -> StaffAccounts:
    """Accounts with one lead."""
    made = StaffAccounts(url, clock)
    made.add("leo", PASSWORD, "lead")
    return made


def _everything(url: str) -> str:
    """All that the database holds."""
    with _database(url) as connection:
        tables = inspect(connection).get_table_names()
        return "\n".join(str(list(connection.execute(text(f"SELECT * FROM {table}")))) for table in tables)  # noqa: S608


def _wait(staff: StaffAccounts, name: str, password: str, address: str) -> int:
    """The seconds that a refused try has to wait."""
    with pytest.raises(SignInRefusedError) as refused:
        staff.sign_in(name, password, address)
    return refused.value.wait


def test_signing_in_names_the_account_until_it_signs_out(staff: StaffAccounts, url: str) -> None:
    token = staff.sign_in(" Leo ", PASSWORD, HOME)
    found = staff.session(token)
    assert found is not None
    assert (found.name, found.role) == ("leo", "lead")
    assert staff.session(token + "x") is None
    assert staff.session("") is None
    kept = _everything(url)
    assert token not in kept
    assert PASSWORD not in kept
    assert HOME not in kept
    assert hashlib.sha256(token.encode()).hexdigest() in kept
    staff.sign_out(token)
    assert staff.session(token) is None


@pytest.mark.parametrize("name", ["leo", "nobody"])
def test_the_delay_grows_with_wrong_passwords_and_no_password_shortens_it(
    staff: StaffAccounts, clock: Clock, name: str
) -> None:
    assert [_wait(staff, name, "wrong password", HOME) for _ in range(4)] == [0, 0, 0, 0]
    waits = []
    for _ in range(6):
        waits.append(_wait(staff, name, PASSWORD, ELSEWHERE))  # the right one, from elsewhere
        clock.now += waits[-1]
        assert _wait(staff, name, "wrong password", HOME) == 0
    assert waits == [5, 10, 20, 40, 80, 160]
    for _ in range(6):
        clock.now += LONGEST_LOCK
        _wait(staff, name, "wrong password", HOME)
    assert _wait(staff, name, "wrong password", HOME) == LONGEST_LOCK
    if name == "leo":
        clock.now += LONGEST_LOCK
        assert staff.session(staff.sign_in("leo", PASSWORD, ELSEWHERE)) is not None


def test_an_address_that_tries_many_names_has_to_wait_and_others_need_not(staff: StaffAccounts) -> None:
    for number in range(11):
        assert _wait(staff, f"name{number}", "wrong password", HOME) == 0
    assert _wait(staff, "leo", PASSWORD, HOME) == 5
    assert staff.sign_in("leo", PASSWORD, ELSEWHERE)


def test_a_right_password_ends_the_count_of_wrong_ones(staff: StaffAccounts) -> None:
    for _ in range(4):
        for _ in range(3):
            _wait(staff, "leo", "wrong password", HOME)
        assert staff.sign_in("leo", PASSWORD, HOME)


def test_a_disabled_account_is_out_at_once_and_a_new_password_lets_it_in(staff: StaffAccounts) -> None:
    token = staff.sign_in("leo", PASSWORD, HOME)
    staff.disable("leo")
    assert staff.session(token) is None
    assert _wait(staff, "leo", PASSWORD, HOME) == 0
    staff.set_password("leo", "another quiet river")
    assert _wait(staff, "leo", PASSWORD, HOME) == 0
    token = staff.sign_in("leo", "another quiet river", HOME)
    staff.set_password("leo", PASSWORD)
    assert staff.session(token) is None


@pytest.mark.parametrize(
    ("name", "password", "role", "reason"),
    [
        ("leo", PASSWORD, "lead", "taken"),
        ("LEO", PASSWORD, "lead", "taken"),
        ("a caller's name", PASSWORD, "lead", "name"),
        ("", PASSWORD, "lead", "name"),
        ("mia", PASSWORD, "boss", "role"),
        ("mia", "eleven char", "lead", "short"),
        ("mia", "x" * 201, "lead", "long"),
        ("mia", "my name is MIA", "lead", "contains_name"),
    ],
)
def test_what_makes_no_account(staff: StaffAccounts, name: str, password: str, role: str, reason: str) -> None:
    with pytest.raises(AccountError) as refused:
        staff.add(name, password, role)
    assert refused.value.reason == reason
    assert password not in str(refused.value)
    assert [one.name for one in staff.listed()] == ["leo"]


def test_the_record_says_who_did_what_and_never_what_was_typed(staff: StaffAccounts) -> None:
    staff.add("ada", PASSWORD, "admin", by="leo")
    token = staff.sign_in("ada", PASSWORD, HOME)
    _wait(staff, "ada", "wrong password", HOME)
    _wait(staff, "a password typed as a name", "x", HOME)
    staff.sign_out(token)
    staff.disable("leo", by="ada")
    assert [(line.act, line.account, line.changed_by) for line in staff.audit()] == [
        ("account_added", "leo", None),
        ("account_added", "ada", "leo"),
        ("signed_in", "ada", "ada"),
        ("sign_in_refused", "ada", None),
        ("sign_in_refused", None, None),
        ("signed_out", "ada", "ada"),
        ("account_disabled", "leo", "ada"),
    ]


@pytest.mark.parametrize("statement", ["UPDATE staff_audit SET act = 'x'", "DELETE FROM staff_audit"])
def test_the_database_itself_keeps_the_record(staff: StaffAccounts, url: str, statement: str) -> None:
    before = staff.audit()
    with pytest.raises(IntegrityError, match="only ever added to"), _database(url) as connection:
        connection.execute(text(statement))
    assert staff.audit() == before != []


def test_what_has_ended_is_removed(staff: StaffAccounts, url: str, clock: Clock) -> None:
    staff.sign_in("leo", PASSWORD, HOME)
    _wait(staff, "nobody", "wrong password", HOME)
    clock.now += 2 * 24 * 60 * 60
    staff.remove_ended()
    with _database(url) as connection:
        for table in ("staff_sessions", "staff_locks"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608


def test_accounts_are_made_from_the_command_line(tmp_path: Path) -> None:
    environment = {**os.environ, "FOOTBRIDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}"}

    def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own command
            [FOOTBRIDGE, "staff", *arguments],
            input=given,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=environment,
        )

    made = run("add", "mia", "--role", "lead", "--password-stdin", given=f"{PASSWORD}\n")
    assert (made.returncode, made.stderr) == (0, "")
    assert run("list").stdout.split() == ["mia", "lead"]
    refused = run("add", "joe", "--password-stdin", given="short\n")
    assert refused.returncode == 1
    assert "at least 12" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert run("disable", "mia").returncode == 0
    assert run("disable", "nobody").returncode == 1
    assert [line.split()[2:4] for line in run("audit").stdout.splitlines()] == [
        ["account_added", "mia"],
        ["account_disabled", "mia"],
    ]
