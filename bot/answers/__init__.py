"""The vetted words: reads bot/data/answers and turns an answer's id, with values for its blanks, into a reply."""
