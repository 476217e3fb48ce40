"""S3: the work bucket's objects, and URIs checked where they enter."""
