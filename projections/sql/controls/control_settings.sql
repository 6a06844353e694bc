-- What all tests have in common.
SELECT
    CAST(p.controls ->> '$.settings.max_ingest_delay_minutes' AS BIGINT) * INTERVAL 1 MINUTE
        AS max_ingest_delay
FROM parameters AS p
