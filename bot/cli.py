"""The command line: `footbridge parse | talk | serve | train | check | directory | staff | staff-handbook`."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot import absent_packages, logs
from bot.absent_packages import PackageIsAbsent
from bot.channels.messenger.cli import messenger_app
from bot.settings import DATA, SettingError, settings

if TYPE_CHECKING:
    from bot.engine.engine import Engine, Turn
    from bot.staff.accounts import StaffAccounts

# Acts that the contract of `parse` (docs/command-line.md) knows by another act's name.
CONTRACT_ACTS = {
    "give_place": "find_program",
    "do_not_know_place": "skip",
    "show_offices": "find_program",
    "go_on": "affirm",
    "im_okay": "affirm",
    "not_me": "deny",
    "shorter": "simpler",
    "more_programs": "find_program",
    "show_sheet": "my_goals",
    "remove_goal": "share_goals",
    "nlu_fallback": "out_of_scope",
}

# Pretty traces print the values of variables, and those may be what a person typed.
app = typer.Typer(
    help="A guide to victim-offender mediation for survivors of violent crime.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
directory_app = typer.Typer(help="The directory of programs, offices and help lines.", no_args_is_help=True)
app.add_typer(directory_app, name="directory")
app.add_typer(messenger_app, name="messenger")
staff_app = typer.Typer(help="Accounts of helpline staff.", no_args_is_help=True)
app.add_typer(staff_app, name="staff")


class Channel(StrEnum):
    """Where a conversation is heard."""

    web = "web"
    messenger = "messenger"
    helpline = "helpline"


@app.callback()
def prepare(context: typer.Context) -> None:
    """Set up what has to stand before rasa is imported."""
    os.environ["LOG_LEVEL"] = "ERROR"  # rasa draws progress bars below this level
    logs.configure()
    absent_packages.install(serving=context.invoked_subcommand != "train")


@app.command()
def parse(
    explain: Annotated[bool, typer.Option("--explain", help="Add what the safety net heard: layer and rule.")] = False,
) -> None:
    """Read JSON Lines {"text": "..."} and write what is understood, a JSON line each."""

    async def answer(engine: Engine, line: dict[str, Any]) -> dict[str, Any]:
        text = _text(line, "text")
        found = await engine.parse(text)
        heard = [{"crisis": one.crisis, "layer": one.layer, "rule": one.rule} for one in found.crises]
        return {
            "text": text,
            "topic": CONTRACT_ACTS.get(found.topic, found.topic),
            "confidence": round(found.confidence, 4),
            "crisis": found.crisis,
            "goals": list(found.goals),
            "state": found.state,
            "states": list(found.states),
            **({"heard": heard} if explain else {}),
        }

    _converse(answer)


@app.command()
def talk(
    as_json: Annotated[bool, typer.Option("--json", help="Read and write JSON Lines.")] = False,
    channel: Annotated[Channel, typer.Option(help="The channel to speak in.")] = Channel.web,
) -> None:
    """Hold a conversation in the terminal, or many at once with --json."""
    if not as_json:
        _stop_with(_talk_in_terminal, channel.value)
        return

    async def answer(engine: Engine, line: dict[str, Any]) -> dict[str, Any]:
        session, text = _text(line, "session"), _text(line, "text")
        return {"session": session, **as_contract(await _turn(engine, session, text, channel.value))}

    _converse(answer)


@messenger_app.command()
def simulate() -> None:
    """Chat as in Messenger, in this terminal and without Facebook; /help lists what else can be done."""
    from bot.channels.simulation import simulate as hold_talk

    _stop_with(hold_talk, settings(), typer.echo)


@app.command()
def train() -> None:
    """Train the model from config.yml, domain.yml and bot/data."""
    from bot.engine.model import train_model

    typer.echo(f"Trained {_stop_with(lambda: train_model(settings().models))}.", err=True)


@app.command()
def serve() -> None:
    """Train if needed, fill the directory, and serve the page."""
    from bot.channels.web.server import serve as serve_page

    _stop_with(lambda: serve_page(settings()))


@app.command()
def check(
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to check for, if it is not today.")
    ] = None,
) -> None:
    """Check answers, safety rules, directory and help lines, and name help lines not checked for too long."""
    from bot.checks import check_data

    report = _stop_with(lambda: check_data(on.date() if on else date.today(), settings().help_line_days))
    for line in report.good:
        typer.echo(line)
    for line in report.problems:
        typer.echo(line, err=True)
    if report.problems:
        raise typer.Exit(1)


@directory_app.command("load")
def directory_load() -> None:
    """Check the files of bot/data/directory and make the database equal to them."""
    from bot.directory.database import connect, upgrade
    from bot.directory.importer import load_directory

    def load() -> str:
        engine = connect(settings().database_url)
        upgrade(engine)
        report = load_directory(engine, DATA / "directory")
        return (
            f"Directory: {report.programs} programs, {report.offices} offices, {report.resources} national resources "
            f"({report.added} added, {report.changed} changed, {report.removed} removed)."
        )

    typer.echo(_stop_with(load))


@directory_app.command("show")
def directory_show(state: Annotated[str, typer.Argument(help='A state such as IA, or "US" for federal.')]) -> None:
    """Show the programs and offices of a state, as a survivor would read them."""
    from bot.directory import lookup
    from bot.directory.rows import STATES
    from bot.directory.session import open_session
    from bot.engine.gate import renderer

    def show() -> str:
        if state.upper() not in STATES:
            raise SettingError(f"{state!r} is not a state code: use two letters, such as IA, or US for federal.")
        with open_session(settings().database_url) as session:
            programs = [one.id for one in lookup.programs_in(session, state.upper())]
            offices = [one.id for one in lookup.offices_in(session, state.upper())]
        words = renderer()
        cards = [words.render("program_card", {"program": one}).text for one in programs]
        return "\n\n".join([*cards, *(words.render("office_card", {"office": one}).text for one in offices)])

    typer.echo(_stop_with(show) or f"Nothing is listed for {state.upper()}.")


PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@staff_app.command("add")
def staff_add(
    name: str,
    role: Annotated[str, typer.Option(help="volunteer, lead or admin.")] = "volunteer",
    password_stdin: PasswordStdin = False,
) -> None:
    """Make an account; its password is asked for twice."""
    _stop_with(lambda: _staff_accounts().add(name, _password(password_stdin), role))
    typer.echo(f"{name} may sign in under /staff as {role}.")


@staff_app.command("password")
def staff_password(name: str, password_stdin: PasswordStdin = False) -> None:
    """Give an account a new password. It may sign in again, also where it was disabled or locked."""
    _stop_with(lambda: _staff_accounts().set_password(name, _password(password_stdin)))
    typer.echo(f"{name} has a new password, and was signed out everywhere.")


@staff_app.command("disable")
def staff_disable(name: str) -> None:
    """Let an account in no more, and sign it out everywhere."""
    _stop_with(lambda: _staff_accounts().disable(name))
    typer.echo(f"{name} may not sign in any more.")


@staff_app.command("list")
def staff_list() -> None:
    """List the accounts with their roles."""
    for one in _stop_with(lambda: _staff_accounts().listed()):
        typer.echo(f"{one.name}  {one.role}{'  disabled' if one.disabled else ''}")


@staff_app.command("audit")
def staff_audit() -> None:
    """Show sign-ins, refused sign-ins and changes of accounts, oldest first; times are UTC."""
    for line in _stop_with(lambda: _staff_accounts().audit()):
        when = datetime.fromtimestamp(line.at, UTC)
        typer.echo(f"{when:%Y-%m-%d %H:%M:%S}  {line.act}  {line.account or '-'}  by {line.changed_by or '-'}")


def _staff_accounts() -> StaffAccounts:
    """The accounts, after their tables were brought up to date."""
    from bot.directory.database import connect, upgrade
    from bot.staff.accounts import StaffAccounts

    engine = connect(settings().database_url)
    upgrade(engine)
    engine.dispose()
    return StaffAccounts(settings().database_url)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


@app.command("staff-handbook")
def staff_handbook(
    output: Annotated[Path | None, typer.Option(help="The file to write; standard output, if it is not given.")] = None,
) -> None:
    """Write the script, answers, programs and numbers for helpline staff as one printable HTML file."""
    from bot.channels.helpline.handbook import handbook

    page = _stop_with(handbook, date.today())
    if output is None:
        typer.echo(page)
        return
    _stop_with(output.write_text, page, "utf-8")
    typer.echo(f"Wrote {output}.", err=True)


def as_contract(turn: Turn) -> dict[str, Any]:
    """A turn as the JSON that `footbridge talk --json` writes."""
    return {
        "replies": [
            {
                "text": reply.text,
                "buttons": [{"title": button.title, "payload": button.payload} for button in reply.buttons],
                "id": reply.id,
            }
            for reply in turn.replies
        ],
        "topic": turn.topic,
        "pending": turn.pending,
        "crisis": turn.crisis,
        "goals": list(turn.goals),
        "state": turn.state,
        "asks": turn.asks,
        "programs": [{"id": one.id, "name": one.name, "state": one.state} for one in turn.programs],
        "lang": turn.language,
        "ended": turn.ended,
    }


class _BadLineError(ValueError):
    """A line of input that cannot be used."""


def _text(line: dict[str, Any], key: str) -> str:
    value = line.get(key)
    if not isinstance(value, str):
        raise _BadLineError(f'"{key}" is missing or is no string')
    return value


def _converse(answer: Callable[[Engine, dict[str, Any]], Awaitable[dict[str, Any]]]) -> None:
    """Answer each line of stdin with a line of stdout; a bad line gets an error line and the stream goes on."""

    async def run() -> None:
        engine = _engine()
        for number, raw in _lines():
            try:
                answered = await answer(engine, _object(raw))
            except _BadLineError as error:
                answered = {"error": f"Line {number} was not read: {error}."}
            print(json.dumps(answered, ensure_ascii=False), flush=True)  # noqa: T201 - stdout is the contract

    _stop_with(asyncio.run, run())


def _object(raw: str) -> dict[str, Any]:
    try:
        line = json.loads(raw)
        json.dumps(line, ensure_ascii=False).encode()  # a lone half of a character pair can be read, but not written
    except (ValueError, RecursionError) as error:
        raise _BadLineError("it is no valid JSON") from error
    if not isinstance(line, dict):
        raise _BadLineError("it is no JSON object")
    return line


def _lines() -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(sys.stdin.buffer, start=1):
        if raw.strip():
            yield number, raw.decode("utf-8", errors="replace")


def _talk_in_terminal(channel: str) -> None:
    with asyncio.Runner() as runner:
        engine = _engine()
        secret, text = secrets.token_urlsafe(16), ""
        while True:
            turn = runner.run(_turn(engine, secret, text, channel))
            for reply in turn.replies:
                typer.echo(f"\n{reply.text}")
                for line in reply.lines:
                    typer.echo(f"  {line.summary}")
                for button in reply.buttons:
                    typer.echo(f"  [{button.title}]")
            try:
                text = input("\n> ")
            except EOFError:
                return


async def _turn(engine: Engine, session: str, text: str, channel: str) -> Turn:
    """A turn in a session that is named by whoever speaks; a name that is new begins one."""
    from bot.engine.conversation_store import conversation_id

    return await engine.turn(conversation_id(session), text, channel, begin=True)


def _engine() -> Engine:
    from bot.engine.engine import Engine

    return Engine.load(settings().models)


def _stop_with(run: Callable[..., Any], *args: Any) -> Any:
    """Run a command's work; an error that a person can mend ends the program with its message, not a trace."""
    from bot.actions.leading_away import LedAwayDataError
    from bot.actions.opposites import OppositesDataError
    from bot.answers.catalog import AnswerDataError
    from bot.directory.database import DirectoryUnavailable
    from bot.directory.importer import DirectoryDataError
    from bot.engine.conversation_database import ConversationsUnavailable
    from bot.engine.model import ModelMissing, ModelUnreadable, TrainingFailed
    from bot.staff.accounts import AccountError
    from bot.understanding.place_words import PlaceWordsError
    from bot.understanding.safety_rules import SafetyRulesError

    data = (
        AccountError,
        AnswerDataError,
        DirectoryDataError,
        PlaceWordsError,
        SafetyRulesError,
        LedAwayDataError,
        OppositesDataError,
    )
    state = (
        SettingError,
        DirectoryUnavailable,
        ConversationsUnavailable,
        ModelMissing,
        ModelUnreadable,
        TrainingFailed,
        PackageIsAbsent,
    )
    try:
        return run(*args)
    except (*data, *state, OSError) as error:
        # Rasa wraps what goes wrong while it loads a model, so a package that is missing stands behind the error.
        typer.echo(str(absent_packages.absence_behind(error) or error), err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
