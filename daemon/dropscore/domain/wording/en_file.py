"""English: problems of the file as a whole."""

from __future__ import annotations

from dropscore.domain.wording import Words

FILE: dict[str, Words] = {
    "empty-file": Words(
        "The file holds nothing, or nothing but blank lines.",
        "a table with a header and at least one row",
        "Save the table again and look at the file before you drop it.",
        "The file is empty.",
    ),
    "not-a-table": Words(
        "The content is no table, whatever the file is called.",
        "CSV, .xlsx or Parquet; CSV may be packed as .gz, .zst or .zip",
        "Save the table as CSV or as an Excel workbook (.xlsx) and drop that.",
        "The file is no table: it is {found}.",
    ),
    "old-spreadsheet": Words(
        "The file is an old .xls workbook, or a workbook with a password. Neither can be read safely.",
        "an .xlsx workbook without a password, or CSV",
        "Open it in your spreadsheet, remove the password if there is one, and save it as .xlsx or CSV.",
        "The file is an old or a protected workbook.",
    ),
    "too-many-bytes": Words(
        "The file, or what is packed in it, is larger than this folder accepts.",
        "at most {limit} bytes",
        "Split the file, or ask the operator to raise the limit `bytes` for this folder.",
        "The file is too large: {expected}.",
    ),
    "too-many-rows": Words(
        "The file has more rows than this folder accepts.",
        "at most {limit} rows",
        "Split the file, or ask the operator to raise the limit `rows` for this folder.",
        "The file has too many rows: {expected}.",
    ),
    "too-many-columns": Words(
        "The header has more columns than this folder accepts.",
        "at most {limit} columns",
        "Remove columns that are not needed, or ask the operator to raise the limit `columns`.",
        "The header has {found} columns: {expected}.",
    ),
    "cell-too-long": Words(
        "One cell is larger than this folder accepts. Often a quote is missing, and many cells run into one.",
        "at most {limit} bytes in a cell",
        "Look for a missing quote in this row; else shorten the cell, or ask the operator to raise `cell_bytes`.",
        "A cell in line {line} is too large: {expected}.",
    ),
    "block-too-large": Words(
        "50,000 rows together are larger than 2 GB. Rows so long cannot be read in bounded memory.",
        "at most 2 GB for 50,000 rows",
        "Remove long text columns that the model does not need.",
        "The rows are too long to be read.",
    ),
    "packed-broken": Words(
        "The packed file is damaged or cut off: it cannot be unpacked to its end.",
        "a whole {found} file",
        "Pack the table again, or copy the file again until it is whole.",
        "The packed file is damaged.",
    ),
    "packed-ratio": Words(
        "The file unpacks to far more than it holds, as an archive made to do harm does.",
        "at most {limit} unpacked bytes for each packed byte",
        "Drop the table unpacked, or ask the operator to raise the limit `ratio`.",
        "The file unpacks to too much: {expected}.",
    ),
    "packed-encrypted": Words(
        "The archive is protected with a password.",
        "an archive without a password",
        "Pack the table again without a password.",
        "The archive is protected with a password.",
    ),
    "packed-nothing": Words(
        "The archive holds no CSV file.",
        "an archive with exactly one CSV file",
        "Pack the one CSV file and nothing else.",
        "The archive holds no table.",
    ),
    "packed-several": Words(
        "The archive holds more than one file, and it is not clear which one is meant.",
        "an archive with exactly one CSV file",
        "Pack each table by itself: {found}.",
        "The archive holds several files.",
    ),
    "spreadsheet-broken": Words(
        "The workbook is damaged, or holds no sheet with a table.",
        "an .xlsx workbook that a spreadsheet opens without repair",
        "Open it in your spreadsheet and save it again as .xlsx.",
        "The workbook cannot be read.",
    ),
    "spreadsheet-macros": Words(
        "The workbook holds macros or embedded objects. These are never opened.",
        "an .xlsx workbook without macros",
        "Save it as .xlsx (not .xlsm), without embedded objects.",
        "The workbook holds macros or embedded objects.",
    ),
    "spreadsheet-links": Words(
        "The workbook takes values from other files, so what it shows may be out of date.",
        "a workbook without links to other files",
        "In your spreadsheet, break the links (Data, Edit Links) so that the values stay, and save it again.",
        "The workbook has links to other files.",
    ),
    "spreadsheet-merged": Words(
        "Cells of the table are merged. They look as if each had the value, but only the first one has it.",
        "one value in each cell",
        "In your spreadsheet, unmerge the cells and fill the value into each of them.",
        "The workbook has merged cells in the table, such as {cell}.",
    ),
    "spreadsheet-rows": Words(
        "The sheet has more rows than can be read from a workbook, which is read whole.",
        "at most {limit} rows in a workbook",
        "Save the table as CSV: there is no such bound for CSV.",
        "The sheet has too many rows: {expected}.",
    ),
    "parquet-broken": Words(
        "The Parquet file is damaged, cut off or encrypted.",
        "a whole Parquet file",
        "Write the Parquet file again.",
        "The Parquet file cannot be read.",
    ),
    "parquet-type": Words(
        "A column of the Parquet file holds lists, structures or bytes where plain values are needed.",
        "a column of text, numbers, dates or booleans",
        "Write *{column}* as plain values.",
        "The column *{column}* is of type {found}.",
    ),
    "undecodable-bytes": Words(
        "Bytes that are no text in UTF-8 nor in the code page of this folder. Text in an unnamed code page could "
        "be read in several ways, so none is chosen.",
        "text in {encoding}",
        "Save the file as UTF-8 (in Excel: *CSV UTF-8*). In UTF-8: {utf8}; in {other}: {reading}.",
        "The bytes {found} in line {line} are not {expected}.",
    ),
    "mixed-encodings": Words(
        "One part of the file is UTF-8, another is not: two files in different encodings were joined.",
        "one encoding in the whole file",
        "Save all parts as UTF-8 before you join them. In UTF-8: {utf8}; in {other}: {reading}.",
        "The file mixes two encodings: {found} first in line {line}.",
    ),
    "utf16-without-mark": Words(
        "The text looks like UTF-16 or UTF-32 without a byte-order mark.",
        "UTF-8, or UTF-16 with a byte-order mark",
        "Save the file as UTF-8 (in Excel: *CSV UTF-8*).",
        "The file looks like UTF-16 without a byte-order mark.",
    ),
    "nul-byte": Words(
        "The file holds NUL bytes, as damaged or half-written files do.",
        "text without NUL bytes",
        "Export the file again; the copy or the disk it came from may be damaged.",
        "The file holds NUL bytes, first in line {line}.",
    ),
    "checksum-differs": Words(
        "The file's checksum is not the one that was announced for it.",
        "the SHA-256 {expected}",
        "Send the file and its checksum again.",
        "The file is not the one whose checksum was announced.",
    ),
    "no-header": Words(
        "The first rows hold values, not the names of columns.",
        "a header with the columns {names}",
        "Put a first row with the names of the columns above the values. The first row here: {found}",
        "The file has no header.",
    ),
    "missing-column": Words(
        "A column that the model needs is not in the header.",
        "a column *{column}*",
        "Add the column *{column}*.{suggestion} The header here: {found}",
        "The column *{column}* is missing.",
    ),
    "header-spelling": Words(
        "A column is there, but its name differs in case, spaces, accents or underscores.",
        "*{column}*",
        'Rename `{found}` to `{column}`, or ask the operator to set `header = "forgiving"` for this folder.',
        "The header says `{found}` where *{column}* is expected.",
    ),
    "duplicate-header": Words(
        "Two columns have the same name, so it is not clear which one is meant.",
        "each name once",
        "Rename or remove one of the columns named `{found}`.",
        "The header has the name `{found}` more than once.",
    ),
    "blank-header": Words(
        "A column has no name.",
        "a name above each column",
        "Give the column a name, or remove it. It passes through as `{found}`.",
        "A column has no name and passes through as `{found}`.",
    ),
    "ambiguous-delimiter": Words(
        "The header can be read with two delimiters equally well.",
        "one delimiter between all cells",
        "Save the file with one delimiter, or put the line `sep=;` (with your delimiter) above the header.",
        "It is not clear which delimiter separates the cells: {found}.",
    ),
    "rows-above-header": Words(
        "A row above the header looks like data. It would be lost, so the file is refused.",
        "the header above all rows",
        "Move the header to the top (sorting a table may have moved it), or remove what stands above it.",
        "The header stands below rows that look like data.",
    ),
    "no-rows": Words(
        "There is a header, but no row below it.",
        "at least one row",
        "Check the filter of your export and save the table again.",
        "The file has a header and no rows.",
    ),
    "header-width": Words(
        "Every row has another number of cells than the header, so cells and names do not belong together. R's "
        "`write.table` does that when it writes row names.",
        "{expected_cells} cells in each row, as in the header",
        "Write the file again so that each column has a name (in R: `row.names = FALSE`).",
        "Every row has {found} cells where there should be {expected}.",
    ),
    "bare-quote": Words(
        "A quote stands in the midst of a cell, or text follows a closing quote. Where cells end is uncertain.",
        'a cell with quotes is quoted as a whole, and each quote in it doubled: "5"" pipe"',
        "Save the file again with a program that quotes cells, or remove the quote.",
        "A quote stands in the midst of a cell in line {line}.",
    ),
    "unclosed-quote": Words(
        "A quote is opened and never closed. Everything after it would be one cell.",
        "a closing quote before the next delimiter",
        "Close or remove the quote in this row.",
        "A quote is opened in line {line} and never closed.",
    ),
    "backslash-escape": Words(
        "A quote is escaped with a backslash, as MySQL and some scripts do. CSV doubles quotes instead; both "
        "readings together would shift cells.",
        'quotes in a cell doubled: "5"" pipe"',
        "Export the file with doubled quotes (MySQL: `ESCAPED BY '\"'`).",
        "A quote is escaped with a backslash in line {line}.",
    ),
    "cut-off": Words(
        "The last row ends in its midst: the file was cut off, and rows may be missing.",
        "{expected_cells} cells and an end of line",
        "Copy or export the file again until it is whole.",
        "The file is cut off in its last row.",
    ),
    "final-newline-missing": Words(
        "The last line has no end, so the last cell may have been cut off.",
        "an end of line after the last row",
        "Check the last cell: {found}",
        "The last line has no end; the last cell reads {found}.",
    ),
    "final-newline-required": Words(
        "The last line has no end, and this folder requires one: the file may have been cut off.",
        "an end of line after the last row",
        "Export the file again so that its last line ends like the others. The last cell reads {found}.",
        "The last line has no end; the last cell reads {found}.",
    ),
    "lone-return": Words(
        "A carriage return stands alone between lines that end otherwise. In a table of one column it is not "
        "clear whether it ends a row.",
        "one kind of line end",
        "Save the file again with one kind of line end.",
        "A carriage return stands alone in line {line}.",
    ),
    "blank-rows-at-end": Words(
        "Rows without any content at the end of the file were left out.",
        "no rows below the table",
        "Nothing needs to be done. Deleting the rows in the spreadsheet avoids this.",
        "Rows without content at the end were left out: {found}.",
    ),
    "undecided-decimal": Words(
        "The folder lets the whole column decide between decimal point and comma, but no cell does.",
        "at least one number that can be read in one way only",
        "Write one number with decimals, or ask the operator to set `decimal` for this folder. `{found}` is "
        "{point} with a point and {comma} with a comma.",
        "It is not clear how the numbers of *{column}* are written, such as `{found}`.",
    ),
    "contradicting-decimal": Words(
        "Some numbers of the column use a decimal point, others a decimal comma.",
        "one notation in the whole column",
        "Write all numbers of *{column}* alike. `{point}` needs a point, `{comma}` a comma.",
        "*{column}* mixes decimal points and decimal commas, such as `{found}`.",
    ),
    "undecided-dates": Words(
        "The folder lets the whole column decide the order of day and month, but no cell does.",
        "at least one date that can be read in one way only",
        "Write the dates as 2026-04-03, or ask the operator to set `dates` for this folder. `{found}` is "
        "{first} or {second}.",
        "It is not clear how the dates of *{column}* are written, such as `{found}`.",
    ),
    "contradicting-dates": Words(
        "Some dates of the column are day first, others month first.",
        "one notation in the whole column",
        "Write all dates of *{column}* alike, best as 2026-04-03. `{first}` and `{second}` contradict each other.",
        "*{column}* mixes the orders of day and month, such as `{found}`.",
    ),
}
