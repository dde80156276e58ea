DROP INDEX "audit_events_by_owner";--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "address" text;--> statement-breakpoint
CREATE INDEX "api_keys_imported_by_age" ON "api_keys" USING btree ("created_at" DESC NULLS LAST,"id" DESC NULLS LAST) WHERE "api_keys"."imported_start" is not null;--> statement-breakpoint
CREATE INDEX "audit_events_by_last_time" ON "audit_events" USING btree ("owner_id",(coalesce("last_at", "created_at")) desc nulls last,"id" DESC NULLS LAST);