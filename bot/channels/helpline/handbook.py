"""The handbook: the whole guide for helpline staff as one HTML file that needs no network and can be printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from string import Formatter
from tempfile import TemporaryDirectory

from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError
from sqlalchemy.orm import Session

from bot.answers.catalog import AnswerDataError, Catalog, catalog, read_yaml
from bot.answers.helpline import HELPLINE, digits_in_groups, helpline_guide
from bot.answers.rendering import RenderedReply, Renderer
from bot.answers.views import FEDERAL, SourceView, StateView, Views
from bot.directory import lookup
from bot.directory.database import connect, upgrade
from bot.directory.importer import load_directory
from bot.directory.rows import STATES
from bot.settings import DATA

TEMPLATES = Path(__file__).parent / "templates"
WORDS_FILE = DATA / "answers" / HELPLINE / "handbook.yml"


@dataclass(frozen=True)
class ListedPlace:
    """What the directory knows of a state, each entry as its card says it; programs that fit best come first."""

    place: StateView
    programs: tuple[RenderedReply, ...]
    offices: tuple[RenderedReply, ...]


def handbook(made_on: date) -> str:
    """The handbook as one page of HTML, from the files of the answers and of the directory; no database is needed.

    Raises:
        AnswerDataError, DirectoryDataError: data cannot be used.
    """
    words, guide = catalog(), helpline_guide()
    with TemporaryDirectory() as folder:
        # What the directory says of a program is read through its database, so the handbook makes one of its own.
        engine = connect(f"sqlite:///{folder}/directory.db")
        try:
            upgrade(engine)
            load_directory(engine, DATA / "directory")
            views = Views(words, words.lines.values(), partial(Session, engine))
            renderer = Renderer(words, views)
            places = list(_places(renderer, views, partial(Session, engine)))
        finally:
            engine.dispose()
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["groups"] = digits_in_groups
    shown = environment.get_template("handbook.html")
    try:
        return shown.render(
            words=_words(),
            guide=guide,
            places=places,
            sheet=renderer.render("sheet", {"goals": (), "programs": ()}),
            lines=tuple(views.lines.values()),
            sources=words.sources,
            numbers_of_sources=_numbers(words, views),
            made_on=f"{made_on:%B} {made_on.day}, {made_on.year}",
        )
    except (UndefinedError, LookupError) as error:
        raise AnswerDataError(
            f"{WORDS_FILE}: a word is missing, or has a blank that is not filled: {error}."
        ) from error


def _places(renderer: Renderer, views: Views, open_session: partial[Session]) -> Iterator[ListedPlace]:
    """Every state, territory and the federal system, by name; the federal system comes last."""
    places = sorted((views.state(code) for code in STATES), key=lambda place: (place.code == FEDERAL, place.name))
    with open_session() as session:
        for place in places:
            yield ListedPlace(
                place,
                tuple(
                    renderer.render("program_card", {"program": one.id})
                    for one in lookup.programs_in(session, place.code)
                ),
                tuple(
                    renderer.render("office_card", {"office": one.id}) for one in lookup.offices_in(session, place.code)
                ),
            )


def _numbers(words: Catalog, views: Views) -> Mapping[SourceView, str]:
    """The number of each source in sources.yml."""
    return {views.source(number): number for number in words.sources}


def _words() -> Mapping[str, str]:
    """The words around the answers. Raises: AnswerDataError."""
    words: Mapping[str, str] = read_yaml(WORDS_FILE).get("words", {})
    for name, text in words.items():
        try:
            list(Formatter().parse(str(text)))
        except ValueError as error:
            raise AnswerDataError(f"{WORDS_FILE}: {name!r}: a blank has no beginning or no end ({error}).") from error
    return words
