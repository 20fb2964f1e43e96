"""What the dialogue can do: one class an action that the rules name. An action says answers by id, never words."""
