CREATE TABLE "key_usage" (
	"api_key_id" uuid NOT NULL,
	"day" date NOT NULL,
	"accepted" bigint DEFAULT 0 NOT NULL,
	"limited" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "key_usage_api_key_id_day_pk" PRIMARY KEY("api_key_id","day")
) PARTITION BY RANGE ("day");
--> statement-breakpoint
CREATE TABLE "audit_trail" (
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"owner_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"actor_id" uuid,
	"actor" text,
	"via" text NOT NULL,
	"credential_id" uuid,
	"address" text,
	"device" text,
	"request_id" text NOT NULL,
	"subject_id" uuid,
	"subject_label" text,
	"changes" jsonb,
	"count" integer DEFAULT 1 NOT NULL,
	"summary_of" text,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"last_at" timestamp (3) with time zone
) PARTITION BY RANGE ("created_at");
--> statement-breakpoint
ALTER TABLE "key_usage" ADD CONSTRAINT "key_usage_api_key_id_api_keys_id_fk" FOREIGN KEY ("api_key_id") REFERENCES "api_keys"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audit_trail" ADD CONSTRAINT "audit_trail_owner_id_owners_id_fk" FOREIGN KEY ("owner_id") REFERENCES "owners"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "key_usage_by_day" ON "key_usage" USING btree ("day");--> statement-breakpoint
CREATE INDEX "audit_trail_by_last_time" ON "audit_trail" USING btree ("owner_id",(coalesce("last_at", "created_at")) desc nulls last,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "audit_trail_by_time" ON "audit_trail" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "audit_trail_by_actor" ON "audit_trail" USING btree ("actor_id") WHERE "audit_trail"."actor_id" is not null;--> statement-breakpoint
-- The tables of the version before become the partitions of everything until the month after the next one begins. That
-- version goes on using them by their names until then. What it would write later fails as an outage, not as a mistake.
CREATE FUNCTION "months_have_begun"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = 'this version of Latchkey is too old for the tables';
END $$;--> statement-breakpoint
DO $$
DECLARE
  boundary date := date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months';
BEGIN
  -- A clock may have been ahead.
  boundary := greatest(boundary,
    (SELECT date_trunc('month', max("created_at") AT TIME ZONE 'UTC') + interval '1 month' FROM "audit_events"),
    (SELECT date_trunc('month', max("day")) + interval '1 month' FROM "api_key_usage"));
  EXECUTE format($sql$
    ALTER TABLE "audit_events" ADD CONSTRAINT "audit_events_until_check" CHECK ("created_at" < %1$L::timestamptz) NOT VALID;
    ALTER TABLE "api_key_usage" ADD CONSTRAINT "api_key_usage_until_check" CHECK ("day" < %2$L::date) NOT VALID;
    CREATE TRIGGER "audit_events_until" BEFORE INSERT ON "audit_events" FOR EACH ROW
      WHEN (new."created_at" >= %1$L::timestamptz) EXECUTE FUNCTION "months_have_begun"();
    CREATE TRIGGER "api_key_usage_until" BEFORE INSERT ON "api_key_usage" FOR EACH ROW
      WHEN (new."day" >= %2$L::date) EXECUTE FUNCTION "months_have_begun"();
    COMMENT ON TABLE "audit_events" IS %2$L;
    $sql$, boundary::text || ' 00:00:00+00', boundary);
END $$;--> statement-breakpoint
-- Whoever may use the tables of the version before may use the new ones.
DO $$
DECLARE
  statement text;
BEGIN
  FOR statement IN
    SELECT format('GRANT %s ON %I TO %s', a.privilege_type, t.new, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
    FROM (VALUES ('audit_events', 'audit_trail'), ('api_key_usage', 'key_usage')) AS t (old, new)
    JOIN pg_class c ON c.oid = t.old::regclass
    CROSS JOIN LATERAL aclexplode(c.relacl) a
    WHERE a.grantee <> c.relowner
  LOOP
    EXECUTE statement;
  END LOOP;
END $$;