"""Which version is the champion: promoted, watched, rolled back, and others retired."""
