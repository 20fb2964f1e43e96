"""What a good row of each directory file is.

The fields of a row stand in the order of the file's columns. Validators speak to the person who edits the file.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Extra, validator
from pydantic.fields import SHAPE_LIST, ModelField

# USPS Publication 28, appendix B: states, the District, inhabited territories. "US" stands for the federal system.
_STATES_AND_DISTRICT = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA "
    "RI SC SD TN TX UT VT VA WA WV WI WY DC"
)
_TERRITORIES = "AS GU MP PR VI"
STATES = frozenset(f"{_STATES_AND_DISTRICT} {_TERRITORIES} US".split())

OperatorType = Literal[
    "attorney_general",
    "court",
    "federal",
    "nonprofit",
    "other",
    "parole_board",
    "prosecutor",
    "state_corrections",
    "state_victim_services",
    "tribal",
    "university",
]
Reach = Literal["statewide", "local", "national"]
CaseType = Literal[
    "any_post_conviction", "domestic_violence", "homicide", "juvenile", "property", "sexual_assault", "violent"
]
Format = Literal[
    "apology_letter_bank",
    "conferencing",
    "face_to_face",
    "letter_exchange",
    "panel",
    "phone",
    "surrogate",
    "video",
]
Verification = Literal["confirmed", "single_source", "no_contact"]
YesNo = Literal["yes", "no", "unknown"]
YesNoPossible = Literal["yes", "no", "possible", "unknown"]

_ID = re.compile(r"us(-[a-z0-9]+)+")
# Digits of a North American number: area code and exchange never begin with 0 or 1.
_PHONE = re.compile(r"\+1-[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}|[0-9]{3,6}")
# What is sent to the number of a help line.
_KEYWORD = re.compile(r"[A-Z0-9]+")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_URL = re.compile(r"https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\.?(:[0-9]+)?([/?#][^\s<>\"'\\`{}|^]*)?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Control, format (invisible, also text direction), line and paragraph separator characters.
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp"})


class Row(BaseModel):
    """A row of any file: text cells become text, lists and dates, and an empty optional cell becomes None."""

    class Config:
        """Reject a column that the file should not have."""

        extra = Extra.forbid

    @validator("*", pre=True)
    def read_cell(cls, cell: str, field: ModelField) -> str | date | list[str] | None:  # noqa: N805
        """Turn the text of a cell into the type of its column."""
        for character in cell:
            if unicodedata.category(character) in _HIDDEN:
                raise ValueError(f"holds the hidden character U+{ord(character):04X}: delete it")
        if cell != cell.strip():
            raise ValueError("begins or ends with a blank: delete the blank")
        if not cell and field.required:
            raise ValueError("is empty: this column must be filled in")
        if field.name == "sources":
            return cell.split()
        if field.shape == SHAPE_LIST:
            return _split_list(cell)
        if not cell:
            return None
        return _read_date(cell) if field.type_ is date else cell

    @validator("id", check_fields=False)
    def check_id(cls, value: str) -> str:  # noqa: N805
        """Small letters, digits and hyphens, beginning with ``us-``."""
        if not _ID.fullmatch(value):
            raise ValueError(f"{value!r} is not an id: write us-, then small letters, digits and single hyphens")
        return value

    @validator("state", check_fields=False)
    def check_state(cls, value: str, values: dict[str, Any]) -> str:  # noqa: N805
        """A known code, and the one that the id names."""
        if value not in STATES:
            raise ValueError(f"{value!r} is not a state: write the two capital letters of the post office, or US")
        prefixes = ("us-national-", "us-federal-") if value == "US" else (f"us-{value.lower()}-",)
        if "id" in values and not values["id"].startswith(prefixes):
            raise ValueError(
                f"{value!r} does not fit the id {values['id']!r}: begin the id with {' or '.join(prefixes)}"
            )
        return value

    @validator("phone", "toll_free_phone", "tty", "text_number", check_fields=False)
    def check_phone(cls, value: str | None) -> str | None:  # noqa: N805
        """A full number or a short code."""
        if value is not None and not _PHONE.fullmatch(value):
            raise ValueError(f"{value!r} is not a phone number: write +1-515-555-0100 or a short code of 3 to 6 digits")
        return value

    @validator("text_keyword", check_fields=False)
    def check_keyword(cls, value: str | None, values: dict[str, Any]) -> str | None:  # noqa: N805
        """One word, as it is sent, to a number."""
        if value is not None and not _KEYWORD.fullmatch(value):
            raise ValueError(f"{value!r} is not one word in capital letters: write HOME, and other words in the notes")
        if value is not None and values.get("text_number", "mistyped") is None:
            raise ValueError(f"{value!r} cannot be sent: text_number is empty")
        return value

    @validator("email", check_fields=False)
    def check_email(cls, value: str | None) -> str | None:  # noqa: N805
        """The shape of an address; whether it is read is for a person to find out."""
        if value is not None and not _EMAIL.fullmatch(value):
            raise ValueError(f"{value!r} is not an e-mail address: write name@example.org")
        return value

    @validator("url", "chat_url", check_fields=False)
    def check_url(cls, value: str | None) -> str | None:  # noqa: N805
        """A web address."""
        return None if value is None else _check_url(value)

    @validator("sources", each_item=True, check_fields=False)
    def check_source(cls, value: str) -> str:  # noqa: N805
        """Web addresses."""
        return _check_url(value)

    @validator("last_seen", check_fields=False)
    def check_last_seen(cls, value: date, values: dict[str, Any]) -> date:  # noqa: N805
        """A page cannot have been seen before it was written."""
        page_dated = values.get("page_dated")
        if page_dated is not None and value < page_dated:
            raise ValueError(f"{value} is before the page's own date {page_dated}: one of the two is mistyped")
        return value

    @validator("verification", check_fields=False)
    def check_verification(cls, value: str, values: dict[str, Any]) -> str:  # noqa: N805
        """``no_contact`` says that no way to reach them was found, so none may be given."""
        contacts = ("phone", "toll_free_phone", "tty", "email", "text_number", "chat_url")
        given = [column for column in contacts if values.get(column) is not None]
        if value == "no_contact" and given:
            raise ValueError(f"'no_contact' but {', '.join(given)} is filled in: write single_source or confirmed")
        return value


class ProgramRow(Row):
    """A row of programs.csv."""

    id: str
    state: str
    name: str
    operator: str | None
    operator_type: OperatorType
    reach: Reach
    service_area: list[str] = []
    case_types: list[CaseType] = []
    excluded_case_types: list[CaseType] = []
    formats: list[Format] = []
    victim_initiated: YesNo | None
    offender_voluntary: YesNo | None
    requires_conviction: YesNo | None
    appeal_policy: str | None
    affects_parole_or_sentence: YesNoPossible | None
    cost: str | None
    languages: list[str] = []
    phone: str | None
    toll_free_phone: str | None
    tty: str | None
    email: str | None
    url: str | None
    mailing_address: str | None
    sources: list[str]
    page_dated: date | None
    last_seen: date
    verification: Verification
    notes: str | None


class OfficeRow(Row):
    """A row of offices.csv."""

    id: str
    state: str
    name: str
    operator: str
    operator_type: OperatorType
    what_for: str | None
    offers_dialogue: YesNo
    phone: str | None
    toll_free_phone: str | None
    tty: str | None
    email: str | None
    url: str | None
    sources: list[str]
    page_dated: date | None
    last_seen: date
    verification: Verification
    notes: str | None


class ResourceRow(Row):
    """A row of resources.csv."""

    id: str
    name: str
    purpose: str
    phone: str | None
    text_number: str | None
    text_keyword: str | None
    tty: str | None
    chat_url: str | None
    url: str | None
    hours: str | None
    languages: list[str] = []
    sources: list[str]
    page_dated: date | None
    last_seen: date
    verification: Verification
    uncertain: str | None
    notes: str | None

    @property
    def is_help_line(self) -> bool:
        """Whether it can be reached at once, by phone, text message or chat; the others are organizations."""
        return any((self.phone, self.text_number, self.chat_url))


def _split_list(cell: str) -> list[str]:
    items = [item.strip() for item in cell.split(";")] if cell else []
    if "" in items:
        raise ValueError("has a semicolon with nothing before or after it: delete the semicolon")
    return items


def _read_date(cell: str) -> date:
    # The pattern comes first: fromisoformat also takes 20261122 and week dates, and pydantic takes bare numbers.
    if _DATE.fullmatch(cell):
        try:
            return date.fromisoformat(cell)
        except ValueError:
            pass
    raise ValueError(f"{cell!r} is not a date: write year-month-day, like 2026-11-22")


def _check_url(value: str) -> str:
    if not _URL.fullmatch(value):
        raise ValueError(f"{value!r} is not a web address: write it in full, beginning with https:// or http://")
    return value
