"""What real programs write, imitated to the byte: spreadsheets, databases, statistics, enterprise systems."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace

from corpus.case import AUTO, DAY, FIRST, GERMAN, GOOD_ROWS, HEAD, ITEMS, SECOND, TEXT, Case, partly, right, wrong
from dropscore.domain.rules import FinalNewline, Header, Rules
from dropscore.domain.schema import Field, Schema, Type

MARCH = datetime.date(2026, 3, 1)
DE = "part;amount;count;day\r\nA-1;1.234,50;7;28.02.2026\r\nMüller;;-3;\r\n"
DE_ROWS = (FIRST, ("Müller", None, -3, None))
FR = "part;amount;count;day\r\nA-1;1\u00a0234,50;7;28/02/2026\r\nCôte;;-3;\r\n"
FR_ROWS = (FIRST, ("Côte", None, -3, None))
FRENCH = Rules(encoding="cp1252", decimal=",", group=" ", dates="%d/%m/%Y")
BARE = Schema(tuple(replace(field, bare_number=False) for field in ITEMS.fields))
WORDS = Schema((Field("a", Type.STRING), Field("b", Type.STRING)))
WITH_NA = Schema(tuple(replace(field, missing_values=("", "NA")) for field in ITEMS.fields))
FORGIVING = replace(GERMAN, header=Header.FORGIVING)
SAP = (
    "28.02.2026          Dynamische Listenausgabe           1\r\n"
    "----------------------------------\r\n"
    "|part  |amount    |count|day       |\r\n"
    "----------------------------------\r\n"
    "|A-1   |  1.234,50|    7|28.02.2026|\r\n"
    "|B-2   |     12,00-|    3|01.03.2026|\r\n"
    "----------------------------------\r\n"
    "|*     |  1.222,50|     |          |\r\n"
    "----------------------------------\r\n"
)


def spreadsheets() -> Iterator[Case]:
    yield right("excel-german", DE.encode("cp1252"), *DE_ROWS, rules=GERMAN)
    yield wrong("excel-german-no-code-page", DE.encode("cp1252"), "undecodable-bytes")
    yield right("excel-german-auto", DE.encode("cp1252"), *DE_ROWS, rules=replace(AUTO, encoding="cp1252"))
    ascii_only = DE.replace("ü", "u").replace("1.234,50", "1234,50")
    yield wrong("excel-german-untold", ascii_only, "decimal-comma other-date")
    yield right("excel-german-utf8", "\ufeff" + DE, *DE_ROWS, rules=GERMAN)
    yield right("excel-french", FR.encode("cp1252"), *FR_ROWS, rules=FRENCH)
    lossy = FR.replace("\u00a0", "?").encode("cp1252")  # Excel writes its narrow space as `?` in cp1252
    yield wrong("excel-french-lost-space", lossy, "not-a-number", rules=FRENCH)
    yield right("excel-french-narrow-space", FR.replace("\u00a0", "\u202f"), *FR_ROWS, rules=FRENCH)
    tabs = TEXT.replace(",", "\t").replace("\n", "\r\n")
    yield right("excel-unicode-text", b"\xff\xfe" + tabs.encode("utf-16-le"))
    yield right(
        "excel-unicode-text-german", b"\xff\xfe" + DE.replace(";", "\t").encode("utf-16-le"), *DE_ROWS, rules=GERMAN
    )
    yield right("excel-csv-utf8", "\ufeff" + TEXT.replace("\n", "\r\n"))
    yield right("excel-text-tabs", tabs)
    mac = DE.replace("\r\n", "\r").encode("mac_roman")
    yield right("excel-mac", mac, *DE_ROWS, rules=replace(GERMAN, encoding="mac_roman"))
    yield right("excel-sep-line", "sep=;\r\n" + TEXT.replace(",", ";").replace("\n", "\r\n"))
    blanks = TEXT.replace(",", ";").replace("\n", "\r\n") + ";;;\r\n;;;\r\n"
    yield right("excel-blank-rows", blanks, warned="blank-rows-at-end")
    grouped = HEAD + 'A-1,"1,234.50",7,2026-02-28\nB-2,,-3,\n'
    yield wrong("excel-us-grouped", grouped, "grouped-number")
    yield right("excel-us-grouped-told", grouped, rules=Rules(group=","))
    yield right("excel-us-dates", TEXT.replace("2026-02-28", "2/28/2026"), rules=Rules(dates="%m/%d/%Y"))
    yield right("excel-us-dates-auto", TEXT.replace("2026-02-28", "2/28/2026"), rules=AUTO)
    yield right("libreoffice", HEAD + '"A-1",1234.5,7,2026-02-28\n"B-2",,-3,\n')
    quoted = '"part","amount","count","day"\n"A-1","1234.5","7","2026-02-28"\n"B-2","","-3",""\n'
    yield right("libreoffice-all-quoted", quoted)
    yield right(
        "libreoffice-cp1252",
        ('"Müller",1,2,2026-02-28\n').encode("cp1252").join([HEAD.encode(), b""]),
        ("Müller", 1.0, 2, DAY),
        rules=Rules(encoding="cp1252"),
    )
    sheets = TEXT.replace("\n", "\r\n").removesuffix("\r\n")
    yield right("google-sheets", sheets, warned="final-newline-missing")
    required = Rules(final_newline=FinalNewline.REQUIRED)
    yield wrong("google-sheets-newline-required", sheets, "final-newline-required", rules=required)
    yield right("apple-numbers", "Table 1\r\n" + TEXT.replace("\n", "\r\n"))


def databases() -> Iterator[Case]:
    yield wrong("mysql-outfile", "A-1\t1234.5\t7\t2026-02-28\nB-2\t\\N\t-3\t\\N\n", "no-header")
    tabs = HEAD.replace(",", "\t")
    yield wrong("mysql-outfile-union", tabs + "A-1\t1234.5\t7\t2026-02-28\nB-2\t\\N\t-3\t\\N\n", "database-null")
    yield wrong(
        "mysql-outfile-enclosed", '"part","amount","count","day"\n"5\\" pipe","1","2",\\N\n', "backslash-escape"
    )
    yield wrong("mysql-outfile-escaped-end", HEAD + '"5\\"",1,2,\n', "backslash-escape")
    yield wrong("mysql-outfile-escaped-comma", HEAD + "A\\,1,1234.5,7,\nB-2,,-3,\n", "too-many-cells")
    yield wrong("mysql-outfile-escaped-newline", HEAD + "A-1,1,2,\nA\\\nB,1234.5,7,\n", "too-few-cells")
    yield wrong("mysql-outfile-escaped-tab", tabs + "A\\\tB\t1\t2\t\nB-2\t\t-3\t\n", "too-many-cells")
    yield wrong("mysql-batch", tabs + "A-1\t1234.5\t7\t2026-02-28\nB-2\tNULL\t-3\tNULL\n", "missing-word")
    border = "+------+--------+-------+------------+\n"
    shown = f"{border}| part | amount | count | day        |\n{border}| A-1  | 1234.5 |     7 | 2026-02-28 |\n{border}"
    yield wrong("mysql-client", shown, "header-spelling")
    forgiving = Rules(header=Header.FORGIVING)
    yield wrong("mysql-client-forgiving", shown, "too-few-cells blank-header", rules=forgiving)
    yield right("postgres-copy-csv", TEXT)
    yield right("postgres-copy-csv-quotes", HEAD + '"A ""x"", 1",1234.5,7,\n', ('A "x", 1', 1234.5, 7, None))
    yield right(
        "postgres-copy-csv-newline", HEAD + '"A\n1",1,7,\nB,2,8,\n', ("A\n1", 1.0, 7, None), ("B", 2.0, 8, None)
    )
    yield wrong("postgres-copy-text", tabs + "A-1\t1234.5\t7\t\\N\n", "database-null")
    yield wrong("postgres-copy-text-end", tabs + "A-1\t1234.5\t7\t\n\\.\n", "total-row")
    yield wrong("postgres-copy-text-no-header", "A-1\t1234.5\t7\t\\N\n", "no-header")
    psql = (
        " part | amount | count |    day     \n"
        "------+--------+-------+------------\n"
        " A-1  | 1234.5 |     7 | 2026-02-28\n"
        "(1 row)\n\n"
    )
    yield wrong("psql-aligned", psql, "header-spelling")
    yield wrong("psql-aligned-forgiving", psql, "too-few-cells total-row", rules=forgiving)
    yield wrong("psql-unaligned-footer", TEXT.replace(",", "|") + "(2 rows)\n", "total-row")
    yield wrong("oracle-spool", TEXT + "\n2 rows selected.\n", "total-row blank-line")
    yield wrong("sqlcmd", TEXT.replace(",", "\t") + "\n(2 rows affected)\n", "total-row blank-line")
    yield right("bcp-wide", b"\xff\xfe" + TEXT.replace("\n", "\r\n").encode("utf-16-le"))
    yield wrong("bcp-wide-no-mark", TEXT.encode("utf-16-le"), "utf16-without-mark")
    yield right("bcp-wide-no-mark-told", TEXT.encode("utf-16-le"), rules=Rules(encoding="utf-16-le"))
    ruled = "a;b\n----------;-----\nx;y\n"
    yield wrong("sqlcmd-ruled", ruled, "blank-line", schema=WORDS)
    yield wrong("sqlcmd-ruled-numbers", TEXT.replace("\n", "\n---,---,---,---\n", 1), "missing-word")
    yield wrong("ssms-null", HEAD + "A-1,NULL,7,2026-02-28\n", "missing-word")
    yield wrong("hive", TEXT.replace(",", "\x01"), "missing-column")
    yield wrong("hive-without-header", "A-1\x011234.5\x017\n", "missing-column")
    yield wrong("spark-backslash", HEAD + '"5\\" pipe",1,2,\n', "backslash-escape")
    yield wrong("spark-part-file", "A-1,1234.5,7,2026-02-28\nB-2,,-3,\n", "no-header")
    yield wrong("snowflake", TEXT.replace("B-2,,", "B-2,\\N,"), "database-null")
    access = '"part";"amount";"count";"day"\r\n"A-1";1234,50;7;28.02.2026 00:00:00\r\n'
    yield wrong("access", access, "other-date", rules=GERMAN)
    yield right("sqlite-csv", TEXT.replace("\n", "\r\n"))
    yield right("sqlite-list", TEXT.replace(",", "|"))
    yield right("duckdb-tsv", TEXT.replace(",", "\t"))


def statistics() -> Iterator[Case]:
    named = '"","part","amount","count","day"\n"1","A-1",1234.5,7,2026-02-28\n"2","B-2",NA,-3,NA\n'
    yield wrong("r-write-csv", named, "blank-header missing-word")
    yield right("r-write-csv-na", named, schema=WITH_NA, warned="blank-header")
    csv2 = '"part";"amount";"count";"day"\n"A-1";1234,5;7;2026-02-28\n"B-2";NA;-3;NA\n'
    yield right("r-write-csv2", csv2, schema=WITH_NA, rules=Rules(decimal=","))
    bare = '"part","amount","count","day"\n"1","A-1",1234.5,7,2026-02-28\n"2","B-2",NA,-3,NA\n'
    yield wrong("r-write-table", bare, "header-width")
    yield wrong("r-write-table-spaces", bare.replace(",", " "), "missing-column")
    shifted = '"part","amount","count"\n"1","77",5,\n"2","B-2",12,-3\n'
    narrow = Schema(ITEMS.fields[:3])
    yield wrong("r-write-table-blank-end", shifted, "header-width", schema=narrow, rules=GOOD_ROWS)
    yield wrong("r-large-ids", HEAD + "1e+05,1,2,\n100001,2,3,\n", "scientific-notation")
    yield wrong("r-fixed-count", HEAD + "A,1,1e+05,\n", "scientific-notation")
    yield right("r-fixed-amount", HEAD + "A,1e+05,1,\n", ("A", 100000.0, 1, None))
    yield right("pandas", TEXT)
    index = ",part,amount,count,day\n0,A-1,1234.5,7,2026-02-28\n1,B-2,,-3,\n"
    yield right("pandas-index", index, warned="blank-header")
    yield wrong("pandas-float-counts", TEXT.replace(",7,", ",7.0,"), "not-an-integer")
    yield wrong("pandas-nan", TEXT.replace("B-2,,", "B-2,nan,"), "missing-word")
    yield wrong("pandas-timestamps", TEXT.replace("2026-02-28", "2026-02-28 00:00:00"), "other-date")
    yield right("pandas-german", TEXT.replace(",", ";").replace("1234.5", "1234,5"), rules=Rules(decimal=","))
    yield wrong("numpy-savetxt", "# " + TEXT, "missing-column")
    yield wrong("sas-missing", TEXT.replace("B-2,,", "B-2,.,"), "missing-word")
    yield wrong("spss-null", TEXT.replace("B-2,,", "B-2,#NULL!,"), "spreadsheet-error")
    yield wrong("stata-value-missing", TEXT.replace("B-2,,", "B-2,.a,"), "not-a-number")
    yield wrong("matlab-nan", TEXT.replace("B-2,,", "B-2,NaN,"), "missing-word")
    yield right("julia", TEXT)
    yield right("polars", HEAD + 'A-1,1234.5,7,2026-02-28\nB-2,,-3,""\n')


def enterprise() -> Iterator[Case]:
    yield wrong("sap-list", SAP, "header-spelling", rules=GERMAN)
    codes = "too-few-cells blank-header accounting-negative"
    yield wrong("sap-list-forgiving", SAP, codes, rules=FORGIVING)
    lean = "\tpart\tamount\tcount\tday\r\n\tA-1\t1.234,50\t7\t28.02.2026\r\n\tB-2\t12,00-\t3\t01.03.2026\r\n"
    wanted = (FIRST, ("B-2", -12.0, 3, MARCH))
    yield right("sap-spreadsheet", lean, *wanted, schema=BARE, rules=GERMAN, warned="blank-header")
    yield wrong("sap-spreadsheet-strict", lean, "accounting-negative blank-header", rules=GERMAN)
    title = "Table: MARA\r\nDisplayed: 2\r\n\r\n" + lean
    yield right("sap-se16", title, *wanted, schema=BARE, rules=GERMAN, warned="blank-header")
    star = lean + "\t*\t1.222,50\t\t\r\n"
    yield wrong("sap-star-total", star, "total-row blank-header", schema=BARE, rules=GERMAN)
    yield right(
        "powershell",
        "#TYPE System.Data.DataRow\r\n"
        + '"part","amount","count","day"\r\n"A-1","1234.5","7","2026-02-28"\r\n"B-2",,"-3",\r\n',
    )
    bank = '"Konto:";"Giro 123"\r\n"Von:";"01.01.2026"\r\n\r\n' + DE
    yield right("bank-preamble", bank.encode("cp1252"), *DE_ROWS, rules=GERMAN)
    datev = '"EXTF";700;21;"Buchungsstapel";13;20260228;;"RE"\r\n' + DE
    yield right("datev-first-line", datev.encode("cp1252"), *DE_ROWS, rules=GERMAN)
    row = '"part","amount","count","day"\n"A-1","1234.5","7","2026-02-28"\n'
    report = row + '\n\n"Parts with Amounts"\n"Copyright (c) 2000-2026 example.com, inc."\n'
    yield wrong("crm-report-footer", report, "blank-line too-few-cells")
    yield wrong("bi-qualified-names", TEXT.replace("part,amount", "Items[part],Items[amount]"), "missing-column")
    yield wrong("web-page-as-xls", "<html><table><tr><td>part</td></tr></table></html>", "not-a-table")
    yield wrong("spreadsheet-2003-xml", '<?xml version="1.0"?>\n<Workbook></Workbook>', "not-a-table")
    yield wrong("json-records", '[{"part": "A-1", "amount": 1}]', "not-a-table")
    yield wrong("json-lines", '{"part": "A-1", "amount": 1}\n', "not-a-table")
    yield wrong("yaml", "- part: A-1\n  amount: 1\n", "missing-column")
    yield wrong("fixed-width", "part amount  count day\nA-1  1234.5  7     2026-02-28\n", "missing-column")
    yield wrong(
        "markdown", "| part | amount | count | day |\n|---|---|---|---|\n| A-1 | 1 | 2 | |\n", "header-spelling"
    )
    for word in ("Gesamtergebnis", "Total general", "Total général", "Grand Total", "Totale complessivo", "Eindtotaal"):
        yield wrong(f"pivot-{word}", TEXT + f"{word},2469,,\n", "total-row")
    cut = TEXT + "Total,1234.5,,\nPrinted by M. Smith,,,\n"
    yield wrong("total-then-signature", cut, "total-row")
    yield wrong("subtotals", HEAD + "A-1,1,2,\nSubtotal,1,,\n" + "B-2,3,4,\n" * 8, "total-row")
    for name, line in (("source", "Source: ministry"), ("page", "Page 1 of 3"), ("stand", "Stand: 28.02.2026")):
        yield wrong(f"signed-{name}", TEXT + f"{line},,,\n", "total-row")
    early = HEAD + "A-1,1234.5,7,2026-02-28\n" * 49_999 + "Total,1,2,2026-02-28\n(49999 rows),,,\n"
    yield partly("total-at-the-end-of-a-block", early, "total-row", *[FIRST] * 49_999)
    yield partly("total-good-rows", TEXT + "Summe,1234.5,,\n", "total-row", FIRST, SECOND)
    yield right("total-is-a-part", HEAD + "Total fuel,1,2,2026-02-28\n", ("Total fuel", 1.0, 2, DAY))
    yield right(
        "footer-words-in-text", HEAD + "end of report unit,1,2,2026-02-28\n", ("end of report unit", 1.0, 2, DAY)
    )
