ALTER TABLE "owners" ADD COLUMN "stripped_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "audit_events_by_actor" ON "audit_events" USING btree ("actor_id") WHERE "audit_events"."actor_id" is not null;--> statement-breakpoint
CREATE INDEX "owners_to_strip" ON "owners" USING btree ("id") WHERE "owners"."erased_at" is not null and "owners"."stripped_at" is null;--> statement-breakpoint
ALTER TABLE "owners" ADD CONSTRAINT "owners_erased_check" CHECK (case when "owners"."erased_at" is null then "owners"."stripped_at" is null
        else "owners"."disabled_at" is not null end);