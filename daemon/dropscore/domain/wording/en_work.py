"""English: what is said of the work on a file, beyond its cells: mends, repeats, and what a result cannot hold."""

from __future__ import annotations

from dropscore.domain.wording import Words
from dropscore.domain.wording.en_actuals import ACTUALS
from dropscore.domain.wording.en_actuals import EXAMPLES as _ACTUALS_EXAMPLES
from dropscore.domain.wording.en_actuals import WARNINGS as _ACTUALS_WARNINGS

EXAMPLES = _ACTUALS_EXAMPLES | {
    "no-prediction": "a model that answers NaN for a row",
    "cell-cut": "a cell of 40,000 characters",
    "character-replaced": "a cell with the character U+0007",
    "formula-guarded": "a cell `=1+1` in a route that asks for CSV",
    "mend-unknown": "`_dropscore_row` with a code that nobody knows here",
    "mend-other-route": "a fix workbook of `credit`, dropped into `penguins`",
    "mend-late": "a fix workbook that has been mended and dropped before",
    "mend-rows-missing": "a fix workbook from which three rows were removed",
    "mend-rows-doubled": "a fix workbook with a row pasted twice",
    "mend-rows-foreign": "rows of two fix workbooks in one file",
    "same-again": "the same file as last Monday, for the same model",
    "same-again-gone": "the same file again, whose earlier result is gone",
}
WARNINGS = frozenset(
    {"no-prediction", "cell-cut", "character-replaced", "mend-unknown", "mend-other-route", "mend-late"}
    | {"same-again-gone", "formula-guarded"}
    | _ACTUALS_WARNINGS
)

WORK: dict[str, Words] = ACTUALS | {
    "no-prediction": Words(
        "The model gave no number for these rows. Their predictions are left empty.",
        "a prediction for each row",
        "Show these rows to whoever made the model.",
        "{rows} got no prediction: the model gives none for them.",
    ),
    "cell-cut": Words(
        "Excel holds 32,767 characters in a cell. Longer texts are cut in the workbook; the file itself is as it was.",
        "at most 32,767 characters",
        "Look into the file itself where you need the whole text.",
        "{cells} of the workbook are cut: Excel holds 32,767 characters in one.",
    ),
    "character-replaced": Words(
        "A workbook cannot hold some control characters. They are shown as �.",
        "text without control characters",
        "Look into the file itself where you need them.",
        "{found} characters are shown as �: a workbook cannot hold them.",
    ),
    "formula-guarded": Words(
        "In the CSV a spreadsheet would take these cells for formulas. They have an apostrophe before them.",
        "text that does not begin like a formula",
        "Nothing, if a person reads it. A program finds them as they came in the Parquet or in the file itself.",
        "{cells} of the CSV have an apostrophe before them: a spreadsheet would take them for formulas.",
    ),
    "mend-unknown": Words(
        "The file has a column `_dropscore_row`, but its code belongs to no file that waits to be mended here.",
        "the code of a file that waits to be mended",
        "Nothing, if the rows are right: the file was taken like any other.",
        "The file looks like a mended one ({found}), but nothing here waits for it. It was taken like any other.",
    ),
    "mend-other-route": Words(
        "The file mends a file of another folder.",
        "the folder of the file that it mends",
        "Drop it into the folder where the first file was dropped.",
        "The file mends one of another folder ({found}). It was taken like any other.",
    ),
    "mend-late": Words(
        "The file mends one that has been mended before.",
        "a file that has not been mended yet",
        "Look at the result of the earlier mend before you use this one.",
        "{found} has been mended before. The file was taken like any other.",
    ),
    "mend-rows-missing": Words(
        "A mended file must hold every row that was handed out, exactly once. Some are missing.",
        "every row that was handed out",
        "Take the fix workbook again and mend it without removing rows, or drop the rows as a new file without "
        "the column `_dropscore_row`.",
        "{rows} that were handed out are missing: {found}.",
    ),
    "mend-rows-doubled": Words(
        "A mended file must hold every row that was handed out, exactly once. Some are there twice.",
        "each row once",
        "Remove the doubled rows.",
        "{rows} are there more than once: {found}.",
    ),
    "mend-rows-foreign": Words(
        "The file holds rows that are none of the fix workbook's: added ones, or those of another.",
        "only rows of the one fix workbook",
        "Drop added rows as a file of their own, without the column `_dropscore_row`.",
        "{rows} do not belong to this fix workbook: {found}.",
    ),
    "same-again": Words(
        "This model has scored exactly this content before, and the folder refuses repeats.",
        "new content",
        "Use the earlier result, or ask the operator to set `again` for this folder.",
        "The same content was scored before: see {found}.",
    ),
    "same-again-gone": Words(
        "This model has scored exactly this content before, but that result is no longer here.",
        "the earlier result",
        "Nothing: it was scored again.",
        "The same content was scored before ({found}). Its result is gone, so it was scored again.",
    ),
}
