"""The platform's limits on what is sent, in characters and pieces; beyond them it refuses a message as a whole.

Sources: https://developers.facebook.com/docs/messenger-platform/reference/send-api and the pages on quick replies, the
button template, the persistent menu and ice breakers of
https://developers.facebook.com/documentation/business-messaging/messenger-platform.
"""

from __future__ import annotations

TEXT = 2000
QUICK_REPLIES = 13
TITLE = 20
PAYLOAD = 1000
TEMPLATE_TEXT = 640
TEMPLATE_BUTTONS = 3
MENU_ITEMS = 20
MENU_TITLE = 30
ICE_BREAKERS = 4
ICE_BREAKER_TITLE = 80
GREETING = 160
WINDOW_SECONDS = 24 * 60 * 60  # after a person's last message; then no reply is taken
