"""The one reader of settings, which stand in a file for each of the things they are about."""

from include.config.settings import Settings, load_settings

__all__ = ["Settings", "load_settings"]
