"""The directory of programs, victim-service offices and national help lines."""
