"""From a trained artifact to a version that is registered, published and deployed."""
