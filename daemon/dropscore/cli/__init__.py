"""The command line: one file per verb, loaded when it is used. Only click is imported here."""

from __future__ import annotations

import importlib
from typing import Any

import click

SECTIONS: dict[str, dict[str, str]] = {
    "One file, without any set-up": {
        "score": "Score one file with a model.",
        "check": "Check one file against a model, without scoring it.",
        "template": "Write what a model accepts: files to fill in, and a page to read.",
    },
    "The daemon": {
        "run": "Run the daemon: score whatever is dropped into the inbox.",
        "status": "Say what the daemon is doing.",
        "notify": "Send the messages owed, or a test message.",
    },
    "Jobs": {
        "jobs": "List jobs.",
        "show": "Show one job.",
        "why": "Say where a file stands, and what it waits for.",
        "process": "Take what waits at once.",
        "submit": "Hand a file to the daemon.",
        "retry": "Do jobs again.",
        "replay": "Do past jobs again without touching them.",
        "archive": "Put finished jobs away.",
        "delete": "Move jobs to the trash.",
    },
    "Panel and API": {
        "web": "Serve the panel and the HTTP API.",
        "user": "Look after the panel's users.",
        "token": "Look after the API's tokens.",
    },
    "Setting up": {
        "init": "Make a root: its folders and its configuration.",
        "config": "Check and show the configuration.",
        "model": "List, show, check and switch models.",
        "ledger": "Look after the table of jobs.",
        "retention": "Remove now what has been kept for long enough.",
        "audit": "See that every file that was ever claimed is accounted for.",
        "doctor": "Try everything that the daemon needs, and say how to mend what fails.",
    },
}
VERBS = {name: summary for verbs in SECTIONS.values() for name, summary in verbs.items()}


class Verbs(click.Group):
    """Knows every verb's name and summary, and imports a verb's module only to run it.

    It is also the one place in which an exception becomes an exit code.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(f"dropscore.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, verbs in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(verbs.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            code = super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except (Exception, KeyboardInterrupt) as error:
            code = importlib.import_module("dropscore.cli.errors").report(error)
        ctx.exit(code or 0)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="dropscore", message="dropscore %(version)s")
def cli() -> None:
    """Drop a CSV into a folder; get an Excel workbook with the model's predictions back, or the reason why not.

    Exit codes: 0 delivered or fine, 1 error, 2 wrong usage, 3 partial, 4 rejected, 10 the daemon is down,
    11 another daemon holds the root, 12 the configuration is invalid.
    """


def main() -> None:
    """Run the command line and end the process with its exit code."""
    cli(prog_name="dropscore")
