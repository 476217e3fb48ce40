"""The training program: a labelled JSON Lines channel in, a servable model artifact out."""
