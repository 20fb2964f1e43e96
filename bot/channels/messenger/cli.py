"""`footbridge messenger`: sets the page's Messenger profile, and prints links into the chat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from bot.settings import DATA, SettingError, settings

if TYPE_CHECKING:
    from bot.channels.messenger.graph import GraphClient

PROFILE = DATA / "messenger" / "profile.yml"

messenger_app = typer.Typer(help="The page in Facebook Messenger.", no_args_is_help=True)
profile_app = typer.Typer(help="What the page shows before and beside the talk.", no_args_is_help=True)
messenger_app.add_typer(profile_app, name="profile")


@messenger_app.command()
def links(page: Annotated[str, typer.Argument(help="The page's name or number on Facebook.")]) -> None:
    """Print a link into the chat for each topic, for posts and buttons."""
    from bot.answers.catalog import catalog
    from bot.channels.messenger.links import links as links_of

    if not page.strip() or "/" in page:
        raise typer.BadParameter("It takes the page's name or number, not its address.", param_hint="PAGE")
    for title, link in links_of(page, catalog()):
        typer.echo(f"{link}\t{title}")


@profile_app.command()
def show() -> None:
    """Print the profile that the page has now."""
    from bot.channels.messenger.profile import FIELDS, as_text

    async def work(graph: GraphClient) -> str:
        return as_text(await graph.profile(FIELDS))

    typer.echo(_with_graph(work), nl=False)


@profile_app.command()
def diff() -> None:
    """Print what `apply` would change."""
    from bot.channels.messenger.profile import difference, read_profile
    from bot.engine.gate import renderer

    async def work(graph: GraphClient) -> str:
        return await difference(graph, read_profile(PROFILE, renderer().is_payload))

    typer.echo(_with_graph(work) or "The page has the profile of the file.")


@profile_app.command()
def apply() -> None:
    """Make the page's profile equal to bot/data/messenger/profile.yml."""
    from bot.channels.messenger.profile import read_profile
    from bot.engine.gate import renderer

    async def work(graph: GraphClient) -> str:
        await graph.set_profile(read_profile(PROFILE, renderer().is_payload))
        return "The page has the profile of the file now."

    typer.echo(_with_graph(work))


def _with_graph(work: Callable[[GraphClient], Awaitable[str]]) -> str:
    """Do something with the page that the settings name; an error ends the program with its message, not a trace."""
    from bot.channels.messenger.graph import GraphClient, GraphError
    from bot.channels.messenger.profile import ProfileError

    async def run() -> str:
        given = settings().messenger
        if given is None:
            raise SettingError("FOOTBRIDGE_MESSENGER_PAGE is not set; docs/messenger.md says which settings there are.")
        graph = GraphClient.of(given)
        try:
            return await work(graph)
        finally:
            await graph.aclose()

    try:
        return asyncio.run(run())
    except (GraphError, ProfileError, SettingError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
