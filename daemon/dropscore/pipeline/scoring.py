"""Rows become predictions, and both become the result: a workbook, and what the route asks for beside it."""

from __future__ import annotations

from dataclasses import dataclass

from dropscore import bundle as bundles
from dropscore import table, workbook
from dropscore.domain.rules import Format
from dropscore.pipeline.attempt import Attempt, Steps
from dropscore.pipeline.columns import columns_of, parquet_types
from dropscore.pipeline.explaining import Reasons
from dropscore.pipeline.keeping import KeptPredictions
from dropscore.pipeline.portions import Maker, Portion, choose
from dropscore.receipt import Made

RESULTS = {Format.XLSX: "result.xlsx", Format.CSV: "result.csv", Format.PARQUET: "result.parquet"}


@dataclass(slots=True)
class Scoring:
    """The result under way. Nothing of it is left when it was discarded."""

    attempt: Attempt
    maker: Maker
    book: workbook.ResultBook | None
    text: workbook.ResultCsv | None
    parquet: workbook.ResultParquet | None
    profile: bundles.ProfileBuilder
    kept: KeptPredictions
    unanswered: int = 0
    """Rows for which the model gave no number."""
    going: bool = True

    @classmethod
    def begin(cls, attempt: Attempt, source: table.Source) -> Scoring:
        rules = attempt.task.rules
        reasons = Reasons(rules.explain, rules.language) if rules.explain else None
        columns = columns_of(source, attempt.bundle, reasons)
        shown = tuple(columns.values())
        book = text = parquet = None
        if Format.XLSX in rules.formats:
            book = workbook.ResultBook(attempt.path(RESULTS[Format.XLSX]), shown, language=rules.language)
        if Format.CSV in rules.formats:
            delimiter = source.reading.delimiter or ","
            text = workbook.ResultCsv(attempt.path(RESULTS[Format.CSV]), shown, delimiter)
        if Format.PARQUET in rules.formats:
            types = parquet_types(source, attempt.bundle, columns)
            parquet = workbook.ResultParquet(attempt.path(RESULTS[Format.PARQUET]), types)
        pourers = {
            form: getattr(made, "pourer", None)
            for form, made in ((Format.XLSX, book), (Format.CSV, text), (Format.PARQUET, parquet))
            if made is not None
        }
        typed = {column.name: column.field.name for column in source.columns if column.field is not None}
        profile = bundles.ProfileBuilder(attempt.bundle.schema, attempt.bundle.outputs)
        kept = KeptPredictions.begin(attempt, source)
        return cls(attempt, Maker(columns, pourers, typed, kept.keeper, reasons), book, text, parquet, profile, kept)

    def discard(self) -> None:
        self.going = False
        for made in (self.book, self.text, self.parquet):
            if made is not None:
                made.discard()
        self.kept.discard()

    def score(self, block: table.Block, checked: table.Checked) -> Steps[None]:
        """Let the good rows of a block be scored, and pour them."""
        chosen = choose(block, checked)
        if chosen is not None:
            outputs = yield chosen.typed
            attempt = self.attempt
            self.take(self.maker.portion(attempt.bundle, chosen, outputs, self.profile.seen, attempt.timed))

    def take(self, portion: Portion) -> None:
        """Take the next block, scored and poured here or elsewhere."""
        with self.attempt.timed("pour"):
            if self.book is not None:
                self.book.take(portion.poured[Format.XLSX])
            if self.text is not None:
                self.text.take(portion.poured[Format.CSV])
            if self.parquet is not None:
                self.parquet.take(portion.poured[Format.PARQUET])
        with self.attempt.timed("keep"):
            self.kept.take(portion)
        self.profile.join(portion.profile)
        self.unanswered += portion.unanswered

    def close_beside(self) -> None:
        """End what stands beside the workbook."""
        for made in (self.text, self.parquet):
            if made is not None:
                made.close()

    def made(self) -> tuple[Made, ...]:
        """Return the facts of the results, the workbook first."""
        formats = [form for form in RESULTS if form in self.attempt.task.rules.formats]
        return tuple(self.attempt.made("result", RESULTS[form], f".{form}") for form in formats)
