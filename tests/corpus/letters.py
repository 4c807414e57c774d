"""Encodings, and characters that nobody sees."""

from __future__ import annotations

from collections.abc import Iterator

from corpus.case import HEAD, TEXT, Case, right, wrong
from dropscore.domain.rules import Rules

NAMES = HEAD + "Müller,1,2,\nGarçon,3,4,\n"
ROWS = (("Müller", 1.0, 2, None), ("Garçon", 3.0, 4, None))
CP1252 = Rules(encoding="cp1252")


def encodings() -> Iterator[Case]:
    yield right("utf8", NAMES, *ROWS)
    yield right("utf8-mark", "\ufeff" + NAMES, *ROWS)
    for name, mark in (
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-32-le", b"\xff\xfe\0\0"),
        ("utf-32-be", b"\0\0\xfe\xff"),
    ):
        yield right(f"{name}-mark", mark + NAMES.encode(name), *ROWS)
        yield wrong(f"{name}-bare", NAMES.encode(name), "undecodable-bytes")
        yield right(f"{name}-told", NAMES.encode(name), *ROWS, rules=Rules(encoding=name))
    yield wrong("utf16-odd-bytes", b"\xff\xfe" + NAMES.encode("utf-16-le") + b"x", "undecodable-bytes")
    yield wrong(
        "utf16-lone-surrogate", b"\xff\xfe" + HEAD.encode("utf-16-le") + b"\x00\xd8,\x001\x00", "undecodable-bytes"
    )
    yield wrong("utf16-mark-on-utf8", b"\xff\xfe" + NAMES.encode(), "missing-column")
    yield right("cp1252-told", NAMES.encode("cp1252"), *ROWS, rules=CP1252)
    yield wrong("cp1252-untold", NAMES.encode("cp1252"), "undecodable-bytes")
    yield right("cp1252-told-but-utf8", NAMES, *ROWS, rules=CP1252)
    yield right("cp1252-euro", (HEAD + "10 €,1,2,\n").encode("cp1252"), ("10 €", 1.0, 2, None), rules=CP1252)
    yield wrong("cp1252-undefined", HEAD.encode() + b"M\x81,1,2,\n", "undecodable-bytes", rules=CP1252)
    yield wrong(
        "cp1252-undefined-beside", HEAD.encode() + b"M\xfc,1,2,\nM\x9d,1,2,\n", "undecodable-bytes", rules=CP1252
    )
    mixed = HEAD.encode() + "Müller,1,2,\n".encode() + "Müller,3,4,\n".encode("cp1252")
    yield wrong("mixed-untold", mixed, "mixed-encodings")
    yield wrong("mixed-told", mixed, "mixed-encodings", rules=CP1252)
    reverse = HEAD.encode() + "Müller,1,2,\n".encode("cp1252") + "Müller,3,4,\n".encode()
    yield wrong("mixed-reverse-told", reverse, "mixed-encodings", rules=CP1252)
    yield right(
        "latin9-told",
        (HEAD + "€œŠ,1,2,\n").encode("iso8859-15"),
        ("€œŠ", 1.0, 2, None),
        rules=Rules(encoding="iso8859-15"),
    )
    yield wrong(
        "latin1-for-cp1252",
        (HEAD + "10 €,1,2,\n").encode("cp1252"),
        "control-character",
        rules=Rules(encoding="latin-1"),
    )
    yield right(
        "cp1250-told", (HEAD + "Łódź,1,2,\n").encode("cp1250"), ("Łódź", 1.0, 2, None), rules=Rules(encoding="cp1250")
    )
    yield right(
        "cp1251-told",
        (HEAD + "Москва,1,2,\n").encode("cp1251"),
        ("Москва", 1.0, 2, None),
        rules=Rules(encoding="cp1251"),
    )
    yield right("cp850-told", NAMES.encode("cp850"), *ROWS, rules=Rules(encoding="cp850"))
    yield right(
        "shift-jis-told",
        (HEAD + "表示,1,2,\nソ,3,4,\n").encode("shift_jis"),
        ("表示", 1.0, 2, None),
        ("ソ", 3.0, 4, None),
        rules=Rules(encoding="shift_jis"),
    )
    yield wrong("shift-jis-untold", (HEAD + "表示,1,2,\n").encode("shift_jis"), "undecodable-bytes")
    yield right(
        "gb18030-told",
        (HEAD + "价格,1,2,\n").encode("gb18030"),
        ("价格", 1.0, 2, None),
        rules=Rules(encoding="gb18030"),
    )
    yield wrong("ebcdic", TEXT.encode("cp500"), "undecodable-bytes")
    yield wrong("utf7-mark", b"+/v8-" + TEXT.encode(), "missing-column")
    yield wrong("overlong-slash", HEAD.encode() + b"\xc0\xaf,1,2,\n", "undecodable-bytes")
    yield wrong("surrogate-in-utf8", HEAD.encode() + b"\xed\xa0\x80,1,2,\n", "mixed-encodings")
    yield wrong("past-unicode", HEAD.encode() + b"\xf4\x90\x80\x80,1,2,\n", "mixed-encodings")
    yield wrong("lone-continuation", HEAD.encode() + b"A\x80,1,2,\n", "undecodable-bytes")
    yield wrong("bad-byte-in-header", b"part,am\xffount,count,day\nA,1,2,\n", "undecodable-bytes")
    yield wrong("bad-byte-in-number", HEAD.encode() + b"A,1\xa0234,2,\n", "undecodable-bytes")
    yield wrong("bad-last-byte", TEXT.encode() + b"\xc3", "undecodable-bytes")


