"""How Messenger says an answer: words of its own where the web page's do not fit, short titles, neutral first lines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from string import Formatter

from bot.answers.catalog import AnswerDataError, Catalog, Family, Goal, Topic, read_yaml
from bot.answers.rendering import Button, ChannelForm, RenderedReply
from bot.answers.views import UnknownIdError, Views
from bot.settings import DATA

MESSENGER = "messenger"  # the channel's name
MESSENGER_FILE = "messenger.yml"
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!U\.S\.)\s+")
_ACT = re.compile(r"/(?P<act>[a-z_]+)(?P<values>\{.*\})?")


@dataclass(frozen=True)
class MessengerWords:
    """What bot/data/answers/messenger.yml says beside its replies.

    Attributes:
        variants: paragraphs that stand in the place of an answer's own, by (id, form).
        buttons: choices that come before an answer's own, by its id.
        titles: short titles by the title on the web page.
        goals: short titles of goals by their ids.
        of_acts: titles of choices whose words change, by their act.
        telling: finds a word that could tell others what the talk is about.
        neutral: the line before an answer whose first line has such a word.
    """

    variants: Mapping[tuple[str, str], tuple[str, ...]]
    buttons: Mapping[str, tuple[Button, ...]]
    titles: Mapping[str, str]
    goals: Mapping[str, str]
    of_acts: Mapping[str, str]
    telling: re.Pattern[str]
    neutral: str


def read_messenger_words(folder: Path, words: Catalog, views: Views) -> MessengerWords:
    """Read messenger.yml in `folder`, the folder of all answers.

    Raises:
        AnswerDataError: a part is missing, a variant or a title is of something that does not exist, a topic, goal or
            family has no title, or a blank names no help line.
    """
    path = folder / MESSENGER_FILE
    content = read_yaml(path)
    try:
        short: Mapping[str, str] = content["titles"]
        telling = re.compile(rf"\b(?:{'|'.join(map(re.escape, content['telling_words']))})", re.IGNORECASE)
        neutral, _ = str(content["neutral_first_line"]), content["more_choices"]
        entries, others, of_acts = content["variants"], content["other_titles"], content["titles_of_acts"]
    except (KeyError, TypeError) as error:
        raise AnswerDataError(f"{path}: the part {error} is missing or empty.") from error
    named: Mapping[str, Topic | Goal | Family] = {**words.topics, **words.goals, **words.families}
    if different := sorted(set(named) ^ set(short)):
        raise AnswerDataError(
            f"{path}: `titles` takes one for each topic, goal and family; see {', '.join(different)}."
        )
    variants = {}
    buttons = {}
    for entry in entries:
        name = entry.get("id")
        if name not in words.topics and name not in words.replies:
            raise AnswerDataError(f"{path}: the variant {name!r} is of no answer.")
        for form in entry.keys() - {"id", "buttons"}:
            if form not in ("words", "simpler" if name in words.topics else "shorter"):
                raise AnswerDataError(f"{path}: the variant {name!r} has the form {form!r}, which the answer has not.")
            try:
                text = str(Formatter().vformat(entry[form], (), views.lines))
            except (KeyError, AttributeError, ValueError, UnknownIdError) as error:
                raise AnswerDataError(f"{path}: the variant {name!r} has a blank of no help line: {error}.") from error
            variants[name, form] = tuple(part.strip() for part in text.split("\n\n") if part.strip())
        try:
            buttons[name] = tuple(Button(one["title"], f"/{one['act']}") for one in entry.get("buttons", ()))
        except (KeyError, TypeError) as error:
            raise AnswerDataError(f"{path}: a button of the variant {name!r} has no act or no title.") from error
    titles = {named[name].title: title for name, title in short.items()}
    goals = {name: short[name] for name in words.goals}
    return MessengerWords(variants, buttons, {**others, **titles}, goals, of_acts, telling, neutral)


@lru_cache(maxsize=1)
def more_choices() -> str:
    """The line above choices that do not fit below the message before."""
    return str(read_yaml(DATA / "answers" / MESSENGER_FILE)["more_choices"])


def messenger_form(words: MessengerWords) -> ChannelForm:
    """How Messenger says an answer that was rendered for the web page."""

    def said(reply: RenderedReply, form: str) -> RenderedReply:
        paragraphs = words.variants.get((reply.id, form), reply.paragraphs)
        first = paragraphs[0].partition("\n")[0]
        if words.telling.search(first):
            # A first sentence that tells nothing can stand alone; otherwise the neutral line does.
            sentence, *rest = _SENTENCE_END.split(paragraphs[0], maxsplit=1)
            begins = (words.neutral, *paragraphs[:1]) if words.telling.search(sentence) else (sentence, *rest)
            paragraphs = (*begins, *paragraphs[1:])
        own = words.buttons.get(reply.id, ())
        buttons = (*own, *(replace(button, title=_title(button, words)) for button in reply.buttons))
        # The numbers stand in the words; links to tap would say them twice.
        return replace(reply, paragraphs=paragraphs, buttons=buttons, lines=())

    return said


def _title(button: Button, words: MessengerWords) -> str:
    found = _ACT.fullmatch(button.payload)
    act = found["act"] if found else ""
    if button.title in words.titles:
        return words.titles[button.title]
    if act in words.of_acts and found:
        goal = json.loads(found["values"] or "{}").get("goal", "")
        return words.of_acts[act].format(title=words.goals.get(goal, ""))
    return button.title
