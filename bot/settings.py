"""The settings, each read from one environment variable. docs/settings.md lists them; a test keeps the two equal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT / "bot" / "data"
MODELS = PROJECT / "bot" / "models"
LONGEST_HELP_LINE_DAYS = 366


class SettingError(ValueError):
    """A setting has a value that cannot be used; the message names the variable and says what it may be."""


@dataclass(frozen=True)
class Settings:
    """What may differ between installations.

    Attributes:
        database_url: SQLAlchemy URL of the directory's database.
        host: address the web server listens on.
        port: TCP port the web server listens on, 1 to 65535.
        models: folder that holds the trained model.
        exit_url: neutral page that the exit link opens.
        help_line_days: days after which a help line has to be checked again, at least 1.
    """

    database_url: str = f"sqlite:///{PROJECT / 'footbridge.db'}"
    host: str = "127.0.0.1"
    port: int = 8000
    models: Path = MODELS
    exit_url: str = "https://www.weather.gov/"
    help_line_days: int = 31

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read `FOOTBRIDGE_*` variables; a variable that is missing or empty keeps its default.

        Raises:
            SettingError: FOOTBRIDGE_PORT is not a port number, FOOTBRIDGE_EXIT_URL is no http(s) address, or
                FOOTBRIDGE_HELP_LINE_DAYS is not a number of days.
        """

        def value(name: str, default: str) -> str:
            return environment.get(f"FOOTBRIDGE_{name}") or default

        port = value("PORT", str(cls.port))
        if not (port.isascii() and port.isdigit()) or not 1 <= int(port) <= 65535:
            raise SettingError(f"FOOTBRIDGE_PORT is {port!r}; it takes a number from 1 to 65535.")
        exit_url = value("EXIT_URL", cls.exit_url)
        if not exit_url.startswith(("https://", "http://")):
            raise SettingError(f"FOOTBRIDGE_EXIT_URL is {exit_url!r}; it takes an address that starts with https://.")
        days = value("HELP_LINE_DAYS", str(cls.help_line_days))
        if not (days.isascii() and days.isdigit()) or not 1 <= int(days) <= LONGEST_HELP_LINE_DAYS:
            raise SettingError(
                f"FOOTBRIDGE_HELP_LINE_DAYS is {days!r}; it takes a number of days from 1 to {LONGEST_HELP_LINE_DAYS}."
            )
        return cls(
            database_url=value("DATABASE_URL", cls.database_url),
            host=value("HOST", cls.host),
            port=int(port),
            models=Path(value("MODELS", str(cls.models))),
            exit_url=exit_url,
            help_line_days=int(days),
        )


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The process's settings, read once, at first use."""
    return Settings.from_environment(os.environ)
