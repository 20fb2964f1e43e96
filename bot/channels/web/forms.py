"""Reads what a form sent, within limits, and names what was wrong with it."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

from starlette.requests import Request

LARGEST_BODY = 128 * 1024  # bytes; 10,000 characters of four bytes, each sent as %XX
LONGEST_FORM = 20_000  # characters in all its fields; ten times what a turn reads, so that a long story gets an answer
MOST_FIELDS = 20
SLOWEST_BODY = 20.0  # seconds in which a request must have arrived
_FORM = "application/x-www-form-urlencoded"


class RequestRefused(Exception):  # noqa: N818 - names what happened to the request
    """A request that is answered with a plain sentence and help numbers.

    Args:
        status: the HTTP status, 4xx.
        answer: id of the vetted reply that says why.
        session: the page's token, where the conversation can go on.
        text: what was typed, if it was read that far: help is shown where it calls for help.
        wait: seconds after which it may be tried again, or None.
    """

    def __init__(
        self, status: int, answer: str, *, session: str = "", text: str = "", wait: float | None = None
    ) -> None:
        super().__init__(answer)
        self.status = status
        self.answer = answer
        self.session = session
        self.text = text
        self.wait = wait


async def read_form(request: Request) -> dict[str, str]:
    """The form's fields, the last value of each. Raises: RequestRefused, as `read_fields`."""
    return {name: values[-1] for name, values in (await read_fields(request)).items()}


async def read_fields(request: Request, most: int = MOST_FIELDS) -> dict[str, list[str]]:
    """The form's fields, `most` of them, with all values of each.

    Raises:
        RequestRefused: the body is no form, no UTF-8, too large, or does not arrive.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise RequestRefused(415, "request_unreadable")
    body = bytearray()
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise RequestRefused(413, "request_too_large")
    except TimeoutError as error:
        raise RequestRefused(408, "request_unreadable") from error
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError as error:
        raise RequestRefused(400, "request_unreadable") from error
    if sum(len(name) + sum(map(len, values)) for name, values in fields.items()) > LONGEST_FORM:
        raise RequestRefused(413, "request_too_large", text=fields.get("text", [""])[-1][-LONGEST_FORM:])
    return fields
