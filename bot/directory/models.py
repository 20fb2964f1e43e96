"""The tables of the directory.

What each column means for a reader of the data stands in ``bot/data/directory/README.md``. A fact that the sources do
not state is ``None`` (text, date) or an empty list, never a guess. Words with a fixed vocabulary are checked by
``bot.directory.rows`` before they get here.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Root of all tables; constraints have names so that a later migration can change them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text, list[str]: JSON}


class Entry:
    """What every line of the directory has: a name, ways to reach it, and where the facts come from."""

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    tty: Mapped[str | None]
    url: Mapped[str | None]
    sources: Mapped[list[str]]
    page_dated: Mapped[date | None]
    last_seen: Mapped[date]
    verification: Mapped[str]
    notes: Mapped[str | None]


class Program(Entry, Base):
    """A program that brings victims and offenders into contact, by meeting, letter or stand-in."""

    __tablename__ = "programs"

    state: Mapped[str] = mapped_column(index=True)
    operator: Mapped[str | None]
    operator_type: Mapped[str]
    reach: Mapped[str]
    service_area: Mapped[list[str]]
    case_types: Mapped[list[str]]
    excluded_case_types: Mapped[list[str]]
    formats: Mapped[list[str]]
    victim_initiated: Mapped[str | None]
    offender_voluntary: Mapped[str | None]
    requires_conviction: Mapped[str | None]
    appeal_policy: Mapped[str | None]
    affects_parole_or_sentence: Mapped[str | None]
    cost: Mapped[str | None]
    languages: Mapped[list[str]]
    toll_free_phone: Mapped[str | None]
    email: Mapped[str | None]
    mailing_address: Mapped[str | None]


class Office(Entry, Base):
    """A public office that helps victims after sentencing, one or more a state; "US" is the federal system."""

    __tablename__ = "offices"

    state: Mapped[str] = mapped_column(index=True)
    operator: Mapped[str]
    operator_type: Mapped[str]
    what_for: Mapped[str | None]
    offers_dialogue: Mapped[str]
    toll_free_phone: Mapped[str | None]
    email: Mapped[str | None]


class Resource(Entry, Base):
    """A national help line or organization."""

    __tablename__ = "resources"

    # Place of the row in resources.csv, from 1: the file's order is the order shown, emergency help first.
    position: Mapped[int]
    purpose: Mapped[str]
    text_number: Mapped[str | None]
    text_keyword: Mapped[str | None]
    chat_url: Mapped[str | None]
    hours: Mapped[str | None]
    languages: Mapped[list[str]]
    uncertain: Mapped[str | None]
