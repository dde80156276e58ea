ALTER TABLE "account_tokens" ADD COLUMN "created_by" uuid;--> statement-breakpoint
ALTER TABLE "account_tokens" ADD COLUMN "created_in_session" uuid;