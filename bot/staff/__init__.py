"""Who may use the helpline console: accounts, their sessions, and the record of both."""
