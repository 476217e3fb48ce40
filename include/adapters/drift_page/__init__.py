"""The report of a night's watch: a page that needs nothing from the network."""

from include.adapters.drift_page.page import HtmlDriftPage

__all__ = ["HtmlDriftPage"]
