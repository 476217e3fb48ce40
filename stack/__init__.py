"""The embedded default: installs, starts, watches and stops everything on one machine."""
