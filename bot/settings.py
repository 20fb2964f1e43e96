"""The settings, each read from one environment variable. docs/settings.md lists them; a test keeps the two equal."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT / "bot" / "data"
MODELS = PROJECT / "bot" / "models"
LONGEST_HELP_LINE_DAYS = 366
SHORTEST_TALK_MINUTES = 5
LONGEST_TALK_MINUTES = 1440
SHORTEST_KEY = 32  # characters
MOST_TURNS = 100_000  # a minute; as good as no limit

# RFC 1123; it fits the addresses of IPv4 too. Those of IPv6 stand in brackets, as browsers send them.
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_GRAPH_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]")
_LISTENER = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[0-9.]+|localhost):(?P<port>[0-9]{1,5})")


class SettingError(ValueError):
    """A setting has a value that cannot be used; the message names the variable and says what it may be."""


@dataclass(frozen=True)
class MessengerSettings:
    """What the Messenger channel needs. Secrets are in no repr.

    Attributes:
        page: id of the page that people write to.
        app: id of our app.
        app_secrets: the app's secret first, then older ones that still sign.
        page_token: lets us send for the page.
        verify_token: proves to us that the platform was told of our webhook.
        hash_keys: keys for the names of people, the newest first.
        inbox: id of the app in which the page's staff answer, or "" where nobody does.
        graph_version: of the platform's interface.
        graph_address: where that interface is.
    """

    page: str
    app: str
    app_secrets: tuple[str, ...] = field(repr=False)
    page_token: str = field(repr=False)
    verify_token: str = field(repr=False)
    hash_keys: tuple[str, ...] = field(repr=False)
    inbox: str = ""
    graph_version: str = "v26.0"
    graph_address: str = "https://graph.facebook.com"


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
        conversations_url: SQLAlchemy URL of the conversations' database; ``sqlite://`` is memory.
        talk_minutes: minutes without a message after which a conversation ends, at least 5.
        hosts: names under which people open the page, beside localhost, `host` and addresses of numbers.
        embed_origins: origins ("https://www.example.org") whose pages may show the chat in a frame.
        proxies: addresses or networks of proxies, whose word on the visitor's address and on https is taken.
        turns_per_minute: messages and choices of one conversation that are taken a minute, at least 1.
        address_turns_per_minute: the same for one network address, which many people may share.
        address_talks_per_minute: conversations that one network address may begin a minute, at least 1.
        metrics: address and port where the counts are served, or None for nowhere.
        messenger: what the Messenger channel needs, or None where there is no such channel.
        staff: whether the helpline console is served under /staff.
    """

    database_url: str = f"sqlite:///{PROJECT / 'footbridge.db'}"
    host: str = "127.0.0.1"
    port: int = 8000
    models: Path = MODELS
    exit_url: str = "https://www.weather.gov/"
    help_line_days: int = 31
    conversations_url: str = "sqlite://"
    talk_minutes: int = 30
    hosts: tuple[str, ...] = ()
    embed_origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    turns_per_minute: int = 30
    address_turns_per_minute: int = 120
    address_talks_per_minute: int = 20
    metrics: tuple[str, int] | None = None
    messenger: MessengerSettings | None = None
    staff: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read `FOOTBRIDGE_*` variables; a variable that is missing or empty keeps its default.

        Raises:
            SettingError: a value cannot be used.
        """

        def value(name: str, default: str) -> str:
            return environment.get(f"FOOTBRIDGE_{name}") or default

        port = value("PORT", str(cls.port))
        if not _is_port(port):
            raise SettingError(f"FOOTBRIDGE_PORT is {port!r}; it takes a number from 1 to 65535.")
        exit_url = value("EXIT_URL", cls.exit_url)
        if not origin_of(exit_url):
            raise SettingError(f"FOOTBRIDGE_EXIT_URL is {exit_url!r}; it takes an address that starts with https://.")
        days = value("HELP_LINE_DAYS", str(cls.help_line_days))
        if not (days.isascii() and days.isdigit()) or not 1 <= int(days) <= LONGEST_HELP_LINE_DAYS:
            raise SettingError(
                f"FOOTBRIDGE_HELP_LINE_DAYS is {days!r}; it takes a number of days from 1 to {LONGEST_HELP_LINE_DAYS}."
            )
        minutes = value("TALK_MINUTES", str(cls.talk_minutes))
        if (
            not (minutes.isascii() and minutes.isdigit())
            or not SHORTEST_TALK_MINUTES <= int(minutes) <= LONGEST_TALK_MINUTES
        ):
            raise SettingError(
                f"FOOTBRIDGE_TALK_MINUTES is {minutes!r}; it takes a number of minutes from {SHORTEST_TALK_MINUTES} to "
                f"{LONGEST_TALK_MINUTES}."
            )
        metrics = value("METRICS", "")
        staff = value("STAFF", "off")
        if staff not in ("on", "off"):
            raise SettingError(f"FOOTBRIDGE_STAFF is {staff!r}; it takes on or off.")
        return cls(
            database_url=value("DATABASE_URL", cls.database_url),
            host=value("HOST", cls.host),
            port=int(port),
            models=Path(value("MODELS", str(cls.models))),
            exit_url=exit_url,
            help_line_days=int(days),
            conversations_url=value("CONVERSATIONS_URL", cls.conversations_url),
            talk_minutes=int(minutes),
            hosts=_several("HOSTS", value("HOSTS", ""), _is_name, "names such as chat.example.org, without a port"),
            embed_origins=_several(
                "EMBED_ORIGINS", value("EMBED_ORIGINS", ""), _is_origin, "origins such as https://www.example.org"
            ),
            proxies=_several("PROXIES", value("PROXIES", ""), _is_network, "addresses or networks such as 10.0.0.0/8"),
            turns_per_minute=_turns("TURNS_PER_MINUTE", value("TURNS_PER_MINUTE", str(cls.turns_per_minute))),
            address_turns_per_minute=_turns(
                "ADDRESS_TURNS_PER_MINUTE", value("ADDRESS_TURNS_PER_MINUTE", str(cls.address_turns_per_minute))
            ),
            address_talks_per_minute=_turns(
                "ADDRESS_TALKS_PER_MINUTE", value("ADDRESS_TALKS_PER_MINUTE", str(cls.address_talks_per_minute))
            ),
            metrics=_listener("METRICS", metrics) if metrics else None,
            messenger=_messenger(value),
            staff=staff == "on",
        )


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The process's settings, read once, at first use."""
    return Settings.from_environment(os.environ)


