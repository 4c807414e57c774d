"""Headers, records, quotes and places where a file may have been cut off."""

from __future__ import annotations

from collections.abc import Iterator

from corpus.case import DAY, FIRST, GOOD_ROWS, HEAD, SECOND, TEXT, Case, partly, right, wrong
from dropscore.domain.rules import Header, Limits, Rules
from dropscore.domain.schema import Field, Schema, Type

FORGIVING = Rules(header=Header.FORGIVING)
ROWS = TEXT.removeprefix(HEAD)
LETTERS = Schema((Field("a", Type.STRING), Field("b", Type.STRING)))
ONE = Schema((Field("a", Type.STRING),))
NUMBERS = Schema((Field("n", Type.NUMBER),))


def headers() -> Iterator[Case]:
    yield right("header-reordered", "day,count,part,amount\n2026-02-28,7,A-1,1234.5\n,-3,B-2,\n")
    yield right("header-more-columns", "x,part,amount,y,count,day\n,A-1,1234.5,q,7,2026-02-28\n,B-2,,q,-3,\n")
    for name, head in (
        ("case", "Part,AMOUNT,count,day\n"),
        ("spaces", " part,amount , count,day\n"),
        ("underscores", "pa_rt,amount,co-unt,day\n"),
        ("nbsp", "part\u00a0,amount,count,day\n"),
        ("fullwidth", "ｐａｒｔ,amount,count,day\n"),
    ):
        yield wrong(f"header-{name}", head + ROWS, "header-spelling")
        yield right(f"header-{name}-forgiven", head + ROWS, rules=FORGIVING)
    yield wrong("header-near-miss", "prat,amount,count,day\n" + ROWS, "missing-column")
    yield wrong("header-near-miss-forgiving", "prat,amount,count,day\n" + ROWS, "missing-column", rules=FORGIVING)
    yield wrong("header-missing", "part,amount,day\nA-1,1234.5,2026-02-28\n", "missing-column")
    yield wrong("header-doubled", "part,amount,count,day,amount\nA-1,1,7,,2\n", "duplicate-header")
    yield wrong("header-doubled-stranger", "part,amount,count,day,x,x\nA-1,1,7,,2,3\n", "duplicate-header")
    yield wrong("header-twin-spelling", "Part,PART,amount,count,day\nA,B,1,2,\n", "missing-column", rules=FORGIVING)
    twin = "Part,part,amount,count,day\nX,A-1,1234.5,7,2026-02-28\nX,B-2,,-3,\n"
    yield right("header-exact-beside-twin", twin, rules=FORGIVING)
    yield wrong("header-none", ROWS, "no-header")
    yield wrong("header-alone", HEAD, "no-rows")
    yield wrong("header-alone-no-newline", HEAD.strip(), "no-rows")
    yield wrong("header-pandas-default", "0,1,2,3\n" + ROWS, "no-header")
    yield wrong("header-in-line-21", "note\n" * 20 + TEXT, "missing-column")
    yield right("header-in-line-20", "note\n" * 19 + TEXT)
    yield wrong("header-below-rows", ROWS + HEAD + ROWS, "rows-above-header")
    yield wrong("header-twice", TEXT + TEXT, "repeated-header")
    yield wrong("header-permuted", "a,b\n1,2\nb,a\n3,4\n", "repeated-header", schema=LETTERS)
    joined = "a,b\n1,2\n\nb,a\n3,4\n"
    yield wrong("two-tables-other-order", joined, "repeated-header", schema=LETTERS, rules=GOOD_ROWS)
    yield partly("two-tables-same-order", TEXT + TEXT, "repeated-header", FIRST, SECOND, FIRST, SECOND)
    yield wrong("header-single-quotes", HEAD.replace("part", "'part'") + ROWS, "missing-column")
    yield right("header-blank-at-end", "part,amount,count,day,\nA-1,1234.5,7,2026-02-28,\nB-2,,-3,,\n")
    yield right(
        "header-blank-in-midst",
        "part,,amount,count,day\nA-1,x,1234.5,7,2026-02-28\nB-2,x,,-3,\n",
        warned="blank-header",
    )
    yield wrong("header-transposed", "part,A-1,B-2\namount,1,2\ncount,3,4\nday,,\n", "missing-column")
    yield wrong("header-with-units", "part,amount (EUR),count,day\n" + ROWS, "missing-column")
    yield wrong("header-units-below", HEAD + "(id),(EUR),(pcs),(date)\n" + ROWS, "not-a-number not-a-date")
    yield right("header-mark-and-quotes", '\ufeff"part","amount","count","day"\n' + ROWS)
    yield wrong(
        "header-too-many",
        HEAD.strip() + "".join(f",x{at}" for at in range(50)) + "\n",
        "too-many-columns",
        rules=Rules(limits=Limits(columns=40)),
    )


