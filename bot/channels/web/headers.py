"""Headers that every answer carries: nothing cached, nothing loaded from elsewhere, no address passed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.settings import Settings, origin_of

# The page uses none of these, and neither may what somebody puts around it. Only names that browsers know stand here.
_FEATURES = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "identity-credentials-get",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "otp-credentials",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "storage-access",
    "usb",
    "window-management",
    "xr-spatial-tracking",
)
# A year. Other names of the domain are not ours to decide about.
_HTTPS_ONLY = "max-age=31536000"
LAUNCHER_PATH = "/launcher.js"
STAFF_PATH = "/staff"


def headers_of(settings: Settings) -> Mapping[str, str]:
    """The headers of every answer of an installation."""
    # A browser holds a form to this where it is sent on, too: leaving by a form without a script ends at the exit page.
    sent_to = f"'self' {origin_of(settings.exit_url)}"
    embedders = " ".join(settings.embed_origins) or "'none'"
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            f"form-action {sent_to}; base-uri 'none'; frame-ancestors {embedders}"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if not settings.embed_origins:
        # For browsers that do not know frame-ancestors; it cannot name who may.
        headers["X-Frame-Options"] = "DENY"
    return headers


def is_for_staff(path: str) -> bool:
    """Whether an address belongs to the helpline console."""
    return path == STAFF_PATH or path.startswith(f"{STAFF_PATH}/")


class PrivacyHeaders:
    """ASGI middleware that adds the headers to every answer, and to those over https that https is to be kept to."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._headers = headers_of(settings)
        self._staff_headers = headers_of(replace(settings, embed_origins=()))  # no page may frame the console
        self._embedded = bool(settings.embed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to what comes back."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._staff_headers if is_for_staff(scope["path"]) else self._headers)
                if self._embedded and scope["path"] == LAUNCHER_PATH:
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = _HTTPS_ONLY
            await send(message)

        await self._app(scope, receive, send_with_headers)
