"""What accounts submit and get back: documents, manifests, predictions."""
