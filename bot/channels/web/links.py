"""Makes numbers that can be called, and addresses that can be opened, into links."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_LINKED = re.compile(
    r"(?P<address>https?://[^\s<>]*[^\s<>.,;)])"
    r"|(?P<number>(?<![\d-])(?:911|988|(?:1-)?\d{3}-\d{3}-\d{4})(?![\d-]))"
)


def linked(text: str) -> Markup:
    """`text` escaped for HTML, with links on phone numbers ("911", "1-800-799-7233", "319-356-6076") and addresses."""
    return Markup(_LINKED.sub(_link, str(escape(text))))  # noqa: S704 - escaped in this line


def _link(found: re.Match[str]) -> str:
    if found["number"]:
        dialed = found["number"].replace("-", "")
        if len(dialed) > 3:
            dialed = f"+{dialed}" if dialed.startswith("1") else f"+1{dialed}"
        return f'<a href="tel:{dialed}">{found["number"]}</a>'
    return f'<a href="{found["address"]}" rel="noreferrer noopener" target="_blank">{found["address"]}</a>'
