-- Which model of a cascade answered.

ALTER TABLE predictions ADD COLUMN stage text CHECK (stage IN ('cheap', 'encoder'));
COMMENT ON COLUMN predictions.stage IS 'Which model of a cascade answered: cheap or encoder; null where the model is not a cascade.';
