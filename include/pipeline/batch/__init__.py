"""The way of a batch: pull, validate, route, collect, load, close. Lanes have their own room."""
