"""The whole circle on the German credit data: train, score, hear what happened, report, retrain, compare, promote.

    python examples/circle.py [FOLDER]

Nothing of it is made up but the calendar. 400 applicants are learnt from, 300 are scored by that model and their true
standing is dropped later, and 300 are seen by no training: both versions are judged on these. The order of the data is
its own. Everything lies in FOLDER (by default `.circle/`), which is made anew.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
DROPSCORE = Path(sys.executable).parent / "dropscore"
TRAINED, SCORED = 400, 300
KEY, OUTCOME, ANSWER = "customer_id", "standing", "creditability"
CONFIG = f"""[routes.credit]
model = "../model"
challenger = "1.1.0"
quiet_seconds = 0

[routes.credit.actuals]
key = "{KEY}"
outcome = "{OUTCOME}"
exclude = []
"""


@dataclass(frozen=True)
class Applicants:
    """Rows of the data: as they are dropped, and what really became of them."""

    rows: list[dict[str, str]]

    @property
    def drop(self) -> list[dict[str, str]]:
        return [{name: cell for name, cell in row.items() if name != ANSWER} for row in self.rows]

    @property
    def actuals(self) -> list[dict[str, str]]:
        return [{KEY: row[KEY], OUTCOME: row[ANSWER]} for row in self.rows]


def applicants() -> list[dict[str, str]]:
    path = HERE / "model" / "credit" / "data" / "german_credit.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return [{KEY: f"C-{number:04}", **row} for number, row in enumerate(csv.DictReader(file))]


class Circle:
    """A root, and the command line on it."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.folder, self.root = folder, folder / "root"
        self.config = self.root / "config" / "dropscore.toml"
        self.config.parent.mkdir(parents=True)
        self.config.write_text(CONFIG, encoding="utf-8")
        self.call("init", self.root)

    def call(self, *arguments: object) -> str:
        """Run a verb; it must succeed."""
        command = [str(DROPSCORE), *map(str, arguments)]
        if arguments[0] != "init":
            command += ["--config", str(self.config)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
        return ended.stdout

    def train(self, version: str, *more: object) -> None:
        script = HERE / "model" / "credit" / "train.py"
        options = ["--out", self.root / "model", "--version", version, "--rows", TRAINED, *more]
        subprocess.run([sys.executable, script, *map(str, options)], check=True)

    def dropped(self, name: str, rows: list[dict[str, str]], folder: str = "") -> dict[str, Any]:
        """Drop a file, let the daemon empty its inbox, and return the receipt."""
        inbox = self.root / "inbox" / "credit" / folder
        with (inbox / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        self.call("run", "--once", "--no-notifier")
        (path,) = (self.root / "outbox" / "credit").glob(f"{name.removesuffix('.csv')}.*.json")
        receipt: dict[str, Any] = json.loads(path.read_bytes())
        model = receipt["model"]
        print(f"{name}: {receipt['sentence']} ({model['name']} {model['version']})")
        return receipt

    def promoted(self, version: str, why: str) -> str:
        """Promote a version, which takes a daemon that runs; return what it says."""
        place = ["--config", str(self.config)]
        daemon = subprocess.Popen([DROPSCORE, "run", "--no-notifier", *place], stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 60
            while subprocess.run([DROPSCORE, "status", *place], capture_output=True, check=False).returncode:
                if time.monotonic() > until:
                    raise SystemExit("the daemon has not started within a minute")
            return self.call("model", "promote", "credit", version, "--why", why).strip()
        finally:
            daemon.terminate()
            daemon.wait(60)

    def figures(self, what: str) -> dict[str, dict[str, Any]]:
        """Return the figures on what one job predicted."""
        (judged,) = json.loads(self.call("model", "report", what, "--json"))["models"]
        return {figure["name"]: figure for figure in judged["figures"]}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / ".circle"
    rows = applicants()
    scored = Applicants(rows[TRAINED : TRAINED + SCORED])
    unseen = Applicants(rows[TRAINED + SCORED :])
    circle = Circle(folder)

    print(f"1. Train on {TRAINED} applicants.")
    circle.train("1.0.0")
    print(f"\n2. Score {len(scored.rows)} others, and {len(unseen.rows)} that no training will see.")
    circle.dropped("april.csv", scored.drop)
    before = circle.dropped("trial.csv", unseen.drop)
    print("\n3. Hear what really happened.")
    circle.dropped("april-came-true.csv", scored.actuals, "actuals")
    circle.dropped("trial-came-true.csv", unseen.actuals, "actuals")
    circle.call("model", "report", "credit", "-o", folder / "report.html")
    print(f"The report: {folder / 'report.html'}")
    print("\n4. Retrain with what came true of the first, and of these alone.")
    april = circle.call("jobs", "--json")
    code = next(job["code"] for job in json.loads(april) if job["name"] == "april.csv")
    export(circle, folder / "export", code)
    circle.train("1.1.0", "--more", folder / "export")
    print("\n5. It is a challenger: nobody gets its answers yet. What would it have said of the unseen ones?")
    print(circle.call("replay", before["code"], "--model", "1.1.0").strip())
    print("\n6. Somebody decides: it is promoted, and scores the unseen ones again.")
    print(circle.promoted("1.1.0", "it has learnt from April too"))
    after = circle.dropped("trial-again.csv", unseen.drop)
    circle.dropped("trial-again-came-true.csv", unseen.actuals, "actuals")
    print(f"\n7. Both on the same {len(unseen.rows)} applicants that neither has seen:\n")
    compare(circle.figures(before["code"]), circle.figures(after["code"]))


def export(circle: Circle, folder: Path, code: str) -> None:
    """Export what may be learnt from: not the trial, or the comparison would be worth nothing."""
    print(circle.call("model", "export", "credit", "--job", code, "-o", folder).strip())


def compare(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> None:
    print(f"{'':<10}{'1.0.0':>26}{'1.1.0':>26}")
    for name, old in before.items():
        cells = [f"{one['value']:.3f} ({one['low']:.3f} – {one['high']:.3f})" for one in (old, after[name])]
        print(f"{name:<10}{cells[0]:>26}{cells[1]:>26}")
    worse = [name for name in before if _apart(before[name], after[name])]
    print(f"\nBeyond what chance explains they differ in: {', '.join(worse) or 'nothing'}.")


def _apart(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether neither interval holds the other's value: a rough look, for the same rows were judged twice."""
    return not (old["low"] <= new["value"] <= old["high"] or new["low"] <= old["value"] <= new["high"])


if __name__ == "__main__":
    main()
