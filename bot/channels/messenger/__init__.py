"""Facebook Messenger: webhooks in, replies out, and a stand-in of the platform for tests."""
