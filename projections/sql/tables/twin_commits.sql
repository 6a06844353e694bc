-- R6: commits that are the same change: of the same patch, or picked from one another. One
-- row each.
WITH repeated AS (
    SELECT patch_id FROM commits GROUP BY patch_id HAVING count(*) > 1
)

SELECT
    k.commit,
    k.position,
    coalesce(p.change_key, k.patch_id) AS change_key,
    k.authored_at,
    k.committed_at,
    k.told_at
FROM commits AS k
LEFT JOIN picked AS p ON coalesce(k.patch_id, k.commit) = p.part
WHERE p.change_key IS NOT NULL OR k.patch_id IN (SELECT patch_id FROM repeated)
