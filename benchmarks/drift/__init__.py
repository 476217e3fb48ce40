"""How often the watch for drift is wrong, and how soon it is right."""
