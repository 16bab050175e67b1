-- name: need_to_link(need_id)^
-- A need and its municipality, kept from being erased before the commit.
SELECT need_id, handlekommune, status FROM need WHERE need_id = :need_id FOR SHARE;

-- name: citizen_of_need(need_id)^
-- The citizen whose need it is, locked. A need that has moved to another municipality is that one's to register anew.
SELECT citizen.* FROM citizen_need JOIN citizen USING (citizen_id) JOIN need USING (need_id)
WHERE need_id = :need_id AND handlekommune = municipality FOR UPDATE OF citizen;

-- name: citizen_by_cpr(municipality, cpr_index)^
-- A municipality's citizen of a CPR number, locked.
SELECT * FROM citizen WHERE municipality = :municipality AND cpr_index = :cpr_index FOR UPDATE;

-- name: citizen(citizen_id)^
-- One citizen.
SELECT * FROM citizen WHERE citizen_id = :citizen_id;

-- name: save_citizen(citizen_id, municipality, cpr_index, sealed_cpr, sealed_name, sealed_address, sealed_note, now)!
-- Register a citizen, or state what identifies one anew.
INSERT INTO citizen AS stored (
    citizen_id, municipality, cpr_index, sealed_cpr, sealed_name, sealed_address, sealed_note, registered_at, changed_at
) VALUES (
    :citizen_id, :municipality, :cpr_index, :sealed_cpr, :sealed_name, :sealed_address, :sealed_note, :now::timestamptz, :now::timestamptz
)
ON CONFLICT (citizen_id) DO UPDATE SET
    cpr_index = EXCLUDED.cpr_index, sealed_cpr = EXCLUDED.sealed_cpr, sealed_name = EXCLUDED.sealed_name,
    sealed_address = EXCLUDED.sealed_address, sealed_note = EXCLUDED.sealed_note, changed_at = EXCLUDED.changed_at;

-- name: link(need_id, citizen_id)!
-- Say whose need it is.
INSERT INTO citizen_need (need_id, citizen_id) VALUES (:need_id, :citizen_id)
ON CONFLICT (need_id) DO UPDATE SET citizen_id = EXCLUDED.citizen_id;

-- name: needs_of(citizen_id)
-- The needs of a citizen, but for those that have moved to another municipality.
SELECT need_id FROM citizen_need JOIN citizen USING (citizen_id) JOIN need USING (need_id)
WHERE citizen_id = :citizen_id AND handlekommune = municipality ORDER BY need_id;

-- name: subjects_of(need_ids)
-- Whose needs they are, as far as that is registered.
SELECT need_id, citizen_id FROM citizen_need JOIN citizen USING (citizen_id) JOIN need USING (need_id)
WHERE need_id = ANY(:need_ids::text[]) AND handlekommune = municipality;

-- name: held_needs(citizen_id)
-- All that is held of a citizen's needs.
SELECT need.need_id, need.handlekommune, need.source_reference, need.status, need.changed_at, need.terms, need.body
FROM citizen_need JOIN citizen USING (citizen_id) JOIN need USING (need_id)
WHERE citizen_id = :citizen_id AND handlekommune = municipality ORDER BY need_id;