def delimiters() -> Iterator[Case]:
    for name, sign in (("semicolon", ";"), ("tab", "\t"), ("bar", "|")):
        yield right(f"delimiter-{name}", TEXT.replace(",", sign))
        yield right(f"trailing-{name}", TEXT.replace(",", sign).replace("\n", sign + "\n"))
        rows = TEXT.replace(",", sign).splitlines()
        yield right(f"trailing-{name}-rows", "\n".join([rows[0], *(row + sign for row in rows[1:])]) + "\n")
    for name, sign in (("colon", ":"), ("caret", "^"), ("tilde", "~"), ("unit-separator", "\x1f")):
        yield wrong(f"delimiter-{name}", TEXT.replace(",", sign), "missing-column")
    yield right("sep-line-comma", "sep=,\n" + TEXT)
    yield right("sep-line-upper", "SEP=,\n" + TEXT)
    yield right("sep-line-quoted", '"sep=,"\n' + TEXT)
    yield right("sep-line-mark", "\ufeffsep=,\r\n" + TEXT)
    yield wrong("sep-line-lies", "sep=;\n" + TEXT, "missing-column")
    yield wrong("sep-line-alone", "sep=;\n", "missing-column")
    yield wrong("mixed-delimiters", HEAD + "A-1;1234.5;7;2026-02-28\n" + "B-2,,-3,\n", "too-few-cells")
    yield right("delimiter-two-bars", TEXT.replace(",", "||"), warned="blank-header")
    yield wrong("ambiguous", "a,x;b\n1,2;3\n", "ambiguous-delimiter", schema=LETTERS)
    yield right("commas-in-semicolons", "part;amount;count;day\nA, B, C;1;2;\n", ("A, B, C", 1.0, 2, None))
    yield wrong("decimal-comma-unquoted", HEAD + "A-1,1234,5,7,2026-02-28\n", "header-width")
    yield wrong("decimal-comma-now-and-then", TEXT + "C-3,12,5,7,2026-02-28\n", "too-many-cells")
    yield wrong("space-then-quote", HEAD + 'A-1, "1234.5",7,\n', "bare-quote")
    yield right("spaces-around-numbers", HEAD + "A-1, 1234.5 ,\t7, 2026-02-28\nB-2,,-3,\n")


