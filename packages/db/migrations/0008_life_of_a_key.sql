CREATE TABLE "api_key_counters" (
	"id" uuid PRIMARY KEY NOT NULL,
	"seconds" integer NOT NULL,
	"used" bigint NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "api_key_usage" (
	"api_key_id" uuid NOT NULL,
	"day" date NOT NULL,
	"accepted" bigint DEFAULT 0 NOT NULL,
	"limited" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "api_key_usage_api_key_id_day_pk" PRIMARY KEY("api_key_id","day")
);
--> statement-breakpoint
CREATE TABLE "mass_revocations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"admin_id" uuid NOT NULL,
	"criteria" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"confirmed_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"revoked" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "owners" DROP CONSTRAINT "owners_account_check";--> statement-breakpoint
ALTER TABLE "api_keys" ALTER COLUMN "lookup_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "imported_start" text;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "imported_length" integer;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "hash_kind" text DEFAULT 'bcrypt' NOT NULL;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "allowed_ips" text[];--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "rate_limit" integer;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "rate_window" integer;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "counter_id" uuid;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "disabled_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "locked" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "replaces" uuid;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "replaced_by" uuid;--> statement-breakpoint
ALTER TABLE "audit_events" ADD COLUMN "changes" jsonb;--> statement-breakpoint
ALTER TABLE "owners" ADD COLUMN "erased_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "api_key_usage" ADD CONSTRAINT "api_key_usage_api_key_id_api_keys_id_fk" FOREIGN KEY ("api_key_id") REFERENCES "api_keys"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_key_counters_by_expiry" ON "api_key_counters" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "api_key_usage_by_day" ON "api_key_usage" USING btree ("day");--> statement-breakpoint
CREATE INDEX "mass_revocations_by_age" ON "mass_revocations" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "api_keys_by_imported_start" ON "api_keys" USING btree (("imported_start" collate "C"),"imported_length") WHERE "api_keys"."imported_start" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "api_keys_replaces_key" ON "api_keys" USING btree ("replaces") WHERE "api_keys"."replaces" is not null;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_allowed_ips_check" CHECK ("api_keys"."allowed_ips" is null or 'allowedIps' = any("api_keys"."checks"));--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_rate_limit_check" CHECK (case when "api_keys"."rate_limit" is null then "api_keys"."rate_window" is null
        else coalesce("api_keys"."rate_window", 0) > 0 and "api_keys"."rate_limit" > 0 and 'rateLimit' = any("api_keys"."checks") end);--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_disabled_check" CHECK ("api_keys"."disabled_at" is null or 'disabled' = any("api_keys"."checks"));--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_imported_check" CHECK (case when "api_keys"."lookup_id" is null
        then "api_keys"."imported_start" is not null and coalesce("api_keys"."imported_length", 0) > 0 and 'imported' = any("api_keys"."checks")
        else "api_keys"."imported_start" is null and "api_keys"."imported_length" is null end);--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_hash_kind_check" CHECK ("api_keys"."hash_kind" in ('bcrypt', 'sha256'));--> statement-breakpoint
ALTER TABLE "owners" ADD CONSTRAINT "owners_account_check" CHECK (case when "owners"."issuer" = 'latchkey'
        then "owners"."subject" = "owners"."id"::text
          and ("owners"."email" is null) = ("owners"."erased_at" is not null)
          and ("owners"."password_hash" is null) = ("owners"."erased_at" is not null)
        else "owners"."email" is null and "owners"."password_hash" is null and "owners"."role" = 'user' end);