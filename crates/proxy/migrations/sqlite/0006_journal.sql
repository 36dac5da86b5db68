-- The journal is read by whom, what and when, each within one organization.

CREATE INDEX journal_by_actor ON journal (tenant, org, actor, seq);
CREATE INDEX journal_by_target ON journal (tenant, org, target, seq);
CREATE INDEX journal_by_time ON journal (tenant, org, at_ms);

-- INSERT OR REPLACE deletes without asking the trigger that guards deletion.
CREATE TRIGGER journal_is_never_replaced BEFORE INSERT ON journal
WHEN EXISTS (SELECT 1 FROM journal WHERE tenant = NEW.tenant AND org = NEW.org AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
