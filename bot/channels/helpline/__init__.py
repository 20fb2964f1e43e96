"""What helpline staff use: the console and the printed handbook."""
