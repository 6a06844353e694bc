-- Severities in the words of tools, in one vocabulary; where a scan comes with counts alone. Words
-- that are not here are of unknown severity.
SELECT word, severity
FROM (
    VALUES
    ('critical', 'critical'), ('blocker', 'critical'), ('fatal', 'critical'),
    ('very high', 'critical'),
    ('high', 'high'), ('error', 'high'), ('major', 'high'), ('important', 'high'),
    ('severe', 'high'),
    ('medium', 'medium'), ('moderate', 'medium'), ('warning', 'medium'), ('warn', 'medium'),
    ('low', 'low'), ('minor', 'low'), ('note', 'low'), ('negligible', 'low'),
    ('info', 'info'), ('informational', 'info'), ('information', 'info'), ('none', 'info')
) AS listed (word, severity)
