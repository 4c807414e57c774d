"""Names that people, programs and attackers give to files: bytes, as the kernel takes them."""

from __future__ import annotations

import unicodedata

_SIGNS = (
    *(
        "-rf",
        "--help",
        "-",
        "--config=passwd",
        "$(reboot)",
        "`id`",
        ";rm -rf ~",
        "|cat",
        "&",
        ">out",
        "<in",
        "*",
        "?",
    ),
    *(
        "[a-z]*",
        "{a,b}",
        "~root",
        "!!",
        "'quoted'",
        '"quoted"',
        "back\\slash",
        "%n%s%p",
        "%00",
        "%2e%2e%2f",
        "a\\nb",
        "#",
    ),
    *(
        "  leading",
        "trailing  ",
        "in  side",
        "..",
        "...",
        "....",
        " . ",
        "a..b",
        "$HOME",
        "${IFS}",
        "a=b",
        "(1)",
        "^",
        "+",
    ),
    *("..\\..\\windows", "C:\\x", "\\\\server\\share", "a:b", "file:", "..%c0%af", "a\u2215b", "a\uff0fb"),
)
_FORMULAS = ("=cmd|'!A1", "=1+1", "+1+cmd|x", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")', "\uff1d1+1")
_MARKUP = (
    *(
        "<script>alert(1)<script>",
        "<img src=x onerror=alert(1)>",
        '"><svg onload=alert(1)>',
        "javascript:alert(1)",
        "<!--",
    ),
    *("]]>", "&lt;b&gt;", "{{7*7}}", "${7*7}", "{% raw %}", "#{7*7}", "${jndi:ldap:x}", "<?xml?>", "%3Cb%3E"),
    *("'; DROP TABLE jobs;--", '" OR 1=1', "' OR ''='", "\\'; --", "admin'#", "a`b", "1;SELECT", '{"a": 1}', "[b](x)"),
)
_LETTERS = (
    *(
        "año",
        "naïve",
        unicodedata.normalize("NFD", "año"),
        "ﬁle",
        "ΑΒΓ",
        "файл",
        "文件",
        "ファイル",
        "ملف",
        "קובץ",
        "ไฟล์",
    ),
    *("\u202egnp.exe", "\u202dltr", "\u2066isolate\u2069", "a\u200bb", "a\u200db", "\ufeffbom", "a\u00adb", "a\u2028b"),
    *(
        "a\u2029b",
        "a\u0085b",
        "e\u0301\u0301\u0301",
        "👩‍👩‍👧",
        "🏴‍☠️",
        "\U000e0041tag",
        "\ue000",
        "\ufffd",
        "\ufffe",
        "ℂ",
        "𝕏",
    ),
    *("раураl", "İstanbul", "ß", "Ⅷ", "①", "\u00a0nbsp", "\u3000wide", "Z\u0351\u036b\u0343"),
)
_RESERVED = (
    *(
        "CON",
        "con",
        "PRN",
        "AUX",
        "NUL",
        "nul",
        "COM1",
        "COM9",
        "LPT1",
        "lpt9",
        "CON.x",
        "aux.tar",
        "NUL ",
        "CLOCK$",
        "CONIN$",
    ),
)
_OURS = (
    *("claim.json", "staged.json", "verdict.json", "input", "drop", "attempt-1", "id", "receipt.K7F2QXM4.json", "lock"),
    *(
        "sales.K7F2QXM4.xlsx",
        "sales.K7F2QXM4.fix.xlsx",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "status.json",
        "x.events.jsonl",
        "trash",
    ),
)
_BYTES = (
    *(bytes([byte]) for byte in (*range(0x01, 0x20), 0x7F)),
    *(bytes([byte]) for byte in range(0x80, 0x100, 4)),
    *(
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xff\xfe",
        b"caf\xe9",
        b"\xc3",
    ),
    *(
        b"\x1b[31mred\x1b[0m",
        b"\x1b]0;title\x07",
        b"\x9b31m",
        b"a\nb",
        b"a\r\nSet-Cookie: x",
        b"\n" * 9,
        b"\x00"[:0] + b"a\x08b",
    ),
)


def hostile_names() -> list[bytes]:
    """Return more than 200 names, none of which is in flight or hidden: each is a drop."""
    stems = [*map(str.encode, (*_SIGNS, *_FORMULAS, *_MARKUP, *_LETTERS, *_RESERVED, *_OURS)), *_BYTES]
    names = [
        b"n%d" % number + stem + b".csv" if stem[:1] in b"._~" else stem + b".csv" for number, stem in enumerate(stems)
    ]
    names += [b"a" * 251 + b".csv", "é".encode() * 125 + b".csv", b"=" * 251 + b".csv", b"\xff" * 251 + b".csv"]
    names += [b"no-suffix", b"dot.", b"two.csv.exe", b"a.csv.csv", b"UPPER.CSV", b"long." + b"x" * 200, b"9" * 255]
    assert len(set(names)) == len(names) > 200 and not any(b"/" in name or b"\0" in name for name in names)
    return names