def origin_of(address: str) -> str:
    """The origin of an http(s) address as browsers write it: small letters, no default port. Empty for another text."""
    found = _ORIGIN.match(address.lower())
    if not found or address[found.end() : found.end() + 1] not in ("", "/", "?", "#"):
        return ""
    scheme, host, port = found["scheme"], found["host"], found["port"]
    if not (host.startswith("[") or _is_name(host)) or (port and not _is_port(port)):
        return ""
    return f"{scheme}://{host}" if port in (None, _DEFAULT_PORTS[scheme]) else f"{scheme}://{host}:{port}"


def _messenger(value: Callable[[str, str], str]) -> MessengerSettings | None:
    """The settings of the Messenger channel: all that it needs, or none."""
    needed = {
        "MESSENGER_PAGE": value("MESSENGER_PAGE", ""),
        "MESSENGER_APP": value("MESSENGER_APP", ""),
        "MESSENGER_SECRET": value("MESSENGER_SECRET", ""),
        "MESSENGER_TOKEN": value("MESSENGER_TOKEN", ""),
        "MESSENGER_VERIFY_TOKEN": value("MESSENGER_VERIFY_TOKEN", ""),
        "MESSENGER_HASH_KEYS": value("MESSENGER_HASH_KEYS", ""),
    }
    if not any(needed.values()):
        return None
    for name, given in needed.items():
        if not given.strip():
            raise SettingError(
                f"FOOTBRIDGE_{name} is missing; Messenger needs it beside the other settings that are set."
            )
    inbox = value("MESSENGER_INBOX", "")
    for name, given in (*list(needed.items())[:2], ("MESSENGER_INBOX", inbox or "0")):
        if not (given.isascii() and given.isdigit()):
            raise SettingError(f"FOOTBRIDGE_{name} is {given!r}; it takes an id of digits.")
    secrets, keys = (
        tuple(one.strip() for one in needed[name].split(",") if one.strip())
        for name in ("MESSENGER_SECRET", "MESSENGER_HASH_KEYS")
    )
    if not secrets:
        raise SettingError("FOOTBRIDGE_MESSENGER_SECRET names no secret.")
    for name, given in (("SECRET", "".join(secrets)), ("TOKEN", needed["MESSENGER_TOKEN"])):
        if not re.fullmatch(r"[!-~]+", given):  # it could not be sent
            raise SettingError(f"FOOTBRIDGE_MESSENGER_{name} takes letters, digits and signs of ASCII, without blanks.")
    if not keys or min(map(len, keys)) < SHORTEST_KEY:
        raise SettingError(f"FOOTBRIDGE_MESSENGER_HASH_KEYS takes keys of at least {SHORTEST_KEY} characters each.")
    version = value("MESSENGER_VERSION", MessengerSettings.graph_version)
    if not _GRAPH_VERSION.fullmatch(version):
        raise SettingError(f"FOOTBRIDGE_MESSENGER_VERSION is {version!r}; it takes a version such as v26.0.")
    address = value("MESSENGER_GRAPH", MessengerSettings.graph_address)
    if not origin_of(address) or not address.startswith(("https://", "http://127.0.0.1:")):
        raise SettingError(f"FOOTBRIDGE_MESSENGER_GRAPH is {address!r}; it takes an address that starts with https://.")
    return MessengerSettings(
        page=needed["MESSENGER_PAGE"],
        app=needed["MESSENGER_APP"],
        app_secrets=secrets,
        page_token=needed["MESSENGER_TOKEN"],
        verify_token=needed["MESSENGER_VERIFY_TOKEN"],
        hash_keys=keys,
        inbox=inbox,
        graph_version=version,
        graph_address=address,
    )


