-- In its own transaction: reads all events, unless every partition has such indexes already, which it then only attaches.
CREATE INDEX IF NOT EXISTS "audit_events_by_kind" ON "audit_events" USING btree ("owner_id","kind",(coalesce("last_at", "created_at")) desc nulls last,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "audit_events_by_key" ON "audit_events" USING btree ("subject_id",(coalesce("last_at", "created_at")) desc nulls last,"id" DESC NULLS LAST) WHERE starts_with("audit_events"."kind", 'apiKey');--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "audit_trail_by_kind" ON "audit_trail" USING btree ("owner_id","kind",(coalesce("last_at", "created_at")) desc nulls last,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "audit_trail_by_key" ON "audit_trail" USING btree ("subject_id",(coalesce("last_at", "created_at")) desc nulls last,"id" DESC NULLS LAST) WHERE starts_with("audit_trail"."kind", 'apiKey');
