"""How a survivor's sentence is understood: Rasa graph components, one a file."""
