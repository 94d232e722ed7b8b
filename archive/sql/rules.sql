-- name: declare_rules
-- The rules by which this worker reads pages; the words of one that is known already are brought up to date.
INSERT INTO store.rule AS known (rule, rule_version, says, file)
SELECT d.rule, d.rule_version, d.says, d.file
FROM unnest(%(rules)s::text[], %(versions)s::integer[], %(says)s::text[], %(files)s::text[])
     AS d (rule, rule_version, says, file)
ORDER BY d.rule, d.rule_version -- workers that start at once lock the rows in one order
ON CONFLICT (rule, rule_version) DO UPDATE SET says = excluded.says, file = excluded.file
WHERE (known.says, known.file) IS DISTINCT FROM (excluded.says, excluded.file);
