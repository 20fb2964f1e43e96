"""What a conversation keeps in memory: the slots, the last turn, and what the buttons of the last turns carry."""

from __future__ import annotations

from bot.engine.engine import Engine


async def test_what_was_typed_before_the_last_message_is_gone(engine: Engine) -> None:
    await engine.turn("typed", "marked words of mine")
    assert "marked words" in str(engine._conversations.store["typed"])
    await engine.turn("typed", "how much does it cost")
    assert "marked words" not in str(engine._conversations.store["typed"])
    assert "how much does it cost" in str(engine._conversations.store["typed"])


async def test_a_button_seen_six_turns_ago_can_be_typed_and_an_older_one_is_only_words(engine: Engine) -> None:
    """No other button leads to the topics of a family, so its title means nothing to somebody who has not seen it."""
    for session, between, is_known in (("seen", 5, True), ("seen long ago", 6, False)):
        await engine.turn(session, "/help_menu")
        for _ in range(between):
            await engine.turn(session, "/my_goals")
        said = [reply.id for reply in (await engine.turn(session, "Hopes and results")).replies]
        assert ("menu_family" in said) == is_known, session


async def test_what_is_kept_does_not_grow_with_the_turns(engine: Engine) -> None:
    sizes = []
    for _ in range(12):
        await engine.turn("grows", "/my_goals")
        sizes.append(len(engine._conversations.store["grows"]))
    # The first turn holds the beginning of the conversation too.
    assert max(sizes[1:]) - min(sizes[1:]) < 100  # characters; times are written with more or fewer digits
