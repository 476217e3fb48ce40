"""Use cases, one a file, over the ports they need. Imports the domain and nothing else of ours."""
