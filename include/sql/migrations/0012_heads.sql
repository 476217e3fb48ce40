-- What the further heads of a bundle say.

ALTER TABLE predictions ADD COLUMN heads jsonb CHECK (jsonb_typeof(heads) = 'object');
COMMENT ON COLUMN predictions.heads IS 'Of a bundle, what the heads after the first say: {name: {"label", "score"}}; null where the model is no bundle.';
