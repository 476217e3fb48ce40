"""Colours and resolution that a release's pictures share."""

from __future__ import annotations

INK, ACCENT, FAINT = "#1f2933", "#0b7a75", "#9aa5b1"
DPI = 110
