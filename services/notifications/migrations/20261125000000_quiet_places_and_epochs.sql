-- migrate:up

-- Which state of the vacancy matching saw, by epoch too (null: the record did not say), and whether the place is for the inbox only.
ALTER TABLE waiting_places ADD COLUMN vacancy_epoch bigint, ADD COLUMN quiet boolean NOT NULL DEFAULT false;

-- migrate:down

ALTER TABLE waiting_places DROP COLUMN vacancy_epoch, DROP COLUMN quiet;
