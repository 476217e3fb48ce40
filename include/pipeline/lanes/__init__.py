"""The lanes: a driver a lane, and the health of each."""
