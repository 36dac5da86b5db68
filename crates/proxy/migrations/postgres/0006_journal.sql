-- The journal is read by whom, what and when, each within one organization.

CREATE INDEX journal_by_actor ON journal (tenant, org, actor, seq);
CREATE INDEX journal_by_target ON journal (tenant, org, target, seq);
CREATE INDEX journal_by_time ON journal (tenant, org, at_ms);
