"""English: problems of rows and cells."""

from __future__ import annotations

from dropscore.domain.wording import Words

PHRASES = {
    "cells": "{:1 cell|# cells}",
    "rows": "{:1 row|# rows}",
    "one-cell": "*{column}* in row {row}: {meaning} Found: `{found}`.",
    "one-row": "Row {row}: {meaning}",
    "near": " `{found}`: did you mean `{near}`?",
    "near-column": " Is `{near}` meant to be *{found}*?",
    "number": "a number such as {example}",
    "date": "a date such as {example}",
    "word": "one of {expected_words}",
    "form": "text of the form `{pattern}`",
    "text": "text",
}
"""Parts of sentences. `one-…` tell of a single problem by its place."""

CELL: dict[str, Words] = {
    "too-few-cells": Words(
        "The row has fewer cells than the header.",
        "{expected_cells} cells",
        "Add what is missing. A row that is wrapped onto two lines must be joined.",
        "{rows} with too few cells.",
    ),
    "too-many-cells": Words(
        "The row has more cells than the header. Often a cell holds the delimiter and is not quoted.",
        "{expected_cells} cells",
        "Quote the cell that holds the delimiter, or remove what is too much.",
        "{rows} with too many cells.",
    ),
    "blank-line": Words(
        "A line without content stands between the rows.",
        "a row, or nothing below the table",
        "Delete the blank row.",
        "{rows} without content.",
    ),
    "total-row": Words(
        "The row is a total or a footer, not a record. It would have been scored like one.",
        "records only",
        "Delete the row.",
        "{rows} of totals or footers, which are no records.",
    ),
    "repeated-header": Words(
        "The header stands again between the rows, as in files that were joined.",
        "the header once, at the top",
        "Delete the row.",
        "{rows} repeat the header.",
    ),
    "control-character": Words(
        "The cell holds a character that cannot be seen or printed.",
        "text without control characters",
        "Delete the cell and type its content again.",
        "{cells} of *{column}* hold control characters.",
    ),
    "stray-mark": Words(
        "The cell holds a byte-order mark (U+FEFF), as files that were joined do. It cannot be seen, but makes "
        "the text another one.",
        "text without U+FEFF",
        "Delete the cell and type its content again, or join the files without their byte-order marks.",
        "{cells} of *{column}* hold an invisible byte-order mark.",
    ),
    "missing-value": Words(
        "The cell is empty, but the model needs a value.",
        "a value",
        "Fill in *{column}*.",
        "{cells} of *{column}* are empty.",
    ),
    "missing-word": Words(
        "A word such as NA or NULL stands where a value is expected. It means *missing* only where the model says so.",
        "a value",
        "Fill in the value, or leave the cell empty where it may be missing.",
        "{cells} of *{column}* hold a word for *missing*, such as `{found}`.",
    ),
    "database-null": Words(
        "The cell is `\\N`, which databases export for *missing*.",
        "a value, or an empty cell",
        "Export missing values as empty cells.",
        "{cells} of *{column}* are `\\N`.",
    ),
    "not-a-number": Words(
        "The cell is no number.",
        "a number such as {example}",
        "Write a number.",
        "{cells} of *{column}* are no numbers, such as `{found}`.",
    ),
    "not-an-integer": Words(
        "The number has decimals where a whole number is expected.",
        "a whole number such as 42",
        "Write a whole number, without decimals.",
        "{cells} of *{column}* are no whole numbers, such as `{found}`.",
    ),
    "decimal-comma": Words(
        "The number is written with a decimal comma, and this folder expects a point.",
        "a number such as 1234.5",
        'Write it with a decimal point, or ask the operator to set `decimal = ","` for this folder.',
        "{cells} of *{column}* use a decimal comma, such as `{found}`.",
    ),
    "decimal-point": Words(
        "The number is written with a decimal point, and this folder expects a comma.",
        "a number such as 1234,5",
        'Write it with a decimal comma, or ask the operator to set `decimal = "."` for this folder.',
        "{cells} of *{column}* use a decimal point, such as `{found}`.",
    ),
    "ambiguous-number": Words(
        "The number can be read in two ways: with a decimal sign or with groups of thousands.",
        "a number such as {example}",
        "Write it without groups of thousands. `{found}` could be {first} or {second}.",
        "{cells} of *{column}* can be read in two ways, such as `{found}`: {first} or {second}.",
    ),
    "grouped-number": Words(
        "The number is written in groups of thousands, and this folder expects none.",
        "a number such as {example}",
        'Write it without groups, or ask the operator to set `group = "{group}"` for this folder.',
        "{cells} of *{column}* are written in groups of thousands, such as `{found}`.",
    ),
    "broken-groups": Words(
        "The groups of thousands are not of three digits each.",
        "a number such as {example}",
        "Write the number without groups.",
        "{cells} of *{column}* have irregular groups, such as `{found}`.",
    ),
    "percent": Words(
        "The number has a percent sign. 95 % could mean 95 or 0.95.",
        "a number such as {example}",
        "Write the number without the sign, in the unit that the model knows.",
        "{cells} of *{column}* have a percent sign, such as `{found}`.",
    ),
    "currency": Words(
        "The number has a currency sign or a unit.",
        "a number such as {example}",
        "Write the number alone; format the column as *Number* before you save it.",
        "{cells} of *{column}* have a currency sign or a unit, such as `{found}`.",
    ),
    "accounting-negative": Words(
        "The number is written as accountants write negative numbers: in brackets, or with the sign behind it.",
        "a number such as -{example}",
        "Write the sign in front: -{example}.",
        "{cells} of *{column}* are accounting negatives, such as `{found}`.",
    ),
    "number-too-large": Words(
        "The number is larger than can be calculated with.",
        "a number within the range of {kind}",
        "Check the number; if it is an identifier, the model should treat it as text.",
        "{cells} of *{column}* are too large, such as `{found}`.",
    ),
    "not-a-boolean": Words(
        "The cell is none of the words for yes and no.",
        "one of {expected_words}",
        "Write one of {expected_words}.",
        "{cells} of *{column}* are no yes or no, such as `{found}`.",
    ),
    "not-a-date": Words(
        "The cell is no date.",
        "a date such as {example}",
        "Write a date such as {example}.",
        "{cells} of *{column}* are no dates, such as `{found}`.",
    ),
    "other-date": Words(
        "The date is written in another notation than this folder expects.",
        "a date such as {example}",
        "Write it as {example}, or ask the operator to set `dates` for this folder.",
        "{cells} of *{column}* are dates in another notation, such as `{found}`: write them as {example}, or ask "
        "the operator to set `dates` for this folder.",
    ),
    "impossible-date": Words(
        "The notation is right, but there is no such day or time.",
        "a date such as {example}",
        "Correct the date.",
        "{cells} of *{column}* are no days of the calendar, such as `{found}`.",
    ),
    "time-zone": Words(
        "The time has a zone, and the model was trained on times without one.",
        "a time such as {example}",
        "Write the time without a zone.",
        "{cells} of *{column}* have a time zone, such as `{found}`.",
    ),
    "below-minimum": Words(
        "The value is smaller than the model allows.",
        "at least {minimum}",
        "Correct the value.",
        "{cells} of *{column}* are below {minimum}, such as `{found}`.",
    ),
    "above-maximum": Words(
        "The value is larger than the model allows.",
        "at most {maximum}",
        "Correct the value.",
        "{cells} of *{column}* are above {maximum}, such as `{found}`.",
    ),
    "unknown-value": Words(
        "The value is none of those that the model knows.",
        "one of {expected_words}",
        "Write one of {expected_words}.{suggestion}",
        "{cells} of *{column}* hold values that the model does not know, such as `{found}`.{suggestion}",
    ),
    "pattern": Words(
        "The text does not have the form that the model expects.",
        "text of the form `{pattern}`",
        "Correct the text.",
        "{cells} of *{column}* do not have the form `{pattern}`, such as `{found}`.",
    ),
    "too-short": Words(
        "The text is shorter than the model allows.",
        "at least {minimum} characters",
        "Complete the text.",
        "{cells} of *{column}* have fewer than {minimum} characters, such as `{found}`.",
    ),
    "too-long": Words(
        "The text is longer than the model allows.",
        "at most {maximum} characters",
        "Shorten the text.",
        "{cells} of *{column}* have more than {maximum} characters.",
    ),
    "duplicate-value": Words(
        "The value has been used in an earlier row, and may be used only once.",
        "each value once; it stands in row {first} already",
        "Remove one of the two rows, or correct the value.",
        "{cells} of *{column}* repeat the value of an earlier row, such as `{found}`.",
    ),
    "lost-zeros": Words(
        "The zeros in front were lost, as happens when a spreadsheet opens a code as a number.",
        "text of the form `{pattern}`, such as `{suggested}`",
        "Format the column as *Text* before you type or import the codes, then write `{suggested}`.",
        "{cells} of *{column}* have lost their zeros in front, such as `{found}` for `{suggested}`.",
    ),
    "scientific-notation": Words(
        "A spreadsheet has turned a long number into scientific notation; its last digits are lost.",
        "all digits of the number",
        "Take the number from its source, format the column as *Text*, and save again.",
        "{cells} of *{column}* were turned into scientific notation, such as `{found}`: digits are lost.",
    ),
    "turned-into-date": Words(
        "A spreadsheet has turned the value into a date: 1-3 becomes 01-Mar.",
        "the value as it was typed",
        "Take the value from its source, format the column as *Text*, and save again.",
        "{cells} of *{column}* were turned into dates by a spreadsheet, such as `{found}`.",
    ),
    "spreadsheet-error": Words(
        "The cell holds an error of a formula.",
        "a value",
        "Correct the formula in your spreadsheet, or type the value.",
        "{cells} of *{column}* are errors of formulas, such as `{found}`.",
    ),
    "formula-without-value": Words(
        "The cell holds a formula whose result was not saved, as programs that write workbooks leave them.",
        "a value",
        "Open the workbook in your spreadsheet and save it, or type the value.",
        "{cells} of *{column}* are formulas whose results were not saved.",
    ),
    "hash-signs": Words(
        "The cell holds `####`: the spreadsheet's column was too narrow, and the value itself was not saved.",
        "a value",
        "Widen the column in your spreadsheet and save again.",
        "{cells} of *{column}* are `####`: widen the column and save again.",
    ),
}