def records() -> Iterator[Case]:
    for name, end in (("crlf", "\r\n"), ("cr", "\r")):
        yield right(f"ends-{name}", TEXT.replace("\n", end))
    yield right("ends-mixed", HEAD + "A-1,1234.5,7,2026-02-28\r\nB-2,,-3,\r")
    yield right("ends-header-crlf", TEXT.replace("\n", "\r\n", 1))
    yield wrong("ends-doubled-return", TEXT.replace("\n", "\r\r\n"), "blank-line")
    yield wrong("ends-form-feed", TEXT.replace("\nB", "\n\x0cB"), "control-character")
    yield wrong("ends-ctrl-z", TEXT + "\x1a", "cut-off")
    yield wrong("ends-ctrl-z-line", TEXT + "\x1a\n", "too-few-cells")
    yield right("line-separator-in-cell", HEAD + "A\u20281,1,2,\n", ("A\u20281", 1.0, 2, None))
    yield right("blank-lines-at-end", TEXT + "\n\r\n\n")
    yield right("blank-lines-on-top", "\n\n" + TEXT)
    yield right("delimiters-at-end", TEXT + ",,,\n,,,\n", warned="blank-rows-at-end")
    yield wrong("blank-line-between", TEXT.replace("\nB", "\n\nB"), "blank-line")
    yield wrong("spaces-line-between", TEXT.replace("\nB", "\n   \nB"), "blank-line")
    yield wrong("delimiters-between", TEXT.replace("\nB", "\n,,,\nB"), "blank-line")
    yield partly("blank-line-good-rows", TEXT.replace("\nB", "\n\nB"), "blank-line", FIRST, SECOND)
    yield wrong("too-narrow", TEXT + "C-3,1,2\n", "too-few-cells")
    yield wrong("too-wide", TEXT + "C-3,1,2,,x\n", "too-many-cells")
    yield wrong("too-wide-and-narrow", HEAD + "C-3,1,2,,x\nD-4,1\nE-5,1,2,\n", "too-many-cells too-few-cells")
    yield partly("too-wide-good-rows", TEXT + "C-3,1,2,,x\n", "too-many-cells", FIRST, SECOND)
    yield wrong("return-in-cell", TEXT + "C\r3,1,2,\n", "too-few-cells")
    yield wrong("comment-lines", TEXT.replace("\nB", "\n# checked\nB"), "too-few-cells")
    yield wrong("merge-conflict", TEXT.replace("\nB", "\n<<<<<<< HEAD\nB"), "too-few-cells")
    yield wrong("one-column-comma", "a\nx\ny, z\n", "too-many-cells", schema=ONE)
    yield right("one-column-semicolon", "a\nx\ny; z\n", ("x",), ("y; z",), schema=ONE)
    yield wrong("one-column-blank", "a\nx\n\ny\n", "blank-line", schema=ONE)
    yield right("one-column-quoted-blank", 'a\nx\n""\ny\n', ("x",), (None,), ("y",), schema=ONE)
    yield wrong("one-column-return", "a\nx\ry\nz\n", "lone-return", schema=ONE)
    yield wrong("one-column-numbers-comma", "n\n1,5\n2,5\n", "header-width", schema=NUMBERS)
    yield right("one-column-numbers-told", "n\n1,5\n2,5\n", (1.5,), (2.5,), schema=NUMBERS, rules=Rules(decimal=","))
    yield wrong("limit-rows", TEXT, "too-many-rows", rules=Rules(limits=Limits(rows=1)))
    yield wrong("limit-bytes", TEXT, "too-many-bytes", rules=Rules(limits=Limits(bytes=20)))
    yield wrong("limit-cell", HEAD + "x" * 99 + ",1,2,\n", "cell-too-long", rules=Rules(limits=Limits(cell_bytes=50)))
    many = 120_000
    yield right("rows-past-two-blocks", HEAD + "A-1,1234.5,7,2026-02-28\n" * many, *[FIRST] * many)