def _several(name: str, given: str, fits: Callable[[str], bool], takes: str) -> tuple[str, ...]:
    """The values of a list that is separated by commas, in small letters."""
    values = tuple(part.strip().lower() for part in given.split(",") if part.strip())
    for one in values:
        if not fits(one):
            raise SettingError(f"FOOTBRIDGE_{name} has {one!r}; it takes {takes}, separated by commas.")
    return values


def _is_name(one: str) -> bool:
    return _NAME.fullmatch(one) is not None


def _is_origin(one: str) -> bool:
    return origin_of(one) == one


def _is_network(one: str) -> bool:
    try:
        ipaddress.ip_network(one)
    except ValueError:
        return False
    return True


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= 65535


def _turns(name: str, given: str) -> int:
    if not (given.isascii() and given.isdigit()) or not 1 <= int(given) <= MOST_TURNS:
        raise SettingError(f"FOOTBRIDGE_{name} is {given!r}; it takes a number from 1 to {MOST_TURNS}.")
    return int(given)


def _listener(name: str, given: str) -> tuple[str, int]:
    found = _LISTENER.fullmatch(given.strip())
    if not found or not _is_port(found["port"]):
        raise SettingError(
            f"FOOTBRIDGE_{name} is {given!r}; it takes an address of this machine and a port, such as 127.0.0.1:9464."
        )
    return found["host"].strip("[]"), int(found["port"])
