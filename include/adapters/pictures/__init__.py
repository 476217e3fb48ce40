"""Pictures of a release, drawn with matplotlib."""
