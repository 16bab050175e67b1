-- migrate:up
ALTER TABLE sheet_upload ADD COLUMN superseded boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN sheet_upload.superseded IS 'a later sheet of the same name was taken to its end while this one was under way: it must not write over that';
CREATE INDEX sheet_upload_old ON sheet_upload (started_at);

COMMENT ON COLUMN sheet_row.scope IS 'within what the reference is unique: the offer of a vacancy, the kommune of a need; empty: reference is the thing''s own id';

-- What a citizen's need was called goes with the need, by whichever way it is erased: an erased row has forgotten it already.
CREATE FUNCTION sheet_need_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM sheet_row USING sheet_upload AS upload
    WHERE sheet_row.upload = upload.number AND upload.kind = 'needs'
        AND (sheet_row.scope, sheet_row.reference) IN ((OLD.handlekommune, OLD.source_reference), ('', OLD.need_id));
    RETURN NULL;
END $$;
CREATE TRIGGER sheet_need_erased AFTER UPDATE ON need FOR EACH ROW
    WHEN (NEW.status = 'erased' AND OLD.status <> 'erased') EXECUTE FUNCTION sheet_need_erased();

-- migrate:down
DROP TRIGGER sheet_need_erased ON need;
DROP FUNCTION sheet_need_erased();
DROP INDEX sheet_upload_old;
ALTER TABLE sheet_upload DROP COLUMN superseded;
