-- In its own transaction: reads all rows, while others read and write them.
ALTER TABLE "audit_events" VALIDATE CONSTRAINT "audit_events_until_check";--> statement-breakpoint
ALTER TABLE "api_key_usage" VALIDATE CONSTRAINT "api_key_usage_until_check";