def quotes() -> Iterator[Case]:
    yield right("quoted-delimiter", HEAD + '"A, 1",1234.5,7,\n', ("A, 1", 1234.5, 7, None))
    yield right("quoted-newline", HEAD + '"A\r\n1",1234.5,7,\n', ("A\r\n1", 1234.5, 7, None))
    yield right("quoted-doubled", HEAD + '"5"" pipe",1,2,\n', ('5" pipe', 1.0, 2, None))
    yield right("quoted-only-doubled", HEAD + '"""",1,2,\n', ('"', 1.0, 2, None))
    yield right("quoted-last-cell", 'amount,count,day,part\n1,2,,"x, y"\n', ("x, y", 1.0, 2, None))
    yield right(
        "quoted-last-no-newline",
        'amount,count,day,part\n1,2,,"x, y"',
        ("x, y", 1.0, 2, None),
        warned="final-newline-missing",
    )
    yield wrong("bare-quote", HEAD + '5" pipe,1,2,\n', "bare-quote")
    yield wrong("bare-quote-twice", HEAD + '5" by 3",1,2,\n', "bare-quote")
    yield wrong("quote-mid-cell-delimiter", HEAD + 'b"x, y",1,2,\n', "bare-quote")
    yield wrong("quote-then-text", HEAD + '"A"1,1,2,\n', "bare-quote")
    yield wrong("quote-then-space", HEAD + '"A" ,1,2,\n', "bare-quote")
    yield wrong("quote-never-closed", HEAD + 'A,1,2,\n"B,1,2,\nC,3,4,\n', "unclosed-quote")
    yield wrong("quote-never-opened", HEAD + 'A",1,2,\n', "bare-quote")
    yield wrong("quotes-tripled", HEAD + '"""A",1,2,\n"B""",1,2,\n"C"""",1,2,\n', "unclosed-quote")
    yield right("single-quotes", HEAD + "'A',1,2,\n", ("'A'", 1.0, 2, None))
    yield right("curly-quotes", HEAD + "“A”,1,2,\n", ("“A”", 1.0, 2, None))
    yield right("backslash-path", HEAD + "C:\\temp\\new,1,2,\n", ("C:\\temp\\new", 1.0, 2, None))
    yield right("backslash-before-closing", HEAD + '"C:\\",1,2,\n', ("C:\\", 1.0, 2, None))
    yield wrong("backslash-and-doubled", HEAD + '"A\\"",1,2,\n', "backslash-escape")
    yield wrong("quoted-swallows-rows", HEAD + '"A,1,2,\nB,3,4,\nC",5,6,\n"D,7,8,\n', "unclosed-quote")
    yield right("formula-like-text", HEAD + '"=1+1",1,2,\n@x,1,2,\n', ("=1+1", 1.0, 2, None), ("@x", 1.0, 2, None))


def cut_off() -> Iterator[Case]:
    text = HEAD + 'A-1,1234.5,7,2026-02-28\n"B, 2",99.75,12,2026-02-28\n'
    whole = (FIRST, ("B, 2", 99.75, 12, DAY))
    yield right("cut-nowhere", text, *whole)
    yield right("cut-after-first-row", text[: text.index('"B')], FIRST)
    for name, after, codes in (
        ("in-header", "part,amo", "missing-column"),
        ("after-first-name", "part,", "missing-column"),
        ("in-quoted-cell", '\n"B, ', "unclosed-quote"),
        ("after-quote-opens", '\n"', "unclosed-quote"),
        ("after-quoted-cell", '"B, 2"', "cut-off"),
        ("after-first-delimiter", '"B, 2",', "cut-off"),
        ("in-number", "99.7", "cut-off"),
        ("after-point", "99.", "cut-off"),
        ("after-number", "99.75", "cut-off"),
        ("in-count", "99.75,1", "cut-off"),
        ("in-date", "12,2026-02-2", "final-newline-missing other-date"),
        ("in-year", "12,2026", "final-newline-missing not-a-date"),
    ):
        end = text.index(after) + len(after)
        yield wrong(f"cut-{name}", text[:end], codes)
    yield right(
        "cut-before-date",
        text[: text.index("12,") + 3],
        FIRST,
        ("B, 2", 99.75, 12, None),
        warned="final-newline-missing",
    )
    yield right("cut-before-newline", text[:-1], *whole, warned="final-newline-missing")
    yield right("cut-between-cr-and-lf", text.replace("\n", "\r\n")[:-1], *whole)
    yield wrong("cut-in-character", (HEAD + "Mü").encode()[:-1], "undecodable-bytes")
    yield wrong("cut-utf16-odd", b"\xff\xfe" + TEXT.encode("utf-16-le")[:-1], "undecodable-bytes")
    yield wrong("cut-mid-line-joined", HEAD + "A-1,1234.5,7,2026-02-28\nB-2,1" + TEXT, "too-many-cells")
    yield wrong("nul-filled-tail", TEXT + "\0" * 16, "nul-byte")
    yield wrong("nul-filled", b"\0" * 512, "utf16-without-mark")
    yield partly(
        "cut-in-midst-good-rows", HEAD + "A-1,1234.5,7,2026-02-28\nX,1\nB-2,,-3,\n", "too-few-cells", FIRST, SECOND
    )
