"""One file for each piece of the world; only app.py chooses among them."""
