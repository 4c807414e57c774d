"""Passwords: argon2id, and which are too easily guessed."""

from __future__ import annotations

import re
import threading
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from dropscore.domain.errors import Refused

SHORTEST, LONGEST = 12, 256
STRONG = Argon2Hasher(time_cost=3, memory_cost=65_536, parallelism=4)
"""argon2id, as RFC 9106 recommends it where memory is scarce: 64 MB and three passes."""
hashers = PasswordHash((STRONG,))
_AT_ONCE = threading.BoundedSemaphore(2)  # each takes 64 MB: a storm of logins must not take the machine's memory
_WIDESPREAD = """
    123456789012 1234567890123 12345678910 123456789123 1q2w3e4r5t6y 1qaz2wsx3edc qwertyuiop12 qwertyuiop123
    qwerty123456 password1234 password12345 password123456 passwordpassword adminadminadmin administrator
    letmeinletmein iloveyou1234 welcome12345 changeme1234 changemenow123 abcdefghijkl abcdefghijklm abcd12345678
    q1w2e3r4t5y6 asdfghjkl123 zxcvbnm12345 football1234 baseball1234 superman1234 trustno1trustno1 dragondragon
    sunshine1234 princess1234 monkeymonkey correcthorsebatterystaple contraseña123 contrasena123 contraseña1234
"""


@cache
def _nobody() -> str:
    return hashers.hash("nobody has this password")


def hash_password(password: str, name: str) -> str:
    """Return the hash of an acceptable password. Refused, with the sentence, where it is none."""
    _expect_strong(password, name)
    with _AT_ONCE:
        return hashers.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password. Without one to compare it takes just as long: names cannot be found by timing."""
    with _AT_ONCE:
        found = hashers.verify(password[: LONGEST + 1], stored or _nobody())
    return found and stored is not None


def _expect_strong(password: str, name: str) -> None:
    if len(password) < SHORTEST:
        raise Refused(f"A password has at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise Refused(f"A password has at most {LONGEST} characters.")
    lower = password.casefold()
    rest = lower.replace("dropscore", "").replace(name.casefold(), "") if name else lower.replace("dropscore", "")
    repeated = re.fullmatch(r"(.{1,4}?)\1+.{0,3}", lower, re.DOTALL)
    if lower in _WIDESPREAD.split() or repeated or len(set(lower)) < 5 or len(rest) < SHORTEST // 2:
        raise Refused("This password is too easily guessed. Several words in a row make a good one.")
