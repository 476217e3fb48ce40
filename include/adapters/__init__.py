"""Adapters: each speaks to one outside system and knows no other adapter."""
