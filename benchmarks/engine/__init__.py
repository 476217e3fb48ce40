"""The product's engine beside its peers, on the same weights, texts and cores."""
