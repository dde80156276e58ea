ALTER TABLE "authority" ADD COLUMN "history_id" uuid;--> statement-breakpoint
ALTER TABLE "authority" ADD COLUMN "history_server" text;