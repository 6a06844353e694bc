-- Named parts, and everything that lies in the document store, are found by their commitment.
-- NULL for the many small events: nobody asks for these by it, and an index entry has its price.
ALTER TABLE {schema}.parts ADD COLUMN document bytea CHECK (octet_length(document) = 32);
CREATE INDEX parts_document ON {schema}.parts (document) WHERE document IS NOT NULL;
