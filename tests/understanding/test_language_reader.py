"""Spanish is told from English: in whole messages, single words, mixed ones, around names. No line is an example."""

from __future__ import annotations

import timeit
from collections.abc import Sequence
from pathlib import Path

import pytest
import us
import yaml
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message

from bot.engine.engine import Engine
from bot.settings import DATA
from bot.understanding.language_reader import LanguageReader
from bot.understanding.place_names import PlaceTables
from bot.understanding.spanish_words import SpanishWords

PARTS = 5  # of the examples, one of which is held back

SPANISH = [
    "¿Cuánto cuesta hablar con la persona que mató a mi esposo?",
    "cuanto sale esto",
    "no se si quiero verlo",
    "kiero saver si me ban a cobrar",
    "YA NO AGUANTO MAS",
    "hola",
    "Hola!!",
    "ayuda",
    "gracias",
    "porfavor",
    "sí",
    "necesito help con mi caso porfa",
    "i dont speak english, me puede atender en español",
    "mi hijo esta en la carcel de San Antonio",
    "vivo en Los Angeles y no tengo papeles",
    "tengo miedo de mi ex",
    "jose me robo el carro",
]
ENGLISH = [
    "no",
    "No!",
    "no no no",
    "me",
    "he",
    "he told me no",
    "my abuela",
    "my abuela says i have to forgive him",
    "Jose Martinez killed my son",
    "Maria Guadalupe Lopez is my advocate",
    "i am scared of la migra",
    "El Paso",
    "el paso texas",
    "Los Angeles",
    "San Antonio",
    "LAS VEGAS",
    "Puerto Rico",
    "he is in San Quentin",
    "Santa Fe, New Mexico",
    "do you have this in spanish",
    "HOW MUCH DOES IT COST",
    "mediation",
    "a cafe in san jose",
    "ok",
    "stop",
]
WORDLESS = ["", "   ", "...", "¿?", "12345", "\U0001f622", "y", "x x x"]


@pytest.mark.parametrize("text", SPANISH)
async def test_spanish_is_read_as_spanish(engine: Engine, text: str) -> None:
    assert (await engine.parse(text)).language == "es"


@pytest.mark.parametrize("text", [*ENGLISH, *WORDLESS])
async def test_english_and_what_has_no_words_is_read_as_english(engine: Engine, text: str) -> None:
    assert (await engine.parse(text)).language == "en"


@pytest.mark.parametrize("text", ["tengo que perdonarlo para hacer esto", "quien me va a acompañar ese dia"])
async def test_spanish_without_its_accents_and_in_capitals_stays_spanish(engine: Engine, text: str) -> None:
    for written in (text, text.upper(), text.replace("ñ", "n"), text.replace("e", "é")):
        assert (await engine.parse(written)).language == "es", written


async def test_the_topic_of_a_spanish_message_is_understood(engine: Engine) -> None:
    assert (await engine.parse("¿Esto tiene algún costo para mí?")).topic == "cost"


@pytest.fixture(scope="module")
def examples() -> tuple[list[str], list[str]]:
    """The project's own examples: Spanish, English."""
    spanish: list[str] = []
    english: list[str] = []
    for path in sorted((DATA / "nlu").rglob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            lines = [line.strip().removeprefix("- ") for line in entry["examples"].splitlines()]
            is_spanish = (entry.get("metadata") or {}).get("language") == "es"
            (spanish if is_spanish else english).extend(lines)
    return spanish, english


@pytest.fixture(scope="module")
def places() -> list[str]:
    tables = PlaceTables.make()
    states = [state.name for state in us.states.STATES_AND_TERRITORIES]
    return [*states, *tables.cities, *tables.towns, *tables.counties]


def test_only_the_file_of_spanish_examples_says_that_they_are_spanish() -> None:
    marked = {
        path.name: {(entry.get("metadata") or {}).get("language") for entry in yaml.safe_load(path.read_text())["nlu"]}
        for path in sorted((DATA / "nlu").rglob("*.yml"))
    }
    assert marked.pop("spanish.yml") == {"es"}
    assert set().union(*marked.values()) == {None}


def test_examples_that_were_held_back_are_told_apart(examples: tuple[list[str], list[str]], places: list[str]) -> None:
    def kept(lines: Sequence[str]) -> list[str]:
        return [line for number, line in enumerate(lines) if number % PARTS]

    spanish, english = examples
    words = SpanishWords.train(kept(spanish), kept(english), places)
    found = [words.is_spanish(line) for line in spanish[::PARTS]]
    wrong = [words.is_spanish(line) for line in english[::PARTS]]
    assert sum(found) / len(found) >= 0.97
    assert sum(wrong) / len(wrong) < 0.005


def test_reading_a_message_takes_less_than_a_third_of_a_millisecond(examples: tuple[list[str], list[str]]) -> None:
    words = SpanishWords.train(*examples, ["Los Angeles", "El Paso"])
    text = "no quiero que por hablar conmigo le bajen los años, and i told them so when they called me in san antonio"
    fastest = min(timeit.repeat(lambda: words.is_spanish(text), number=20, repeat=20)) / 20
    assert fastest < 0.0003


def test_what_was_learned_is_kept(tmp_path: Path) -> None:
    words = SpanishWords.train(
        ["la casa de mi tia", "la casa"], ["my house", "the house of my aunt"], ["La Casa", "Iowa"]
    )
    words.save(tmp_path / "words.json")
    assert SpanishWords.load(tmp_path / "words.json") == words


def test_words_need_examples_of_both_languages() -> None:
    with pytest.raises(ValueError, match="both Spanish and English"):
        SpanishWords.train([], ["hello"], [])
    with pytest.raises(ValueError, match="both Spanish and English"):
        SpanishWords.train(["hola"], ["..."], [])


@pytest.mark.parametrize("content", ["{}", "[]", '{"words": {}}'])
def test_a_file_that_does_not_hold_the_words_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "words.json").write_text(content)
    with pytest.raises(ValueError, match=r"words\.json"):
        SpanishWords.load(tmp_path / "words.json")


def test_a_reader_without_words_says_so(tmp_path: Path) -> None:
    reader = LanguageReader(LocalModelStorage(tmp_path), Resource("LanguageReader"))
    with pytest.raises(RuntimeError, match="train it"):
        reader.process([Message.build("hola")])
