"""Users, sessions, tokens, keys and the audit log, on a real database."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import HTTPException

from dropscore.domain.errors import Refused, Unavailable
from dropscore.web.people import audit, keys, passwords, sessions, throttle, tokens, users
from dropscore.web.people.roles import Power, Role, Who
from dropscore.web.people.sessions import Terms
from dropscore.web.people.store import People, hashed
from panels import PASSWORD, Clock

TERMS = Terms(idle=600, absolute=3600)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def people(tmp_path: Path, clock: Clock) -> Iterator[People]:
    with closing(People(tmp_path / "people.sqlite", clock)) as opened:
        yield opened


def invite(people: People, name: str = "ana", role: Role = Role.ADMIN) -> str:
    secret = users.add(people, name, role, ("*",))
    return users.use_link(people, secret, name, PASSWORD)


def logged_in(people: People, name: str = "ana", address: str = "10.0.0.1") -> str:
    secret = sessions.log_in(people, name, PASSWORD, address, "a browser")
    assert secret is not None
    return secret


def test_the_database_is_for_its_owner_alone_and_keeps_no_secret(people: People) -> None:
    invite(people)
    secret = logged_in(people)
    token = tokens.add(people, "robot", ["read"], ["*"], "ana")
    assert stat.S_IMODE(people.path.stat().st_mode) == 0o600
    with people.reading() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = people.path.read_bytes()
    for one in (secret, token, PASSWORD):
        assert one.encode() not in content
    assert b"$argon2id$" in content


def test_passwords_are_hashed_by_argon2id_with_64_megabytes_and_three_passes() -> None:
    assert passwords.STRONG.hash("orange kettle").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_newer_database_is_left_alone(people: People) -> None:
    with people.writing() as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(Unavailable, match="newer"):
        People(people.path)


def test_the_first_link_makes_an_admin_whose_name_is_chosen_and_then_there_is_none(people: People) -> None:
    first, second = users.first_link(people), users.first_link(people)
    assert first and second and users.look_at_link(people, first) is None, "only the newest link is good"
    assert users.use_link(people, second, "Ada", PASSWORD) == "Ada"
    user = users.find(people, "Ada")
    assert user and user.role is Role.ADMIN and user.routes is None
    assert users.first_link(people) is None
    with pytest.raises(Refused, match="no longer good"):
        users.use_link(people, second, "Eve", PASSWORD)


def test_a_link_ends_after_two_days_and_a_bad_password_does_not_use_it_up(people: People, clock: Clock) -> None:
    secret = users.add(people, "ana", Role.SENDER, ["credit"])
    with pytest.raises(Refused, match="12 characters"):
        users.use_link(people, secret, "", "short")
    assert users.look_at_link(people, secret) is not None
    clock.pass_(hours=users.LINK_HOURS, seconds=1)
    assert users.look_at_link(people, secret) is None


@pytest.mark.parametrize(
    "password", ["aaaaaaaaaaaaaaaa", "abcabcabcabcabc", "password1234", "dropscore1234", "ana" * 5]
)
def test_passwords_that_are_easily_guessed_are_refused(password: str) -> None:
    with pytest.raises(Refused):
        passwords.hash_password(password, "ana")


def test_a_long_password_in_any_script_is_fine() -> None:
    password = "пароль с пробелами и ñandú " * 8
    assert passwords.matches(password, passwords.hash_password(password, "ana"))
    assert not passwords.matches(password + "!", passwords.hash_password(password, "ana"))


def test_the_last_admin_cannot_go(people: People) -> None:
    invite(people)
    for attempt in (
        lambda: users.remove(people, "ana"),
        lambda: users.change(people, "ana", Role.VIEWER, ["*"], False),
        lambda: users.change(people, "ana", Role.ADMIN, ["*"], True),
    ):
        with pytest.raises(Refused, match="nobody"):
            attempt()
    assert users.find(people, "ana") is not None


def test_names_are_taken_whatever_their_case_and_odd_ones_are_refused(people: People) -> None:
    invite(people)
    with pytest.raises(Refused, match="already"):
        users.add(people, "ANA", Role.VIEWER, ["*"])
    for name in ("", "a b", "<img>", "../x", "-rf", "x" * 65):
        with pytest.raises(Refused):
            users.add(people, name, Role.VIEWER, ["*"])


def test_a_session_is_new_at_every_login_and_ends_by_logout_idleness_age_and_a_new_password(
    people: People, clock: Clock
) -> None:
    invite(people)
    one, two = logged_in(people), logged_in(people)
    assert one != two and len(one) >= 43
    assert sessions.holder(people, one, TERMS)
    sessions.end(people, hashed(one))
    assert sessions.holder(people, one, TERMS) is None, "a logged-out cookie is worth nothing"
    for _ in range(6):
        clock.pass_(minutes=9)
        assert sessions.holder(people, two, TERMS), "clicks keep it alive"
    clock.pass_(minutes=7)
    assert sessions.holder(people, two, TERMS) is None, "but not for ever"
    three = logged_in(people)
    clock.pass_(minutes=11)
    assert sessions.holder(people, three, TERMS) is None, "idle"
    four, five = logged_in(people), logged_in(people)
    assert sessions.change_password(people, "ana", PASSWORD, "another long one 42", hashed(four), "10.0.0.1")
    assert sessions.holder(people, four, TERMS) and sessions.holder(people, five, TERMS) is None


def test_an_open_page_does_not_prolong_a_session(people: People, clock: Clock) -> None:
    invite(people)
    secret = logged_in(people)
    for _ in range(12):
        clock.pass_(minutes=1)
        alive = sessions.alive(people, hashed(secret), TERMS)
    assert not alive


def test_a_disabled_user_is_out_at_once(people: People) -> None:
    invite(people)
    invite(people, "bob", Role.SENDER)
    secret = logged_in(people, "bob")
    users.change(people, "bob", Role.SENDER, ["*"], True)
    assert sessions.holder(people, secret, TERMS) is None
    assert sessions.log_in(people, "bob", PASSWORD, "10.0.0.1", "") is None


def test_guessing_is_slowed_down_and_a_thousand_guesses_lock_nobody_out(people: People, clock: Clock) -> None:
    invite(people)
    logged_in(people, address="10.0.0.1")
    tried = waited = 0
    for number in range(1000):
        clock.pass_(seconds=0.2)
        try:
            throttle.expect_patience(people, "ana", f"203.0.113.{number % 5}")
        except throttle.Wait as wait:
            waited += 1
            assert 0 < wait.seconds <= throttle.LONGEST
        else:
            tried += 1
            throttle.record(people, "ana", f"203.0.113.{number % 5}", False)
    assert tried < 60, "of a thousand guesses in 200 seconds few are even compared"
    assert waited > 900
    with pytest.raises(throttle.Wait):
        sessions.log_in(people, "ana", PASSWORD, "203.0.113.99", "")
    assert logged_in(people, address="10.0.0.1"), "who has been here before is not locked out"


def test_an_unknown_name_is_answered_as_a_wrong_password_is(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str | None] = []
    real = passwords.matches

    def watched(password: str, stored: str | None) -> bool:
        compared.append(stored)
        return real(password, stored)

    monkeypatch.setattr(sessions, "matches", watched)
    assert sessions.log_in(people, "nobody", "whatever it is", "10.0.0.1", "") is None
    assert compared == [None], "a hash is computed all the same"


def test_tokens_have_scopes_routes_an_end_and_can_be_revoked(people: People, clock: Clock) -> None:
    secret = tokens.add(people, "robot", ["read", "submit"], ["credit"], "ana", days=1)
    who = tokens.holder(people, secret, "10.0.0.9")
    assert who and who.powers == {Power.READ, Power.SUBMIT} and who.routes == {"credit"}
    assert not who.sees("sales") and who.name == "token:robot"
    assert tokens.holder(people, secret + "x", "") is None
    clock.pass_(days=1, seconds=1)
    assert tokens.holder(people, secret, "") is None, "out of date"
    other = tokens.add(people, "other", ["operate"], ["*"], "ana")
    tokens.revoke(people, "other")
    assert tokens.holder(people, other, "") is None
    with pytest.raises(Refused, match="already"):
        tokens.add(people, "other", ["read"], ["*"], "ana")
    with pytest.raises(Refused, match="scopes"):
        tokens.add(people, "new", ["everything"], ["*"], "ana")


def test_a_submitting_token_may_not_read(people: People) -> None:
    who = tokens.holder(people, tokens.add(people, "drop", ["submit"], ["*"], "ana"), "")
    assert who and not who.may(Power.READ) and not who.may_change("credit", who.name)


def test_an_idempotency_key_is_claimed_once_even_by_many_at_once(people: People) -> None:
    found: list[str] = []

    def claim(number: int) -> None:
        found.append(keys.claim(people, "robot", "k", "same", f"U{number}", lambda _: True))

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1
    with pytest.raises(HTTPException) as refused:
        keys.claim(people, "robot", "k", "different", "U9", lambda _: True)
    assert refused.value.status_code == 422
    assert keys.claim(people, "another", "k", "different", "U9", lambda _: True) == "U9", "keys are each caller's own"


def test_a_key_whose_upload_died_with_its_process_is_free_again_after_a_minute(people: People, clock: Clock) -> None:
    assert keys.claim(people, "robot", "k", "same", "U1", lambda _: False) == "U1"
    assert keys.claim(people, "robot", "k", "same", "U2", lambda _: False) == "U1", "it may be on its way right now"
    clock.pass_(minutes=2)
    assert keys.claim(people, "robot", "k", "same", "U3", lambda _: False) == "U3"


def test_the_audit_log_is_read_newest_first_in_pages(people: People) -> None:
    who = Who("ana", "panel", frozenset(), None, "10.0.0.1")
    for number in range(5):
        audit.note(people, who, "retry", f"J{number}", ok=number % 2 == 0)
    first = audit.lines(people, limit=2)
    assert [line.target for line in first] == ["J4", "J3"] and [line.ok for line in first] == [True, False]
    assert [line.target for line in audit.lines(people, before=first[-1].id, limit=9)] == ["J2", "J1", "J0"]
    assert audit.lines(people, who="bob") == []
