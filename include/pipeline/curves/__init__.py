"""What lanes take is learned from batches, and the router is told."""
