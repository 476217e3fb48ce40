-- What the watch over deadlines asks every ten seconds, and would else look for in all batches.

CREATE INDEX batches_unmet ON batches (deadline_at) WHERE deadline_met IS NOT TRUE;
