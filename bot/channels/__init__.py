"""Where Footbridge is heard. A channel turns what arrived into a message, and a turn into what people see."""
