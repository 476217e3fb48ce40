"""The model server: parse records, batch them by tokens, run the model, answer in order."""
