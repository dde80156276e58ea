ALTER TABLE "users" RENAME TO "owners";--> statement-breakpoint
ALTER TABLE "api_keys" RENAME COLUMN "user_id" TO "owner_id";--> statement-breakpoint
ALTER TABLE "audit_events" RENAME COLUMN "user_id" TO "owner_id";--> statement-breakpoint
ALTER INDEX IF EXISTS "users_pkey" RENAME TO "owners_pkey";--> statement-breakpoint
ALTER INDEX "users_email_key" RENAME TO "owners_email_key";--> statement-breakpoint
ALTER INDEX "users_by_age" RENAME TO "owners_by_age";--> statement-breakpoint
ALTER INDEX "users_disabled_by_age" RENAME TO "owners_disabled_by_age";--> statement-breakpoint
ALTER INDEX "users_admins" RENAME TO "owners_admins";--> statement-breakpoint
ALTER INDEX "api_keys_active_by_user" RENAME TO "api_keys_active_by_owner";--> statement-breakpoint
ALTER INDEX "api_keys_by_user" RENAME TO "api_keys_by_owner";--> statement-breakpoint
ALTER INDEX "audit_events_by_user" RENAME TO "audit_events_by_owner";--> statement-breakpoint
ALTER TABLE "owners" RENAME CONSTRAINT "users_role_check" TO "owners_role_check";--> statement-breakpoint
ALTER TABLE "sessions" RENAME CONSTRAINT "sessions_user_id_users_id_fk" TO "sessions_user_id_owners_id_fk";--> statement-breakpoint
ALTER TABLE "api_keys" RENAME CONSTRAINT "api_keys_user_id_users_id_fk" TO "api_keys_owner_id_owners_id_fk";--> statement-breakpoint
ALTER TABLE "audit_events" RENAME CONSTRAINT "audit_events_user_id_users_id_fk" TO "audit_events_owner_id_owners_id_fk";--> statement-breakpoint
ALTER TABLE "audit_events" DROP CONSTRAINT "audit_events_actor_id_users_id_fk";--> statement-breakpoint
ALTER TABLE "owners" ADD COLUMN "issuer" text;--> statement-breakpoint
ALTER TABLE "owners" ADD COLUMN "subject" text;--> statement-breakpoint
UPDATE "owners" SET "issuer" = 'latchkey', "subject" = "id"::text;--> statement-breakpoint
ALTER TABLE "owners" ALTER COLUMN "issuer" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "owners" ALTER COLUMN "subject" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "owners" ALTER COLUMN "email" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "owners" ALTER COLUMN "password_hash" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "owners" ADD CONSTRAINT "owners_account_check" CHECK (case when "owners"."issuer" = 'latchkey'
        then "owners"."subject" = "owners"."id"::text and "owners"."email" is not null and "owners"."password_hash" is not null
        else "owners"."email" is null and "owners"."password_hash" is null and "owners"."role" = 'user' end);--> statement-breakpoint
CREATE UNIQUE INDEX "owners_issuer_subject_key" ON "owners" USING btree ("issuer","subject");--> statement-breakpoint
DROP INDEX "users_by_email_prefix";--> statement-breakpoint
CREATE INDEX "owners_by_name_prefix" ON "owners" USING btree ((lower(coalesce("email", "subject")) collate "C"),"id");--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "prefix" text;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "scopes" text[];--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "checks" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "created_by" text;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "metadata" jsonb;--> statement-breakpoint
UPDATE "api_keys" SET "created_by" = "owner_id"::text;--> statement-breakpoint
ALTER TABLE "api_keys" ALTER COLUMN "created_by" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_scopes_check" CHECK ("api_keys"."scopes" is null or 'scopes' = any("api_keys"."checks"));--> statement-breakpoint
ALTER TABLE "audit_events" ADD COLUMN "actor" text;
