"""Settings of what is kept of a route's predictions, to be held against what really happens."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from dropscore.settings.values import Words
from dropscore.settings.web import Section


class ActualsSettings(Section):
    """Predictions kept to be held against what really happens. Off as long as there is no key.

    With a key, inbox/ROUTE/actuals/ takes files that say what happened, and reports say how good the model is.
    """

    key: str = Field(
        default="",
        description="The column that names the same thing in drops and in actuals. Rows without it are not kept.",
        examples=["customer_id"],
    )
    outcome: str = Field(
        default="", description="The column of the actuals that says what happened.", examples=["defaulted"]
    )
    date: str = Field(
        default="",
        description="The column of the actuals that says on which day. Empty: when they were dropped.",
        examples=["decided_on"],
    )
    exclude: Words = Field(
        default=(),
        description="Columns of the model that are never kept. *: none is, so that there is neither a report by "
        "segment nor an export for training. A name that the model does not have keeps all of them out.",
        examples=[["age_in_years"]],
    )
    keep_days: float = Field(
        default=365, ge=0, description="How long predictions and actuals are kept. 0: for ever. It holds without a key."
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.key) != bool(self.outcome):
            raise ValueError("set both key and outcome, or neither")
        if self.key and (self.key == self.outcome or self.date in (self.key, self.outcome)):
            raise ValueError("key, outcome and date are different columns")
        if self.key and self.key in self.exclude:
            raise ValueError("the key cannot be excluded: without it nothing can be matched")
        return self
