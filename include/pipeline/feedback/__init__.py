"""Right labels that accounts send back."""
