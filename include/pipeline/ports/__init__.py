"""What the use cases need of the world, as contracts.

Every adapter and every in-memory fake passes the same contract suite (`tests/contract`). All
methods may block on the network; none retries for ever; errors are those of
`include.domain.errors`, their messages naming the identifiers at hand.
"""
