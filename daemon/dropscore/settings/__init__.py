"""Settings: a TOML file, then the environment, then secret files; the later one wins. See `config/dropscore.toml`."""

from dropscore.settings.handing import ledger_url, recipients_of, rules_of, trusted_of, with_actuals, worker_count
from dropscore.settings.loading import Fault, Loaded, WrongSettings, load, load_layers
from dropscore.settings.model import RouteSettings, Settings
from dropscore.settings.showing import Source, sources
from dropscore.settings.writing import commented_toml, json_schema

__all__ = [
    "Fault",
    "Loaded",
    "RouteSettings",
    "Settings",
    "Source",
    "WrongSettings",
    "commented_toml",
    "json_schema",
    "ledger_url",
    "load",
    "load_layers",
    "recipients_of",
    "rules_of",
    "sources",
    "trusted_of",
    "with_actuals",
    "worker_count",
]
