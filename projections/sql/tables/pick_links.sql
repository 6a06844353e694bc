-- R6: a commit that says which one it was picked from is the same change as that one. Each link is
-- told by what stands for the two: their patch, or else the commit itself.
SELECT
    coalesce(k.patch_id, k.commit) AS one,
    coalesce(s.patch_id, k.cherry_picked_from) AS other
FROM (SELECT * FROM commits WHERE cherry_picked_from IS NOT NULL) AS k
LEFT JOIN commits AS s ON k.cherry_picked_from = s.commit
