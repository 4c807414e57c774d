"""English: what is said of actuals, and of predictions that are kept for them."""

from __future__ import annotations

from dropscore.domain.wording import Words

EXAMPLES = {
    "key-absent": "no column `customer_id` in a folder that keeps predictions by it",
    "key-empty": "an empty `customer_id`",
    "key-doubled": "`C-17` in two rows of one file",
    "actual-keyless": "an empty `customer_id` beside an outcome",
    "actual-doubled": "`C-17` as good in one row and as bad in another",
    "actual-blank": "an empty outcome",
    "actual-unknown": "`C-99`, which was never scored",
    "actual-early": "an outcome of May for what was first scored in June",
    "actual-repeated": "`C-17` as good in two rows",
    "actual-changed": "`C-17` as bad, which an earlier file called good",
}
WARNINGS = frozenset(EXAMPLES) - {"actual-keyless", "actual-doubled"}

ACTUALS: dict[str, Words] = {
    "key-absent": Words(
        "The folder keeps predictions by a column that this file does not have. They are not kept.",
        "the column *{column}*",
        "Nothing, if nobody will say what happened to these rows. Else add the column *{column}* and drop it again.",
        "There is no column *{column}*: nobody can say later how good these predictions were.",
    ),
    "key-empty": Words(
        "The row has no key. Its prediction is not kept.",
        "a value in *{column}*",
        "Fill in *{column}*, if somebody will say later what happened.",
        "{rows} without *{column}*: nobody can say later how good these predictions were.",
    ),
    "key-doubled": Words(
        "The same key stands in more than one row. What happens to it will be held against the last of them.",
        "each key once",
        "Nothing, if the last row is the one that counts.",
        "{rows} more than there are keys in *{column}*: of those with one key the last counts later.",
    ),
    "actual-keyless": Words(
        "The row says what happened, but not to whom: it has no key.",
        "the key under which it was scored",
        "Fill in *{column}* and drop the row again.",
        "{rows} without *{column}*: nobody can know which prediction they are about.",
    ),
    "actual-doubled": Words(
        "The same key stands there with different outcomes. None of them counts.",
        "one outcome for each key, or for each key and date",
        "Leave the one that is right and drop it again.",
        "{rows} say different things of the same *{column}*: none of them counts.",
    ),
    "actual-blank": Words(
        "The row has no outcome. It is left out.",
        "what happened",
        "Nothing, if it is not known yet. Drop it again when it is.",
        "{rows} without an outcome are left out.",
    ),
    "actual-unknown": Words(
        "Nothing was ever predicted for this key here, or it is no longer kept.",
        "a key that was scored here",
        "Look whether *{column}* is written as it was when it was scored. Else there is nothing to do.",
        "{rows} have a *{column}* for which nothing was predicted here.",
    ),
    "actual-early": Words(
        "It happened before the first prediction for this key, so nothing was predicted of it.",
        "a date after the prediction",
        "Look whether the date is right. Else there is nothing to do.",
        "{rows} happened before anything was predicted for their *{column}*.",
    ),
    "actual-repeated": Words(
        "The row says once more what another row says.",
        "each outcome once",
        "Nothing: it counts once.",
        "{rows} say once more what others say. They count once.",
    ),
    "actual-changed": Words(
        "An earlier file said otherwise of this key. This one counts from now on.",
        "the outcome of the earlier file",
        "Nothing, if this is a correction. Else drop the right outcome again.",
        "{rows} say otherwise than an earlier file did. The new outcome counts.",
    ),
}
