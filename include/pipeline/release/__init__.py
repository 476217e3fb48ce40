"""The steps of a release: prepared, trained, evaluated, judged and approved."""
