"""The survivor's page."""
