"""A release from labelled documents to a promoted champion, and what each candidate came to."""