def unseen() -> Iterator[Case]:
    yield wrong("nul-in-cell", HEAD + "A\0B,1,2,\n", "nul-byte")
    yield wrong("nul-in-number", HEAD + "A,1\x002,2,\n", "nul-byte")
    yield wrong("nul-in-header", "part\0,amount,count,day\nA,1,2,\n", "nul-byte")
    yield wrong("nul-in-utf16", b"\xff\xfe" + (HEAD + "A\0,1,2,\n").encode("utf-16-le"), "nul-byte")
    for name, sign in (
        ("bell", "\x07"),
        ("backspace", "\x08"),
        ("escape", "\x1b"),
        ("delete", "\x7f"),
        ("c1", "\x85"),
        ("vertical-tab", "\x0b"),
    ):
        yield wrong(f"control-{name}", HEAD + f"A{sign}B,1,2,\n", "control-character")
    yield wrong("control-in-number", HEAD + "A,1\x07,2,\n", "control-character")
    yield wrong("control-in-header", "pa\x07rt,amount,count,day\nA,1,2,\n", "missing-column")
    yield wrong("mark-in-cell", HEAD + "\ufeffA,1,2,\n", "stray-mark")
    yield wrong("mark-in-number", HEAD + "A,\ufeff1,2,\n", "stray-mark")
    yield wrong("mark-twice", "\ufeff\ufeff" + TEXT, "header-spelling")
    yield wrong("mark-where-files-were-joined", TEXT + "\ufeff" + TEXT, "stray-mark not-a-number not-a-date")
    for name, sign in (
        ("nbsp", "\u00a0"),
        ("zero-width-space", "\u200b"),
        ("right-to-left-mark", "\u200f"),
        ("soft-hyphen", "\u00ad"),
        ("narrow-space", "\u202f"),
    ):
        yield wrong(f"unseen-{name}-in-number", HEAD + f"A,{sign}1,2,\n", "not-a-number")
        yield right(f"unseen-{name}-in-text", HEAD + f"A{sign}B,1,2,\n", (f"A{sign}B", 1.0, 2, None))
    yield wrong("unicode-minus", HEAD + "A,−1,2,\n", "not-a-number")
    yield wrong("en-dash-minus", HEAD + "A,–1,2,\n", "not-a-number")
    yield wrong("fullwidth-digits", HEAD + "A,１２,2,\n", "not-a-number")
    yield wrong("arabic-digits", HEAD + "A,1,٣,\n", "not-a-number")
    yield wrong("superscript", HEAD + "A,1,2²,\n", "not-a-number")
    yield wrong("fraction", HEAD + "A,1½,2,\n", "not-a-number")
    yield right("emoji", HEAD + "🔩,1,2,\n", ("🔩", 1.0, 2, None))
    yield right("combining", HEAD + "u\u0308,1,2,\n", ("u\u0308", 1.0, 2, None))
    yield right("spaces-kept-in-text", HEAD + " A ,1,2,\n", (" A ", 1.0, 2, None))
